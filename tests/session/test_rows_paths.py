"""The regression list, section 4: long paths and the facts of MLSD (rows E06 and E07)."""

import itertools
import os

from harness import ServerTest, main


class LongPaths(ServerTest):
    VERBS = (
        "CWD",
        "XCWD",
        "MKD",
        "XMKD",
        "RMD",
        "XRMD",
        "DELE",
        "RNFR",
        "SIZE",
        "MDTM",
        "MFMT 20010909014640",
        "MFF modify=20010909014640;",
        "MLST",
        "STAT",
        "HASH",
        "XCRC",
        "XMD5",
        "XSHA",
        "XSHA256",
        "XSHA512",
        "AVBL",
        "SITE CHMOD 600",
        "SITE UTIME 20010909014640",
        "LIST",
        "LIST -a",
        "NLST",
        "MLSD",
        "RETR",
        "STOR",
        "APPE",
        "STOU",
        "RNTO",
    )
    TRANSFERS = ("LIST", "NLST", "MLSD", "RETR", "STOR", "APPE", "STOU")

    def test_E06_long_paths_on_every_verb(self):
        self.server.write("old", b"x")
        client = self.login()
        paths = {
            "component of 256": "x" * 256,
            "component of 4000": "x" * 4000,
            "path of 4095": "y/" * 2047 + "y",
            "path of 4096": "y/" * 2048,
            "path of 5000": "y/" * 2500,
            "2,000 components": "/nosuch" + "/.." * 1999 + "/nosuch/a",
            "long name below a file": "old/" + "x" * 255,
            "300 times above": "../" * 300 + "nosuch/a",
        }
        for (what, path), verb in itertools.product(paths.items(), self.VERBS):
            with self.subTest(path=what, verb=verb):
                if verb.split()[0] in self.TRANSFERS:
                    client.passive()
                if verb == "RNTO":
                    client.expect(350, "RNFR old")
                self.assertIn(client.command(f"{verb} {path}").code, (500, 501, 550, 553))
                client.expect(200, "NOOP")
        self.assertEqual(os.listdir(self.server.home()), ["old"])

    def test_E06_lines_longer_than_any_path(self):
        client = self.login()
        for verb in self.VERBS:
            with self.subTest(verb=verb):
                client.expect(500, f"{verb} {'/x' * 32500}")
                client.expect(200, "NOOP")

    def test_E06_longest_name(self):
        """255 bytes are a name like any other."""
        name = "x" * 255
        client = self.login()
        client.stor(name, b"content")
        self.check_replies(client, [(f"SIZE {name}", 213), (f"MLST {name}", 250), (f"HASH {name}", 213)])
        self.assertEqual(client.names(), [name])
        self.assertEqual(sorted(client.facts())[-1], name)
        client.expect(350, f"RNFR {name}")
        client.expect(553, f"RNTO {name}x")
        client.expect(250, f"DELE {name}")
        client.expect(257, f"MKD {name}")

    def test_E06_deeper_than_a_path_can_say(self):
        client = self.login()
        name, depth = "d" * 250, 20
        for _ in range(depth):
            client.expect(257, f"MKD {name}")
            client.expect(250, f"CWD {name}")
        # Whatever it says about where it is, it is not the root.
        reply = client.command("PWD")
        self.assertFalse(reply.code == 257 and reply.text.startswith('"/" '), reply)
        client.stor("a", b"deep")
        self.assertEqual(client.retr("a"), b"deep")
        self.assertEqual(client.names(), ["a"])
        self.assertEqual({name: facts["type"] for name, facts in client.facts().items()}["a"], "file")
        client.list("-R")
        client.expect(250, "MLST a")
        client.expect((250, 550), "MLST")
        client.expect(213, "STAT a")
        client.expect(250, "DELE a")
        for _ in range(depth):
            client.expect(250, "CDUP")
            client.expect(250, f"RMD {name}")
        self.assertTrue(client.expect(257, "PWD").text.startswith('"/" '))
        self.assertEqual(os.listdir(self.server.home()), [])


class Facts(ServerTest):
    FACTS = ("type", "size", "modify", "perm", "unique", "unix.mode")

    def test_E07_every_choice_of_facts(self):
        self.server.write("x" * 255, b"12345")
        self.server.write("y")
        client = self.login()
        for count in range(len(self.FACTS) + 1):
            for chosen in itertools.combinations(self.FACTS, count):
                with self.subTest(chosen=chosen):
                    client.expect(200, "OPTS MLST " + "".join(f"{fact};" for fact in chosen))
                    self.assertEqual(set(client.facts()["x" * 255]), set(chosen))

    def test_E07_odd_choices(self):
        self.server.write("a", b"12345")
        client = self.login()
        for argument, expected in (
            ("", set()),
            (";", set()),
            (";;;;", set()),
            ("type", {"type"}),
            ("type;" * 800, {"type"}),
            ("size;type;size;", {"type", "size"}),
            ("nosuch;type;", {"type"}),
            ("x" * 4000 + ";size;", {"size"}),
            ("typ;typee;;;size=;", set()),
            ("%s%n;type;", {"type"}),
        ):
            with self.subTest(argument=argument[:20]):
                client.expect(200, f"OPTS MLST {argument}".rstrip())
                self.assertEqual(set(client.facts()["a"]), expected)
                self.assertEqual(client.expect(250, "MLST a").code, 250)

    def test_E07_names_of_every_length(self):
        names = ["ä" * (length // 2) + "x" * (length % 2) for length in range(1, 256)]
        for name in names:
            self.server.write(name)
        client = self.login()
        for argument in ("type;size;modify;perm;unique;unix.mode;", "size;", ""):
            with self.subTest(argument=argument):
                client.expect(200, f"OPTS MLST {argument}".rstrip())
                self.assertLessEqual(set(names), set(client.facts()))


if __name__ == "__main__":
    main()
