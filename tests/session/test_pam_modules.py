"""PAM modules that misbehave, limit, rename and speak (rows S03, A16, A17, A19)."""

import os
import re
import resource
import signal
import time
from pathlib import Path

from harness import PASSWORD, main, process, slow, wait_until
from harness.system_users import SERVICE_FILE, UNIX, SystemUserTest, setup


def setUpModule():
    setup()


class ModuleTest(SystemUserTest):
    def setUp(self):
        super().setUp()
        self.add("walter")


class Speech(ModuleTest):
    """S03: what modules print or say reaches nobody but the log. The client reads replies strictly in every test."""

    def test_S03_printing_modules(self):
        (self.server.directory / "text").write_text("230 from pam_echo\r\n")
        self.set_stack(
            UNIX
            + "auth optional pam_echo.so file=DIRECTORY/text\nauth required MODULE print\naccount required MODULE print say\n"
            "session required MODULE print say\nsession optional pam_echo.so file=DIRECTORY/text\n"
        )
        # What it writes into its own socket is no answer, and then nobody gets in; but nobody sees it either.
        client = self.connect()
        client.expect(331, "USER walter")
        client.expect(530, f"PASS {PASSWORD}")
        self.server.expect_log("auth", "refused", reason="pam-crashed")
        client.quit()
        # finish() finds nothing on the server's stderr

    def test_S03_pam_echo_and_pam_exec(self):
        (self.server.directory / "text").write_text("230 from pam_echo\n")
        script = self.server.directory / "script"
        script.write_text("#!/bin/sh\necho 230 executed\necho 230 error >&2\n")
        script.chmod(0o755)
        self.set_stack(
            UNIX
            + "auth optional pam_echo.so file=DIRECTORY/text\nsession optional pam_echo.so file=DIRECTORY/text\n"
            "session optional pam_exec.so stdout DIRECTORY/script\nsession optional pam_exec.so DIRECTORY/script\n"
            "session required MODULE say\n"
        )
        client = self.login("walter")
        client.stor("x", b"x")
        client.quit()
        self.server.expect_log("auth", "pam-message", count=2, user="walter", detail="230 from pam_echo")
        self.server.expect_log("auth", "pam-message", detail="220 said by a module")
        self.server.expect_log("auth", "pam-message", detail="530 and more")
        self.server.expect_log("auth", "pam-message", count=1, detail="230 executed")

    def test_S03_a_module_that_never_stops_talking(self):
        self.set_stack(UNIX + "auth required MODULE flood\n")
        self.login("walter").quit()
        said = self.server.logs("auth", "pam-message")
        self.assertLessEqual(len(said), 21)
        self.assertEqual(said[0]["detail"], "0\x1b[31m")
        self.assertEqual(said[-1]["reason"], "too-many")

    def test_no_question_but_for_the_password(self):
        for line in (
            "auth required MODULE ask",
            "auth optional MODULE in=auth ask",
            "auth optional MODULE in=auth ask-visibly",
            "account optional MODULE ask",
            "session optional MODULE in=open ask",
        ):
            with self.subTest(line=line):
                self.set_stack(UNIX + line + "\nsession required MODULE record=DIRECTORY/record\n")
                self.refused("walter", "pam-conversation")
                self.assertEqual(len(self.recorded()), 2 if line.startswith("session") else 0)
        self.set_stack(UNIX + "session required MODULE in=close ask\n")
        self.login("walter").quit()
        self.set_stack("auth required MODULE ask-name\n" + UNIX)
        self.login("walter").quit()


