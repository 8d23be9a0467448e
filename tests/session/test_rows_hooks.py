"""Hooks (row L14, and C16 with hooks on): what a program gets to know, as whom it runs, and that one that sleeps,
crashes, floods, forks or cannot be run delays and breaks nothing."""

import os
import pwd
import signal
import subprocess
import time

from harness import PASSWORD, ServerTest, main, process, slow, wait_until, within

NOBODY = pwd.getpwnam("nobody")
RIGHTS = 1 << 5 | 1 << 6 | 1 << 7  # CAP_KILL, CAP_SETGID, CAP_SETUID

# Each run leaves a file of its own, which is there when it is whole.
REPORT = """
arguments=$#
set -- /proc/$$/fd/*
descriptors=
for descriptor; do [ -e "$descriptor" ] && descriptors="$descriptors ${{descriptor##*/}}"; done
report=$(mktemp {out}/.new.XXXXXX)
{{
    echo "arguments=$arguments"; echo "uid=$(id -u)"; echo "gid=$(id -g)"; echo "groups=$(id -G)"; echo "pwd=$(pwd)"
    echo "umask=$(umask)"; echo "stdin=$(readlink /proc/$$/fd/0)"; echo "descriptors=$descriptors"
    # By the shell itself: while it forks, it blocks signals.
    while read -r line; do
        case $line in CapPrm*|CapEff*|CapBnd*|NoNewPrivs*|SigBlk*|SigIgn*) echo "$line" ;; esac
    done < /proc/$$/status
    tr '\\0' '\\n' < /proc/$$/environ
}} > "$report"
mv "$report" {out}/$(date +%s%N)
"""


class Hooks(ServerTest):
    def setUp(self):
        super().setUp()
        self.out = self.server.directory / "out"
        self.out.mkdir()
        os.chown(self.out, NOBODY.pw_uid, NOBODY.pw_gid)

    def hook(self, kind="upload", body=REPORT, interpreter="#!/bin/sh", timeout="30 s", **options):
        program = self.server.directory / f"hook-{kind}"
        program.write_text(
            f"{interpreter}\n" + body.replace("{out}", str(self.out)).replace("{{", "{").replace("}}", "}")
        )
        program.chmod(0o755)
        hooks = {kind: str(program), "timeout": timeout, **options}
        self.server.configure({"hooks": {**self.server.config.get("hooks", {}), **hooks}})
        return program

    def reports(self, count):
        """What COUNT runs have said, in their order."""
        found = wait_until(lambda: [f for f in sorted(self.out.iterdir()) if f.name[0] != "."][count - 1 :], 20)
        self.assertTrue(found, f"{len(list(self.out.iterdir()))} of {count} hooks have run")
        return [self.parse(f) for f in sorted(self.out.iterdir())]

    @staticmethod
    def parse(file):
        lines = file.read_text(encoding="utf-8").replace(":\t", "=").splitlines()
        return dict(line.split("=", 1) for line in lines)

    def failed(self, reason, words, **fields):
        line = self.server.expect_log("connections", "hook-failed", reason=reason, **fields)
        self.assertIn(words, line["detail"])
        return line

    def upload(self, client, name="a", content=b"x"):
        """With an answer that waits for nobody."""
        begin = time.monotonic()
        self.assertEqual(client.upload(f"STOR {name}", content).code, 226)
        self.assertLess(time.monotonic() - begin, within(5))


