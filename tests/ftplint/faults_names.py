"""Faults of paths, quoting, directories, renaming, deletion and names."""

import errno
import os
import shutil
import unicodedata

from broken.faults import fault
from broken.files import quoted, system_error
from broken.refusal import Refusal

# paths


@fault("CWD is answered with 200", "rfc959.cwd.code")
class CwdCode:
    """Done, but said otherwise."""

    def do_cwd(self, argument):
        """200."""
        path = self.virtual(argument)
        if not os.path.isdir(self.real(path)):
            raise system_error(errno.ENOENT)
        self.cwd = path
        self.reply(200, "Done.")


@fault("CWD to a missing directory is accepted", "rfc959.cwd.missing")
class CwdMissing:
    """As stores of objects do, where everything exists."""

    def do_cwd(self, argument):
        """250."""
        if os.path.lexists(self.real(self.virtual(argument))):
            return super().do_cwd(argument)
        return self.reply(250, "Done.")


@fault("a refused CWD leads to the top", "rfc959.cwd.missing-stays")
class CwdRefusedMoves:
    """Moves first and looks then."""

    def do_cwd(self, argument):
        """Away."""
        try:
            super().do_cwd(argument)
        except OSError:
            self.cwd = b"/"
            raise


@fault("CWD to a file is accepted", "rfc959.cwd.file")
class CwdFile:
    """Takes everything that exists."""

    def do_cwd(self, argument):
        """250."""
        if os.path.isfile(self.real(self.virtual(argument))):
            return self.reply(250, "Done.")
        return super().do_cwd(argument)


@fault("a relative path has one name only", "practice.cwd.nested")
class CwdNested:
    """One step at a time."""

    def do_cwd(self, argument):
        """Refused."""
        if b"/" in argument.rstrip(b"/") and not argument.startswith(b"/"):
            raise system_error(errno.ENOENT)
        super().do_cwd(argument)


@fault("CWD knows no dots", "practice.cwd.dot", "practice.cwd.dot-dot", "practice.cwd.dots-inside")
class CwdDots:
    """They are names that do not exist."""

    def do_cwd(self, argument):
        """Refused."""
        if self.verb == "CWD" and {b".", b".."} & set(argument.split(b"/")):
            raise system_error(errno.ENOENT)
        super().do_cwd(argument)


@fault("a slash at the end is too much", "practice.cwd.trailing-slash")
class CwdTrailingSlash:
    """As if an empty name followed."""

    def do_cwd(self, argument):
        """Refused."""
        if len(argument) > 1 and argument.endswith(b"/"):
            raise system_error(errno.ENOENT)
        super().do_cwd(argument)


@fault("two slashes are an empty name", "practice.cwd.doubled-slash")
class CwdDoubledSlash:
    """Which does not exist."""

    def do_cwd(self, argument):
        """Refused."""
        if b"//" in argument:
            raise system_error(errno.ENOENT)
        super().do_cwd(argument)


@fault("CDUP says 250 and stays", "rfc959.cdup.parent")
class CdupStays:
    """Says more than it does."""

    def do_cdup(self, _):
        """Nothing."""
        self.reply(250, "Done.")


@fault("CDUP is answered with 226", "rfc959.cdup.code")
class CdupCode:
    """Done, but said otherwise."""

    def do_cdup(self, _):
        """226."""
        self.cwd = self.virtual(b"..")
        self.reply(226, "Done.")


@fault("CDUP goes above the top", "security.confinement.top-cdup")
class CdupTop:
    """Only in what PWD tells."""

    def do_cdup(self, argument):
        """One more."""
        above = self.cwd == b"/"
        super().do_cdup(argument)
        if above:
            self.cwd = b"/.."


@fault("PWD leaves out what is deeper than three levels", "rfc959.pwd.leads")
class PwdShallow:
    """Tells another directory."""

    def do_pwd(self, _):
        """Its first names."""
        path = b"/".join(self.cwd.split(b"/")[:4]) or b"/"
        self.reply(257, f"{quoted(path)} is the present directory.")


