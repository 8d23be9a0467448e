"""A journal of a test's own: systemd's real journald in a mount namespace, which nobody else writes to or reads."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path

from harness.server import wait_until

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS = 0x00020000
START = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
mkdir /run/log /run/systemd
mount --bind "$1/log" /run/log
mount --bind "$1/journald.conf" /etc/systemd/journald.conf
exec /lib/systemd/systemd-journald
"""
SETTINGS = """[Journal]
Storage=volatile
ReadKMsg=no
Audit=no
ForwardToSyslog=no
ForwardToKMsg=no
ForwardToConsole=no
ForwardToWall=no
RateLimitBurst=0
"""


class Journal:
    """`enter` is for Server.prepare and preexec_fn: what calls it has this journal and no other."""

    def __init__(self, directory, process):
        self.directory = Path(directory)
        self._process = process
        self.files = self.directory / "log" / "journal"

    def enter(self):
        namespace = os.open(f"/proc/{self._process.pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        if LIBC.setns(namespace, CLONE_NEWNS) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        os.close(namespace)
        os.chdir("/")

    def run(self, *command, text=None, **arguments):
        """Runs a command that has this journal; its output."""
        return subprocess.run(
            command, input=text, preexec_fn=self.enter, text=True, capture_output=True, check=True, **arguments
        ).stdout

    def ready(self):
        return Path(f"/proc/{self._process.pid}/root/run/systemd/journal/socket").is_socket()

    def read(self, *matches):
        """All entries with these "FIELD=value", as dicts."""
        found = subprocess.run(
            ["journalctl", "--directory", self.files, "--all", "--output=json", *matches],
            capture_output=True,
            text=True,
            check=True,
        )
        return [json.loads(line) for line in found.stdout.splitlines()]

    def wait_for(self, count, *matches):
        """The entries with these "FIELD=value", when there are COUNT."""
        wait_until(lambda: len(self.read(*matches)) >= count)
        found = self.read(*matches)
        if len(found) != count:
            raise AssertionError(f"{len(found)} entries {matches} in the journal, expected {count}")
        return found


@contextlib.contextmanager
def own_journal():
    """In the block there is a Journal; its files go with it."""
    with tempfile.TemporaryDirectory(prefix="cellftpd-journal-") as directory:
        (Path(directory) / "log").mkdir()
        (Path(directory) / "journald.conf").write_text(SETTINGS)
        process = subprocess.Popen(["unshare", "--mount", "sh", "-c", START, "sh", directory])
        try:
            journal = Journal(directory, process)
            if not wait_until(journal.ready, 30):
                raise RuntimeError("systemd-journald does not start")
            yield journal
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
