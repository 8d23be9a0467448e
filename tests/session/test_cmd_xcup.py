"""XCUP (RFC 775): CDUP by its old name."""

from harness import ServerTest, main


class Xcup(ServerTest):
    def test_is_cdup(self):
        self.check_needs_login("XCUP")
        self.server.mkdir("a/b")
        client = self.login()
        self.check_replies(
            client,
            [
                ("CWD a/b", 250),
                ("XCUP", 250),
                ("PWD", 257, '"/a"'),
                ("XCUP x", 501),
                ("XCUP", 250),
                ("XCUP", 250),
                ("PWD", 257, '"/"'),
            ],
        )


if __name__ == "__main__":
    main()
