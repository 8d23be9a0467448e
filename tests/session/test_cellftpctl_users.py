"""cellftpctl user lock, unlock, mod, expire and ensure: what they change, what they leave alone, and whom they put
out."""

import json
import os
import subprocess
import time
from pathlib import Path

from harness import ServerTest, in_clear, main, process, slow, wait_until, within
from harness.ctl import FAILED, OK, SECRET, USAGE, CtlTest

PAST, FUTURE = "2020-01-01", "2099-12-31"


class UsersTest(CtlTest):
    def setUp(self):
        super().setUp()
        self.add("alice")

    def record(self, name="alice"):
        return (self.users / f"{name}.conf").read_text()

    def json(self, *arguments, **options):
        return json.loads(self.ctl(*arguments, "--json", **options).stdout)

    def show(self, name="alice"):
        return self.json("user", "show", name)

    def words(self):
        """What admin.log says: word and detail of each line, without that alice was added."""
        return [(line.split()[2], line.partition('detail="')[2].partition('"')[0]) for line in self.admin_log()[1:]]

    def assert_changed(self, words, *arguments, **options):
        self.assertEqual(self.ctl(*arguments, **options).stdout, f'changed user "alice": {words}\n')

    def assert_unchanged(self, words, *arguments, **options):
        """Exit status 0, and not one byte is written."""
        before = self.everything()
        self.assertEqual(self.ctl(*arguments, **options).stdout, f'unchanged user "alice"{words}\n')
        self.assertEqual(self.everything(), before)


@in_clear("no client connects")
class Lock(UsersTest):
    def test_lock_and_unlock(self):
        self.assert_unchanged(": unlocked already", "user", "unlock", "alice")
        self.assert_changed("locked", "user", "lock", "alice")
        self.assertIn("enabled = false;", self.record())
        self.assertEqual((self.show()["state"], self.show()["enabled"]), ("locked", False))
        self.assert_unchanged(": locked already", "user", "lock", "alice")
        self.assert_changed("unlocked", "user", "unlock", "alice")
        self.assertEqual((self.show()["state"], self.show()["enabled"]), ("enabled", True))
        self.assertEqual(self.words(), [("user-lock", ""), ("user-unlock", "")])
        self.assertIn('user="alice"', self.admin_log()[-1])
        self.assertIn('actor="root"', self.admin_log()[-1])

    def test_the_rest_of_the_record_stays(self):
        before = self.record()
        self.ctl("user", "lock", "alice")
        self.assertEqual(self.record(), before.replace("enabled = true", "enabled = false"))
        self.assert_password("alice", SECRET)

    def test_json(self):
        done = self.json("user", "lock", "alice")
        self.assertEqual((done["name"], done["changed"], done["state"]), ("alice", True, "locked"))
        self.assertEqual((done["dry_run"], done["sessions_ended"], done["password"]), (False, 0, None))
        self.assertIs(self.json("user", "lock", "alice")["changed"], False)

    def test_dry_run(self):
        before = self.everything()
        for arguments, text in (
            (["lock", "alice"], 'would change user "alice": locked'),
            (["unlock", "alice"], 'unchanged user "alice": unlocked already'),
            (["expire", "alice", PAST], f'would change user "alice": expires {PAST}T23:59:59Z'),
            (["mod", "alice", "--read-only"], 'would change user "alice": read-only'),
            (["ensure", "alice", "--read-only", "--locked"], 'would change user "alice": locked, read-only'),
            (["ensure", "bob"], 'would add user "bob"'),
        ):
            self.assertEqual(self.ctl("user", *arguments, "--dry-run").stdout, text + "\n")
            answer = self.json("user", *arguments, "--dry-run")
            self.assertEqual((answer["dry_run"], answer["changed"]), (True, text.startswith("would")))
        self.assertEqual(self.everything(), before)
        self.ctl("user", "lock", "bob", "--dry-run", status=FAILED)

    def test_nobody(self):
        for arguments in (["lock"], ["unlock"], ["mod", "--read-only"], ["expire", FUTURE]):
            text = self.assert_nothing_done("user", arguments[0], "bob", *arguments[1:], status=FAILED)
            self.assertIn('user "bob" does not exist', text)

    def test_malformed_A15(self):
        (self.users / "alice.conf").write_text("uid =\n\ncreated = 1;\n")
        for arguments in (["lock", "alice"], ["expire", "alice", PAST], ["ensure", "alice", "--read-only"]):
            text = self.assert_nothing_done("user", *arguments, status=FAILED)
            self.assertIn("alice.conf:1: syntax error", text)  # where it is, not where libconfig noticed

    def test_bad_names_L09(self):
        for name in ("a:b", "a\nb", "../x", "-rf", ".", "..", "", "x" * 300, "%n", "a/b", "alice\0"[:-1] + "!"):
            for command in (["lock"], ["unlock"], ["mod", "--read-only"], ["ensure", "--generate"]):
                self.assert_nothing_done("user", *command, "--", name, status=USAGE)
            self.assert_nothing_done("user", "expire", "--", name, PAST, status=USAGE)
            self.assert_nothing_done("user", "add", "--generate", "--expires", FUTURE, "--", name, status=USAGE)


