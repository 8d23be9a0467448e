"""Accounts with upload_only: new files go in, and nothing is seen (rows A21, C20)."""

import os

from harness import PASSWORD, ServerTest, main


def set_rules(server, text, user="alice"):
    """Puts TEXT into the record of USER."""
    with open(server.directory / "users" / f"{user}.conf", "a", encoding="utf-8") as record:
        record.write(text + "\n")


WORDS = "This is a drop box"


class DropBox(ServerTest):
    def setUp(self):
        super().setUp()
        set_rules(self.server, "upload_only = true;")
        self.server.write("there", b"secret content")
        self.server.mkdir("d")
        self.server.write("d/inner", b"secret")

    def names(self, folder=""):
        return sorted(os.listdir(self.server.path(folder)))

    def test_new_files_and_directories(self):
        client = self.login()
        client.stor("new", b"hello")
        self.assertEqual(self.server.read("new"), b"hello")
        self.server.expect_log("files", "upload", path="/new", bytes=5)
        client.expect(257, "MKD new-d")
        client.expect(250, "CWD new-d")
        client.stor("x", b"1")
        client.expect(250, "CDUP")
        client.stor("d/y", b"2")
        self.assertEqual((self.names(), self.names("d")), (["d", "new", "new-d", "there"], ["inner", "y"]))

    def test_unique(self):
        client = self.login()
        for _ in range(3):
            client.upload("STOU", b"unique")
        self.assertEqual(len(self.names()), 5)

    def test_nothing_is_replaced_or_continued(self):
        client = self.login()
        for command in ("STOR there", "STOR d/inner", "STOR /there", "STOR d"):
            with self.subTest(command=command):
                client.passive()
                client.expect(553, command)
        client.stor("mine", b"first")
        client.passive()
        client.expect(553, "STOR mine")
        self.assertEqual(self.server.read("mine"), b"first")
        client.expect(550, "APPE there")
        client.expect(550, "APPE new")
        client.expect(550, "REST 3")
        self.assertEqual(self.server.read("there"), b"secret content")

    def test_two_at_once_do_not_replace_each_other(self):
        first, second = self.login(), self.login()
        one, two = first.begin("STOR same"), second.begin("STOR same")
        one.send(b"first")
        two.send(b"second")
        one.finish()
        first.read(226)
        two.finish()
        self.assertGreaterEqual(second.read_reply().code, 400)
        self.assertEqual((self.server.read("same"), self.names()), (b"first", ["d", "same", "there"]))

    def test_nothing_is_told(self):
        """The same words for what is there and what is not."""
        client = self.login()
        commands = (
            "RETR {}", "SIZE {}", "MDTM {}", "MDTM 20260101000000 {}", "MFMT 20260101000000 {}",
            "MFF modify=20260101000000; {}", "MLST {}", "STAT {}", "HASH {}", "XCRC {}", "XMD5 {}", "XSHA {}",
            "XSHA1 {}", "XSHA256 {}", "XSHA512 {}", "DELE {}", "RNFR {}", "RNTO {}", "RMD {}", "XRMD {}", "APPE {}",
            "AVBL {}", "SITE CHMOD 600 {}", "SITE UTIME 20260101000000 {}",
        )  # fmt: skip
        for command in commands:
            replies = set()
            for name in ("there", "missing", "d", "d/inner", "missing/inner"):
                with self.subTest(command=command, name=name):
                    reply = client.command(command.format(name))
                    replies.add((reply.code, *reply.lines))
                    self.assertIn(WORDS, reply.text)
            self.assertEqual(len(replies), 1)
            self.assertEqual(replies.pop()[0], 550)
        client.expect(550, "MLST")
        self.assertEqual(self.server.read("there"), b"secret content")
        self.server.expect_log("files", "refused", command="RETR", path="/there")

    def test_every_command_is_judged(self):
        """A command that is new here must be looked at: is it one that a drop box has?"""
        known = {
            "ABOR", "ALLO", "AUTH", "AVBL", "CCC", "CDUP", "CLNT", "CWD", "EPRT", "EPSV", "FEAT", "HELP", "HOST",
            "LANG", "LIST", "MKD", "MLSD", "MODE", "NLST", "NOOP", "OPTS", "PASS", "PASV", "PBSZ", "PORT", "PROT",
            "PWD", "QUIT", "REIN", "SITE", "STAT", "STOR", "STOU", "STRU", "SYST", "TYPE", "USER", "XCUP", "XCWD",
            "XMKD", "XPWD",
        }  # fmt: skip
        client = self.login()
        offered = " ".join(client.expect(214, "HELP").lines[1:-1]).split()
        self.assertIn("RETR", offered)
        for verb in offered:
            verb = verb.rstrip("*")
            if verb in known or not verb.isupper():
                continue
            with self.subTest(verb=verb):
                self.assertIn(WORDS, client.expect((550, 501), f"{verb} there").text)

    def test_listings_are_empty(self):
        """And not refused: clients list before they upload, and give up if that fails."""
        client = self.login()
        for path in ("", "d", "missing", "there", "-la", "*", "/", "d/inner", "missing/inner"):
            for verb in ("LIST", "NLST", "MLSD"):
                with self.subTest(verb=verb, path=path):
                    self.assertEqual(client.list(path, verb), [])
                    self.assertEqual(client.closing.text, "0 entries listed.")

    def test_as_winscp_uploads(self):
        """It lists first, makes sure of the directory, and sets the time of what it has uploaded."""
        client = self.login()
        client.expect(257, "PWD")
        client.expect(250, "CWD /")
        self.assertEqual(client.facts(), {})
        client.expect(550, "SIZE new")
        client.stor("new", b"hello")
        client.expect(550, "MFMT 20260101000000 new")
        self.assertEqual(client.facts(), {})
        self.assertEqual(self.server.read("new"), b"hello")

    def test_directories_that_are_no_directories(self):
        """A file in the way is not told from nothing."""
        client = self.login()
        replies = {tuple(client.expect(550, f"CWD {name}").lines) for name in ("missing", "there", "there/x", "d/inner")}
        self.assertEqual(len(replies), 1)
        for command in ("STOR there/x", "STOR missing/x"):
            client.passive()
            replies.add(tuple(client.expect(550, command).lines))
        replies |= {tuple(client.expect(550, f"MKD {name}/x").lines) for name in ("missing", "there")}
        self.assertEqual(len(replies), 1)
        taken = {tuple(client.expect(550, f"MKD {name}").lines) for name in ("d", "there")}
        self.assertEqual(len(taken), 1)

    def test_a_part_of_a_file_does_not_take_the_name(self):
        """Nobody could continue it, replace it or remove it."""
        client = self.login()
        data = client.begin("STOR big")
        data.send(bytes(100000))
        client.send("ABOR")
        client.read(426)
        client.read(226)
        data.close()
        self.assertEqual(self.names(), ["d", "there"])
        client.stor("big", b"again")

    def test_a_link_is_a_name_that_is_taken(self):
        os.symlink("nowhere", self.server.path("link"))
        client = self.login()
        client.passive()
        client.expect(553, "STOR link")

    def test_stat_of_the_session(self):
        client = self.login()
        self.assertIn("(a drop box)", "\n".join(client.expect(211, "STAT").lines))
        client.expect(213, "AVBL")

    def test_read_only_goes_first_nowhere(self):
        """Both: nothing at all can be done."""
        self.server.ctl("user", "mod", "alice", "--read-only")
        client = self.login()
        client.passive()
        client.expect(550, "STOR new")
        client.expect(550, "RETR there")


