"""The cell as the kernel sees it: both processes of a connection in /proc, before and after the login (rows A13, C19,
C22). What a session can do from inside is the business of test_probe.py."""

import json
import os
import pwd
import re
import signal
import subprocess
from pathlib import Path

from harness import PASSWORD, ServerTest, build, main, process, wait_until
from harness.server import CELL_USER

KILL, SETGID, SETUID, SETPCAP, BIND, SYS_ADMIN, READ_SEARCH = 5, 6, 7, 8, 10, 21, 2
TOOL = CHOWN, DAC_OVERRIDE, FOWNER = 0, 1, 3  # what cellftpctl takes, run for a client
CHOWN, DAC_OVERRIDE, FOWNER = 0, 1, 3
# In its own user namespace, in which no uid is valid yet: to become the user, and what an administrator's keeps.
ENTER = (SETUID, SETGID, SYS_ADMIN, CHOWN, DAC_OVERRIDE, FOWNER)
NAMESPACES = ("user", "mnt", "net", "pid", "ipc", "uts", "cgroup")


def capabilities(*numbers):
    """A set as /proc/PID/status shows it."""
    return f"{sum(1 << number for number in numbers):016x}"


def namespace(pid, name):
    return os.readlink(f"/proc/{pid}/ns/{name}")


def descriptors(pid):
    """Number to target of what a process has open."""
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            found[int(name)] = os.readlink(f"/proc/{pid}/fd/{name}")
        except FileNotFoundError:
            pass  # closed while we looked
    return found


def network_sockets(pid):
    """The descriptors of a process that are TCP sockets of the host."""
    inodes = set()
    for table in ("tcp", "tcp6", "udp", "udp6"):
        lines = Path(f"/proc/net/{table}").read_text(encoding="ascii").splitlines()[1:]
        inodes |= {f"socket:[{line.split()[9]}]" for line in lines}
    return {number for number, target in descriptors(pid).items() if target in inodes}


def mounts(pid):
    """The mounts of a process: (mount point, set of options)."""
    lines = Path(f"/proc/{pid}/mountinfo").read_text(encoding="utf-8").splitlines()
    return [(line.split()[4], set(line.split()[5].split(","))) for line in lines]


def limit(pid, name):
    """Soft and hard limit."""
    text = Path(f"/proc/{pid}/limits").read_text(encoding="ascii")
    return tuple(re.search(rf"^{name} +(\S+) +(\S+)", text, re.MULTILINE).groups())


def same_file(one, other):
    a, b = os.stat(one), os.stat(other)
    return (a.st_dev, a.st_ino) == (b.st_dev, b.st_ino)


