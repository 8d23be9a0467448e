"""Faults of the greeting, of replies in general, and of commands that are unknown or badly told apart."""

from broken.control import Ended
from broken.faults import fault
from broken.refusal import Refusal

# The first line of the tour (src/ftplint/tour.c) with a verb that hardly another test uses.
PROBE = b"OPTS FTPLINT"


@fault("the greeting ends in LF without CR", "rfc959.greeting.format")
class GreetingLineFeed:
    """A banner out of a file."""

    def greet(self):
        """Without CR."""
        self.write_reply("220 FTP server ready.\n")


@fault("the last line of the greeting has another code", "rfc959.greeting.format")
class GreetingCodes:
    """A banner of two lines."""

    def greet(self):
        """220 and 200."""
        self.write_reply("220-FTP server\r\n200 ready.\r\n")


@fault("the greeting is red", "practice.greeting.text")
class GreetingRed:
    """Escape sequences."""

    def greet(self):
        """In colour."""
        self.write_reply("220 \33[31mFTP server ready.\33[0m\r\n")


@fault("a line of the greeting has 600 letters", "practice.greeting.length")
class GreetingLong:
    """A line without an end."""

    greeting = "welcome " * 75


class Probed:
    """What the faults have in common that show in the reply to one command: `probed` is that command."""

    probed = PROBE

    def execute(self, line):
        """Notes whether it is that one."""
        self.is_probed = line == self.probed
        return super().execute(line)


@fault("lines within a reply end in LF", "rfc959.reply.line-end")
class ReplyLineFeed(Probed):
    """HELP is a file."""

    probed = b"HELP"

    def write_reply(self, text):
        """Without CR."""
        super().write_reply(text.replace("\r", "") if self.verb and self.is_probed else text)


@fault("a reply is a code alone", "rfc959.reply.separator")
class ReplyCodeAlone(Probed):
    """Nothing behind the code."""

    def write_reply(self, text):
        """The code."""
        super().write_reply(text[:3] + "\r\n" if self.verb and self.is_probed else text)


@fault("the last line of a reply has another code", "rfc959.reply.same-code")
class ReplyCodes(Probed):
    """HELP begins with 214 and ends with 200."""

    probed = b"HELP"

    def write_reply(self, text):
        """Another last line."""
        super().write_reply(text.replace("214 End", "200 End") if self.verb and self.is_probed else text)


@fault("HELP rings the bell", "practice.reply.control-characters")
class ReplyBell(Probed):
    """A control character in a text of the server's own."""

    probed = b"HELP"

    def write_reply(self, text):
        """With BEL."""
        super().write_reply(text.replace("End.", "End.\a") if self.verb and self.is_probed else text)


@fault("a reply is in Latin-1", "rfc2640.reply.utf8")
class ReplyLatin(Probed):
    """A translation in an old code set."""

    def reply(self, code, *lines):
        """An umlaut."""
        super().reply(code, *((b"M\xf6glich ist UTF8.",) if self.verb and self.is_probed else lines))


@fault("a refusal is said twice", "rfc959.reply.once")
class ReplyTwice(Probed):
    """By the function that found the error, and by its caller."""

    def reply(self, code, *lines):
        """Once more."""
        super().reply(code, *lines)
        if self.verb and self.is_probed:
            super().reply(code, *lines)


@fault("1xx announces a reply that never comes", "rfc959.reply.final")
class ReplyPreliminary(Probed):
    """Only the beginning."""

    def reply(self, code, *lines):
        """150 instead."""
        super().reply(150 if self.verb and self.is_probed else code, *lines)


@fault("a command is refused with a code that no RFC lists for it", "rfc959.reply.codes")
class ReplyListed(Probed):
    """550 is for files."""

    probed = b"SITE FTPLINT"

    def reply(self, code, *lines):
        """550 instead."""
        super().reply(550 if self.verb and self.is_probed else code, *lines)