class Names(ServerTest):
    """files.allow_names and the rules allow_names and deny_names."""

    config = {"files": {"allow_names": ["*.pdf", "d*"], "deny_names": ["*.bad"]}}
    users = {"alice": PASSWORD, "bob": PASSWORD}

    def setUp(self):
        super().setUp()
        set_rules(self.server, 'allow_names = [ "*.txt", "ü*" ];\ndeny_names = [ "secret*" ];', "bob")

    def refused(self, client, *commands):
        for command in commands:
            with self.subTest(command=command):
                if command.startswith(("STO", "APPE")):
                    client.passive()
                client.expect(553, command)

    def test_of_the_server(self):
        self.server.write("old.exe", b"x")
        self.server.write("a.pdf", b"x")
        client = self.login()
        client.stor("b.pdf", b"1")
        client.appe("c.pdf", b"1")
        client.expect(257, "MKD docs")
        client.stor("docs/x.pdf", b"1")
        client.expect(350, "RNFR a.pdf")
        client.expect(250, "RNTO docs/y.pdf")
        self.refused(client, "STOR a.exe", "STOR A.PDF", "APPE a.exe", "APPE old.exe", "STOR old.exe", "STOU x", "MKD x",
                     "STOR docs/x", "STOR a.pdf.exe", "STOR b.bad", "XMKD Docs")  # fmt: skip
        client.expect(350, "RNFR b.pdf")
        client.expect(553, "RNTO b.exe")
        self.assertEqual(client.retr("old.exe"), b"x")
        client.expect(250, "DELE old.exe")
        self.assertEqual(sorted(os.listdir(self.server.home())), ["b.pdf", "c.pdf", "docs"])
        for name, option in (("a.exe", "allow_names"), ("b.bad", "deny_names")):
            line = self.server.expect_log("files", "refused", command="STOR", path=f"/{name}")
            self.assertIn(f"files.{option}", line["reason"])

    def test_of_an_account(self):
        """Its allowed names stand in place of the server's, its denied ones beside them."""
        for name in ("secret.txt", "x.bad", "seen.txt"):
            self.server.write(name, b"x", user="bob")
        client = self.login("bob")
        client.stor("a.txt", b"1")
        client.stor("über", b"1")
        self.refused(client, "STOR a.pdf", "STOR secret2.txt", "MKD docs", "STOR ubung", "STOR x.bad", "STOR Über")
        self.assertEqual(sorted(client.names()), ["a.txt", "seen.txt", "über"])
        for name in ("secret.txt", "x.bad"):
            client.passive()
            client.expect(550, f"RETR {name}")
        client.expect(550, "DELE secret.txt")
        alice = self.login()
        self.server.write("secret.txt", b"x")
        self.assertEqual(alice.retr("secret.txt"), b"x")

    def test_links_are_not_followed_where_an_account_denies(self):
        self.server.write("secret.txt", b"x", user="bob")
        os.symlink("secret.txt", self.server.path("link.txt", "bob"))
        client = self.login("bob")
        client.expect(550, "SIZE link.txt")
        client.passive()
        client.expect(550, "RETR link.txt")

    def test_a_drop_box_with_names(self):
        set_rules(self.server, 'upload_only = true;\nallow_names = [ "*.pdf" ];')
        client = self.login()
        client.stor("a.pdf", b"1")
        self.refused(client, "STOR a.exe", "MKD d")


