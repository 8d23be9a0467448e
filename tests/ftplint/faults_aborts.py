"""Faults in the middle of a transfer: ABOR, NOOP, STAT, QUIT."""

from broken.control import Ended
from broken.faults import fault
from broken.refusal import Refusal


@fault("ABOR without a transfer is answered with 426", "rfc959.abor.idle")
class AborIdle:
    """Nothing was aborted."""

    def do_abor(self, _):
        """Not 226."""
        self.forget_data()
        self.reply(426, "There was no transfer.")


@fault("ABOR has but one reply", "rfc959.abor.download", "rfc959.abor.upload")
class AborOneReply:
    """The transfer's is missing."""

    def abort_data(self):
        """The second one."""
        self.close_data()
        self.reply(226, "Aborted.")


@fault("ABOR in a download is answered with 225 first", "rfc959.abor.download")
class AborDownload:
    """As if there were none."""

    def abort_data(self):
        """Another code."""
        if self.verb != "RETR":
            return super().abort_data()
        self.close_data()
        self.reply(225, "No transfer is running.")
        return self.reply(226, "Aborted.")


@fault("ABOR leaves the data connection of an upload open", "rfc959.abor.closes-data")
class AborOpen:
    """Until the session ends."""

    left = ()

    def abort_data(self):
        """It stays."""
        if self.verb == "STOR":
            self.left, self.data = (*self.left, self.data), None
        super().abort_data()


@fault("after ABOR the session ends", "rfc959.abor.goes-on")
class AborEnds:
    """Goodbye."""

    def abort_data(self):
        """The end of an upload is the end of all."""
        super().abort_data()
        if self.verb == "STOR":
            raise Ended


@fault("ABOR in an upload has three replies", "rfc959.abor.two-replies", also=("rfc959.abor.goes-on",))
class AborThree:
    """The transfer's is sent twice."""

    def abort_data(self):
        """Once more, at the end."""
        super().abort_data()
        if self.verb == "STOR":
            self.reply(426, "Transfer aborted.")


@fault("Telnet's IP is a part of the verb", "practice.abor.idle-with-synch")
class AborSynch:
    """Nobody sends it."""

    def without_telnet(self, data):
        """All but that."""
        return super().without_telnet(data.replace(b"\xff\xf4", b"\xf4"))


@fault(
    "nobody listens during a transfer",
    *("practice.abor.download-promptly", "practice.abor.upload-promptly", "practice.abor.waiting-promptly"),
    "rfc959.stat.during-transfer",
)
class MidwayDeaf:
    """Commands come later."""

    def look_at_control(self):
        """They wait."""
        self.read_control()
        if self.control.ended:
            raise Ended
        return False


@fault("a NOOP during a transfer is lost", "rfc959.noop.during-transfer")
class MidwayNoop:
    """Read and forgotten."""

    def mid_transfer(self, verb, line):
        """Nothing is said."""
        if verb != b"NOOP":
            super().mid_transfer(verb, line)


@fault("STAT during a transfer is answered with 503", "rfc959.stat.during-transfer")
class MidwayStat:
    """Not now."""

    def run_during_transfer(self, verb, line):
        """Later."""
        if verb == "STAT":
            return self.reply(503, "Not while a transfer runs.")
        return super().run_during_transfer(verb, line)


@fault("QUIT during a transfer cuts it", "rfc959.quit.during-transfer")
class MidwayQuit:
    """Goodbye means goodbye."""

    def look_at_control(self):
        """At once."""
        aborted = super().look_at_control()
        if b"QUIT" in self.lines:
            self.close_data()
            self.reply(221, "Goodbye.")
            raise Ended
        return aborted


@fault("a download that breaks ends the session", "practice.retr.broken", also=("robustness.retr.after-reset",))
class RetrBrokenEnds:
    """Goodbye."""

    def send_data(self, data):
        """Without it, no session."""
        try:
            super().send_data(data)
        except Refusal as refusal:
            raise Ended from refusal
