"""REIN (RFC 959 section 4.1.1) is known and not offered: a second user never enters the first one's cell (A12)."""

from harness import ServerTest, main


class Rein(ServerTest):
    def test_before_login(self):
        client = self.connect()
        client.expect(502, "REIN")
        client.login()

    def test_after_login_nothing_changes(self):
        self.server.mkdir("d")
        client = self.login()
        client.expect(250, "CWD d")
        client.expect(502, "REIN")
        self.assertIn('"/d"', client.expect(257, "PWD").text)
        client.expect(530, "USER alice")


if __name__ == "__main__":
    main()
