"""PBSZ (RFC 4217 section 9): TLS has one buffer size, 0 (T06)."""

from harness import ServerTest, main
from harness.tls import VERSIONS, in_clear


@in_clear("these begin TLS themselves")
class Pbsz(ServerTest):
    def test_under_tls(self):
        for version in VERSIONS:
            client = self.connect().start_tls(version=version, protect=False)
            self.check_replies(
                client,
                [
                    ("PBSZ 0", 200),
                    ("PBSZ 5", 200, "PBSZ=0"),
                    ("PBSZ 4294967295", 200, "PBSZ=0"),
                    ("PBSZ 4294967296", 501),
                    ("PBSZ -1", 501),
                    ("PBSZ x", 501),
                    ("PBSZ 0 0", 501),
                    ("PBSZ", 501),
                ],
            )
            client.login()
            client.expect(200, "PBSZ 0")

    def test_in_clear(self):
        client = self.connect()
        client.expect(503, "PBSZ 0")
        client.login()
        client.expect(503, "PBSZ 0")


if __name__ == "__main__":
    main()
