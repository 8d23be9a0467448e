"""SIZE (RFC 3659 section 4): bytes of a file."""

import os

from harness import ServerTest, main


class Size(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("SIZE x", "SIZE")

    def test_sizes(self):
        client = self.login()
        for size in (0, 1, 65536, 5 << 30, (1 << 40) + 1):
            with self.subTest(size=size):
                path = self.server.write("a b", b"")
                os.truncate(path, size)
                self.assertEqual(client.expect(213, "SIZE a b").text, str(size))

    def test_refusals(self):
        self.server.mkdir("d")
        os.mkfifo(self.server.path("fifo"))
        os.symlink("/etc/passwd", self.server.path("out"))
        client = self.login()
        self.check_replies(
            client,
            [
                ("SIZE d", 550),
                ("SIZE nosuch", 550),
                ("SIZE /", 550),
                ("SIZE", 501),
                ("SIZE fifo", 550),
                ("SIZE out", 550),
                ("SIZE /etc/passwd", 550),
            ],
        )

    def test_ascii_has_no_size(self):  # E09
        self.server.write("a", b"x\n")
        client = self.login()
        self.check_replies(client, [("TYPE A", 200), ("SIZE a", 550), ("TYPE I", 200), ("SIZE a", 213, "2")])

    def test_file_that_may_not_be_read_still_has_one(self):
        self.server.write("locked", b"12345", mode=0)
        client = self.login()
        self.assertEqual(client.expect(213, "SIZE locked").text, "5")


if __name__ == "__main__":
    main()
