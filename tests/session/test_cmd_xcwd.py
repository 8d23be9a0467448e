"""XCWD (RFC 775): CWD by its old name."""

from harness import ServerTest, main


class Xcwd(ServerTest):
    def test_is_cwd(self):
        self.check_needs_login("XCWD /")
        self.server.mkdir("d")
        client = self.login()
        self.check_replies(
            client,
            [
                ("XCWD d", 250),
                ("PWD", 257, '"/d"'),
                ("XCWD nosuch", 550),
                ("XCWD", 501),
                ("PWD", 257, '"/d"'),
                ("XCWD /", 250),
                ("PWD", 257, '"/"'),
            ],
        )


if __name__ == "__main__":
    main()
