"""OPTS (RFC 2389): options of other commands: UTF8, MLST, HASH."""

from harness import ServerTest, main


class Opts(ServerTest):
    def test_utf8(self):
        client = self.login()
        self.check_replies(
            client, [("OPTS UTF8 ON", 200), ("OPTS utf8 on", 200), ("OPTS UTF-8 ON", 200), ("OPTS UTF8 OFF", 504)]
        )

    def test_mlst(self):
        client = self.login()
        rows = (
            ("type;size;", "MLST OPTS type;size;"),
            ("SIZE;Type;", "MLST OPTS type;size;"),
            ("nosuch;size;", "MLST OPTS size;"),
            ("nosuch;", "MLST OPTS"),
            ("size;size;size;", "MLST OPTS size;"),
            ("unix.mode;perm;", "MLST OPTS perm;UNIX.mode;"),
        )
        for argument, expected in rows:
            with self.subTest(argument=argument):
                self.assertEqual(client.expect(200, f"OPTS MLST {argument}").text.rstrip().lower(), expected.lower())

    def test_mlst_with_spaces_changes_nothing(self):  # RFC 3659, section 7.9.2
        self.server.write("a", b"abc")
        client = self.login()
        client.expect(200, "OPTS MLST size;")
        for argument in ("unique type;", "type; size;", "type; "):
            with self.subTest(argument=argument):
                client.expect(501, f"OPTS MLST {argument}")
        self.assertIn("size=3; /a", client.expect(250, "MLST a").lines[1])

    def test_mlst_with_long_facts(self):  # E07
        client = self.login()
        client.expect(200, "OPTS MLST " + "type;" * 800)
        client.expect(200, "OPTS MLST " + "x" * 4000 + ";")
        client.expect(250, "MLST /")

    def test_hash(self):
        self.server.write("a", b"abc")
        client = self.login()
        self.assertIn("SHA-256", client.expect(200, "OPTS HASH").text)
        for name, digest in (
            ("SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d"),
            ("md5", "900150983cd24fb0d6963f7d28e17f72"),
            ("CRC32", "352441c2"),
        ):
            with self.subTest(name=name):
                self.assertIn(name.upper(), client.expect(200, f"OPTS HASH {name}").text)
                self.assertIn(digest, client.expect(213, "HASH a").text.lower())
        self.assertIn(client.command("OPTS HASH ROT13").code, (501, 504))
        self.assertIn("CRC32", client.expect(200, "OPTS HASH").text)

    def test_unknown(self):
        self.check_replies(self.login(), [("OPTS NOSUCH", 501), ("OPTS", 501), ("OPTS RETR x", 501)])
        self.assertIn(self.login().command("OPTS UTF8 MAYBE").code, (501, 504))


if __name__ == "__main__":
    main()
