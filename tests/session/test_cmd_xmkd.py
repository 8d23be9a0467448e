"""XMKD (RFC 775): MKD by its old name."""

from harness import ServerTest, main


class Xmkd(ServerTest):
    def test_is_mkd(self):
        self.check_needs_login("XMKD d")
        client = self.login()
        self.check_replies(client, [("XMKD d", 257, '"/d"'), ("XMKD d", 550), ("XMKD", 501)])
        self.assert_mode("d", 0o750)
        self.server.expect_log("files", "mkdir", path="/d")


if __name__ == "__main__":
    main()
