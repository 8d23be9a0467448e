"""Faults of renaming and deletion."""

import errno
import os
import shutil

from broken.faults import fault
from broken.files import system_error
from broken.refusal import Refusal

# renaming


@fault("RNFR is answered with 250", "rfc959.rnfr.code")
class RnfrCode:
    """As if it were done."""

    def reply(self, code, *lines):
        """250."""
        super().reply(250 if self.verb == "RNFR" and code == 350 else code, *lines)


@fault("RNTO is answered with 200", "rfc959.rnto.code")
class RntoCode:
    """Done, but said otherwise."""

    def reply(self, code, *lines):
        """200."""
        super().reply(200 if self.verb == "RNTO" and code == 250 else code, *lines)


@fault("a rename copies", "rfc959.rename.file")
class RenameCopies:
    """The old name stays."""

    def rename(self, old, new):
        """A copy."""
        if os.path.isdir(old) or os.path.isdir(new) or old == new:
            super().rename(old, new)
        else:
            shutil.copy2(old, new)


@fault("directories cannot be renamed", "practice.rename.directory")
class RenameDirectory:
    """Files only."""

    def rename(self, old, new):
        """Refused."""
        if os.path.isdir(old):
            raise Refusal(550, "Not possible with a directory.")
        super().rename(old, new)


@fault("a rename stays in its directory", "practice.rename.move")
class RenameMove:
    """A name is not a path."""

    def rename(self, old, new):
        """Refused."""
        if os.path.dirname(old) != os.path.dirname(new):
            raise Refusal(553, "Not to another directory.")
        super().rename(old, new)


@fault("RNFR of a missing file is accepted", "rfc959.rnfr.missing")
class RnfrMissing:
    """RNTO will see."""

    def do_rnfr(self, argument):
        """350."""
        path = self.virtual(argument)
        self.not_the_top(path)
        self.rename_from = self.real(path, follow=False)
        self.reply(350, "Send RNTO with the new name.")


@fault("a missing file can be renamed", "rfc959.rename.missing")
class RenameMissing(RnfrMissing):
    """It has its new name, so to say."""

    def rename(self, old, new):
        """Nothing."""
        if os.path.lexists(old):
            super().rename(old, new)


@fault("RNTO without RNFR is answered with 550", "rfc959.rnto.alone")
class RntoAlone:
    """Refused, but said otherwise."""

    def do_rnto(self, argument):
        """550."""
        if not self.rename_from:
            raise Refusal(550, "There is nothing to rename.")
        super().do_rnto(argument)


@fault("RNFR holds until RNTO comes", "rfc959.rnto.immediate")
class RnfrHolds:
    """Whatever comes between."""

    def forget_state(self, verb):
        """Keeps it."""
        kept = self.rename_from
        super().forget_state(verb)
        if verb != "RNTO":
            self.rename_from = kept


@fault("RNFR holds for several RNTO", "rfc959.rnto.once")
class RnfrAgain:
    """It is never forgotten."""

    def forget_state(self, verb):
        """Keeps it."""
        kept = self.rename_from
        super().forget_state(verb)
        self.rename_from = kept


@fault("of two RNFR the first counts", "rfc959.rnfr.last-counts")
class RnfrFirst:
    """The second is only answered."""

    def do_rnfr(self, argument):
        """Keeps the old one."""
        kept = self.rename_from
        super().do_rnfr(argument)
        self.rename_from = kept or self.rename_from


@fault("a refused RNTO loses the file", "rfc959.rnto.refused-keeps")
class RntoLoses:
    """Removed before it was written."""

    def rename(self, old, new):
        """Gone."""
        if os.path.isfile(old) and not os.path.isdir(os.path.dirname(new)):
            os.unlink(old)
        super().rename(old, new)


@fault("a rename onto a file drops the new content", "practice.rename.onto-file")
class RenameOntoFile:
    """The target stays as it was."""

    def rename(self, old, new):
        """The source is gone."""
        if os.path.isfile(old) and os.path.isfile(new) and old != new:
            os.unlink(old)
        else:
            super().rename(old, new)


@fault(
    "a rename removes a directory in its way",
    "practice.rename.file-onto-directory",
    "practice.rename.directory-onto-directory",
)
class RenameOntoDirectory:
    """With all that is in it."""

    def rename(self, old, new):
        """Away with it."""
        if os.path.isdir(new) and not old.startswith(new):
            shutil.rmtree(new)
        super().rename(old, new)


@fault("a directory is renamed into itself, it is said", "practice.rename.into-itself")
class RenameIntoItself:
    """Not done, but said."""

    def rename(self, old, new):
        """Nothing."""
        if not (os.path.isdir(old) and new.startswith(old + b"/")):
            super().rename(old, new)


