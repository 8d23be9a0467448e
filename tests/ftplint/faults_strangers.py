"""Faults towards strangers: bounce and theft, bytes that mean something, enumeration and guesses."""

import os
import threading
import time

from broken.control import Ended
from broken.faults import fault
from broken.refusal import Refusal


@fault("PORT connects to anybody", "rfc2577.bounce.port")
class BouncePort:
    """Wherever it is told."""

    def is_allowed_target(self, address, port):
        return self.verb == "PORT" and port >= 1024 or super().is_allowed_target(address, port)


@fault("EPRT connects to anybody", "rfc2577.bounce.eprt")
class BounceEprt:
    """Wherever it is told."""

    def is_allowed_target(self, address, port):
        return self.verb == "EPRT" and port >= 1024 or super().is_allowed_target(address, port)


@fault("PORT connects to services", "rfc2577.low-port.port")
class LowPort:
    """As the client wants it."""

    def is_allowed_target(self, address, port):
        return self.verb == "PORT" and port == 1023 or super().is_allowed_target(address, port)


@fault("EPRT connects to services", "rfc2577.low-port.eprt")
class LowEprt:
    """As the client wants it."""

    def is_allowed_target(self, address, port):
        return self.verb == "EPRT" and port == 1023 or super().is_allowed_target(address, port)


@fault("a PORT that is refused leaves the one before it", "security.port.stale")
class StalePort:
    """Nothing has happened, has it?"""

    def do_port(self, argument):
        before = self.target
        try:
            super().do_port(argument)
        except Refusal:
            self.target = before
            raise


@fault("anybody may connect to the passive port", "rfc2577.theft.retr", "rfc2577.theft.stor")
class Theft:
    """First come, first served."""

    def is_owner(self, host):
        return True


@fault("a stranger's connection ends the transfer", "security.theft.owner")
class TheftSpoils:
    """Better safe than sorry."""

    def is_owner(self, host):
        if not super().is_owner(host):
            raise Refusal(425, "That was not you.")
        return True


@fault("passive ports come in order", "rfc2577.ports.random")
class PortsInOrder:
    """One after the other."""

    lock = threading.Lock()
    port = [51000 + os.getpid() % 5000]

    def choose_port(self):
        with self.lock:
            self.port[0] += 1
            return self.port[0]


@fault("passive ports are not given up", "limits.passive.hoard")
class PassiveHoard:
    """And there are not many."""

    kept = []

    def forget_data(self):
        if self.verb in ("PASV", "EPSV") and self.listener:
            self.kept.append(self.listener)
            self.listener = self.target = None
        super().forget_data()

    def listen(self):
        if len(self.kept) > 40:
            raise Refusal(425, "No port is free.")
        return super().listen()

    def end(self):
        super().end()
        self.kept.clear()


@fault("EPSV ALL is forgotten when a transfer fails", "rfc2428.epsv-all.after-abort")
class EpsvAllForgotten:
    """It was kept with the transfer."""

    def transfer(self, text, work):
        try:
            super().transfer(text, work)
        except Refusal:
            self.epsv_all = False
            raise


@fault("SIZE changes the file of a RETR that waits", "security.transfer.switched")
class TransferSwitched:
    """CVE-2023-24042."""

    other = None

    def look_at_control(self):
        aborted = super().look_at_control()
        for line in self.lines:
            if isinstance(line, bytes) and line.startswith(b"SIZE "):
                self.other = self.real(self.virtual(line[5:]))
        return aborted

    def accept(self):
        connection = super().accept()
        self.look_at_control()
        return connection

    def download(self, file, end):
        if not self.other:
            return super().download(file, end)
        with open(self.other, "rb") as other:
            return super().download(other, os.path.getsize(self.other))


@fault("a name ends at a NUL byte", "security.nul.truncation", "security.nul.user")
class NulTruncates:
    """As in C."""

    def execute(self, line):
        super().execute(line.split(b"\0")[0] if isinstance(line, bytes) else line)


@fault("a NUL byte ends the session", "robustness.byte.nul-mkd", "robustness.byte.nul-cwd")
class NulEnds:
    """Nobody expected it."""

    def execute(self, line):
        if isinstance(line, bytes) and b"\0" in line and line[:3] in (b"MKD", b"CWD"):
            raise Ended
        super().execute(line)


@fault("a CR in MKD ends the session", "robustness.byte.cr-mkd")
class CrEnds:
    """Nobody expected it."""

    def execute(self, line):
        if isinstance(line, bytes) and b"\r" in line and line.startswith(b"MKD"):
            raise Ended
        super().execute(line)


@fault("a CR alone ends a command", "security.line.bare-return")
class CrSplits:
    """Be liberal in what you accept."""

    def execute(self, line):
        if not isinstance(line, bytes) or b"\rRMD" not in line:
            return super().execute(line)
        for part in line.split(b"\r"):
            super().execute(part)
        return None


