"""RANG (draft-bryan-ftp-range): the first and last byte of the next RETR or HASH."""

from harness import ServerTest, main


class Rang(ServerTest):
    def setUp(self):
        super().setUp()
        self.server.write("a", b"0123456789")

    def test_needs_login(self):
        self.check_needs_login("RANG 0 1", "RANG")

    def test_download(self):
        client = self.login()
        for first, last in ((0, 0), (0, 9), (3, 5), (9, 9), (5, 100)):
            with self.subTest(first=first, last=last):
                client.expect(350, f"RANG {first} {last}")
                self.assertEqual(client.retr("a"), b"0123456789"[first : last + 1])
                self.assertEqual(client.retr("a"), b"0123456789")

    def test_reset(self):
        client = self.login()
        client.expect(350, "RANG 3 5")
        client.expect(350, "RANG 1 0")
        self.assertEqual(client.retr("a"), b"0123456789")

    def test_syntax(self):  # E05
        client = self.login()
        for argument in (
            "",
            " 1",
            " 5 3",
            " -1 5",
            " 1 -5",
            " x y",
            " 1 2 3",
            " 1e1 5",
            " 18446744073709551617 18446744073709551618",
        ):
            with self.subTest(argument=argument):
                client.expect(501, f"RANG{argument}")
                self.assertEqual(client.retr("a"), b"0123456789")

    def test_past_the_end(self):
        client = self.login()
        client.expect(350, "RANG 11 20")
        client.passive()
        client.expect(554, "RETR a")
        self.assertEqual(client.retr("a"), b"0123456789")

    def test_does_not_touch_uploads(self):
        client = self.login()
        client.expect(350, "RANG 3 5")
        data = client.passive()
        client.send("STOR b")
        if client.read_reply().code == 150:
            data.send(b"xyz")
            data.close()
            client.read(226)
            self.assertEqual(self.server.read("b"), b"xyz")
        self.assertEqual(self.server.read("a"), b"0123456789")


if __name__ == "__main__":
    main()
