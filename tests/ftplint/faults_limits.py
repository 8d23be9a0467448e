"""Faults of endurance: long lines, floods, connections that end in the wrong moment, several sessions at once, quota and
administration."""

import contextlib
import os
import select
import threading
import time

from broken.control import TOO_LONG, Ended
from broken.faults import fault
from broken.refusal import Refusal

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


# Idleness


@fault("SITE IDLE changes nothing", "practice.site-idle.closes", slow=True)
class IdleForEver:
    """Says that it does."""

    def site_idle(self, argument):
        """Only the words."""
        self.reply(200, f"Idle sessions end after {argument.decode() or 300} seconds.")


@fault("idle sessions are ended without a word", "rfc959.idle.code")
class IdleMute:
    """Just closes."""

    def time_is_over(self):
        """No 421."""
        raise Ended


@fault("a long transfer is taken for idleness", "rfc1123.idle.transfer")
class IdleTransfer:
    """Only commands count."""

    def execute(self, line):
        """When it was."""
        self.commanded = time.monotonic()
        return super().execute(line)

    def receive_data(self):
        """Not for longer than the idle time."""
        if time.monotonic() > self.commanded + self.idle_seconds:
            self.time_is_over()
        return super().receive_data()


@fault("sessions may be idle for a minute only", "rfc1123.idle.default")
class IdleMinute:
    """Hurry."""

    idle_seconds = 60


# Ends


@fault("a session stays when its client has gone", "robustness.control.end")
class Leftover:
    """Nobody looks."""

    def next_line(self):
        """The end comes late."""
        try:
            return super().next_line()
        except Ended:
            if self.control.ended == "closed" and self.user:
                time.sleep(7)
            raise


@fault(
    "a transfer does not end with the control connection", "rfc959.control.gone-store", "rfc959.control.gone-retrieve"
)
class Orphan:
    """Data is all."""

    def init_data(self):
        """A connection that was reset has no address any more."""
        super().init_data()
        with contextlib.suppress(OSError):
            self.address = super().client_address()

    def client_address(self):
        """As it was."""
        return self.address

    def look_at_control(self):
        """Its end is nothing."""
        try:
            return super().look_at_control()
        except Ended:
            time.sleep(0.02)
            return False


@fault("the data port is open for a moment only", "robustness.data.late")
class Impatient:
    """Who is late goes away."""

    data_seconds = 0.15


@fault("the newest connection to the data port is taken", "robustness.data.twice")
class NewestConnection:
    """And the others are dropped."""

    def is_owner(self, host):
        """Only the last one that waits."""
        return super().is_owner(host) and not select.select([self.listener], [], [], 0)[0]


@fault("a data connection that nobody used ends the session", "robustness.data.unused")
class UnusedConnection:
    """An event that nobody expected."""

    def do_noop(self, argument):
        """The end."""
        if self.listener and select.select([self.listener], [], [], 0)[0]:
            raise Ended
        super().do_noop(argument)


@fault("RETR without a data connection is a success", "robustness.data.none")
class NoConnection:
    """Sent to nobody."""

    def do_retr(self, argument):
        """226."""
        if not self.listener and not self.target:
            return self.reply(226, "File sent.")
        return super().do_retr(argument)


@fault(
    "after a transfer that broke there is no other one",
    "robustness.stor.after-reset",
    "robustness.retr.after-reset",
)
class BrokenForGood:
    """A flag that nobody clears."""

    broken = False

    def transfer(self, text, work):
        """Notes it."""
        try:
            super().transfer(text, work)
        except Refusal as refusal:
            self.broken = refusal.code == 426
            raise

    def need_data(self):
        """Never again."""
        super().need_data()
        if self.broken:
            raise Refusal(425, "Cannot open the data connection.")


@fault("the lock of an upload outlives its session", "robustness.stor.again")
class StaleLock:
    """Nobody takes it away."""

    locks = set()

    def upload(self, argument, append, text="Receiving."):
        """One at a time, and none after one that died."""
        path = self.virtual(argument)
        if path in self.locks:
            raise Refusal(450, "Another session is uploading that file.")
        self.locks.add(path)
        try:
            super().upload(argument, append, text)
        except Ended:
            raise
        except BaseException:
            self.locks.discard(path)
            raise
        self.locks.discard(path)


# Several sessions


