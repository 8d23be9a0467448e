"""XMD5: the MD5 digest of a file or of a range of it."""

import hashlib
import os

from harness import ServerTest, main


class Xmd5(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("XMD5 x", "XMD5")

    def test_digest(self):
        content = os.urandom(100000)
        self.server.write("a b", content)
        found = self.login().expect(250, "XMD5 a b").text.split()[0]
        self.assertEqual(found, hashlib.md5(content).hexdigest().upper())
        self.server.expect_log("files", "hash", path="/a b", user="alice", command="XMD5")

    def test_range(self):
        self.server.write("a", b"0123456789")
        found = self.login().expect(250, "XMD5 a 2 5").text.split()[0]
        self.assertEqual(found, hashlib.md5(b"234").hexdigest().upper())

    def test_refusals(self):
        self.server.mkdir("d")
        self.check_replies(self.login(), [("XMD5 nosuch", 550), ("XMD5 d", 550), ("XMD5", 501)])
        self.server.expect_log("files", "hash", count=0)


if __name__ == "__main__":
    main()