class Failures(ModuleTest):
    def lines(self, action):
        return [f"{kind} required MODULE in={word} {action}\n" for kind, word in (
            ("auth", "auth"), ("account", "account"), ("auth", "establish"), ("session", "open"),
        )]  # fmt: skip

    def test_a_module_that_crashes_or_exits(self):
        for action, detail in (("crash", "killed by signal 6"), ("exit", "exit status 0")):
            for line in self.lines(action):
                with self.subTest(line=line):
                    self.set_stack(UNIX + line)
                    self.refused("walter", "pam-crashed", detail=detail)
        self.set_stack(UNIX)
        self.login("walter").stor("x", b"x")

    def test_a_module_that_hangs_is_bounded_by_the_deadline(self):
        seconds = 2 * slow()
        self.server.configure(self.config | {"login": {"deadline": f"{seconds} s"}})
        for line in self.lines("hang"):
            with self.subTest(line=line):
                self.set_stack(UNIX + line)
                client = self.connect()
                client.loose = True
                client.expect(331, "USER walter")
                started = time.monotonic()
                client.command(f"PASS {PASSWORD}")
                client.wait()
                self.assertLess(time.monotonic() - started, seconds + 10 * slow())
        self.server.expect_log("auth", "refused", count=4, reason="pam-timeout")
        self.server.expect_log("auth", "accepted", count=0)
        # finish() finds no process

    def test_a_module_that_hangs_does_not_hold_up_the_end_of_the_service(self):
        self.set_stack(UNIX + "auth required MODULE hang\n")
        client = self.connect()
        client.loose, client.exit_status = True, None
        client.expect(331, "USER walter")
        client.send(f"PASS {PASSWORD}")
        self.assertTrue(wait_until(lambda: self.children_named(client, "cellftpd-pam")))
        pam = self.pam_pid(client)
        os.kill(client.monitor_pid, signal.SIGTERM)
        client.wait(20 * slow())
        self.assertFalse(process.alive(pam))
        self.server.expect_log("auth", "refused", reason="stopping")

    def test_a_module_that_hangs_goes_with_a_killed_monitor(self):
        self.set_stack(UNIX + "auth required MODULE hang\n")
        client = self.connect()
        client.loose, client.exit_status = True, None
        client.expect(331, "USER walter")
        client.send(f"PASS {PASSWORD}")
        self.assertTrue(wait_until(lambda: self.children_named(client, "cellftpd-pam")))
        pam = self.pam_pid(client)
        os.kill(client.monitor_pid, signal.SIGKILL)
        self.assertTrue(wait_until(lambda: not process.alive(pam)))

    def test_trouble_at_the_end_is_logged(self):
        for action, words in (("hang", "did not close"), ("crash", "crashed"), ("code=14", "could not close")):
            with self.subTest(action=action):
                self.set_stack(UNIX + f"session required MODULE in=close {action}\n")
                client = self.login("walter")
                client.quit()
                client.wait()
                record = self.server.logs("connections", "server-failed", reason="pam-session")[-1]
                self.assertIn(words, record["detail"])
        self.server.expect_log("connections", "server-failed", count=3)

    def test_a_pam_process_that_dies_leaves_the_session_alone(self):
        client = self.login("walter")
        os.kill(self.pam_pid(client), signal.SIGKILL)
        client.stor("x", b"x")
        client.quit()
        client.wait()
        self.server.expect_log("connections", "server-failed", reason="pam-session")


class Renamed(ModuleTest):
    """A module has made another name of the one that was given: that one counts everywhere."""

    def rename(self, name):
        self.set_stack(f"auth required pam_permit.so\nauth required MODULE in=auth name={name}\n" + UNIX.split("\n", 2)[2])

    def test_the_new_name_counts_everywhere(self):
        self.rename("walter")
        client = self.connect()
        client.expect(331, "USER guest")
        client.expect(230, "PASS any")
        uid = str(self.server.uid("walter"))
        self.assertEqual(set(process.status(self.session_pid(client))["Uid"].split()), {uid})
        client.expect(200, "TYPE I")
        client.stor("x", b"x")
        self.assertEqual(self.server.read("x", "walter"), b"x")
        self.server.expect_log("auth", "pam-message", user="guest", reason="user-changed", detail="walter")
        self.server.expect_log("auth", "accepted", user="walter")
        self.server.expect_log("files", "upload", user="walter", path="/x")
        client.loose = True

    def test_A18_the_new_name_goes_through_all_checks(self):
        self.server.add_user("alice")
        self.add("listed")
        Path("/etc/ftpusers").write_text("listed\n")
        for name, reason in (
            ("root", "uid-too-low"),
            ("daemon", "uid-too-low"),
            ("listed", "ftpusers"),
            ("nosuch", "unknown-user"),
            ("../walter", "unknown-user"),
            ("alice", "unknown-user"),
        ):
            with self.subTest(name=name):
                self.rename(name)
                self.refused("guest", reason)
        for given in ("root", "listed"):
            self.rename("walter")
            self.refused(given, "uid-too-low" if given == "root" else "ftpusers")

    def test_A19_not_to_a_local_account(self):
        self.server.add_user("alice")
        text = Path("/etc/passwd").read_text()
        self.addCleanup(Path("/etc/passwd").write_text, text)
        with open("/etc/passwd", "a", encoding="ascii") as file:
            file.write(f"alice:x:{self.server.uid('walter')}:100::{self.server.home('walter')}:/bin/sh\n")
        self.rename("alice")
        stack = SERVICE_FILE.read_text().replace("pam_unix.so", "pam_permit.so")
        SERVICE_FILE.write_text(stack)
        self.refused("guest", "pam-error", detail="local account")
        self.server.configure(self.config | {"auth": {"order": ["pam", "local"]}})
        client = self.connect()
        client.expect(331, "USER guest")
        client.expect(230, "PASS any")  # here PAM is asked first, and this alice is the system's
        client.loose = True

    def test_a_name_that_changes_after_the_checks(self):
        self.add("other")
        self.set_stack(UNIX + "session required MODULE in=open name=other\n")
        self.refused("walter", "pam-error")


