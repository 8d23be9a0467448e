"""Regression rows A13, A14, A15, A18 and C14: who a session is, and what happens when it cannot become that."""

import os
import re
import resource
import subprocess

from harness import PASSWORD, ServerTest, build, in_clear, main, process
from harness.refusal import CALLS, drop_capability, refuse_call

CLONE_NEWUSER, CLONE_NEWPID = 0x10000000, 0x20000000
PR_SET_NO_NEW_PRIVS, PR_SET_DUMPABLE, PR_SET_PDEATHSIG = 38, 4, 1


class Groups(ServerTest):
    def setUp(self):
        super().setUp()
        self.server.prepare = lambda: os.setgroups([0, 1, 4, 100])  # of whoever started it

    def test_A13_no_group_is_kept(self):
        """ProFTPD issue 1830: a session kept gid 0."""
        client = self.login()
        for state in ("logged in", "before login"):
            status = process.status((client if state == "logged in" else self.connect()).session_pid)
            with self.subTest(state=state):
                self.assertEqual(status["Groups"], "")
                for ids in (status["Uid"], status["Gid"]):
                    self.assertEqual(len(set(ids.split())), 1, ids)
                    self.assertNotIn("0", ids.split())
        found = process.status(client.session_pid)
        self.assertEqual(found["Uid"].split()[0], str(self.server.uid()))
        self.assertEqual(found["Gid"].split()[0], str(self.server.uid()))

    def test_A13_files_of_other_groups_are_closed(self):
        client = self.login()
        for group in (0, 4, 1, 100):
            with self.subTest(group=group):
                path = self.server.write(f"g{group}", b"not for her")
                os.chown(path, 0, group)
                path.chmod(0o640)
                client.passive()
                client.expect(550, f"RETR g{group}")
                client.expect(550, f"HASH g{group}")
                client.expect(550, f"APPE g{group}")
        path = self.server.write("own-group", b"hers")
        os.chown(path, 0, self.server.uid())
        path.chmod(0o640)
        self.assertEqual(client.retr("own-group"), b"hers")


