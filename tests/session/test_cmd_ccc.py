"""CCC (RFC 2228): the control connection never leaves TLS in the middle of a session (T05)."""

from harness import ServerTest, main
from harness.tls import VERSIONS, in_clear


@in_clear("these begin TLS themselves")
class Ccc(ServerTest):
    def test_T05_under_tls(self):
        for version in VERSIONS:
            client = self.connect().start_tls(version=version)
            client.expect(534, "CCC")
            client.login()
            self.check_replies(client, [("CCC", 534), ("CCC x", 501), ("PWD", 257)])

    def test_in_clear(self):
        client = self.connect()
        client.expect(533, "CCC")
        client.login()
        self.check_replies(client, [("CCC", 533), ("PWD", 257)])


if __name__ == "__main__":
    main()