@fault("a code is invented", "rfc1123.reply.known-code", "rfc959.reply.codes")
class ReplyInvented(Probed):
    """599."""

    probed = b"SITE FTPLINT"

    def reply(self, code, *lines):
        """599 instead."""
        super().reply(599 if self.verb and self.is_probed else code, *lines)


@fault("a reply has no text", "practice.reply.text")
class ReplyEmpty(Probed):
    """For those who look at the code."""

    probed = b"NOOP"

    def reply(self, code, *lines):
        """Nothing to read."""
        super().reply(code, *(("",) if self.verb and self.is_probed else lines))


@fault("the replies to LIST end in LF", "rfc959.reply.transfer-format")
class TransferLineFeed:
    """They are written by another part of the server."""

    def write_reply(self, text):
        """Without CR."""
        super().write_reply(text.replace("\r", "") if self.verb == "LIST" else text)


@fault("unknown commands are refused with 550", "rfc959.unknown.code")
class UnknownCode:
    """As if a file were missing."""

    def unknown_command(self):
        """550."""
        if self.verb != "FLNT":
            return super().unknown_command()
        raise Refusal(550, "No such command.")


@fault("unknown commands with an argument are refused with 501", "rfc959.unknown.argument")
class UnknownArgument:
    """The argument is examined first."""

    def run_command(self, verb, argument):
        """501."""
        if verb == "FLNT" and argument:
            return self.reply(501, "The argument is wrong.")
        return super().run_command(verb, argument)


@fault("the third unknown command ends the session", "practice.unknown.session")
class UnknownImpatient:
    """Somebody counts badly."""

    def unknown_command(self):
        """421 soon."""
        if self.user and self.verb.startswith("FTPLINT2"):
            self.reply(421, "Too many unknown commands.")
            raise Ended
        return super().unknown_command()


@fault("a reply repeats the escape sequences of a name", "security.reply.echo")
class EchoName:
    """The name of what is missing, as it is."""

    def do_cwd(self, argument):
        """Keeps it."""
        self.named = argument.decode("utf-8", "surrogateescape")
        super().do_cwd(argument)

    def reply(self, code, *lines):
        """With the name in the refusal."""
        if self.verb == "CWD" and code == 550 and "\33" in self.named:
            return self.write_reply(f"550 {self.named}: {lines[0]}\r\n")
        return super().reply(code, *lines)


@fault("a reply repeats the escape sequences of an unknown command", "security.reply.echo-verb")
class EchoVerb:
    """The verb, as it is."""

    def unknown_command(self):
        """With the verb in the refusal."""
        self.write_reply(f"500 {self.verb} is not known.\r\n")


@fault("QUIT is answered with 200", "rfc959.quit.code")
class QuitCode:
    """It went well."""

    def do_quit(self, argument):
        """200 before the login."""
        if self.user:
            return super().do_quit(argument)
        self.finished = True
        return self.reply(200, "Goodbye.")


@fault("QUIT does not end the connection", "rfc959.quit.closes")
class QuitStays:
    """The client is to do it."""

    def do_quit(self, argument):
        """Goes on before the login."""
        super().do_quit(argument)
        self.finished = self.user is not None


@fault("verbs are known in capital letters only", "rfc959.case.lower", "rfc959.case.mixed", "rfc959.login.case")
class CaseVerb:
    """strcmp(3)."""

    def run_command(self, verb, argument):
        """Looks at the line again."""
        return super().run_command(verb, argument) if self.capitals else self.unknown_command()

    def execute(self, line):
        """Notes how the verb is written."""
        verb = line.split(b" ")[0] if isinstance(line, bytes) else b""
        self.capitals = verb in (verb.upper(), b"opts")
        return super().execute(line)


@fault("TYPE i is not TYPE I", "rfc959.type.letter-case")
class CaseParameter:
    """strcmp(3) again."""

    def do_type(self, argument):
        """Refuses it."""
        if argument == b"i":
            raise Refusal(504, "Types are A and I.")
        super().do_type(argument)
