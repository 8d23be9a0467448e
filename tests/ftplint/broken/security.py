"""TLS of a session (RFC 4217): AUTH, PBSZ, PROT, and what the data connections have to prove."""

import ssl

from .control import Ended
from .refusal import Refusal
from .tickets import new_ticket
from .wire import Refused


class Security:
    """A part of Session."""

    alpn = "ftp"
    tls_seconds = 10
    tls_minimum = ssl.TLSVersion.TLSv1_2
    ciphers = None
    tickets = 2

    def init_security(self):
        """In clear."""
        self.context = None
        self.protection_size = False
        self.private = False
        self.has_resumed = False

    def make_context(self):
        """Settings of this session alone, so that no other session's tickets are worth anything here."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = self.tls_minimum
        context.load_cert_chain(*self.certificate())
        context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
        if self.alpn:
            context.set_alpn_protocols([self.alpn])
        if self.ciphers:
            context.set_ciphers(self.ciphers)
        return context

    def certificate(self):
        """The files of the certificate and its key."""
        return self.server.certificate, self.server.key

    def start_tls(self):
        """The handshake on the control connection."""
        self.context = self.make_context()
        self.context.num_tickets = self.tickets
        try:
            self.control.start_tls(self.context, self.alpn, self.tls_seconds)
        except (Refused, TimeoutError, OSError) as error:
            raise Ended from error
        self.context.num_tickets = 0  # a stranger on the data port gets none

    def do_auth(self, argument):
        """AUTH TLS."""
        if argument.upper() not in (b"TLS", b"TLS-C", b"SSL", b"TLS-P"):
            raise Refusal(504, "Only AUTH TLS is known.")
        if self.control.tls:
            raise Refusal(503, "TLS has begun already.")
        if self.user:
            raise Refusal(503, "AUTH must come before the login.")
        self.reply(234, "Begin TLS.")
        self.forget_clear_text()
        self.start_tls()

    def forget_clear_text(self):
        """What came in clear behind AUTH is nobody's."""
        self.lines.clear()
        self.raw = self.telnet = b""
        self.name = None

    def do_pbsz(self, argument):
        """The only size is 0."""
        if not self.control.tls:
            raise Refusal(503, "Begin TLS first, with AUTH TLS.")
        if not argument.isdigit() or int(argument) >= 1 << 32:
            raise Refusal(501, "PBSZ needs a number.")
        self.protection_size = True
        self.reply(200, "PBSZ=0")

    def do_prot(self, argument):
        """C or P."""
        if not self.control.tls:
            raise Refusal(503, "Begin TLS first, with AUTH TLS.")
        if not self.protection_size:
            raise Refusal(503, "Send PBSZ 0 first.")
        level = argument.upper()
        if level in (b"S", b"E"):
            raise Refusal(536, "Only C and P are offered.")
        if level not in (b"C", b"P"):
            raise Refusal(504, "Only C and P are known.")
        self.set_protection(level == b"P")

    def set_protection(self, private):
        """From the next data connection on."""
        self.private = private
        self.reply(200, "Data connections are under TLS." if private else "Data connections are in clear.")

    def do_ccc(self, _):
        """Not offered."""
        if not self.control.tls:
            raise Refusal(533, "The control connection is in clear already.")
        raise Refusal(534, "TLS stays.")

    def check_resumption(self):
        """Once a data connection has resumed the session, all of them have to: else anybody at the client's address
        could take one."""
        reused = self.data.tls.session_reused
        new_ticket(self.control.tls)
        if reused and new_ticket(self.data.tls):
            self.data.tls.do_handshake()
            self.data.queue(b"")
        if self.has_resumed and not reused:
            raise Refusal(425, "The data connection has to resume the TLS session.")
        self.has_resumed = reused
