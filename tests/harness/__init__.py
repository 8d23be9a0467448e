"""The harness of the session and client tests: real servers, a strict client, and what must always hold.

    from harness import ServerTest, main

    class Example(ServerTest):
        config = {"files": {"mode": "0600"}}             # over the defaults of harness/server.py
        users = {"alice": "alice's password"}

        def test_upload(self):
            client = self.login()                        # a connection of its own, alice logged in, TYPE I
            client.stor("a.txt", b"hello")
            self.assertEqual(self.server.read("a.txt"), b"hello")
            self.server.expect_log("files", "upload", path="/a.txt", bytes=5)

    if __name__ == "__main__":
        main()

Run one file by `tests/run NAME`, or by hand with PYTHONPATH=tests. See harness/case.py for the test
class, server.py for the server, client.py for the client, tls.py for its TLS, logs.py for the log lines, journal.py
for a journald of its own, quota.py for quotas, client_case.py for the tests with real clients; machine_case.py and machine.py for those in
a booted machine, emulator_case.py and emulator.py for those in an emulated one, with a kernel of its own.
"""

from harness.case import ServerTest
from harness.client import Client, MalformedReply, Reply
from harness.client_case import ClientTest, TlsClientTest
from harness.data import Data, Listening
from harness.emulator import show_console
from harness.emulator_case import EmulatorTest
from harness.journal import Journal
from harness.listener import Listener
from harness.machine_case import MachineTest
from harness.program import main
from harness.server import PASSWORD, Server, build, slow, wait_until, within
from harness.tls import before_tls, in_clear

__all__ = [
    "Client",
    "ClientTest",
    "Data",
    "EmulatorTest",
    "Journal",
    "Listener",
    "Listening",
    "MachineTest",
    "MalformedReply",
    "PASSWORD",
    "Reply",
    "Server",
    "ServerTest",
    "TlsClientTest",
    "before_tls",
    "build",
    "in_clear",
    "main",
    "show_console",
    "slow",
    "wait_until",
    "within",
]
