"""PASS (RFC 959 section 4.1.1): the password of a login, tried a limited number of times, told to nobody."""

import re

from harness import PASSWORD, ServerTest, main

# crypt(5) with SHA-512 of "older"
OLDER_HASH = "$6$saltsalt$Tj2V74eQbOxIUYDRcM2b6gD6yFee6Paq0RVGDR/0v3XzB00MsZqGUpD07OAq67LSXaNRs/HTgLronoicT6knh0"


class Pass(ServerTest):
    users = {"alice": PASSWORD, "bob": " two  spaces and \"quotes\" ä%s\\ "}

    def test_right_password(self):
        client = self.connect()
        client.expect(331, "USER alice")
        client.expect(230, f"PASS {PASSWORD}")
        client.expect(257, "PWD")
        record = self.server.expect_log("auth", "accepted", user="alice", remote="127.0.0.1")
        self.assertEqual(record["port"], str(client.socket.getsockname()[1]))
        self.assertRegex(record["session"], "^[0-9a-f]{16}$")

    def test_wrong_password_then_right(self):
        client = self.connect()
        client.expect(331, "USER alice")
        client.expect(530, "PASS wrong")
        client.expect(530, "PWD")
        client.login()
        self.server.expect_log("auth", "refused", user="alice", remote="127.0.0.1")
        self.server.expect_log("auth", "accepted", user="alice")

    def test_unknown_name_is_refused_like_a_wrong_password(self):  # A01
        texts = []
        for name in ("alice", "nosuch", "root", "nobody"):
            client = self.connect()
            client.expect(331, f"USER {name}")
            texts.append(client.expect(530, "PASS wrong").text.replace(name, "NAME"))
        self.assertEqual(len(set(texts)), 1, texts)

    def test_near_misses(self):
        for password in (
            PASSWORD + "x",
            PASSWORD[:-1],
            PASSWORD.upper(),
            " " + PASSWORD,
            PASSWORD + " ",
            "x" * 512,
            "x" * 6000,
        ):
            with self.subTest(password=password[:40]):
                client = self.connect()
                client.expect(331, "USER alice")
                self.assertIn(client.command(f"PASS {password}").code, (501, 530))
                client.expect(530, "PWD")

    def test_older_hash_is_accepted_and_replaced(self):
        record = self.server.directory / "users" / "alice.conf"
        record.write_text(re.sub(r'password = ".*"', lambda _: f'password = "{OLDER_HASH}"', record.read_text()))
        self.connect().login(password="older")
        self.server.expect_log("admin", "user-password", user="alice", reason="hash-upgraded")
        self.assertIn('"$y$', record.read_text())
        self.connect().login(password="older")

    def test_password_of_any_characters(self):
        self.login("bob").expect(257, "PWD")

    def test_empty_password(self):  # A05
        for command in ("PASS", "PASS "):
            with self.subTest(command=command):
                client = self.connect()
                client.expect(331, "USER alice")
                client.expect(530, command)
                client.expect(530, "PWD")

    def test_without_user(self):
        client = self.connect()
        client.expect(503, f"PASS {PASSWORD}")
        client.login()

    def test_a_refused_password_forgets_the_name(self):
        client = self.connect()
        client.expect(331, "USER alice")
        client.expect(530, "PASS wrong")
        client.expect(503, f"PASS {PASSWORD}")
        client.expect(530, "PWD")

    def test_after_login(self):
        client = self.login()
        self.check_replies(client, [(f"PASS {PASSWORD}", 503), ("PASS wrong", 503), ("PWD", 257)])

    def test_zero_byte(self):
        client = self.connect()
        client.expect(331, "USER alice")
        client.raw(b"PASS " + PASSWORD.encode() + b"\0\r\n")
        client.read((501, 530))
        client.expect(530, "PWD")

    def test_the_last_try_ends_the_connection(self):
        client = self.connect()
        for _ in range(2):
            client.expect(331, "USER alice")
            client.expect(530, "PASS wrong")
        client.expect(331, "USER alice")
        client.expect(421, "PASS wrong")
        self.assert_closed(client)
        self.server.expect_log("auth", "refused", count=3, user="alice")
        self.login()

    def test_no_password_is_written_down(self):  # L03
        client = self.connect()
        client.expect(503, "PASS hush-one")
        client.expect(331, "USER alice")
        client.expect(530, "pass hush-two")
        client.login()
        client.quit()
        self.assertEqual(client.wait(), 0)
        for path in (self.server.directory / "logs").iterdir():
            text = path.read_text()
            for secret in ("hush-one", "hush-two", PASSWORD):
                self.assertNotIn(secret, text, path.name)


class Attempts(ServerTest):
    config = {"login": {"attempts": 1}}

    def test_configured_number(self):
        client = self.connect()
        client.expect(331, "USER nosuch")
        client.expect(421, "PASS wrong")
        self.assert_closed(client)
        self.login()


if __name__ == "__main__":
    main()
