"""Users of the system through PAM: who gets in, as whom, and who does not (rows A13, A16 to A19, S07, S08)."""

import os
import pwd
import random
import signal
import subprocess
import time
from pathlib import Path

from harness import PASSWORD, main, process, wait_until
from harness.refusal import LIBC, PR_CAPBSET_DROP
from harness.system_users import SERVICE, SERVICE_FILE, SOURCE, SystemUserTest, setup

PR_SET_NO_NEW_PRIVS = 38
SHIPPED = (SOURCE / "pam.d/cellftpd").read_text()
# What a login may need: src/monitor/capabilities.c.
LOGIN = (0, 1, 2, 3, 5, 6, 7, 8, 10, 21)
PAM = (23, 24, 29)


def setUpModule():
    setup()


def capabilities(*numbers):
    """As /proc/PID/status has them; those that this machine does not give to anybody are left out."""
    ours = int(process.status(os.getpid())["CapBnd"], 16)
    return f"{sum(1 << number for number in set(numbers)) & ours:016x}"


def free_uid():
    """The largest uid below 1000 that nobody has."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    return next(uid for uid in range(999, 0, -1) if uid not in taken)


class Identity(SystemUserTest):
    def test_A13_a_system_user_has_the_real_ids(self):
        self.add("walter", "--groups", "adm,mail")
        client = self.login("walter")
        found = process.status(self.session_pid(client))
        uid, gid = str(self.server.uid("walter")), str(self.server.home("walter").stat().st_gid)
        self.assertEqual(set(found["Uid"].split()), {uid})
        self.assertEqual(set(found["Gid"].split()), {gid})
        self.assertEqual(found["Groups"].split(), ["4", "8"])
        self.assertEqual(found["CapEff"], "0" * 16)
        client.stor("new", b"x")
        status = self.server.path("new", "walter").stat()
        self.assertEqual((status.st_uid, status.st_gid), (int(uid), int(gid)))
        self.server.expect_log("auth", "accepted", user="walter")

    def test_A13_only_files_of_their_own_groups(self):
        self.add("walter", "--groups", "mail")
        for name, group in (("mail", 8), ("adm", 4), ("root", 0)):
            path = self.server.write(name, b"for a group", "walter")
            os.chown(path, 0, group)
            path.chmod(0o640)
        client = self.login("walter")
        self.assertEqual(client.retr("mail"), b"for a group")
        for name in ("adm", "root"):
            client.passive()
            client.expect(550, f"RETR {name}")

    def test_A13_a_home_on_another_mount(self):
        self.add("walter", "--groups", "mail")
        home = self.server.home("walter")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=700,uid={self.server.uid('walter')}", "x", home], check=True)
        path = self.server.write("letter", b"for mail", "walter")
        os.chown(path, 0, 8)
        path.chmod(0o640)
        client = self.login("walter")
        self.assertEqual(client.retr("letter"), b"for mail")
        client.stor("new", b"on the mount")
        self.assertEqual(self.server.read("new", "walter"), b"on the mount")

    def test_A13_root_is_no_group_of_a_session(self):
        self.add("walter", "--groups", "root,adm")
        client = self.login("walter")
        self.assertEqual(process.status(self.session_pid(client))["Groups"].split(), ["4"])
        self.server.expect_log("auth", "pam-message", reason="groups")

    def test_A13_more_groups_than_a_session_can_have(self):
        self.add("walter")
        with open("/etc/group", "a", encoding="ascii") as file:
            file.writelines(f"crowd{number}:x:{4000000000 + number}:walter\n" for number in range(300))
        self.addCleanup(subprocess.run, ["sed", "-i", "/^crowd/d", "/etc/group"], check=True)
        client = self.login("walter")
        groups = process.status(self.session_pid(client))["Groups"].split()
        self.assertEqual(len(groups), 160)
        self.assertEqual(len(set(groups)), 160)
        self.server.expect_log("auth", "pam-message", reason="groups")
        client.stor("x", b"x")

    def test_A13_a_local_user_pays_for_nothing_of_pam(self):
        self.server.add_user("alice")
        client = self.login("alice")
        self.assertEqual(process.status(client.session_pid)["Groups"], "")  # the one child, too
        for pid in (client.monitor_pid, client.session_pid):
            self.assertNotIn("libpam", Path(f"/proc/{pid}/maps").read_text())

    def test_the_home_may_be_reached_by_a_link_of_roots(self):
        self.add("walter")
        link = self.server.directory / "link"
        link.symlink_to(self.server.directory / "homes")
        subprocess.run(["usermod", "--home", link / "walter", "walter"], check=True)
        self.login("walter").stor("x", b"x")
        self.assertEqual(self.server.read("x", "walter"), b"x")

    def test_a_long_name(self):
        name = "w" * 32
        self.add(name)
        self.login(name).stor("x", b"x")


class Refusals(SystemUserTest):
    """A16, A18: 530, the same for all, and why in the log."""

    def check_all(self):
        self.add("walter")
        self.refused("walter", "bad-password", "wrong", detail="^$")
        self.refused("walter", "bad-password", "")
        self.refused("nosuch", "unknown-user")
        rows = (
            (["usermod", "--lock"], "locked"),
            (["chage", "-E", "1"], "expired"),
            (["chage", "-d", "0"], "password-expired"),
            (["chage", "-d", "2001-01-01", "-M", "30"], "password-expired"),
            (["chage", "-d", "2001-01-01", "-M", "30", "-I", "1"], "password-expired"),
        )
        for number, (command, reason) in enumerate(rows):
            with self.subTest(command=command):
                name = self.add(f"user{number}")
                subprocess.run([*command, name], check=True)
                self.refused(name, reason)
        Path("/etc/nologin").write_text("Back at noon.\n")
        self.refused("walter", "nologin")
        Path("/etc/nologin").unlink()
        self.login("walter").quit()

    def test_A16_each_has_a_reason(self):
        self.set_stack(self.stack.replace("account", "account required pam_nologin.so\naccount", 1))
        self.check_all()
        self.server.expect_log("auth", "pam-message", detail="Back at noon.")

    def test_A16_each_has_a_reason_with_the_shipped_stack(self):
        self.set_stack(SHIPPED)
        self.check_all()

    def test_A18_never_whatever_pam_says(self):
        self.set_stack("auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n")
        self.set_password("root", PASSWORD)
        self.add("low", "--uid", str(free_uid()))
        self.add("local", "--uid", str(self.server.uid_min + 5))
        self.add("rooted", "--gid", "0")
        self.add("listed")
        Path("/etc/ftpusers").write_text("# not over FTP\nlisted  # why\n")
        for name, reason in (
            ("root", "uid-too-low"),
            ("low", "uid-too-low"),
            ("daemon", "uid-too-low"),
            ("local", "uid-of-local-accounts"),
            ("rooted", "group-root"),
            ("listed", "ftpusers"),
        ):
            with self.subTest(name=name):
                self.refused(name, reason)
        Path("/etc/ftpusers").unlink()
        self.login("listed")

    def test_A18_uid_min_is_an_option(self):
        self.add("low", "--uid", str(free_uid()))
        self.server.configure(self.config | {"pam": {"service": SERVICE, "uid_min": self.server.uid("low")}})
        self.login("low")

    def test_A18_the_shipped_stack_reads_ftpusers_too(self):
        self.set_stack(SHIPPED)
        self.add("listed")
        Path("/etc/ftpusers").write_text("listed\n")
        self.refused("listed", "ftpusers")

    def test_A16_no_home(self):
        self.set_stack(self.stack + "session required MODULE record=DIRECTORY/record\n")
        self.add("walter")
        home = self.server.home("walter")
        rows = (
            ("gone", lambda: home.rename(home.with_name("elsewhere")), "No such file"),
            ("file", home.touch, "Not a directory"),
            ("root's", lambda: (home.unlink(), home.mkdir()), "somebody else"),
        )
        for case, change, detail in rows:
            with self.subTest(case=case):
                change()
                self.refused("walter", "no-home", detail=detail)
        words = [line.split()[0] for line in self.recorded()]
        self.assertEqual(words, ["open", "close"] * 3)  # what was opened is closed

    def test_A16_other_reasons(self):
        self.add("walter")
        self.set_stack(self.stack + "account required pam_access.so accessfile=DIRECTORY/access\n")
        (self.server.directory / "access").write_text("-:walter:ALL\n")
        self.refused("walter", "pam-denied", detail="^account: Permission denied$")
        (self.server.directory / "access").write_text("-:walter:ALL EXCEPT 127.0.0.1\n")
        self.login("walter").quit()
        for line, reason, detail in (
            ("auth required pam_nosuchmodule.so", "pam-error", "^auth: "),
            ("auth required MODULE code=9", "pam-error", "^auth: "),
            ("account required MODULE code=13", "expired", "^$"),
            ("session required MODULE in=open code=14", "pam-error", "^session: "),
            ("session required pam_deny.so", "pam-error", "^session: "),
            ("auth required MODULE in=establish code=17", "pam-error", "^setcred: "),
        ):
            with self.subTest(line=line):
                self.set_stack(self.stack + line + "\n")
                self.refused("walter", reason, detail=detail)

    def test_A16_an_empty_password_is_none(self):
        self.set_stack(self.stack.replace("pam_unix.so", "pam_unix.so nullok", 1))
        self.add("walter")
        subprocess.run(["passwd", "--delete", "--quiet", "walter"], check=True)
        for password in ("", "any"):
            self.refused("walter", "bad-password", password)

    def test_A16_faillock(self):
        options = "deny=2 dir=DIRECTORY/tally"
        (self.server.directory / "tally").mkdir()
        self.set_stack(
            f"auth required pam_faillock.so preauth {options}\nauth [success=1 default=ignore] pam_unix.so\n"
            f"auth [default=die] pam_faillock.so authfail {options}\nauth sufficient pam_faillock.so authsucc {options}\n"
            f"account required pam_faillock.so\naccount required pam_unix.so\nsession required pam_permit.so\n"
        )
        self.add("walter")
        for _ in range(2):
            self.refused("walter", "pam-denied", "wrong")  # pam_faillock makes PAM_PERM_DENIED of it
        self.refused("walter", "bad-password")
        self.assertTrue(self.server.logs("auth", "pam-message", detail="The account is locked due to 2 failed logins."))
        (self.server.directory / "tally/walter").unlink()
        self.login("walter")

    def test_no_service_file_is_not_the_service_other(self):
        Path("/etc/pam.d/other").write_text("auth required pam_permit.so\naccount required pam_permit.so\n")
        SERVICE_FILE.unlink()
        self.add("walter")
        self.refused("walter", "pam-service")
        self.server.expect_log("connections", "server-failed", reason="pam-service")
        self.assertIn("/etc/pam.d", self.server.logs("connections", "server-failed")[0]["detail"])
        done = subprocess.run(
            [self.server.program, "--check", "--config", self.server.config_file],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        self.assertEqual(done.returncode, 1)
        self.assertIn("MISSING PAM service", done.stdout)


class Names(SystemUserTest):
    stack = "auth required MODULE record=DIRECTORY/record code=7\n"

    def test_A17_a_name_is_literal(self):
        names = ["%s%n%x", "%'", "' OR 1=1--", "${x}", "$(id)", "`id`", "*", "a b", "\u00fcber", "DOM\\user", "@wheel"]
        for name in names:
            self.refused(name, "unknown-user")
        self.assertEqual([line.split(" ", 1)[1].split(" 127.0.0.1 ")[0] for line in self.recorded()], names)
        self.assertEqual([record["user"] for record in self.server.logs("auth", "refused")], names)

    def test_A18_names_that_pam_never_sees(self):
        for name in ("../etc/passwd", "a/b", "/", ".", "..", "-walter", "--", "a:b", "\x7f", "w" * 129):
            with self.subTest(name=name):
                self.refused(name, "unknown-user")
        self.assertEqual(self.recorded(), [])


class Orders(SystemUserTest):
    """A19: the same name in both, with different passwords."""

    def both(self, order):
        self.server.configure(self.config | {"auth": {"order": order}})
        self.add("walter", password="of the system 1")
        subprocess.run(["usermod", "--home", self.server.directory / "homes" / "system", "walter"], check=True)
        self.server.home("walter").rename(self.server.directory / "homes" / "system")
        self.server.add_user("walter", "of the account 1")

    def uid_with(self, password):
        client = self.connect()
        client.expect(331, "USER walter")
        if client.command(f"PASS {password}").code != 230:
            return None
        client.stor("x", b"x")
        return [name for name in ("system", "walter") if self.server.path("x", name).exists()]

    def test_A19_local_first(self):
        self.both(["local", "pam"])
        self.assertIsNone(self.uid_with("of the system 1"))
        self.assertEqual(self.uid_with("of the account 1"), ["walter"])

    def test_A19_pam_first(self):
        self.both(["pam", "local"])
        self.assertIsNone(self.uid_with("of the account 1"))
        self.assertEqual(self.uid_with("of the system 1"), ["system"])

    def test_A19_pam_first_leaves_others_to_the_accounts(self):
        self.both(["pam", "local"])
        self.server.add_user("alice", PASSWORD)
        self.login("alice").quit()
        self.refused("alice", "bad-password", "wrong")

    def test_A19_pam_alone(self):
        self.both(["pam"])
        self.assertIsNone(self.uid_with("of the account 1"))
        self.assertEqual(self.uid_with("of the system 1"), ["system"])


class Sessions(SystemUserTest):
    """S07: opened once, closed once, by a privileged process outside of the cell."""

    stack = """
