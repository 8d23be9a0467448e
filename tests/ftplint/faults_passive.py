"""Faults of PASV, EPSV, PORT and EPRT."""

import socket

from broken.faults import fault
from broken.refusal import Refusal


@fault("227 has no parentheses", "practice.pasv.form")
class PasvForm:
    """RFC 1123 warns of it."""

    def pasv_text(self, host, port):
        """Numbers alone."""
        return super().pasv_text(host, port).replace("(", "").replace(").", "")


@fault("227 names an address of another network", "practice.pasv.address")
class PasvAddress:
    """Behind a translator."""

    def pasv_text(self, host, port):
        """Where nobody comes to."""
        return super().pasv_text("172.17.0.2", port)


@fault("229 ends without a parenthesis", "rfc2428.epsv.form")
class EpsvForm:
    """Half of it."""

    def epsv_text(self, port):
        """(|||port|"""
        return super().epsv_text(port).rstrip(")")


@fault("EPSV refuses the connection's own protocol", "rfc2428.epsv.own-protocol")
class EpsvOwn:
    """Though it is what it uses."""

    def do_epsv(self, argument):
        """522."""
        if argument in (b"1", b"2"):
            raise Refusal(522, "Network protocol not supported, use (1)")
        super().do_epsv(argument)


@fault(
    "protocols that are not supported are refused with 501",
    "rfc2428.epsv.other-protocol",
    "rfc2428.epsv.unknown-protocol",
    "rfc2428.eprt.unknown-protocol",
)
class ProtocolCode:
    """Not with 522."""

    def reply(self, code, *lines):
        """501 for 522."""
        super().reply(501 if code == 522 and self.verb in ("EPSV", "EPRT") else code, *lines)


@fault("522 does not tell what is supported", "rfc2428.epsv.protocol-list", "rfc2428.eprt.protocol-list")
class ProtocolList:
    """No list."""

    def reply(self, code, *lines):
        """Words alone."""
        lines = ("Network protocol not supported.",) if code == 522 else lines
        super().reply(code, *lines)


@fault("EPSV takes any word", "rfc2428.epsv.garbage")
class EpsvGarbage:
    """And opens a port."""

    def do_epsv(self, argument):
        """Unless it is a number or ALL."""
        super().do_epsv(argument if argument.isdigit() or argument.upper() == b"ALL" else b"")


@fault("EPSV ALL is answered with 220", "practice.epsv-all.code")
class EpsvAllCode:
    """As the greeting."""

    def reply(self, code, *lines):
        """220 for 200."""
        super().reply(220 if self.verb == "EPSV" and code == 200 else code, *lines)


@fault(
    "EPSV ALL is forgotten at once",
    "rfc2428.epsv-all.pasv",
    "rfc2428.epsv-all.port",
    "rfc2428.epsv-all.eprt",
)
class EpsvAllIgnored:
    """All goes on."""

    def not_after_epsv_all(self):
        """Never refuses."""


@fault(
    "after EPSV ALL, EPSV is refused too",
    "rfc2428.epsv-all.transfer",
    also=("rfc2428.epsv-all.after-abort",),
)
class EpsvAllRefuses:
    """Nothing is left."""

    def do_epsv(self, argument):
        """503."""
        self.not_after_epsv_all()
        super().do_epsv(argument)


@fault("the port that was not used stays open", "security.passive.one-listener")
class ListenerStays:
    """When another is asked for."""

    def listen(self):
        """One more."""
        if self.listener:
            self.server.kept = [*getattr(self.server, "kept", [])[-20:], self.listener]
            self.listener = None
        return super().listen()


@fault("the port stays open after its transfer", "security.passive.closed")
class ListenerAfterTransfer:
    """For whoever comes."""

    def accept(self):
        """Keeps it."""
        self.server.kept = [*getattr(self.server, "kept", [])[-20:], self.listener.dup()]
        return super().accept()