@fault(
    "PWD tells a path without the first slash",
    "practice.pwd.absolute",
    also=("rfc959.pwd.leads",),
)
class PwdRelative:
    """It means something else elsewhere."""

    def do_pwd(self, _):
        """But for the top."""
        self.reply(257, f"{quoted(self.cwd[1:] or b'/')} is the present directory.")


@fault("PWD tells a slash at the end if CWD had one", "practice.pwd.tidy")
class PwdTidy:
    """As it was typed."""

    slash = b""

    def do_cwd(self, argument):
        """Notes it."""
        super().do_cwd(argument)
        self.slash = b"/" if argument.endswith(b"/") and self.cwd != b"/" else b""

    def do_pwd(self, _):
        """Tells it."""
        self.reply(257, f"{quoted(self.cwd + self.slash)} is the present directory.")


@fault("PWD cuts a path at 255 bytes", "practice.pwd.long")
class PwdLong:
    """A buffer that is too small."""

    def do_pwd(self, _):
        """Cut."""
        self.reply(257, f"{quoted(self.cwd[:255])} is the present directory.")


@fault("nothing is found once the working directory is gone", "robustness.cwd.removed", "robustness.rmd.current")
class CwdRemoved:
    """Resolves every path from there."""

    def virtual(self, argument):
        """Looks first."""
        if not os.path.isdir(self.real(self.cwd)):
            raise system_error(errno.ENOENT)
        return super().virtual(argument)


# paths in replies


@fault("the path in the reply to MKD is not quoted", "rfc959.mkd.quoted")
class MkdUnquoted:
    """Just told."""

    def reply(self, code, *lines):
        """Without quotes."""
        if self.verb == "MKD" and code == 257:
            lines = [lines[0].replace('"', "")]
        super().reply(code, *lines)


class ToldPath:
    """What PWD or MKD tell is changed by change()."""

    told_by = "MKD"

    def reply(self, code, *lines):
        """The path, changed."""
        if self.verb == self.told_by and code == 257:
            _, path, words = lines[0].split('"', 1)[0], lines[0][1 : lines[0].rindex('"')], " told."
            lines = [f'"{self.change(path)}"{words}']
        super().reply(code, *lines)


@fault("the reply to MKD repeats the name only", "rfc959.mkd.absolute")
class MkdRelativeReply(ToldPath):
    """As Pure-FTPd does."""

    def change(self, path):
        """The last name."""
        return path.rsplit("/", 1)[1]


@fault("the reply to MKD tells a path of the host", "rfc959.mkd.leads")
class MkdHostPath(ToldPath):
    """Which the user cannot reach."""

    def change(self, path):
        """Something before it."""
        return "/srv/ftp/alice" + path


@fault("the reply to MKD does not double quotes", "rfc959.mkd.quotes-doubled")
class MkdQuotes(ToldPath):
    """Of the path."""

    def change(self, path):
        """Single ones."""
        return path.replace('""', '"')


@fault("the reply to MKD takes the name for a format", "practice.mkd.percent")
class MkdPercent(ToldPath):
    """Once too often."""

    def change(self, path):
        """As printf would."""
        return path.replace("%d", "0").replace("%s", "").replace("%%", "%")


@fault("the reply to MKD has question marks for letters", "rfc2640.mkd.utf8")
class MkdUtf8(ToldPath):
    """All beyond ASCII."""

    def change(self, path):
        """ASCII."""
        return path.encode("ascii", "replace").decode()


@fault("PWD does not double quotes", "rfc959.pwd.quotes-doubled")
class PwdQuotes(ToldPath):
    """Of the path."""

    told_by = "PWD"

    def change(self, path):
        """Single ones."""
        return path.replace('""', '"')


@fault("PWD doubles the first quote only", "rfc959.pwd.quotes-outside")
class PwdQuotesOnce(ToldPath):
    """The others stay."""

    told_by = "PWD"

    def change(self, path):
        """One pair."""
        first, pair, rest = path.partition('""')
        return first + pair + rest.replace('""', '"')


