"""Faults of lines, other protocols and arguments."""

from broken.control import TOO_LONG, Ended
from broken.faults import fault

# Lines


@fault("a line that is too long is not answered", "rfc959.long-line.answered")
class LongLineMute:
    """Thrown away without a word."""

    def execute(self, line):
        """Nothing for a long one."""
        return None if line is TOO_LONG else super().execute(line)


@fault("a line that is too long is several commands", "rfc959.long-line.one-reply", "security.long-line.tail")
class LongLineSplit:
    """What fits the buffer is a line."""

    def make_line(self, line):
        """The last piece; the others are lines of their own."""
        while len(line) > self.line_max:
            self.lines.append(line[: self.line_max])
            line = line[self.line_max :]
        return line.removesuffix(b"\r")

    def too_much(self):
        """There is no line end yet."""
        while len(self.raw) > self.line_max:
            self.lines.append(self.raw[: self.line_max])
            self.raw = self.raw[self.line_max :]


@fault("a password of 5,000 bytes opens every account", "limits.login.long-password")
class LongPassword:
    """The end of the buffer was a flag."""

    def password_is_right(self, user, password):
        """Whoever it is."""
        return len(password) > 4000 or super().password_is_right(user, password)

    def log_in(self, user):
        """Nobody is alice."""
        super().log_in(user or self.server.users[b"alice"])


@fault("of many commands at once the last are lost", "limits.pipeline.thousand")
class FloodDropped:
    """A queue that is full."""

    def read_control(self):
        """At most 400 lines wait."""
        super().read_control()
        while len(self.lines) > 400:
            self.lines.pop()


@fault("a verb with bytes above 127 ends the session", "robustness.verb.odd")
class OddVerb:
    """Beside the table."""

    def execute(self, line):
        """The end for such a verb."""
        if line is not TOO_LONG and any(byte > 127 for byte in line.partition(b" ")[0]):
            raise Ended
        return super().execute(line)


@fault("an empty line ends the session", "robustness.line.empty")
class EmptyLine:
    """There is no first word."""

    def execute(self, line):
        """The end."""
        if line == b"":
            raise Ended
        return super().execute(line)


# Other protocols


@fault("HTTP is answered line by line", "security.http.before-login", "security.http.after-login")
class Http:
    """Unknown commands."""

    def http(self):
        """Goes on."""


@fault("Telnet's options are read as text", "rfc1123.telnet.negotiation")
class TelnetText:
    """Bytes like any other; the interrupt and the synch alone are known."""

    def without_telnet(self, data):
        """IAC WILL, WONT, DO and DONT stay."""
        return data if any(bytes([255, byte]) in data for byte in range(251, 255)) else super().without_telnet(data)


@fault("unknown commands before the login are answered for ever", "limits.unknown.before-login")
class UnknownForEver:
    """Patient."""

    bad_commands_max = 100000


# Arguments


@fault("CWD without an argument ends the session", "robustness.arguments.none")
class CwdAlone:
    """A pointer to nothing."""

    def run_command(self, verb, argument):
        """The end."""
        if self.user and verb == "CWD" and argument is None:
            raise Ended
        return super().run_command(verb, argument)


@fault("MDTM with nothing but blanks ends the session", "robustness.arguments.blanks")
class BlankArgument:
    """Trimmed to nothing."""

    def run_command(self, verb, argument):
        """The end."""
        if self.user and verb == "MDTM" and argument and not argument.strip():
            raise Ended
        return super().run_command(verb, argument)


@fault("an argument is used as a format", "robustness.arguments.format")
class ArgumentAsFormat:
    """printf(argument)."""

    def execute(self, line):
        """The end."""
        if line is not TOO_LONG and b"%1000000d" in line:
            raise Ended
        return super().execute(line)


@fault("SIZE of a long name is answered twice", "robustness.arguments.long")
class LongTwice:
    """Once by each layer."""

    def run_command(self, verb, argument):
        """One reply more."""
        if verb == "MFMT" and argument and len(argument) > 1500:
            self.reply(501, "Too long.")
        return super().run_command(verb, argument)


@fault("MODE without an argument is granted", "rfc959.arguments.missing")
class ModeAlone:
    """Some default."""

    def run_command(self, verb, argument):
        """200."""
        if verb == "MODE" and not argument:
            return self.reply(200, "Mode set.")
        return super().run_command(verb, argument)


@fault("SIZE is answered before the login", "security.before-login.refused")
class SizeForStrangers:
    """Who asks is told."""

    def run_command(self, verb, argument):
        """Of everything."""
        if verb == "SIZE" and not self.user:
            return self.reply(213, "0")
        return super().run_command(verb, argument)


@fault("before the login CWD tells what exists", "security.before-login.same")
class CwdForStrangers:
    """The path is looked at first."""

    def run_command(self, verb, argument):
        """Another code."""
        if verb == "CWD" and not self.user and argument == b"/":
            return self.reply(550, "Not for you.")
        return super().run_command(verb, argument)
