"""USER (RFC 959 section 4.1.1): the name of a login. It tells nobody which names exist."""

from harness import PASSWORD, ServerTest, main


class User(ServerTest):
    users = {"alice": PASSWORD, "bob": "another password 2"}

    def test_every_name_gets_the_same_reply(self):  # A01
        texts = set()
        for name in (
            "alice",
            "nosuch",
            "root",
            "nobody",
            "anonymous",
            "ftp",
            "x" * 300,
            "alice bob",
            "Alice",
            "-rf",
            "../alice",
            "%s%n",
            "' OR 1=1--",
            "$(id)",
            "x:)",
            "ålice",
        ):
            with self.subTest(name=name):
                client = self.connect()  # each asks for a few names only
                texts.add(client.expect(331, f"USER {name}").text)
                client.quit()
        self.assertEqual(len(texts), 1)

    def test_the_last_name_counts(self):  # A07
        client = self.connect()
        client.expect(331, "USER alice")
        client.expect(331, "USER bob")
        client.expect(530, f"PASS {PASSWORD}")
        client.login("bob")
        client.stor("mine.txt", b"bob's")
        self.assertEqual(self.server.read("mine.txt", "bob"), b"bob's")

    def test_name_must_be_given(self):
        client = self.connect()
        self.check_replies(client, [("USER", 501), ("USER ", 501)])
        client.login()

    def test_verb_in_any_case(self):
        client = self.connect()
        self.check_replies(client, [("user alice", 331), ("uSeR alice", 331)])

    def test_refused_after_login_and_the_session_goes_on(self):  # A07
        self.server.mkdir("d")
        client = self.login()
        client.expect(250, "CWD d")
        self.check_replies(client, [("USER bob", 530), ("USER alice", 530)])
        client.expect(503, f"PASS {PASSWORD}")
        self.assertIn('"/d"', client.expect(257, "PWD").text)
        client.stor("a", b"x")
        self.assertEqual(self.server.read("d/a"), b"x")

    def test_zero_byte_in_a_name(self):  # A06
        client = self.connect()
        client.raw(b"USER alice\0x\r\n")
        client.read((501, 530))
        self.assertIn(client.command(f"PASS {PASSWORD}").code, (503, 530))
        client.expect(530, "LIST")

    def test_a_name_alone_is_no_login(self):
        client = self.connect()
        client.expect(331, "USER alice")
        client.expect(530, "PWD")
        client.quit()
        self.server.expect_log("auth", None, count=0)


if __name__ == "__main__":
    main()