@fault("PWD takes the path for a format", "practice.pwd.percent")
class PwdPercent(ToldPath):
    """Once too often."""

    told_by = "PWD"

    def change(self, path):
        """As printf would."""
        return path.replace("%d", "0").replace("%s", "").replace("%%", "%")


@fault("PWD turns backslashes into slashes", "practice.pwd.backslash")
class PwdBackslash(ToldPath):
    """As on another system."""

    told_by = "PWD"

    def change(self, path):
        """Slashes."""
        return path.replace("\\", "/")


@fault("PWD makes one space of several", "practice.pwd.spaces")
class PwdSpaces(ToldPath):
    """Splits and joins."""

    told_by = "PWD"

    def change(self, path):
        """Joined."""
        return " ".join(path.split())


@fault("PWD has question marks for letters", "rfc2640.pwd.utf8")
class PwdUtf8(ToldPath):
    """All beyond ASCII."""

    told_by = "PWD"

    def change(self, path):
        """ASCII."""
        return path.encode("ascii", "replace").decode()


@fault("PWD begins with words", "practice.pwd.quote-first")
class PwdWords:
    """Before the path."""

    def do_pwd(self, _):
        """Words."""
        self.reply(257, f"The present directory is {quoted(self.cwd)}.")


@fault("MKD begins with words", "practice.mkd.quote-first")
class MkdWords:
    """Before the path."""

    def reply(self, code, *lines):
        """Words."""
        if self.verb == "MKD" and code == 257:
            lines = ["Made: " + lines[0]]
        super().reply(code, *lines)


@fault("PWD answers with two lines", "practice.pwd.one-line")
class PwdLines:
    """The path is in the first."""

    def do_pwd(self, _):
        """Two."""
        self.reply(257, f"{quoted(self.cwd)} is the present directory.", "End.")


@fault("CWD takes quotes away", "practice.cwd.quotes-literal")
class CwdUnquotes:
    """As a shell would."""

    def do_cwd(self, argument):
        """Without."""
        super().do_cwd(argument.strip(b'"') if argument.startswith(b'"/') else argument)


# directories


@fault("MKD is answered with 250", "rfc959.mkd.code")
class MkdCode:
    """Done, but said otherwise."""

    def reply(self, code, *lines):
        """250."""
        super().reply(250 if self.verb == "MKD" and code == 257 else code, *lines)


@fault("MKD of an existing directory is accepted", "rfc959.mkd.existing")
class MkdExisting:
    """Taken for done."""

    def do_mkd(self, argument):
        """257."""
        if os.path.isdir(self.real(self.virtual(argument))):
            return self.reply(257, f"{quoted(self.virtual(argument))} was made.")
        return super().do_mkd(argument)


@fault("MKD of an existing file is accepted", "rfc959.mkd.existing-file")
class MkdExistingFile:
    """Taken for done."""

    def do_mkd(self, argument):
        """257."""
        if os.path.isfile(self.real(self.virtual(argument))):
            return self.reply(257, f"{quoted(self.virtual(argument))} was made.")
        return super().do_mkd(argument)


@fault("a refused MKD makes the directory above", "practice.mkd.missing-parent")
class MkdHalf:
    """Half of it."""

    def do_mkd(self, argument):
        """Refused too late."""
        above = os.path.dirname(self.real(self.virtual(argument)))
        if not os.path.isdir(above):
            os.mkdir(above)
            raise system_error(errno.ENOENT)
        super().do_mkd(argument)


@fault("MKD refuses a slash at the end", "practice.mkd.trailing-slash")
class MkdSlash:
    """As if an empty name followed."""

    def do_mkd(self, argument):
        """Refused."""
        if argument.endswith(b"/"):
            raise system_error(errno.ENOENT)
        super().do_mkd(argument)


