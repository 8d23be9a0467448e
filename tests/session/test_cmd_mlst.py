"""MLST (RFC 3659 section 7): the facts of one name, over the control connection."""

import os

from harness import ServerTest, main
from harness.client import parse_facts


class Mlst(ServerTest):
    def mlst(self, client, name=""):
        """The path and the facts."""
        reply = client.expect(250, f"MLST {name}" if name else "MLST")
        self.assertEqual(len(reply.lines), 3, reply)
        self.assertTrue(reply.lines[1].startswith(" "), reply)
        return parse_facts(reply.lines[1][1:])

    def test_needs_login(self):
        self.check_needs_login("MLST", "MLST nosuch", "MLST /")

    def test_file_and_directory(self):
        self.server.write("d/a b", b"12345", mode=0o600, mtime=1000000000)
        client = self.login()
        path, facts = self.mlst(client, "d/a b")
        self.assertEqual(path, "/d/a b")
        self.assertEqual(
            (facts["type"], facts["size"], facts["modify"], facts["unix.mode"]), ("file", "5", "20010909014640", "0600")
        )
        client.expect(250, "CWD d")
        for name, expected in (("", "/d"), ("/", "/"), ("..", "/"), (".", "/d")):
            with self.subTest(name=name):
                path, facts = self.mlst(client, name)
                self.assertEqual(path, expected)
                self.assertIn(facts["type"], ("dir", "cdir", "pdir"))

    def test_facts_are_those_of_mlsd(self):
        self.server.write("a", b"x")
        client = self.login()
        self.assertEqual(self.mlst(client, "a")[1], client.facts()["a"])

    def test_missing(self):  # C02
        os.symlink("/etc/passwd", self.server.path("out"))
        os.symlink("/nosuch", self.server.path("dangling"))
        client = self.login()
        client.expect(550, "MLST nosuch")
        replies = [client.command(f"MLST {name}") for name in ("out", "dangling")]
        self.assertEqual(replies[0].code, replies[1].code)
        self.assertNotIn("passwd", str(replies[0]).replace("out", ""))
        self.check_replies(
            client, [("MLST /etc/passwd", 550), ("MLST " + "x" * 256, 550), ("MLST .cellftpd-upload-x", 550)]
        )

    def test_follows_opts(self):
        self.server.write("a", b"12345")
        client = self.login()
        client.expect(200, "OPTS MLST modify;")
        self.assertEqual(list(self.mlst(client, "a")[1]), ["modify"])


if __name__ == "__main__":
    main()
