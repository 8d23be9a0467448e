"""AUTH (RFC 4217): TLS begins, in a fresh session, or the reply says why not."""

from harness import PASSWORD, ServerTest, main
from harness.tls import in_clear


@in_clear("these begin TLS themselves")
class Auth(ServerTest):
    def test_names_of_the_mechanism(self):
        for name in ("TLS", "TLS-C", "SSL", "TLS-P", "tls", "Tls-c"):
            with self.subTest(name=name):
                client = self.connect()
                client.start_tls(f"AUTH {name}", protect=False)
                client.login()
                client.expect(257, "PWD")
                client.quit()

    def test_older_names_protect_data_connections(self):
        for name, state in (("TLS", "not encrypted"), ("TLS-C", "not encrypted"), ("SSL", "under TLS")):
            with self.subTest(name=name):
                client = self.connect()
                client.start_tls(f"AUTH {name}", protect=False)
                client.login()
                self.assertIn(f" Data connections are {state}", client.expect(211, "STAT").lines)
        client.protected = True
        client.expect(200, "TYPE I")
        client.stor("a", b"x")
        self.assertEqual(self.server.read("a"), b"x")

    def test_what_is_said_of_it(self):
        for version, protocol in (("1.2", "TLSv1.2"), ("1.3", "TLSv1.3")):
            client = self.connect()
            client.start_tls(version=version)
            client.login()
            cipher = client.socket.tls.cipher()[0]
            line = f" Control connection is under {protocol} ({cipher})"
            self.assertIn(line, client.expect(211, "STAT").lines)
            self.server.expect_log("connections", "tls", protocol=protocol, cipher=cipher, resumed="no", detail=None)
        self.connect().start_tls(name="ftp.example")
        self.server.expect_log("connections", "tls", detail="ftp.example")

    def test_other_mechanisms(self):
        client = self.connect()
        self.check_replies(
            client,
            [("AUTH GSSAPI", 504, "AUTH TLS"), ("AUTH TLSv1", 504), ("AUTH TLS ", 504), ("AUTH", 501), ("AUTH ", 501)],
        )
        client.start_tls()
        client.login()

    def test_A11_after_a_login_and_inside_tls(self):
        client = self.login()
        self.check_replies(client, [("AUTH TLS", 503), ("AUTH SSL", 503), ("PWD", 257)])
        for version in ("1.2", "1.3"):
            client = self.connect().start_tls(version=version)
            self.check_replies(client, [("AUTH TLS", 503), ("AUTH NOSUCH", 503)])
            client.login()
            self.check_replies(client, [("AUTH TLS", 503), ("PWD", 257)])

    def test_what_was_said_in_clear_is_forgotten(self):
        client = self.connect()
        client.expect(331, "USER alice")
        client.expect(200, "OPTS HASH SHA-512")
        client.start_tls()
        client.expect(503, f"PASS {PASSWORD}")
        self.assertTrue(any("SHA-256*" in line for line in client.expect(211, "FEAT").lines))
        client.login()

    def test_switched_off(self):
        self.server.configure({"tls": {"enabled": False, "required": "never"}})
        client = self.connect()
        self.check_replies(client, [("AUTH TLS", 502), ("PBSZ 0", 502), ("PROT P", 502), ("CCC", 502)])
        features = client.expect(211, "FEAT").lines
        self.assertFalse([line for line in features if line.startswith((" AUTH", " PBSZ", " PROT"))])
        self.assertNotRegex("\n".join(client.expect(214, "HELP").lines), "AUTH|PBSZ|PROT|CCC")
        client.login()

    def test_T13_no_certificate(self):
        self.server.configure({"tls": {"certificate": str(self.server.directory / "missing.pem")}})
        client = self.connect()
        client.expect(431, "AUTH TLS")
        client.login()  # from loopback: in clear, as tls.required has it
        self.server.expect_log("connections", "certificate")

    def test_T13_no_certificate_where_tls_is_required(self):
        missing = str(self.server.directory / "missing.pem")
        self.server.configure({"tls": {"key": missing, "required": "always"}})
        client = self.connect()
        client.expect(530, "USER alice")
        client.expect(421, "AUTH TLS")
        self.assert_closed(client)
        self.server.expect_log("connections", "certificate")
        self.server.expect_log("connections", "disconnect", reason="tls-unavailable")


if __name__ == "__main__":
    main()