@in_clear("no client connects")
class Modify(UsersTest):
    def test_rights(self):
        self.assert_changed("read-only", "user", "mod", "alice", "--read-only")
        self.assertIs(self.show()["read_only"], True)
        self.assert_unchanged(": read-only already", "user", "mod", "alice", "--read-only")
        self.assert_changed(
            f"read-write, expires {FUTURE}T23:59:59Z", "user", "mod", "alice", "--read-write", "--expires", FUTURE
        )
        self.assertEqual(
            self.words(),
            [("user-modify", "read-only"), ("user-modify", "read-write"), ("user-expire", f"expires {FUTURE}T23:59:59Z")],
        )

    def test_tls_and_role(self):
        """EXPECTATIONS 15: a camera that knows no TLS is an exception of its own."""
        self.assertEqual((self.show()["tls"], self.show()["role"]), ("default", "user"))
        self.assert_changed("TLS optional", "user", "mod", "alice", "--tls", "optional")
        self.assertIn('tls = "optional";', self.record())
        self.assertEqual(self.show()["tls"], "optional")
        self.assert_unchanged(": TLS optional already", "user", "ensure", "alice", "--tls=optional", text=SECRET)
        self.assert_changed("TLS required, role admin", "user", "mod", "alice", "--tls", "required", "--role", "admin")
        self.assertEqual((self.show()["tls"], self.show()["role"]), ("required", "admin"))
        self.assert_changed("TLS default, role user", "user", "mod", "alice", "--tls", "default", "--role", "user")
        self.assertNotIn("tls", self.record())
        self.assertEqual(
            self.words(),
            [
                ("user-modify", words)
                for words in ("TLS optional", "TLS required", "role admin", "TLS default", "role user")
            ],
        )

    def test_add_with_tls_and_role(self):
        self.add("camera", "--tls", "optional", "--read-only")
        self.add("boss", "--role", "admin")
        self.assertEqual((self.show("camera")["tls"], self.show("boss")["role"]), ("optional", "admin"))
        self.assertIn('detail="read-only, TLS optional"', self.admin_log()[-2])
        self.assertIn('detail="read-write, role admin"', self.admin_log()[-1])
        fields = [line.split("\t") for line in self.ctl("user", "list").stdout.splitlines()]
        self.assertEqual(
            [(line[0], *line[6:8]) for line in fields],
            [("alice", "user", "default"), ("boss", "admin", "default"), ("camera", "user", "optional")],
        )

    def test_nonsense_tls_and_roles(self):
        for arguments in (["--tls", "never"], ["--tls"], ["--role", "root"], ["--tls=Optional"]):
            text = self.assert_nothing_done("user", "mod", "alice", *arguments, status=USAGE)
            self.assertIn("optional" if "tls" in arguments[0] else "admin", text)

    def test_usage(self):
        for arguments in ([], ["--read-only", "--read-write"], ["--expires"], ["--expires="], ["--locked"]):
            self.assert_nothing_done("user", "mod", "alice", *arguments, status=USAGE)

    def test_expire(self):
        self.assert_changed(f"expires {FUTURE}T23:59:59Z", "user", "expire", "alice", FUTURE)
        self.assertIn("expires = 4102444799", self.record())
        self.assertEqual((self.show()["expires"], self.show()["state"]), (f"{FUTURE}T23:59:59Z", "enabled"))
        self.assert_unchanged(f": expires {FUTURE}T23:59:59Z already", "user", "expire", "alice", FUTURE)
        self.assert_changed(f"expires {PAST}T23:59:59Z", "user", "expire", "alice", PAST)
        self.assertEqual((self.show()["state"], self.show()["enabled"]), ("expired", True))
        self.assert_changed("never expires", "user", "expire", "alice", "never")
        self.assertNotIn("expires", self.record())
        self.assertEqual((self.show()["expires"], self.show()["state"]), (None, "enabled"))
        self.assertEqual({word for word, _ in self.words()}, {"user-expire"})

    def test_expire_from_now(self):
        before = int(time.time())
        self.ctl("user", "expire", "alice", "30d")
        expires = int(self.record().partition("expires = ")[2].partition(";")[0].rstrip("L"))
        self.assertTrue(before + 30 * 86400 <= expires <= time.time() + 30 * 86400)

    def test_nonsense_dates(self):
        for date in ("tomorrow", "2026-02-30", "2026-13-01", "30", "0", "1798761599", "2026-1-1", "-30d", "", "0d"):
            text = self.assert_nothing_done("user", "expire", "--", "alice", date, status=USAGE)
            self.assertIn("YYYY-MM-DD", text)
        self.assert_nothing_done("user", "expire", "alice", status=USAGE)
        self.assert_nothing_done("user", "expire", "alice", FUTURE, FUTURE, status=USAGE)

    def test_add_with_expiry(self):
        self.add("bob", "--expires", FUTURE, "--read-only")
        self.assertEqual(self.show("bob")["expires"], f"{FUTURE}T23:59:59Z")
        self.assertIn(f"read-only, expires {FUTURE}", self.admin_log()[-1])

    def test_state_in_the_list(self):
        for name in ("bob", "carl"):
            self.add(name)
        self.ctl("user", "lock", "bob")
        self.ctl("user", "expire", "bob", PAST)  # both: locked, because unlocking comes first
        self.ctl("user", "expire", "carl", PAST)
        lines = [line.split("\t") for line in self.ctl("user", "list").stdout.splitlines()]
        self.assertEqual([line[2] for line in lines], ["enabled", "locked", "expired"])
        self.assertEqual([line[5] for line in lines], ["-", f"{PAST}T23:59:59Z", f"{PAST}T23:59:59Z"])


