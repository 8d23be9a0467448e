"""RNFR (RFC 959 section 4.1.3): the first half of a rename, forgotten by any command but RNTO."""

import os

from harness import ServerTest, main


class Rnfr(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("RNFR x", "RNFR")

    def test_what_can_be_renamed(self):
        self.server.write("file")
        self.server.mkdir("dir", mode=0)
        os.symlink("/nosuch", self.server.path("link"))
        self.check_replies(self.login(), [("RNFR file", 350), ("RNFR dir", 350), ("RNFR link", 350)])

    def test_refusals(self):  # F05
        self.server.mkdir("d")
        self.check_replies(
            self.login(),
            [
                ("RNFR /", 550),
                ("RNFR .", 550),
                ("RNFR ..", 550),
                ("RNFR d/..", 550),
                ("RNFR nosuch", 550),
                ("RNFR", 501),
                ("RNTO x", 503),
            ],
        )

    def test_forgotten_by_other_commands(self):  # F05
        self.server.write("a")
        client = self.login()
        for command in (
            "NOOP",
            "STAT",
            "PWD",
            "TYPE I",
            "SYST",
            "USER alice",
            "NOSUCH",
            "DELE nosuch",
            "REST 0",
            "RNFR nosuch",
            "REIN",
        ):
            with self.subTest(command=command):
                client.expect(350, "RNFR a")
                client.command(command)
                client.expect(503, "RNTO b")
        client.expect(350, "RNFR a")
        client.stor("c", b"x")
        client.expect(503, "RNTO b")
        self.assertEqual(sorted(os.listdir(self.server.home())), ["a", "c"])

    def test_the_last_one_counts(self):
        self.server.write("a", b"a")
        self.server.write("b", b"b")
        client = self.login()
        self.check_replies(client, [("RNFR a", 350), ("RNFR b", 350), ("RNTO c", 250)])
        self.assertEqual(self.server.read("c"), b"b")


if __name__ == "__main__":
    main()