@fault("the port stays open after EPRT", "security.passive.closed-by-active")
class ListenerAfterEprt:
    """For whoever comes."""

    def do_eprt(self, argument):
        """Keeps it."""
        if self.listener:
            self.server.kept = [*getattr(self.server, "kept", [])[-20:], self.listener.dup()]
        super().do_eprt(argument)


@fault("TYPE closes the port", "rfc959.passive.between")
class TypeForgets:
    """All begins anew."""

    def do_type(self, argument):
        """The data connection as well."""
        self.forget_data()
        super().do_type(argument)


@fault("LIST without a data connection succeeds", "robustness.data.none")
class DataNone:
    """And sends nothing."""

    def do_list(self, argument):
        """226 at once."""
        if not self.listener and not self.target:
            return self.reply(226, "Done.")
        return super().do_list(argument)


@fault("PORT and EPRT are answered with 250", "rfc959.port.code", "rfc2428.eprt.code")
class ActiveCode:
    """Not with 200."""

    def reply(self, code, *lines):
        """250."""
        super().reply(250 if code == 200 and self.verb in ("PORT", "EPRT") else code, *lines)


@fault("PORT takes more than six numbers", "rfc959.port.malformed")
class PortLong:
    """And uses six."""

    def do_port(self, argument):
        """The first ones."""
        super().do_port(b",".join(argument.split(b",")[:6]))


@fault("EPRT takes a port beyond 65535", "rfc2428.eprt.malformed")
class EprtPort:
    """And uses some of its bits."""

    def take_target(self, host, port):
        """The lower half."""
        super().take_target(host, port & 65535 if port > 65535 else port)


@fault("EPRT takes only | between its fields", "rfc2428.eprt.delimiter")
class EprtDelimiter:
    """501 for others."""

    def do_eprt(self, argument):
        """As most clients have it."""
        if not argument.startswith(b"|"):
            raise Refusal(501, "EPRT needs |family|address|port|.")
        super().do_eprt(argument)


@fault("a client that does not listen is told success", "rfc959.active.refused")
class ActiveRefused:
    """226 and nothing sent."""

    def reply(self, code, *lines):
        """For 425."""
        super().reply(226 if code == 425 and self.verb == "LIST" and self.target_failed else code, *lines)

    target_failed = False

    def connect(self):
        """Notes it."""
        self.target_failed = True
        connection = super().connect()
        self.target_failed = False
        return connection


@fault("a client that does not listen is told 550", "rfc959.active.refused-code")
class ActiveRefusedCode:
    """Not 425."""

    def connect(self):
        """As if the directory were at fault."""
        try:
            return super().connect()
        except Refusal as refusal:
            raise Refusal(550, refusal.text) from refusal


@fault("the first port that was named is used", "rfc959.active.newest")
class ActiveFirst:
    """Later ones are ignored."""

    first = None

    def take_target(self, host, port):
        """If there is none."""
        super().take_target(host, port)
        self.first = self.target = self.first or self.target

    def connect(self):
        """Once."""
        self.first = None
        return super().connect()


@fault("a port that the client named is used in spite of EPSV", "rfc959.active.passive-wins")
class ActiveStays:
    """The server goes to it."""

    def forget_data(self):
        """But not to where it goes."""
        target = self.target if self.verb in ("EPSV", "PASV") else None
        super().forget_data()
        self.target = target


@fault("data connections come from another address", "practice.active.source-address")
class ActiveSource:
    """Of the same machine."""

    def connect(self):
        """127.0.0.2"""
        connection = socket.socket(self.control.socket.family, socket.SOCK_STREAM)
        connection.bind(("127.0.0.2", 0))
        connection.connect(self.target)
        self.forget_data()
        return connection


@fault("an upload in active mode loses its end", "rfc2428.eprt.upload")
class ActiveUpload:
    """The last bytes of it."""

    active = False

    def connect(self):
        """Notes the mode."""
        self.active = True
        return super().connect()

    def accept(self):
        """Notes the mode."""
        self.active = False
        return super().accept()

    def take_data(self, file, data, old, limit):
        """One byte of each piece is lost."""
        super().take_data(file, data[:-1] if self.active else data, old, limit)