@fault("a vertical tab ends a command", "security.line.smuggling")
class TabSplits:
    """splitlines() knows more ends of lines than one thinks."""

    def execute(self, line):
        for part in line.split(b"\v") if isinstance(line, bytes) else [line]:
            super().execute(part)


class Shows:
    """Names with control bytes are shown by the verb `showing`."""

    showing = ""

    def is_listable(self, name):
        """All of them."""
        return self.verb == self.showing or super().is_listable(name)


@fault("LIST shows line feeds in names", "security.listing.forged-list")
class ForgedList(Shows):
    """As they are."""

    showing = "LIST"


@fault("NLST shows line feeds in names", "security.listing.forged-nlst")
class ForgedNlst(Shows):
    """As they are."""

    showing = "NLST"


@fault("MLSD shows line feeds in names", "security.listing.forged-mlsd")
class ForgedMlsd(Shows):
    """As they are."""

    showing = "MLSD"


@fault("STAT shows line feeds in names", "security.reply.forged")
class ForgedReply(Shows):
    """As they are."""

    showing = "STAT"

    def clean(self, line):
        if self.verb != "STAT" or not isinstance(line, bytes):
            return super().clean(line)
        return line.decode("utf-8", "surrogateescape")


@fault("%n in an argument is a format", "security.format.argument", also=("robustness.arguments.format",))
class Format:
    """printf(argument)."""

    def execute(self, line):
        if isinstance(line, bytes) and b"%n%n" in line:
            raise Ended
        super().execute(line)


@fault("RETR of |command runs it", "security.shell.name")
class ShellName:
    """As an old client would."""

    def do_retr(self, argument):
        if argument.startswith(b"|echo "):
            self.need_data()
            return self.transfer("Sending.", lambda: self.send_data(b"ftplint-42\n") or "Sent.")
        return super().do_retr(argument)


@fault("a condition logs in", "security.login.database", slow=True)
class Database:
    """SELECT ... WHERE name='...'."""

    def password_is_right(self, user, password):
        return b"' OR '" in password or super().password_is_right(user, password)

    def log_in(self, user):
        super().log_in(user or self.server.users[b"alice"])


@fault("USER refuses names without an account", "rfc2577.users.user")
class UserKnown:
    """It saves time."""

    def do_user(self, argument):
        if not self.user and argument not in self.server.users:
            raise Refusal(530, "Who is that?")
        super().do_user(argument)


@fault("a wrong password is told from a wrong name", "rfc2577.users.password")
class PasswordKnown:
    """It means well."""

    known = False

    def password_is_right(self, user, password):
        self.known = user is not None
        return super().password_is_right(user, password)

    def reply(self, code, *lines):
        super().reply(code, *(("Wrong password.",) if code == 530 and self.known and not self.user else lines))


@fault("a known name takes longer", "security.users.time", options=("--destructive",), slow=True)
class TimeKnown:
    """A hash is computed for it."""

    def password_is_right(self, user, password):
        time.sleep(0.8 if user else 0)
        return super().password_is_right(user, password)


@fault("MLST needs no login", "security.before-login.refused")
class StrangerMlst:
    """CVE-2023-45198."""

    def run_command(self, verb, argument):
        if verb == "MLST" and not self.user:
            return self.reply(250, "Facts:", "type=dir; /", "End.") if argument == b"/" else self.reply(550, "No.")
        return super().run_command(verb, argument)


@fault("CWD ~name before the login tells accounts", "security.before-login.home")
class StrangerHome:
    """CVE-1999-0082 is of that kind."""

    def run_command(self, verb, argument):
        if verb == "CWD" and not self.user and argument and argument[1:] in self.server.users:
            return self.reply(530, "Log in before you go home.")
        return super().run_command(verb, argument)


@fault("STAT names users to strangers", "security.before-login.names")
class StrangerNames:
    """Who else is here?"""

    def run_command(self, verb, argument):
        if verb == "STAT" and not self.user and not argument:
            return self.reply(211, "Users:", *(name.decode() for name in self.server.users), "End.")
        return super().run_command(verb, argument)


@fault("an empty password is right", "security.login.empty-password")
class PasswordEmpty:
    """A field that is empty."""

    def password_is_right(self, user, password):
        return user is not None and not password or super().password_is_right(user, password)


@fault("eight letters of a password count", "security.login.near-password")
class PasswordEight:
    """crypt(3) of old."""

    def password_is_right(self, user, password):
        return user is not None and len(password) > 7 and password[:8] == user.password[:8]


@fault("the first USER counts", "security.login.two-names")
class NameFirst:
    """And the second is forgotten."""

    def do_user(self, argument):
        first = self.name
        super().do_user(argument)
        self.name = first or argument


@fault("guesses are free", "rfc2577.guessing.connection", options=("--destructive",), slow=True)
class GuessesFree:
    """As many as you like."""

    failures_max = 1 << 30
