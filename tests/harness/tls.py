"""TLS of the test client: certificates of a small authority of our own, and a socket whose every step can be seen.

Python's own SSLSocket hides too much for a test: whether the peer said close_notify, what was left unread, when our
own close_notify goes out. TlsSocket works on buffers instead, and has the interface of a socket.
"""

import atexit
import contextlib
import functools
import os
import shutil
import socket
import ssl
import subprocess
import tempfile
from pathlib import Path

NAMES = ("localhost", "ftp.example", "other.example", "127.0.0.1", "::1")
VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
KEYS = {
    "ec": ("ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
    "ec384": ("ec", "-pkeyopt", "ec_paramgen_curve:P-384"),
    "rsa": ("rsa:2048",),
    "ed25519": ("ed25519",),
}


def default():
    """What every connection of this run does: None (in clear), "1.2", "1.3" or "implicit". See tests/run --tls."""
    return os.environ.get("CELLFTPD_TLS") or None


def in_clear(reason):
    """A decorator for a test or a class of tests that REASON keeps from being repeated under TLS."""

    def mark(test):
        test.in_clear = reason
        return test

    return mark


def before_tls(test):
    """A decorator for a test of what happens before there is TLS: with implicit TLS the connection is closed instead,
    without a word, so that there is nothing to be read."""
    return in_clear("nothing is said before implicit TLS")(test) if default() == "implicit" else test


# certificates


def _openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_authority(directory):
    """A new authority: ca.pem and ca.key in DIRECTORY."""
    _openssl(
        *("req", "-x509", "-newkey", *KEYS["ec"], "-nodes", "-days", "30", "-subj", "/CN=cellftpd tests"),
        *("-keyout", directory / "ca.key", "-out", directory / "ca.pem"),
    )


def make_certificate(certificate, key, names=NAMES, kind="ec", days=30, authority=None):
    """A certificate for NAMES and its new key of KIND, signed by our authority or the one in a directory."""
    authority = authority or files()
    kinds = (("IP" if ":" in name or name.replace(".", "").isdigit() else "DNS", name) for name in names)
    _openssl(
        *("req", "-x509", "-CA", authority / "ca.pem", "-CAkey", authority / "ca.key", "-newkey", *KEYS[kind]),
        *("-nodes", "-days", str(days), "-subj", f"/CN={names[0]}", "-keyout", key, "-out", certificate),
        *("-addext", "subjectAltName=" + ",".join(":".join(pair) for pair in kinds)),
        *("-addext", "basicConstraints=critical,CA:FALSE"),
    )


@functools.cache
def files():
    """The directory of ca.pem, certificate.pem and key.pem: made once per run by tests/run, or by this process."""
    if "CELLFTPD_TLS_FILES" in os.environ:
        return Path(os.environ["CELLFTPD_TLS_FILES"])
    directory = Path(tempfile.mkdtemp(prefix="cellftpd-certificates-"))
    atexit.register(shutil.rmtree, directory)
    make_files(directory)
    return directory


def make_files(directory):
    """Everything that files() promises."""
    make_authority(directory)
    make_certificate(directory / "certificate.pem", directory / "key.pem", authority=directory)


# the client's side


@functools.cache
def context(version=None, alpn=None, certificate=None):
    """Settings that trust our authority only. Sessions can move between connections with the same ones. CERTIFICATE
    is a file with the client's own, its key, and what is between it and its authority."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.load_verify_locations(files() / "ca.pem")
    if version:
        made.minimum_version = made.maximum_version = VERSIONS[version]
    if alpn:
        made.set_alpn_protocols([alpn])
    if certificate:
        made.load_cert_chain(certificate)
    return made


class TlsSocket:
    """TLS over a connected socket, as a client, with the interface of a socket.

    `tcp` is the socket below; `tls` the ssl.SSLObject (version(), cipher(), session, session_reused, getpeercert());
    `ended` is None until the server has ended: then "close_notify" or, if it did not say so, "truncated".
    """

    def __init__(self, connection, settings, name=None, session=None):
        self.tcp = connection
        self.ended = None
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._unsent, self._plain = b"", b""
        self.tls = settings.wrap_bio(self._incoming, self._outgoing, server_hostname=name, session=session)

    def __getattr__(self, name):
        return getattr(self.tcp, name)  # fileno, settimeout, getpeername, setsockopt, ...

    def handshake(self):
        """The whole handshake; ssl.SSLError if either side does not want it, after our alert has gone out."""
        while True:
            try:
                self.tls.do_handshake()
                return self._flush()
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            except ssl.SSLError:
                with contextlib.suppress(OSError):
                    self._flush()
                raise

    @property
    def session(self):
        """The newest session that was given to us; in TLS 1.3 there is none before something was read."""
        return self.tls.session

    def recv(self, size, flags=0):
        """As socket.recv: b"" at the end, whichever it was; MSG_PEEK is understood."""
        if not self._plain:
            self._plain = self._read(max(size, 16384))
        part = self._plain[:size]
        if not flags & socket.MSG_PEEK:
            self._plain = self._plain[size:]
        return part

    def send(self, data, flags=0):
        """As socket.send; on a socket that does not block, the rest of the last record may still be here."""
        if flags:
            raise ValueError("TLS has no urgent data")
        if self._unsent:
            self._flush()
            if self._unsent:
                raise BlockingIOError
        size = self.tls.write(bytes(data[: 1 << 18])) if data else 0
        self._flush()
        return size

    def sendall(self, data):
        view = memoryview(data)
        while view:
            view = view[self.send(view) :]

    def say_goodbye(self):
        """Sends our close_notify; the server's may come whenever it wants."""
        with contextlib.suppress(ssl.SSLError):
            self.tls.unwrap()
        self._flush()

    def shutdown(self, how):
        """The end of our side is a close_notify and a FIN, whether or not the server takes the one before it."""
        timeout = self.tcp.gettimeout()
        self.tcp.settimeout(0)
        try:
            if how != socket.SHUT_RD:
                self.say_goodbye()
        finally:
            self.tcp.settimeout(timeout)
        self.tcp.shutdown(how)

    def close(self):
        """Closes the socket and says nothing: see say_goodbye()."""
        self.tcp.close()

    def leave(self):
        """After the server's close_notify: ours, and then the socket in clear and what came in clear already."""
        self.say_goodbye()
        return self.tcp, self._incoming.read()

    def _read(self, size):
        while self.ended is None:
            try:
                part = self.tls.read(size)
                if part:
                    return part
                self.ended = "close_notify"
            except ssl.SSLWantReadError:
                self._flush()
                self._fill()
            except ssl.SSLZeroReturnError:
                self.ended = "close_notify"
            except ssl.SSLEOFError:
                self.ended = "truncated"
        return b""

    def _fill(self):
        part = self.tcp.recv(1 << 18)
        if part:
            self._incoming.write(part)
        else:
            self._incoming.write_eof()

    def _flush(self):
        self._unsent += self._outgoing.read()
        try:
            while self._unsent:
                self._unsent = self._unsent[self.tcp.send(self._unsent) :]
        except BlockingIOError:
            pass  # the rest goes with the next call


class Wire:
    """A socket that keeps a copy of every byte that it receives: put it below a TlsSocket."""

    def __init__(self, connection):
        self.connection = connection
        self.received = b""

    def __getattr__(self, name):
        return getattr(self.connection, name)

    def recv(self, size):
        part = self.connection.recv(size)
        self.received += part
        return part

    def close(self):
        """Closes the socket, and keeps what has arrived meanwhile."""
        with contextlib.suppress(OSError):
            self.connection.settimeout(0)
            while self.recv(65536):
                pass
        self.connection.close()

    def records(self, whole=True):
        """The TLS records that it received, as (type, bytes); AssertionError where there is something else, or with
        WHOLE if the last one is not."""
        found, rest = [], self.received
        while rest:
            kind, major, minor, high, low = rest[:5] if len(rest) >= 5 else (0,) * 5
            size = high * 256 + low
            if not 20 <= kind <= 23 or major != 3 or minor not in (1, 3) or not 0 < size <= 16384 + 256:
                raise AssertionError(f"no TLS record behind {len(found)} of them: {rest[:200]!r}")
            if whole and len(rest) < 5 + size:
                raise AssertionError(f"{len(rest)} bytes of a record of {5 + size}: {rest[:200]!r}")
            found.append((kind, rest[5 : 5 + size]))
            rest = rest[5 + size :]
        return found
