"""Rows A20 and L11: what an administrator does over SITE, who hears that it can be done, and what the log says."""

import contextlib
import fcntl
import json
import os
import signal
import time

from harness import PASSWORD, ServerTest, in_clear, main, process, wait_until

SECRET = "swordfish 42"
COMMANDS = (
    "USER ADD carl secretsecret",
    "USER DEL bob",
    "USER PASSWD bob secretsecret",
    "USER LOCK bob",
    "USER UNLOCK bob",
    "USER LIST",
    "USER SHOW bob",
    "QUOTA SET bob 1",
    "WHO",
    "KICK bob",
    "BAN 192.0.2.1",
    "UNBAN 192.0.2.1",
)


class AdminSite(ServerTest):
    users = {"alice": PASSWORD, "bob": PASSWORD}
    config = {"logs": {"journal": False, "commands": True}}

    def setUp(self):
        super().setUp()
        self.server.add_user("boss", PASSWORD, "--role", "admin")

    def boss(self, **arguments):
        client = self.connect(**arguments)
        client.is_admin = client.administers = True
        client.login("boss")
        return client

    def show(self, name):
        return json.loads(self.server.ctl("user", "show", name, "--json").stdout)

    def logged(self, word, **fields):
        """In admin.log, with who it was, from where, and in which session."""
        return self.server.expect_log("admin", word, actor="boss from 127.0.0.1", **fields)

    def records(self):
        return {path.name: path.read_bytes() for path in (self.server.directory / "users").glob("*.conf")}


