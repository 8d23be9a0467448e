"""Faults of MLST and MLSD."""

import time

from broken.faults import fault
from broken.refusal import Refusal


@fault("the entry of MLST begins without a space", "rfc3659.mlst.reply")
class MlstSpace:
    """A line as of MLSD."""

    def format_reply(self, code, lines):
        """Without the first space."""
        text = super().format_reply(code, lines)
        return text.replace("\r\n type=", "\r\ntype=") if self.verb == "MLST" else text


@fault("facts of MLST are separated by spaces", "rfc3659.mlst.grammar")
class MlstFactSpaces:
    """For people to read."""

    def fact_line(self, name, real, status, kind=None):
        """A space behind every semicolon."""
        line = super().fact_line(name, real, status, kind)
        return line.replace(b";", b"; ") if self.verb == "MLST" else line


@fault("MLST names another file", "rfc3659.mlst.name")
class MlstName:
    """In capitals."""

    def fact_line(self, name, real, status, kind=None):
        """The name changed."""
        shown = name.upper() if self.verb == "MLST" and name.endswith(b"plain.txt") else name
        return super().fact_line(shown, real, status, kind)


@fault("MLST needs an argument", "rfc3659.mlst.no-argument")
class MlstArgument:
    """501."""

    def do_mlst(self, argument):
        """Refused without."""
        if not argument:
            raise Refusal(501, "MLST needs a path.")
        super().do_mlst(argument)


@fault("MLST tells every type as file", "rfc3659.mlst.type")
class MlstType:
    """Directories too."""

    def fact_values(self, real, status, kind):
        """type=file."""
        return {**super().fact_values(real, status, kind), **({"type": "file"} if self.verb == "MLST" else {})}


@fault("MLST tells directories as cdir", "rfc3659.mlst.cdir")
class MlstCdir:
    """As MLSD does with one."""

    def fact_values(self, real, status, kind):
        """type=cdir."""
        values = super().fact_values(real, status, kind)
        if self.verb == "MLST" and values["type"] == "dir":
            values["type"] = "cdir"
        return values


@fault("the fact size is in kilobytes", "rfc3659.mlst.size")
class FactSize:
    """Of the files that have more than one."""

    def fact_values(self, real, status, kind):
        """Fewer."""
        values = super().fact_values(real, status, kind)
        if real.endswith(b"/plain.txt"):
            values["size"] = str(int(values["size"]) // 1024)
        return values


@fault("the fact modify has another form", "rfc3659.mlst.modify-grammar")
class FactModifyForm:
    """That of ISO 8601."""

    def fact_values(self, real, status, kind):
        """With hyphens and colons, for one file."""
        values = super().fact_values(real, status, kind)
        if real.endswith(b"/plain.txt"):
            values["modify"] = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(status.st_mtime))
        return values


@fault("the fact modify is in a time zone", "rfc3659.mlst.modify-utc", "rfc3659.mlst.modify-mdtm")
class FactModifyZone:
    """Two hours east."""

    def fact_values(self, real, status, kind):
        """Later, for some."""
        values = super().fact_values(real, status, kind)
        if real.endswith((b"/plain.txt", b"/new.txt")):
            values["modify"] = self.fact_time(status.st_mtime + 7200)
        return values


@fault("the fact perm is what ls shows", "rfc3659.mlst.perm-grammar")
class FactPermForm:
    """rw-r--r--."""

    @staticmethod
    def fact_perm(directory, top):
        """With hyphens."""
        return "rwxr-x---" if directory else "rw-r-----"


@fault("the fact perm says that nothing is allowed", "rfc3659.mlst.perm-truth")
class FactPermNone:
    """To anybody."""

    @staticmethod
    def fact_perm(directory, top):
        """Reading alone."""
        return "el" if directory else "r"


@fault("the fact unique is the same for all", "rfc3659.mlst.unique")
class FactUnique:
    """One for the device."""

    @staticmethod
    def fact_unique(status):
        """Not the inode."""
        return f"{status.st_dev:x}"