@fault(
    "uploads are written in their place",
    "concurrency.stor.two",
    "concurrency.appe.two",
    "practice.stor.hidden",
    "practice.stor.old-until-new",
    "practice.stor.broken-keeps-old",
    "concurrency.retr.overwritten",
)
class InPlace:
    """There is one file, and all write to it."""

    def receive_file(self, temporary, real, keep, old):
        """Emptied first; what is appended goes behind what there was in the beginning."""
        keep = old if keep is None else keep
        with open(real, "r+b" if keep else "wb", buffering=0) as file:
            os.fchmod(file.fileno(), 0o640 & ~self.umask)
            file.seek(keep)
            while data := self.receive_data():
                file.write(self.from_network(data))
            self.check_end()
            file.write(self.half)
        return "File received."


@fault("a download ends, with success, when its file is deleted", "concurrency.retr.deleted")
class DeletedMeanwhile:
    """Looks whether it is still there."""

    def to_network(self, chunk):
        """Until it is gone."""
        return b"" if self.gone.is_set() else super().to_network(chunk)

    gone = threading.Event()

    def do_dele(self, argument):
        """Tells all."""
        self.gone.set()
        super().do_dele(argument)

    def do_retr(self, argument):
        """For the next one."""
        self.gone.clear()
        super().do_retr(argument)


@fault("a user may have four sessions", "concurrency.login.several")
class FewSessions:
    """One for each window."""

    def log_in(self, user):
        """No more."""
        if sum(session.user is user for session in self.server.present()) >= 4:
            self.reply(421, "Too many sessions.")
            raise Ended
        super().log_in(user)


@fault("while one waits for a data connection all wait", "concurrency.wait.connection")
class AllWait:
    """One loop for everybody."""

    waiting = threading.Lock()

    def open_data(self, text):
        """Nobody else's turn."""
        with self.waiting:
            super().open_data(text)

    def do_noop(self, argument):
        """Their turn."""
        with self.waiting:
            super().do_noop(argument)

    def mid_transfer(self, verb, line):
        """This turn."""
        if verb == "NOOP":
            self.reply(200, "Still there.")
        else:
            super().mid_transfer(verb, line)


# Quota


@fault("the quota is not looked at", "quota.stor.refused", "quota.sessions.together", options=("--destructive",))
class NoQuota:
    """More is more."""

    def take_data(self, file, data, old, limit):
        """All of it."""
        file.write(self.from_network(data))


@fault(
    "what exceeds the quota is deleted, with what was there",
    "quota.stor.old-kept",
    "quota.appe.old-kept",
    options=("--destructive",),
)
class QuotaDeletes:
    """Cleans up thoroughly."""

    def receive_file(self, temporary, real, keep, old):
        """And the old one."""
        try:
            return super().receive_file(temporary, real, keep, old)
        except OSError:
            if os.path.exists(real):
                self.server.change(self.user, lambda: os.unlink(real), real)
            raise


@fault("AVBL is always the same", "practice.avbl.follows")
class AvblStands:
    """A number."""

    def do_avbl(self, argument):
        """Of the first hour."""
        if argument:
            return super().do_avbl(argument)
        return self.reply(213, "20000000")


@fault("AVBL is told in words", "practice.avbl.number")
class AvblWords:
    """For people."""

    def do_avbl(self, argument):
        """MiB."""
        if argument:
            return super().do_avbl(argument)
        return self.reply(213, "About 20 MiB.")


@fault("ALLO grants everything", "practice.allo.promise", "rfc959.allo.number")
class AlloGrants:
    """Without looking."""

    def do_allo(self, _):
        """200."""
        self.reply(200, "Reserved.")


# Administration


@fault("SITE EXEC runs programs", "security.site.user")
class SiteExecForUsers:
    """A shell."""

    def do_site(self, argument):
        """uid=0"""
        if argument.upper().startswith(b"EXEC") and self.user:
            return self.reply(200, "Done.")
        return super().do_site(argument)


@fault("users may use what only administrators are shown", "security.site.guarded", also=("security.site.user",))
class SiteOpen:
    """Hidden, not guarded."""

    def do_site(self, argument):
        """Everything."""
        if argument.upper() == b"KICK":
            return self.reply(200, "Nobody was kicked.")
        return super().do_site(argument)


@fault("SITE WHO is answered before the login", "security.before-login.site")
class SiteForStrangers:
    """Who is there?"""

    def run_command(self, verb, argument):
        """Everybody."""
        if verb == "SITE" and not self.user and argument and argument.upper() == b"WHO":
            return self.reply(200, "alice from 192.0.2.1")
        return super().run_command(verb, argument)


@fault("a password is changed without the present one", "security.password.present", options=("--destructive",))
class PasswordForAll:
    """Whoever sits there."""

    def site_pswd(self, _):
        """Done."""
        self.reply(200, "Password changed.")


@fault("SITE CHMOD only says that it did", "practice.chmod.works")
class ChmodPretends:
    """Words."""

    def site_chmod(self, _):
        """200."""
        self.reply(200, "Permissions changed.")