@in_clear("no client connects")
class Rules(UsersTest):
    def test_set_and_taken_out(self):
        self.assert_changed(
            "groups staff,guests, quota 10 GiB, sessions 3",
            *("user", "mod", "alice", "--quota", "10G", "--sessions", "3", "--groups", "staff,guests"),
        )
        self.assertIn('quota = "10 GiB";', self.record())
        self.assertIn("sessions = 3;", self.record())
        self.assertIn('groups = [ "staff", "guests" ];', self.record())
        self.assert_unchanged(": quota 10 GiB already", "user", "ensure", "alice", "--quota", "10 GiB", text=SECRET)
        self.assert_changed(
            "groups none, quota none, sessions default",
            *("user", "mod", "alice", "--quota", "none", "--sessions", "default", "--groups", "default"),
        )
        self.assertIn('quota = "none";', self.record())
        self.assertNotIn("sessions", self.record())
        self.assertNotIn("groups", self.record())
        self.assert_unchanged(": sessions default already", "user", "mod", "alice", "--sessions", "default")
        words = ["groups staff,guests", "quota 10 GiB", "sessions 3", "groups none", "quota none", "sessions default"]
        self.assertEqual(self.words(), [("user-modify", text) for text in words])

    def test_every_rule(self):
        """As options, in the record, and shown; each can be set when the account is made."""
        values = {
            "quota": ("1 MB", 1000000),
            "quota-files": ("0", 0),
            "sessions": ("none", None),
            "upload-rate": ("2K", 2048),
            "download-rate": ("3 MiB", 3 << 20),
            "session-upload-rate": ("1024", 1024),
            "session-download-rate": ("1T", 1 << 40),
            "upload-only": ("true", True),
            "networks": ("192.0.2.0/24,2001:db8::1", "192.0.2.0/24,2001:db8::1"),
            "hours": ("mon-fri 08:00-18:00, sat", "mon-fri 08:00-18:00, sat"),
            "deny-names": ("*.exe, .*", "*.exe,.*"),
            "allow-names": ("*.jpg", "*.jpg"),
        }
        options = [word for name, (text, _) in values.items() for word in (f"--{name}", text)]
        self.add("bob", *options)
        self.assert_changed_all(options)
        for account in ("bob", "alice"):
            shown = self.show(account)
            for name, (_, value) in values.items():
                key = name.replace("-", "_")
                self.assertEqual((shown[key], shown[f"{key}_from"]), (value, "record"), name)
                self.assertIn(f"\n{key} = ", self.record(account))
        self.assertEqual(self.show("bob"), next(user for user in self.json("user", "list") if user["name"] == "bob"))
        self.ctl("user", "mod", "alice", *[word for name in values for word in (f"--{name}", "default")])
        shown = self.show()
        for name in values:
            self.assertEqual(shown[name.replace("-", "_") + "_from"], "server", name)
        self.assertFalse(shown["upload_only"])

    def assert_changed_all(self, options):
        done = self.json("user", "mod", "alice", *options)
        self.assertTrue(done["changed"])
        self.assertEqual(done["quota"], 1000000)

    def test_what_a_group_gives(self):
        self.configure(
            'quota: { bytes = "5 GiB"; };\n'
            'groups = ( { name = "staff"; quota = "7 GiB"; role = "admin"; read_only = true; sessions = "none"; } );\n'
        )
        self.assertEqual((self.show()["quota"], self.show()["quota_from"]), (5 << 30, "server"))
        self.ctl("user", "mod", "alice", "--groups", "staff")
        shown = self.show()
        self.assertEqual((shown["quota"], shown["quota_from"]), (7 << 30, "group staff"))
        self.assertEqual((shown["sessions"], shown["sessions_from"]), (None, "group staff"))
        self.assertEqual((shown["role"], shown["read_only"]), ("admin", True))
        text = self.ctl("user", "show", "alice").stdout
        self.assertIn("quota\t7 GiB (group staff)\n", text)
        self.assertIn("sessions\tnone (group staff)\n", text)
        self.assertIn("groups\tstaff\n", text)
        # What the record says stands in it even where it is what holds anyway.
        self.assert_changed("role user", "user", "mod", "alice", "--role", "user")
        self.assert_changed("read-write", "user", "mod", "alice", "--read-write")
        self.assertEqual((self.show()["role"], self.show()["read_only"]), ("user", False))
        self.assert_unchanged(": role user already", "user", "mod", "alice", "--role", "user")
        self.assert_changed("role default", "user", "mod", "alice", "--role", "default")
        self.assertEqual(self.show()["role"], "admin")

    def test_what_is_none(self):
        for option, value in (
            ("--quota", "-1"),
            ("--quota", "much"),
            ("--quota", ""),
            ("--quota-files", "1K"),
            ("--sessions", "0"),
            ("--upload-rate", "1"),
            ("--upload-only", "yes"),
            ("--networks", "here"),
            ("--hours", "always"),
            ("--groups", "a/b"),
            ("--groups", ","),
        ):
            text = self.assert_nothing_done("user", "mod", "alice", option, value, status=USAGE)
            self.assertIn(option, text)
            if value:
                self.assertIn("expected", text)


