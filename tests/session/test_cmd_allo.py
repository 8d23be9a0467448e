"""ALLO (RFC 959 section 4.1.3): room for a file; numbers are numbers (E05)."""

from harness import ServerTest, main


class Allo(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("ALLO 1")

    def test_numbers(self):
        self.check_replies(
            self.login(), [("ALLO 0", 200), ("ALLO 1000", 200), ("ALLO 1000 R 10", 200), ("ALLO 4294967297", 200)]
        )

    def test_what_is_no_number(self):  # Q12
        self.check_replies(
            self.login(),
            [
                (f"ALLO{argument}", 501)
                for argument in (
                    "",
                    " ",
                    " -1",
                    " +1",
                    " x",
                    " 5x",
                    " 1e9",
                    " 18446744073709551617",
                    " 100000000000000000000",
                    " 1 R",
                    " 1 R x",
                    " 1 X 2",
                    " 1 2",
                    " 1 R 2 3",
                    " 0x10",
                )
            ],
        )

    def test_the_upload_works_all_the_same(self):
        client = self.login()
        for promised, size in ((1000, 1000), (1000000, 5), (5, 1000000)):
            with self.subTest(promised=promised, size=size):
                client.expect(200, f"ALLO {promised}")
                client.stor("a", b"x" * size)
                self.assertEqual(self.server.read("a"), b"x" * size)


if __name__ == "__main__":
    main()