class Session(ServerTest):
    users = {"alice": PASSWORD, "bob": PASSWORD}

    def check_status(self, pid, uid, gid, permitted, filters):
        found = process.status(pid)
        self.assertEqual(found["Uid"].split(), [str(uid)] * 4)
        self.assertEqual(found["Gid"].split(), [str(gid)] * 4)
        self.assertEqual(found["Groups"], "")  # A13
        for name, expected in (("Inh", ()), ("Prm", permitted), ("Eff", permitted), ("Bnd", ()), ("Amb", ())):
            self.assertEqual(found[f"Cap{name}"], capabilities(*expected), f"Cap{name}")
        self.assertEqual(found["NoNewPrivs"], "1")
        self.assertEqual((found["Seccomp"], found["Seccomp_filters"]), ("2", str(filters)))
        self.assertEqual(found["Threads"], "1")

    def check_always(self, client):
        """What does not change with the login."""
        pid = client.session_pid
        self.assertEqual(process.status(pid)["NSpid"].split()[-1], "1")  # alone, the first of its namespace
        for name in NAMESPACES:
            self.assertNotEqual(namespace(pid, name), namespace("self", name), name)
            self.assertEqual(namespace(client.monitor_pid, name), namespace("self", name), name)
        for name, expected in (("Max core file size", "0"), ("Max processes", "0"), ("Max open files", "64")):
            self.assertEqual(limit(pid, name), (expected, expected), name)  # C19
        # Not dumpable: its files in /proc are root's, not the user's (C19).
        self.assertEqual({os.stat(f"/proc/{pid}/{name}").st_uid for name in ("mem", "environ", "maps", "fd")}, {0})
        self.check_descriptors(pid)

    def check_descriptors(self, pid):
        found = descriptors(pid)
        null = {0, 1} if build().name == "asan" else {0, 1, 2}  # where the sanitizers report
        self.assertEqual({found.pop(number) for number in null}, {"/dev/null"})
        found.pop(2, None)
        self.assertEqual(len(found), 2, found)
        self.assertTrue(all(target.startswith("socket:") for target in found.values()), found)
        self.assertEqual(network_sockets(pid), {3})  # the control connection; the other one leads to the monitor

    def test_before_the_login(self):
        client = self.connect()
        pid, user = client.session_pid, pwd.getpwnam(CELL_USER)
        self.check_status(pid, user.pw_uid, user.pw_gid, ENTER, 1)
        self.check_always(client)
        for name in ("uid_map", "gid_map"):
            self.assertEqual(Path(f"/proc/{pid}/{name}").read_text(encoding="ascii"), "", name)
        ((point, options),) = mounts(pid)
        self.assertEqual(point, "/")
        self.assertLessEqual({"ro", "nosuid", "nodev", "noexec"}, options)
        for name in ("root", "cwd"):
            self.assertTrue(same_file(f"/proc/{pid}/{name}", self.server.directory / "run/empty"), name)
        self.assertEqual(os.listdir(f"/proc/{pid}/root"), [])

    def test_A13_groups_of_the_starter_are_not_kept(self):
        before = os.getgroups()
        os.setgroups([0, 4, 42])
        try:
            client = self.connect()
        finally:
            os.setgroups(before)
        self.assertEqual(process.status(client.monitor_pid)["Groups"].split(), ["0", "4", "42"])
        self.assertEqual(process.status(client.session_pid)["Groups"], "")
        client.login()
        self.assertEqual(process.status(client.session_pid)["Groups"], "")

    def test_refused_login_changes_nothing(self):
        client = self.connect()
        client.expect(331, "USER alice")
        client.expect(530, "PASS wrong")
        self.check_status(
            client.session_pid,
            pwd.getpwnam(CELL_USER).pw_uid,
            pwd.getpwnam(CELL_USER).pw_gid,
            ENTER,
            1,
        )
        self.assertEqual(Path(f"/proc/{client.session_pid}/uid_map").read_text(encoding="ascii"), "")
        self.check_always(client)

    def check_after_login(self, client, user, read_only):
        pid, uid = client.session_pid, self.server.uid(user)
        self.check_status(pid, uid, uid, (), 2)
        self.check_always(client)
        for name in ("uid_map", "gid_map"):
            text = Path(f"/proc/{pid}/{name}").read_text(encoding="ascii")
            self.assertEqual([line.split() for line in text.splitlines()], [[str(uid), str(uid), "1"]], name)
        ((point, options),) = mounts(pid)
        self.assertEqual(point, "/")
        self.assertLessEqual({"ro" if read_only else "rw", "nosuid", "nodev", "noexec"}, options)
        for name in ("root", "cwd"):
            self.assertTrue(same_file(f"/proc/{pid}/{name}", self.server.home(user)), name)

    def test_after_the_login(self):
        client = self.login()
        self.check_after_login(client, "alice", False)
        self.server.mkdir("d/e")
        client.expect(250, "CWD d/e")
        self.assertTrue(same_file(f"/proc/{client.session_pid}/cwd", self.server.path("d/e")))
        self.assertTrue(same_file(f"/proc/{client.session_pid}/root", self.server.home()))

    def test_read_only_account(self):
        self.server.add_user("reader", PASSWORD, "--read-only")
        self.check_after_login(self.login("reader"), "reader", True)

    def test_mount_below_the_folder_is_harmless_too(self):
        """What root has mounted below a folder is there, under the same restrictions."""
        below = self.server.mkdir("disk")
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,suid,dev,exec", "tmpfs", below], check=True)
        self.server.add_user("reader", PASSWORD, "--read-only")
        for user, word in (("alice", "rw"), ("reader", "ro")):
            with self.subTest(user=user):
                if user == "reader":
                    below = self.server.mkdir("disk", "reader")
                    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", below], check=True)
                found = dict(mounts(self.login(user).session_pid))
                self.assertEqual(sorted(found), ["/", "/disk"])
                self.assertLessEqual({word, "nosuid", "nodev", "noexec"}, found["/disk"])

    def test_nothing_is_left_open_by_work(self):
        self.server.write("a", b"x" * 1000)
        client = self.login()
        client.retr("a")
        client.stor("b", b"y")
        client.list()
        client.facts("/", verb="MLSD")
        client.list("-R")
        client.expect(213, "HASH a")
        client.passive()
        client.expect(550, "RETR nosuch")
        client.expect(250, "CWD /")
        client.pasv()
        client.port()  # forgets the listener
        self.check_descriptors(client.session_pid)

    def test_sessions_cannot_see_each_other(self):
        alice, again, bob, nobody = self.login(), self.login(), self.login("bob"), self.connect()
        pids = [client.session_pid for client in (alice, again, bob, nobody)]
        for name in NAMESPACES:
            with self.subTest(namespace=name):
                count = len({namespace(pid, name) for pid in pids})
                self.assertEqual(count, 1 if name == "net" else len(pids))
        self.assertEqual(process.status(pids[0])["Uid"], process.status(pids[1])["Uid"])
        self.assertNotEqual(process.status(pids[0])["Uid"], process.status(pids[2])["Uid"])

    def test_network_is_empty(self):
        for client in (self.connect(), self.login()):
            inside = ["nsenter", f"--net=/proc/{client.session_pid}/ns/net", "ip", "-json"]
            found = subprocess.run([*inside, "address"], capture_output=True, check=True).stdout
            devices = [device for device in json.loads(found) if device]
            self.assertEqual([device["ifname"] for device in devices if "UP" in device["flags"]], [])
            self.assertEqual([device for device in devices if device["addr_info"]], [])
            for family in ("-4", "-6"):
                routes = subprocess.run(
                    [*inside, family, "route", "show", "table", "all"], capture_output=True, check=True
                ).stdout
                self.assertEqual(json.loads(routes or b"[]"), [])

    def test_release_cannot_be_probed(self):
        """The commands of src/session/probe.c are in the probe's own build only."""
        known = build().name == "probe"
        client = self.login()
        client.expect(200 if known else 500, "XPRB open-passwd")
        client.expect(200 if known else 504, "SITE PROBE open-passwd")


