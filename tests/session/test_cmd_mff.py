"""MFF (draft-somers-ftp-mfxx): sets facts of a file: modify and UNIX.mode."""

from harness import PASSWORD, ServerTest, main


class Mff(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("MFF modify=20010909014640; x", "MFF")

    def test_sets(self):
        self.server.write("a b", b"x", mode=0o640)
        client = self.login()
        text = client.expect(213, "MFF UNIX.mode=0600;Modify=20010909014640; a b").text
        self.assertTrue(text.endswith("; a b"), text)
        self.assertIn("modify=20010909014640;", text.lower())
        self.assertIn("unix.mode=", text.lower())
        self.assertEqual(self.server.path("a b").stat().st_mtime, 1000000000)
        self.assert_mode("a b", 0o600)
        client.expect(213, "MFF unix.MODE=644; a b")
        self.assert_mode("a b", 0o644)
        self.assertEqual(self.server.path("a b").stat().st_mtime, 1000000000)

    def test_refusals_change_nothing(self):
        self.server.write("a", b"x", mode=0o640, mtime=1000000000)
        client = self.login()
        for facts in (
            "size=5;",
            "type=dir;",
            "modify=20010230000000;",
            "UNIX.mode=4755;",
            "UNIX.mode=9;",
            "UNIX.mode=;",
            "modify",
            "nosuch=1;",
            "UNIX.mode=0600;modify=bad;",
            "UNIX.mode=0600;size=5;",
        ):
            with self.subTest(facts=facts):
                self.assertIn(client.command(f"MFF {facts} a").code, (501, 504))
                self.assert_mode("a", 0o640)
                self.assertEqual(self.server.path("a").stat().st_mtime, 1000000000)
        self.check_replies(
            client, [("MFF", 501), ("MFF modify=20010909014640;", 501), ("MFF modify=20010909014640; nosuch", 550)]
        )

    def test_read_only_account(self):
        self.server.add_user("reader", PASSWORD, "--read-only")
        self.server.write("a", b"x", "reader", mode=0o640)
        self.login("reader").expect(550, "MFF UNIX.mode=0600; a")
        self.assert_mode("a", 0o640, "reader")


if __name__ == "__main__":
    main()