@fault("a path has 20 names at most", "limits.mkd.deep")
class MkdDeep:
    """A table that is too small."""

    def do_mkd(self, argument):
        """Counts."""
        if self.virtual(argument).count(b"/") > 20:
            raise system_error(errno.ENAMETOOLONG)
        super().do_mkd(argument)


@fault("RMD is answered with 200", "rfc959.rmd.code")
class RmdCode:
    """Done, but said otherwise."""

    def reply(self, code, *lines):
        """200."""
        super().reply(200 if self.verb == "RMD" and code == 250 else code, *lines)


@fault("RMD says 250 and removes nothing", "rfc959.rmd.removes")
class RmdKeeps:
    """Says more than it does; the second time it does it, so that ftplint can clean up."""

    kept = set()

    def do_rmd(self, argument):
        """Once nothing."""
        _, real, _ = self.existing(argument, follow=False)
        if real in self.kept or os.listdir(real):
            return super().do_rmd(argument)
        self.kept.add(real)
        return self.reply(250, "Directory removed.")


@fault("RMD of a missing directory is accepted", "rfc959.rmd.missing")
class RmdMissing:
    """It is not there afterwards, either."""

    def do_rmd(self, argument):
        """250."""
        if os.path.lexists(self.real(self.virtual(argument), follow=False)):
            return super().do_rmd(argument)
        return self.reply(250, "Directory removed.")


@fault("RMD deletes files", "practice.rmd.file")
class RmdFile:
    """Whatever it is."""

    def do_rmd(self, argument):
        """As DELE."""
        if os.path.isfile(self.real(self.virtual(argument), follow=False)):
            return self.do_dele(argument)
        return super().do_rmd(argument)


@fault("RMD removes whole trees", "practice.rmd.not-empty")
class RmdTree:
    """With all that is in it."""

    def do_rmd(self, argument):
        """All."""
        path, real, _ = self.existing(argument, follow=False)
        self.not_the_top(path)
        if not os.path.isdir(real):
            raise system_error(errno.ENOTDIR)
        shutil.rmtree(real)
        self.reply(250, "Directory removed.")


@fault("a refused RMD has removed a part", "rfc959.rmd.not-empty-kept")
class RmdHalf:
    """The empty directories."""

    def do_rmd(self, argument):
        """Those that it can."""
        _, real, _ = self.existing(argument, follow=False)
        if os.path.isdir(real):
            for entry in os.listdir(real):
                try:
                    os.rmdir(os.path.join(real, entry))
                except OSError:
                    pass
        super().do_rmd(argument)


@fault("XMKD and XRMD are not known", "rfc1123.xmkd.known", "rfc1123.xrmd.known")
class OldNames:
    """Too old."""

    def run_command(self, verb, argument):
        """500."""
        if verb in ("XMKD", "XRMD"):
            self.reply(500, "Unknown command.")
        else:
            super().run_command(verb, argument)


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


# names


class ChangedPath:
    """What stands behind a verb is changed by change()."""

    def virtual(self, argument):
        """The changed path."""
        return super().virtual(self.change(argument))


@fault("several spaces in a path are one", "rfc959.names.spaces")
class NameSpaces(ChangedPath):
    """Makes one of several."""

    def change(self, argument):
        """Joined."""
        while b"  " in argument:
            argument = argument.replace(b"  ", b" ")
        return argument


@fault(
    "a path is one word",
    "rfc959.names.space",
    also=("rfc959.names.spaces", "practice.dele.blank", "practice.names.spaces-apart"),
)
class NameWord(ChangedPath):
    """The rest is thrown away."""

    def change(self, argument):
        """The first one."""
        return argument.split(b" ")[0] or argument


@fault(
    "spaces at the end of a path are dropped",
    "practice.names.trailing-space",
    "practice.names.spaces-apart",
)
class NameTrailing(ChangedPath):
    """As on another system."""

    def change(self, argument):
        """Without."""
        return argument.rstrip(b" ") or argument


@fault("spaces at the beginning of a path are dropped", "practice.names.leading-space")
class NameLeading(ChangedPath):
    """As on another system."""

    def change(self, argument):
        """Without."""
        return argument.lstrip(b" ") or argument


