"""Rows L10 and L11: SITE REGISTER whose work is killed before every system call that changes something, with a skeleton
and a quota: there is a whole account or none that anybody could log in to, and the next try has it."""

import os
import shutil
import signal

from harness import ServerTest, in_clear, main, process, wait_until

CHANGING = "write,pwrite64,sendfile,fsync,ftruncate,rename,renameat,renameat2,unlinkat,mkdir,mkdirat,fchmod,fchown"
SECRET = "swordfish42"
CONTENT = b"hello" * 1000


@in_clear("what is interrupted is the same under TLS")
class Interrupted(ServerTest):
    """cellftpd runs the cellftpctl that lies beside it: here a script, which has strace run the real one."""

    config = {"registration": {"open": True, "per_address": 100000, "window": "1 h"}, "quota": {"bytes": "1 MiB"}}

    def setUp(self):
        super().setUp()
        self.server.allow_stderr = True
        self.trace = self.server.directory / "trace"
        programs = self.server.directory / "programs"
        programs.mkdir()
        shutil.copy(self.server.program, programs / "cellftpd")
        self.script = programs / "cellftpctl"
        self.server.program = programs / "cellftpd"
        skeleton = self.server.directory / "skeleton"
        (skeleton / "incoming").mkdir(parents=True)
        (skeleton / "incoming" / "welcome").write_bytes(CONTENT)

    def inject(self, fault):
        """FAULT is what strace does to it, "" for nothing."""
        self.script.write_text(
            f"#!/bin/sh\nASAN_OPTIONS=detect_leaks=0 exec strace -qq -o {self.trace} -e trace={CHANGING} {fault} "
            f'{self.server.ctl_program} "$@"\n'
        )
        self.script.chmod(0o755)

    def calls(self):
        """(name, how manieth of that name) of what was traced."""
        counted = {}
        for line in self.trace.read_text().splitlines():
            name = line.partition("(")[0]
            if name in CHANGING.split(","):
                counted[name] = counted.get(name, 0) + 1
                yield name, counted[name]

    def register(self, name):
        client = self.connect()
        reply = client.command(f"SITE REGISTER {name} {SECRET}")
        self.end(client)
        return reply

    def end(self, client):
        client.quit()
        client.wait()
        self.server.clients.remove(client)

    def can_log_in(self, name):
        """Whether there is an account; then it has all that belongs to it."""
        client = self.connect()
        client.expect(331, f"USER {name}")
        reply = client.command(f"PASS {SECRET}")
        if reply.code == 230:
            client.expect(200, "TYPE I")
            self.assertEqual(client.retr("incoming/welcome"), CONTENT)
            client.stor("incoming/mine", b"x")
            client.expect(552, "ALLO 2000000")
            self.assertEqual(self.server.home(name).stat().st_mode & 0o7777, 0o700)
            for path in self.server.home(name).rglob("*"):
                self.assertEqual(path.stat().st_uid, self.server.uid(name))
        self.end(client)
        return reply.code == 230

    def test_L10_L11_killed_before_every_system_call(self):
        self.inject("")
        self.assertEqual(self.register("first").code, 200)
        self.assertTrue(self.can_log_in("first"))
        calls = list(self.calls())
        self.assertGreater(len(calls), 15)
        seen = []
        for number, (call, nth) in enumerate(calls):
            with self.subTest(call=call, nth=nth):
                name = f"carl{number:03}"
                self.inject(f"-e inject={call}:signal=KILL:when={nth}")
                self.assertEqual(self.register(name).code, 550)
                there = self.can_log_in(name)
                seen.append(there)
                self.inject("")
                self.assertEqual(self.register(name).code, 550 if there else 200)
                self.assertTrue(self.can_log_in(name))
        self.assertIn(False, seen)
        self.assertIn(True, seen)
        # Nothing is left of those that were interrupted, and no two are one.
        uids = [line.split("\t")[1] for line in self.server.ctl("user", "list").stdout.splitlines()]
        self.assertEqual(len(set(uids)), len(calls) + 2)
        homes = os.listdir(self.server.directory / "homes")
        self.assertEqual(len(homes), len(calls) + 2, sorted(homes))
        records = sorted(os.listdir(self.server.directory / "users"))
        self.assertEqual([name for name in records if not name.endswith(".conf") and name[0] != "."], [])

    def test_L10_monitor_is_killed(self):
        """What it has asked for goes with it."""
        self.script.write_text(f"#!/bin/sh\necho $$ > {self.trace}\nexec sleep 600\n")
        self.script.chmod(0o755)
        client = self.connect()
        client.loose, client.exit_status = True, None
        client.send(f"SITE REGISTER carl {SECRET}")
        self.assertTrue(wait_until(lambda: self.trace.exists() and self.trace.read_text().strip(), 20))
        pid = int(self.trace.read_text())
        os.kill(client.process.pid, signal.SIGKILL)
        client.wait()
        self.assertTrue(wait_until(lambda: not process.alive(pid), 10), "cellftpctl goes on")
        self.inject("")
        self.assertEqual(self.register("carl").code, 200)
        self.assertTrue(self.can_log_in("carl"))


if __name__ == "__main__":
    main()
