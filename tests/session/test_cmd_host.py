"""HOST (RFC 7151): the name by which the client knows us; before USER only, and under TLS the one of TLS (A23)."""

from harness import ServerTest, main, tls
from harness.tls import VERSIONS, in_clear


@in_clear("these begin TLS themselves")
class Host(ServerTest):
    def test_before_user(self):
        client = self.connect()
        client.expect(220, "HOST ftp.example.com")
        client.login()

    def test_A23_later(self):
        for secure in ("clear", *VERSIONS):
            client = self.connect(secure=secure)
            client.expect(331, "USER alice")
            client.expect(503, "HOST ftp.example")
            client.login()
            self.check_replies(client, [("HOST ftp.example", 503), ("PWD", 257)])

    def test_syntax(self):
        client = self.connect()
        self.check_replies(client, [("HOST", 501), ("HOST a/b", 501), ("HOST a b", 501), (f"HOST {'x' * 254}", 501)])
        # RFC 7151, section 3.1: a port means nothing here, and MUST be refused.
        self.check_replies(client, [("HOST 192.0.2.1:2112", 501), ("HOST [2001:db8::c000:201]:2112", 501)])
        self.check_replies(client, [("HOST ::1", 501), ("HOST []", 501), ("HOST [", 501), ("HOST [a b]", 501)])
        self.check_replies(client, [("HOST 127.0.0.1", 220), ("HOST [::1]", 220), (f"HOST {'x' * 253}", 220)])

    def test_A23_under_tls_the_name_of_tls(self):
        for version in VERSIONS:
            client = self.connect().start_tls(version=version, name="ftp.example")
            self.check_replies(
                client, [("HOST other.example", 504), ("HOST ftp.example", 220), ("HOST FTP.Example", 220)]
            )
            client.login()

    def test_A23_under_tls_without_a_name(self):
        """Then the certificate decides."""
        for version in VERSIONS:
            client = self.connect().start_tls(version=version)
            self.check_replies(client, [("HOST nosuch.example", 504), ("HOST other.example", 220)])
            client.login()

    def make_host(self, name):
        directory = self.server.directory / "hosts" / name
        directory.mkdir()
        tls.make_certificate(directory / "fullchain.pem", directory / "privkey.pem", (name, "127.0.0.1"))

    def subject(self, client):
        return dict(part[0] for part in client.socket.tls.getpeercert()["subject"])["commonName"]

    def test_before_auth_it_chooses_the_certificate(self):
        self.make_host("host.example")
        client = self.connect()
        client.expect(220, "HOST host.example")
        client.start_tls()
        self.assertEqual(self.subject(client), "host.example")
        client.expect(504, "HOST ftp.example")
        client = self.connect().start_tls()
        self.assertEqual(self.subject(client), "localhost")

    def test_A23_another_name_in_tls(self):
        self.make_host("host.example")
        for version in VERSIONS:
            client = self.connect()
            client.expect(220, "HOST ftp.example")
            client.start_tls(version=version, name="host.example", protect=False)
            client.read(421)
            self.assert_closed(client)
        self.server.expect_log("connections", "disconnect", count=2, reason="host-mismatch")
        client = self.connect()
        client.expect(220, "HOST HOST.example")
        client.start_tls(name="host.example")
        client.login()


if __name__ == "__main__":
    main()
