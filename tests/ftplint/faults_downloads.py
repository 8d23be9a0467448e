"""Faults of downloads, and of the types in which files are sent."""

import os
import select
import time

from broken.faults import fault
from broken.refusal import Refusal


@fault("RETR of an empty file is refused", "rfc959.retr.empty", also=("rfc1123.nlst.usable",))
class RetrEmpty:
    """Nothing to send is an error."""

    def restart_within(self, size):
        """Not of nothing."""
        if not size and self.verb == "RETR":
            raise Refusal(550, "The file is empty.")
        return super().restart_within(size)


class RetrNothing:
    """Sends nothing and says 226 where RETR is refused with PRETEND."""

    def do_retr(self, argument):
        """Nothing, successfully."""
        try:
            self.regular(argument)
        except (Refusal, OSError) as error:
            if self.pretend(argument) and (self.listener or self.target):
                return self.transfer("Sending 0 bytes.", lambda: "File sent.")
            raise error
        return super().do_retr(argument)


@fault("RETR of a missing file sends nothing, successfully", "rfc959.retr.missing")
class RetrMissing(RetrNothing):
    """An empty file for each name."""

    def pretend(self, argument):
        """The missing ones of the tests of RETR."""
        return argument.endswith(b"/missing")


@fault("RETR of a missing file is refused with 450", "rfc959.retr.missing-code")
class RetrMissingCode:
    """Try again."""

    def do_retr(self, argument):
        """Later."""
        self.need_data()
        if argument.endswith(b"/missing"):
            self.forget_data()
            raise Refusal(450, "Not now.")
        super().do_retr(argument)


@fault("RETR of a directory sends nothing, successfully", "rfc959.retr.directory")
class RetrDirectory(RetrNothing):
    """An empty file for each directory."""

    def pretend(self, argument):
        """The directories."""
        return argument.endswith(b"/directory") and os.path.isdir(self.real(self.virtual(argument)))


@fault("RETR of a missing file is answered twice", "rfc959.retr.one-final-reply", also=("rfc959.retr.after-refusal",))
class RetrTwice:
    """Once more."""

    def do_retr(self, argument):
        """Two refusals."""
        if argument.endswith(b"/missing"):
            self.reply(550, "No such file.")
        super().do_retr(argument)


@fault("the data connection of a refused download gets the next file's beginning", "rfc959.retr.after-refusal")
class RetrAfterRefusal:
    """A mistake in what is left over."""

    refused = False

    def do_retr(self, argument):
        """Notes the refusal."""
        try:
            super().do_retr(argument)
        except (Refusal, OSError):
            self.refused = argument.endswith(b"/missing")
            raise

    def do_type(self, argument):
        """It holds no longer than that."""
        self.refused = False
        super().do_type(argument)

    def to_network(self, chunk):
        """Without its first byte."""
        chunk = super().to_network(chunk)
        if self.refused and chunk == b"text":
            self.refused = False
            return chunk[1:]
        return chunk


@fault("RETR changes to the directory of the file", "rfc959.retr.keeps-directory")
class RetrChangesDirectory:
    """chdir() before open()."""

    def do_retr(self, argument):
        """And never back."""
        super().do_retr(argument)
        if argument.startswith(b"/") and b"/" in argument[1:]:
            self.cwd = self.virtual(argument.rpartition(b"/")[0])


@fault("150 tells a size that is not the file's", "practice.retr.announced-size")
class RetrAnnouncedSize:
    """Blocks."""

    def open_data(self, text):
        """Another number."""
        super().open_data("Opening it (512 bytes)." if self.verb == "RETR" else text)


@fault("what a slow client has not read is dropped", "practice.retr.slow-reader")
class RetrSlowReader:
    """A client that pauses has enough."""

    def wait_for_data(self, writing):
        """Not for long."""
        if writing and self.verb == "RETR":
            begun = time.monotonic()
            select.select([self.control], [self.data], [], 0.15)
            if time.monotonic() - begun > 0.14:
                self.data.waiting = b""
                self.dropping = True
                return
        super().wait_for_data(writing)

    dropping = False

    def send_data(self, data):
        """Nothing any more."""
        if not self.dropping:
            super().send_data(data)

    def do_retr(self, argument):
        """From the beginning."""
        self.dropping = False
        super().do_retr(argument)


