"""PROT (RFC 4217 section 9): whether data connections are under TLS (T05, T06)."""

from harness import ServerTest, main
from harness.tls import VERSIONS, in_clear


@in_clear("these begin TLS themselves")
class Prot(ServerTest):
    def test_T06_order(self):
        for version in VERSIONS:
            client = self.connect().start_tls(version=version, protect=False)
            self.check_replies(client, [("PROT P", 503, "PBSZ"), ("PROT C", 503), ("PBSZ x", 501), ("PROT P", 503)])
            self.check_replies(client, [("PBSZ 5", 200, "PBSZ=0"), ("PROT P", 200)])

    def test_T06_levels(self):
        for version in VERSIONS:
            client = self.connect().start_tls(version=version, protect=False)
            client.expect(200, "PBSZ 0")
            self.check_replies(
                client,
                [
                    ("PROT P", 200),
                    ("prot p", 200),
                    ("PROT S", 536),
                    ("PROT E", 536),
                    ("PROT X", 504),
                    ("PROT PP", 504),
                    ("PROT", 501),
                ],
            )

    def test_T05_clear_is_refused(self):
        client = self.connect().start_tls()
        self.check_replies(client, [("PROT C", 534, "PROT P"), ("PROT c", 534)])
        client.login()
        client.expect(534, "PROT C")
        self.assertIn(" Data connections are under TLS", client.expect(211, "STAT").lines)

    def test_clear_where_it_is_allowed(self):
        self.server.configure({"tls": {"protect_data": False}})
        client = self.connect().start_tls()
        client.expect(200, "PROT C")
        client.protected = False
        client.login()
        client.stor("a", b"x")
        client.protect()
        client.stor("b", b"y")
        self.assertEqual((self.server.read("a"), self.server.read("b")), (b"x", b"y"))

    def test_in_clear(self):
        client = self.connect()
        self.check_replies(client, [("PROT P", 503), ("PROT C", 503), ("PBSZ 0", 503), ("PROT P", 503)])
        client.login()
        client.expect(503, "PROT P")


if __name__ == "__main__":
    main()