class ReadOnly(ServerTest):
    """A21 from the session's side: what a read-only account reads, and what MLSD says about it."""

    def setUp(self):
        super().setUp()
        self.server.ctl("user", "mod", "alice", "--read-only")
        self.server.write("a", b"content")
        self.server.mkdir("d")

    def test_A21_nothing_is_changed(self):
        client = self.login()
        for command in ("STOR x", "STOR a", "STOU", "APPE a", "MKD x", "XMKD x", "DELE a", "RMD d", "RNFR a", "MFMT "
                        "20260101000000 a", "MFF modify=20260101000000; a", "MDTM 20260101000000 a",
                        "SITE CHMOD 600 a", "SITE UTIME 20260101000000 a"):  # fmt: skip
            with self.subTest(command=command):
                if command.startswith(("STO", "APPE")):
                    client.passive()
                client.expect(550, command)
        # As AVBL says; 550 is no reply to ALLO.
        client.expect(552, "ALLO 1")
        self.assertEqual(client.retr("a"), b"content")
        self.assertEqual(sorted(os.listdir(self.server.home())), ["a", "d"])

    def test_A21_perm_facts(self):
        client = self.login()
        facts = client.facts()
        self.assertEqual((facts["a"]["perm"], facts["d"]["perm"]), ("r", "el"))
        self.assertIn("perm=r;", client.expect(250, "MLST a").lines[1])


class Anonymous(ServerTest):
    """A21: anonymous access reads, and has no SITE but HELP."""

    config = {"anonymous": {"enabled": True, "account": "public"}}
    users = {"alice": PASSWORD, "public": PASSWORD}

    def setUp(self):
        super().setUp()
        self.server.write("a", b"content", user="public")
        self.server.passwords["anonymous"] = "guest@example.org"

    def test_A21_reads_and_no_more(self):
        client = self.login("anonymous")
        self.assertEqual(client.retr("a"), b"content")
        self.assertEqual(client.facts()["a"]["perm"], "r")
        for command in ("STOR x", "STOU", "MKD x", "DELE a", "RNFR a", "SITE CHMOD 600 a", "SITE UMASK 0", "SITE IDLE",
                        "SITE PSWD a b", "SITE NOSUCH", "SITE WHO", "SITE USER LIST"):  # fmt: skip
            with self.subTest(command=command):
                if command.startswith("STO"):
                    client.passive()
                client.expect(550, command)
        help_lines = client.expect(214, "SITE HELP").lines
        self.assertEqual(len(help_lines), 3)
        self.assertIn("HELP", help_lines[1])
        self.assertEqual(os.listdir(self.server.home("public")), ["a"])


if __name__ == "__main__":
    main()