@in_clear("no client connects")
class Ensure(UsersTest):
    def test_makes(self):
        done = self.json(
            "user", "ensure", "bob", "--password-stdin", "--read-only", "--locked", "--expires", FUTURE, text=SECRET
        )
        self.assertEqual((done["changed"], done["added"], done["state"]), (True, True, "locked"))
        self.assert_password("bob", SECRET)
        self.assertIs(self.show("bob")["read_only"], True)
        self.assertEqual(self.words(), [("user-add", f"read-only, locked, expires {FUTURE}T23:59:59Z")])

    def test_twice_is_once(self):
        options = ["--password-stdin", "--read-only", "--locked", "--expires", FUTURE]
        self.ctl("user", "ensure", "alice", *options, text=SECRET + "\n")
        before = self.everything()
        done = self.json("user", "ensure", "alice", *options, text=SECRET + "\n")
        self.assertEqual((done["changed"], done["added"]), (False, False))
        self.assertEqual(self.everything(), before)

    def test_what_is_not_asked_stays(self):
        self.ctl("user", "mod", "alice", "--read-only", "--expires", FUTURE)
        self.ctl("user", "lock", "alice")
        self.assert_unchanged("", "user", "ensure", "alice")
        self.assert_changed("unlocked", "user", "ensure", "alice", "--unlocked")
        self.assertEqual((self.show()["read_only"], self.show()["expires"]), (True, f"{FUTURE}T23:59:59Z"))

    def test_password(self):
        self.assert_unchanged("", "user", "ensure", "alice", "--password-stdin", text=SECRET + "\n")
        self.assert_changed("new password", "user", "ensure", "alice", "--password-stdin", text="another one\n")
        self.assert_password("alice", "another one")
        self.assertEqual(self.words(), [("user-password", "")])
        self.assert_unchanged("", "user", "ensure", "alice", "--generate")  # for new accounts only
        self.assert_password("alice", "another one")

    def test_generate(self):
        done = self.ctl("user", "ensure", "bob", "--generate")
        self.assertRegex(done.stdout, r"\A([a-z2-9]{4}-){4}[a-z2-9]{4}\n\Z")
        self.assert_password("bob", done.stdout.strip())
        done = self.json("user", "ensure", "carl", "--generate")
        self.assert_password("carl", done["password"])

    def test_no_password_for_a_new_account(self):
        self.assertIn("--password-stdin", self.assert_nothing_done("user", "ensure", "bob", status=USAGE))

    def test_many_at_once_L10(self):
        """All succeed, and one of them has made it."""
        programs = [
            subprocess.Popen(
                self.command("user", "ensure", "bob", "--generate", "--read-only", "--json"), stdout=subprocess.PIPE
            )
            for _ in range(6)
        ]
        answers = [json.loads(program.communicate(timeout=60 * slow())[0]) for program in programs]
        self.assertEqual([program.returncode for program in programs], [OK] * 6)
        made = [answer for answer in answers if answer["added"]]
        self.assertEqual([answer["changed"] for answer in answers].count(True), 1)
        self.assertEqual(len(made), 1)
        self.assert_password("bob", made[0]["password"])