class Commands(AdminSite):
    def test_A20_add(self):
        boss = self.boss()
        reply = boss.expect(200, f"SITE USER ADD carl {SECRET.replace(' ', '')}")
        self.assertIn('added user "carl"', reply.text)
        self.server.passwords["carl"] = SECRET.replace(" ", "")
        self.logged("user-add", user="carl", session=self.server.logs("auth", "accepted", user="boss")[0]["session"])
        self.login("carl").stor("a", b"x")
        self.assert_mode("a", 0o640, "carl")
        self.assertIn("exists", boss.expect(550, "SITE USER ADD carl another1").text)
        self.server.expect_log("admin", "refused", actor="boss")

    def test_A20_add_with_a_quoted_password(self):
        self.boss().expect(200, f'site user add carl "{SECRET} ""x"""')
        self.server.passwords["carl"] = f'{SECRET} "x"'
        self.login("carl").expect(257, "PWD")

    def test_A20_add_in_a_skeleton(self):
        skeleton = self.server.directory / "skeleton"
        (skeleton / "in").mkdir(parents=True)
        (skeleton / "in" / "welcome").write_bytes(b"hello")
        self.boss().expect(200, "SITE USER ADD carl secretsecret")
        self.server.passwords["carl"] = "secretsecret"
        self.assertEqual(self.server.path("in/welcome", "carl").stat().st_uid, self.server.uid("carl"))
        carl = self.login("carl")
        carl.expect(250, "DELE in/welcome")
        carl.expect(250, "RMD in")

    def test_A20_del(self):
        bob = self.login("bob")
        self.server.write("a", b"x", "bob")
        self.boss().expect(200, "SITE USER DEL bob")
        bob.read(421)
        bob.loose = True
        self.assertNotIn("bob.conf", self.records())
        self.assertEqual(self.server.read("a", "bob"), b"x")
        self.logged("user-delete", user="bob")

    def test_A20_passwd(self):
        self.boss().expect(200, "SITE USER PASSWD bob swordfish")
        self.logged("user-password", user="bob")
        self.server.passwords["bob"] = "swordfish"
        self.login("bob").expect(257, "PWD")

    def test_A20_lock_and_unlock(self):
        bob, boss = self.login("bob"), self.boss()
        boss.expect(200, "SITE USER LOCK bob")
        self.assertIn("locked", bob.read(421).text)
        bob.loose = True
        self.logged("user-lock", user="bob")
        client = self.connect()
        client.expect(331, "USER bob")
        client.expect(530, f"PASS {PASSWORD}")
        boss.expect(200, "SITE USER UNLOCK bob")
        self.logged("user-unlock", user="bob")
        self.login("bob").expect(257, "PWD")

    def test_A20_list_and_show(self):
        boss = self.boss()
        text = "\n".join(boss.expect(200, "SITE USER LIST").lines)
        for name in ("alice", "bob", "boss"):
            self.assertIn(f" {name} ", text)
        self.assertIn(" enabled", "\n".join(boss.expect(200, "SITE USER SHOW bob").lines))
        self.assertIn("does not exist", boss.expect(550, "SITE USER SHOW nobody-such").text)
        self.server.expect_log("admin", "looked", actor="boss", detail="USER LIST")
        self.server.expect_log("admin", "looked", actor="boss", detail="USER SHOW bob")

    def test_A20_who_and_kick(self):
        alice, bob, boss = self.login(), self.login("bob"), self.boss()
        text = "\n".join(boss.expect(200, "SITE WHO").lines)
        self.assertIn(" alice ", text)
        self.assertIn(" boss ", text)
        self.server.expect_log("admin", "looked", actor="boss", detail="WHO")
        boss.expect(200, "SITE KICK alice")
        self.assertIn("administrator", alice.read(421).text)
        alice.loose = True
        self.logged("kick", user="alice")
        bob.expect(200, "NOOP")
        session = self.server.logs("auth", "accepted", user="bob")[0]["session"]
        boss.expect(200, f"SITE KICK {session}")
        bob.read(421)
        bob.loose = True
        self.assertIn("no session", boss.expect(550, "SITE KICK bob").text)

    def test_A20_kick_of_oneself_comes_last(self):
        alice, boss = self.login(), self.boss()
        start = time.monotonic()
        boss.send("SITE KICK 127.0.0.1")
        alice.read(421)
        alice.loose = True
        end = boss.read_reply()  # the reply may be overtaken by the end that it has brought
        if end.code == 200:
            end = boss.read_reply()
        self.assertEqual(end.code, 421)
        boss.loose = True
        self.assertTrue(wait_until(lambda: not process.alive(boss.monitor_pid)))
        self.assertLess(time.monotonic() - start, 30)
        self.server.expect_log("connections", "disconnect", reason="kicked", count=2)

    def test_A20_ban_and_unban(self):
        boss, other = self.boss(), self.login(source="127.0.0.7")
        boss.expect(200, "SITE BAN 127.0.0.7 1h")
        other.read(421)
        other.loose = True
        self.logged("ban-add")
        banned = self.connect(source="127.0.0.7", greeting=None)
        banned.read(421)
        banned.loose = True
        boss.expect(200, "SITE UNBAN 127.0.0.7")
        self.logged("ban-delete", detail="127.0.0.7")
        self.login(source="127.0.0.7").expect(257, "PWD")
        self.assertIn("your own", boss.expect(550, "SITE BAN 127.0.0.0/24").text)
        boss.expect(550, "SITE BAN nonsense")
        boss.expect(257, "PWD")

    def test_A20_ban_for_no_time(self):
        """It would take the ban back that there is."""
        boss = self.boss()
        boss.expect(200, "SITE BAN 192.0.2.7")
        self.assertIn("no time", boss.expect(550, "SITE BAN 192.0.2.7 0s").text)
        self.assertIn("192.0.2.7", self.server.ctl("ban", "list").stdout)

    def test_A20_quota_set(self):
        boss = self.boss()
        boss.expect(200, "SITE QUOTA SET bob 1MiB 10")
        self.logged("quota-set", user="bob")
        bob = self.login("bob")
        bob.expect(552, "ALLO 2000000")
        boss.expect(200, "SITE USER ADD carl secretsecret 5KiB")
        self.server.passwords["carl"] = "secretsecret"
        self.login("carl").expect(552, "ALLO 6000")

    def test_A20_other_administrators_are_out_of_reach(self):
        self.server.add_user("chief", PASSWORD, "--role", "admin")
        boss, before = self.boss(), self.records()
        for command in ("DEL chief", "PASSWD chief secretsecret", "LOCK chief", "UNLOCK chief", "LOCK boss", "DEL boss"):
            with self.subTest(command=command):
                self.assertIn("administrator's", boss.expect(550, f"SITE USER {command}").text)
        for name in ("chief", "boss"):
            self.assertIn("administrator's", boss.expect(550, f"SITE QUOTA SET {name} 1MiB").text)
        self.assertIn("administrator's", boss.expect(550, f'SITE PSWD "{PASSWORD}" secretsecret').text)
        self.assertEqual(self.records(), before)

    def test_A20_arguments_are_no_options(self):
        boss, before = self.boss(), self.records()
        for command in (
            "USER ADD --role=admin secretsecret",
            "USER DEL --purge",
            "USER DEL -h",
            "USER LOCK --config=/etc/passwd",
            "USER SHOW --json",
            "USER ADD carl secretsecret --role",
            "KICK --user=bob",
            "BAN 192.0.2.1 --help",
            "USER ADD carl",
            "USER ADD",
            "USER LIST x",
            "USER LOCK alice bob",
            'USER SHOW "alice',
            'USER SHOW "alice"x',
            'USER SHOW ""',
        ):
            with self.subTest(command=command):
                boss.expect(501, f"SITE {command}")
        for command in ("USER ADD ../x secretsecret", "USER ADD Root secretsecret", "USER SHOW a/b", "BAN 1.2.3.4 soon"):
            with self.subTest(command=command):
                boss.expect(550, f"SITE {command}")
        self.assertEqual(self.records(), before)
        self.assertEqual(self.server.ctl("ban", "list").stdout, "")

    def test_help_shows_it(self):
        text = "\n".join(self.boss().expect(214, "SITE HELP").lines)
        for command in COMMANDS:
            self.assertIn(" ".join(command.split()[: 1 if command[0] in "WKB" or command[:3] == "UNB" else 2]), text)

    def test_L03_no_secret_in_the_logs(self):
        boss = self.boss()
        boss.expect(200, "SITE USER ADD carl topsecretone")
        boss.expect(200, "SITE USER PASSWD carl topsecrettwo")
        boss.expect(550, "SITE USER PASSWD nobody-such topsecretthree")
        boss.expect(501, "SITE USER PASSWD carl topsecretfour topsecretfive")
        alice = self.login()
        alice.expect(504, "SITE USER ADD dave topsecretsix")
        alice.expect(504, "SITE USER PASSWD topsecretseven")
        alice.expect(550, "SITE PSWD topsecreteight topsecretnine")
        alice.expect(501, "SITE PSWD topsecretten")
        self.connect().expect(530, "SITE REGISTER topsecreteleven topsecrettwelve")
        boss.quit()
        for path in (self.server.directory / "logs").iterdir():
            self.assertNotIn(b"topsecret", path.read_bytes(), path.name)
        details = [line.get("detail") for line in self.server.logs("commands", "command", command="SITE")]
        self.assertIn("USER ADD carl ***", details)
        self.assertIn("***", details)

    def test_role_that_is_taken_away(self):
        boss = self.boss()
        self.server.ctl("user", "mod", "boss", "--role", "user")
        boss.read(421)
        boss.loose = True
        self.login("boss").expect(504, "SITE USER LIST")

    def test_many_accounts(self):
        """A list that is longer than any buffer, read slowly."""
        boss = self.boss()
        users = self.server.directory / "users"
        text = (users / "bob.conf").read_text()
        uid = self.server.uid("bob")
        for number in range(9000):
            (users / f"u{number:05}.conf").write_text(text.replace(f"uid = {uid}", f"uid = {self.server.uid_min + 100}"))
            os.chmod(users / f"u{number:05}.conf", 0o600)
        boss.send("SITE USER LIST")
        time.sleep(0.3)
        reply = boss.read(200)
        self.assertEqual(len(reply.lines), 9000 + 3 + 3)
        for number in range(9000):
            (users / f"u{number:05}.conf").unlink()
        boss.expect(257, "PWD")


