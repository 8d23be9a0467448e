"""XSHA256: the SHA-256 digest of a file or of a range of it."""

import hashlib
import os

from harness import ServerTest, main


class Xsha256(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("XSHA256 x", "XSHA256")

    def test_digest(self):
        content = os.urandom(100000)
        self.server.write("a b", content)
        found = self.login().expect(250, "XSHA256 a b").text.split()[0]
        self.assertEqual(found, hashlib.sha256(content).hexdigest().upper())
        self.server.expect_log("files", "hash", path="/a b", user="alice", command="XSHA256")

    def test_range(self):
        self.server.write("a", b"0123456789")
        found = self.login().expect(250, "XSHA256 a 2 5").text.split()[0]
        self.assertEqual(found, hashlib.sha256(b"234").hexdigest().upper())

    def test_refusals(self):
        self.server.mkdir("d")
        self.check_replies(self.login(), [("XSHA256 nosuch", 550), ("XSHA256 d", 550), ("XSHA256", 501)])
        self.server.expect_log("files", "hash", count=0)


if __name__ == "__main__":
    main()
