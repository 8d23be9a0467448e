"""TYPE (RFC 959 section 3.1.1): A, A N, A T, I and L 8; anything else is refused and changes nothing (E11)."""

from harness import ServerTest, main


class Type(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("TYPE I", "TYPE")

    def test_accepted(self):
        self.check_replies(
            self.login(),
            [(c, 200) for c in ("TYPE A", "TYPE A N", "TYPE a n", "TYPE A T", "TYPE I", "TYPE i", "TYPE L 8", "type l 8")],
        )

    def test_refused(self):
        self.check_replies(
            self.login(),
            [
                ("TYPE E", 504),
                ("TYPE E N", 504),
                ("TYPE A C", 504),
                ("TYPE L 7", 504),
                ("TYPE L 36", 504),
                ("TYPE", 501),
            ],
        )
        client = self.login()
        for command in ("TYPE X", "TYPE II", "TYPE I N N", "TYPE L", "TYPE L x", "TYPE 8"):
            with self.subTest(command=command):
                self.assertIn(client.command(command).code, (501, 504))

    def test_decides_how_bytes_travel(self):
        self.server.write("a", b"1\n2\n")
        client = self.login()
        for command, expected in (
            ("TYPE A", b"1\r\n2\r\n"),
            ("TYPE I", b"1\n2\n"),
            ("TYPE A N", b"1\r\n2\r\n"),
            ("TYPE I", b"1\n2\n"),
            ("TYPE A T", b"1\r\n2\r\n"),  # RFC 1123 section 4.1.2.2
            ("TYPE L 8", b"1\n2\n"),
        ):
            with self.subTest(command=command):
                client.expect(200, command)
                self.assertEqual(client.retr("a"), expected)

    def test_begins_in_ascii(self):  # RFC 959 section 3.1.1.1
        self.server.write("a", b"1\n2\n")
        self.assertEqual(self.login(binary=False).retr("a"), b"1\r\n2\r\n")

    def test_refused_type_changes_nothing(self):
        self.server.write("a", b"1\n2\n")
        client = self.login()
        for good, expected in (("TYPE I", b"1\n2\n"), ("TYPE A", b"1\r\n2\r\n")):
            client.expect(200, good)
            for bad in ("TYPE E", "TYPE A C", "TYPE L 7", "TYPE", "TYPE I X"):
                with self.subTest(good=good, bad=bad):
                    self.assertIn(client.command(bad).code, (501, 504))
                    self.assertEqual(client.retr("a"), expected)


if __name__ == "__main__":
    main()
