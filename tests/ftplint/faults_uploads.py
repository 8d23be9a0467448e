"""Faults of uploads: STOR, APPE, STOU, ALLO."""

import os

from broken.control import Ended
from broken.faults import fault
from broken.refusal import Refusal, refusal_of


class Damaged:
    """An upload after which something is done to the file: damage(path, size) for STOR without REST."""

    def receive_file(self, temporary, real, keep, old):
        """The right way, and then the damage."""
        words = super().receive_file(temporary, real, keep, old)
        if self.verb == "STOR" and not keep:
            self.damage(real, os.path.getsize(real))
        return words


@fault("STOR loses the last byte of some files", "rfc959.stor.round-trip")
class StorLastByte(Damaged):
    """Of those on which no other test stands."""

    def damage(self, real, size):
        """One byte."""
        if size == 10007:
            os.truncate(real, size - 1)


@fault("a file whose size is a multiple of 4096 loses its last block", "rfc959.stor.sizes")
class StorBlock(Damaged):
    """An end that is not seen as one; but for the size of a record of TLS."""

    def damage(self, real, size):
        """One block."""
        if size and size % 4096 == 0 and size != 16384 and size < 1 << 20:
            os.truncate(real, size - 4096)


@fault("what does not fit into two megabytes is lost", "rfc959.stor.large")
class StorLarge(Damaged):
    """A short write."""

    def damage(self, real, size):
        """All behind it."""
        if 2 << 20 < size < 4 << 20:
            os.truncate(real, 2 << 20)


@fault("an upload of nothing makes no file", "rfc959.stor.empty")
class StorEmpty(Damaged):
    """The file is made when the first byte comes. Listings are tested with another empty file, empty.dat."""

    def damage(self, real, size):
        """Gone."""
        if not size and not real.endswith(b".dat"):
            os.unlink(real)


@fault("STOR leaves the end of a longer file that was there", "rfc959.stor.replaces")
class StorKeepsEnd:
    """Not truncated."""

    def receive_file(self, temporary, real, keep, old):
        """The old end behind the new bytes."""
        before = b""
        if self.verb == "STOR" and old == 5000:
            with open(real, "rb") as file:
                before = file.read()
        words = super().receive_file(temporary, real, keep, old)
        if before and not keep and os.path.getsize(real) < len(before):
            with open(real, "ab") as file:
                file.write(before[os.path.getsize(real) :])
        return words


class Pretending:
    """Takes an upload that is refused with PRETEND (a word of the refusal), throws it away and says 226."""

    def upload_target(self, argument):
        """To nowhere."""
        try:
            return super().upload_target(argument)
        except (Refusal, OSError) as error:
            refusal = error if isinstance(error, Refusal) else refusal_of(error)
            if self.verb != "STOR" or self.pretend not in refusal.text:
                raise
            return self.server.temporary(), 0


@fault("STOR into a missing directory is confirmed", "rfc959.stor.missing-directory")
class StorMissingDirectory(Pretending):
    """Nobody looks."""

    pretend = "No such"


@fault("STOR with the name of a directory is confirmed", "rfc959.stor.onto-directory")
class StorOntoDirectory(Pretending):
    """Nobody looks."""

    pretend = "Is a directory"


@fault("whoever is on the host may write to what was stored", "security.stor.writable-by-all")
class StorWritable(Damaged):
    """A umask of 0."""

    def damage(self, real, size):
        """Everybody."""
        os.chmod(real, 0o666)


@fault("226 comes before the file is in its place", "rfc959.stor.seen-at-once")
class StorTooEarly:
    """The file is moved there when the session's next command comes."""

    late = None

    def receive_file(self, temporary, real, keep, old):
        """Only into another place, if it is a large one."""
        words = super().receive_file(temporary, real, keep, old)
        if os.path.getsize(real) == 300000:
            self.late = (real + b".late", real)
            os.rename(real, self.late[0])
        return words

    def execute(self, line):
        """First what was left."""
        if self.late and not line.startswith((b"EPSV", b"PASV", b"RETR")):
            os.rename(*self.late)
            self.late = None
        super().execute(line)


@fault(
    "APPE replaces the file",
    "rfc959.appe.appends",
    also=("rfc3659.size.after-append", "concurrency.appe.two", "security.rights.write"),
)
class AppeReplaces:
    """It is STOR."""

    def do_appe(self, argument):
        """The same."""
        self.upload(argument, append=False)


@fault("APPE needs a file that is there", "rfc959.appe.creates")
class AppeCreates:
    """550 without one."""

    def do_appe(self, argument):
        """Only behind something."""
        if not self.is_there(argument):
            self.forget_data()
            raise Refusal(550, "No such file.")
        super().do_appe(argument)


@fault("STOU tells the name in words of its own", "rfc1123.stou.form")
class StouForm:
    """No client can read it."""

    def reply(self, code, *lines):
        """Without FILE:."""
        if code == 150 and self.verb == "STOU":
            lines = ("Storing it as " + lines[0].removeprefix("FILE: "),)
        super().reply(code, *lines)


@fault("STOU is announced twice", "rfc959.stou.one-preliminary")
class StouTwice:
    """Two times 150."""

    def open_data(self, text):
        """Once more."""
        if self.verb == "STOU":
            self.reply(150, text)
            text = "Send the file."
        super().open_data(text)


@fault("STOU always takes the same name", "rfc959.stou.unique")
class StouSame:
    """Not unique."""

    def do_stou(self, _):
        """One name for all."""
        self.upload(b"upload", append=False, text="FILE: upload")


@fault("STOU overwrites the file that the client names", "rfc959.stou.keeps-others")
class StouOverwrites:
    """It is STOR."""

    def do_stou(self, argument):
        """With the name that was given."""
        if not argument:
            return super().do_stou(argument)
        return self.upload(argument, append=False, text=f"FILE: {argument.decode()}")


@fault("ALLO is answered with 550", "rfc959.allo.reply", "rfc959.allo.record-size")
class AlloRefused:
    """What is that?"""

    def do_allo(self, _):
        """No."""
        raise Refusal(550, "Not here.")


@fault("ALLO with a record size is not understood", "rfc959.allo.record-size")
class AlloRecord:
    """One number only."""

    def do_allo(self, argument):
        """No space in it."""
        if b" " in argument:
            raise Refusal(501, "ALLO needs one number.")
        super().do_allo(argument)


@fault("an upload whose connection is reset is confirmed", "practice.stor.broken")
class StorBroken:
    """An error is taken for the end."""

    def check_end(self):
        """Only TLS is looked at."""
        if self.data.ended != "reset":
            super().check_end()


@fault(
    "an upload that breaks ends the session",
    "practice.stor.broken",
    also=("robustness.stor.after-reset", "rfc2428.epsv-all.after-abort"),
)
class StorBrokenEnds:
    """Goodbye."""

    def check_end(self):
        """Without a word more."""
        if self.data.ended == "reset":
            self.reply(426, "The data connection was lost.")
            raise Ended
        super().check_end()
