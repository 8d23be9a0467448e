"""A connection of the broken server, in clear or under TLS, whose every step a fault can change.

It never blocks: bytes are queued and flushed, received as they come; waiting is the session's business (see
session.py). TLS works on buffers, so that close_notify, and what came in clear before the handshake, are visible.
"""

import select
import socket
import ssl
import struct
import time

RESET = struct.pack("ii", 1, 0)


class Refused(Exception):
    """A TLS handshake that failed, or that we did not want."""


def alpn_names(records):
    """The protocols that a ClientHello offers, or None if it offers none. RECORDS is all that has come, from the first
    record's header on; IndexError or struct.error if it is not whole."""
    body = b""
    while len(body) < 4 or len(body) < 4 + int.from_bytes(body[1:4], "big"):
        size = struct.unpack_from(">H", records, 3)[0]
        if len(records) < 5 + size or size == 0:
            raise IndexError
        body, records = body + records[5 : 5 + size], records[5 + size :]
    at = 4 + 2 + 32
    at += 1 + body[at]
    at += 2 + struct.unpack_from(">H", body, at)[0]
    at += 1 + body[at]
    if at == len(body):
        return None  # no extensions at all
    end = at + 2 + struct.unpack_from(">H", body, at)[0]
    at += 2
    while at + 4 <= end:
        kind, size = struct.unpack_from(">HH", body, at)
        if kind == 16:
            names, inside = [], body[at + 6 : at + 4 + size]
            while inside:
                names.append(inside[1 : 1 + inside[0]])
                inside = inside[1 + inside[0] :]
            return names
        at += 4 + size
    return None


class Wire:
    """Bytes over CONNECTION, a connected socket.

    `ended`: None while the other side may still send; then "closed" (FIN; under TLS after close_notify), "truncated"
    (under TLS: FIN alone) or "reset".
    """

    def __init__(self, connection):
        self.socket = connection
        self.socket.setblocking(False)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.tls = None
        self.ended = None
        self.waiting = b""  # not yet sent, as it goes over the network
        self.received = self.sent = 0
        self._incoming = self._outgoing = self._look = None

    def fileno(self):
        """For select()."""
        return self.socket.fileno()

    def start_tls(self, context, alpn, seconds, look=None):
        """The handshake as a server. ALPN: the one name that we take if names are offered; None: whatever. LOOK: another
        wire, and what is called when something has come there. Raises Refused or TimeoutError."""
        self._look = look
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        handshake = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        end = time.monotonic() + seconds
        hello = b"" if alpn else None
        while True:
            try:
                if hello is None:
                    handshake.do_handshake()
                    break
                raise ssl.SSLWantReadError
            except ssl.SSLWantReadError:
                self._push(end)
                raw = self._pull(end)
                if hello is not None:
                    hello = self._check_hello(hello + raw, alpn)
            except (ssl.SSLError, OSError) as error:
                self._push(end)
                raise Refused(str(error)) from error
        self.tls = handshake
        self._push(end)

    def _check_hello(self, hello, alpn):
        """What is still to be seen of the ClientHello; None once it was taken."""
        try:
            names = alpn_names(hello) if hello[:1] == b"\x16" else None
        except (IndexError, struct.error):
            return hello
        if names is not None and alpn.encode() not in names:
            self.socket.send(b"\x15\x03\x03\x00\x02\x02\x78")  # no_application_protocol
            raise Refused("no protocol in common")
        return None

    def _push(self, end):
        self.waiting += self._outgoing.read()
        while not self.flush():
            self._wait([], [self], end)

    def _pull(self, end):
        self._wait([self], [], end)
        try:
            raw = self.socket.recv(65536)
        except OSError as error:
            raise Refused(str(error)) from error
        if not raw:
            raise Refused("the client closed the connection")
        self._incoming.write(raw)
        return raw

    def _wait(self, readers, writers, end):
        wire, look = self._look or (None, None)
        while True:
            others = [wire] if wire else []
            found = select.select(readers + others, writers, [], max(0, end - time.monotonic()))
            if not any(found):
                raise TimeoutError
            if wire not in found[0]:
                return
            look()

    def receive(self):
        """What has come by now; b"" if there is nothing (then see `ended`)."""
        try:
            raw = self.socket.recv(262144)
        except (BlockingIOError, InterruptedError):
            return self._decrypt()
        except OSError:
            self.ended = self.ended or "reset"
            return b""
        self.received += len(raw)
        if not self.tls:
            if not raw:
                self.ended = self.ended or "closed"
            return raw
        if raw:
            self._incoming.write(raw)
        else:
            self._incoming.write_eof()
        return self._decrypt()

    def _decrypt(self):
        plain = b""
        while self.tls and not self.ended:
            try:
                part = self.tls.read(262144)
                if not part:
                    self.ended = "closed"
                plain += part
            except ssl.SSLWantReadError:
                break
            except ssl.SSLZeroReturnError:
                self.ended = "closed"
            except ssl.SSLEOFError:
                self.ended = "truncated"
            except ssl.SSLError:
                self.ended = "reset"
        self.queue(b"")
        return plain

    def queue(self, data):
        """Takes DATA to be sent; flush() sends."""
        self.sent += len(data)
        if self.tls:
            while data:
                data = data[self.tls.write(data) :]
            data = self._outgoing.read()
        self.waiting += data

    def flush(self):
        """Sends what it can. True if nothing is left."""
        try:
            while self.waiting:
                self.waiting = self.waiting[self.socket.send(self.waiting[:262144]) :]
        except (BlockingIOError, InterruptedError):
            return False
        except OSError:
            self.ended = self.ended if self.ended == "closed" else "reset"
            self.waiting = b""
            raise
        return True

    def send(self, data, seconds):
        """All of it, or OSError."""
        self.queue(data)
        end = time.monotonic() + seconds
        while not self.flush():
            self._wait([], [self], end)

    def say_goodbye(self):
        """Queues our close_notify."""
        if self.tls:
            try:
                self.tls.unwrap()
            except (ssl.SSLError, OSError, ValueError):
                pass
            self.waiting += self._outgoing.read()

    def close(self, clean=True):
        """Ends it: close_notify under TLS if CLEAN, then FIN."""
        if self.socket.fileno() < 0:
            return
        try:
            if clean:
                self.say_goodbye()
            self.flush()
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        self.socket.close()

    def reset(self):
        """Ends it with RST."""
        if self.socket.fileno() >= 0:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            self.socket.close()
