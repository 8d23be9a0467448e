"""MLSD (RFC 3659 section 7): a listing for machines."""

import os

from harness import ServerTest, main


class Mlsd(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("MLSD", "MLSD nosuch")

    def test_facts(self):
        self.server.write("a b", b"12345", mode=0o640, mtime=1000000000)
        self.server.mkdir("d", mode=0o750)
        found = self.login().facts()
        entries = {name: facts for name, facts in found.items() if facts["type"] not in ("cdir", "pdir")}
        self.assertEqual(sorted(entries), ["a b", "d"])
        file = entries["a b"]
        self.assertEqual(
            (file["type"], file["size"], file["modify"], file["unix.mode"]), ("file", "5", "20010909014640", "0640")
        )
        self.assertEqual(entries["d"]["type"], "dir")
        self.assertEqual(entries["d"]["unix.mode"], "0750")
        self.assertLessEqual(set("rw"), set(file["perm"]))
        self.assertLessEqual(set("el"), set(entries["d"]["perm"]))
        self.server.expect_log("files", "list", path="/", command="MLSD", user="alice", remote="127.0.0.1")

    def test_unique_is_not_the_inode(self):  # C06
        self.server.write("a")
        inode = self.server.path("a").stat().st_ino
        first = self.login().facts()["a"]["unique"]
        self.assertNotIn(str(inode), first)
        self.assertNotIn(f"{inode:x}", first.lower())

    def test_hard_links_have_the_same_unique(self):
        self.server.write("a")
        os.link(self.server.path("a"), self.server.path("b"))
        self.server.write("c")
        found = self.login().facts()
        self.assertEqual(found["a"]["unique"], found["b"]["unique"])
        self.assertNotEqual(found["a"]["unique"], found["c"]["unique"])

    def test_every_name_is_there(self):
        for name in (".dot", "-rf", "ä", " leading", "x" * 255, "semi;colon=x"):
            self.server.write(name)
        self.assertLessEqual({".dot", "-rf", "ä", " leading", "x" * 255, "semi;colon=x"}, set(self.login().facts()))

    def test_what_is_no_directory(self):
        self.server.write("file")
        client = self.login()
        for name, code in (("file", 501), ("nosuch", 550), ("/etc", 550), ("-la", 550), ("*", 550)):
            with self.subTest(name=name):
                client.passive()
                client.expect(code, f"MLSD {name}")

    def test_without_an_address(self):
        self.login().expect(425, "MLSD")

    def test_follows_opts(self):  # E07
        self.server.write("a", b"12345")
        client = self.login()
        client.expect(200, "OPTS MLST size;type;")
        self.assertEqual(client.facts()["a"], {"type": "file", "size": "5"})
        client.expect(200, "OPTS MLST")
        self.assertEqual(client.facts()["a"], {})

    def test_names_of_every_length(self):  # E07
        names = ["x" * length for length in range(1, 256)]
        for name in names:
            self.server.write(name)
        self.assertLessEqual(set(names), set(self.login().facts()))

    def test_names_with_control_characters(self):  # E02
        self.server.write("x\r\ntype=dir; fake")
        self.assertNotIn("fake", self.login().facts())

    def test_hidden_names(self):  # C17
        hidden = self.server.write(".cellftpd-upload-x")
        self.server.at_end(lambda: hidden.unlink(missing_ok=True))
        self.assertNotIn(".cellftpd-upload-x", self.login().facts())

    def test_links_to_outside(self):  # C02
        os.symlink("/etc/passwd", self.server.path("out"))
        os.symlink("/nosuch", self.server.path("dangling"))
        found = self.login().facts()
        for fact in ("size", "type"):
            self.assertEqual(found.get("out", {}).get(fact, ""), found.get("dangling", {}).get(fact, ""))
        self.assertNotIn("passwd", str(found))


if __name__ == "__main__":
    main()
