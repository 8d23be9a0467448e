"""CDUP (RFC 959 section 4.1.1): up one directory, and no further than the user's folder."""

from harness import ServerTest, main


class Cdup(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("CDUP")

    def test_up_to_the_root_and_no_further(self):
        self.server.mkdir("a/b")
        client = self.login()
        self.check_replies(
            client,
            [
                ("CWD a/b", 250),
                ("CDUP", 250),
                ("PWD", 257, '"/a"'),
                ("CDUP", 250),
                ("PWD", 257, '"/"'),
                ("CDUP", 250),
                ("PWD", 257, '"/"'),
            ],
        )

    def test_takes_no_argument(self):
        self.server.mkdir("a")
        client = self.login()
        self.check_replies(client, [("CWD a", 250), ("CDUP x", 501), ("PWD", 257, '"/a"')])


if __name__ == "__main__":
    main()
