"""The regression list, section 4: parsing, encoding, injection (rows E01 to E05 and E12; the others are
in test_rows_paths.py and test_rows_encoding.py)."""

import itertools
import os
import re
import shutil

from harness import ServerTest, main, tls


class Names(ServerTest):
    def on_disk(self):
        return sorted(os.fsencode(name) for name in os.listdir(self.server.home()))

    def test_E01_zero_byte_and_carriage_return(self):
        self.server.write("old", b"x")
        client = self.login()
        for byte, verb in itertools.product((b"\0", b"\r"), (b"MKD", b"XMKD", b"STOR", b"APPE", b"STOU", b"RNTO")):
            for name in (b"a%cb", b"%cb", b"a%c", b"a%c%cb", b"a/%cb"):
                name = name.replace(b"%c", byte)
                with self.subTest(verb=verb, name=name):
                    client.expect(350, "RNFR old")
                    client.passive()
                    client.raw(verb + b" " + name + b"\r\n")
                    # A last CR is half of a line end that was sent twice.
                    client.read((501, 553) if name != b"a\0" else (501, 553, 500))
                    client.expect(200, "NOOP")
        self.assertEqual(self.on_disk(), [b"old"])

    def test_E01_zero_byte_in_a_user_name(self):
        for name in (b"alice\0", b"alice\0x", b"\0alice", b"ali\0ce", b"alice\r\0"):
            with self.subTest(name=name):
                client = self.connect()
                client.raw(b"USER " + name + b"\r\n")
                client.read(501)
                client.expect(503, "PASS correct horse 1")

    def test_E01_line_feed_is_the_end_of_the_command(self):
        """A bare LF ends the line, so the rest is the next command and never a part of the name."""
        client = self.login()
        client.raw(b"MKD a\nNOOP\r\n")
        client.read(257)
        client.read(200)
        client.raw(b"MKD b\nc\r\n")
        client.read(257)
        client.read(500)
        client.raw(b"MKD \nNOOP\r\n")
        client.read(501)
        client.read(200)
        self.assertEqual(self.on_disk(), [b"a", b"b"])

    def test_E01_control_characters_one_by_one(self):
        self.server.write("old", b"x")
        client = self.login()
        for byte in (*range(1, 10), 11, 12, *range(14, 32), 127):
            name = b"a%cb" % byte
            with self.subTest(byte=byte):
                client.raw(b"MKD " + name + b"\r\n")
                client.read(553)
                client.expect(350, "RNFR old")
                client.raw(b"RNTO " + name + b"\r\n")
                client.read(553)
        self.assertEqual(self.on_disk(), [b"old"])

    def test_E02_names_that_were_made_elsewhere(self):
        harmless = ["213 End", "226 ok", " leading", "trailing ", "-la", "250 End.", 'quo"te', "type=dir;size=0; x"]
        nasty = [
            b"x\r\n226 ok",
            b"\r\n",
            b"x\n213 End",
            b"\x1b[2J\x1b]0;title\x07",
            b"a\tb",
            b"del\x7f",
            b"\x01",
            b"\n226",
        ]
        for name in harmless:
            self.server.write(name)
        for name in nasty:
            self.server.write(os.fsdecode(name))
        os.symlink("target\r\n226 ok", self.server.path("link"))
        count = len(harmless) + len(nasty) + 1
        client = self.login()
        # The client raises for every control character, unfinished line, and line that passes for a reply.
        for verb in ("LIST", "LIST -a", "NLST", "MLSD"):
            with self.subTest(verb=verb):
                lines = client.list(verb.partition(" ")[2], verb.partition(" ")[0])
                entries = [line for line in lines if not re.search(r"type=[cp]dir;| \.\.?$", line, re.IGNORECASE)]
                self.assertLessEqual(len(entries), count)
                for name in harmless:
                    self.assertEqual(sum(line == name or line.endswith(f" {name}") for line in entries), 1, name)
                client.expect(200, "NOOP")
        reply = client.expect(213, "STAT /")
        self.assertGreaterEqual(len(reply.lines), 2 + len(harmless))
        self.assertEqual([line for line in reply.lines[1:-1] if not line.startswith(" ")], [])
        client.expect(200, "NOOP")

    def test_E02_replies_that_show_such_a_name(self):
        for name in (b"\x1b[31mred", b"a\x01b", b"del\x7f"):
            self.server.mkdir(os.fsdecode(name))
            with self.subTest(name=name):
                client = self.login()
                for command, code in ((b"CWD " + name, 250), (b"PWD", 257), (b"MLST", 250), (b"MLST /" + name, 250)):
                    client.raw(command + b"\r\n")
                    client.read(code)
                client.expect(200, "NOOP")

    def test_E03_quotes_in_a_path(self):
        client = self.login()
        for name, quoted in (
            ('a"b', 'a""b'),
            ('"', '""'),
            ('""', '""""'),
            ('"a"', '""a""'),
            ('" is "', '"" is ""'),
            ("\\", "\\"),
        ):
            with self.subTest(name=name):
                self.assertTrue(client.expect(257, f"MKD {name}").text.startswith(f'"/{quoted}"'))
                client.expect(250, f"CWD {name}")
                self.assertTrue(client.expect(257, "PWD").text.startswith(f'"/{quoted}" '))
                client.expect(250, "CWD /")
                client.expect(250, f"RMD {name}")


