"""SITE (RFC 959 section 4.1.3): HELP, CHMOD, UTIME, UMASK, IDLE, and nothing that others had to regret (C15 C16)."""

import os
import re

from harness import PASSWORD, ServerTest, main


class Site(ServerTest):
    def test_needs_login(self):
        self.check_needs_login("SITE CHMOD 600 x", "SITE UMASK", "SITE CPFR /etc/passwd", "SITE EXEC id", "SITE IDLE")

    def told(self, client):
        """The commands that SITE HELP has, in its order."""
        lines = client.expect(214, "SITE HELP").lines
        self.assertEqual((lines[0], lines[-1]), ("SITE commands:", "End."))
        for line in lines[1:-1]:
            self.assertRegex(line, r"^ [A-Z]+( [A-Z]+)?( [^:]*[^: ])?: [a-z].*[a-z]$")
            self.assertLess(len(line), 80)
        return [re.match(r" ([A-Z]+( [A-Z]+)?)(?=[ :])", line)[1] for line in lines[1:-1]]

    def test_help(self):
        """What one may use and nothing else, in the order of the alphabet."""
        users = ["CHMOD", "HELP", "IDLE", "PSWD", "QUOTA", "UMASK", "UTIME"]
        admins = ["BAN", "KICK", "QUOTA SET", "UNBAN", "USER ADD", "USER DEL", "USER LIST", "USER LOCK", "USER PASSWD",
                  "USER SHOW", "USER UNLOCK", "WHO"]  # fmt: skip
        self.server.configure({"anonymous": {"enabled": True, "account": "public"}})
        self.server.add_user("public", PASSWORD)
        self.server.add_user("boss", PASSWORD, "--role", "admin")
        self.assertEqual(self.told(self.login()), users)
        self.assertEqual(self.told(self.login("boss")), sorted(users + admins))
        self.assertEqual(self.told(self.login("public")), users)
        self.server.passwords["anonymous"] = "guest@example.org"
        self.assertEqual(self.told(self.login("anonymous")), ["HELP"])

    def test_help_of_strangers(self):
        self.connect().expect(530, "SITE HELP")
        self.server.configure({"registration": {"open": True}})
        client = self.connect()
        self.assertEqual(self.told(client), ["HELP", "REGISTER"])
        client.expect(530, "SITE IDLE")
        client.login()
        self.assertNotIn("REGISTER", self.told(client))

    def test_unknown(self):  # C15 C16
        self.server.write("a", b"x")
        client = self.login()
        for command in (
            "NOSUCH",
            "EXEC id",
            "CPFR a",
            "CPTO b",
            "SYMLINK a b",
            "ADDUSER x y",
            "MINFO",
            "x" * 4000,
            "%s%n",
        ):
            with self.subTest(command=command[:20]):
                client.expect(504, f"SITE {command}")
        client.expect(501, "SITE")
        self.assertEqual(os.listdir(self.server.home()), ["a"])


class Chmod(ServerTest):
    def test_modes(self):
        self.server.write("a b", b"x", mode=0o640)
        self.server.mkdir("d", mode=0o750)
        client = self.login()
        for argument, name, mode in (
            ("600 a b", "a b", 0o600),
            ("0755 a b", "a b", 0o755),
            ("777 d", "d", 0o777),
            ("0 a b", "a b", 0),
            ("700 /d", "d", 0o700),
        ):
            with self.subTest(argument=argument):
                client.expect(200, f"SITE CHMOD {argument}")
                self.assert_mode(name, mode)
        client.expect(200, "site chmod 644 a b")
        self.assert_mode("a b", 0o644)
        self.server.expect_log("files", "chmod", count=4, path="/a b", user="alice", remote="127.0.0.1")

    def test_special_bits(self):  # C10
        self.server.write("a", b"x", mode=0o640)
        client = self.login()
        for mode in ("4777", "2777", "1777", "6755", "7777", "04755", "10644"):
            with self.subTest(mode=mode):
                self.assertIn(client.command(f"SITE CHMOD {mode} a").code, (501, 504))
                self.assert_mode("a", 0o640)

    def test_syntax(self):
        self.server.write("a", b"x", mode=0o640)
        self.check_replies(
            self.login(),
            [
                ("SITE CHMOD", 501),
                ("SITE CHMOD 600", 501),
                ("SITE CHMOD 8 a", 501),
                ("SITE CHMOD -1 a", 501),
                ("SITE CHMOD u+x a", 501),
                ("SITE CHMOD  a", 501),
            ],
        )
        self.assert_mode("a", 0o640)

    def test_refusals(self):
        self.server.path("foreign").write_bytes(b"x")
        outside = self.server.directory / "outside"
        outside.write_bytes(b"x")
        outside.chmod(0o644)
        os.symlink(outside, self.server.path("link"))
        client = self.login()
        for name in ("nosuch", "foreign", "link", "/etc/passwd", ".cellftpd-upload-x"):
            with self.subTest(name=name):
                client.expect(550, f"SITE CHMOD 777 {name}")
        self.assertEqual(outside.stat().st_mode & 0o777, 0o644)

    def test_root_stays_enterable(self):  # C09
        before = self.server.home().stat().st_mode
        client = self.login()
        for mode, name in (("000", "."), ("0", "/"), ("077", "/"), ("600", "..")):
            with self.subTest(mode=mode, name=name):
                client.expect(550, f"SITE CHMOD {mode} {name}")
                self.assertEqual(self.server.home().stat().st_mode, before)
        self.login().expect(257, "PWD")

    def test_read_only_account(self):
        self.server.add_user("reader", PASSWORD, "--read-only")
        self.server.write("a", b"x", "reader", mode=0o640)
        self.login("reader").expect(550, "SITE CHMOD 600 a")
        self.assert_mode("a", 0o640, "reader")


