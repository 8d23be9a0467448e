"""HASH (draft-bryan-ftpext-hash): the digest of a file or of a range of it."""

import hashlib
import os
import zlib

from harness import ServerTest, main


class Hash(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("HASH x", "HASH")

    def test_default(self):
        content = os.urandom(3000001)
        self.server.write("d/a b", content)
        client = self.login()
        digest = hashlib.sha256(content).hexdigest()
        self.assertEqual(client.expect(213, "HASH d/a b").text, f"SHA-256 0-3000001 {digest} d/a b")
        self.server.expect_log("files", "hash", path="/d/a b", user="alice", remote="127.0.0.1")

    def test_algorithms(self):
        content = os.urandom(100000)
        self.server.write("a", content)
        client = self.login()
        for name, digest in (
            ("SHA-512", hashlib.sha512(content).hexdigest()),
            ("SHA-1", hashlib.sha1(content).hexdigest()),
            ("MD5", hashlib.md5(content).hexdigest()),
            ("CRC32", f"{zlib.crc32(content):08x}"),
            ("SHA-256", hashlib.sha256(content).hexdigest()),
        ):
            with self.subTest(name=name):
                client.expect(200, f"OPTS HASH {name}")
                self.assertEqual(client.expect(213, "HASH a").text, f"{name} 0-100000 {digest} a")

    def test_empty_file(self):
        self.server.write("a")
        self.assertEqual(self.login().expect(213, "HASH a").text, f"SHA-256 0-0 {hashlib.sha256().hexdigest()} a")

    def test_range(self):
        self.server.write("a", b"0123456789")
        client = self.login()
        client.expect(350, "RANG 2 4")
        text = client.expect(213, "HASH a").text
        self.assertIn(hashlib.sha256(b"234").hexdigest(), text)
        self.assertIn(hashlib.sha256(b"0123456789").hexdigest(), client.expect(213, "HASH a").text)

    def test_refusals(self):
        self.server.mkdir("d")
        self.server.write("locked", b"x", mode=0)
        os.mkfifo(self.server.path("fifo"), 0o666)
        os.symlink("/etc/passwd", self.server.path("out"))
        self.check_replies(
            self.login(),
            [("HASH nosuch", 550), ("HASH locked", 550), ("HASH fifo", 550), ("HASH out", 550), ("HASH", 501)],
        )
        self.assertIn(self.login().command("HASH d").code, (550, 553))
        self.server.expect_log("files", "hash", count=0)

    def test_can_be_aborted(self):  # P12
        os.truncate(self.server.write("sparse"), 200 << 30)
        client = self.login()
        client.send("HASH sparse")
        client.expect(200, "NOOP")
        client.send("ABOR")
        client.read(451)
        client.read(226)
        client.expect(200, "NOOP")


class Limit(ServerTest):
    config = {"transfer": {"hash": "1 s"}}

    def test_time_is_limited(self):  # P12
        os.truncate(self.server.write("sparse"), 200 << 30)
        client = self.login()
        client.expect(450, "HASH sparse")
        client.expect(200, "NOOP")


if __name__ == "__main__":
    main()
