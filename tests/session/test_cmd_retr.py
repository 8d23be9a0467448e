"""RETR (RFC 959 section 4.1.3): downloads, byte for byte, and what is said when one cannot be finished."""

import os
import socket

from harness import ServerTest, main


class Retr(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("RETR x", "RETR")

    def test_bytes(self):
        client = self.login()
        for size in (0, 1, 4096, 65536, 65537, 5000003):
            with self.subTest(size=size):
                content = os.urandom(size)
                self.server.write("a", content)
                self.assertEqual(client.retr("a"), content)
                self.server.expect_log("files", "download", path="/a", bytes=size, user="alice", remote="127.0.0.1")

    def test_names(self):
        client = self.login()
        for name in ("a b", "ä 漢", "-rf", 'quo"te', "d/inner", "a*b", "%s%n", "trailing ", "back\\slash", "x" * 255):
            with self.subTest(name=name):
                self.server.write(name, name.encode())
                self.assertEqual(client.retr(name), name.encode())
                self.server.expect_log("files", "download", path=f"/{name}")

    def test_name_that_is_no_utf8(self):
        name = os.fsdecode(b"caf\xe9")
        self.server.write(name, b"latin")
        self.assertEqual(self.login().retr(name), b"latin")
        self.server.expect_log("files", "download", path=f"/{name}")

    def test_name_with_0xff(self):
        self.server.write(os.fsdecode(b"a\xffb"), b"x")
        client = self.login()
        data = client.passive()
        client.raw(b"RETR a\xff\xffb\r\n")  # telnet: IAC IAC is the byte itself
        client.read(150)
        self.assertEqual(data.receive_all(), b"x")
        client.read(226)

    def test_refused_before_anything_else(self):
        self.server.mkdir("d")
        self.server.write("locked", b"x", mode=0)
        self.server.write("file")
        client = self.login()
        for name in (
            "nosuch",
            "d",
            "locked",
            "file/x",
            "/",
            "..",
            "/etc/passwd",
            "/proc/self/environ",
            "/dev/zero",
            "x" * 256,
        ):
            with self.subTest(name=name[:30]):
                client.passive()
                client.expect(550, f"RETR {name}")
        client.expect(501, "RETR")
        self.server.expect_log("files", "download", count=0)

    def test_without_an_address(self):
        self.server.write("a", b"x")
        self.login().expect(425, "RETR a")

    def test_links(self):  # C02
        self.server.write("d/real", b"inside")
        (self.server.directory / "outside").write_text("outside")
        for name, target in (
            ("in", "d/real"),
            ("abs", "/d/real"),
            ("out", str(self.server.directory / "outside")),
            ("passwd", "/etc/passwd"),
            ("up", "../../../../../etc/passwd"),
            ("dangling", "/nosuch"),
        ):
            os.symlink(target, self.server.path(name))
        client = self.login()
        self.assertEqual(client.retr("in"), b"inside")
        self.assertEqual(client.retr("abs"), b"inside")
        texts = set()
        for name in ("out", "passwd", "up", "dangling", "nosuch"):
            client.passive()
            texts.add(client.expect(550, f"RETR {name}").text.replace(name, "NAME"))
        self.assertEqual(len(texts), 1, texts)

    def test_special_files(self):  # C11
        os.mkfifo(self.server.path("fifo"), 0o666)
        os.mknod(self.server.path("zero"), 0o20666, os.makedev(1, 5))
        with socket.socket(socket.AF_UNIX) as unix:
            unix.bind(str(self.server.path("socket")))
        client = self.login()
        for name in ("fifo", "zero", "socket"):
            with self.subTest(name=name):
                client.passive()
                client.expect(550, f"RETR {name}")

    def test_hidden_names_do_not_exist(self):  # C17
        hidden = self.server.write(".cellftpd-upload-x", b"x")
        self.server.at_end(lambda: hidden.unlink(missing_ok=True))
        client = self.login()
        client.passive()
        client.expect(550, "RETR .cellftpd-upload-x")

    def test_ascii(self):  # E09
        client = self.login()
        client.expect(200, "TYPE A")
        for content in (b"", b"\n", b"a\nb", b"\n\n\n", b"x\n" * 200000, b"\n" * 65537, b"a\rb"):
            with self.subTest(content=content[:10]):
                self.server.write("a", content)
                self.assertEqual(client.retr("a"), content.replace(b"\n", b"\r\n"))

    def test_pipelined(self):
        self.server.write("a", b"hello")
        client = self.login()
        data = client.passive()
        client.raw(b"TYPE I\r\nRETR a\r\nPWD\r\nSIZE a\r\n")
        for code in (200, 150):
            client.read(code)
        self.assertEqual(data.receive_all(), b"hello")
        for code in (226, 257, 213):
            client.read(code)

    def test_commands_in_between_cannot_change_the_file(self):  # D11
        self.server.write("ok.txt", b"ok")
        self.server.write("d/ok.txt", b"wrong")
        self.server.write("other", b"wrong")
        client = self.login()
        address = client.epsv()
        client.raw(b"RETR ok.txt\r\nCWD d\r\nRNFR /other\r\nUSER bob\r\nREST 1\r\nTYPE A\r\nSIZE /other\r\n")
        data = client.dial(address)
        self.assertEqual(data.receive_all(), b"ok")
        self.assertEqual([client.read_reply().code for _ in range(8)], [150, 226, 250, 350, 530, 350, 200, 550])

    def test_noop_and_stat_are_answered_during_it(self):
        content = os.urandom(30000000)
        self.server.write("a", content)
        client = self.login()
        data = client.begin("RETR a")
        client.expect(200, "NOOP")
        client.expect(211, "STAT")
        client.send("PWD")  # waits its turn
        self.assertEqual(data.receive_all(), content)
        client.read(226)
        client.read(257)

    def test_client_breaks_off(self):  # D14
        self.server.write("a", b"x" * 50000000)
        client = self.login()
        data = client.begin("RETR a")
        data.receive(1000)
        data.reset()
        client.read(426)
        client.expect(200, "NOOP")
        self.server.expect_log("files", "download-failed", path="/a", user="alice")
        self.server.expect_log("files", "download", count=0)

    def test_control_connection_breaks_off(self):
        self.server.write("a", b"x" * 50000000)
        client = self.login()
        data = client.begin("RETR a")
        data.receive(1000)
        client.reset()
        self.assertEqual(client.wait(), 0)
        self.server.expect_log("files", "download-failed", path="/a")

    def test_file_shrinks_during_it(self):  # F06
        path = self.server.write("a", b"x" * 50000000)
        client = self.login()
        data = client.begin("RETR a")
        data.receive(1000)
        os.truncate(path, 0)
        data.receive_all()
        client.read((426, 451))
        client.expect(200, "NOOP")

    def test_two_sessions_at_once(self):
        content = os.urandom(1000000)
        self.server.write("a", content)
        first, second = self.login(), self.login()
        one, two = first.begin("RETR a"), second.begin("RETR a")
        self.assertEqual(two.receive_all(), content)
        self.assertEqual(one.receive_all(), content)
        first.read(226)
        second.read(226)


class Stall(ServerTest):
    config = {"transfer": {"stall": "1 s"}}

    def test_client_that_never_reads(self):
        self.server.write("a", b"x" * 50000000)
        client = self.login()
        client.begin("RETR a")
        client.read(426)
        client.expect(200, "NOOP")
        self.server.expect_log("files", "download-failed", path="/a")


if __name__ == "__main__":
    main()
