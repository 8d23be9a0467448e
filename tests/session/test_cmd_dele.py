"""DELE (RFC 959 section 4.1.3): deletes a file."""

import os
import socket

from harness import PASSWORD, ServerTest, main


class Dele(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("DELE x", "DELE")

    def test_deletes(self):
        client = self.login()
        for name in ("a.txt", "with space", "ä", "-rf", "d/inner"):
            with self.subTest(name=name):
                self.server.write(name, b"12345")
                client.expect(250, f"DELE {name}")
                self.assertFalse(self.server.path(name).exists())
                self.server.expect_log("files", "delete", path=f"/{name}", user="alice", remote="127.0.0.1")

    def test_refusals(self):  # F08
        self.server.write("d/file")
        self.server.write("locked/file")
        self.server.path("locked").chmod(0o500)
        client = self.login()
        self.check_replies(
            client,
            [
                ("DELE d", 550),
                ("DELE /", 550),
                ("DELE ..", 550),
                ("DELE nosuch", 550),
                ("DELE d/file/x", 550),
                ("DELE", 501),
                ("DELE locked/file", 550),
            ],
        )
        self.assertTrue(self.server.path("d/file").exists() and self.server.path("locked/file").exists())
        self.server.expect_log("files", "delete", count=0)

    def test_a_link_goes_and_its_target_stays(self):
        self.server.write("target", b"x")
        outside = self.server.directory / "outside"
        outside.write_text("x")
        os.symlink("target", self.server.path("inside-link"))
        os.symlink(outside, self.server.path("outside-link"))
        client = self.login()
        client.expect(250, "DELE inside-link")
        client.expect(250, "DELE outside-link")
        self.assertTrue(self.server.path("target").exists() and outside.exists())

    def test_file_without_rights(self):
        self.server.write("locked", mode=0)
        self.login().expect(250, "DELE locked")

    def test_special_files(self):  # C11
        os.mkfifo(self.server.path("fifo"))
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind(str(self.server.path("socket")))
        client = self.login()
        client.expect(250, "DELE fifo")
        client.expect(250, "DELE socket")
        self.assertEqual(list(self.server.home().iterdir()), [])

    def test_hidden_names_do_not_exist(self):  # C17
        hidden = self.server.write(".cellftpd-upload-x")
        self.server.at_end(lambda: hidden.unlink(missing_ok=True))
        self.login().expect(550, "DELE .cellftpd-upload-x")
        self.assertTrue(hidden.exists())

    def test_read_only_account(self):
        self.server.add_user("reader", PASSWORD, "--read-only")
        self.server.write("a", b"x", "reader")
        self.login("reader").expect(550, "DELE a")
        self.assertTrue(self.server.path("a", "reader").exists())


if __name__ == "__main__":
    main()
