"""The broken server of tests/ftplint as a process of its own, forked from the test's: a start costs a few milliseconds
instead of a quarter of a second. A process with threads cannot be forked safely: only one without may use this."""

import contextlib
import os
import shutil
import signal
import sys
import tempfile
import threading
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "ftplint"))
from broken_server import start  # pylint: disable=wrong-import-position


class BrokenServer:
    """Runs with FAULTS until the block is left: `port` in clear and for AUTH TLS, `tls_port` for implicit TLS, `home` the
    folder of alice; afterwards `complaints`, what it had to say about itself."""

    accounts = {"user": ("alice", "secret alice"), "user2": ("bob", "secret bob"), "admin": ("boss", "secret boss")}

    def __init__(self, *faults, certificates):
        self.faults, self.certificates = faults, certificates

    def __enter__(self):
        if threading.active_count() > 1:
            raise RuntimeError("a process with threads cannot be forked")
        self.directory = Path(tempfile.mkdtemp(prefix="ftplint-broken-"))
        self.said = tempfile.TemporaryFile()
        ports, tell = os.pipe()
        # It ends with us: our end of this pipe is the only one.
        wait, self.life = os.pipe()
        self.process = os.fork()
        if self.process == 0:
            self._serve(tell, wait)
        os.close(tell)
        os.close(wait)
        with os.fdopen(ports, encoding="ascii") as pipe:
            numbers = pipe.read().split()
        if len(numbers) != 2:
            self.__exit__()
            raise RuntimeError(f"the broken server did not start: {self.complaints}")
        self.port, self.tls_port = map(int, numbers)
        self.home = self.directory / "homes" / "alice"
        return self

    def _serve(self, tell, wait):
        """In the new process: never returns."""
        try:
            os.dup2(self.said.fileno(), 2)
            os.close(self.life)
            numbers = start(self.directory, self.faults, self.certificates)
            os.write(tell, " ".join(map(str, numbers)).encode())
            os.close(tell)
            os.read(wait, 1)
        except BaseException:  # pylint: disable=broad-exception-caught
            traceback.print_exc()
        finally:
            with contextlib.suppress(OSError):
                sys.stderr.flush()
            os._exit(1)

    def __exit__(self, *_):
        ended = os.waitpid(self.process, os.WNOHANG)[0]
        if not ended:
            os.kill(self.process, signal.SIGKILL)
            os.waitpid(self.process, 0)
        os.close(self.life)
        with self.said as said:
            said.seek(0)
            self.complaints = said.read().decode(errors="replace") + ("the server ended by itself\n" if ended else "")
        shutil.rmtree(self.directory, ignore_errors=True)