class Limits(ModuleTest):
    stack = UNIX + "session required pam_limits.so conf=DIRECTORY/limits\n"

    def set_limits(self, *lines):
        (self.server.directory / "limits").write_text("".join(f"walter {line}\n" for line in lines))

    @staticmethod
    def limits(pid):
        """Soft and hard limits by the kernel's names."""
        rows = re.findall(r"^(Max .*?)  +(\S+) +(\S+)", Path(f"/proc/{pid}/limits").read_text(), re.M)
        return {name: (soft, hard) for name, soft, hard in rows}

    def test_limits_hold_for_the_session(self):
        before = self.limits(self.connect().session_pid)
        self.set_limits("hard nofile 20", "soft fsize 8", "hard fsize 16", "- cpu 60", "- priority 7")
        client = self.login("walter")
        pid = self.session_pid(client)
        found = self.limits(pid)
        wanted = dict(before)
        wanted["Max open files"] = ("20", "20")
        wanted["Max file size"] = ("8192", "16384")
        wanted["Max cpu time"] = ("3600", "3600")
        self.assertEqual(found, wanted)
        self.assertEqual(os.getpriority(os.PRIO_PROCESS, pid), max(7, os.getpriority(os.PRIO_PROCESS, 0)))
        client.stor("small", b"x" * 8192)
        data = client.passive()
        client.expect(150, "STOR large")
        data.send(b"x" * 8193)
        data.close()
        client.read(552)
        client.expect(200, "NOOP")  # the signal that comes with it (SIGXFSZ) has not ended the session

    def test_none_is_raised(self):
        before = self.limits(self.connect().session_pid)
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        nproc = resource.getrlimit(resource.RLIMIT_NPROC)[1]
        number = "unlimited" if nproc < 0 else str(nproc)
        self.set_limits(f"- nofile {most - 1}", f"soft nproc {number}", "- nice 0", "soft core unlimited")
        found = self.limits(self.session_pid(self.login("walter")))
        for name in ("Max open files", "Max processes", "Max core file size", "Max address space"):
            self.assertEqual(found[name], before[name])

    def test_limits_are_those_of_one_session(self):
        self.set_limits("hard nofile 20")
        first = self.login("walter")
        (self.server.directory / "limits").write_text("")
        second = self.login("walter")
        self.assertEqual(self.limits(self.session_pid(first))["Max open files"], ("20", "20"))
        self.assertEqual(self.limits(self.session_pid(second))["Max open files"], ("64", "64"))

    def test_too_many_logins_are_refused(self):
        self.set_stack(UNIX + "session required MODULE in=open code=6\n")
        self.refused("walter", "pam-denied", detail="^session: Permission denied$")


class Homes(ModuleTest):
    def test_pam_mkhomedir(self):
        self.set_stack(UNIX + "session required pam_mkhomedir.so skel=DIRECTORY/skel umask=0077\n")
        (self.server.directory / "skel").mkdir()
        (self.server.directory / "skel" / "welcome").write_text("hello")
        uid, home = self.server.uid("walter"), self.server.home("walter")
        home.rename(home.with_name("elsewhere"))
        client = self.login("walter")
        self.assertEqual(client.retr("welcome"), b"hello")
        self.assertEqual((home.stat().st_uid, home.stat().st_mode & 0o777), (uid, 0o700))
        self.assertEqual((home / "welcome").stat().st_uid, uid)

    def test_pam_group(self):
        """Groups that a module adds with the credentials."""
        conf = Path("/etc/security/group.conf")
        before = conf.read_text()
        self.addCleanup(conf.write_text, before)
        conf.write_text("*;*;walter;Al0000-2400;games\n")
        self.set_stack(UNIX + "auth optional pam_group.so\n")
        client = self.login("walter")
        self.assertEqual(process.status(self.session_pid(client))["Groups"].split(), ["60"])


if __name__ == "__main__":
    main()