@in_clear("no client connects")
class Failing(ServerTest):
    """A14 (inetutils CVE-2023-40303): a step towards less privilege that fails ends the session, in words."""

    def refused(self, server, prepare):
        """Tries to log in; where it ended: "connect" or "login". There is no session afterwards, only 421."""
        server.prepare = prepare
        client = server.connect(greeting=None)
        client.exit_status = None
        reply = client.read_reply()
        stage = "connect"
        if reply.code == 220:
            stage = "login"
            client.expect(331, "USER alice")
            reply = client.command(f"PASS {PASSWORD}")
        self.assertEqual(reply.code, 421, reply)
        client.read_end()
        client.wait()
        self.assertEqual(process.children(client.monitor_pid), [])
        server.expect_log("auth", "accepted", count=0)
        server.prepare = None
        return stage

    def check(self, prepare, step, stage="connect", server=None):
        server = server or self.make_server()
        server.allow_stderr = build().name == "asan"  # it wants some of the calls for itself
        self.assertEqual(self.refused(server, prepare), stage)
        records = server.logs("connections", "cell-failed")
        self.assertEqual(len(records), 1, server.logs("connections"))
        self.assertRegex(records[0]["reason"], step)
        self.assertRegex(records[0]["detail"], r"[^;]+; .{10,}", "no remedy")

    def test_A14_calls_that_fail(self):
        rows = (
            ("socketpair", None, False, "socket pair", "connect"),
            ("setns", None, False, "network", "connect"),
            ("open_tree", None, False, "empty root", "connect"),
            ("mount_setattr", None, False, "empty root", "connect"),
            ("unshare", CLONE_NEWPID, False, "pid namespace", "connect"),
            ("close_range", None, False, "descriptors", "connect"),
            ("setgroups", None, False, "becoming the cell user", "connect"),
            ("setresgid", None, False, "becoming the cell user", "connect"),
            ("setresuid", None, False, "becoming the cell user", "connect"),
            ("unshare", CLONE_NEWUSER, True, "user and mount namespaces", "connect"),
            ("sethostname", None, False, "user and mount namespaces", "connect"),
            ("move_mount", None, False, "pivot into the empty root", "connect"),
            ("fchdir", None, False, "pivot into the empty root", "connect"),
            ("pivot_root", None, False, "pivot into the empty root", "connect"),
            ("umount2", None, False, "pivot into the empty root", "connect"),
            ("prctl", PR_SET_NO_NEW_PRIVS, False, "becoming the cell user", "connect"),
            ("prctl", PR_SET_DUMPABLE, False, "dropping capabilities", "connect"),
            ("prctl", PR_SET_PDEATHSIG, False, "dropping capabilities", "connect"),
            ("seccomp", None, False, "system call filter", "connect"),
            ("setresuid", self.server.uid(), False, "becoming the user", "login"),
            ("setresgid", self.server.uid(), False, "becoming the user", "login"),
            ("getresuid", None, False, "becoming the user", "login"),
            ("getresgid", None, False, "becoming the user", "login"),
        )
        self.assertLessEqual({row[0] for row in rows}, set(CALLS))
        for call, argument, bits, step, stage in rows:
            with self.subTest(call=call, argument=argument):
                server = self.make_server()
                if stage == "login" and argument is not None:
                    argument = server.uid()
                self.check(refuse_call(call, argument, bits), step, stage, server)

    def test_A14_the_client_is_told(self):
        """The session says 421 before it is ended, each time."""
        server = self.make_server()
        server.allow_stderr = build().name == "asan"
        for _ in range(20):
            self.assertEqual(self.refused(server, refuse_call("getresuid")), "login")
        server.expect_log("connections", "cell-failed", count=20, reason="becoming the user")

    def test_A14_limits_that_fail(self):
        """Too few descriptors: at each number of them either all works or nothing is served."""
        server = self.make_server()
        server.allow_stderr = True
        served = []
        for number in range(4, 24):

            def limit(number=number):
                resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))

            server.prepare = limit
            client = server.connect(greeting=None)
            client.exit_status = None
            try:
                code = client.read_reply().code
            except AssertionError:
                code = None  # not even a shared library could be opened
            if code == 220:
                code = (client.command("USER alice").code, client.command(f"PASS {PASSWORD}").code)
            with self.subTest(number=number):
                self.assertIn(code, (None, 421, (331, 421), (331, 230)))
                served.append(code == (331, 230))
                if code == (331, 230):
                    self.assertEqual(process.status(client.session_pid)["Uid"].split()[0], str(server.uid()))
            client.close()
            client.wait()
        self.assertIn(False, served)

    def test_A14_capabilities_that_are_missing(self):
        for capability, stage in (("sys_admin", "connect"), ("setuid", "connect"), ("setgid", "connect")):
            with self.subTest(capability=capability):
                self.check(drop_capability(capability), "namespace|cell user|root|uid map", stage)

    def test_A14_parts_that_are_missing(self):
        def run_is_writable(server):
            (server.directory / "run").chmod(0o777)

        def empty_is_full(server):
            (server.directory / "run" / "empty").mkdir()
            (server.directory / "run" / "empty" / "file").touch()

        def empty_is_a_file(server):
            (server.directory / "run" / "empty").touch()

        def empty_is_a_link(server):
            (server.directory / "run" / "empty").symlink_to("/")

        for break_it, step in (
            (run_is_writable, "run directory|network namespace|empty root"),
            (empty_is_full, "verification|empty root"),
            (empty_is_a_file, "empty root"),
            (empty_is_a_link, "empty root|verification"),
        ):
            with self.subTest(what=break_it.__name__):
                server = self.make_server()
                break_it(server)
                self.check(None, step, server=server)
        for user, step in (("no-such-user", "cell user"), ("root", "cell user")):
            with self.subTest(user=user):
                self.check(None, step, server=self.make_server({"cell": {"user": user}}))

    def test_A14_run_directory_that_is_none(self):
        server = self.make_server()
        (server.directory / "run").rmdir()
        (server.directory / "run").touch()
        self.refused(server, None)
        server.expect_log("connections", "server-failed", reason="throttle")

    def test_A14_folder_of_somebody_else(self):
        for break_it in (
            lambda home: os.chown(home, 0, 0),
            lambda home: os.chown(home, 12345678, 12345678),
            lambda home: home.rmdir(),
            lambda home: (home.rmdir(), home.symlink_to("/etc")),
            lambda home: (home.rmdir(), home.touch()),
            lambda home: home.chmod(0),
        ):
            server = self.make_server()
            break_it(server.home())
            self.assertEqual(self.refused(server, None), "login")
            records = server.logs("connections", "cell-failed")
            self.assertEqual(len(records), 1)
            self.assertRegex(records[0]["reason"], "folder")


