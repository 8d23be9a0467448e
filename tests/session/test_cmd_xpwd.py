"""XPWD (RFC 775): PWD by its old name."""

from harness import ServerTest, main


class Xpwd(ServerTest):
    def test_is_pwd(self):
        self.check_needs_login("XPWD")
        self.server.mkdir('a"b')
        client = self.login()
        self.check_replies(client, [("XPWD", 257, '"/"'), ('CWD a"b', 250), ("XPWD", 257, '"/a""b"'), ("XPWD x", 501)])


if __name__ == "__main__":
    main()
