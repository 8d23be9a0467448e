"""REIN (RFC 959 section 4.1.1, RFC 4217 section 11): before a login, back to a fresh session in clear; after it refused,
so that a second user never enters the first one's cell (A12)."""

import socket

from harness import PASSWORD, ServerTest, main, wait_until
from harness.tls import VERSIONS, in_clear


@in_clear("these begin TLS themselves")
class Rein(ServerTest):
    users = {"alice": PASSWORD, "bob": "another password 2"}

    def check_fresh(self, client):
        client.expect(503, f"PASS {PASSWORD}")
        self.assertTrue(any("SHA-256*" in line for line in client.expect(211, "FEAT").lines))
        client.expect(220, "HOST ftp.example")

    def test_in_clear(self):
        client = self.connect()
        client.expect(200, "OPTS HASH SHA-512")
        client.expect(331, "USER alice")
        client.expect(220, "REIN")
        self.check_fresh(client)
        client.login("bob")
        client.stor("mine", b"bob's")
        self.assertEqual(self.server.read("mine", "bob"), b"bob's")

    def test_in_clear_what_follows_is_served(self):
        client = self.connect()
        client.raw(b"REIN\r\nNOOP\r\nREIN\r\n")
        for code in (220, 200, 220):
            client.read(code)
        client.expect(501, "REIN now")
        client.login()

    def test_under_tls(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                client = self.connect().start_tls(version=version)
                client.expect(200, "OPTS HASH SHA-512")
                client.expect(331, "USER alice")
                client.expect(220, "REIN")
                client.end_tls()  # close_notify, and nothing else
                self.check_fresh(client)
                client.expect(503, "PBSZ 0")
                self.assertIn(" AUTH TLS;TLS-C;SSL;TLS-P;", client.expect(211, "FEAT").lines)
                client.login("bob")
                client.quit()

    def test_and_tls_again(self):
        client = self.connect().start_tls()
        client.expect(220, "REIN")
        client.end_tls()
        client.start_tls()
        client.login()
        client.expect(257, "PWD")
        self.server.expect_log("connections", "tls", count=2)
        self.server.expect_log("connections", "connect")

    def test_a_client_that_does_not_say_close_notify(self):
        client = self.connect().start_tls()
        before = client.session_pid
        client.expect(220, "REIN")
        client.read_end()
        self.assertEqual(client.socket.ended, "close_notify")
        self.assertTrue(wait_until(lambda: client.session_pid != before))
        client.socket = client.socket.tcp
        client.login()

    def test_what_follows_close_notify_is_in_clear(self):
        """... though it comes in the same packet."""
        for version in VERSIONS:
            with self.subTest(version=version):
                client = self.connect().start_tls(version=version)
                client.expect(220, "REIN")
                client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
                client.end_tls()
                client.send("USER bob")
                client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
                client.read(331)
                client.expect(230, f"PASS {client.passwords['bob']}")

    def test_bytes_behind_it_under_tls(self):
        client = self.connect().start_tls()
        client.raw(b"REIN\r\nNOOP\r\n")
        client.read(421)
        self.assert_closed(client)
        self.server.expect_log("connections", "disconnect", reason="behind-rein")

    def test_bytes_behind_its_answer_under_tls(self):
        client = self.connect().start_tls()
        client.expect(220, "REIN")
        client.raw(b"NOOP\r\n")
        client.end_tls()
        self.assert_closed(client)
        self.server.expect_log("connections", "disconnect", reason="behind-rein")

    def test_implicit_tls_stays(self):
        client = self.connect(secure="implicit")
        client.expect(331, "USER alice")
        client.expect(220, "REIN")
        client.expect(503, f"PASS {PASSWORD}")
        client.login("bob")
        self.assertIn(" Data connections are under TLS", client.expect(211, "STAT").lines)

    def test_A12_after_login_nothing_changes(self):
        self.server.mkdir("d")
        for secure in ("clear", "1.3"):
            client = self.login(secure=secure)
            client.expect(250, "CWD d")
            client.expect(502, "REIN")
            self.assertIn('"/d"', client.expect(257, "PWD").text)
            client.expect(530, "USER bob")

    def test_not_for_ever(self):
        """Fresh sessions cost the server something: a connection gets a few."""
        client = self.connect(secure="clear")
        for _ in range(20):
            reply = client.command("AUTH TLS")
            if reply.code != 234:
                break
            client.handshake()
            client.expect(220, "REIN")
            client.end_tls()
        self.assertEqual(reply.code, 431)
        self.assertIn("Connect anew", reply.text)
        client.login()


if __name__ == "__main__":
    main()
