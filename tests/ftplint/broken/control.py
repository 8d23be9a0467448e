"""The control connection of a session: lines in, replies out, what is done while a transfer runs."""

import collections
import re
import select
import socket
import time

from .commands import COMMANDS, HTTP, MID_TRANSFER
from .refusal import Refusal, refusal_of
from .wire import Wire

CONTROL_SIGNS = re.compile("[\x00-\x1f\x7f]")
IAC = 255
TOO_LONG = object()  # stands in the queue for a line that was


class Ended(Exception):
    """The control connection is at its end: nothing more can be said."""


class Control:
    """A part of Session."""

    line_max = 8192
    bad_commands_max = 10
    login_seconds = 60
    idle_seconds = 300
    greeting = "FTP server ready."

    def init_control(self, connection):
        """Takes over CONNECTION."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_OOBINLINE, 1)
        self.control = Wire(connection)
        self.begun = time.monotonic()
        self.raw = b""  # received, of which no line is made yet
        self.telnet = b""  # the beginning of a Telnet command
        self.discarding = False
        self.lines = collections.deque()
        self.bad_commands = 0
        self.finished = False
        self.verb = ""
        self.last = ""  # the verb before

    # lines

    def next_line(self):
        """The next command line, without its end; TOO_LONG for one that was."""
        if self.control.tls:
            self.read_control()  # what came with the end of the handshake
        while not self.lines and not self.control.ended:
            end = time.monotonic() + self.idle_seconds if self.user else self.begun + self.login_seconds
            if not select.select([self.control], [], [], max(0, end - time.monotonic()))[0]:
                self.time_is_over()
            self.read_control()
        if not self.lines:
            raise Ended
        return self.lines.popleft()

    def time_is_over(self):
        """Nothing came for too long."""
        self.reply(421, "Timeout. Goodbye.")
        raise Ended

    def read_control(self):
        """Takes what has come and makes lines of it."""
        self.raw += self.without_telnet(self.control.receive())
        while (at := self.raw.find(b"\n")) >= 0:
            line, self.raw = self.raw[:at], self.raw[at + 1 :]
            self.lines.append(self.make_line(line))
        if len(self.raw) > self.line_max:
            self.too_much()

    def too_much(self):
        """A line without an end is longer than we take: the rest of it is thrown away."""
        self.discarding = True
        self.raw = b""

    def make_line(self, line):
        """What becomes of LINE, without its LF."""
        long = self.discarding or len(line) > self.line_max
        self.discarding = False
        return TOO_LONG if long else line.removesuffix(b"\r")

    def without_telnet(self, data):
        """DATA without Telnet's commands (RFC 854)."""
        if IAC not in data and not self.telnet:
            return data
        data, self.telnet, plain = self.telnet + data, b"", bytearray()
        at = 0
        while at < len(data):
            byte, follows = data[at], data[at + 1 : at + 2]
            size = 3 if follows and 251 <= follows[0] <= 254 else 2
            if byte == 242:  # the data mark alone, its IAC went as urgent data
                at += 1
            elif byte != IAC:
                plain.append(byte)
                at += 1
            elif len(data) < at + size:
                self.telnet = data[at:]
                break
            else:
                if follows[0] == IAC:
                    plain.append(IAC)
                elif follows[0] < 240:
                    plain.extend(data[at : at + size])
                at += size
        return bytes(plain)

    # commands

    def execute(self, line):
        """Answers one line."""
        self.last, self.verb = self.verb, ""
        if line is TOO_LONG:
            return self.reply(500, "Line too long.")
        if b"\0" in line:
            return self.reply(501, "A command cannot contain a zero byte.")
        if b"\r" in line:
            return self.reply(501, "A command cannot contain a carriage return.")
        verb, space, argument = line.partition(b" ")
        self.verb = verb.decode("ascii", "replace").upper()
        if self.verb in HTTP or (b"://" in argument and b"HTTP/" in argument):
            self.http()
        self.run_command(self.verb, argument if space else None)
        return None

    def http(self):
        """A browser was sent here, maybe by a page that means us harm."""
        self.reply(421, "This is an FTP server. Goodbye.")
        raise Ended

    def run_command(self, verb, argument):
        """Does what VERB asks for; ARGUMENT is bytes, or None without a space behind the verb."""
        command = COMMANDS.get(verb)
        try:
            if not command:
                return self.unknown_command()
            self.check_command(command, argument)
            getattr(self, f"do_{verb.lower()}")(argument if argument is not None else b"")
        except Refusal as refusal:
            self.reply(refusal.code, refusal.text)
        except OSError as error:
            if self.control.ended == "reset":
                raise Ended from error
            refusal = refusal_of(error)
            self.reply(refusal.code, refusal.text)
        finally:
            self.forget_state(verb)
        return None

    def unknown_command(self):
        """500, and 421 to somebody who tries too often before the login."""
        self.bad_commands += 1
        if not self.user and self.bad_commands > self.bad_commands_max:
            self.reply(421, "Too many unknown commands. Goodbye.")
            raise Ended
        self.reply(500, "Unknown command.")

    def check_command(self, command, argument):
        """Refuses it before the login, and with too many or too few arguments."""
        if command.offered and command.login and not self.user:
            raise Refusal(530, "Log in first, with USER and PASS.")
        if command.argument == "required" and not argument:
            raise Refusal(501, f"{command.verb} needs an argument: {command.help}")
        if command.argument == "none" and argument:
            raise Refusal(501, f"{command.verb} takes no argument.")

    def forget_state(self, verb):
        """What holds for the next command only is gone after it."""
        if verb != "RNFR":
            self.rename_from = None
        if verb not in ("REST", "RANG", "PASV", "EPSV", "PORT", "EPRT", "TYPE", "MODE", "STRU", "NOOP", "ALLO", "SIZE"):
            self.restart = self.range_end = None

    # while a transfer runs

    def look_at_control(self):
        """During a transfer: answers what may be answered at once. True if the transfer is to be aborted."""
        self.read_control()
        if self.control.ended:
            raise Ended
        for line in list(self.lines):
            verb = b"" if line is TOO_LONG else line.split(b" ")[0].upper()
            if verb == b"ABOR":
                self.lines.remove(line)
                return True
            if verb in MID_TRANSFER and self.lines[0] is line:
                self.lines.popleft()
                self.mid_transfer(verb, line)
        return False

    def mid_transfer(self, verb, line):
        """NOOP or STAT while a transfer runs."""
        self.run_during_transfer(verb.decode(), line)

    def run_during_transfer(self, verb, line):
        """Answers without touching what the transfer has noted."""
        if verb == "STAT" and line.partition(b" ")[2]:
            self.reply(503, "Not while a transfer runs.")
        else:
            getattr(self, f"do_{verb.lower()}")(b"")

    # replies

    def reply(self, code, *lines):
        """One line, or a first one, others, and a last one."""
        self.write_reply(self.format_reply(code, [self.clean(line) for line in lines]))

    @staticmethod
    def clean(line):
        """Text as it may stand in a reply: no control characters."""
        if isinstance(line, bytes):
            line = line.decode("utf-8", "surrogateescape")
        return CONTROL_SIGNS.sub("?", line)

    def format_reply(self, code, lines):
        """The reply as it goes over the wire, but for its encoding."""
        if len(lines) == 1:
            return f"{code} {lines[0]}\r\n"
        middle = "".join(f" {line}\r\n" for line in lines[1:-1])
        return f"{code}-{lines[0]}\r\n{middle}{code} {lines[-1]}\r\n"

    def write_reply(self, text):
        """Sends it."""
        try:
            self.control.send(text.encode("utf-8", "surrogateescape"), 30)
        except OSError as error:
            raise Ended from error

    def greet(self):
        """The first thing that a client hears."""
        self.reply(220, self.greeting)
