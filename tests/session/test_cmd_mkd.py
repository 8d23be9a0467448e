"""MKD (RFC 959 section 4.1.3): makes a directory."""

from harness import PASSWORD, ServerTest, main


class Mkd(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("MKD x", "MKD")

    def test_new_directory(self):
        client = self.login()
        self.assertTrue(client.expect(257, "MKD d").text.startswith('"/d"'))
        self.assert_mode("d", 0o750)
        found = self.server.path("d").stat()
        self.assertEqual((found.st_uid, found.st_gid), (self.server.uid(), self.server.uid()))
        self.server.expect_log("files", "mkdir", path="/d", user="alice", remote="127.0.0.1")

    def test_reply_is_the_whole_path_quoted(self):  # E03
        self.server.mkdir("a")
        client = self.login()
        client.expect(250, "CWD a")
        for name, path in (
            ("b", "/a/b"),
            ('q"q', '/a/q""q'),
            ("/top", "/top"),
            ("../up", "/up"),
            ("b/c", "/a/b/c"),
            ("s p ", "/a/s p "),
            ("ä", "/a/ä"),
        ):
            with self.subTest(name=name):
                self.assertTrue(client.expect(257, f"MKD {name}").text.startswith(f'"{path}"'))
                self.assertTrue(self.server.path(path.replace('""', '"')).is_dir())

    def test_refusals(self):
        self.server.write("file")
        self.server.mkdir("there")
        self.check_replies(
            self.login(),
            [
                ("MKD there", 550),
                ("MKD file", 550),
                ("MKD nosuch/d", 550),
                ("MKD file/d", 550),
                ("MKD", 501),
                ("MKD ", 501),
            ],
        )
        self.assertIn(self.login().command("MKD /").code, (550, 553))
        self.server.expect_log("files", "mkdir", count=0)

    def test_names_that_are_not_allowed(self):
        client = self.login()
        for name in (b"a\x01b", b"a\x1bb", b"a\x7fb", b".cellftpd-upload-x", b"x" * 256):
            with self.subTest(name=name[:30]):
                client.raw(b"MKD " + name + b"\r\n")
                client.read(553)
        self.assertEqual(list(self.server.home().iterdir()), [])

    def test_longest_name(self):
        self.login().expect(257, "MKD " + "x" * 255)
        self.assertTrue(self.server.path("x" * 255).is_dir())

    def test_zero_byte_and_carriage_return(self):  # E01
        client = self.login()
        for line in (b"MKD a\0b\r\n", b"MKD a\rb\r\n", b"MKD a\r\0b\r\n"):
            with self.subTest(line=line):
                client.raw(line)
                client.read((501, 553))
        self.assertEqual(list(self.server.home().iterdir()), [])

    def test_read_only_account(self):
        self.server.add_user("reader", PASSWORD, "--read-only")
        self.login("reader").expect(550, "MKD d")
        self.assertFalse(self.server.path("d", "reader").exists())


class Mode(ServerTest):
    config = {"files": {"directory_mode": "0700"}}

    def test_configured_mode(self):  # F09
        self.login().expect(257, "MKD d")
        self.assert_mode("d", 0o700)


if __name__ == "__main__":
    main()
