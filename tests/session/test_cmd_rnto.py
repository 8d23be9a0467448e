"""RNTO (RFC 959 section 4.1.3): the second half of a rename. It replaces a file, never a directory."""

import os

from harness import PASSWORD, ServerTest, main


class Rnto(ServerTest):
    def rename(self, client, old, new, code=250):
        client.expect(350, f"RNFR {old}")
        return client.expect(code, f"RNTO {new}")

    def test_needs_login(self):
        self.check_needs_login("RNTO x")

    def test_file(self):
        self.server.write("a b", b"content")
        self.rename(self.login(), "a b", "c d")
        self.assertEqual(os.listdir(self.server.home()), ["c d"])
        self.assertEqual(self.server.read("c d"), b"content")
        record = self.server.expect_log("files", "rename", path="/a b", user="alice", remote="127.0.0.1")
        self.assertIn("/c d", record.values())

    def test_into_a_directory_and_directories(self):
        self.server.write("a", b"content")
        self.server.write("from/file")
        self.server.mkdir("to")
        client = self.login()
        self.rename(client, "a", "to/a")
        self.rename(client, "from", "/to/moved")
        self.assertEqual(self.server.read("to/a"), b"content")
        self.assertTrue(self.server.path("to/moved/file").exists())

    def test_replaces_a_file(self):
        self.server.write("a", b"new")
        self.server.write("b", b"old")
        self.rename(self.login(), "a", "b")
        self.assertEqual((self.server.read("b"), os.listdir(self.server.home())), (b"new", ["b"]))

    def test_existing_directory(self):  # F08
        self.server.write("a", b"a")
        self.server.mkdir("d")
        self.server.mkdir("e")
        client = self.login()
        self.rename(client, "a", "d", 553)
        self.rename(client, "e", "d", 553)
        self.rename(client, "a", "/", 553)
        self.assertEqual(sorted(os.listdir(self.server.home())), ["a", "d", "e"])
        self.server.expect_log("files", "rename", count=0)

    def test_refusals(self):
        self.server.write("a", b"a")
        self.server.mkdir("d")
        client = self.login()
        self.rename(client, "a", "nosuch/b", 550)
        self.rename(client, "d", "d/inside", (550, 553))
        self.rename(client, "a", "x" * 256, 553)
        self.rename(client, "a", "a\x01b", 553)
        self.rename(client, "a", "", 501)
        self.rename(client, "a", ".cellftpd-upload-x", 553)
        client.expect(503, "RNTO b")
        self.assertEqual(sorted(os.listdir(self.server.home())), ["a", "d"])

    def test_once_only(self):
        self.server.write("a")
        client = self.login()
        self.rename(client, "a", "b")
        client.expect(503, "RNTO c")

    def test_a_link_is_renamed_itself(self):
        self.server.write("target", b"x")
        os.symlink("target", self.server.path("link"))
        self.rename(self.login(), "link", "other")
        self.assertTrue(self.server.path("other").is_symlink())

    def test_stays_inside(self):  # C01
        self.server.write("a", b"x")
        os.symlink("/tmp", self.server.path("outside"))
        client = self.login()
        self.rename(client, "a", "outside/a", 550)
        self.rename(client, "a", "/../../b")
        self.assertEqual(self.server.read("b"), b"x")

    def test_read_only_account(self):
        self.server.add_user("reader", PASSWORD, "--read-only")
        self.server.write("a", b"x", "reader")
        client = self.login("reader")
        if client.command("RNFR a").code == 350:
            client.expect(550, "RNTO b")
        self.assertEqual(os.listdir(self.server.home("reader")), ["a"])


if __name__ == "__main__":
    main()
