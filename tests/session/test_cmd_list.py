"""LIST (RFC 959 section 4.1.3): a listing like that of "ls -l", bounded, without a word about the host."""

import os
import re
import time

from harness import ServerTest, main


LINE = re.compile(
    r"([-dlpscb])([r-][w-][xsS-][r-][w-][xsS-][r-][w-][xtT-]) +(\d+) +(\S+) +(\S+) +(\d+) "
    r"([A-Z][a-z]{2} [ \d]\d (?:\d\d:\d\d| \d{4})) (.+)"
)


class List(ServerTest):
    def listing(self, client, argument=""):
        """Name to (type, permissions, links, owner, group, size, date)."""
        found = {}
        for line in client.list(argument):
            match = LINE.fullmatch(line)
            self.assertIsNotNone(match, line)
            found[match[8]] = match.groups()[:7]
        return found

    def test_needs_login(self):
        self.check_needs_login("LIST", "LIST nosuch", "LIST -la /")

    def test_columns(self):
        old = 1000000000  # 2001-09-09 01:46:40 UTC
        now = int(time.time())
        self.server.write("old", b"12345", mode=0o640, mtime=old)
        self.server.write("now", b"", mode=0o755, mtime=now)
        self.server.mkdir("dir", mode=0o700)
        found = self.listing(self.login())
        self.assertEqual(sorted(found), ["dir", "now", "old"])
        kind, rights, _, owner, group, size, date = found["old"]
        self.assertEqual(
            (kind, rights, owner, group, size, date), ("-", "rw-r-----", "alice", group, "5", "Sep  9  2001")
        )
        self.assertEqual((found["now"][1], found["now"][5]), ("rwxr-xr-x", "0"))
        self.assertEqual(found["now"][6], time.strftime("%b %e %H:%M", time.gmtime(now)))
        self.assertEqual(found["dir"][:2], ("d", "rwx------"))

    def test_empty_directory(self):  # C20
        client = self.login()
        self.assertEqual(client.list(), [])
        self.assertEqual(set(self.listing(client, "-a")) - {".", ".."}, set())

    def test_paths(self):
        self.server.write("d/a b", b"x")
        self.server.write("d/ä", b"x")
        client = self.login()
        for argument in ("d", "/d", "d/", "./d/../d", "/d/."):
            with self.subTest(argument=argument):
                self.assertEqual(sorted(self.listing(client, argument)), ["a b", "ä"])
        client.expect(250, "CWD d")
        self.assertEqual(sorted(self.listing(client)), ["a b", "ä"])
        self.assertEqual(self.listing(client, "a b")["a b"][5], "1")
        self.server.expect_log("files", "list", count=6, path="/d", user="alice", remote="127.0.0.1")

    def test_missing(self):
        self.server.mkdir("locked", mode=0)
        client = self.login()
        for name in ("nosuch", "/etc", "nosuch/x", "locked", "x" * 256):
            with self.subTest(name=name[:30]):
                client.passive()
                client.expect(550, f"LIST {name}")

    def test_without_an_address(self):
        self.login().expect(425, "LIST")

    def test_options_of_ls(self):  # P09
        self.server.write(".dot")
        self.server.write("plain")
        self.server.write("d/inner")
        client = self.login()
        self.assertEqual(sorted(self.listing(client)), ["d", "plain"])
        for options in ("-a", "-la", "-al", "-a -l"):
            with self.subTest(options=options):
                self.assertEqual(set(self.listing(client, options)) - {".", ".."}, {".dot", "d", "plain"})
        for letter in "lABCFGHILSTUXbcdfghikmnopqrstuvwxyz1":
            with self.subTest(letter=letter):
                self.assertIn("plain", self.listing(client, f"-{letter}"))
        self.assertEqual(sorted(self.listing(client, "-l d")), ["inner"])
        self.assertEqual(sorted(self.listing(client, "-" + "l" * 200)), ["d", "plain"])

    def test_name_that_begins_with_a_dash(self):
        self.server.write("-la", b"123")
        found = self.listing(self.login(), "./-la")
        self.assertEqual([facts[5] for facts in found.values()], ["3"])

    def test_recursive(self):
        self.server.write("a/b/c", b"x")
        self.server.write("top", b"x")
        lines = self.login().list("-R")
        text = "\n".join(lines)
        for name in ("top", "c"):
            self.assertRegex(text, rf"(?m)^-.* {name}$")
        self.assertRegex(text, r"(?m)^\S*a/b:$")

    def test_dots_of_the_root_are_the_same(self):  # C06
        found = self.listing(self.login(), "-a")
        self.assertEqual({".", ".."} & set(found), {".", ".."})
        self.assertEqual(found["."], found[".."])

    def test_patterns(self):  # P07
        for name in ("a1", "a2", "b1", "a*"):
            self.server.write(name)
        client = self.login()
        self.assertEqual(sorted(self.listing(client, "a?")), ["a*", "a1", "a2"])
        self.assertEqual(sorted(self.listing(client, "[ab]1")), ["a1", "b1"])
        self.assertEqual(sorted(self.listing(client, "a*")), ["a*"])  # a file of this name comes first

    def test_names_with_control_characters_stay_in_their_line(self):  # E02
        for name in ("x\r\n226 ok", "esc\x1b[2J", "213 End", "tab\tx"):
            self.server.write(name)
        client = self.login()
        self.assertEqual(len(client.list()), 4)
        client.expect(200, "NOOP")

    def test_links_do_not_tell_of_the_host(self):  # C05
        self.server.write("real", b"x")
        os.symlink("real", self.server.path("in"))
        os.symlink("/etc/passwd", self.server.path("out"))
        os.symlink("/nosuch", self.server.path("dangling"))
        text = "\n".join(self.login().list())
        self.assertNotIn("/etc", text)
        self.assertNotIn("nosuch", text)
        self.assertNotIn("root", text)

    def test_owner_of_foreign_files(self):  # C05
        self.server.path("foreign").write_bytes(b"x")
        found = self.listing(self.login())["foreign"]
        self.assertNotIn("root", found)
        self.assertEqual(found[3], "other")

    def test_hidden_names(self):  # C17
        hidden = self.server.write(".cellftpd-upload-x")
        self.server.at_end(lambda: hidden.unlink(missing_ok=True))
        self.assertEqual(set(self.listing(self.login(), "-a")) - {".", ".."}, set())

    def test_many_entries(self):  # P10
        path = self.server.mkdir("many")
        for number in range(12000):
            os.close(os.open(path / f"file-{number:05}", os.O_CREAT))
        lines = self.login().list("many")
        self.assertEqual(sorted(line.split()[-1] for line in lines), [f"file-{number:05}" for number in range(12000)])

    def test_active(self):
        self.server.write("a")
        client = self.login()
        self.assertIn(" a\r\n", client.download("LIST", "PORT").decode())


class Local(ServerTest):
    config = {"files": {"list_time": "local", "deny_names": ["*.secret", "Thumbs.db"]}}

    def test_time_of_the_machine(self):
        mtime = 1000000000
        self.server.write("old", mtime=mtime)
        self.assertIn(time.strftime("%b %e  %Y", time.localtime(mtime)), self.login().list()[0])

    def test_denied_names(self):  # C18
        for name in ("a.secret", "Thumbs.db", "ok"):
            self.server.write(name)
        self.assertEqual(self.login().names(), ["ok"])


if __name__ == "__main__":
    main()
