"""APPE (RFC 959 section 4.1.3): writes to the end of a file, one writer at a time."""

import os

from harness import PASSWORD, ServerTest, main


class Appe(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("APPE x", "APPE")

    def test_new_and_existing(self):
        client = self.login()
        client.appe("a", b"one")
        self.assertEqual(self.server.read("a"), b"one")
        self.assert_mode("a", 0o640)
        client.appe("a", b"two" * 100000)
        self.assertEqual(self.server.read("a"), b"one" + b"two" * 100000)
        self.server.expect_log("files", "upload", path="/a", bytes=3, user="alice", remote="127.0.0.1")
        self.server.expect_log("files", "upload", path="/a", bytes=300000)

    def test_mode_of_an_existing_file_stays(self):
        self.server.write("a", b"x", mode=0o604)
        self.login().appe("a", b"y")
        self.assert_mode("a", 0o604)
        self.assertEqual(self.server.read("a"), b"xy")

    def test_broken_off_loses_nothing_of_what_was_there(self):
        self.server.write("a", b"old")
        client = self.login()
        data = client.begin("APPE a")
        data.send(b"y" * 5000)
        data.reset()
        client.read(426)
        content = self.server.read("a")
        self.assertEqual(content, b"old" + b"y" * (len(content) - 3))
        self.server.expect_log("files", "upload-failed", path="/a")

    def test_one_writer_at_a_time(self):  # F02
        self.server.write("a", b"old")
        first, second = self.login(), self.login()
        data = first.begin("APPE a")
        data.send(b"A")
        second.passive()
        second.expect(450, "APPE a")
        data.send(b"A")
        data.close()
        first.read(226)
        self.assertEqual(self.server.read("a"), b"oldAA")
        second.appe("a", b"B")
        self.assertEqual(self.server.read("a"), b"oldAAB")

    def test_ascii(self):
        self.server.write("a", b"1\n")
        client = self.login()
        client.expect(200, "TYPE A")
        client.appe("a", b"2\r\n")
        self.assertEqual(self.server.read("a"), b"1\n2\n")

    def test_refusals(self):
        self.server.mkdir("d")
        self.server.write("locked", b"x", mode=0o400)
        os.mkfifo(self.server.path("fifo"), 0o666)
        os.symlink("/etc/passwd", self.server.path("link"))
        client = self.login()
        for name in ("d", "/", "nosuch/a", "locked", "fifo", ".cellftpd-upload-x", "x" * 256):
            with self.subTest(name=name[:30]):
                client.passive()
                self.assertIn(client.command(f"APPE {name}").code, (550, 553))
        client.expect(501, "APPE")
        self.server.expect_log("files", "upload", count=0)

    def test_without_an_address(self):
        self.login().expect(425, "APPE a")
        self.assertEqual(os.listdir(self.server.home()), [])

    def test_read_only_account(self):
        self.server.add_user("reader", PASSWORD, "--read-only")
        self.server.write("a", b"x", "reader")
        client = self.login("reader")
        client.passive()
        client.expect(550, "APPE a")
        self.assertEqual(self.server.read("a", "reader"), b"x")


if __name__ == "__main__":
    main()