@fault("a rename onto itself deletes the file", "practice.rename.onto-itself")
class RenameOntoItself:
    """The target goes first."""

    def rename(self, old, new):
        """Gone."""
        if old == new and os.path.isfile(old):
            os.unlink(old)
            raise system_error(errno.ENOENT)
        super().rename(old, new)


@fault("a rename changes the time", "practice.rename.keeps-time")
class RenameTime:
    """It writes anew."""

    def rename(self, old, new):
        """Now."""
        super().rename(old, new)
        os.utime(new)


@fault("the top can be renamed, it is said", "robustness.rename.top")
class RenameTop:
    """Not done, but said."""

    def do_rnfr(self, argument):
        """350."""
        if self.virtual(argument) == b"/":
            self.rename_from = b"/"
            return self.reply(350, "Send RNTO with the new name.")
        return super().do_rnfr(argument)

    def rename(self, old, new):
        """Nothing."""
        if old != b"/":
            super().rename(old, new)


@fault("RNTO takes the first word for the name", "rfc959.rename.spaces", also=("rfc959.names.every-verb",))
class RntoWord:
    """Splits its argument."""

    def do_rnto(self, argument):
        """The first."""
        super().do_rnto(argument.split(b" ")[0] or argument)


# deletion


@fault("DELE is answered with 200", "rfc959.dele.code")
class DeleCode:
    """Done, but said otherwise."""

    def reply(self, code, *lines):
        """200."""
        super().reply(200 if self.verb == "DELE" and code == 250 else code, *lines)


@fault("DELE says 250 and keeps the file", "rfc959.dele.removes")
class DeleKeeps:
    """Says more than it does; the second time it does it, so that ftplint can clean up."""

    kept = set()

    def do_dele(self, argument):
        """Once nothing."""
        _, real, _ = self.existing(argument, follow=False)
        if real in self.kept or not os.path.isfile(real):
            return super().do_dele(argument)
        self.kept.add(real)
        return self.reply(250, "File deleted.")


@fault(
    "DELE of a missing file is accepted",
    "rfc959.dele.missing",
    also=("practice.dele.star", "practice.dele.pattern", "practice.dele.blank", "practice.dele.options"),
)
class DeleMissing:
    """It is not there afterwards, either."""

    def do_dele(self, argument):
        """250."""
        if os.path.lexists(self.real(self.virtual(argument), follow=False)):
            return super().do_dele(argument)
        return self.reply(250, "File deleted.")


@fault("DELE removes empty directories", "practice.dele.directory")
class DeleDirectory:
    """Whatever it is."""

    def do_dele(self, argument):
        """As RMD."""
        _, real, _ = self.existing(argument, follow=False)
        if os.path.isdir(real):
            return self.do_rmd(argument)
        return super().do_dele(argument)


@fault("DELE removes whole trees", "rfc959.dele.directory-kept")
class DeleTree:
    """With all that is in it."""

    def do_dele(self, argument):
        """All."""
        _, real, _ = self.existing(argument, follow=False)
        if os.path.isdir(real):
            shutil.rmtree(real)
            return self.reply(250, "File deleted.")
        return super().do_dele(argument)


@fault("DELE * deletes all files", "practice.dele.star")
class DeleStar:
    """As rm would."""

    def do_dele(self, argument):
        """All of them."""
        if argument != b"*":
            return super().do_dele(argument)
        here = self.real(self.cwd)
        for entry in os.listdir(here):
            if os.path.isfile(os.path.join(here, entry)):
                os.unlink(os.path.join(here, entry))
        return self.reply(250, "Files deleted.")


@fault("DELE takes several names", "practice.dele.blank", also=("practice.dele.options",))
class DeleSeveral:
    """With blanks between."""

    def do_dele(self, argument):
        """Each of them, unless all is one name."""
        if os.path.lexists(self.real(self.virtual(argument), follow=False)):
            return super().do_dele(argument)
        for name in argument.split():
            path = self.real(self.virtual(name), follow=False)
            if os.path.isfile(path):
                os.unlink(path)
        raise system_error(errno.ENOENT)


@fault("DELE knows options", "practice.dele.options")
class DeleOptions:
    """Of rm."""

    def do_dele(self, argument):
        """Without it."""
        super().do_dele(argument.removeprefix(b"-f "))


@fault("a refused RMD is answered with 500", "rfc1123.refusal.codes")
class RefusalCode:
    """As if it were not known."""

    def do_rmd(self, argument):
        """500."""
        try:
            super().do_rmd(argument)
        except OSError as error:
            raise Refusal(500, "Not possible.") from error
