"""QUIT (RFC 959 section 4.1.1): the goodbye."""

from harness import ServerTest, main


class Quit(ServerTest):
    def test_before_login(self):
        client = self.connect()
        client.quit()
        self.assertEqual(client.wait(), 0)
        self.server.expect_log("connections", "connect", remote="127.0.0.1")
        self.server.expect_log("connections", "disconnect", remote="127.0.0.1")

    def test_after_login(self):
        client = self.login()
        client.quit()
        self.assertEqual(client.wait(), 0)
        record = self.server.expect_log("connections", "disconnect", user="alice")
        self.assertEqual(record["session"], self.server.logs("auth", "accepted")[0]["session"])

    def test_takes_no_argument(self):
        client = self.login()
        self.check_replies(client, [("QUIT now", 501), ("NOOP", 200)])

    def test_what_stands_behind_it_is_not_done(self):
        self.server.write("a")
        client = self.login()
        client.raw(b"NOOP\r\nQUIT\r\nDELE a\r\n")
        client.read(200)
        client.read(221)
        self.assert_closed(client)
        self.assertTrue(self.server.path("a").exists())

    def test_waits_for_the_transfer(self):
        content = bytes(range(256)) * 40000
        self.server.write("a", content)
        client = self.login()
        data = client.begin("RETR a")
        client.send("QUIT")
        self.assertEqual(data.receive_all(), content)
        client.read(226)
        client.read(221)
        self.assert_closed(client)

    def test_end_of_file_is_a_goodbye_too(self):
        for end in ("close", "reset"):
            with self.subTest(end=end):
                client = self.login()
                getattr(client, end)()
                self.assertEqual(client.wait(), 0)


if __name__ == "__main__":
    main()