class Records(ServerTest):
    """A15 (Pure-FTPd 1.0.54): whatever is wrong with a record, nobody gets in by it, and the log says it once."""

    def setUp(self):
        super().setUp()
        self.record = self.server.directory / "users" / "alice.conf"
        self.text = self.record.read_text()

    def check_refused(self, what):
        before = len(self.server.logs("connections", "server-failed", reason="account-record"))
        client = self.connect()
        client.expect(331, "USER alice")
        client.expect(530, f"PASS {PASSWORD}")
        client.expect(530, "PWD")
        client.quit()
        errors = self.server.logs("connections", "server-failed", reason="account-record")
        self.assertEqual(len(errors), before + 1, what)
        self.assertEqual(self.server.logs("auth", "refused")[-1]["reason"], "bad-record")
        self.server.expect_log("auth", "accepted", count=0)

    def test_A15_malformed_fields(self):
        uid = str(self.server.uid())
        bad = {
            "uid": ("0", "-1", "999", "4294967295", "4294967296", str(2**32 + int(uid)), f'"{uid}"', "0x10", "1e5", "true",
                    "", "[1]", str(2**64), f"{uid}.0", "root", f"+{uid}", "200000000"),
            "password": ('""', "1", "true", '"a\\nb"', "[ ]", '"' + "x" * 400 + '"', ""),
            "enabled": ('"true"', "1", "yes", '""', ""),
            "read_only": ('"false"', "0", "no", ""),
            "created": ('"now"', "-1", "1.5", "true", ""),
            "home": ('""', '"relative"', '"/"', '"/x/../.."', '"//"', "1", '"/a\\nb"'),
        }  # fmt: skip
        for field, values in bad.items():
            for value in values:
                with self.subTest(field=field, value=value[:40]):
                    line = f"{field} = {value};"
                    text = re.sub(rf"^{field} = .*$", line, self.text, flags=re.MULTILINE)
                    self.record.write_text(text if text != self.text else f"{self.text}{line}\n")
                    self.check_refused(line)

    def test_A15_malformed_records(self):
        lines = self.text.splitlines(keepends=True)
        for text in (
            "",
            "\n",
            "garbage",
            self.text + "gid = 0;\n",
            self.text + "uid = 0;\n",
            self.text + self.text,
            self.text + "\0",
            self.text + '@include "/etc/passwd"\n',
            self.text + "quota = -1;\n",
            self.text + '"',
            self.text + "/*",
            self.text + "#" * 100000,
            *("".join(lines[:i] + lines[i + 1 :]) for i, line in enumerate(lines) if line[:3] in ("uid", "pas", "cre")),
        ):
            with self.subTest(text=text[-40:]):
                self.record.write_text(text)
                self.check_refused(text[-200:])

    def test_A15_cut_anywhere(self):
        """Half a record: refused, or good as it stands (only its last, optional lines were lost)."""
        for size in range(0, len(self.text) - 1, 3):
            self.record.write_text(self.text[:size])
            client = self.connect()
            client.expect(331, "USER alice")
            reply = client.expect((530, 230), f"PASS {PASSWORD}")
            if reply.code == 230:
                self.assertIn("created", self.text[:size])
                self.assertEqual(process.status(client.session_pid)["Uid"].split()[0], str(self.server.uid()))
            client.quit()

    def test_A15_file_of_somebody_else(self):
        def give_away():
            os.chown(self.record, self.server.uid(), self.server.uid())

        def open_up():
            os.chown(self.record, 0, 0)
            self.record.chmod(0o644)

        def replace_by_link():
            self.record.rename(self.record.parent / "real")
            (self.record.parent / "real").chmod(0o600)
            self.record.symlink_to("real")

        for change in (give_away, open_up, replace_by_link):
            with self.subTest(change=change.__name__):
                change()
                self.check_refused(change.__name__)


