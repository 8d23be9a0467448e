"""The regression list, section 5: no path leads out of the user's folder (rows C01, C02, C05 to C07)."""

import os
import re

from confinement import READS, WRITES, Confinement
from harness import main


class Traversal(Confinement):
    def test_C01_outside_by_any_spelling(self):
        client = self.login()
        before = self.picture()
        target = str(self.outside)[1:]
        paths = [
            up + target + name
            for name in ("/secret", "/folder", "/nosuch")
            for up in ("../" * 300, "/../", "/", "a/../../", "a/b/../../../", "//", "/./../", "..//..//", "old/../")
        ]
        paths += [f"{up}bob" for up in ("../", "../../homes/", "a/../../")]
        paths += [
            "..\\bob",
            "..\\..\\etc\\passwd",
            "%2e%2e/bob",
            "~root",
            "~bob",
            "~",
            "....//bob",
            ".. /bob",
            "\u2025/bob",
        ]
        for verb in READS + WRITES:
            for path in paths:
                if "/" not in path and verb in ("MKD", "XMKD", "STOR", "APPE", "STOU", "RNTO"):
                    continue  # such a name may be made: it is one
                with self.subTest(verb=verb, path=path[-60:]):
                    if verb in ("MKD", "XMKD", "RNTO", "STOR", "APPE", "STOU") and path.endswith("/bob"):
                        continue  # "/bob" of alice's own
                    self.assertIn(self.tell(client, verb, path).code, (501, 550, 553))
        self.assertEqual(self.picture(), before)
        self.assertEqual(sorted(os.listdir(self.server.home())), ["a", "old"])

    def test_C01_above_the_root_is_the_root(self):
        client = self.login()
        for path in ("..", "../..", "../" * 300, "/..", "/../../..", "a/../..", "a/b/../../../..", "//", "/./", "/.."):
            with self.subTest(path=path[:20]):
                client.expect(250, "CWD a/b")
                client.expect(250, f"CWD /{path}")
                self.assertTrue(client.expect(257, "PWD").text.startswith('"/" '))
                client.expect(250, f"CWD {path if path.startswith('/') else '../../' + path}")
                self.assertTrue(client.expect(257, "PWD").text.startswith('"/" '))
                client.expect(250, "CWD /")
        for _ in range(20):
            client.expect(250, "CDUP")
        self.assertTrue(client.expect(257, "PWD").text.startswith('"/" '))
        for path in ("../" * 300 + "a/b/file", "/../a/b/file", "//a//b//file", "a/../../a/b/file", "a/./b/../b/file"):
            with self.subTest(path=path[-20:]):
                self.assertEqual(client.retr(path), b"inside")
                client.expect(213, f"SIZE {path}")
                self.assertIn(" /a/b/file", client.expect(250, f"MLST {path}").lines[1])
        client.stor("../" * 300 + "new", b"x")
        self.assertEqual(self.server.read("new"), b"x")

    def test_C01_options_are_no_paths(self):
        for command in ("OPTS ../../etc/passwd", "OPTS MLST ../../etc/passwd", "HELP ../../etc/passwd", "LANG ../x"):
            self.assertIn(self.login().command(command).code, (200, 214, 501, 502, 504))


