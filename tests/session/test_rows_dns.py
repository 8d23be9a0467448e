"""Regression row L07: nobody is asked for the name of a client's address, and no name is believed (CVE_TESTS section
11)."""

import contextlib
import socket
import struct
import subprocess
import threading
from pathlib import Path

from harness import PASSWORD, logs, main, wait_until
from harness.network import own_network
from harness.system_users import UNIX, SystemUserTest, setup


def setUpModule():
    setup()
    etc = Path("/etc")  # a copy: the only way to a name is the resolver
    for name in ("resolv.conf", "hosts"):
        (etc / name).unlink(missing_ok=True)
    (etc / "resolv.conf").write_text("nameserver 127.0.0.53\noptions timeout:1 attempts:1\n")
    (etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nshadow: files\nhosts: dns\n")


class Resolver:
    """A name server that answers every question with a name that is an attack, and counts the questions."""

    ANSWER = b'x";\n' + b"auth accepted remote=192.0.2.1 port=1 user=root"

    def __init__(self):
        self.questions = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.53", 53))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                question, peer = self.socket.recvfrom(4096)
                self.questions += 1
                name = bytes([len(self.ANSWER)]) + self.ANSWER + b"\0"
                record = b"\xc0\x0c" + struct.pack("!HHIH", 12, 1, 60, len(name)) + name
                end = question.index(b"\0", 12) + 5
                header = question[:2] + struct.pack("!HHHHH", 0x8180, 1, 1, 0, 0)
                self.socket.sendto(header + question[12:end] + record, peer)


class Names(SystemUserTest):
    users = {"alice": PASSWORD}
    stack = UNIX + "session required MODULE record=DIRECTORY/record\n"

    def refuse(self, name):
        client = self.connect(source="127.0.0.9")
        client.expect(331, f"USER {name}")
        client.expect(530, "PASS wrong")
        client.quit()

    def work(self, name):
        client = self.login(name, source="127.0.0.9")
        client.stor("a", b"1")
        listening = client.port()
        client.send("RETR a")
        listening.accept().receive_all()
        client.read(150)
        client.read(226)
        client.list()
        client.quit()
        self.assertEqual(client.wait(), 0)

    def test_L07_nobody_asks_for_the_name_of_an_address(self):
        self.add("walter")
        with own_network():
            resolver = Resolver()
            self.addCleanup(resolver.socket.close)
            for name in ("nosuch", "alice", "walter"):
                self.refuse(name)
            for name in ("alice", "walter"):
                self.work(name)
            self.assertEqual(resolver.questions, 0)
            for kind in logs.FILES:
                for record in self.server.logs(kind):
                    if kind != "admin":
                        self.assertEqual(record["remote"], "127.0.0.9")
            self.assertEqual({line.split()[2] for line in self.recorded()}, {"127.0.0.9"})  # PAM_RHOST

            # The resolver is there, and whoever asks does reach it.
            subprocess.run(["getent", "hosts", "127.0.0.9"], capture_output=True, check=False)
            self.assertTrue(
                wait_until(lambda: resolver.questions > 0), "the resolver hears nothing: this shows nothing"
            )


if __name__ == "__main__":
    main()
