"""MDTM (RFC 3659 section 3): the time of a file, asked and, with a time before the name, set."""

import os

from harness import PASSWORD, ServerTest, main


class Mdtm(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("MDTM x", "MDTM", "MDTM 20010909014640 x")

    def test_asks(self):
        client = self.login()
        for mtime, expected in (
            (0, "19700101000000"),
            (1000000000, "20010909014640"),
            (951782400, "20000229000000"),
            (4102444800, "21000101000000"),
        ):
            with self.subTest(expected=expected):
                self.server.write("a b", mtime=mtime)
                self.assertEqual(client.expect(213, "MDTM a b").text, expected)

    def test_directory(self):
        path = self.server.mkdir("d")
        os.utime(path, (1000000000, 1000000000))
        self.assertEqual(self.login().expect(213, "MDTM d").text, "20010909014640")

    def test_missing(self):
        os.symlink("/etc/passwd", self.server.path("out"))
        self.check_replies(
            self.login(), [("MDTM nosuch", 550), ("MDTM", 501), ("MDTM out", 550), ("MDTM /etc/passwd", 550)]
        )

    def test_sets(self):
        self.server.write("a b", b"x")
        client = self.login()
        client.expect(213, "MDTM 20010909014640 a b")
        self.assertEqual(self.server.path("a b").stat().st_mtime, 1000000000)
        self.assertEqual(client.expect(213, "MDTM a b").text, "20010909014640")
        self.server.expect_log("files", "set-time", path="/a b", user="alice", remote="127.0.0.1")

    def test_bad_dates(self):  # E10
        self.server.write("a", b"x", mtime=1000000000)
        client = self.login()
        for date in ("20011301000000", "20010230000000", "20010101250000", "20010101006000", "00000000000000"):
            with self.subTest(date=date):
                client.expect(501, f"MDTM {date} a")
        self.assertEqual(self.server.path("a").stat().st_mtime, 1000000000)

    def test_file_that_is_called_like_a_date(self):
        self.server.write("20010909014640 a", mtime=951782400)
        self.server.write("20010909014640", mtime=951782400)
        client = self.login()
        self.assertEqual(client.expect(213, "MDTM 20010909014640").text, "20000229000000")

    def test_read_only_account(self):
        self.server.add_user("reader", PASSWORD, "--read-only")
        self.server.write("a", b"x", "reader", mtime=1000000000)
        client = self.login("reader")
        client.expect(213, "MDTM a")
        client.expect(550, "MDTM 20000229000000 a")
        self.assertEqual(self.server.path("a", "reader").stat().st_mtime, 1000000000)


if __name__ == "__main__":
    main()
