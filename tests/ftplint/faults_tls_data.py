"""Faults of TLS on data connections."""

import select
import time

from broken.control import Ended
from broken.faults import fault
from broken.refusal import Refusal
from faults_tls import first_bytes

# what PROT means


@fault("data connections are under TLS before PROT", "rfc4217.prot.initially-clear")
class PrivateFromTheStart:
    """Does more than it was asked for."""

    def start_tls(self):
        """PROT P."""
        super().start_tls()
        self.private = True


@fault("data connections without PROT P are refused with 550", "rfc4217.prot.refusal")
class RefusedAs550:
    """Does not say why."""

    def need_data(self):
        """550."""
        if self.control.tls and not self.private:
            self.forget_data()
            raise Refusal(550, "Not possible.")
        super().need_data()

    def set_protection(self, private):
        """P only."""
        if not private:
            raise Refusal(534, "P only.")
        super().set_protection(private)


@fault("PASV and EPSV are refused before PROT", "rfc4217.prot.passive-first")
class ProtBeforePassive:
    """Checks too early."""

    asked = False

    def set_protection(self, private):
        """From now on."""
        self.asked = True
        super().set_protection(private)

    def listen(self):
        """Not before PROT."""
        if self.control.tls and not self.asked:
            raise Refusal(521, "PROT first.")
        return super().listen()


@fault("what PROT says counts from the next PASV on", "rfc4217.prot.after-passive")
class ProtAtPassive:
    """Decides too early."""

    at_passive = None

    def listen(self):
        """As it is now."""
        self.at_passive = self.private
        return super().listen()

    def open_data(self, text):
        """As it was then."""
        private = self.private
        if self.listener:
            self.private = self.at_passive
        try:
            super().open_data(text)
        finally:
            self.private = private


@fault("PROT C is accepted and does nothing", "rfc4217.prot.clear")
class ProtClearIgnored:
    """Stays private."""

    def set_protection(self, private):
        """P."""
        super().set_protection(private)
        self.private = True


@fault("after PROT C, PROT P does nothing", "rfc4217.prot.changes")
class ProtOnce:
    """Once clear, always clear."""

    once_clear = False

    def set_protection(self, private):
        """The other way only."""
        super().set_protection(private)
        self.once_clear = self.once_clear or not private
        self.private = not self.once_clear


# what comes over


@fault("downloads under TLS lose a byte", "rfc4217.data.download")
class DownloadLosesByte:
    """At the border of a record."""

    def send_data(self, data):
        """One byte less."""
        super().send_data(data[:-1] if self.private and self.verb == "RETR" and len(data) > 16384 else data)


@fault("uploads under TLS lose bytes", "rfc4217.data.upload")
class UploadLosesByte:
    """Where there are many."""

    def take_data(self, file, data, old, limit):
        """From 200000 on, however many come at once."""
        loses = self.private and file.tell() + len(data) >= 200000
        super().take_data(file, data[:-1] if loses else data, old, limit)


@fault("in active mode data connections have no TLS", "rfc4217.data.active")
class ActiveWithoutTls:
    """Hangs up instead."""

    def connect(self):
        """And hangs up."""
        connection = super().connect()
        if self.private:
            connection.shutdown(2)
        return connection


# how it ends


@fault(
    "data connections end without close_notify",
    "rfc8446.close-notify.download",
    "rfc8446.close-notify.empty-file",
    "rfc8446.close-notify.listing",
    "rfc8446.close-notify.upload",
)
class NoCloseNotify:
    """FIN alone."""

    def close_data(self, clean=True):
        """Not clean."""
        super().close_data(clean=False)


@fault("where nothing was sent there is no close_notify", "rfc8446.close-notify.empty-file")
class NoCloseNotifyIfEmpty:
    """Nothing to say."""

    downloaded = True

    def close_data(self, clean=True):
        """Not after nothing."""
        super().close_data(clean and (self.verb != "RETR" or self.downloaded))

    def download(self, file, end):
        """Remembers."""
        self.downloaded = end > 0
        return super().download(file, end)


@fault("an upload lasts until TCP ends", "rfc8446.close-notify.ends-upload")
class UploadEndsAtFin:
    """Does not know close_notify."""

    def check_end(self):
        """Waits for FIN."""
        super().check_end()
        while self.private and select.select([self.data], [], [], 20)[0]:
            if not self.data.socket.recv(1000):
                break


