"""REST (RFC 3659 section 5): where the next transfer begins; kept by the commands that prepare one, by no other."""

from harness import ServerTest, main


class Rest(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("REST 0", "REST")

    def test_download(self):
        self.server.write("a", b"0123456789")
        client = self.login()
        for offset in (0, 1, 9, 10):
            with self.subTest(offset=offset):
                self.assertEqual(client.retr("a", rest=offset), b"0123456789"[offset:])
        self.server.expect_log("files", "download", path="/a", offset=9, bytes=1)

    def test_past_the_end(self):
        self.server.write("a", b"0123456789")
        client = self.login()
        for offset in (11, 4294967297, 2**63 - 1):
            with self.subTest(offset=offset):
                client.expect(350, f"REST {offset}")
                client.passive()
                client.expect(554, "RETR a")
        self.assertEqual(client.retr("a"), b"0123456789")

    def test_what_is_no_number(self):  # E05
        self.server.write("a", b"0123456789")
        client = self.login()
        for argument in ("", "-1", "+1", "x", "5x", "1e9", "18446744073709551617", "0x1", "1 2", "9" * 100):
            with self.subTest(argument=argument):
                client.expect(501, f"REST {argument}".rstrip())
                self.assertEqual(client.retr("a"), b"0123456789")

    def test_forgotten_after_the_transfer(self):
        self.server.write("a", b"0123456789")
        client = self.login()
        client.retr("a", rest=5)
        self.assertEqual(client.retr("a"), b"0123456789")

    def test_kept_by_what_prepares_a_transfer(self):
        self.server.write("a", b"0123456789")
        client = self.login()
        client.expect(350, "REST 5")
        self.check_replies(
            client, [("NOOP", 200), ("TYPE I", 200), ("MODE S", 200), ("STRU F", 200), ("EPSV", 229), ("PASV", 227)]
        )
        self.assertEqual(client.retr("a"), b"56789")

    def test_forgotten_by_any_other_command(self):
        self.server.write("a", b"0123456789")
        client = self.login()
        for command in ("PWD", "CWD /", "STAT", "MDTM a", "LIST", "RETR nosuch", "NOSUCH", "SYST"):
            with self.subTest(command=command):
                client.expect(350, "REST 5")
                client.command(command)
                self.assertEqual(client.retr("a"), b"0123456789")

    def test_not_in_ascii(self):
        self.server.write("a", b"0123456789")
        client = self.login()
        client.expect(200, "TYPE A")
        client.expect(350, "REST 5")
        client.passive()
        client.expect(501, "RETR a")
        self.assertEqual(client.retr("a", rest=0), b"0123456789")

    def test_type_after_rest(self):
        self.server.write("a", b"0123456789")
        client = self.login()
        client.expect(200, "TYPE A")
        client.expect(350, "REST 5")
        client.expect(200, "TYPE I")
        self.assertEqual(client.retr("a"), b"56789")

    def test_upload(self):
        self.server.write("a", b"0123456789")
        client = self.login()
        client.stor("a", b"xx", rest=10)
        self.assertEqual(self.server.read("a"), b"0123456789xx")
        client.stor("a", b"YY", rest=4)
        self.assertEqual(self.server.read("a"), b"0123YY")

    def test_upload_past_the_end(self):  # Q03
        self.server.write("a", b"0123456789")
        client = self.login()
        for name, offset in (("a", 11), ("a", 10**12), ("new", 5)):
            with self.subTest(name=name, offset=offset):
                client.expect(350, f"REST {offset}")
                client.passive()
                client.expect(554, f"STOR {name}")
        self.assertEqual(self.server.read("a"), b"0123456789")
        self.assertFalse(self.server.path("new").exists())

    def test_above_four_gibibytes(self):
        path = self.server.write("big", b"")
        with open(path, "r+b") as file:
            file.truncate(5 << 30)
            file.seek((5 << 30) - 4)
            file.write(b"last")
        self.assertEqual(self.login().retr("big", rest=(5 << 30) - 6), b"\0\0last")

    def test_bad_one_forgets_the_good_one(self):
        self.server.write("a", b"0123456789")
        client = self.login()
        for commands in (("REST 5", "REST x"), ("REST 5", "RANG 1 0"), ("RANG 2 3", "RANG x"), ("RANG 2 3", "REST 0")):
            with self.subTest(commands=commands):
                for command in commands:
                    client.expect((350, 501), command)
                self.assertEqual(client.retr("a"), b"0123456789")


if __name__ == "__main__":
    main()
