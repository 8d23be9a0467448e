"""Faults of idleness, of the ends of connections, and of sessions side by side."""

import contextlib
import os
import select
import threading
import time

from broken.control import Ended
from broken.faults import fault
from broken.refusal import Refusal

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

    @property
    def data_seconds(self):
        """Of a download in clear: a handshake may take its time."""
        return 0.15 if self.verb == "RETR" and not self.control.tls else super().data_seconds


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