@fault("a download whose data connection breaks is confirmed", "practice.retr.broken")
class RetrBroken:
    """Nobody looks at the result."""

    def send_data(self, data):
        """Into the void."""
        try:
            super().send_data(data)
        except Refusal:
            self.data.waiting = b""


# --- types, modes, structures


class Refusing:
    """Refuses the arguments WITHOUT of TYPE."""

    without = ()

    def do_type(self, argument):
        """Not these."""
        if argument in self.without:
            raise Refusal(504, "Unknown type.")
        super().do_type(argument)


@fault("TYPE A N is refused", "rfc959.type.ascii-non-print")
class TypeNonPrint(Refusing):
    """The short form only."""

    without = (b"A N",)


@fault("TYPE A T is refused", "rfc1123.type.ascii-telnet")
class TypeTelnet(Refusing):
    """The short form only."""

    without = (b"A T",)


@fault("TYPE L 8 is refused", "rfc1123.type.local-8")
class TypeLocal(Refusing):
    """A and I only."""

    without = (b"L 8",)


@fault("MODE S is refused", "rfc959.mode.stream")
class ModeStream:
    """There is but one."""

    def do_mode(self, _):
        """No."""
        raise Refusal(504, "There is nothing to choose.")


@fault("STRU F is refused", "rfc959.stru.file")
class StruFile:
    """There is but one."""

    def do_stru(self, _):
        """No."""
        raise Refusal(504, "There is nothing to choose.")


@fault("a session begins in TYPE I", "rfc959.type.default")
class TypeDefault:
    """Binary."""

    def init_settings(self):
        """Binary."""
        super().init_settings()
        self.type = "I"


@fault(
    "TYPE A converts uploads and not downloads",
    *("rfc959.type.ascii-download", "rfc959.type.ascii-round-trip"),
    also=("rfc959.type.ascii-edges", "rfc959.type.ascii-split"),
)
class TypeOneWay:
    """Half of it."""

    def to_network(self, chunk):
        """As it is."""
        return chunk


@fault(
    "TYPE A converts downloads and not uploads",
    *("rfc959.type.ascii-upload", "rfc959.type.ascii-round-trip"),
    also=("rfc959.type.ascii-edges", "rfc959.type.ascii-split"),
)
class TypeOtherWay:
    """The other half of it."""

    def from_network(self, data):
        """As it is."""
        return data


@fault("TYPE A loses a byte between two buffers", "rfc959.type.ascii-edges")
class TypeEdges:
    """At the end of each full buffer."""

    def to_network(self, chunk):
        """One byte too few."""
        if self.type == "A" and len(chunk) == 65536:
            chunk = chunk[:-1]
        return super().to_network(chunk)


@fault("CR and LF in two packets are not one end of line", "rfc959.type.ascii-split", also=("rfc959.type.ascii-edges",))
class TypeSplit:
    """Each packet for itself."""

    def from_network(self, data):
        """What is held back is given out."""
        data = super().from_network(data)
        held, self.half = self.half, b""
        return data + held


@fault("a TYPE that is refused sets another one", "rfc959.type.refusal-keeps")
class TypeRefusal:
    """Done before it is thought of."""

    def do_type(self, argument):
        """ASCII or binary, whatever it was."""
        try:
            super().do_type(argument)
        except Refusal:
            self.type = "I" if self.type == "A" else "A"
            raise


@fault("TYPE L 7 is accepted", "rfc959.type.nonsense")
class TypeNonsense:
    """Any number."""

    def do_type(self, argument):
        """Why not."""
        super().do_type(b"L 8" if argument.startswith(b"L ") else argument)


@fault("MODE B is accepted and not done", "rfc959.mode.honest")
class ModeBlock:
    """Stream in disguise."""

    def do_mode(self, argument):
        """Yes, yes."""
        super().do_mode(b"S" if argument == b"B" else argument)


@fault("STRU P is accepted and not done", "rfc959.mode.honest")
class StruPage:
    """Files in disguise."""

    def do_stru(self, argument):
        """Yes, yes."""
        super().do_stru(b"F" if argument == b"P" else argument)


@fault("in TYPE I after TYPE A the first LF is converted", "rfc959.type.image-after-ascii")
class TypeImage:
    """A text is suspected."""

    def to_network(self, chunk):
        """If it has both."""
        if self.type == "I" and chunk.startswith(b"a\r\n"):
            return chunk.replace(b"\n", b"\r\n", 1)
        return super().to_network(chunk)