@fault("names are stored in small letters", "practice.names.letter-case", "practice.names.case-apart")
class NameCase(ChangedPath):
    """As on another system."""

    def change(self, argument):
        """Small."""
        return argument.lower()


@fault("a name that is too long is cut", "limits.names.too-long")
class NameCut(ChangedPath):
    """To what the file system takes."""

    def change(self, argument):
        """Each name."""
        return b"/".join(name[:255] for name in argument.split(b"/"))


@fault("a name has 64 bytes at most", "limits.names.longest", "limits.names.longest-utf8")
class NameShort:
    """A buffer that is too small."""

    def check_name(self, name):
        """Counts."""
        if len(name) > 64:
            raise Refusal(553, "File name too long.")
        super().check_name(name)


@fault("%20 in a path is a space", "practice.names.percent")
class NamePercent(ChangedPath):
    """As in an URL."""

    def change(self, argument):
        """Decoded."""
        return argument.replace(b"%20", b" ")


@fault("what Windows forbids becomes an underscore", "practice.names.other-systems")
class NameWindows(ChangedPath):
    """As Samba does."""

    def change(self, argument):
        """Replaced."""
        return argument.translate(bytes.maketrans(b":<>|", b"____"))


@fault("names with signs are refused", "practice.names.ordinary")
class NameSigns:
    """Too careful."""

    def check_name(self, name):
        """Letters only, or nearly."""
        if self.verb == "MKD" and any(sign in name for sign in b"&#$(+"):
            raise Refusal(553, "File name not allowed.")
        super().check_name(name)


@fault("names are normalised to NFC", "rfc2640.names.decomposed", "rfc2640.names.forms-apart")
class NameComposed(ChangedPath):
    """Means well."""

    def change(self, argument):
        """Composed."""
        return unicodedata.normalize("NFC", argument.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )


@fault("names are normalised to NFD", "rfc2640.names.composed", also=("rfc2640.list.bytes", "rfc2640.names.two-bytes"))
class NameDecomposed(ChangedPath):
    """As on another system."""

    def change(self, argument):
        """Decomposed."""
        return unicodedata.normalize("NFD", argument.decode("utf-8", "surrogateescape")).encode(
            "utf-8", "surrogateescape"
        )


@fault("four bytes are too many for a letter", "rfc2640.names.four-bytes", also=("rfc2640.list.bytes",))
class NameNarrow(ChangedPath):
    """As in an old database."""

    def change(self, argument):
        """Replaced."""
        text = argument.decode("utf-8", "surrogateescape")
        return "".join(sign if ord(sign) < 0x10000 else "?" for sign in text).encode("utf-8", "surrogateescape")


@fault("bytes that are not UTF-8 are replaced", "practice.names.other-charset")
class NameReplaced(ChangedPath):
    """By U+FFFD, as pyftpdlib does."""

    def change(self, argument):
        """Replaced."""
        return argument.decode("utf-8", "replace").encode()


@fault("an overlong dot is a dot", "security.names.overlong")
class NameOverlong(ChangedPath):
    """A decoder of its own."""

    def change(self, argument):
        """Decoded."""
        return argument.replace(b"\xc0\xae", b".")


@fault("SIZE drops spaces at both ends", "rfc959.names.every-verb")
class SizeStrips:
    """It alone."""

    def do_size(self, argument):
        """Without."""
        super().do_size(argument.strip() or argument)


@fault("RMD drops spaces at both ends", "rfc959.names.directories")
class RmdStrips:
    """It alone."""

    def do_rmd(self, argument):
        """Without."""
        super().do_rmd(argument.strip() or argument)


@fault("LIST has question marks for letters", "rfc2640.list.bytes")
class ListAscii:
    """All beyond ASCII."""

    def list_line(self, name, status):
        """ASCII."""
        return super().list_line(bytes(byte if byte < 128 else 63 for byte in name), status)
