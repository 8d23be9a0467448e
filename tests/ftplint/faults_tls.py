"""Faults of AUTH, PBSZ, PROT, CCC and REIN, and of the TLS of the control connection."""

import select
import socket
import ssl
import threading

from broken.control import Ended
from broken.faults import fault
from broken.refusal import Refusal
from broken.wire import Refused


def first_bytes(connection, count, seconds=10):
    """What comes first on CONNECTION, a socket, up to COUNT bytes; it stays there."""
    seen = b""
    while len(seen) < count and select.select([connection], [], [], seconds)[0]:
        more = connection.recv(count, socket.MSG_PEEK)
        if len(more) == len(seen):
            break
        seen = more
    return seen


# AUTH


@fault("AUTH TLS is answered with 334", "rfc4217.auth.reply")
class AuthCode:
    """As if ADAT came next."""

    def reply(self, code, *lines):
        """334."""
        super().reply(334 if code == 234 else code, *lines)


@fault("AUTH tls is unknown", "rfc2228.auth.case")
class AuthCase:
    """Capitals only."""

    def do_auth(self, argument):
        """TLS."""
        super().do_auth(argument if argument.isupper() else b"NONE")


@fault("AUTH TLS-C is unknown", "rfc4217.auth.tls-c")
class AuthTlsC:
    """TLS only."""

    def do_auth(self, argument):
        """TLS."""
        super().do_auth(argument if argument.upper() == b"TLS" else b"NONE")


@fault("AUTH with an unknown mechanism is answered with 421 and the end", "practice.auth.second-try")
class AuthEnds:
    """One try only."""

    def do_auth(self, argument):
        """504 is 421."""
        try:
            super().do_auth(argument)
        except Refusal as refusal:
            if refusal.code != 504:
                raise
            self.reply(504, "Unknown.")
            raise Ended from refusal


@fault("AUTH with an unknown mechanism is an unknown command", "rfc2228.auth.unknown-mechanism")
class AuthUnknown:
    """500."""

    def do_auth(self, argument):
        """504 is 500."""
        try:
            super().do_auth(argument)
        except Refusal as refusal:
            raise Refusal(500 if refusal.code == 504 else refusal.code, refusal.text) from refusal


@fault("AUTH under TLS is accepted", "practice.auth.twice")
class AuthTwice:
    """TLS in TLS."""

    def do_auth(self, argument):
        """234."""
        if self.control.tls:
            self.reply(234, "Begin TLS.")
        else:
            super().do_auth(argument)


@fault("AUTH after the login is accepted and the login stays", "rfc2228.auth.forgets-login")
class AuthKeepsLogin:
    """Does not begin anew."""

    early = None

    def log_in(self, user):
        """Afterwards the key cannot be read any more."""
        self.early = self.make_context()
        super().log_in(user)

    def make_context(self):
        """As it was made."""
        return self.early or super().make_context()

    def do_auth(self, argument):
        """As before the login."""
        user, self.user = self.user, None
        try:
            super().do_auth(argument)
        finally:
            self.user = user


@fault("FEAT does not announce AUTH TLS", "rfc4217.feat.auth", tls="explicit")
class FeatWithoutAuth:
    """Keeps it to itself."""

    def features(self):
        """Without AUTH."""
        return [line for line in super().features() if not line.startswith("AUTH")]


@fault("FEAT does not announce PROT", "rfc4217.feat.prot")
class FeatWithoutProt:
    """Keeps it to itself."""

    def features(self):
        """Without PROT."""
        return [line for line in super().features() if line != "PROT"]


# PBSZ and PROT


@fault("PBSZ in clear is accepted", "rfc2228.pbsz.in-clear")
class PbszInClear:
    """Whatever."""

    def do_pbsz(self, argument):
        """200."""
        if self.control.tls:
            super().do_pbsz(argument)
        else:
            self.reply(200, "PBSZ=0")


@fault("PROT P in clear is accepted", "rfc2228.prot.in-clear")
class ProtInClear:
    """Promises what it does not do."""

    def do_prot(self, argument):
        """200."""
        if self.control.tls:
            super().do_prot(argument)
        else:
            self.reply(200, "Private.")


@fault("PBSZ takes 0 only", "rfc2228.pbsz.size")
class PbszZeroOnly:
    """501."""

    def do_pbsz(self, argument):
        """0."""
        super().do_pbsz(argument if argument == b"0" else b"")


