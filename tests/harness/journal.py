"""A journald of a test's own: the real one, in a mount namespace with an empty /run."""

import ctypes
import json
import os
import signal
import subprocess
import time
from pathlib import Path

CLONE_NEWNS = 0x00020000
START = """
mount -t tmpfs none /run && mount --bind /dev/null /dev/kmsg && mkdir -p /run/systemd/journald.conf.d || exit 1
printf '[Journal]\\nStorage=volatile\\n' > /run/systemd/journald.conf.d/test.conf
exec /lib/systemd/systemd-journald
"""


class Journal:
    """Give `enter` to server.prepare: the server's processes then find this journal at the usual place."""

    def __init__(self):
        self._libc = ctypes.CDLL(None, use_errno=True)
        self.process = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "private", "sh", "-c", START],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        socket = Path(f"/proc/{self.process.pid}/root/run/systemd/journal/socket")
        end = time.monotonic() + 30
        while not socket.exists() or os.readlink(f"/proc/{self.process.pid}/ns/mnt") == os.readlink(
            "/proc/self/ns/mnt"
        ):
            if self.process.poll() is not None or time.monotonic() > end:
                self.close()
                raise RuntimeError("systemd-journald did not start")
            time.sleep(0.01)

    def enter(self):
        """Puts this process into the namespace."""
        with open(f"/proc/{self.process.pid}/ns/mnt", encoding="ascii") as namespace:
            if self._libc.setns(namespace.fileno(), CLONE_NEWNS) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        os.chdir("/")

    def stop(self):
        """It reads nothing any more, until it goes on."""
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def _journalctl(self, *arguments):
        command = ["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt", "journalctl", *arguments]
        return subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=60).stdout

    def records(self, **fields):
        """What it holds of cellftpd, as dicts, oldest first: those with these fields. Values are bytes; a field that
        stands twice in a record raises."""
        self._journalctl("--sync")
        output = self._journalctl("-D", "/run/log/journal", "-o", "json", "--all", "SYSLOG_IDENTIFIER=cellftpd")
        found = [
            {name: bytes(value) if isinstance(value, list) else value.encode() for name, value in record.items()}
            for record in map(json.loads, output.splitlines())
        ]
        wanted = {name: str(value).encode() for name, value in fields.items()}
        return [record for record in found if wanted.items() <= record.items()]

    def export(self):
        """All that it holds, as it was sent."""
        self._journalctl("--sync")
        return self._journalctl("-D", "/run/log/journal", "-o", "export", "--all")

    def close(self):
        if self.process.poll() is None:
            self.go_on()
            self.process.kill()
        self.process.wait()