class Privileged(ServerTest):
    """A18: no privileged account, and no name that is more than a name, logs in with the right password."""

    def plant(self, name, text):
        path = self.server.directory / "users" / name
        path.write_text(text)
        path.chmod(0o600)

    def test_A18_privileged_and_odd_names(self):
        text = (self.server.directory / "users" / "alice.conf").read_text()
        uid = re.search(r"uid = (\d+);", text)[0]
        self.plant("root.conf", text.replace(uid, "uid = 0;"))
        self.plant("daemon.conf", text.replace(uid, "uid = 1;"))
        self.plant("nobody.conf", text.replace(uid, "uid = 999;"))
        odd = ("-x", ".x", "..", ".", "_x", "x.", "Alice", "a b", "x" * 33, "%s", "\xe4")
        for name in odd:
            self.plant(f"{name}.conf", text)
        (self.server.directory / "users" / "d").mkdir()
        self.plant("d/alice.conf", text)
        self.plant("../alice.conf", text)
        names = (
            "root",
            "daemon",
            "nobody",
            *odd,
            "d/alice",
            "../alice",
            "../users/alice",
            "./alice",
            "/alice",
            "alice/",
        )
        for name in names + ("alice.conf", "alice\\", " alice", "alice ", "ALICE", "alice\xa0"):
            with self.subTest(name=name):
                client = self.connect()
                client.expect(331, f"USER {name}")
                client.expect(530, f"PASS {PASSWORD}")
                client.expect(530, "PWD")
                client.quit()
        self.server.expect_log("auth", "accepted", count=0)
        self.login()
        self.server.expect_log("auth", "accepted", count=1)


class Monitor(ServerTest):
    CALL = re.compile(r"^(\d+ +)?(\w+)\((.*)", re.DOTALL)

    def test_C14_monitor_touches_no_file_of_the_user(self):
        """ProFTPD CVE-2012-6095: after the login the privileged process makes no call that a name in the folder, or
        a descriptor of it, is an argument of."""
        self.server.prepare = lambda: os.environ.update(ASAN_OPTIONS="detect_leaks=0")  # it cannot under strace
        client = self.login()
        self.server.write("old", b"x" * 100000)
        output = self.server.directory / "trace"
        trace = subprocess.Popen(
            ["strace", "-y", "-s", "200", "-o", output, "-p", str(client.monitor_pid)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        with trace:
            self.assertIn(b"attached", trace.stderr.readline())
            client.stor("new", b"content")
            client.stor("old", b"replaced")
            client.appe("new", b"more")
            client.retr("new", verb="PORT")
            client.retr("new", verb="PASV")
            client.list()
            client.upload("STOU", b"x")
            for command in (
                "MKD d", "SITE CHMOD 700 d", "RNFR new", "RNTO d/new", "DELE d/new", "RMD d", "MFMT 20200101000000 old",
                "SITE UTIME 20200101000000 old", "HASH old", "MLST old", "STAT /", "SIZE old", "CWD /", "DELE none",
            ):  # fmt: skip
                self.assertLess(client.command(command).code, 560)
            client.quit()
            client.wait()
            self.assertEqual(trace.wait(20), 0)
        lines = output.read_text(errors="replace").splitlines()
        self.assertTrue(any("files.log" in line for line in lines), "nothing was seen of the monitor")
        self.assertTrue(any("connect(" in line for line in lines))
        # A log file; the user's ledger; the time zone of xferlog.
        allowed = (str(self.server.directory / "logs"), str(self.server.directory / "state"), "/etc/localtime", "/zoneinfo/")
        for line in lines:
            self.assertNotIn(str(self.server.home()), line)
            call = self.CALL.match(line)
            if not call:
                continue
            if re.search("open|stat|access|chown|chmod|rename|link|mkdir|rmdir|mount|chroot|utime|truncate", call[2]):
                self.assertTrue(any(path in line for path in allowed), line)


if __name__ == "__main__":
    main()