class Verbs(ServerTest):
    config = {"login": {"delay": "0 s", "bad_commands": 1000, "attempts": 20}, "limits": {"waiting_per_address": 100}}

    def check_odd_lines(self, client):
        lines = [b"", b" ", b"   ", b"\t", b"\t\t", b'"', b'\\"', b'"NOOP"', b" NOOP", b"\tNOOP", b"%n%s", b"NO\tOP"]
        lines += [bytes([byte]) for byte in range(0x80, 0xFF)]
        lines += [b"NOOP" + bytes([byte]) for byte in range(0x80, 0xFF)]
        lines += [bytes([byte]) for byte in range(0x21, 0x7F)]
        lines += [bytes([byte]) * 300 for byte in (0x80, 0xE9, 0x22)]
        for line in lines:
            with self.subTest(line=line):
                client.raw(line + b"\r\n")
                client.read(500)
        client.raw(b"\n\n\nNOOP\r\n")
        for code in (500, 500, 500, 200):
            client.read(code)

    def test_E04_odd_lines(self):
        client = self.connect()
        self.check_odd_lines(client)
        client.login()
        self.check_odd_lines(client)
        client.quit()

    def verbs(self):
        """Every verb of the table."""
        lines = self.connect().expect(214, "HELP").lines[1:-1]
        found = re.findall(r"[A-Z][A-Z0-9]+", "\n".join(lines))
        self.assertGreater(len(found), 50)
        found += ["AUTH", "ACCT", "REIN", "SMNT", "PBSZ", "PROT", "XSEM"]
        # Under TLS, REIN ends it: test_cmd_rein.py.
        return [verb for verb in found if verb != "REIN" or not tls.default()]

    def check_every_verb(self, verbs, logged_in, after_user, argument):
        """One final reply each, then the next command is answered with its own."""
        client = self.login() if logged_in else self.connect()
        for verb in verbs:
            if verb == "QUIT" and argument in (b"", b" "):
                continue  # it would be obeyed
            with self.subTest(verb=verb, logged_in=logged_in, after_user=after_user):
                if after_user:
                    client.expect(331, "USER alice")
                client.raw(verb.encode() + argument + b"\r\n")
                reply = client.read_reply()
                self.assertNotEqual(reply.code, 230)
                # ABOR also forgets the listener of PASV and EPSV, so that no listing waits for its client.
                client.expect(*((226, "ABOR") if logged_in else (200, "NOOP")))
        client.quit()

    def test_E12_every_verb_with_any_argument(self):
        verbs = self.verbs()
        for argument in (b"", b" ", b" " * 100, b" " + b"x" * 4096, b" " + b"/" * 4096, b" \xff\xff\x80", b" %s%n"):
            with self.subTest(argument=argument[:8]):
                self.check_every_verb(verbs, False, False, argument)
                self.check_every_verb(verbs, False, True, argument)
                self.check_every_verb(verbs, True, False, argument)

    def test_E12_addresses_with_large_fields(self):
        client = self.login()
        huge = "9999999999"
        for command in (
            f"PORT {huge},0,0,1,200,1",
            f"PORT 127,0,0,1,{huge},1",
            f"PORT 127,0,0,1,200,{huge}",
            "PORT " + ",".join([huge] * 6),
            "PORT 127,0,0,1,4294967496,1",
            "PORT 256,0,0,1,200,1",
            "PORT 127,0,0,1,200",
            "PORT 127,0,0,1,200,1,1",
            "PORT 127,0,0,1,200,-1",
            "PORT 127,0,0,1,,",
            "PORT ,,,,,",
            f"EPRT |1|127.0.0.1|{huge}|",
            "EPRT |1|127.0.0.1|69632|",
            "EPRT |1|127.0.0.1.1|5000|",
            "EPRT |1|" + "1" * 4000 + "|5000|",
            "EPRT |",
            "EPRT ||||",
            "EPRT |1|127.0.0.1|5000",
        ):
            with self.subTest(command=command[:40]):
                client.expect(501, command)
                client.expect(425, "LIST")
        self.assertIn(client.command(f"EPRT |{huge}|127.0.0.1|5000|").code, (501, 522))
        self.assertIn(client.command(f"EPSV {huge}").code, (501, 522))


