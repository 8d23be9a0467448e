"""Regression row L01: what a stranger names himself or a file forges nothing in the logs (CVE_TESTS section 11)."""

import contextlib
import os

from harness import ServerTest, main

LINE = '2026-11-22T17:04:21.123Z auth accepted remote=192.0.2.1 port=1 user="root" session=0123456789abcdef'
NAMES = (
    "\x1b]0;title\x07\x1b[2J",
    'quote"s',
    '" session=0123456789abcdef',
    "back\\slash\\",
    "\\x0a",
    '\\" remote=192.0.2.1',
    "line\u2028separator\u2029",
    "\u202ereversed",
    "\x85next line\x9b2J",
    "de\x7fl\tete",
    os.fsdecode(b"\xfe\xc0\xae\xed\xa0\x80"),
    "%s%n{0}$(id)`id`",
    " leading and trailing ",
    "gr\u00fc\u00df \u20ac \U0001f600",
    LINE,
)
LINE_FEEDS = (b"x\0" + LINE.encode(), b"x\n" + LINE.encode(), b"x\r" + LINE.encode(), b"x\r\0" + LINE.encode())
KINDS = ("connections", "auth", "files", "admin")


class Injection(ServerTest):
    def leave(self, client):
        """All that the client has done is in the logs then."""
        client.quit()
        self.assertEqual(client.wait(), 0)

    def count(self, kind):
        return len(self.server.logs(kind))

    def test_L01_names_of_users(self):
        """One record for each, which gives the name back as it was sent."""
        for name in NAMES:
            with self.subTest(name=name):
                before = self.count("auth")
                client = self.connect()
                client.expect(331, f"USER {name}")
                client.expect(530, "PASS wrong")
                self.leave(client)
                records = self.server.logs("auth")[before:]
                self.assertEqual([(record["word"], record["user"]) for record in records], [("refused", name)])
        self.server.expect_log("auth", "accepted", count=0)

    def test_L01_names_that_are_too_long(self):
        for size in (129, 1000, 8000, 10000, 100000):
            with self.subTest(size=size):
                client = self.connect()
                client.loose = True
                before = self.count("auth")
                with contextlib.suppress(ConnectionError):
                    client.raw(b'USER "' + b"\x1b\\" * (size // 2) + b"\r\nPASS wrong\r\nQUIT\r\n")
                with contextlib.suppress(AssertionError, ConnectionError):
                    while client.read_reply().code not in (221, 421):
                        pass
                client.close()
                client.wait()
                records = self.server.logs("auth")[before:]
                self.assertLessEqual(len(records), 1)
                for record in records:  # the beginning of it
                    self.assertEqual(record["word"], "refused")
                    self.assertTrue(('"' + "\x1b\\" * size).startswith(record["user"]), record["user"])

    def test_L01_names_of_files_that_are_too_long(self):
        for size in (256, 4000, 5000, 8000, 10000):
            with self.subTest(size=size):
                name = '"\x1b\\' * (size // 3)
                client = self.login()
                before = self.count("files")
                self.assertIn(client.command(f"MKD {name}").code, (500, 501, 550, 553))
                self.leave(client)
                records = self.server.logs("files")[before:]
                self.assertEqual(len(records), 1 if size < 8192 else 0)  # the longest line is 8 KiB
                for record in records:
                    self.assertEqual(record["word"], "refused")
                    self.assertTrue(f"/{name}".startswith(record["path"]), record["path"])

    def test_L01_line_feeds_in_names(self):
        """A line feed, a return or a zero byte never reaches a name: it ends the command, or the command is refused."""
        for name in LINE_FEEDS:
            with self.subTest(name=name):
                client = self.login()
                client.loose = True
                before = {kind: self.count(kind) for kind in KINDS}
                client.raw(b"MKD " + name + b"\r\nDELE " + name + b"\r\n")
                client.raw(b"QUIT\r\n")
                while client.read_reply().code != 221:
                    pass
                client.close()
                client.wait()
                for kind in KINDS:
                    for record in self.server.logs(kind)[before[kind] :]:
                        self.assertEqual(record["remote"], "127.0.0.1")
                        self.assertIn(record.get("user"), (None, "alice"))
                        self.assertNotIn("\n", "".join(record.values()))
        self.assertEqual({path.name for path in self.server.home().iterdir()} - {"x"}, set())

    def test_L01_names_of_files(self):
        """Whatever can be the name of a file: one record for every command."""
        for name in NAMES:
            with self.subTest(name=name):
                client = self.login()
                before = self.count("files")
                data = client.passive()
                client.send(f"STOR {name}")
                if client.read_reply().code != 150:
                    data.close()
                    self.leave(client)
                    self.check_records(before, [("refused", f"/{name}")])
                    continue
                data.handshake().close()
                client.read(226)
                client.expect(350, f"RNFR {name}")
                client.expect(250, f"RNTO {name}2")
                client.expect(250, f"DELE {name}2")
                client.expect(550, f"DELE {name}")
                self.leave(client)
                self.check_records(
                    before,
                    [("upload", f"/{name}"), ("rename", f"/{name}"), ("delete", f"/{name}2"), ("refused", f"/{name}")],
                )

    def check_records(self, before, expected):
        records = self.server.logs("files")[before:]
        self.assertEqual([(record["word"], record["path"]) for record in records], expected)

    def test_L01_a_directory_with_a_line_feed(self):
        """No client can send one, but a folder may have it, and a link lead there."""
        self.server.mkdir("real/a\nb")
        self.server.path("link").symlink_to("real/a\nb")
        client = self.login()
        client.expect(250, "CWD link")
        client.expect(257, f"MKD {LINE}")
        self.leave(client)
        self.server.expect_log("files", "mkdir", path=f"/real/a\nb/{LINE}")
        self.assertEqual(self.count("files"), 1)


if __name__ == "__main__":
    main()