class Links(Confinement):
    # Where a link leads, and a place of the same length where nothing is.
    TARGETS = (
        ("/etc/passwd", "/etc/passwX"),
        ("../../../../../../etc/passwd", "../../../../../../etc/passwX"),
        ("/proc/self/environ", "/proc/self/enviroX"),
        ("/etc", "/etX"),
        ("/dev/null", "/dev/nulX"),
        ("{outside}/secret", "{outside}/secreX"),
        ("{outside}/folder", "{outside}/foldeX"),
        ("{outside}", "{outsidX}"),
    )

    def check_same(self, verb, good, bad):
        replies = []
        for target in (good, bad):
            link = self.server.path("link")
            link.unlink(missing_ok=True)
            os.symlink(target, link)
            os.lchown(link, self.server.uid(), self.server.uid())
            os.utime(link, (1e9, 1e9), follow_symlinks=False)  # the minute may end between the two
            client = self.login()
            reply = self.tell(client, verb, "link")
            lines = [re.sub(r"unique=[0-9a-f]+;|modify=\d+;|link\.[0-9a-f]+| -> .*", "", t) for t in reply.lines]
            replies.append((reply.code, lines))
            client.quit()
        self.assertEqual(replies[0], replies[1])

    def test_C02_links_to_outside(self):
        """Nobody can tell by them what there is outside."""
        before = self.picture()
        for good, bad in self.TARGETS:
            good, bad = self.outside_of(good), self.outside_of(bad)
            for verb in (
                "SIZE",
                "MDTM",
                "MLST",
                "STAT",
                "HASH",
                "RETR",
                "LIST",
                "MLSD",
                "CWD",
                "STOR",
                "APPE",
                "SITE CHMOD 777",
            ):
                with self.subTest(target=good, verb=verb):
                    self.check_same(verb, good, bad)
        self.assertEqual(self.picture(), before)

    def outside_of(self, target):
        return target.replace("{outside}", str(self.outside)).replace("{outsidX}", str(self.outside)[:-1] + "X")

    def test_C02_links_in_listings(self):
        for number, (good, bad) in enumerate(self.TARGETS):
            os.symlink(self.outside_of(good), self.server.path(f"good{number}"))
            os.symlink(self.outside_of(bad), self.server.path(f"miss{number}"))
        client = self.login()
        found = client.facts()
        lines = {line.split()[8]: line.split()[:1] + line.split()[9:] for line in client.list()}
        for number, (good, bad) in enumerate(self.TARGETS):
            with self.subTest(target=good):
                one, other = found.get(f"good{number}"), found.get(f"miss{number}")
                for facts in (one, other):
                    if facts:
                        facts.pop("unique")
                        facts.pop("modify")
                self.assertEqual(one, other)
                if not good.startswith(".."):
                    self.assertEqual(lines.get(f"good{number}"), lines.get(f"miss{number}"))

    def test_C02_links_inside_are_followed(self):
        for target, name in (
            ("a/b/file", "one"),
            ("/a/b/file", "two"),
            ("../../../a/b/file", "three"),
            ("two", "four"),
        ):
            os.symlink(target, self.server.path(name))
            with self.subTest(target=target):
                self.assertEqual(self.login().retr(name), b"inside")

    def test_C05_names_and_targets_in_listings(self):
        self.server.write("root's")
        os.chown(self.server.path("root's"), 0, 0)
        self.server.write("daemon's")
        os.chown(self.server.path("daemon's"), 1, 1)
        self.server.write("adm's")
        os.chown(self.server.path("adm's"), 12345, 4)
        os.symlink("/etc/passwd", self.server.path("absolute"))
        os.symlink(self.server.path("old"), self.server.path("absolute inside"))
        os.symlink("a/b/file", self.server.path("relative"))
        client = self.login()
        for lines in (client.list(), client.list("-a"), client.list("-R"), client.expect(213, "STAT /").lines[1:-1]):
            text = "\n".join(lines)
            self.assertNotIn("-> /", text)
            self.assertNotIn("passwd", text)
            self.assertNotIn(str(self.server.directory), text)
            for line in lines:
                found = re.match(r" ?[-dlbcps?]\S{9} +\d+ (\S+) +(\S+) +", line)
                if found:
                    self.assertLessEqual(set(found.groups()), {"alice", "other"}, line)
        owners = {key for facts in client.facts().values() for key in facts if "owner" in key or "group" in key}
        self.assertEqual(owners, set())

    def test_C05_relative_target_above_the_root(self):
        """It names what is beside the folder on the host."""
        os.symlink("../bob", self.server.path("one"))
        os.symlink("a/../../bob", self.server.path("two"))
        os.symlink("../b/file", self.server.path("a/fine"))
        client = self.login()
        for lines in (client.list(), client.list("-R"), client.expect(213, "STAT /").lines):
            self.assertEqual([line for line in lines if re.search(r" (one|two) ->", line)], [])


class Root(Confinement):
    def test_C06_facts_of_the_root(self):
        client = self.login()
        lines = {line.split()[-1]: line.split()[:-1] for line in client.list("-a")}
        self.assertEqual(lines["."], lines[".."])
        self.assertEqual(lines["."][1], "1")  # no count of what is in it
        by_type = {}
        for line in client.list("", "MLSD"):
            facts = dict(part.split("=", 1) for part in line.split(" ", 1)[0].rstrip(";").lower().split(";"))
            by_type.setdefault(facts.pop("type"), facts)
        self.assertIn("cdir", by_type)
        self.assertEqual(by_type.get("pdir", by_type["cdir"]), by_type["cdir"])
        self.assertIn(" /", client.expect(250, "MLST /..").lines[1])

    def test_C06_unique_is_of_the_session_only(self):
        status = self.server.path("old").stat()
        found = [self.login().facts()["old"]["unique"] for _ in range(2)]
        self.assertNotEqual(*found)
        for number in (status.st_ino, status.st_dev):
            for text in (str(number), f"{number:x}"):
                if len(text) > 4:
                    self.assertNotIn(text, " ".join(found))

    def test_C07_pseudo_file_systems(self):
        client = self.login()
        for path in (
            "/proc/self/environ",
            "/proc/1/root/etc/shadow",
            "/proc/self/fd/3",
            "/dev/zero",
            "/dev/null",
            "/dev/fd/0",
            "/sys/kernel/notes",
            "/run",
            "/etc/passwd",
        ):
            for verb in ("RETR", "SIZE", "MLST", "MLSD", "CWD", "LIST", "HASH", "DELE", "RNFR", "STAT"):
                with self.subTest(path=path, verb=verb):
                    replies = [self.tell(client, verb, where) for where in (path, "/nosuch/nosuch")]
                    self.assertEqual(*[(reply.code, reply.lines) for reply in replies])
                    self.assertEqual(replies[0].code, 550)


if __name__ == "__main__":
    main()
