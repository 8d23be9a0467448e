"""MFMT (draft-somers-ftp-mfxx): sets the time of a file, in UTC."""

from harness import PASSWORD, ServerTest, main


class Mfmt(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("MFMT 20010909014640 x", "MFMT")

    def test_sets(self):
        self.server.write("a b", b"x")
        self.server.mkdir("d")
        client = self.login()
        self.assertEqual(client.expect(213, "MFMT 20010909014640 a b").text, "Modify=20010909014640; a b")
        self.assertEqual(self.server.path("a b").stat().st_mtime, 1000000000)
        client.expect(213, "MFMT 20010909014640 d")
        self.assertEqual(self.server.path("d").stat().st_mtime, 1000000000)
        self.server.expect_log("files", "set-time", path="/a b", user="alice", remote="127.0.0.1")

    def test_dates(self):  # E10
        self.server.write("a", b"x")
        client = self.login()
        for date, seconds in (
            ("19700101000000", 0),
            ("20000229000000", 951782400),
            ("20010909014640.5", 1000000000.5),
            ("20161231235960", 1483228800),
            ("20380119031408", 2147483648),
        ):
            with self.subTest(date=date):
                client.expect(213, f"MFMT {date} a")
                self.assertEqual(self.server.path("a").stat().st_mtime, seconds)

    def test_bad_dates(self):  # E10 E05
        self.server.write("a", b"x", mtime=1000000000)
        client = self.login()
        for date in (
            "00000000000000",
            "20011301000000",
            "20010230000000",
            "20010229000000",
            "20010100000000",
            "20010101240000",
            "20010101006000",
            "20010101000061",
            "2001010100000",
            "200101010000000",
            "-0010101000000",
            "x",
            "20010101000000.",
            "20010101000000x",
            "99999999999999",
        ):
            with self.subTest(date=date):
                client.expect(501, f"MFMT {date} a")
                self.assertEqual(self.server.path("a").stat().st_mtime, 1000000000)
        self.check_replies(client, [("MFMT", 501), ("MFMT 20010909014640", 501), ("MFMT 20010909014640 ", 501)])

    def test_missing(self):
        self.login().expect(550, "MFMT 20010909014640 nosuch")
        self.server.expect_log("files", "set-time", count=0)

    def test_read_only_account(self):
        self.server.add_user("reader", PASSWORD, "--read-only")
        self.server.write("a", b"x", "reader", mtime=1000000000)
        self.login("reader").expect(550, "MFMT 20000229000000 a")
        self.assertEqual(self.server.path("a", "reader").stat().st_mtime, 1000000000)


if __name__ == "__main__":
    main()
