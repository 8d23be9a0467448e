"""Faults of paths: where CWD and CDUP lead, and how PWD and other replies quote a path."""

import errno
import os

from broken.faults import fault
from broken.files import quoted, system_error

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
    also=("rfc959.pwd.leads", "rfc3659.feat.tvfs-works"),
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
