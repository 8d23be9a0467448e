"""The regression list, section 5: names that do not exist for users: our own, and those that are denied (rows C17, C18,
C20)."""

import os

from harness import ServerTest, main

DATA = ("RETR", "LIST", "NLST", "MLSD", "STOR", "APPE")


class Names(ServerTest):
    def names(self, folder=""):
        return sorted(os.listdir(self.server.path(folder)))

    def ask(self, client, command):
        """The reply to a command that must not begin a transfer."""
        if command.split()[0] in DATA:
            client.passive()
        return client.command(command)


class Temporary(Names):
    PREFIX = ".cellftpd-upload-"

    def test_C17_reserved_names_do_not_exist(self):
        self.server.allow_temporaries = True
        outside = self.server.directory / "outside"
        outside.write_bytes(b"safe")
        outside.chmod(0o666)
        os.symlink(outside, self.server.path(f"{self.PREFIX}link"))
        self.server.mkdir(f"{self.PREFIX}folder")
        self.server.write(f"{self.PREFIX}folder/x", b"x")
        # Younger than what a crash leaves, so not swept (src/session/unfinished.c).
        self.server.write(f"{self.PREFIX}0123456789abcdef", b"somebody's")
        before = self.names()
        client = self.login()
        self.assertEqual((client.names(), client.names("-a")), ([], []))
        self.assertEqual([name for name in client.facts() if self.PREFIX in name], [])
        self.assertNotIn(self.PREFIX, "\n".join(client.expect(213, "STAT /").lines + client.list("-aR")))
        missing = self.ask(client, "SIZE nosuch")
        for kind in ("link", "folder", "folder/x", "0123456789abcdef", "nosuch"):
            name = self.PREFIX + kind
            for verb in ("RETR", "SIZE", "MDTM", "MLST", "MLSD", "LIST", "STAT", "HASH", "DELE", "RMD", "RNFR", "CWD"):
                with self.subTest(name=name, verb=verb):
                    reply = self.ask(client, f"{verb} {name}")
                    self.assertEqual((reply.code, reply.lines), (550, missing.lines))
            for verb in ("STOR", "APPE", "MKD"):
                with self.subTest(name=name, verb=verb):
                    self.assertEqual(self.ask(client, f"{verb} {name}").code, 553)
        client.stor("a", b"x")
        client.expect(350, "RNFR a")
        client.expect(553, f"RNTO {self.PREFIX}a")
        self.assertEqual((self.names(), outside.read_bytes()), (sorted([*before, "a"]), b"safe"))

    def test_C17_names_of_temporaries_cannot_be_guessed(self):
        """Each upload has a new one; what was put under an old one is neither used nor harmed."""
        self.server.allow_temporaries = True
        seen = set()
        client = self.login()
        for _ in range(30):
            data = client.begin("STOR a")
            data.send(b"new")
            client.expect(200, "NOOP")
            (name,) = [name for name in self.names() if name.startswith(self.PREFIX) and name not in seen]
            data.close()
            client.read(226)
            self.server.write(name, b"planted")
            seen.add(name)
        self.assertEqual(self.server.read("a"), b"new")
        self.assertEqual({self.server.read(name) for name in seen}, {b"planted"})
        numbers = [int(name.removeprefix(self.PREFIX), 16) for name in seen]
        self.assertGreater(max(numbers) - min(numbers), 1 << 60)

    def test_C17_links_are_not_swept_through(self):
        self.server.allow_temporaries = True
        outside = self.server.directory / "outside"
        inside = self.server.write("inside", b"x", mtime=1000000000)
        outside.write_bytes(b"safe")
        for name, target in (("1", outside), ("2", "inside"), ("3", "nosuch")):
            os.symlink(target, self.server.path(self.PREFIX + name))
        os.mkfifo(self.server.path(f"{self.PREFIX}fifo"), 0o666)
        self.server.mkdir(f"{self.PREFIX}d")
        client = self.login()
        client.list("-a")
        client.facts()
        self.assertTrue(outside.exists() and inside.exists())
        self.server.expect_log("files", "sweep", count=0)

    def test_C20_nothing_of_ours_in_the_folder(self):
        self.assertEqual(self.names(), [])
        client = self.login()
        self.assertEqual([line.split()[-1] for line in client.list("-a")], [".", ".."])
        self.assertEqual(client.names("-a"), [])
        client.stor("a", b"x")
        client.expect(250, "DELE a")
        data = client.begin("STOR b")
        data.reset()
        client.read(426)
        client.expect(257, "MKD d")
        client.expect(250, "RMD d")
        client.quit()
        client.wait()
        self.assertEqual([name for name in self.names() if name != "b"], [])


