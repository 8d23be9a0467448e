"""STOR (RFC 959 section 4.1.3): uploads that are there completely or not at all."""

import os
import random

from harness import PASSWORD, ServerTest, main, wait_until


class Stor(ServerTest):
    def names(self):
        return sorted(os.listdir(self.server.home()))

    def test_needs_login(self):
        self.check_needs_login("STOR x", "STOR")

    def test_bytes(self):
        client = self.login()
        for size in (0, 1, 65536, 65537, 262145, 5000003):
            with self.subTest(size=size):
                content = os.urandom(size)
                client.stor(f"f{size}", content)
                self.assertEqual(self.server.read(f"f{size}"), content)
                self.server.expect_log(
                    "files", "upload", path=f"/f{size}", bytes=size, user="alice", remote="127.0.0.1"
                )

    def test_owner_and_mode(self):  # F09
        self.login().stor("a", b"x")
        found = self.server.path("a").stat()
        self.assertEqual((found.st_uid, found.st_gid, found.st_nlink), (self.server.uid(), self.server.uid(), 1))
        self.assert_mode("a", 0o640)

    def test_replaces(self):
        self.server.write("a", b"old content")
        client = self.login()
        client.stor("a", b"new")
        self.assertEqual((self.server.read("a"), self.names()), (b"new", ["a"]))

    def test_names(self):
        self.server.mkdir("d")
        client = self.login()
        for name in (
            "a b",
            "ä 漢",
            "-rf",
            'quo"te',
            "d/inner",
            "*",
            "%s%n",
            ";id",
            "$(id)",
            "|id",
            ".hidden",
            "trailing ",
            "x" * 255,
        ):
            with self.subTest(name=name[:30]):
                client.stor(name, name.encode())
                self.assertEqual(self.server.read(name), name.encode())
                self.server.expect_log("files", "upload", path=f"/{name}")

    def test_name_that_is_no_utf8(self):  # E08
        name = os.fsdecode(b"\xc0\xae\xc0\xae caf\xe9")
        self.login().stor(name, b"x")
        self.assertEqual(self.names(), [name])
        self.server.expect_log("files", "upload", path=f"/{name}")

    def test_names_that_are_not_allowed(self):  # E01 C17
        client = self.login()
        for name in (b"a\x01b", b"a\x1bb", b"a\x7fb", b"a\tb", b".cellftpd-upload-x", b"x" * 256):
            with self.subTest(name=name[:30]):
                client.passive()
                client.raw(b"STOR " + name + b"\r\n")
                client.read(553)
        for line in (b"STOR a\0b\r\n", b"STOR a\rb\r\n", b"STOR \r\0\r\n"):
            with self.subTest(line=line):
                client.passive()
                client.raw(line)
                client.read((501, 553))
        self.assertEqual(self.names(), [])

    def test_refused_before_anything_else(self):
        self.server.mkdir("d")
        self.server.mkdir("locked", mode=0o500)
        os.symlink("/etc/outside", self.server.path("link"))
        os.mkfifo(self.server.path("fifo"), 0o666)
        os.mknod(self.server.path("null"), 0o20666, os.makedev(1, 3))
        client = self.login()
        for name in ("d", "/", "..", "nosuch/a", "locked/a", "fifo", "null", "d/", "/proc/x"):
            with self.subTest(name=name):
                client.passive()
                self.assertIn(client.command(f"STOR {name}").code, (550, 553))
        client.expect(501, "STOR")
        self.server.expect_log("files", "upload", count=0)
        self.assertEqual(self.names(), ["d", "fifo", "link", "locked", "null"])

    def test_without_an_address(self):
        self.login().expect(425, "STOR a")
        self.assertEqual(self.names(), [])

    def test_invisible_until_complete(self):  # F03
        self.server.write("old", b"old")
        first, second = self.login(), self.login()
        for name, before in (("new", ["old"]), ("old", ["new", "old"])):
            with self.subTest(name=name):
                data = first.begin(f"STOR {name}")
                data.send(b"x" * 1000000)
                self.assertEqual(second.names(), before)
                self.assertEqual(sorted(second.facts())[-len(before) :], before)
                if name == "old":
                    self.assertEqual(second.retr("old"), b"old")
                else:
                    second.expect(550, "SIZE new")
                data.close()
                first.read(226)
                self.assertEqual(second.retr(name), b"x" * 1000000)

    def test_broken_off_under_a_new_name(self):  # D14
        client = self.login()
        data = client.begin("STOR a")
        data.send(b"y" * 5000)
        client.expect(211, "STAT")
        wait_until(lambda: any(p.stat().st_size == 5000 for p in self.server.home().iterdir()))
        data.reset()
        client.read(426)
        content = self.server.read("a")
        self.assertEqual(content, b"y" * len(content))
        client.expect(213, "SIZE a")
        client.stor("a", b"z" * 10, rest=len(content))
        self.assertEqual(self.server.read("a"), content + b"z" * 10)
        self.server.expect_log("files", "upload-failed", path="/a", user="alice", remote="127.0.0.1")
        self.server.expect_log("files", "upload", path="/a")

    def test_broken_off_over_an_existing_file(self):  # F01
        old = os.urandom(1000000)
        self.server.write("a", old)

        def reset(client, data):
            data.reset()
            client.read(426)

        def abort(client, data):
            client.send("ABOR")
            client.read(426)
            client.read(226)
            data.close()

        for ending in (reset, abort):
            with self.subTest(ending=ending.__name__):
                client = self.login()
                data = client.begin("STOR a")
                data.send(b"y" * 5000)
                ending(client, data)
                self.assertEqual((self.server.read("a"), self.names()), (old, ["a"]))

    def test_control_connection_breaks_off(self):  # F01
        self.server.write("a", b"old")
        client = self.login()
        data = client.begin("STOR a")
        data.send(b"y" * 5000)
        client.reset()
        self.assertEqual(client.wait(), 0)
        self.assertEqual((self.server.read("a"), self.names()), (b"old", ["a"]))

    def test_killed_in_the_middle(self):  # Q11
        self.server.write("a", b"old")
        self.server.allow_temporaries = True
        client = self.login()
        data = client.begin("STOR a")
        data.send(b"y" * 5000)
        client.loose, client.exit_status = True, None
        os.kill(client.session_pid, 9)
        client.wait()
        self.assertEqual(self.server.read("a"), b"old")
        again = self.login()
        self.assertEqual(again.names(), ["a"])
        again.stor("a", b"new")
        self.assertEqual(self.server.read("a"), b"new")

    def test_two_writers_of_one_name(self):  # F02
        first, second = self.login(), self.login()
        one, two = first.begin("STOR a"), second.passive()
        one.send(b"A" * 100000)
        second.send("STOR a")
        code = second.read_reply().code
        if code == 150:
            two.send(b"B" * 50000)
            two.close()
            code = second.read_reply().code
        one.send(b"A" * 100000)
        one.close()
        first.read(226)
        self.assertIn(code, (226, 450))
        self.assertIn(self.server.read("a"), (b"A" * 200000, b"B" * 50000))
        self.assertEqual(self.names(), ["a"])

    def test_rest_in_the_middle_replaces_only_when_complete(self):
        self.server.write("a", b"0123456789")
        client = self.login()
        client.expect(350, "REST 4")
        data = client.begin("STOR a")
        data.send(b"YY")
        self.assertEqual(self.server.read("a"), b"0123456789")
        data.close()
        client.read(226)
        self.assertEqual((self.server.read("a"), self.names()), (b"0123YY", ["a"]))

    def test_ascii(self):  # E09
        client = self.login()
        client.expect(200, "TYPE A")
        for sent, stored in (
            (b"a\r\nb\r\n", b"a\nb\n"),
            (b"a\nb", b"a\nb"),
            (b"a\rb", b"a\rb"),
            (b"a\r\r\nb", b"a\r\nb"),
            (b"\r", b"\r"),
            (b"\r\n" * 300000, b"\n" * 300000),
            (b"x" + b"\r\n" * 300000, b"x" + b"\n" * 300000),
        ):
            with self.subTest(sent=sent[:10]):
                client.stor("a", sent)
                self.assertEqual(self.server.read("a"), stored)

    def test_ascii_in_pieces(self):  # E09
        client = self.login()
        client.expect(200, "TYPE A")
        text = b"".join(random.choice((b"\r\n", b"\n", b"x", b"yy\r\n", b"\r")) for _ in range(2000)) + b"\r\n"
        data = client.begin("STOR a")
        position = 0
        while position < len(text):
            size = random.randrange(1, 9)
            data.send(text[position : position + size])
            position += size
        data.close()
        client.read(226)
        self.assertEqual(self.server.read("a"), text.replace(b"\r\n", b"\n"))

    def test_noop_and_stat_are_answered_during_it(self):
        client = self.login()
        data = client.begin("STOR a")
        data.send(b"x")
        client.expect(200, "NOOP")
        client.expect(211, "STAT")
        client.send("PWD")
        data.close()
        client.read(226)
        client.read(257)

    def test_link_to_outside_is_not_written(self):  # C02
        outside = self.server.directory / "outside"
        outside.write_bytes(b"safe")
        outside.chmod(0o666)
        os.symlink(outside, self.server.path("link"))
        client = self.login()
        data = client.passive()
        client.send("STOR link")
        if client.read_reply().code == 150:
            data.send(b"evil")
            data.close()
            client.read_reply()
        self.assertEqual(outside.read_bytes(), b"safe")

    def test_read_only_account(self):
        self.server.add_user("reader", PASSWORD, "--read-only")
        self.server.write("a", b"x", "reader")
        client = self.login("reader")
        for name in ("a", "new"):
            client.passive()
            client.expect(550, f"STOR {name}")
        self.assertEqual(client.retr("a"), b"x")
        self.assertEqual(os.listdir(self.server.home("reader")), ["a"])


class Options(ServerTest):
    config = {"files": {"keep_partial": False, "mode": "0600", "sync": True}, "transfer": {"stall": "1 s"}}

    def test_partial_is_not_kept(self):
        client = self.login()
        data = client.begin("STOR a")
        data.send(b"y" * 5000)
        data.reset()
        client.read(426)
        self.assertEqual(os.listdir(self.server.home()), [])

    def test_configured_mode_and_sync(self):
        self.login().stor("a", b"x")
        self.assert_mode("a", 0o600)
        self.assertEqual(self.server.read("a"), b"x")

    def test_client_that_never_sends(self):
        client = self.login()
        data = client.begin("STOR a")
        data.send(b"x")
        client.read(426)
        client.expect(200, "NOOP")
        self.assertEqual(os.listdir(self.server.home()), [])
        self.server.expect_log("files", "upload-failed", path="/a")


if __name__ == "__main__":
    main()