class Facts(Hooks):
    def test_L14_what_an_upload_hook_gets(self):
        self.hook()
        self.server.mkdir("in")
        client = self.login()
        session = self.server.expect_log("auth", "accepted")["session"]
        self.upload(client, "in/a", b"12345")
        (found,) = self.reports(1)
        expected = {
            "CELLFTPD_EVENT": "upload",
            "CELLFTPD_USER": "alice",
            "CELLFTPD_PATH": "/in/a",
            "CELLFTPD_FILE": str(self.server.path("in/a")),
            "CELLFTPD_BYTES": "5",
            "CELLFTPD_CLIENT": "127.0.0.1",
            "CELLFTPD_SESSION": session,
        }
        self.assertEqual({key: value for key, value in found.items() if key.startswith("CELLFTPD")}, expected)
        self.assertEqual(
            {key for key in found if key.isupper()}, {*expected, "PATH"}, "nothing of the server's environment"
        )
        self.assertEqual(found["arguments"], "0")

    def test_L14_files_of_an_administrator(self):
        """The root is that of all folders, not the account's own."""
        self.server.add_user("boss", PASSWORD, "--role", "admin")
        self.hook()
        self.hook("login")
        self.upload(self.login("boss", secure="1.3"), "/alice/a")
        found = {report["CELLFTPD_EVENT"]: report["CELLFTPD_FILE"] for report in self.reports(2)}
        self.assertEqual(found["upload"], str(self.server.path("a")))
        self.assertEqual(found["login"], str(self.server.directory / "homes"))

    def test_L14_as_whom_it_runs(self):
        self.hook()
        self.upload(self.login())
        (found,) = self.reports(1)
        self.assertEqual((found["uid"], found["gid"]), (str(NOBODY.pw_uid), str(NOBODY.pw_gid)))
        self.assertNotIn("0", found["groups"].split())
        self.assertEqual((found["pwd"], found["umask"]), ("/", "0077"))
        self.assertEqual(found["stdin"], "/dev/null")
        for name in ("CapPrm", "CapEff"):
            self.assertEqual(int(found[name], 16), 0, name)
        self.assertEqual(int(found["CapBnd"], 16) & ~RIGHTS, 0)
        self.assertEqual(found["NoNewPrivs"], "1")
        self.assertEqual(int(found["SigBlk"], 16), 0)
        # The two that the C library keeps for itself nobody can set; whoever starts the tests may ignore them.
        self.assertEqual(int(found["SigIgn"], 16) & ~(3 << 31), 0)
        self.assertEqual(found["descriptors"].split(), ["0", "1", "10", "2"])  # 10 is where sh reads its script

    def test_C16_names_are_values_and_nothing_else(self):
        self.hook()
        names = [";id", "$(id)", "|id", "-rf", "`id`", "a b  c", "'\"", "ä", "CELLFTPD_USER=root"]
        client = self.login()
        for name in names:
            self.upload(client, name)
        found = self.reports(len(names))
        self.assertEqual([report["CELLFTPD_PATH"] for report in found], [f"/{name}" for name in names])
        self.assertEqual({report["arguments"] for report in found}, {"0"})
        self.assertEqual({report["CELLFTPD_USER"] for report in found}, {"alice"})

    def test_L14_only_what_was_stored(self):
        self.hook()
        client = self.login()
        data = client.begin("STOR broken")
        data.send(b"half")
        data.reset()
        client.read(426)
        client.upload("APPE whole", b"1")
        client.upload("STOU", b"2")
        found = self.reports(2)
        self.assertEqual(len(found), 2)
        self.assertEqual(found[0]["CELLFTPD_PATH"], "/whole")

    def test_L14_login(self):
        self.hook("login")
        self.connect().command("USER alice")
        client = self.connect()
        client.expect(331, "USER alice")
        client.expect(530, "PASS wrong")
        self.login()
        (found,) = self.reports(1)
        self.assertEqual(found["CELLFTPD_EVENT"], "login")
        self.assertEqual(found["CELLFTPD_FILE"], str(self.server.home()))
        self.assertNotIn("CELLFTPD_PATH", found)
        self.assertNotIn("CELLFTPD_BYTES", found)

    def test_L14_registration_by_cellftpctl(self):
        self.hook("registration")
        self.server.add_user("carol")
        (found,) = self.reports(1)
        self.assertEqual(found["CELLFTPD_EVENT"], "registration")
        self.assertEqual((found["CELLFTPD_USER"], found["CELLFTPD_FILE"]), ("carol", str(self.server.home("carol"))))
        self.assertNotIn("CELLFTPD_CLIENT", found)
        self.assertEqual(found["uid"], str(NOBODY.pw_uid))

    def test_L14_registration_is_not_waited_for(self):
        self.hook("registration", "echo wrong; sleep 600", timeout="1 s")
        begin = time.monotonic()
        self.server.add_user("carol")
        self.assertLess(time.monotonic() - begin, within(5))
        self.failed("timeout", "wrong", user="carol")

    def check_registration(self, session, client="127.0.0.1"):
        (found,) = self.reports(1)
        self.assertEqual(
            {key: value for key, value in found.items() if key.startswith("CELLFTPD")},
            {
                "CELLFTPD_EVENT": "registration",
                "CELLFTPD_USER": "carol",
                "CELLFTPD_FILE": str(self.server.home("carol")),
                "CELLFTPD_CLIENT": client,
                "CELLFTPD_SESSION": session,
            },
        )
        self.assertEqual(found["uid"], str(NOBODY.pw_uid))
        self.assertEqual(found["CapPrm"], "0" * 16)

    def test_L14_registration_by_an_administrator(self):
        self.server.add_user("boss", PASSWORD, "--role", "admin")
        self.hook("registration")
        boss = self.connect()
        boss.is_admin = boss.administers = True
        boss.login("boss")
        boss.expect(550, "SITE USER ADD alice secretsecret")  # is there: nothing was made
        boss.expect(200, "SITE USER ADD carol secretsecret")
        self.check_registration(self.server.expect_log("auth", "accepted", user="boss")["session"])

    def test_L14_registration_by_a_stranger(self):
        self.hook("registration")
        self.server.configure({**self.server.config, "registration": {"open": True}})
        client = self.connect()
        client.expect(550, "SITE REGISTER alice secretsecret")
        client.expect(200, "SITE REGISTER carol secretsecret")
        self.check_registration(self.server.expect_log("auth", "registered")["session"])

    def test_L14_a_stranger_who_leaves_and_one_who_logs_in(self):
        """The monitor outlives the hook, and the next hooks are those of the account."""
        self.hook("registration", "sleep 1\n" + REPORT)
        self.hook("upload")
        self.server.configure({**self.server.config, "registration": {"open": True}})
        for name, logs_in in (("carol", False), ("dave", True)):
            with self.subTest(name=name):
                client = self.connect()
                client.expect(200, f"SITE REGISTER {name} secretsecret")
                if logs_in:
                    self.server.passwords[name] = "secretsecret"
                    client.login(name)
                    self.upload(client, "a")
                client.quit()
                client.process.wait(60 * slow())
                self.assertIn(
                    ("registration", name),
                    [(found["CELLFTPD_EVENT"], found["CELLFTPD_USER"]) for found in map(self.parse, self.out.iterdir())],
                )
        (upload,) = [found for found in map(self.parse, self.out.iterdir()) if found["CELLFTPD_EVENT"] == "upload"]
        self.assertEqual((upload["CELLFTPD_USER"], upload["CELLFTPD_PATH"]), ("dave", "/a"))

    def test_23_a_file_in_a_share(self):
        self.hook()
        common = self.server.directory / "common"
        common.mkdir()
        os.chown(common, NOBODY.pw_uid, NOBODY.pw_gid)
        common.chmod(0o700)
        drop_in = self.server.directory / "conf.d" / "shares.conf"
        drop_in.parent.mkdir()
        drop_in.write_text(f'shares = ( {{ path = "{common}"; at = "in/web"; read_only = false; }} );\n')
        self.hook(body='cat "$CELLFTPD_FILE" > {out}/content\n' + REPORT)
        client = self.login()
        self.upload(client, "in/web/page", b"of the web")
        found = wait_until(
            lambda: [f for f in self.out.iterdir() if f.name not in ("content",) and f.name[0] != "."], 20
        )
        self.assertEqual(self.parse(found[0])["CELLFTPD_FILE"], str(common / "page"))
        self.assertEqual(self.parse(found[0])["CELLFTPD_PATH"], "/in/web/page")
        self.assertEqual((self.out / "content").read_bytes(), b"of the web")


