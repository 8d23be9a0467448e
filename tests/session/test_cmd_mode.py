"""MODE (RFC 959 section 3.4): only streams."""

from harness import ServerTest, main


class Mode(ServerTest):
    def test_modes(self):
        self.check_needs_login("MODE S")
        client = self.login()
        self.check_replies(client, [("MODE S", 200), ("MODE s", 200), ("MODE B", 504), ("MODE C", 504), ("MODE", 501)])
        self.assertIn(client.command("MODE X").code, (501, 504))
        client.stor("a", b"1\n")
        self.assertEqual(client.retr("a"), b"1\n")


if __name__ == "__main__":
    main()
