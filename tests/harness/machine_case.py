"""The test class of the system tests: sessions that systemd starts in a machine of the test file's own."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
from pathlib import Path

from harness import logs
from harness.client import Client
from harness.machine import machine
from harness.server import PASSWORD, wait_until

FTP_PORT = 21


class Instance:
    """The server process of a connection, as harness.client wants one: found by its unit."""

    def __init__(self, booted, port):
        self._machine, self.port = booted, port
        self._unit = None

    @property
    def unit(self):
        self._unit = self._unit or self._machine.instance_of(self.port)
        return self._unit

    @property
    def pid(self):
        """The monitor, as seen from here."""
        return self._machine.pids_of(self.unit)[0]

    def wait(self, timeout=None):
        """Waits until the unit is gone; what it ended with is in the journal, and checked there."""
        if not wait_until(lambda: not self._machine.has_instance(self.port), timeout or 30):
            raise AssertionError(f"still there: {self._machine.instances()}")
        return 0


class MachineTest(unittest.TestCase):
    """`machine` is booted with the first test of the file. Every test ends without sessions and without a failed unit,
    with the socket listening."""

    users = {"alice": PASSWORD}
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.machine = machine()
        for name, password in cls.users.items():
            if not cls.machine.path(f"/var/lib/cellftpd/users/{name}.conf").exists():
                cls.machine.add_user(name, password)

    def setUp(self):
        self.clients = []
        self.since = time.time()

    def tearDown(self):
        problems = []
        for client in self.clients:
            problems += client.finish(20)
        if not wait_until(lambda: not self.machine.instances(), 20):
            problems.append(f"sessions left: {sorted(self.machine.instances())}")
        problems += self.machine.trouble()
        self.assertEqual(problems, [], "\n".join(problems))

    # connections

    def connect(self, greeting=220, host="127.0.0.1", port=FTP_PORT):
        """A connection, greeting read (None: it is not)."""
        connection = socket.create_connection((host, port), 60)
        client = Client(connection, Instance(self.machine, connection.getsockname()[1]), lambda *_: None, 60)
        client.passwords = {**self.users, **self.machine.passwords}
        self.clients.append(client)
        if greeting is not None:
            client.read(greeting)
        return client

    def login(self, user="alice", **arguments):
        client = self.connect(**arguments)
        client.login(user)
        client.expect(200, "TYPE I")
        return client

    @contextlib.contextmanager
    def config(self, text):
        """In the block the configuration has TEXT besides."""
        name = "/etc/cellftpd/conf.d/test.conf"
        self.machine.write(name, text + "\n")
        try:
            yield
        finally:
            self.machine.path(name).unlink()

    # what the machine says

    def journal(self, *matches):
        """Entries since the test began, as dicts."""
        self.machine.run("journalctl", "--sync")
        return self.machine.journal(f"--since=@{self.since:.6f}", *matches)

    def expect_journal(self, *matches, count=1):
        """Waits for the entries; there must be COUNT. Returns them."""
        wait_until(lambda: len(self.journal(*matches)) >= count)
        found = self.journal(*matches)
        self.assertEqual(len(found), count, f"{matches}: {found}")
        return found

    def logs(self, kind, word=None, **fields):
        """Lines of KIND.log with the fields."""
        records = logs.read(self.machine.path("/var/log/cellftpd"), kind)
        return [record for record in records if logs.matches(record, word, fields)]

    def compile(self, source, name):
        """A static program of the test's, in the machine as NAME."""
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "program"
            subprocess.run(["gcc", "-O2", "-static", "-o", program, source], check=True)
            shutil.copy(program, self.machine.path(name))
        return name

    def home(self, user="alice"):
        return self.machine.path(f"/srv/ftp/{user}")

    def give(self, name, content, user="alice"):
        """A file of the user's."""
        path = self.home(user) / name
        path.write_bytes(content)
        owner = self.home(user).stat()
        os.chown(path, owner.st_uid, owner.st_gid)
        return path
