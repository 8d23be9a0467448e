"""CWD (RFC 959 section 4.1.1): changes the directory, never out of the user's folder."""

import os

from harness import ServerTest, main


class Cwd(ServerTest):
    def where(self, client):
        return client.expect(257, "PWD").text.split('"')[1]

    def test_needs_login(self):
        self.check_needs_login("CWD /", "CWD", "CWD nosuch")

    def test_paths(self):
        self.server.mkdir("a/b c/d")
        self.server.mkdir("ä")
        self.server.mkdir("-rf")
        rows = (
            ("a", "/a"),
            ("b c", "/a/b c"),
            ("d", "/a/b c/d"),
            ("..", "/a/b c"),
            ("/", "/"),
            ("/a//b c///d/", "/a/b c/d"),
            ("./.././..", "/a"),
            ("/ä", "/ä"),
            ("/../../..", "/"),
            ("a/../a/b c/..", "/a"),
            ("/-rf", "/-rf"),
            ("//", "/"),
            ("../" * 300 + "a", "/a"),
        )
        client = self.login()
        for path, expected in rows:
            with self.subTest(path=path[:40]):
                client.expect(250, f"CWD {path}")
                self.assertEqual(self.where(client), expected)

    def test_refusals_leave_us_where_we_are(self):
        self.server.write("d/file")
        self.server.mkdir("d/locked", mode=0)
        os.symlink("/etc", self.server.path("d/outside"))
        os.symlink("loop", self.server.path("d/loop"))
        client = self.login()
        client.expect(250, "CWD d")
        for name in (
            "nosuch",
            "file",
            "locked",
            "outside",
            "loop",
            "file/x",
            "/etc",
            "/proc",
            "~root",
            "x" * 256,
            "/".join(["x"] * 2000),
            "%2e%2e",
            "..\\",
        ):
            with self.subTest(name=name[:40]):
                client.expect(550, f"CWD {name}")
                self.assertEqual(self.where(client), "/d")

    def test_link_inside_is_followed(self):
        self.server.mkdir("real/inner")
        os.symlink("real", self.server.path("link"))
        client = self.login()
        client.expect(250, "CWD link/inner")
        self.server.write("real/inner/f", b"12345")
        self.assertIn("5", client.expect(213, "SIZE f").text)

    def test_link_to_outside_looks_like_nothing(self):  # C02
        os.symlink("/etc", self.server.path("existing"))
        os.symlink("/nosuch-nosuch", self.server.path("missing"))
        client = self.login()
        texts = {
            client.expect(550, f"CWD {name}").text.replace(name, "NAME") for name in ("existing", "missing", "nothing")
        }
        self.assertEqual(len(texts), 1, texts)

    def test_argument_is_needed(self):
        self.check_replies(self.login(), [("CWD", 501), ("CWD ", 501)])

    def test_directory_removed_under_us(self):
        path = self.server.mkdir("gone")
        client = self.login()
        client.expect(250, "CWD gone")
        path.rmdir()
        client.expect(250, "CWD /")
        self.assertEqual(self.where(client), "/")

    def test_rename_of_a_directory_above(self):  # C04
        self.server.mkdir("a/b/c")
        first, second = self.login(), self.login()
        first.expect(250, "CWD /a/b/c")
        second.expect(350, "RNFR /a/b")
        second.expect(250, "RNTO /x")
        first.command("CWD ../../../../..")
        self.assertLessEqual(set(first.names()), {"a", "x", "b", "c", "/a", "/x"})


if __name__ == "__main__":
    main()