@fault("PBSZ takes anything", "rfc2228.pbsz.malformed")
class PbszAnything:
    """Does not look."""

    def do_pbsz(self, argument):
        """0."""
        super().do_pbsz(b"0")


@fault("PROT needs no PBSZ", "rfc2228.prot.before-pbsz")
class ProtWithoutPbsz:
    """Lenient."""

    def do_prot(self, argument):
        """As if there had been one."""
        self.protection_size = True
        super().do_prot(argument)


@fault(
    "every level of PROT is accepted", "rfc2228.prot.safe", "rfc2228.prot.confidential", "rfc2228.prot.unknown-level"
)
class ProtAnyLevel:
    """All but C is P."""

    def do_prot(self, argument):
        """C or P."""
        super().do_prot(argument if argument.upper() == b"C" else b"P")


# the borders


@fault("commands behind AUTH are obeyed under TLS", "security.auth.injection")
class Injection:
    """Keeps the buffer."""

    def forget_clear_text(self):
        """Does not."""


@fault("without a handshake the session goes on in clear", "security.auth.no-way-back", "rfc4217.auth.failed-handshake")
class ClearFallback:
    """Easy to please."""

    def start_tls(self):
        """If the client wants."""
        if first_bytes(self.control.socket, 1) == b"\x16":
            super().start_tls()


@fault("a failed handshake leaves the connection open", "rfc4217.auth.failed-handshake")
class HandshakeHangs:
    """Does not notice."""

    def start_tls(self):
        """Waits on."""
        if first_bytes(self.control.socket, 1) == b"\x16":
            super().start_tls()
            return
        while self.control.socket.fileno() >= 0:
            select.select([self.control], [], [], 5)
            if not self.control.socket.recv(1000):
                raise Ended


@fault("CCC in clear is accepted", "rfc2228.ccc.in-clear")
class CccInClear:
    """Nothing to do."""

    def do_ccc(self, argument):
        """200."""
        if self.control.tls:
            super().do_ccc(argument)
        else:
            self.reply(200, "In clear.")


@fault("CCC is accepted and TLS stays", "rfc4217.ccc.goes-on")
class CccWithoutEffect:
    """Forgets to do it."""

    def do_ccc(self, argument):
        """200."""
        if not self.control.tls:
            super().do_ccc(argument)
        self.reply(200, "In clear.")


class BecomesClear:
    """How TLS on the control connection ends and the connection goes on."""

    def end_tls(self):
        """close_notify both ways."""
        self.control.say_goodbye()
        self.control.flush()
        while not self.control.ended:
            select.select([self.control], [], [], 5)
            self.control.receive()
        if self.control.ended != "closed":
            raise Ended
        self.control.ended = self.control.tls = None
        self.raw = self.control._incoming.read()  # pylint: disable=protected-access
        self.read_control()


@fault("after CCC the level of protection can be changed", "rfc4217.ccc.keeps-protection")
class CccThenProt(BecomesClear):
    """Lets anybody take the protection away."""

    cleared = False

    def do_ccc(self, argument):
        """Does it."""
        if not self.control.tls:
            super().do_ccc(argument)
        self.reply(200, "In clear.")
        self.end_tls()
        self.cleared = True

    def do_prot(self, argument):
        """Also after that."""
        if not self.cleared:
            super().do_prot(argument)
            return
        self.set_protection(argument.upper() == b"P")


@fault("after QUIT there is no close_notify", "rfc8446.quit.close-notify")
class QuitWithoutCloseNotify:
    """In a hurry."""

    def end(self):
        """FIN alone."""
        if self.finished:
            self.control.close(clean=False)
        super().end()


# versions and ciphers


@fault("TLS 1.0 and 1.1 are accepted", "rfc8996.version.tls-1-0", "rfc8996.version.tls-1-1")
class OldVersions:
    """For everybody."""

    tls_minimum = ssl.TLSVersion.TLSv1
    ciphers = "DEFAULT:@SECLEVEL=0"


@fault("TLS 1.3 is not spoken", "rfc9325.version.tls-1-3")
class NoTls13:
    """Of yesterday."""

    def make_context(self):
        """1.2 only."""
        context = super().make_context()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context


