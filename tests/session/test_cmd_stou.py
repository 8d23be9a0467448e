"""STOU (RFC 959 section 4.1.3, RFC 1123 section 4.1.2.9): an upload under a name that the server makes."""

import os
import re

from harness import PASSWORD, ServerTest, main


class Stou(ServerTest):
    def stou(self, client, content, command="STOU"):
        client.upload(command, content)
        name = re.fullmatch(r"FILE: (\S+)", client.opening.text)
        self.assertIsNotNone(name, client.opening)
        self.assertIn(name[1], client.closing.text)
        return name[1]

    def test_needs_login(self):
        self.check_needs_login("STOU")

    def test_names_are_new(self):  # F04
        client = self.login()
        found = {self.stou(client, str(number).encode()): number for number in range(20)}
        self.assertEqual(len(found), 20)
        self.assertEqual(set(os.listdir(self.server.home())), set(found))
        for name, number in found.items():
            self.assertEqual(self.server.read(name), str(number).encode())
            self.assert_mode(name, 0o640)
            self.server.expect_log("files", "upload", path=f"/{name}", user="alice", remote="127.0.0.1")

    def test_in_the_present_directory(self):
        self.server.mkdir("d")
        client = self.login()
        client.expect(250, "CWD d")
        name = self.stou(client, b"x")
        self.assertEqual(os.listdir(self.server.path("d")), [name])

    def test_in_a_directory_that_is_named(self):
        self.server.mkdir("d")
        name = self.stou(self.login(), b"x", "STOU d/")
        self.assertRegex(name, "^d/upload-[0-9a-f]+$")
        self.assertEqual(self.server.read(name), b"x")

    def test_two_at_once(self):  # F04
        first, second = self.login(), self.login()
        one, two = first.begin("STOU"), second.begin("STOU")
        one.send(b"1")
        two.send(b"2")
        one.close()
        two.close()
        first.read(226)
        second.read(226)
        self.assertEqual({p.read_bytes() for p in self.server.home().iterdir()}, {b"1", b"2"})

    def test_without_an_address(self):
        self.login().expect(425, "STOU")
        self.assertEqual(os.listdir(self.server.home()), [])

    def test_read_only_account(self):
        self.server.add_user("reader", PASSWORD, "--read-only")
        client = self.login("reader")
        client.passive()
        client.expect(550, "STOU")


if __name__ == "__main__":
    main()