class Runner(Hooks):
    def test_L14_its_rights(self):
        """Of the process that runs them: three capabilities, its queue, and nothing else."""
        self.hook()
        client = self.login()
        children = process.children(client.process.pid)
        self.assertEqual(len(children), 2)
        (runner,) = [pid for pid in children if process.status(pid)["Uid"].split() == ["0"] * 4]
        wait_until(lambda: int(process.status(runner)["CapPrm"], 16) == RIGHTS)
        for name in ("CapPrm", "CapEff", "CapBnd"):
            self.assertEqual(int(process.status(runner)[name], 16), RIGHTS, name)
        for name in ("CapInh", "CapAmb"):
            self.assertEqual(int(process.status(runner)[name], 16), 0, name)
        targets = [os.readlink(f"/proc/{runner}/fd/{fd}") for fd in os.listdir(f"/proc/{runner}/fd")]
        self.assertEqual(len([target for target in targets if target.startswith("socket:")]), 1)
        self.assertEqual([target for target in targets if "homes" in target or "users" in target], [])

    def test_L14_there_is_none_without_hooks(self):
        client = self.login()
        self.assertEqual(len(process.children(client.process.pid)), 1)

    def test_L14_one_after_the_other(self):
        self.hook(body="sleep 0.3\n" + REPORT)
        client = self.login()
        for name in ("a", "b", "c"):
            self.upload(client, name)
        client.quit()  # and those that wait are run
        found = self.reports(3)
        self.assertEqual([report["CELLFTPD_PATH"] for report in found], ["/a", "/b", "/c"])


