"""cellftpctl on its own: run with a configuration in a directory of its own, or on a terminal."""

import contextlib
import ctypes
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import termios
import time
import unittest
from pathlib import Path

from harness.server import build, slow

PROGRAM = Path(os.environ.get("CELLFTPCTL") or build() / "cellftpctl")
OK, FAILED, USAGE, NO_PERMISSION, NOT_CONFIGURED = 0, 1, 2, 4, 6
SECRET = "correct horse battery"


def crypt(password, setting):
    """crypt(3); Python has no module for it any more."""
    function = ctypes.CDLL("libcrypt.so.1").crypt
    function.restype = ctypes.c_char_p
    return function(password.encode(), setting.encode()).decode()


class Terminal:
    """cellftpctl on a terminal of its own."""

    def __init__(self, command, **environment):
        self.process_id, self.fd = pty.fork()
        if self.process_id == 0:
            os.environ.pop("NO_COLOR", None)
            os.environ.update({"TERM": "dumb"} | environment)
            for kind in (signal.SIGINT, signal.SIGQUIT):  # ignored where the tests run in the background
                signal.signal(kind, signal.SIG_DFL)
            os.execv(command[0], command)
        self.seen = ""

    def echoes(self):
        return bool(termios.tcgetattr(self.fd)[3] & termios.ECHO)

    def wait_for(self, text):
        end = time.monotonic() + 10 * slow()
        while text not in self.seen:
            ready, _, _ = select.select([self.fd], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise AssertionError(f"no {text!r} in {self.seen!r}")
            self.seen += os.read(self.fd, 4096).decode()
        self.seen = self.seen.split(text, 1)[1]

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self):
        """(exit status, the rest of the output); negative for a signal. The terminal is left as it is."""
        rest = self.seen
        end = time.monotonic() + 10 * slow()
        done = 0
        while not done and time.monotonic() < end:
            with contextlib.suppress(OSError):
                if select.select([self.fd], [], [], 0.05)[0]:
                    rest += os.read(self.fd, 4096).decode()
            done, status = os.waitpid(self.process_id, os.WNOHANG)
        if not done:
            os.kill(self.process_id, signal.SIGKILL)
            os.waitpid(self.process_id, 0)
            raise AssertionError(f"does not end; {rest!r}")
        with contextlib.suppress(OSError):
            while select.select([self.fd], [], [], 0)[0]:
                rest += os.read(self.fd, 4096).decode()
        return os.waitstatus_to_exitcode(status), rest

    def close(self):
        os.close(self.fd)


class CtlTest(unittest.TestCase):
    maxDiff = 4000

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="cellftpctl-test-"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.directory.chmod(0o755)
        self.users = self.directory / "users"
        self.homes = self.directory / "homes"
        self.logs = self.directory / "logs"
        self.logs.mkdir()
        self.config = self.directory / "cellftpd.conf"
        self.configure()

    def configure(self, more=""):
        self.config.write_text(
            "directories: {\n"
            f'    users = "{self.users}"; homes = "{self.homes}";\n'
            f'    run = "{self.directory}/run"; logs = "{self.logs}"; state = "{self.directory}/state";\n'
            "};\n"
            f'accounts: {{ hash_cost = 1; skeleton = "{self.directory}/skeleton"; }};\n' + more
        )

    def command(self, *arguments):
        return [str(PROGRAM), "--config", str(self.config), *arguments]

    def ctl(self, *arguments, text="", status=OK, **options):
        done = subprocess.run(
            self.command(*arguments),
            input=text.encode(),
            capture_output=True,
            timeout=60 * slow(),
            check=False,
            **options,
        )
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
        for stream in (done.stdout, done.stderr):
            self.assertTrue(stream == "" or stream.endswith("\n"))
        return done

    def add(self, name, *options):
        return self.ctl("user", "add", name, "--password-stdin", *options, text=SECRET + "\n")

    def terminal(self, *arguments, **environment):
        terminal = Terminal(self.command(*arguments), **environment)
        self.addCleanup(terminal.close)
        return terminal

    def hash(self, name):
        return re.search(r'password = "(.*)"', (self.users / f"{name}.conf").read_text())[1]

    def assert_password(self, name, password):
        stored = self.hash(name)
        self.assertTrue(stored.startswith("$y$"))
        self.assertEqual(crypt(password, stored), stored)

    def admin_log(self):
        path = self.logs / "admin.log"
        return path.read_text().splitlines() if path.exists() else []

    def everything(self):
        """All files with their contents: what a command that does nothing leaves as it was."""
        return {str(path): path.read_bytes() if path.is_file() else None for path in sorted(self.directory.rglob("*"))}

    def assert_nothing_done(self, *arguments, status, text=""):
        before = self.everything()
        done = self.ctl(*arguments, status=status, text=text)
        self.assertEqual(self.everything(), before)
        self.assertEqual(done.stdout, "")
        self.assertNotEqual(done.stderr, "")
        return done.stderr
