"""CLNT: the client says who it is. It changes nothing."""

from harness import ServerTest, main


class Clnt(ServerTest):
    def test_accepted(self):
        client = self.connect()
        client.expect(200, "CLNT before login")
        client.login()
        self.check_replies(client, [("CLNT some client 1.0", 200), ("CLNT %s%n", 200), ("CLNT", 501), ("NOOP", 200)])


if __name__ == "__main__":
    main()