class Bad(Hooks):
    def test_L14_one_that_sleeps_keeps_nobody(self):
        self.hook("upload", "echo $$ > {out}/pid; sleep 600", timeout="600 s")
        client = self.login()
        self.upload(client)
        self.upload(client, "b")
        client.expect(200, "NOOP")
        self.assertIn(b"b", client.download("NLST"))
        client.quit()
        # The end is in the log and the slot is free, while the hook runs on.
        self.server.expect_log("connections", "disconnect")
        self.assertEqual(self.server.ctl("who", "--json").stdout.strip(), "[]")
        self.assertIsNone(client.process.poll())
        pid = int(wait_until(lambda: (self.out / "pid").exists() and (self.out / "pid").read_text()))
        self.assertTrue(process.alive(pid))
        os.kill(client.process.pid, signal.SIGTERM)  # as "systemctl stop" does
        client.wait()
        self.assertTrue(wait_until(lambda: not process.alive(pid), 5))
        self.failed("stopped", "as the server stops", path="/a")
        self.failed("stopped", "1 more were left out", path=None)

    def test_L14_stopping_does_not_hang(self):
        """Neither does it for one that will not end, in the middle of a session."""
        self.hook("login", "trap '' TERM; echo $$ > {out}/pid; while :; do sleep 1; done", timeout="600 s")
        client = self.login()
        pid = int(wait_until(lambda: (self.out / "pid").exists() and (self.out / "pid").read_text()))
        begin = time.monotonic()
        os.kill(client.process.pid, signal.SIGTERM)
        client.read(421)
        client.read_end()
        client.wait()
        self.assertLess(time.monotonic() - begin, within(8))
        self.assertTrue(wait_until(lambda: not process.alive(pid), 5))
        self.failed("stopped", "as the server stops")

    def test_L14_one_that_takes_too_long(self):
        self.hook("upload", "trap '' TERM; echo $$ > {out}/pid; echo working; while :; do sleep 1; done", timeout="1 s")
        client = self.login()
        self.upload(client)
        line = self.failed("timeout", "ended after hooks.timeout: working", path="/a", user="alice")
        self.assertIn("hook-upload", line["detail"])
        self.assertFalse(process.alive(int((self.out / "pid").read_text())))
        client.expect(200, "NOOP")

    def test_L14_its_time_counts_from_the_end_of_the_session(self):
        self.hook("upload", "sleep 600", timeout="2 s")
        client = self.login()
        for name in ("a", "b", "c", "d"):
            self.upload(client, name)
        client.quit()
        begin = time.monotonic()
        client.process.wait(60 * slow())
        self.assertLess(time.monotonic() - begin, within(8))

    def test_L14_one_that_fails(self):
        for number, (body, reason, words) in enumerate(
            (
                ("echo so; echo it failed >&2; exit 3", "exit-status", "exit status 3: so\nit failed"),
                ("kill -SEGV $$", "killed", "killed by signal 11"),
                ("exit 1", "exit-status", "hook-upload: exit status 1"),
            )
        ):
            with self.subTest(body=body):
                self.hook("upload", body)
                client = self.login()
                self.upload(client, f"{number}")
                self.failed(reason, words, path=f"/{number}")

    def test_L14_one_that_floods(self):
        self.hook("upload", "head -c 20000000 /dev/zero | tr '\\0' x; echo; echo the end; exit 1")
        client = self.login()
        self.upload(client)
        line = self.failed("exit-status", "xxx\nthe end")
        self.assertLess(len(line["detail"]), 2100)

    def test_L14_one_that_forks(self):
        """What is left of it when it has ended is ended too, and what got away keeps nobody."""
        self.hook(
            "upload",
            "sleep 600 & echo $! > {out}/left; setsid sleep 30 & echo $! > {out}/away; exit 4",
        )
        client = self.login()
        self.upload(client)
        self.failed("exit-status", "exit status 4")
        left, away = (int((self.out / name).read_text()) for name in ("left", "away"))
        self.addCleanup(lambda: process.alive(away) and os.kill(away, signal.SIGKILL))
        self.assertTrue(wait_until(lambda: not process.alive(left), 5))
        client.quit()
        client.wait()

    def test_L14_the_queue_has_an_end(self):
        self.hook("upload", "sleep 600", timeout="600 s")
        client = self.login()
        for number in range(400):
            client.upload(f"STOR {number}", b"")
        client.quit()
        self.server.expect_log("connections", "disconnect")
        line = self.failed("queue-full", "were left out")
        left_out = int(line["detail"].split()[0])
        self.assertTrue(50 < 400 - left_out < 350, left_out)
        os.kill(client.process.pid, signal.SIGTERM)
        client.wait()
        waiting = self.server.expect_log("connections", "hook-failed", reason="stopped", path=None)
        self.assertEqual(int(waiting["detail"].split()[0]), 400 - left_out - 1)

    def test_L14_a_session_that_is_killed(self):
        self.hook(body="sleep 0.5\n" + REPORT)
        client = self.login()
        self.upload(client)
        session = [p for p in process.children(client.process.pid) if process.status(p)["Uid"].split()[0] != "0"]
        client.loose = True
        os.kill(session[0], signal.SIGKILL)
        self.assertEqual(client.wait(), 0)
        self.assertEqual(self.reports(1)[0]["CELLFTPD_PATH"], "/a")


