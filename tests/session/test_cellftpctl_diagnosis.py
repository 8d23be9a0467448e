"""cellftpctl login-test, throttle and config explain: what is wrong, and what to do about it."""

import json
import os
import subprocess
import time

from harness import PASSWORD, ServerTest, before_tls, in_clear, main, slow
from harness.ctl import Terminal

FAILED, USAGE, NOT_CONFIGURED = 1, 2, 6


class DiagnosisTest(ServerTest):
    def ctl(self, *arguments, status=0, text=""):
        done = self.server.ctl(*arguments, text=text, check=False)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def json(self, *arguments, **options):
        """(what was printed, stderr)"""
        done = self.ctl(*arguments, "--json", **options)
        return json.loads(done.stdout), done.stderr


class LoginTest(DiagnosisTest):
    def login_test(self, name="alice", password=None, status=0):
        """({step: row}, stderr)"""
        arguments = ("login-test", name) + (("--password-stdin",) if password is not None else ())
        rows, stderr = self.json(*arguments, text=f"{password}\n", status=status)
        return {row["step"]: row for row in rows}, stderr

    def assert_fails(self, step, words, name="alice", password=None):
        """That step, and no other, fails with these WORDS, and there is a remedy."""
        rows, stderr = self.login_test(name, password, FAILED)
        self.assertEqual([row["step"] for row in rows.values() if row["result"] == "failed"], [step])
        self.assertIn(words, rows[step]["found"])
        self.assertTrue(rows[step]["remedy"])
        self.assertIn(f"{name} cannot log in: {step}", stderr)

    def test_all_is_well(self):
        rows, stderr = self.login_test(password=PASSWORD)
        self.assertEqual({row["result"] for row in rows.values()}, {"ok"})
        self.assertEqual(
            list(rows),
            ["server", "cell", "local account", "lock", "expiry", "password", "hours", "networks", "folder", "entering the folder"],
        )
        self.assertEqual(stderr, "")
        rows, _ = self.login_test()
        self.assertEqual([name for name, row in rows.items() if row["result"] != "ok"], ["password"])
        text = self.ctl("login-test", "alice").stdout
        self.assertIn("ok\tlocal account\t", text)
        # Nothing of it is a login, or a failed one.
        self.assertEqual(self.server.logs("auth"), [])
        self.assertEqual(self.server.logs("connections"), [])
        self.login().quit()

    def test_each_thing_that_can_be_wrong(self):
        self.assert_fails("password", "wrong", password="something else")
        self.assert_fails("account", "no back end", name="nobody-here")
        self.assert_fails("account", "no back end", name="../alice")
        self.ctl("user", "lock", "alice")
        self.assert_fails("lock", "locked", password=PASSWORD)
        self.ctl("user", "unlock", "alice")
        self.ctl("user", "expire", "alice", "2020-01-01")
        self.assert_fails("expiry", "expired", password=PASSWORD)
        self.ctl("user", "expire", "alice", "never")
        self.ctl("drain")
        self.assert_fails("server", "drains", password=PASSWORD)
        self.ctl("drain", "--end")
        self.assertEqual(self.server.logs("auth"), [])

    def test_hours_and_networks(self):
        """Those of the record and of a group; a name of anonymous users stands for their account."""
        self.server.configure({"groups": [{"name": "office", "networks": ["192.0.2.0/24"]}], "anonymous": {"enabled": True}})
        rest = [time.strftime("%a", time.localtime(time.time() + days * 86400)).lower() for days in range(2, 6)]
        self.server.ctl("user", "mod", "alice", "--hours", ",".join(rest), "--groups", "office")
        self.assert_fails("hours", ",".join(rest), password=PASSWORD)
        self.assertEqual(self.login_test(status=FAILED)[0]["networks"]["found"], "192.0.2.0/24")
        self.server.add_user("anonymous")
        rows, _ = self.login_test("ftp")
        self.assertEqual(rows["anonymous"]["found"], "anonymous")
        self.assertEqual(rows["hours"]["found"], "at any time")

    def test_folder(self):
        home = self.server.home()
        home.chmod(0o000)
        self.assert_fails("entering the folder", "", password=PASSWORD)
        home.chmod(0o700)
        os.chown(home, 0, 0)
        self.assert_fails("folder", str(home), password=PASSWORD)
        home.rename(home.with_name("moved"))
        self.assert_fails("folder", "No such file", password=PASSWORD)
        home.symlink_to(home.with_name("moved"))
        self.assert_fails("folder", str(home), password=PASSWORD)

    def test_record(self):
        record = self.server.directory / "users" / "alice.conf"
        record.write_text("nonsense")
        self.assert_fails("local account", "alice.conf", password=PASSWORD)
        record.write_text(record.read_text())

    def test_cell(self):
        self.server.configure({"cell": {"user": "cellftpd-no-such-user"}})
        self.assert_fails("cell", "cell user", password=PASSWORD)
        self.server.configure({})

    def test_many_wrong_ones_ban_nobody(self):
        self.server.configure({"login": {"failures_per_address": 2}})
        for _ in range(4):
            self.login_test(password="wrong", status=FAILED)
        self.assertEqual(self.json("throttle", "list")[0], [])
        self.login().quit()

    def test_environment_and_arguments(self):
        """The password is in no argument and no variable of the server that is asked."""
        trace = self.server.directory / "trace"
        command = ["strace", "-f", "-v", "-s", "300", "-e", "trace=execve", "-o", trace, self.server.ctl_program]
        arguments = ["--config", self.server.config_file, "login-test", "alice", "--password-stdin"]
        subprocess.run(
            command + arguments,
            input=PASSWORD,
            text=True,
            env={"LD_LIBRARY_PATH": "", "SECRET": "x"},
            capture_output=True,
            check=slow() == 1,  # the sanitizer's look for leaks fails under strace
        )
        calls = [line for line in trace.read_text().splitlines() if '"--login-test"' in line and "execve(" in line]
        self.assertEqual(len(calls), 1)
        self.assertNotIn("correct horse", trace.read_text())
        self.assertRegex(calls[0], r"\], (\[\]|NULL|0x[0-9a-f]+ /\* 0 vars \*/)\) = 0$")