@in_clear("no client connects")
class Output(UsersTest):
    def test_json_of_changes(self):
        added = self.json("user", "add", "bob", "--generate")
        self.assert_password("bob", added["password"])
        self.assertEqual((added["changed"], added["home"]), (True, str(self.homes / "bob")))
        self.assertEqual(added, self.show("bob") | {key: added[key] for key in added if key not in self.show("bob")})
        self.assert_password("bob", self.json("user", "passwd", "bob", "--generate")["password"])
        done = self.json("user", "passwd", "bob", "--password-stdin", text=SECRET + "\n")
        self.assertEqual((done["changed"], done["password"]), (True, None))
        done = self.json("user", "del", "bob", "--dry-run")
        self.assertEqual((done["dry_run"], done["home"]), (True, str(self.homes / "bob")))
        done = self.json("user", "del", "bob", "--purge", "--yes")
        self.assertEqual((done["state"], done["changed"], done["dry_run"]), ("removed", True, False))

    def test_password_in_no_argument(self):
        for arguments in (["ensure", "bob", SECRET], ["mod", "alice", SECRET], ["lock", "alice", SECRET]):
            self.assertNotIn("horse", self.assert_nothing_done("user", *arguments, status=USAGE))
        for option in ("--expires=" + SECRET, "--password=" + SECRET):
            self.assertNotIn("horse", self.assert_nothing_done("user", "ensure", "bob", option, status=USAGE))
        self.assertNotIn("horse", self.assert_nothing_done("user", "expire", "alice", SECRET, status=USAGE))


