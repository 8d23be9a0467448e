"""NLST (RFC 959 section 4.1.3, RFC 1123 section 4.1.2.7): one name a line."""

import os

from harness import ServerTest, main


class Nlst(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("NLST", "NLST nosuch")

    def test_names(self):
        for name in ("a", "b c", "ä", ".dot"):
            self.server.write(name)
        self.server.mkdir("d")
        client = self.login()
        self.assertEqual(sorted(client.names()), ["a", "b c", "d", "ä"])
        self.assertLessEqual({"a", ".dot"}, set(client.names("-a")))
        self.server.expect_log("files", "list", count=2, path="/", command="NLST", user="alice")

    def test_of_a_directory_can_be_used_as_they_are(self):
        self.server.write("d/a", b"1")
        self.server.write("d/b", b"2")
        client = self.login()
        names = client.names("d")
        self.assertEqual(len(names), 2)
        self.assertIn(sorted(names), (["a", "b"], ["d/a", "d/b"]))

    def test_nothing_is_an_empty_list(self):
        client = self.login()
        self.assertEqual(client.names(), [])
        self.server.mkdir("d")
        self.assertEqual(client.names("d"), [])

    def test_missing(self):
        client = self.login()
        client.passive()
        client.expect(550, "NLST nosuch")

    def test_patterns(self):
        for name in ("a1", "a2", "b1"):
            self.server.write(name)
        client = self.login()
        self.assertEqual(sorted(client.names("a*")), ["a1", "a2"])
        self.assertEqual(sorted(client.names("*1")), ["a1", "b1"])

    def test_names_with_control_characters(self):  # E02
        self.server.write("ok")
        self.server.write("x\r\nfake")
        names = self.login().names()
        self.assertNotIn("fake", names)
        self.assertIn("ok", names)

    def test_without_an_address(self):
        self.login().expect(425, "NLST")

    def test_as_many_as_there_are(self):
        path = self.server.mkdir("many")
        for number in range(3000):
            os.close(os.open(path / str(number), os.O_CREAT))
        client = self.login()
        client.expect(250, "CWD many")
        self.assertEqual(sorted(client.names(), key=int), [str(number) for number in range(3000)])


if __name__ == "__main__":
    main()