class Utime(ServerTest):
    def test_short_form(self):
        self.server.write("a b", b"x")
        client = self.login()
        client.expect(200, "SITE UTIME 20010909014640 a b")
        self.assertEqual(self.server.path("a b").stat().st_mtime, 1000000000)
        client.expect(200, "SITE UTIME 200109090146 a b")
        self.assertEqual(self.server.path("a b").stat().st_mtime, 999999960)
        self.server.expect_log("files", "set-time", count=2, path="/a b", user="alice")

    def test_long_form(self):
        self.server.write("a b", b"x")
        self.login().expect(200, "SITE UTIME a b 20000229000000 20010909014640 20000229000000 UTC")
        self.assertEqual(self.server.path("a b").stat().st_mtime, 1000000000)

    def test_refusals(self):  # E10
        self.server.write("a", b"x", mtime=1000000000)
        client = self.login()
        self.check_replies(
            client,
            [
                ("SITE UTIME", 501),
                ("SITE UTIME 20010230000000 a", 501),
                ("SITE UTIME 20011301000000 a", 501),
                ("SITE UTIME 20010909014640", 501),
                ("SITE UTIME 20010909014640 nosuch", 550),
            ],
        )
        self.assertEqual(self.server.path("a").stat().st_mtime, 1000000000)


class Umask(ServerTest):
    def test_shows_and_sets(self):
        client = self.login()
        client.expect(200, "SITE UMASK")
        for mask, file, directory in (
            ("077", 0o600, 0o700),
            ("022", 0o640, 0o750),
            ("026", 0o640, 0o750),
            ("0", 0o640, 0o750),
        ):
            with self.subTest(mask=mask):
                client.expect(200, f"SITE UMASK {mask}")
                client.stor(f"f{mask}", b"x")
                client.expect(257, f"MKD d{mask}")
                self.assertEqual(self.server.path(f"f{mask}").stat().st_mode & 0o111, 0)  # C10: never x for a new file
                self.assert_mode(f"f{mask}", file)
                self.assert_mode(f"d{mask}", directory)

    def test_syntax(self):
        self.check_replies(self.login(), [("SITE UMASK 8", 501), ("SITE UMASK x", 501), ("SITE UMASK -1", 501)])
        self.assertIn(self.login().command("SITE UMASK 1000").code, (501, 504))

    def test_of_one_session_only(self):
        first, second = self.login(), self.login()
        first.expect(200, "SITE UMASK 000")
        second.stor("a", b"x")
        self.assert_mode("a", 0o640)


class Idle(ServerTest):
    config = {"session": {"idle": "50 s", "idle_max": "100 s"}}

    def test_shows_and_sets(self):
        client = self.login()
        self.check_replies(client, [("SITE IDLE", 200), ("SITE IDLE 60", 200, "60"), ("SITE IDLE", 200, "60")])

    def test_limits(self):
        client = self.login()
        for seconds in ("0", "-1", "x", "101", "18446744073709551617"):
            with self.subTest(seconds=seconds):
                self.assertIn(client.command(f"SITE IDLE {seconds}").code, (501, 504))

    def test_is_obeyed(self):
        client = self.login()
        client.expect(200, "SITE IDLE 1")
        client.read(421)
        self.assert_closed(client)


if __name__ == "__main__":
    main()
