"""Data connections of the test client, passive and active, a step at a time."""

import socket
import struct


def reset(connection):
    """Closes a socket with RST instead of FIN."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Data:
    """A data connection."""

    def __init__(self, connection, timeout):
        self.socket = connection
        self.socket.settimeout(timeout)

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
        timeout = self.socket.gettimeout()
        self.socket.setblocking(False)
        try:
            return self.socket.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        finally:
            self.socket.settimeout(timeout)

    def reset(self):
        reset(self.socket)

    def close(self):
        self.socket.close()


class Listening:
    """A socket that waits for the server's active data connection."""

    def __init__(self, listener, timeout):
        self.socket = listener
        self.socket.settimeout(timeout)
        self.host, self.port = listener.getsockname()[:2]

    def accept(self):
        connection, self.peer = self.socket.accept()
        self.socket.close()
        return Data(connection, self.socket.gettimeout() or 30)

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