@fault("TLS 1.2 is preferred", "rfc9325.version.newest")
class PrefersTls12:
    """1.3 for those who know nothing else."""

    def start_tls(self):
        """Looks for TLS 1.2 among the versions of the hello."""
        hello = first_bytes(self.control.socket, 517, 0.2)
        self.old_client = b"\x03\x04\x03\x03" in hello  # pylint: disable=attribute-defined-outside-init
        super().start_tls()

    def make_context(self):
        """1.2 where it is offered."""
        context = super().make_context()
        if self.old_client:
            context.maximum_version = ssl.TLSVersion.TLSv1_2
        return context


@fault("ciphers that encrypt nothing are accepted", "rfc9325.cipher.null")
class NullCiphers:
    """For debugging."""

    ciphers = "ALL:eNULL:!aNULL:@SECLEVEL=0"


@fault("ciphers without a certificate are accepted", "rfc4217.cipher.anonymous")
class AnonymousCiphers:
    """Trusting."""

    ciphers = "ALL:@SECLEVEL=0"


# how TLS is done


@fault("ALPN is not looked at", "rfc7301.alpn.foreign", "rfc7301.alpn.selected")
class NoAlpn:
    """Whatever."""

    alpn = None


@fault("a client that offers ftp by ALPN is refused", "rfc7301.alpn.accepted")
class AlpnMisspelt:
    """Has another name for itself."""

    alpn = "ftps"


@fault("clients may renegotiate", "security.renegotiation.refused")
class Renegotiation:
    """As often as they like."""

    def make_context(self):
        """Allows it."""
        context = super().make_context()
        context.options &= ~ssl.OP_NO_RENEGOTIATION
        context.options |= 1 << 8  # SSL_OP_ALLOW_CLIENT_RENEGOTIATION
        return context

    def read_control(self):
        """The answer to a hello goes out at once."""
        super().read_control()
        self.control.flush()


class LooksAtRecords:
    """Reads the head of the first record, and not more than one."""

    smallest, largest = 0, 1 << 16

    def start_tls(self):
        """Knows what a hello is like."""
        head = first_bytes(self.control.socket, 5)
        size = int.from_bytes(head[3:5], "big")
        if len(head) == 5 and not self.smallest <= size <= self.largest:
            raise Ended
        super().start_tls()


@fault("a hello of more than 2 kB is refused", "practice.handshake.large-hello")
class SmallHellos(LooksAtRecords):
    """A buffer too small."""

    largest = 2000


@fault("a hello has to be one record", "rfc8446.handshake.split-hello")
class WholeHellos(LooksAtRecords):
    """Takes the first record for all."""

    smallest = 100


@fault("a client that sends no server name is refused", "practice.handshake.without-name")
class NameNeeded:
    """Knows many hosts."""

    def make_context(self):
        """unrecognized_name."""
        context = super().make_context()
        context.sni_callback = lambda _, name, __: None if name else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME
        return context


@fault("of many commands in a record the first one counts", "rfc8446.records.joined-commands")
class FirstCommandOnly:
    """Looks at the socket only."""

    def next_line(self):
        """Forgets the others."""
        line = super().next_line()
        if self.control.tls and len(self.lines) > 2:
            self.lines.clear()
        return line


@fault("a record of one byte is lost", "rfc8446.records.split-command")
class WholeCommands:
    """Takes a record for a line."""

    before = 0

    def without_telnet(self, data):
        """A record has 17 bytes and more besides."""
        records = self.control.received - self.before
        self.before = self.control.received
        return super().without_telnet(b"" if self.control.tls and records > 15 * len(data) else data)


HANDSHAKES = threading.Lock()


@fault("one handshake at a time", "practice.handshake.stalled-control")
class OneHandshake:
    """In turn."""

    def start_tls(self):
        """After the others."""
        with HANDSHAKES:
            super().start_tls()


@fault("nobody is greeted while a data connection begins TLS", "practice.handshake.stalled-data")
class OneForAll:
    """A server of one thread."""

    def greet(self):
        """When there is time."""
        with HANDSHAKES:
            super().greet()

    def open_data(self, text):
        """Takes all the time."""
        if not self.private:
            super().open_data(text)
            return
        with HANDSHAKES:
            super().open_data(text)


@fault("no handshake succeeds", "rfc4217.auth.handshake")
class NoHandshake:
    """Has lost its key."""

    def start_tls(self):
        """Gives up."""
        first_bytes(self.control.socket, 1)
        self.control.socket.send(b"\x15\x03\x03\x00\x02\x02\x50")  # internal_error
        raise Ended from Refused()
