"""Faults of reading lines: of what packets join and split."""

from broken.control import Ended
from broken.faults import fault


@fault(
    "of several commands in one packet the first is executed",
    "rfc1123.pipeline.order",
    "rfc1123.pipeline.login",
    "rfc1123.pipeline.rename",
    "rfc959.pipeline.transfer",
    "rfc959.pipeline.quit",
    also=(
        "rfc1123.pipeline.halves",
        "rfc1123.pipeline.line-end",
        "rfc959.long-line.one-reply",
        "rfc8446.records.split-command",
        "rfc8446.records.joined-commands",
        "robustness.verb.odd",
        "robustness.verb.long",
        "limits.long-line.endless",
    ),
    options=("--timeout", "2 s"),  # six tests wait in vain, and again
)
class PipelineFirst:
    """What one read brings is a line."""

    def read_control(self):
        """Forgets the others."""
        super().read_control()
        while len(self.lines) > 1:
            self.lines.pop()


@fault("what came with the password is lost", "rfc1123.pipeline.login")
class PipelineLogin:
    """Another process goes on after the login."""

    def log_in(self, user):
        """Forgets what waits."""
        super().log_in(user)
        self.lines.clear()


@fault("RNTO in RNFR's packet finds nothing to rename", "rfc1123.pipeline.rename")
class PipelineRename:
    """The state is kept with the packet."""

    def forget_state(self, verb):
        """Too much."""
        super().forget_state(verb)
        if verb == "RNFR" and self.lines:
            self.rename_from = None


@fault("QUIT ends the session before the commands that stand in front of it", "rfc959.pipeline.quit")
class PipelineQuit:
    """It is looked for first."""

    def next_line(self):
        """Ends at once."""
        line = super().next_line()
        if not self.user and line != b"QUIT" and b"QUIT" in self.lines:
            self.reply(221, "Goodbye.")
            raise Ended
        return line


@fault("what stands behind QUIT is executed", "rfc959.pipeline.after-quit")
class PipelineAfterQuit:
    """The end is for later."""

    def do_quit(self, argument):
        """Goes on with what there is."""
        waiting = list(self.lines)
        self.lines.clear()
        for line in waiting:
            self.execute(line)
        self.verb = "QUIT"
        super().do_quit(argument)


@fault("CR and LF in two packets are two line ends", "rfc1123.pipeline.line-end")
class PipelineLineEnd:
    """CR ends a line if nothing follows it yet."""

    def without_telnet(self, data):
        """Adds the LF that will come."""
        data = super().without_telnet(data)
        return data + b"\n" if data.endswith(b"\r") else data


@fault(
    "a packet's end is the line's end",
    "rfc959.line.unfinished",
    "rfc1123.pipeline.halves",
    also=("rfc1123.pipeline.line-end",),
)
class PipelineUnfinished:
    """What one read brings is a line."""

    def without_telnet(self, data):
        """Ends it."""
        data = super().without_telnet(data)
        short = 0 < len(data) < 64 and not data.endswith(b"\n")
        return data + b"\r\n" if short and self.user and not self.control.tls else data


@fault("what comes during a transfer is lost", "rfc959.pipeline.transfer")
class PipelineTransfer:
    """The buffer is emptied."""

    def transfer(self, text, work):
        """Forgets what waits."""
        if self.verb == "RETR" and b"PWD" in self.lines:
            self.lines.clear()
        return super().transfer(text, work)
