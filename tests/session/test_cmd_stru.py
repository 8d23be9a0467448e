"""STRU (RFC 959 section 3.1.2): only files."""

from harness import ServerTest, main


class Stru(ServerTest):
    def test_structures(self):
        self.check_needs_login("STRU F")
        client = self.login()
        self.check_replies(client, [("STRU F", 200), ("STRU f", 200), ("STRU R", 504), ("STRU P", 504), ("STRU", 501)])
        self.assertIn(client.command("STRU X").code, (501, 504))
        client.stor("a", b"1\n")
        self.assertEqual(client.retr("a"), b"1\n")


if __name__ == "__main__":
    main()
