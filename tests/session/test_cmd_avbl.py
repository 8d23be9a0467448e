"""AVBL (draft-peterson-streamlined-ftp-command-extensions): bytes that may still be stored."""

from harness import ServerTest, main


class Avbl(ServerTest):
    def test_number(self):
        self.check_needs_login("AVBL")
        self.server.mkdir("d")
        client = self.login()
        for command in ("AVBL", "AVBL d", "AVBL /"):
            with self.subTest(command=command):
                self.assertRegex(client.expect(213, command).text, r"^\d+$")
        client.expect(550, "AVBL nosuch")


if __name__ == "__main__":
    main()
