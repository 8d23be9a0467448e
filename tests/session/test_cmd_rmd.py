"""RMD (RFC 959 section 4.1.3): removes an empty directory, never the user's folder itself."""

import os

from harness import PASSWORD, ServerTest, main


class Rmd(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("RMD x", "RMD")

    def test_removes(self):
        self.server.mkdir("a/b c")
        client = self.login()
        client.expect(250, "RMD a/b c")
        self.assertFalse(self.server.path("a/b c").exists())
        client.expect(250, "CWD a")
        client.expect(250, "RMD /a")
        self.assertFalse(self.server.path("a").exists())
        self.server.expect_log("files", "rmdir", path="/a/b c", user="alice", remote="127.0.0.1")
        self.server.expect_log("files", "rmdir", path="/a")

    def test_refusals(self):  # F08
        self.server.write("full/file")
        self.server.mkdir("d")
        client = self.login()
        self.check_replies(
            client,
            [
                ("RMD /", 550),
                ("RMD .", 550),
                ("RMD ..", 550),
                ("RMD full", 550),
                ("RMD full/file", 550),
                ("RMD nosuch", 550),
                ("RMD", 501),
                ("RMD d/..", 550),
                ("RMD ../..", 550),
            ],
        )
        client.expect(250, "CWD d")
        client.expect(550, "RMD ..")
        self.assertTrue(self.server.path("full/file").exists() and self.server.path("d").exists())
        self.server.expect_log("files", "rmdir", count=0)

    def test_directory_without_rights(self):  # F07
        self.server.mkdir("locked", mode=0)
        self.login().expect(250, "RMD locked")

    def test_symbolic_link_is_no_directory(self):
        self.server.mkdir("real")
        os.symlink("real", self.server.path("link"))
        self.login().expect(550, "RMD link")
        self.assertTrue(self.server.path("real").is_dir() and self.server.path("link").is_symlink())

    def test_read_only_account(self):
        self.server.add_user("reader", PASSWORD, "--read-only")
        self.server.mkdir("d", "reader")
        self.login("reader").expect(550, "RMD d")
        self.assertTrue(self.server.path("d", "reader").exists())


if __name__ == "__main__":
    main()
