"""XRMD (RFC 775): RMD by its old name."""

from harness import ServerTest, main


class Xrmd(ServerTest):
    def test_is_rmd(self):
        self.check_needs_login("XRMD d")
        self.server.mkdir("d")
        self.check_replies(self.login(), [("XRMD /", 550), ("XRMD d", 250), ("XRMD d", 550), ("XRMD", 501)])
        self.assertFalse(self.server.path("d").exists())
        self.server.expect_log("files", "rmdir", path="/d")


if __name__ == "__main__":
    main()
