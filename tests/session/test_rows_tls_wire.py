"""What goes over the wire under TLS: records of TLS and nothing else, whatever happens to the session (complaint 3:
an error in clear behind the 234). And rows of other sections, under TLS: D13, P05."""

import os
import signal
import time

from harness import ServerTest, main, slow, wait_until
from harness.tls import VERSIONS

ALERT = 21


class Wire(ServerTest):
    """The bytes from the 234 on are kept and must be TLS records, and the last thing said is close_notify."""

    users = {"alice": ServerTest.users["alice"], "bob": ServerTest.users["alice"]}

    def setUp(self):
        super().setUp()
        self.clients = []
        self.addCleanup(self.check_wires)

    def secure(self, version, user="alice"):
        client = self.connect(secure="clear")
        client.wires = []
        client.start_tls(version=version)
        self.clients.append(client)
        if user:
            client.login(user)
            client.expect(200, "TYPE I")
        return client

    def check_wires(self):
        for client in self.clients:
            self.assertEqual(client.socket.fileno(), -1)
            for wire in client.wires:
                # A data connection that was broken off may end in the middle of one.
                self.assertGreater(len(wire.records(whole=wire is client.wires[0])), 1)

    def finish(self, client, *codes):
        """The session ends with these replies and a close_notify."""
        for code in codes:
            client.read(code)
        client.read_end()
        self.assertEqual(client.socket.ended, "close_notify")
        client.close()

    def test_login_transfers_errors(self):
        self.server.write("big", bytes(30000000))
        for version in VERSIONS:
            with self.subTest(version=version):
                client = self.secure(version, None)
                self.check_replies(client, [("NOSUCH", 500), ("RETR a", 530), ("CCC", 534), ("USER alice", 331)])
                client.expect(530, "PASS wrong")
                client.login()
                client.expect(200, "TYPE I")
                client.stor("a", b"x" * 100000)
                self.assertEqual(len(client.retr("a")), 100000)
                client.list()
                self.check_replies(
                    client,
                    [("SIZE nosuch", 550), ("RETR a", 425), ("DELE nosuch", 550), ("x" * 3000, 500), ("PASV x", 501)],
                )
                data = client.begin("RETR big")
                data.receive(1000)
                client.expect(426, "ABOR")
                client.read(226)
                data.close()
                client.passive().in_clear().send(b"in clear")
                client.expect(150, "STOR b")
                self.assertIn(client.read_reply().code, (425, 426, 522))
                self.assertFalse(self.server.path("b").exists())
                client.send("QUIT")
                self.finish(client, 221)

    def test_kicked(self):
        self.server.write("big", b"x" * 30000000)
        for version in VERSIONS:
            with self.subTest(version=version):
                client = self.secure(version)
                self.server.ctl("kick", "alice")
                self.finish(client, 421)
                client = self.secure(version)
                data = client.begin("RETR big")
                data.receive(1000)
                self.server.ctl("kick", "alice")
                data.close()
                self.finish(client, 426, 421)

    def test_stopped(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                client = self.secure(version)
                os.kill(client.monitor_pid, signal.SIGTERM)
                self.finish(client, 421)

    def test_session_is_killed(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                client = self.secure(version)
                client.exit_status = None
                os.kill(client.session_pid, signal.SIGKILL)
                client.read_end()
                client.close()

    def test_idle(self):
        self.server.configure({"session": {"idle": "1 s"}})
        for version in VERSIONS:
            with self.subTest(version=version):
                self.finish(self.secure(version), 421)

    def test_login_takes_too_long(self):
        self.server.configure({"login": {"deadline": "1 s"}})
        for version in VERSIONS:
            with self.subTest(version=version):
                self.finish(self.secure(version, None), 421)

    def test_too_many_attempts(self):
        self.server.configure({"login": {"attempts": 1, "delay": "0 s"}})
        for version in VERSIONS:
            with self.subTest(version=version):
                client = self.secure(version, None)
                client.expect(331, "USER alice")
                client.send("PASS wrong")
                reply = client.read_reply()
                self.finish(client, *((421,) if reply.code == 530 else ()))

    def test_P05_http(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                for user in (None, "alice"):
                    client = self.secure(version, user)
                    client.loose = True
                    client.raw(b"POST / HTTP/1.1\r\nHost: x\r\n\r\nUSER alice\r\nDELE a\r\n")
                    reply = client.read_reply()
                    self.assertIn(reply.code, (421, 500))
                    client.read_end()
                    client.close()

    def test_records_that_are_none(self):
        """Bytes in clear in the middle of a session: an alert, and the end."""
        for version in VERSIONS:
            with self.subTest(version=version):
                client = self.secure(version)
                client.loose = True
                client.socket.tcp.sendall(b"NOOP\r\n" * 20)
                try:
                    client.read_end()
                except OSError:
                    pass  # the alert
                client.close()

    def test_no_handshake(self):
        for garbage in (b"NOOP\r\n", b"USER alice\r\nPASS x\r\n", b"GET / HTTP/1.1\r\n\r\n", os.urandom(3000)):
            with self.subTest(garbage=garbage[:20]):
                client = self.connect(secure="clear")
                client.expect(234, "AUTH TLS")
                client.raw(garbage)
                client.loose = True
                said = b""
                try:
                    while part := client.socket.recv(1000):
                        said += part
                except ConnectionResetError:
                    pass
                # Nothing, or one alert: type, version, length, fatal or warning, and which.
                self.assertRegex(said, rb"(?s)\A(\x15\x03[\x01\x03]\x00\x02[\x01\x02].)?\Z")
                client.close()

    def test_silence_instead_of_a_handshake(self):
        self.server.configure({"tls": {"handshake": "1 s"}})
        client = self.connect(secure="clear")
        client.expect(234, "AUTH TLS")
        client.loose = True
        self.assertEqual(client.socket.recv(1000)[:1].strip(b"\x15"), b"")
        client.close()


class Blocked(ServerTest):
    """D13: the data connection is full, and the server still listens."""

    def check_abort(self, secure, command):
        client = self.login(secure=secure)
        data = client.begin("RETR big")
        data.receive(1000)
        time.sleep(0.2)  # until the server can write no more
        started = time.monotonic()
        client.raw(command)
        client.read(426)
        client.read(226)
        self.assertLess(time.monotonic() - started, 1 * slow())
        data.close()
        client.expect(200, "NOOP")
        client.stor("after", b"x")
        self.assertEqual(client.retr("after"), b"x")
        client.quit()

    def test_D13_abort_under_tls(self):
        self.server.write("big", b"x" * 30000000)
        for secure in ("1.2", "1.3", "implicit"):
            for command in (b"ABOR\r\n", b"\xff\xf4\xff\xf2ABOR\r\n"):
                with self.subTest(secure=secure, command=command):
                    self.check_abort(secure, command)

    def test_D13_upload_is_aborted_under_tls(self):
        for secure in ("1.2", "1.3"):
            with self.subTest(secure=secure):
                client = self.login(secure=secure)
                data = client.begin("STOR a")
                data.send(b"x" * 100000)
                self.assertTrue(wait_until(lambda: client.command("STAT").code == 211))
                client.expect(426, "ABOR")
                client.read(226)
                data.close()
                client.stor("b", b"y")
                client.quit()


if __name__ == "__main__":
    main()
