"""STAT (RFC 959 section 4.1.3): the session, a transfer, or a listing over the control connection."""

import os

from harness import PASSWORD, ServerTest, main


class Stat(ServerTest):
    users = {"alice": PASSWORD, "bob": "another password 2"}

    def test_needs_login(self):
        self.check_needs_login("STAT", "STAT /", "STAT nosuch")

    def test_session(self):
        other = self.login("bob")
        client = self.login()
        reply = client.expect(211, "STAT")
        self.assertIn("alice", "\n".join(reply.lines))
        other.quit()

    def test_during_a_transfer(self):
        self.server.write("a", b"x" * 30000000)
        client = self.login()
        data = client.begin("RETR a")
        data.receive(1000)
        text = "\n".join(client.expect(211, "STAT").lines)
        self.assertRegex(text, r"\d+")
        data.receive_all()
        client.read(226)
        self.assertNotEqual(text, "\n".join(client.expect(211, "STAT").lines))

    def test_path(self):
        self.server.write("d/a b", b"12345")
        self.server.write("d/c", b"1")
        client = self.login()
        text = "\n".join(client.expect(213, "STAT d").lines)
        self.assertRegex(text, r"(?m)^ .*\b5 .* a b$")
        self.assertRegex(text, r"(?m)^ .*\b1 .* c$")
        text = "\n".join(client.expect(213, "STAT d/c").lines)
        self.assertIn("c", text)
        self.assertNotIn("a b", text)

    def test_missing(self):
        os.symlink("/etc", self.server.path("out"))
        self.check_replies(self.login(), [("STAT nosuch", 550), ("STAT /etc", 550), ("STAT out/passwd", 550)])

    def test_is_bounded(self):  # P07
        path = self.server.mkdir("many")
        for number in range(3000):
            os.close(os.open(path / f"x{number}", os.O_CREAT))
        client = self.login()
        self.assertTrue(500 <= len(client.expect(213, "STAT many").lines) <= 1010)
        client.expect(200, "NOOP")

    def test_names_cannot_end_the_reply(self):  # E02
        for name in ("x\r\n213 End", "213 End", "y\n226 ok"):
            self.server.write("d/" + name)
        client = self.login()
        client.expect(213, "STAT d")
        client.expect(200, "NOOP")


if __name__ == "__main__":
    main()