class Throttle(DiagnosisTest):
    config = {"login": {"failures_per_address": 3}, "limits": {"per_address": 50}}

    def fail(self, source="127.0.0.1", user="alice"):
        client = self.connect(source=source)
        client.loose = True
        client.expect(331, f"USER {user}")
        client.expect((530, 421), "PASS wrong")
        client.close()

    def ban(self, source):
        for _ in range(3):
            self.fail(source)
        client = self.connect(source=source, greeting=421)
        self.assert_closed(client)

    @before_tls
    def test_list_and_clear(self):
        self.assertEqual(self.json("throttle", "list")[0], [])
        self.fail("127.0.0.3")
        self.ban("127.0.0.2")
        rows = {row["address"]: row for row in self.json("throttle", "list")[0]}
        self.assertEqual(set(rows), {"127.0.0.2", "127.0.0.3"})
        self.assertIsNone(rows["127.0.0.3"]["refused_until"])
        self.assertRegex(rows["127.0.0.2"]["refused_until"], r"^\d{4}-\d\d-\d\dT")
        self.assertEqual(rows["127.0.0.3"]["failures"], 1)

        self.assertIn("127.0.0.2", self.ctl("throttle", "clear", "127.0.0.2", "--dry-run").stdout)
        self.assert_closed(self.connect(source="127.0.0.2", greeting=421))
        self.assertIn("127.0.0.2", self.ctl("throttle", "clear", "127.0.0.2").stdout)
        self.login(source="127.0.0.2").quit()
        record = self.server.expect_log("admin", "forgive", remote="127.0.0.2")
        self.assertTrue(record["actor"])
        self.assertEqual([row["address"] for row in self.json("throttle", "list")[0]], ["127.0.0.3"])
        self.assertIn("no failures", self.ctl("throttle", "clear", "127.0.0.2").stderr)
        self.server.expect_log("admin", "forgive", remote="127.0.0.2")

    @before_tls
    def test_clear_all(self):
        self.ban("127.0.0.2")
        self.fail("127.0.0.3")
        self.assertEqual(len(self.json("throttle", "clear", "--all")[0]), 2)
        self.assertEqual(self.json("throttle", "list")[0], [])
        self.login(source="127.0.0.2").quit()
        self.server.expect_log("admin", "forgive", detail="all")

    def test_usage(self):
        self.ctl("throttle", "clear", status=USAGE)
        self.ctl("throttle", "clear", "alice", status=USAGE)
        self.ctl("throttle", "clear", "127.0.0.1", "--all", status=USAGE)


