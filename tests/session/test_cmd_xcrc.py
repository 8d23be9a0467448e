"""XCRC: the CRC-32 of a file or of a range of it."""

import os
import zlib

from harness import ServerTest, main


class Xcrc(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("XCRC x", "XCRC")

    def test_digest(self):
        content = os.urandom(100000)
        self.server.write("a b", content)
        self.assertEqual(self.login().expect(250, "XCRC a b").text.split()[0], f"{zlib.crc32(content):08X}")
        self.server.expect_log("files", "hash", path="/a b", user="alice", command="XCRC")

    def test_range(self):
        content = b"0123456789"
        self.server.write("a", content)
        self.server.write("two words", content)
        client = self.login()
        for argument, part in (
            ("a 0 10", content),
            ("a 2 5", content[2:5]),
            ("two words 2 5", content[2:5]),
            ('"two words" 2 5', content[2:5]),
            ('"a"', content),
        ):
            with self.subTest(argument=argument):
                self.assertEqual(client.expect(250, f"XCRC {argument}").text.split()[0], f"{zlib.crc32(part):08X}")

    def test_leading_zeros(self):
        number = next(n for n in range(1000000) if zlib.crc32(str(n).encode()) < 0x01000000)
        self.server.write("a", str(number).encode())
        self.assertEqual(len(self.login().expect(250, "XCRC a").text.split()[0]), 8)

    def test_refusals(self):  # E05
        self.server.write("a", b"0123456789")
        self.server.mkdir("d")
        client = self.login()
        self.check_replies(client, [("XCRC nosuch", 550), ("XCRC d", 550), ("XCRC", 501)])
        for argument in ("a 5 2", "a 18446744073709551617 18446744073709551618", "a 11 12"):
            with self.subTest(argument=argument):
                self.assertIn(client.command(f"XCRC {argument}").code, (501, 550, 554))


if __name__ == "__main__":
    main()
