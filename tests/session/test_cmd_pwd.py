"""PWD (RFC 959 section 4.1.3 and appendix II): where we are, quoted so that no name can confuse."""

import os

from harness import ServerTest, main


class Pwd(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("PWD")

    def test_begins_at_the_root(self):
        self.check_replies(self.login(), [("PWD", 257, '"/"'), ("PWD x", 501)])

    def test_quotes_are_doubled(self):  # E03
        for name in ('a"b', '""', 'x" is not the current directory', '257 "/fake"', "ä 漢", "a'b\\c", "%s%n"):
            with self.subTest(name=name):
                self.server.mkdir(name)
                client = self.login()
                client.expect(250, f"CWD {name}")
                quoted = "/" + name.replace('"', '""')
                self.assertTrue(client.expect(257, "PWD").text.startswith(f'"{quoted}"'))

    def test_directory_that_was_removed(self):
        self.server.mkdir("d")
        client = self.login()
        client.expect(250, "CWD d")
        os.rmdir(self.server.path("d"))
        self.check_replies(client, [("PWD", 550), ("MKD x", 550), ("CWD ..", 250), ("PWD", 257)])

    def test_name_with_control_characters_cannot_split_the_reply(self):  # E02
        self.server.mkdir("x\r\n226 ok")
        client = self.login()
        client.command("CWD x\r\0\n226 ok")  # whatever comes of it, the parser of the harness is the test
        client.command("PWD")
        client.loose = True


if __name__ == "__main__":
    main()
