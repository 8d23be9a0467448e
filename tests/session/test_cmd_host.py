"""HOST (RFC 7151): the name by which the client knows us; before USER only (A23)."""

from harness import ServerTest, main


class Host(ServerTest):
    def test_before_user(self):
        client = self.connect()
        client.expect(220, "HOST ftp.example.com")
        client.login()

    def test_later(self):
        client = self.connect()
        client.expect(331, "USER alice")
        client.expect(503, "HOST ftp.example.com")
        client = self.login()
        self.check_replies(client, [("HOST ftp.example.com", 503), ("PWD", 257)])

    def test_syntax(self):
        self.connect().expect(501, "HOST")


if __name__ == "__main__":
    main()
