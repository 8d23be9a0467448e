"""A small FTP client that believes nothing: every reply is parsed strictly, every step can be done alone."""

import os
import re
import socket
import subprocess
import time

from harness import process, tls
from harness.data import Data, Listening, reset

REPLY_LINE = re.compile(r"([1-5][0-5][0-9])([ -])(.*)", re.DOTALL)
LINE_MAX = 65536


class MalformedReply(AssertionError):
    """The server said something that is no FTP reply."""


class Reply:
    """A reply: `code`; `lines`, their texts without codes; `text`, the last of them."""

    def __init__(self, code, lines):
        self.code, self.lines, self.text = code, lines, lines[-1]

    def __repr__(self):
        return f"<{self.code} {self.lines!r}>"


def to_bytes(text):
    """Text as it goes over the wire: UTF-8, surrogates of os.fsdecode as the bytes they were."""
    return text if isinstance(text, bytes) else text.encode(errors="surrogateescape")


class Client:
    """A control connection and the server process behind it.

    `check` is called with every reply and listing: it raises if they tell what they must not.
    `loose = True` says that unread replies at the end are no fault; `exit_status = None` that any way
    in which the server process ends will do (for tests that kill it). `is_admin = True` that it may be told names of
    users, `administers = True` that it may be told what cellftpctl says.
    """

    def __init__(self, connection, server, check, timeout):
        self.socket = connection
        self.socket.settimeout(timeout)
        self.process = server
        self.timeout = timeout
        self.loose = False
        self.exit_status = 0
        self.sent = b""
        self.passwords = {}
        self.is_admin = False  # may be told the names of other users
        self.administers = False  # and whatever cellftpctl says
        self._check = check
        self.resume = True  # data connections offer: the newest session; False: none; or this ssl.SSLSession
        self.protected = False
        self.wires = None  # set to [] before start_tls: it gets a tls.Wire for every connection under TLS
        self._settings = self._name = None
        self._buffer = b""
        self._data = []

    # the processes

    @property
    def monitor_pid(self):
        return self.process.pid

    @property
    def session_pid(self):
        """The one child of the monitor: the session. While AUTH or REIN brings a new one there is none, or both."""
        end = time.monotonic() + self.timeout
        while len(found := process.children(self.process.pid)) != 1:
            if time.monotonic() > end:
                raise AssertionError(f"the monitor has {len(found)} children, not 1")
            time.sleep(0.002)
        return found[0]

    def wait(self, timeout=None):
        """Waits for the server process to end; its exit status."""
        return self.process.wait(timeout or self.timeout)

    # control connection

    def raw(self, data):
        """Sends bytes as they are."""
        self.sent = (self.sent + data)[-(1 << 20) :]
        self.socket.sendall(data)

    def urgent(self, data=b"\xff\xf4\xff\xf2"):
        """Sends bytes of which the last is TCP urgent data: telnet IAC IP IAC DM (RFC 959 section 3.6)."""
        self.socket.send(data, socket.MSG_OOB)

    def send(self, command):
        """Sends a command line and does not wait for the reply."""
        self.raw(to_bytes(command) + b"\r\n")

    def read_reply(self):
        """The next reply, by RFC 959 section 4.2; raises MalformedReply for anything else."""
        line = self._read_line()
        first = REPLY_LINE.fullmatch(line)
        if not first:
            raise MalformedReply(f"no reply line: {line!r}")
        code, lines = first[1], [first[3]]
        while first[2] == "-":
            line = self._read_line()
            found = REPLY_LINE.fullmatch(line)
            if found and found[1] == code:
                lines.append(found[3])
                if found[2] == " ":
                    break
            elif line.startswith(" "):
                lines.append(line)
            else:
                raise MalformedReply(f"in the middle of a reply {code}: {line!r}")
        reply = Reply(int(code), lines)
        self._check(self, "\n".join(lines))
        return reply

    def read(self, code):
        """The next reply, which must have this code."""
        return self._must(self.read_reply(), code, None)

    def command(self, command):
        """Sends a command line, returns the next reply whatever it is."""
        self.send(command)
        return self.read_reply()

    def expect(self, code, command):
        """Sends a command line; the reply must have this code (or one of these)."""
        return self._must(self.command(command), code, command)

    def read_end(self):
        """The server must close the connection now, with nothing more to say."""
        rest = self._read_rest()
        if rest:
            raise AssertionError(f"more was said before the end: {rest!r}")

    @staticmethod
    def _must(reply, code, command):
        if reply.code not in (code if isinstance(code, tuple) else (code,)):
            raise AssertionError(f"{command or 'next'} -> {reply}, expected {code}")
        return reply

    def _read_line(self):
        while b"\n" not in self._buffer:
            part = self.socket.recv(65536)
            if not part:
                raise MalformedReply(f"the connection ended where a reply should be: {self._buffer!r}")
            self._buffer += part
            if len(self._buffer) > LINE_MAX and b"\n" not in self._buffer:
                raise MalformedReply(f"endless line: {self._buffer[:100]!r}...")
        line, _, self._buffer = self._buffer.partition(b"\n")
        if not line.endswith(b"\r") or any(byte < 0x20 or byte == 0x7F for byte in line[:-1]):
            raise MalformedReply(f"control character or missing CR: {line!r}")
        return os.fsdecode(line[:-1])

    def _read_rest(self):
        rest, self._buffer = self._buffer, b""
        while True:
            try:
                part = self.socket.recv(65536)
            except ConnectionError:
                return rest
            if not part:
                return rest
            rest += part

    def login(self, user="alice", password=None):
        """USER and PASS; the server knows the password of its users."""
        self.expect(331, f"USER {user}")
        return self.expect(230, f"PASS {self.passwords[user] if password is None else password}")

    def quit(self):
        """QUIT, the goodbye, the end of the connection."""
        self.expect(221, "QUIT")
        self.read_end()

    # TLS

    def start_tls(self, verb="AUTH TLS", protect=True, **arguments):
        """AUTH TLS and the handshake, and with PROTECT, PBSZ and PROT P too. ARGUMENTS as for handshake()."""
        self.expect(234, verb)
        if self._buffer:
            raise AssertionError(f"in clear behind the 234: {self._buffer!r}")
        self.handshake(**arguments)
        if protect:
            self.protect()
        return self

    def handshake(self, version=None, session=None, alpn=None, name=None, certificate=None):
        """The control connection is under TLS from here on. VERSION is "1.2" or "1.3"; SESSION one to resume; NAME
        what SNI and the certificate must say, by default the address of the server (which SNI cannot name);
        CERTIFICATE a file with the client's own and its key."""
        self._settings = tls.context(version, alpn, certificate)
        self._name = name or self.socket.getpeername()[0]
        self.socket = self._tls_socket(self.socket, session)
        self.socket.handshake()
        return self

    def protect(self):
        """PBSZ 0 and PROT P: data connections are under TLS from here on."""
        self.expect(200, "PBSZ 0")
        self.expect(200, "PROT P")
        self.protected = True

    def end_tls(self):
        """The server ends TLS now and goes on in clear (REIN)."""
        rest = self._read_rest()
        if rest or self.socket.ended != "close_notify":
            raise AssertionError(f"TLS ends by {self.socket.ended} behind {rest!r}")
        self.socket, self._buffer = self.socket.leave()
        self.protected = False

    @property
    def session(self):
        """The newest TLS session that the control connection was given."""
        return self.socket.session

    def _protect_data(self):
        """What makes a TlsSocket of a data connection; None if there is to be none."""
        if not self.protected:
            return None

        def protect(connection):
            session = self.session if self.resume is True else self.resume or None
            return self._tls_socket(connection, session)

        return protect

    def _tls_socket(self, connection, session):
        if self.wires is not None:
            connection = tls.Wire(connection)
            self.wires.append(connection)
        return tls.TlsSocket(connection, self._settings, self._name, session)

    # data connections

    def pasv(self):
        """PASV: the address announced."""
        reply = self.expect(227, "PASV")
        found = re.search(r"\((\d+),(\d+),(\d+),(\d+),(\d+),(\d+)\)", reply.text)
        if not found or any(int(part) > 255 or str(int(part)) != part for part in found.groups()):
            raise MalformedReply(f"no address in {reply}")
        numbers = found.groups()
        return ".".join(numbers[:4]), int(numbers[4]) * 256 + int(numbers[5])

    def epsv(self, argument=""):
        """EPSV: the address of the server as we know it and the port announced (RFC 2428)."""
        reply = self.expect(229, f"EPSV {argument}".rstrip())
        found = re.search(r"\(\|\|\|(\d+)\|\)", reply.text)
        if not found:
            raise MalformedReply(f"no port in {reply}")
        return self.socket.getpeername()[0], int(found[1])

    def dial(self, address, source=None):
        """Connects to a passive address, from our own address unless told otherwise."""
        if address[0] != self.socket.getpeername()[0]:  # D17: never where the server sends us
            raise AssertionError(f"the server announces {address[0]}, it is {self.socket.getpeername()[0]}")
        source = source or self.socket.getsockname()[0]
        connection = socket.create_connection(address, self.timeout, source_address=(source, 0))
        return self._own(Data(connection, self.timeout, self._protect_data()))

    def passive(self, verb=None):
        """EPSV (or PASV) and the data connection, connected."""
        return self.dial(self.pasv() if verb == "PASV" else self.epsv())

    def listen(self):
        """A socket of ours for an active data connection, on the address of the control connection."""
        listener = socket.socket(self.socket.family)
        listener.bind((self.socket.getsockname()[0], 0))
        listener.listen(5)
        return self._own(Listening(listener, self.timeout, self._protect_data()))

    def port(self):
        """A listening socket and PORT with its address."""
        listening = self.listen()
        high, low = divmod(listening.port, 256)
        self.expect(200, f"PORT {listening.host.replace('.', ',')},{high},{low}")
        return listening

    def eprt(self):
        """A listening socket and EPRT with its address."""
        listening = self.listen()
        family = 1 if listening.socket.family == socket.AF_INET else 2
        self.expect(200, f"EPRT |{family}|{listening.host}|{listening.port}|")
        return listening

    def begin(self, command, verb="EPSV"):
        """VERB for the data connection, then the command and its 150: the open data connection.
        What comes of it is the caller's: data.receive_all() or send() and close(), then read(226)."""
        if verb in ("PORT", "EPRT"):
            listening = self.port() if verb == "PORT" else self.eprt()
            self.send(command)
            data = self._own(listening.accept())
        else:
            data = self.passive(verb)
            self.send(command)
        self.opening = self._must(self.read_reply(), 150, command)
        return data.handshake()

    def download(self, command, verb="EPSV"):
        """A whole transfer to us: the bytes."""
        data = self.begin(command, verb)
        received = data.receive_all()
        if self.protected and data.ended != "close_notify":  # T04
            raise AssertionError(f"{command}: the server ended by {data.ended}, not by close_notify")
        self.closing = self.read(226)
        return received

    def upload(self, command, content, verb="EPSV"):
        """A whole transfer from us: the final reply."""
        data = self.begin(command, verb)
        data.send(content)
        data.finish()
        if self.protected and data.ended != "close_notify":
            raise AssertionError(f"{command}: the server ended by {data.ended}, not by close_notify")
        self.closing = self.read(226)
        return self.closing

    def retr(self, name, rest=None, verb="EPSV"):
        if rest is not None:
            self.expect(350, f"REST {rest}")
        return self.download(f"RETR {name}", verb)

    def stor(self, name, content, rest=None, verb="EPSV"):
        if rest is not None:
            self.expect(350, f"REST {rest}")
        return self.upload(f"STOR {name}", content, verb)

    def appe(self, name, content):
        return self.upload(f"APPE {name}", content)

    def list(self, argument="", verb="LIST"):
        """LIST, NLST or MLSD: the lines. Each must end with CRLF and tell nothing of the host."""
        text = os.fsdecode(self.download(f"{verb} {argument}".rstrip()))
        lines = text.split("\r\n")
        if lines.pop() != "" or any(ord(c) < 0x20 or ord(c) == 0x7F for line in lines for c in line):
            raise MalformedReply(f"{verb}: control character or unfinished line in {text[:2000]!r}")
        self._check(self, text)
        return lines

    def names(self, argument=""):
        return self.list(argument, "NLST")

    def facts(self, argument="", verb="MLSD"):
        """MLSD: a dict of name to dict of facts, both lower case (RFC 3659 section 7)."""
        return dict(parse_facts(line) for line in self.list(argument, verb))

    def _own(self, data):
        self._data.append(data)
        return data

    # the end

    def close(self):
        """Closes all at once, as a client that is switched off."""
        for data in self._data:
            data.close()
        self.socket.close()

    def reset(self):
        """Ends the control connection with RST."""
        reset(self.socket)

    def finish(self, patience):
        """Ends whatever is left; what was wrong, as a list of sentences."""
        problems = []
        for data in self._data:
            data.close()
        if self.socket.fileno() >= 0:
            problems += self._drain(patience)
            self.socket.close()
        try:
            status = self.process.wait(patience)
            if self.exit_status is not None and status != self.exit_status:
                problems.append(f"the server process ended with status {status}")
        except subprocess.TimeoutExpired:
            problems.append(f"the server process is still there {patience} s after the connection closed")
        return problems

    def _drain(self, patience):
        try:
            self.socket.settimeout(patience)
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the server may have closed long ago
        try:
            rest = self._read_rest()
        except TimeoutError:
            return [f"the connection is still open {patience} s after our end of it was closed"]
        except OSError:
            return []
        return [f"replies that nothing asked for: {rest!r}"] if rest and not self.loose else []


def parse_facts(line):
    """One line of MLSD or MLST: the name and the dict of facts."""
    facts, space, name = line.partition(" ")
    if not space or (facts and not facts.endswith(";")):
        raise MalformedReply(f"no facts: {line!r}")
    found = {}
    for fact in facts.split(";")[:-1]:
        key, equals, value = fact.partition("=")
        if not equals or key.lower() in found:
            raise MalformedReply(f"bad fact {fact!r}: {line!r}")
        found[key.lower()] = value
    return name, found
