"""ftplint as a program before a server of one sentence for each command: what tests/clients/test_ftplint_*.py share."""

import contextlib
import os
import socket
import subprocess
import tempfile
import threading
import time
import unittest
from pathlib import Path

from harness.server import build, slow

PROGRAM = build() / "bin" / "ftplint"
REPLIES = {
    "USER": "331 Password?",
    "PASS": "230 In.",
    "FEAT": "500 What?",
    "SYST": "215 UNIX Type: L8",
    "PWD": '257 "/" it is.',
    "MKD": "257 Made.",
    "CWD": "250 There.",
    "RMD": "250 Gone.",
    "TYPE": "200 Type.",
    "QUIT": "221 Bye.",
}


def is_established(connection):
    """True if neither side has closed it."""
    try:
        return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 1  # TCP_ESTABLISHED
    except OSError:  # another thread has closed it
        return False


class Stub:
    """A server of one sentence for each command; `seen` is what it was told."""

    def __init__(self, greeting="220 Hello.", **replies):
        self.greeting = greeting
        self.replies = REPLIES | replies
        self.seen = []
        self.lines = None  # what a listing shows
        self.delay = 0  # before each reply
        self.flood = {}  # verb: what comes again and again instead of a reply
        self.behind = {}  # verb: what is called with the connection after the reply
        self.connections = 0
        self.served = []
        self.most = 0  # connections at once
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                connection = self.listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            # The client has closed some of those whose thread did not come to see it.
            self.served = [*filter(is_established, self.served), connection]
            self.most = max(self.most, len(self.served))
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def listing(self):
        """The port of a data connection on which `lines` go out."""
        listener = socket.create_server(("127.0.0.1", 0))

        def send():
            with listener, listener.accept()[0] as connection:
                connection.sendall(self.lines)

        threading.Thread(target=send, daemon=True).start()
        return listener.getsockname()[1]

    def answer(self, verb):
        if verb == "EPSV" and self.lines is not None:
            return f"229 There (|||{self.listing()}|)"
        if verb in ("NLST", "MLSD") and self.lines is not None:
            return "150 Here.\r\n226 Done."
        return self.replies.get(verb, "502 No.")

    def serve(self, connection):
        with connection, connection.makefile("rwb") as stream:
            try:
                if self.greeting:
                    stream.write(self.greeting.encode() + b"\r\n")
                    stream.flush()
                for line in stream:
                    self.seen.append(line.decode(errors="replace").strip() or "-")
                    verb = self.seen[-1].split()[0]
                    time.sleep(self.delay)
                    while flood := self.flood.get(verb):
                        connection.sendall(flood)
                    answer = self.answer(verb)
                    if answer is None:
                        continue
                    stream.write(answer.encode() + b"\r\n")
                    stream.flush()
                    self.behind.get(verb, lambda connection: None)(connection)
            except OSError:
                pass
            finally:
                with contextlib.suppress(OSError):  # what was not sent
                    stream.close()

    def close(self):
        if self.listener.fileno() >= 0:
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()


class ProgramTest(unittest.TestCase):
    """Runs it; `directory` is a folder of the test's own, and its home."""

    maxDiff = 4000

    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="ftplint-")
        self.addCleanup(directory.cleanup)
        self.directory = Path(directory.name)

    def stub(self, *arguments, **replies):
        stub = Stub(*arguments, **replies)
        self.addCleanup(stub.close)
        return stub

    def environment(self, **more):
        made = dict(os.environ, HOME=str(self.directory), LC_ALL="C.UTF-8", **more)
        return made

    def run_program(self, *arguments, status=0, text="", **environment):
        """Runs ftplint; what it printed, after its exit status was as expected."""
        done = subprocess.run(
            [PROGRAM, *map(str, arguments)],
            input=text,
            capture_output=True,
            text=True,
            timeout=60 * slow(),
            env=self.environment(**environment),
            check=False,
        )
        if status is not None:
            self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def examine(self, stub, *arguments, only="greeting", **expected):
        return self.run_program(
            "--only", only, *arguments, f"ftp://alice@127.0.0.1:{stub.port}/",
            **({"FTPLINT_PASSWORD": "secret"} | expected),
        )  # fmt: skip
