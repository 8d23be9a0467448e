"""The regression list, section 4, second part: encodings, text mode, dates and choices (rows E08 to E11)."""

import os
import random

from harness import ServerTest, main, slow

SCRATCH = 256 * 1024  # of src/session/session.h: text is converted in pieces of it


class Encoding(ServerTest):
    def names(self):
        return sorted(os.fsencode(name) for name in os.listdir(self.server.home()))

    def test_E08_bytes_are_kept(self):
        """Names are bytes: what is no UTF-8 comes back as it was sent, or was refused."""
        client = self.login()
        for name in (
            b"\xc0\xae\xc0\xae",  # ".." in too many bytes
            b"\xe0\x80\xae",
            b"\xf0\x80\x80\xaf",  # "/"
            b"\xed\xa0\x80\xed\xb0\x80",  # surrogates
            b"\xed\xa0\x80",
            "\U0001f600".encode(),
            "\U0010ffff".encode(),
            b"\xf4\x90\x80\x80",  # above U+10FFFF
            b"\x80",
            b"caf\xe9",
            b"\xfe",
            "e\u0301".encode(),  # not normalised
            "\u00e9".encode(),
            "\u202egnp.exe".encode(),
            "\uff0e\uff0e".encode(),  # looks like ".."
            "\u2025".encode(),
        ):
            with self.subTest(name=name):
                text = os.fsdecode(name)
                client.stor(text, name)
                self.assertEqual(self.names(), [name])
                self.assertEqual(client.retr(text), name)
                self.assertEqual(client.names(), [text])
                self.assertIn(text, client.facts())
                self.assertTrue(client.list()[-1].endswith(f" {text}"))
                client.expect(250, f"DELE {text}")

    def test_E08_no_other_way_to_write_dots_and_slashes(self):
        self.server.mkdir("a")
        client = self.login()
        client.expect(250, "CWD a")
        for up in (
            b"\xc0\xae\xc0\xae",
            b"\xe0\x80\xae\xe0\x80\xae",
            b"..\xc0\xaf",
            b"\xc0\xae\xc0\xae\xc0\xaf",
            b"%2e%2e",
        ):
            for command in (b"CWD " + up, b"CWD " + up + b"/", b"MLST " + up + b"/a", b"SIZE " + up + b"/a/x"):
                with self.subTest(command=command):
                    client.raw(command + b"\r\n")
                    client.read(550)
        self.assertTrue(client.expect(257, "PWD").text.startswith('"/a" '))

    def test_E08_options(self):
        self.check_replies(self.login(), [("OPTS UTF8 ON", 200), ("OPTS UTF8 OFF", 504)])
        self.assertIn("UTF8", [line.strip() for line in self.login().expect(211, "FEAT").lines])


