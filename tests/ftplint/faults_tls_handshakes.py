"""Faults of TLS itself: versions, ciphers, handshakes and records."""

import ssl
import threading

from broken.control import Ended
from broken.faults import fault
from broken.wire import Refused
from faults_tls import first_bytes

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