class CannotRun(Hooks):
    def check(self, words):
        client = self.login()
        self.upload(client)
        self.failed("cannot-run", words, path="/a")
        done = self.check_server()
        self.assertNotEqual(done.returncode, 0)
        return done.stdout

    def check_server(self):
        return subprocess.run(
            [self.server.program, "--check", "--config", self.server.config_file],
            capture_output=True,
            text=True,
            check=False,
        )

    def test_L14_one_that_can(self):
        program = self.hook()
        self.assertIn(f"ok      hooks.upload {program}\n", self.check_server().stdout)

    def test_L14_it_is_missing(self):
        self.hook().unlink()
        self.assertIn("MISSING hooks.upload", self.check("install it"))

    def test_L14_others_could_change_it(self):
        program = self.hook()
        program.chmod(0o775)
        self.assertIn("MISSING hooks.upload", self.check("can be changed by others"))
        self.assertEqual(list(self.out.iterdir()), [])

    def test_L14_it_belongs_to_somebody(self):
        os.chown(self.hook(), NOBODY.pw_uid, 0)
        self.check("can be changed by others")

    def test_L14_others_could_put_another_in_its_place(self):
        folder = self.server.directory / "open"
        folder.mkdir()
        program = self.hook().rename(folder / "hook")
        folder.chmod(0o777)
        link = self.server.directory / "link"
        link.symlink_to(program)
        self.server.configure({"hooks": {"upload": str(link)}})
        self.check("/open can be changed by others")

    def test_L14_never_as_root(self):
        self.hook(user="root")
        self.check("never run as root")
        self.assertEqual(list(self.out.iterdir()), [])

    def test_L14_nobody_of_that_name(self):
        self.hook(user="no-such-user")
        self.check("useradd --system")

    def test_L14_no_program(self):
        self.hook().chmod(0o644)
        self.check("chmod +x")

    def test_L14_a_path_that_is_none(self):
        self.server.configure({"hooks": {"upload": "true --now"}})
        self.check("absolute path")

    def test_L14_no_interpreter(self):
        self.hook(interpreter="")
        self.login_and_see("a script begins with #!")

    def login_and_see(self, words):
        client = self.login()
        self.upload(client)
        self.failed("cannot-run", words, path="/a")

    def test_L14_hooks_user_may_not_execute_it(self):
        self.hook().chmod(0o700)
        self.login_and_see("hooks.user must be allowed")


if __name__ == "__main__":
    main()
