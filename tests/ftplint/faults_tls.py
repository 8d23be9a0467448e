"""Faults of AUTH, PBSZ, PROT, CCC and REIN."""

import select
import socket

from broken.control import Ended
from broken.faults import fault
from broken.refusal import Refusal


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
