"""The broken server of tests/ftplint as a process."""

import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[1] / "ftplint" / "broken_server.py"


class BrokenServer:
    """Runs with FAULTS until the block is left: `port` in clear and for AUTH TLS, `tls_port` for implicit TLS, `home` the
    folder of alice."""

    accounts = {"user": ("alice", "secret alice"), "user2": ("bob", "secret bob"), "admin": ("boss", "secret boss")}

    def __init__(self, *faults, certificates=None):
        words = [word for fault in faults for word in ("--fault", fault)]
        self.words = words + (["--certificates", str(certificates)] if certificates else [])

    def __enter__(self):
        self.process = subprocess.Popen(
            [sys.executable, PROGRAM, *self.words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = self.process.stdout.readline().split()
        if len(said) != 3:
            raise RuntimeError(f"the broken server did not start: {self.process.communicate()[1]}")
        self.port, self.tls_port = int(said[0]), int(said[1])
        self.home = Path(said[2]) / "homes" / "alice"
        return self

    def __exit__(self, *_):
        self.complaints = self.process.communicate()[1]