auth required pam_unix.so
account required pam_unix.so
session required MODULE record=DIRECTORY/record
"""

    def setUp(self):
        super().setUp()
        self.add("walter")

    def words(self):
        return [line.split()[0] for line in self.recorded()]

    def test_S07_who_and_where_from(self):
        client = self.login("walter")
        pid = self.pam_pid(client)
        self.assertEqual(self.recorded(), [f"open walter 127.0.0.1 ftp {SERVICE} {pid}"])
        client.quit()
        client.wait()
        self.assertEqual(self.recorded()[1:], [f"close walter 127.0.0.1 ftp {SERVICE} {pid}"])

    def test_S07_pam_exec(self):
        script = self.server.directory / "script"
        script.write_text('#!/bin/sh\necho "$PAM_TYPE $PAM_USER $PAM_RHOST $(id -u)" >> "$1"\n')
        script.chmod(0o755)
        self.set_stack(self.stack + "session required pam_exec.so DIRECTORY/script DIRECTORY/executed\n")
        client = self.login("walter")
        client.quit()
        client.wait()
        self.assertEqual(
            (self.server.directory / "executed").read_text().splitlines(),
            [f"{kind}_session walter 127.0.0.1 0" for kind in ("open", "close")],
        )

    def test_S07_closed_when_the_monitor_is_killed(self):
        client = self.login("walter")
        client.loose, client.exit_status = True, None
        session, pam = self.session_pid(client), self.pam_pid(client)
        os.kill(client.monitor_pid, signal.SIGKILL)
        self.assertTrue(wait_until(lambda: not process.alive(session) and not process.alive(pam)))
        self.assertEqual(self.words(), ["open", "close"])

    def test_S07_closed_when_the_service_is_stopped(self):
        """systemd sends SIGTERM to all processes of a service at once."""
        client = self.login("walter")
        session, pam = self.session_pid(client), self.pam_pid(client)
        for pid in (pam, session, pam, client.monitor_pid):
            os.kill(pid, signal.SIGTERM)
        client.wait()
        client.loose, client.exit_status = True, None
        self.assertEqual(self.words(), ["open", "close"])

    def test_S07_closed_after_a_reset(self):
        client = self.login("walter")
        client.reset()
        client.wait()
        self.assertEqual(self.words(), ["open", "close"])

    def test_S07_closed_after_the_session_has_gone(self):
        client = self.login("walter")
        os.kill(self.session_pid(client), signal.SIGKILL)
        client.loose, client.exit_status = True, None
        client.wait()
        self.assertEqual(self.words(), ["open", "close"])

    def test_S07_refused_logins_open_nothing(self):
        client = self.connect()
        for password in ("wrong", "wrong too"):
            client.expect(331, "USER walter")
            client.expect(530, f"PASS {password}")
            self.assertEqual(self.children_named(client, "cellftpd-pam"), [])
        client.login("walter")
        client.quit()
        client.wait()
        self.assertEqual(self.words(), ["open", "close"])

    def test_S07_fifty_logins_leave_nothing(self):
        self.set_stack(SHIPPED + "session required MODULE record=DIRECTORY/record\n")

        uid = str(random.randrange(100000, 200000))  # keys know no namespaces: one that nobody else has
        self.add("walter2", "--uid", uid)

        def keys():
            """How many keys the user has (proc_key_users(5))."""
            lines = [line.split() for line in Path("/proc/key-users").read_text().splitlines()]
            return sum(int(fields[2].split("/")[0]) for fields in lines if fields[0] == f"{uid}:")

        most = 0
        for _ in range(50):
            client = self.login("walter2")
            most = max(most, keys())
            client.quit()
            client.wait()
        self.assertEqual(self.words(), ["open", "close"] * 50)
        self.assertEqual(process.with_argument(str(self.server.config_file)), [])
        self.assertGreater(most, 0, "the stack makes no keyring: this test shows nothing")
        self.assertTrue(wait_until(lambda: keys() <= 2), f"{keys()} keys")  # the kernel's own of each user

    def test_S07_rights_of_each_process(self):
        client = self.connect()
        self.assertEqual(process.status(client.monitor_pid)["CapPrm"], capabilities(*LOGIN, *PAM))
        client.login("walter")
        wait_until(lambda: process.status(client.monitor_pid)["CapPrm"] == capabilities(5))
        monitor, pam = (process.status(pid) for pid in (client.monitor_pid, self.pam_pid(client)))
        self.assertEqual(monitor["CapPrm"], capabilities(5))
        self.assertEqual(monitor["CapBnd"], capabilities(5))
        self.assertEqual(pam["CapPrm"], capabilities(*LOGIN, *PAM))
        self.assertEqual(pam["CapBnd"], capabilities(*LOGIN, *PAM))
        directory = Path(f"/proc/{self.pam_pid(client)}/fd")
        held = {fd.name: os.readlink(fd) for fd in directory.iterdir()}
        socket = held.pop("3")
        self.assertTrue(socket.startswith("socket:"), socket)
        self.assertEqual(held, dict.fromkeys("012", "/dev/null"))

    def test_S07_without_pam_in_the_order_there_are_no_such_rights(self):
        server = self.make_server({"auth": {"order": ["local"]}}, {})
        client = server.connect()
        self.assertEqual(process.status(client.monitor_pid)["CapPrm"], capabilities(*LOGIN))
        client.expect(331, "USER walter")
        client.expect(530, f"PASS {PASSWORD}")
        self.assertEqual(self.recorded(), [])

    def test_S08_as_a_service_with_no_new_privileges(self):
        """What systemd does for NoNewPrivileges= and CapabilityBoundingSet=."""
        self.set_stack(SHIPPED)

        def restrict():
            for number in range(64):
                if number not in (*LOGIN, *PAM):
                    LIBC.prctl(PR_CAPBSET_DROP, number, 0, 0, 0)
            if LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
                raise OSError("prctl")

        self.server.prepare = restrict
        client = self.login("walter")
        client.stor("x", b"x")
        client.quit()
        self.refused("walter", "bad-password", "wrong")

    def test_the_password_is_nowhere(self):
        self.set_stack("auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n")
        client = self.connect()
        client.expect(331, "USER walter")
        secret = "a rather rare password %d" % time.monotonic_ns()
        client.expect(230, f"PASS {secret}")
        for pid in (client.monitor_pid, self.session_pid(client), self.pam_pid(client)):
            found = secret[:-4].encode() in process.memory(pid)  # not assertNotIn, which prints all of it
            self.assertFalse(found, Path(f"/proc/{pid}/comm").read_text())


if __name__ == "__main__":
    main()