class Text(ServerTest):
    def text_client(self):
        client = self.login()
        client.expect(200, "TYPE A")
        return client

    def check_upload(self, client, sent):
        client.stor("a", sent)
        self.assertEqual(self.server.read("a"), sent.replace(b"\r\n", b"\n"))

    def check_download(self, client, content):
        self.server.write("a", content)
        self.assertEqual(client.retr("a"), content.replace(b"\n", b"\r\n"))

    def test_E09_at_the_edges_of_pieces(self):
        """A line end lies across every place where the server may cut."""
        client = self.text_client()
        edges = [1 << 16, SCRATCH // 2, SCRATCH]
        lengths = [length for edge in edges for length in range(edge - 4, edge + 4)]
        for length in lengths[:: slow()]:
            for end in (b"\r\n", b"\n", b"\r", b"\r\r\n", b"\n\r", b"\r\n\r\n", b"\n\n\n\n"):
                with self.subTest(length=length, end=end):
                    self.check_upload(client, b"x" * length + end + b"y" * 10)
                    self.check_upload(client, b"x" * length + end)
                    self.check_download(client, b"x" * length + end + b"y" * 10)
                    self.check_download(client, b"x" * length + end)

    def test_E09_only_line_ends(self):
        """Text that doubles, for 10 MB."""
        client = self.text_client()
        for unit in (b"\n", b"\r", b"\r\n"):
            for shift in (b"", b"x"):
                with self.subTest(unit=unit, shift=shift):
                    content = shift + unit * (10000000 // len(unit))
                    self.check_upload(client, content)
                    self.check_download(client, content)

    def test_E09_split_at_every_offset(self):
        client = self.text_client()
        text = b"a\r\nb\rc\nd\r\r\n\r\n\n\re"
        for first in range(len(text) + 1):
            with self.subTest(first=first):
                data = client.begin("STOR a")
                for part in (text[:first], text[first:]):
                    data.send(part)
                    client.expect(200, "NOOP")
                data.close()
                client.read(226)
                self.assertEqual(self.server.read("a"), text.replace(b"\r\n", b"\n"))

    def test_E09_round_trip(self):
        """What was downloaded as text and is uploaded as text is the same file again."""
        client = self.text_client()
        for seed in range(20):
            rest = random.Random(seed)
            content = b"".join(rest.choice((b"\n", b"\r", b"\r\n", b"x", b"yy")) for _ in range(100000))
            with self.subTest(seed=seed):
                self.server.write("a", content)
                client.stor("b", client.retr("a"))
                self.assertEqual(self.server.read("b"), content)

    def test_E09_size_as_text(self):
        self.server.write("a", b"1\n2\n")
        client = self.text_client()
        client.expect(550, "SIZE a")
        client.expect(200, "TYPE I")
        client.expect(213, "SIZE a")


class Dates(ServerTest):
    # As RFC 3659 section 2.3 has it, and the time it means; None: there is no such time.
    DATES = (
        ("00000000000000", None),
        ("20010001000000", None),
        ("20011301000000", None),
        ("20010100000000", None),
        ("20010132000000", None),
        ("20010230000000", None),
        ("20010229000000", None),
        ("19000229000000", None),
        ("20000229000000", 951782400),
        ("20040229120000", 1078056000),
        ("20010431000000", None),
        ("20010101240000", None),
        ("20010101006000", None),
        ("20010101000061", None),
        ("20010101000099", None),
        ("20161231235960", 1483228800),  # a leap second is the next minute
        ("20010909014640", 1000000000),
        ("20010909014640.", None),
        ("20010909014640.5", 1000000000.5),
        ("20010909014640.000", 1000000000),
        ("20010909014640.5x", None),
        ("20010909014640.-5", None),
        ("19700101000000", 0),
        ("19691231235959", -1),
        ("20380119031408", 2147483648),
        ("21060207062816", 4294967296),
        ("2001090901464", None),
        ("200109090146400", None),
        ("-2001090901464", None),
        ("+2001090901464", None),
        ("20010909T01464", None),
        ("2001-09-09", None),
        ("20010909 01464", None),
        ("２００１０９０９０１４６４０", None),
        ("9" * 14, None),
        ("9" * 4000, None),
        ("%s%n%s%n%s%n%s", None),
    )

    def check(self, form):
        client = self.login()
        for date, seconds in self.DATES:
            with self.subTest(date=date[:20]):
                self.server.write("a", b"x", mtime=12345)
                code = client.command(form.format(date)).code
                if seconds is None:
                    # With MDTM it is then a question about a file of that name.
                    self.assertIn(code, (501, 550) if form.startswith("MDTM") else (501,))
                    self.assertEqual(self.server.path("a").stat().st_mtime, 12345)
                else:
                    self.assertIn(code, (200, 213))
                    self.assertEqual(self.server.path("a").stat().st_mtime, seconds)

    def test_E10_mfmt(self):
        self.check("MFMT {} a")

    def test_E10_mdtm(self):
        self.check("MDTM {} a")

    def test_E10_mff(self):
        self.check("MFF modify={}; a")

    def test_E10_site_utime(self):
        client = self.login()
        for date, seconds in self.DATES:
            with self.subTest(date=date[:20]):
                self.server.write("a", b"x", mtime=12345)
                code = client.command(f"SITE UTIME {date} a").code
                whole = seconds is not None and "." not in date
                self.assertEqual(code, 200 if whole else 501)
                self.assertEqual(self.server.path("a").stat().st_mtime, seconds if whole else 12345)

    def test_E10_years_far_away(self):
        """What the file system cannot hold is not said to have been set."""
        client = self.login()
        for date in ("00010101000000", "99991231235959", "19000101000000", "25000101000000"):
            with self.subTest(date=date):
                self.server.write("a", b"x", mtime=12345)
                reply = client.command(f"MFMT {date} a")
                self.assertIn(reply.code, (213, 501, 550))
                after = client.expect(213, "MDTM a").text
                self.assertRegex(after, r"^\d{14}$")
                if reply.code == 213:
                    self.assertEqual(reply.text, f"Modify={after}; a")
                else:
                    self.assertEqual(after, "19700101032545")

    def test_E10_files_with_odd_times(self):
        self.server.write("old", b"x", mtime=-(2**31))
        self.server.write("new", b"x", mtime=2**33)
        client = self.login()
        for name, date in (("old", "19011213204552"), ("new", "22420316125632")):
            with self.subTest(name=name):
                self.assertEqual(client.expect(213, f"MDTM {name}").text, date)
                self.assertEqual(client.facts()[name]["modify"], date)
                self.assertEqual(sum(line.endswith(f" {name}") for line in client.list()), 1)


class Choices(ServerTest):
    GOOD = ("TYPE A", "TYPE A N", "TYPE A T", "TYPE I", "TYPE L 8", "MODE S", "STRU F")
    BAD = (
        ("TYPE E", 504),
        ("TYPE E N", 504),
        ("TYPE A C", 504),
        ("TYPE L 7", 504),
        ("TYPE L 0", 504),
        ("TYPE L 36", 504),
        ("TYPE L 264", 504),  # 8 in one byte
        ("MODE B", 504),
        ("MODE C", 504),
        ("STRU R", 504),
        ("STRU P", 504),
        ("TYPE", 501),
        ("MODE", 501),
        ("STRU", 501),
        ("TYPE X", 501),
        ("TYPE AN", 501),
        ("TYPE I N", 501),
        ("TYPE  I", 501),
        ("TYPE I ", 501),
        ("MODE S S", 501),
        ("MODE X", 501),
        ("STRU X", 501),
        ("STRU FF", 501),
    )

    def test_E11_refused_values_change_nothing(self):
        self.server.write("a", b"1\n2\n")
        client = self.login()
        for kind, expected in (("TYPE A", b"1\r\n2\r\n"), ("TYPE I", b"1\n2\n")):
            client.expect(200, kind)
            state = [line for line in client.expect(211, "STAT").lines if "Type" in line]
            for command, code in self.BAD:
                with self.subTest(kind=kind, command=command):
                    reply = client.expect(code, command)
                    self.assertNotIn(" is now ", reply.text)
                    self.assertEqual([line for line in client.expect(211, "STAT").lines if "Type" in line], state)
                    self.assertEqual(client.retr("a"), expected)

    def test_E11_good_values(self):
        self.check_replies(self.login(), [(command, 200) for command in self.GOOD])


if __name__ == "__main__":
    main()