@in_clear("no client connects")
class Explain(DiagnosisTest):
    def test_on_a_terminal(self):
        """A block for each option, with its values as they stand in the file."""
        for asked, options in (("auth.order", ["auth.order"]), ("active", ["active.enabled", "active.port_20"])):
            program, config = str(self.server.ctl_program), str(self.server.config_file)
            terminal = Terminal([program, "--config", config, "config", "explain", asked])
            self.addCleanup(terminal.close)
            status, text = terminal.end()
            self.assertEqual(status, 0)
            blocks = text.split("\r\n\r\n")
            self.assertEqual([block.split()[:2] for block in blocks], [["option", name] for name in options])
            if asked == "auth.order":
                self.assertRegex(text, r'default +\[ "local", "pam" \]\r\n')

    def test_where_it_comes_from(self):
        more = self.server.directory / "conf.d"
        more.mkdir()
        (more / "10.conf").write_text('# a comment\nsession: {\n  idle = "7 min"; };\n')
        row = self.json("config", "explain", "session.idle")[0]
        self.assertEqual(row["option"], "session.idle")
        self.assertEqual((row["value"], row["default"]), ('"7 min"', '"5 min"'))
        self.assertEqual(row["from"], f"{more}/10.conf:3")
        self.assertIn("until the session ends", row["meaning"])
        self.assertIn("1 s", row["expected"])
        self.assertEqual(row["takes_effect"], "next connection")
        row = self.json("config", "explain", "session.idle_max")[0]
        self.assertEqual((row["from"], row["value"]), ("default", row["default"]))
        (more / "20.conf").write_text('session: { idle = "8 min"; };\n')
        row = self.json("config", "explain", "session.idle")[0]
        self.assertEqual((row["value"], row["from"]), ('"8 min"', f"{more}/20.conf:1"))

    def test_groups_and_parts(self):
        def names(*arguments):
            return [row["option"] for row in self.json("config", "explain", *arguments)[0]]

        self.assertEqual(set(name.split(".")[0] for name in names("passive")), {"passive"})
        self.assertIn("login.delay_max", names("delay_"))
        self.assertEqual(names("attempts"), ["login.attempts"])
        everything = [
            f"{group}.{key}"
            for group, keys in json.loads(self.ctl("config", "show", "--json").stdout).items()
            for key in keys
        ]
        self.assertEqual(names(), everything)
        self.assertIn("MEANING", self.ctl("config", "explain", "login.delay").stdout.upper())

    def test_unknown(self):
        self.assertIn("login.attempts", self.ctl("config", "explain", "login.atempts", status=FAILED).stderr)
        self.assertIn("passive.ports", self.ctl("config", "explain", "pasive.ports", status=FAILED).stderr)
        self.ctl("config", "explain", "A B", status=USAGE)

    def test_mistakes(self):
        text = self.server.config_file.read_text()
        self.server.config_file.write_text(text + 'files: { mode = "9999"; };\n')
        done = self.ctl("config", "explain", "files.mode", status=NOT_CONFIGURED)
        self.assertIn("wrong", done.stdout)
        self.assertIn("0640", done.stdout)
        self.assertIn("config check", done.stderr)
        self.server.config_file.write_text(text)


if __name__ == "__main__":
    main()