class Numbers(ServerTest):
    # What is no number of bytes that a file can have.
    BAD = (
        "-1",
        "+1",
        "",
        " 5",
        "5 ",
        "5x",
        "x5",
        "1e9",
        "0x10",
        "1.5",
        "1,000",
        "-0",
        "9223372036854775808",  # 2^63
        "18446744073709551615",  # 2^64 - 1
        "18446744073709551616",
        "18446744073709551617",  # 2^64 + 1
        "-9223372036854775808",
        "9" * 4000,
        "٣",  # a digit, but not of ours
    )
    GOOD = (0, 1, 2**31 - 1, 2**31, 2**32, 2**63 - 1)

    def setUp(self):
        super().setUp()
        self.server.write("a", b"0123456789", mtime=1000000000)

    def check_bad(self, form):
        client = self.login()
        for number in self.BAD:
            command = form.replace("#", number)
            with self.subTest(command=command[:60]):
                client.expect(501, command)
                self.assertEqual(client.retr("a"), b"0123456789")

    def test_E05_rest(self):
        self.check_bad("REST #")
        client = self.login()
        for number in self.GOOD:
            client.expect(350, f"REST {number}")

    def test_E05_allo(self):
        self.check_bad("ALLO #")
        self.check_bad("ALLO 1 R #")
        client = self.login()
        for number in self.GOOD:
            fits = number <= shutil.disk_usage(self.server.home()).free
            client.expect(200 if fits else 552, f"ALLO {number}")

    def test_E05_rang(self):
        self.check_bad("RANG # 5")
        self.check_bad("RANG 0 #")

    def test_E05_idle(self):
        client = self.login()
        for number in self.BAD:
            if number:  # without one it is a question
                with self.subTest(number=number[:40]):
                    client.expect(501, f"SITE IDLE {number}")

    def test_E05_a_bad_number_forgets_the_good_one(self):
        client = self.login()
        for number in self.BAD:
            with self.subTest(number=number[:40]):
                client.expect(350, "REST 5")
                client.expect(501, f"REST {number}")
                self.assertIn(client.retr("a"), (b"0123456789", b"56789"))
                client.expect(350, "RANG 3 5")
                client.expect(501, f"RANG {number} {number}")
                self.assertIn(client.retr("a"), (b"0123456789", b"345"))

    def test_E05_checksums_of_ranges(self):
        client = self.login()
        for number in self.BAD:
            for command in (f"XCRC a {number} 5", f"XCRC a 0 {number}"):
                with self.subTest(command=command[:40]):
                    # With a range that is none it is all one file name, which does not exist.
                    self.assertIn(client.command(command).code, (501, 550, 554))
        self.assertEqual(client.retr("a"), b"0123456789")

    def test_E05_where_a_number_is_a_name(self):
        client = self.login()
        for number in self.BAD:
            if number.strip():
                with self.subTest(number=number[:40]):
                    self.assertEqual(client.command(f"SIZE {number}").code, 550)


if __name__ == "__main__":
    main()