class Others(AdminSite):
    def test_L11_users_hear_of_nothing(self):
        """The reply to a user, byte by byte, is that of a command that does not exist."""
        before = self.records()
        for client in (self.login(), self.server.login("bob", secure="clear")):
            unknown = client.command("SITE NOSUCH x")
            for command in (*COMMANDS, "USER", "USER ADD", "WHO x", "KICK", "BAN", "UNBAN", "QUOTA SET"):
                with self.subTest(command=command):
                    found = client.command(f"SITE {command}")
                    self.assertEqual((found.code, found.lines), (unknown.code, unknown.lines))
            text = "\n".join(client.expect(214, "SITE HELP").lines)
            for word in ("USER", "QUOTA SET", "WHO", "KICK", "BAN", "REGISTER"):
                self.assertNotIn(f" {word}", text)
        stranger = self.connect()
        for command in (*COMMANDS, "REGISTER carl secretsecret"):
            stranger.expect(530, f"SITE {command}")
        self.assertEqual(self.records(), before)
        self.assertEqual(self.server.logs("admin", "refused"), [])

    @in_clear("the session is what matters")
    def test_L11_a_session_that_asks_all_the_same(self):
        """A session that was taken over: see test_requests.c; here nothing is left to ask with."""
        client = self.login()
        self.assertEqual(process.status(client.monitor_pid)["CapPrm"], f"{1 << 5:016x}")


class Interrupted(AdminSite):
    @contextlib.contextmanager
    def locked_records(self):
        fd = os.open(self.server.directory / "users", os.O_RDONLY)
        fcntl.flock(fd, fcntl.LOCK_EX)
        yield
        os.close(fd)

    def stopped_tool(self, boss):
        """boss's cellftpctl, stopped: it waits for the lock of the records."""
        return wait_until(lambda: [pid for pid in process.children(boss.monitor_pid) if b"cellftpctl" in cmdline(pid)])

    def test_dies_with_the_monitor(self):
        boss = self.boss()
        boss.loose, boss.exit_status = True, None
        with self.locked_records():
            boss.send("SITE USER ADD carl secretsecret")
            (tool,) = self.stopped_tool(boss)
            os.kill(boss.monitor_pid, signal.SIGKILL)
            self.assertTrue(wait_until(lambda: not process.alive(tool)))
        self.assertNotIn("carl.conf", self.records())
        self.boss().expect(200, "SITE USER ADD carl secretsecret")

    def test_stop_is_obeyed(self):
        boss = self.boss()
        boss.loose, boss.exit_status = True, None
        with self.locked_records():
            boss.send("SITE USER ADD carl secretsecret")
            self.assertTrue(self.stopped_tool(boss))
            self.server.ctl("kick", "boss")
            self.assertTrue(wait_until(lambda: not process.alive(boss.monitor_pid)))
        self.server.expect_log("connections", "disconnect", user="boss", reason="kicked")
        self.server.expect_log("connections", "server-failed", reason="tool")


def cmdline(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return file.read()
    except OSError:
        return b""


if __name__ == "__main__":
    main()