@fault("an upload that is cut off is stored", "security.upload.truncated-1-2", "security.upload.truncated-1-3")
class TruncatedUpload:
    """Any end will do."""

    def check_end(self):
        """Not under TLS."""
        if not self.data.tls:
            super().check_end()


class ClearIfClear:
    """Begins TLS only if the client does."""

    verbs = ()

    def open_data(self, text):
        """Looks at the first byte."""
        if not self.private or self.verb not in self.verbs:
            super().open_data(text)
            return
        self.private = False
        try:
            super().open_data(text)
            if first_bytes(self.data.socket, 1, self.data_seconds) == b"\x16":
                self.data.start_tls(self.context, self.alpn, self.data_seconds)
                self.check_resumption()
        finally:
            self.private = True


@fault("uploads in clear are taken after PROT P", "security.data.plain-upload")
class PlainUpload(ClearIfClear):
    """STOR."""

    verbs = ("STOR",)


@fault("downloads in clear are made after PROT P", "security.data.plain-download")
class PlainDownload(ClearIfClear):
    """RETR."""

    verbs = ("RETR",)


@fault(
    "a data connection that fails ends the session", "practice.data.failed-handshake", "practice.data.theft-survived"
)
class FailureEnds:
    """Does not forgive."""

    def open_data(self, text):
        """Or the end."""
        try:
            super().open_data(text)
        except Refusal as refusal:
            if not self.private:
                raise
            raise Ended from refusal


@fault("ALPN is not looked at on data connections", "rfc7301.alpn.data")
class NoAlpnOnData:
    """Only on the control connection."""

    def open_data(self, text):
        """Whatever."""
        self.alpn = None
        try:
            super().open_data(text)
        finally:
            del self.alpn


@fault("a data handshake cannot be aborted", "practice.handshake.stalled-abort")
class DeafHandshake:
    """Does not listen."""

    def look_or_abort(self):
        """Not now."""
        if self.private and not (self.data and self.data.tls):
            time.sleep(0.05)
        else:
            super().look_or_abort()


@fault("uploads under TLS cannot be aborted", "rfc4217.abor.upload")
class DeafUpload:
    """Does not listen."""

    def look_at_control(self):
        """Not now."""
        if self.private and self.verb == "STOR":
            time.sleep(0.05)
            return False
        return super().look_at_control()


# whose session it is


@fault("anybody at the client's address gets the data", "security.data.theft")
class AnySession:
    """Does not look."""

    def check_resumption(self):
        """Whoever."""
        super().check_resumption()
        self.has_resumed = False


@fault("any session of the server's opens a data connection", "security.data.foreign-session")
class SharedSessions:
    """One context for all."""

    shared = None

    def make_context(self):
        """The first one."""
        if not SharedSessions.shared:
            SharedSessions.shared = super().make_context()
        return SharedSessions.shared


@fault("tickets run out", "practice.tls-session.single-use")
class FewTickets:
    """Two, and every data connection needs one."""

    def check_resumption(self):
        """Always."""
        if not self.data.tls.session_reused:
            raise Refusal(425, "The data connection has to resume the TLS session.")


@fault("the tenth data connection fails", "practice.tls-session.many-1-2", "practice.tls-session.many-1-3")
class TenConnections:
    """Ten are enough."""

    connections = 0

    def check_resumption(self):
        """No more."""
        self.connections += 1
        if self.connections >= 10:
            raise Refusal(425, "Enough.")
        super().check_resumption()


@fault("whoever resumes a TLS session is logged in", "security.session.login")
class LoginInTicket:
    """Remembers too much."""

    shared, last = None, None

    def make_context(self):
        """One for all, so that sessions can be resumed at all."""
        if not LoginInTicket.shared:
            LoginInTicket.shared = super().make_context()
        return LoginInTicket.shared

    def start_tls(self):
        """Who was it?"""
        super().start_tls()
        if self.control.tls.session_reused:
            self.user = LoginInTicket.last

    def log_in(self, user):
        """Remembers."""
        super().log_in(user)
        LoginInTicket.last = user
