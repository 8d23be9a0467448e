"""The data connection of a session: where it comes from, who may come, TLS on it."""

import ipaddress
import random
import select
import socket
import time

from .control import Ended
from .refusal import Refusal
from .wire import Refused, Wire

FIRST_PORT, LAST_PORT = 40000, 60999


class Aborted(Exception):
    """ABOR ended the transfer."""


class DataConnection:
    """A part of Session."""

    data_seconds = 4  # until the client has come
    stall_seconds = 60

    def init_data(self):
        """None is asked for."""
        self.listener = None
        self.target = None
        self.data = None
        self.epsv_all = False

    def forget_data(self):
        """The next transfer has to ask again."""
        if self.listener:
            self.listener.close()
        self.listener = self.target = None

    def close_data(self, clean=True):
        """Ends the data connection that is open."""
        if self.data:
            self.data.close(clean)
        self.data = None

    # where

    def listen(self):
        """A fresh port that nobody can guess."""
        self.forget_data()
        host = self.control.socket.getsockname()[0]
        family = self.control.socket.family
        while True:
            listener = socket.socket(family, socket.SOCK_STREAM)
            # Ports of connections that have just ended would soon be most of them.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((host, self.choose_port()))
                break
            except OSError:
                listener.close()
        listener.listen(4)
        self.listener = listener
        return listener.getsockname()

    def choose_port(self):
        """Any."""
        return random.SystemRandom().randint(FIRST_PORT, LAST_PORT)

    def not_after_epsv_all(self):
        """RFC 2428, section 4."""
        if self.epsv_all:
            raise Refusal(503, "Not after EPSV ALL.")

    def is_ipv6(self):
        """Of the control connection."""
        return self.control.socket.family == socket.AF_INET6

    def do_pasv(self, _):
        """RFC 959."""
        self.not_after_epsv_all()
        if self.is_ipv6():
            raise Refusal(522, "PASV knows no IPv6; use EPSV.")
        host, port = self.listen()[:2]
        self.reply(227, self.pasv_text(host, port))

    def pasv_text(self, host, port):
        """The text behind 227."""
        return f"Entering Passive Mode ({host.replace('.', ',')},{port >> 8},{port & 255})."

    def do_epsv(self, argument):
        """RFC 2428."""
        if argument.upper() == b"ALL":
            self.epsv_all = True
            return self.reply(200, "Nothing but EPSV from now on.")
        if argument and not argument.isdigit():
            raise Refusal(501, "EPSV takes 1, 2 or ALL.")
        mine = b"2" if self.is_ipv6() else b"1"
        if argument not in (b"", mine):
            raise Refusal(522, f"Network protocol not supported, use ({mine.decode()})")
        return self.reply(229, self.epsv_text(self.listen()[1]))

    def epsv_text(self, port):
        """The text behind 229."""
        return f"Entering Extended Passive Mode (|||{port}|)"

    def do_port(self, argument):
        """RFC 959."""
        self.not_after_epsv_all()
        self.forget_data()
        numbers = argument.split(b",")
        if len(numbers) != 6 or not all(n.isdigit() and len(n) <= 3 and int(n) < 256 for n in numbers):
            raise Refusal(501, "PORT needs six numbers from 0 to 255.")
        if self.is_ipv6():
            raise Refusal(522, "PORT knows no IPv6; use EPRT.")
        host = ".".join(str(int(n)) for n in numbers[:4])
        self.take_target(host, int(numbers[4]) * 256 + int(numbers[5]))
        self.reply(200, "The data connection will go there.")

    def do_eprt(self, argument):
        """RFC 2428."""
        self.not_after_epsv_all()
        self.forget_data()
        fields = argument.decode("ascii", "replace").split(chr(argument[0]))
        if len(fields) != 5 or not 33 <= argument[0] <= 126 or fields[4] or not fields[3].isdigit():
            raise Refusal(501, "EPRT needs |family|address|port|.")
        mine = "2" if self.is_ipv6() else "1"
        if fields[1] != mine:
            raise Refusal(522, f"Network protocol not supported, use ({mine})")
        self.take_target(fields[2], int(fields[3]))
        self.reply(200, "The data connection will go there.")

    def take_target(self, host, port):
        """Only the client itself, and no service of its."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            raise Refusal(501, "Not an address.") from None
        if not self.is_allowed_target(address, port):
            raise Refusal(501, "Data connections go to your own address only, to ports from 1024 on.")
        self.target = (host, port)

    def is_allowed_target(self, address, port):
        """The bounce protection (RFC 2577, section 3)."""
        return address == self.client_address() and 1024 <= port < 65536

    def client_address(self):
        """Of the control connection."""
        return ipaddress.ip_address(self.control.socket.getpeername()[0].split("%")[0])

    # open

    def need_data(self):
        """Refuses a transfer for which no data connection was asked."""
        if not self.listener and not self.target:
            raise Refusal(425, "Send EPSV, PASV, EPRT or PORT first.")

    def open_data(self, text):
        """Says 150 and TEXT, and opens the connection. Refusal if there is none."""
        connection = self.connect() if self.target else None
        self.reply(150, text)
        if self.lines:  # they came with the command
            self.look_or_abort()
        self.data = Wire(connection or self.accept())
        if self.private:
            try:
                self.data.start_tls(self.context, self.alpn, self.data_seconds, (self.control, self.look_or_abort))
            except (Refused, TimeoutError) as error:
                raise Refusal(425, "The TLS handshake on the data connection failed.") from error
            self.check_resumption()

    def look_or_abort(self):
        """Answers what came on the control connection."""
        if self.look_at_control():
            raise Aborted

    def connect(self):
        """To where PORT or EPRT said."""
        connection = socket.socket(self.control.socket.family, socket.SOCK_STREAM)
        try:
            connection.settimeout(self.data_seconds)
            connection.bind((self.control.socket.getsockname()[0], 0))
            connection.connect(self.target)
        except OSError as error:
            connection.close()
            raise Refusal(425, "The data connection could not be opened.") from error
        finally:
            self.forget_data()
        return connection

    def accept(self):
        """The client that waits at our port; others are sent away."""
        end = time.monotonic() + self.data_seconds
        try:
            while True:
                found = select.select([self.listener, self.control], [], [], max(0, end - time.monotonic()))[0]
                if not found:
                    raise Refusal(425, "Nobody came for the data connection.")
                if self.control in found:
                    self.look_or_abort()
                if self.listener in found:
                    connection, address = self.listener.accept()
                    if self.is_owner(address[0]):
                        return connection
                    connection.close()
        finally:
            self.forget_data()

    def is_owner(self, host):
        """The address of the control connection only (RFC 2577, section 8)."""
        return ipaddress.ip_address(host.split("%")[0]) == self.client_address()

    # while it is open

    def wait_for_data(self, writing):
        """Until the data connection can go on; answers the control connection meanwhile."""
        if self.lines:
            self.look_or_abort()
        while True:
            readers = [self.control] if writing else [self.control, self.data]
            ready = select.select(readers, [self.data] if writing else [], [], self.stall_seconds)
            if not any(ready):
                raise Refusal(426, "The data connection stalled.")
            if self.control in ready[0]:
                self.look_or_abort()
            if self.data in ready[0] or self.data in ready[1]:
                return

    def send_data(self, data):
        """All of it."""
        try:
            self.data.queue(data)
            while not self.data.flush():
                self.wait_for_data(writing=True)
        except OSError as error:
            raise Refusal(426, "The data connection was lost.") from error
        if select.select([self.control], [], [], 0)[0]:
            self.look_or_abort()

    def receive_data(self):
        """What comes next; b"" at the end, see self.data.ended."""
        while True:
            data = self.data.receive()
            if data or self.data.ended:
                return data
            try:
                self.wait_for_data(writing=False)
            except Ended:
                self.close_data()
                raise
