"""Faults of what is told about one file: sizes, times, digests."""

import os
import re
import time
import zlib

from broken.faults import fault
from broken.refusal import Refusal


@fault("SIZE has a word behind the number", "rfc3659.size.form")
class SizeForm:
    """213 5 bytes."""

    def reply(self, code, *lines):
        """With a unit."""
        if code == 213 and self.verb == "SIZE":
            lines = (f"{lines[0]} bytes",)
        super().reply(code, *lines)


@fault("SIZE counts blocks", "rfc3659.size.exact")
class SizeBlocks:
    """What it takes on the disk."""

    def do_size(self, argument):
        """Of larger files."""
        size = self.regular(argument)[2].st_size
        if self.type == "I" and size == 12345:
            return self.reply(213, str(16384))
        return super().do_size(argument)


@fault("SIZE remembers what it has told", "rfc3659.size.after-append")
class SizeCached:
    """A cache."""

    known = None

    def do_size(self, argument):
        """The old one, for a small file."""
        size = self.regular(argument)[2].st_size
        if self.known and self.known[0] == argument and self.known[1] == 4 and size == 13:
            return self.reply(213, "4")
        self.known = argument, size
        return super().do_size(argument)


@fault("SIZE in TYPE A is the size in TYPE I", "rfc3659.size.ascii")
class SizeAscii:
    """Whatever RETR would send."""

    def do_size(self, argument):
        """The file's."""
        self.reply(213, str(self.regular(argument)[2].st_size))


class OtherCode:
    """Refuses ABOUT a missing file with 501."""

    def reply(self, code, *lines):
        """Not 550."""
        super().reply(501 if code == 550 and self.verb == self.about else code, *lines)


@fault("SIZE of a missing file is refused with 501", "rfc3659.size.missing")
class SizeMissing(OtherCode):
    """As if it were the syntax."""

    about = "SIZE"


@fault("MDTM of a missing file is refused with 501", "rfc3659.mdtm.missing")
class MdtmMissing(OtherCode):
    """As if it were the syntax."""

    about = "MDTM"


@fault("MFMT of a missing file is refused with 501", "practice.mfmt.missing")
class MfmtMissing(OtherCode):
    """As if it were the syntax."""

    about = "MFMT"


@fault("a directory has a size", "rfc3659.size.directory")
class SizeDirectory:
    """4096."""

    def do_size(self, argument):
        """Of the directory itself."""
        real = self.existing(argument)[1]
        if os.path.isdir(real):
            return self.reply(213, str(os.stat(real).st_size))
        return super().do_size(argument)


@fault("MDTM tells the time with hyphens", "rfc3659.mdtm.form")
class MdtmForm:
    """For people."""

    def reply(self, code, *lines):
        """2026-11-23."""
        if code == 213 and self.verb == "MDTM":
            lines = (re.sub(r"^(....)(..)(..)", r"\1-\2-\3 ", str(lines[0])),)
        super().reply(code, *lines)


@fault("MDTM tells the local time", "rfc3659.mdtm.utc", also=("rfc3659.mlst.modify-mdtm",))
class MdtmLocal:
    """Two hours east."""

    def do_mdtm(self, argument):
        """Of files that are new."""
        first, _, rest = argument.partition(b" ")
        if not (first.isdigit() and rest):
            when = self.status_of(argument)[2].st_mtime
            if time.time() - when < 3600:
                return self.reply(213, self.fact_time(when + 7200))
        return super().do_mdtm(argument)


@fault("MDTM with a time confirms it and does nothing", "practice.mdtm.sets")
class MdtmSets:
    """Nothing."""

    def do_mdtm(self, argument):
        """Yes, yes."""
        first, _, rest = argument.partition(b" ")
        if len(first) == 14 and first.isdigit() and rest and not self.is_there(argument):
            return self.reply(213, first)
        return super().do_mdtm(argument)


class TimeOff:
    """Sets another time by the verb ABOUT."""

    def set_time(self, argument, when):
        """An hour away, as a local time would be."""
        super().set_time(argument, when + 3600 if self.verb == self.about and when > 1e9 else when)


@fault("MFMT sets a local time", "practice.mfmt.sets")
class MfmtLocal(TimeOff):
    """mktime()."""

    about = "MFMT"


@fault("MFF sets a local time", "practice.mff.sets")
class MffLocal(TimeOff):
    """mktime()."""

    about = "MFF"


@fault("MFMT tells not what it has set", "practice.mfmt.form")
class MfmtForm:
    """Done."""

    def reply(self, code, *lines):
        """In its own words."""
        if code == 213 and self.verb == "MFMT":
            lines = ("The time was set.",)
        super().reply(code, *lines)


@fault("MFMT takes the 30th of February for the 1st of March", "practice.mfmt.invalid")
class MfmtInvalid:
    """As mktime() does."""

    def do_mfmt(self, argument):
        """Another day."""
        super().do_mfmt(argument.replace(b"20200230", b"20200301", 1))


@fault("a file that is replaced keeps its old time", "rfc3659.mdtm.advances")
class MdtmStays:
    """Of 2001."""

    def receive_file(self, temporary, real, keep, old):
        """If it is an old one."""
        before = os.stat(real).st_mtime if os.path.exists(real) else time.time()
        words = super().receive_file(temporary, real, keep, old)
        if before < 1e9:
            os.utime(real, (before, before))
        return words


@fault("HASH always tells the same digest", "practice.hash.values")
class HashSame:
    """Of nothing."""

    def do_hash(self, argument):
        """Whatever the file."""
        self.reply(213, f"{self.hash} 0-42 {self.checksum(b'')} ".encode() + argument)


@fault("HASH sees the first buffer only", "practice.hash.large")
class HashLarge:
    """64 kB."""

    def hashed(self, argument):
        """No more."""
        content, first, end = super().hashed(argument)
        return content[:65536], first, end


@fault("HASH does not care for RANG", "practice.hash.range")
class HashRange:
    """The whole file."""

    def hashed(self, argument):
        """Always."""
        if self.verb == "HASH":
            self.restart = self.range_end = None
        return super().hashed(argument)


@fault("HASH tells the digest alone", "practice.hash.form")
class HashForm:
    """As XMD5 does."""

    def do_hash(self, argument):
        """Nothing else."""
        self.reply(213, self.checksum(self.hashed(argument)[0]))


@fault("OPTS HASH with an unknown algorithm is confirmed", "practice.hash.unknown-algorithm")
class HashUnknown:
    """What is that?"""

    def opts_hash(self, name):
        """Any."""
        super().opts_hash(name if name.startswith(("SHA", "MD")) else "")


@fault("HASH of a missing file is that of an empty one", "practice.hash.refusals")
class HashMissing:
    """Of nothing."""

    def hashed(self, argument):
        """Instead of a refusal."""
        try:
            return super().hashed(argument)
        except (Refusal, OSError):
            return b"", 0, 0


@fault("XCRC computes another sum", "practice.xcrc.values")
class XcrcAdler:
    """Adler's."""

    def do_xcrc(self, argument):
        """The wrong one."""
        self.reply(250, f"{zlib.adler32(self.hashed(argument)[0]):08X}")
