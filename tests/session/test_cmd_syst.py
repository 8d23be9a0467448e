"""SYST (RFC 959 section 4.1.3): a system type that clients know, and nothing about this host."""

from harness import ServerTest, main


class Syst(ServerTest):
    def test_type(self):
        client = self.login()
        self.assertEqual(client.expect(215, "SYST").text, "UNIX Type: L8")
        client.expect(501, "SYST x")


if __name__ == "__main__":
    main()