@fault("MLST of what does not exist tells facts", "rfc3659.mlst.missing")
class MlstMissing:
    """Of the directory."""

    def do_mlst(self, argument):
        """250."""
        super().do_mlst(b"/" if argument.endswith(b"/missing") else argument)


@fault("MLST of what does not exist is answered with 501", "rfc3659.mlst.missing-code")
class MlstMissingCode:
    """Not with 550."""

    def do_mlst(self, argument):
        """501."""
        if argument.endswith(b"/missing"):
            raise Refusal(501, "No such file.")
        super().do_mlst(argument)


@fault("MLST and MLSD expand patterns", "rfc3659.mlst.literal", "rfc3659.mlsd.literal")
class MlstPatterns:
    """As a shell does."""

    def existing(self, argument, follow=True):
        """The first match."""
        if self.verb in ("MLST", "MLSD") and argument.endswith(b"*"):
            above, _, last = argument.rpartition(b"/")
            found = self.matching(above, last)
            argument = (above + b"/" if above else b"") + found[0][0] if found else argument
        return super().existing(argument, follow)


@fault("MLSD begins with a heading", "rfc3659.mlsd.grammar")
class MlsdHeading:
    """As ls -l, where there is more than an entry or two."""

    def send_data(self, data):
        """total 0"""
        several = self.verb == "MLSD" and data.count(b"\n") > 4
        super().send_data(b"total 0\r\n" + data if several else data)


@fault("lines of MLSD end in LF", "rfc3659.mlsd.crlf")
class MlsdBareLf:
    """Without CR."""

    def send_data(self, data):
        """As a file of Unix."""
        super().send_data(data.replace(b"\r\n", b"\n") if self.verb == "MLSD" else data)


@fault("MLSD is translated in TYPE A", "rfc3659.mlsd.crlf-ascii")
class MlsdTranslated:
    """CR CR LF."""

    def send_data(self, data):
        """As if it were a file."""
        super().send_data(self.to_network(data) if self.verb == "MLSD" else data)


@fault("after MLSD the type is A", "rfc3659.mlsd.type-kept")
class MlsdType:
    """A setting that is not set back."""

    def do_mlsd(self, argument):
        """Of the listing."""
        super().do_mlsd(argument)
        self.type = "A"


@fault("MLSD sends whole paths", "rfc3659.mlsd.unqualified")
class MlsdPaths:
    """In a directory that is named."""

    def mlsd_entries(self, argument):
        """Its path before each name."""
        found = super().mlsd_entries(argument)
        above = self.virtual(argument) + b"/"
        return [(above + each[0], *each[1:]) if len(each) == 3 and argument else each for each in found]


@fault("MLSD shows itself and its parent as subdirectories", "rfc3659.mlsd.self")
class MlsdSelf:
    """type=dir for . and .."""

    def mlsd_entries(self, argument):
        """No other kind."""
        found = super().mlsd_entries(argument)
        return [(*each[:3], "dir") if len(each) == 4 else each for each in found]


@fault("MLSD tells another size than MLST", "rfc3659.mlsd.same-as-mlst")
class MlsdFacts:
    """A byte more."""

    def fact_values(self, real, status, kind):
        """For one file."""
        values = super().fact_values(real, status, kind)
        if self.verb == "MLSD" and real.endswith(b"/plain.txt"):
            values["size"] = str(status.st_size + 1)
        return values


@fault("MLSD of a file lists it", "rfc3659.mlsd.file")
class MlsdFile:
    """As LIST does."""

    def mlsd_entries(self, argument):
        """One line."""
        _, real, status = self.existing(argument)
        return [(argument, real, status)] if real.endswith(b"/plain.txt") else super().mlsd_entries(argument)


@fault("MLSD of a file is answered with 550", "rfc3659.mlsd.file-code")
class MlsdFileCode:
    """Not with 501."""

    def mlsd_entries(self, argument):
        """As if it did not exist."""
        try:
            return super().mlsd_entries(argument)
        except Refusal as refusal:
            raise Refusal(550, refusal.text) from refusal
