"""Faults of directories and of names."""

import errno
import os
import shutil
import unicodedata

from broken.faults import fault
from broken.files import quoted, system_error
from broken.refusal import Refusal

# directories


@fault("MKD is answered with 250", "rfc959.mkd.code")
class MkdCode:
    """Done, but said otherwise."""

    def reply(self, code, *lines):
        """250."""
        super().reply(250 if self.verb == "MKD" and code == 257 else code, *lines)


@fault(
    "MKD of an existing directory is accepted",
    "rfc959.mkd.existing",
    also=("concurrency.directory.made-twice",),
)
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


# names


class ChangedPath:
    """What stands behind a verb is changed by change()."""

    def virtual(self, argument):
        """The changed path."""
        return super().virtual(self.change(argument))


@fault("several spaces in a path are one", "rfc959.names.spaces")
class NameSpaces(ChangedPath):
    """Makes one of several, but for names that begin with one: listings are tested with these."""

    def change(self, argument):
        """Joined."""
        while b"  " in argument and b"/ " not in argument:
            argument = argument.replace(b"  ", b" ")
        return argument


@fault(
    "a path is one word",
    "rfc959.names.space",
    also=("rfc959.names.spaces", "practice.dele.blank", "practice.names.spaces-apart"),
)
class NameWord(ChangedPath):
    """The rest is thrown away, but for names with a dot: listings are tested with these."""

    def change(self, argument):
        """The first one."""
        return argument if b"." in argument else argument.split(b" ")[0] or argument


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
