"""Data connections of the test client, passive and active, a step at a time."""

import socket
import struct

from harness.tls import TlsSocket


def reset(connection):
    """Closes a socket with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Data:
    """A data connection. Under TLS, PROTECT makes a TlsSocket of it; the handshake comes with the first use, since
    the server begins it after its 150.

    `raw` is the socket as it is now, `socket` the one with TLS if there is to be any.
    """

    def __init__(self, connection, timeout, protect=None):
        self.raw = connection
        self.raw.settimeout(timeout)
        self._protect = protect

    @property
    def socket(self):
        """The socket that the transfer goes over."""
        self.handshake()
        return self.raw

    def handshake(self):
        """The TLS handshake, unless it has been or there is to be none. Returns self."""
        if self._protect:
            protect, self._protect = self._protect, None
            self.raw = protect(self.raw)
            self.raw.handshake()
        return self

    def in_clear(self):
        """There will be no TLS on it, whatever the server expects. Returns self."""
        self._protect = None
        return self

    @property
    def tls(self):
        """The ssl.SSLObject, to be asked for version(), session_reused and so on; None in clear."""
        return getattr(self.socket, "tls", None)

    @property
    def ended(self):
        """Under TLS, how the server ended: "close_notify" or "truncated"; None if it has not, or in clear."""
        return getattr(self.raw, "ended", None)

    def send(self, data):
        self.socket.sendall(data)

    def receive(self, size):
        """Exactly SIZE bytes, or fewer if the server ends before."""
        parts = bytearray()
        while len(parts) < size:
            part = self.socket.recv(min(size - len(parts), 1 << 20))
            if not part:
                break
            parts += part
        return bytes(parts)

    def receive_all(self):
        """Everything until the server closes; closes too."""
        data = self.receive(1 << 62)
        self.close()
        return data

    def is_open(self):
        """True if the server has not closed it (nothing is waiting, or bytes are)."""
        timeout = self.raw.gettimeout()
        self.raw.setblocking(False)
        try:
            return self.raw.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        finally:
            self.raw.settimeout(timeout)

    def reset(self):
        reset(self.raw)

    def finish(self):
        """Closes as a careful client does: under TLS it waits for the server's close_notify and notes it in `ended`."""
        self.say_goodbye()
        if isinstance(self.raw, TlsSocket):
            try:
                while self.raw.recv(65536):
                    pass
            except ConnectionError:
                pass  # the server had nothing to say, or no more
        self.raw.close()

    def say_goodbye(self):
        """Under TLS, close_notify."""
        if isinstance(self.raw, TlsSocket) and self.raw.fileno() >= 0:
            try:
                self.raw.say_goodbye()
            except OSError:
                pass  # the server has gone

    def close(self):
        """Closes, under TLS with a close_notify that nothing is waited for."""
        self.say_goodbye()
        self.raw.close()

    def truncate(self):
        """Closes with a FIN only, as somebody in between may do it."""
        self.raw.close()


class Listening:
    """A socket that waits for the server's active data connection."""

    def __init__(self, listener, timeout, protect=None):
        self.socket = listener
        self.socket.settimeout(timeout)
        self._protect = protect
        self.host, self.port = listener.getsockname()[:2]

    def accept(self):
        connection, self.peer = self.socket.accept()
        self.socket.close()
        return Data(connection, self.socket.gettimeout() or 30, self._protect)

    def was_called(self, seconds=0.3):
        """True if a connection came within SECONDS; for tests that none may."""
        self.socket.settimeout(seconds)
        try:
            self.socket.accept()[0].close()
            return True
        except TimeoutError:
            return False

    def close(self):
        self.socket.close()