class Monitor(ServerTest):
    def check_capabilities(self, pid, *expected):
        # It gives them up when the session says that it is in its folder; nobody waits for that.
        wait_until(lambda: process.status(pid)["CapPrm"] == capabilities(*expected), 5)
        found = process.status(pid)
        self.assertEqual(found["Uid"].split(), ["0"] * 4)
        for name in ("Prm", "Eff", "Bnd"):
            self.assertEqual(found[f"Cap{name}"], capabilities(*expected), f"Cap{name}")
        for name in ("Inh", "Amb"):
            self.assertEqual(found[f"Cap{name}"], capabilities(), f"Cap{name}")

    def test_before_the_login(self):
        client = self.connect()
        self.check_capabilities(client.monitor_pid, READ_SEARCH, KILL, SETGID, SETUID, SETPCAP, BIND, SYS_ADMIN, *TOOL)
        # The connection, with which a fresh session may have to go on.
        self.assertEqual(len(network_sockets(client.monitor_pid)), 1)
        self.assertEqual(network_sockets(client.session_pid), {3})
        client.login()
        self.assertEqual(network_sockets(client.monitor_pid), set())
        self.assertEqual(network_sockets(client.session_pid), {3})  # so the question was a good one

    def test_after_the_login(self):
        client = self.login()
        self.check_capabilities(client.monitor_pid, KILL)

    def test_after_the_login_of_an_administrator(self):
        self.server.add_user("boss", PASSWORD, "--role", "admin")
        client = self.login("boss")
        self.check_capabilities(client.monitor_pid, KILL, *TOOL)

    def test_after_the_login_with_port_20(self):
        server = self.make_server({"active": {"port_20": True}})
        client = server.login()
        self.check_capabilities(client.monitor_pid, KILL, BIND)

    def test_holds_nothing_of_the_user(self):
        """Neither the folder, nor a file, nor a data connection, while a transfer runs."""
        self.server.write("a", b"x" * 30000000)
        for verb in ("EPSV", "EPRT"):
            with self.subTest(verb=verb):
                client = self.login()
                data = client.begin("RETR a", verb)
                self.assertEqual(network_sockets(client.monitor_pid), set())
                self.assertEqual(len(network_sockets(client.session_pid)), 2)
                below = str(self.server.directory / "homes")
                self.assertEqual([t for t in descriptors(client.monitor_pid).values() if t.startswith(below)], [])
                self.assertFalse(os.readlink(f"/proc/{client.monitor_pid}/cwd").startswith(below))
                data.receive_all()
                client.read(226)

    def test_its_death_is_the_end_of_the_session(self):
        for logged_in in (False, True):
            with self.subTest(logged_in=logged_in):
                client = self.login() if logged_in else self.connect()
                client.loose, client.exit_status = True, None
                session = client.session_pid
                os.kill(session, signal.SIGSTOP)  # so that it cannot leave by itself
                os.kill(client.monitor_pid, signal.SIGKILL)
                self.assertTrue(wait_until(lambda session=session: not process.alive(session), 5))

    def test_death_of_the_session_is_its_end(self):
        for logged_in in (False, True):
            with self.subTest(logged_in=logged_in):
                client = self.login() if logged_in else self.connect()
                client.loose = True
                os.kill(client.session_pid, signal.SIGKILL)
                self.assertEqual(client.wait(), 0)
        self.server.expect_log("connections", "disconnect", count=2, detail="killed by signal 9")


if __name__ == "__main__":
    main()