class Denied(Names):
    config = {"files": {"deny_names": ["secret", ".ht*"]}}

    def setUp(self):
        super().setUp()
        for name in ("a/secret", "a/.htaccess", "b/secret/inside", "a/open"):
            self.server.write(name, b"content")

    def test_C18_every_spelling(self):
        os.symlink("a/secret", self.server.path("link"))
        os.symlink("b/secret", self.server.path("folder"))
        os.symlink("secret", self.server.path("a/link"))
        client = self.login()
        missing = client.command("SIZE nosuch").lines
        for path in (
            "a/secret",
            "/a/secret",
            "a//secret",
            "a/./secret",
            "a/../a/secret",
            "a/secret/",
            "a/secret/.",
            "a/secret//",
            "./a/secret",
            "../../a/secret",
            "a/open/../secret",
            "b/secret/../../a/secret",
            "a/.htaccess",
            "a/.ht",
            "a/.htpasswd/../open",
            "b/secret",
            "b/secret/inside",
            "b/secret/../secret/inside",
            "link",
            "folder/inside",
            "folder",
            "a/link",
        ):
            for verb in ("RETR", "SIZE", "MDTM", "HASH", "XCRC", "MLSD", "CWD"):
                with self.subTest(path=path, verb=verb):
                    self.assertEqual(self.ask(client, f"{verb} {path}").code, 550)
            if "link" not in path and "folder" not in path:
                for verb in (
                    "SIZE",
                    "MDTM",
                    "MLST",
                    "STAT",
                    "RNFR",
                    "DELE",
                    "RMD",
                    "SITE CHMOD 777",
                    "MFMT 20010909014640",
                ):
                    with self.subTest(path=path, verb=verb):
                        reply = client.command(f"{verb} {path}")
                        self.assertEqual((reply.code, reply.lines), (550, missing))
                for verb in ("STOR", "APPE", "MKD"):
                    with self.subTest(path=path, verb=verb):
                        self.assertIn(self.ask(client, f"{verb} {path}").code, (550, 553))
        client.expect(250, "CWD a")
        for path in ("secret", "./secret", "../a/secret", ".htaccess"):
            with self.subTest(path=path):
                client.expect(550, f"SIZE {path}")
        for name in ("a/secret", "a/.htaccess", "b/secret/inside"):
            self.assertEqual(self.server.read(name), b"content")
            self.assertEqual(self.server.path(name).stat().st_mode & 0o777, 0o644)

    def test_C18_not_by_renaming(self):
        client = self.login()
        for source, target in (("a/secret", "x"), ("a/open", "a/secret"), ("a/open", ".htx"), ("b/secret", "c")):
            with self.subTest(source=source, target=target):
                if client.command(f"RNFR {source}").code == 350:
                    client.expect(553, f"RNTO {target}")
        client.expect(350, "RNFR a")
        client.expect(250, "RNTO moved")
        client.expect(550, "SIZE moved/secret")

    def test_C18_not_listed(self):
        client = self.login()
        for text in (client.list("-aR"), client.list("-a a"), client.names("a"), client.expect(213, "STAT a").lines):
            self.assertNotIn("secret", "\n".join(text))
            self.assertNotIn(".ht", "\n".join(text))
        self.assertEqual([name for name in client.facts("a") if "secret" in name or ".ht" in name], [])

    def test_C18_another_name_is_another_name(self):
        """The pattern is the name's, not a part of it; the file system knows letter case."""
        client = self.login()
        for name in ("SECRET", "secret2", "mysecret", "a.ht", ".h"):
            with self.subTest(name=name):
                client.stor(name, b"x")
                self.assertEqual(client.retr(name), b"x")


if __name__ == "__main__":
    main()