class Login(ServerTest):
    def ctl(self, *arguments):
        return self.server.ctl(*arguments)

    def enter(self, user="alice"):
        """A connection that has logged in and can be found: the monitor may say so a little after the reply."""
        before = len(self.server.logs("auth", "accepted"))
        client = self.login(user)
        self.assertTrue(wait_until(lambda: len(self.server.logs("auth", "accepted")) > before))
        return client

    def assert_refused(self, reason):
        client = self.connect()
        client.expect(331, "USER alice")
        reply = client.expect(530, f"PASS {self.server.passwords['alice']}")
        other = self.connect()
        other.expect(331, "USER alice")
        self.assertEqual(reply.lines, other.expect(530, "PASS wrong").lines)  # nobody learns why
        self.server.expect_log("auth", "refused", user="alice", reason=reason)

    def test_A16_expired(self):
        self.ctl("user", "expire", "alice", PAST)
        self.assert_refused("expired")
        self.ctl("user", "expire", "alice", FUTURE)
        self.login()

    def test_A16_locked(self):
        self.ctl("user", "lock", "alice")
        self.assert_refused("disabled")
        self.ctl("user", "unlock", "alice")
        self.login()

    def test_A15_expiry_that_is_none(self):
        record = self.server.directory / "users" / "alice.conf"
        original = record.read_text()
        for number, value in enumerate(('"never"', "0", "4294967297", "-1", "true", "1798761599000L", "()"), 1):
            record.write_text(f"{original}expires = {value};\n")
            client = self.connect()
            client.expect(331, "USER alice")
            client.expect(530, f"PASS {self.server.passwords['alice']}")
            self.server.expect_log("auth", "refused", user="alice", reason="bad-record", count=number)
            self.server.expect_log("connections", "server-failed", reason="account-record", count=number)

    def assert_put_out(self, reason, *arguments):
        """Row L12: during a transfer; both connections end within a second, and there is a record."""
        path = self.server.write("big")
        os.truncate(path, 1 << 30)
        client, idle = self.enter(), self.enter()
        data = client.begin("RETR big")
        self.assertTrue(data.receive(1 << 16))
        pids = [one.monitor_pid for one in (client, idle)]
        since = time.monotonic()
        done = self.ctl("user", *arguments)
        self.assertIn("2 sessions ended", done.stdout)
        self.assertTrue(wait_until(lambda: not [pid for pid in pids if process.alive(pid)]))
        self.assertLess(time.monotonic() - since, within(1))
        self.server.expect_log("admin", "kick", user="alice", reason=reason, count=2)
        self.server.expect_log("connections", "disconnect", user="alice", reason=reason, count=2)
        for one in (client, idle):
            one.loose = True
        self.server.allow_temporaries = True

    def test_L12_lock(self):
        self.assert_put_out("locked", "lock", "alice")

    def test_L12_expire(self):
        self.assert_put_out("expired", "expire", "alice", PAST)

    def test_L12_ensure(self):
        self.assert_put_out("locked", "ensure", "alice", "--locked")

    def test_L12_del(self):
        self.assert_put_out("deleted", "del", "alice")

    def test_L12_purge(self):
        self.assert_put_out("deleted", "del", "alice", "--purge", "--yes")
        self.assertFalse(self.server.home().exists())

    def test_L12_lock_again_ends_what_is_left(self):
        """As after a run that was killed between the record and the sessions."""
        client = self.enter()
        record = self.server.directory / "users" / "alice.conf"
        record.write_text(record.read_text().replace("enabled = true", "enabled = false"))
        client.expect(200, "NOOP")
        done = self.ctl("user", "lock", "alice")
        self.assertEqual(done.stdout, 'unchanged user "alice": locked already; 1 session ended\n')
        self.assertFalse(process.alive(client.monitor_pid))
        client.loose = True

    def test_L12_lock_during_a_login(self):
        """The session cannot be found yet when its account is locked; it ends all the same."""
        client = self.connect()
        trace = self.server.directory / "trace"
        tracer = subprocess.Popen(
            ["strace", "-qq", "-o", trace, "-e", "trace=setresuid", "-e", "inject=setresuid:delay_enter=1500000"]
            + ["-p", str(client.session_pid)],
        )
        self.addCleanup(tracer.wait)
        self.addCleanup(tracer.kill)
        tracing = Path(f"/proc/{client.session_pid}/status")
        self.assertTrue(wait_until(lambda: "TracerPid:\t0" not in tracing.read_text()))
        client.expect(331, "USER alice")
        client.send(f"PASS {self.server.passwords['alice']}")
        self.assertTrue(wait_until(lambda: Path(f"/proc/{client.session_pid}/uid_map").read_text().strip()))
        self.assertNotIn("ended", self.ctl("user", "lock", "alice").stdout)
        self.assertIn("locked", client.read(421).text)  # and no 230 before it
        self.assertTrue(wait_until(lambda: not process.alive(client.monitor_pid)))
        client.loose = True
        self.server.expect_log("connections", "disconnect", user="alice", reason="locked")

    def test_sessions_of_others_stay(self):
        self.server.add_user("bob", "bob's password 1")
        alice, bob = self.enter(), self.enter("bob")
        self.ctl("user", "lock", "alice")
        self.assertFalse(process.alive(alice.monitor_pid))
        alice.loose = True
        bob.expect(200, "NOOP")


class OverFtp(ServerTest):
    COMMANDS = ("ADDUSER", "USERADD", "REGISTER", "USER ADD", "DELUSER", "LOCK", "UNLOCK", "PSWD", "PASSWD", "EXPIRE")

    def test_L11_no_administration_over_ftp(self):
        users = self.server.directory / "users"

        def records():
            return {path.name: path.read_bytes() for path in users.iterdir()}

        before = records()
        stranger, user = self.connect(), self.login()
        for command in self.COMMANDS:
            for arguments in ("", " mallory", " mallory secret", " alice alice mallory"):
                self.assertIn(stranger.command(f"SITE {command}{arguments}").code, (500, 502, 504, 530))
                own = (501, 550) if command == "PSWD" else ()  # a user's own password, with the present one
                self.assertIn(user.command(f"SITE {command}{arguments}").code, (500, 502, 504, *own))
            self.assertIn(user.command(f"{command.split()[0]} mallory").code, (500, 502, 503, 530))
        self.assertEqual(records(), before)
        self.assertEqual(sorted(os.listdir(self.server.directory / "homes")), ["alice"])
        self.assertFalse(self.server.logs("admin", user="mallory"))


class CertificateName(CtlTest):
    def test_T14_name_is_removed(self):
        name = "--certificate-name"
        self.ctl("user", "add", "alice", "--password-stdin", name, "cn:camera", text=f"{SECRET}\n")
        record = self.directory / "users" / "alice.conf"
        self.assertIn('certificate_name = "cn:camera"', record.read_text())
        dry = self.ctl("user", "mod", "alice", name, "", "--dry-run")
        self.assertIn("would change", dry.stdout + dry.stderr)
        self.assertIn("certificate_name", record.read_text())
        self.ctl("user", "mod", "alice", name, "")
        self.assertNotIn("certificate_name", record.read_text())
        self.assertIn("certificate of the account's name", self.admin_log()[-1])
        again = self.ctl("user", "ensure", "alice", f"{name}=")
        self.assertIn("unchanged", again.stdout + again.stderr)
        self.assertIsNone(json.loads(self.ctl("user", "show", "alice", "--json").stdout)["certificate_name"])
        self.ctl("user", "mod", "alice", name, "none")  # a name like any other
        self.assertIn('certificate_name = "none"', record.read_text())
        self.ctl("user", "add", "bob", "--password-stdin", name, "", text=f"{SECRET}\n")
        self.assertNotIn("certificate_name", (self.directory / "users" / "bob.conf").read_text())
        self.ctl("user", "mod", "alice", name, "cn:", status=USAGE)


if __name__ == "__main__":
    main()
