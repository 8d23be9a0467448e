"""Row C22: a session that has turned against its server tries from inside the cell what must be impossible.

The server here is the build of VARIANT=probe (src/session/probe.c), whatever variant is under test: it has one more
command, XPRB, which makes a system call and says what came of it. It is built if it is missing.
"""

import fcntl
import os
import re
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from harness import PASSWORD, ServerTest, main
from harness.client import MalformedReply
from harness.server import ROOT

PROBE_BUILD = ROOT / "build" / "probe"

# What can come of a probe, besides an error of the kernel's own ("ENOENT"):
FILTER = "filter"  # the filter refuses the call with EPERM, one line tells its name
ATTACK = "attack"  # the monitor ends the session and says why

# probe, system call, before the login, after it
PROBES = (
    ("open-passwd", "openat", "ENOENT", "ENOENT"),
    ("open-outside", "openat", "ENOENT", "ENOENT"),
    ("open-proc", "openat", "ENOENT", "ENOENT"),
    ("open-proc-root", "openat", "ENOENT", "ENOENT"),
    ("open-dev", "openat", "ENOENT", "ENOENT"),
    ("open-sys", "openat", "ENOENT", "ENOENT"),
    ("write-outside", "openat", "ENOENT", "ENOENT"),
    ("open-by-handle", "open_by_handle_at", ATTACK, ATTACK),
    ("name-to-handle", "name_to_handle_at", FILTER, FILTER),
    ("link", "linkat", FILTER, FILTER),
    ("symlink", "symlinkat", FILTER, FILTER),
    ("mknod", "mknodat", FILTER, FILTER),
    ("fchmod-setuid", "fchmodat", FILTER, FILTER),
    ("fchmod-setgid", "fchmodat", FILTER, FILTER),
    ("chown", "fchownat", FILTER, FILTER),
    ("setxattr", "setxattr", FILTER, FILTER),
    ("ioctl", "ioctl", FILTER, FILTER),
    ("ptrace-monitor", "ptrace", ATTACK, ATTACK),
    ("process-vm-read", "process_vm_readv", ATTACK, ATTACK),
    ("pidfd-open", "pidfd_open", FILTER, FILTER),
    ("pidfd-getfd", "pidfd_getfd", ATTACK, ATTACK),
    ("kill-monitor", "kill", FILTER, FILTER),
    ("fork", "clone", FILTER, FILTER),
    ("vfork", "vfork", FILTER, FILTER),
    ("clone3", "clone3", FILTER, FILTER),
    ("exec", "execve", ATTACK, ATTACK),
    ("exec-fd", "execveat", ATTACK, ATTACK),
    ("signal-handler", "rt_sigaction", FILTER, FILTER),
    ("rlimit-core", "prlimit64", FILTER, FILTER),
    ("rlimit-processes", "prlimit64", FILTER, FILTER),
    ("priority", "setpriority", FILTER, FILTER),
    ("socket-inet", "socket", FILTER, FILTER),
    ("socket-unix", "socket", FILTER, FILTER),
    ("socket-netlink", "socket", FILTER, FILTER),
    ("socket-packet", "socket", FILTER, FILTER),
    ("socketpair", "socketpair", FILTER, FILTER),
    ("connect-inet", "connect", FILTER, FILTER),
    ("fast-open", "sendto", FILTER, FILTER),
    ("socket-option", "setsockopt", FILTER, FILTER),
    ("bind", "bind", FILTER, FILTER),
    ("listen", "listen", FILTER, FILTER),
    ("mount", "mount", ATTACK, ATTACK),
    ("remount", "mount", ATTACK, ATTACK),
    ("umount", "umount2", "EINVAL", ATTACK),
    ("pivot-root", "pivot_root", "EINVAL", ATTACK),
    ("move-mount", "move_mount", "EINVAL", ATTACK),
    ("open-tree", "open_tree", ATTACK, ATTACK),
    ("mount-setattr", "mount_setattr", ATTACK, ATTACK),
    ("fsopen", "fsopen", ATTACK, ATTACK),
    ("chroot", "chroot", ATTACK, ATTACK),
    ("unshare-user", "unshare", ATTACK, ATTACK),
    ("unshare-mount", "unshare", ATTACK, ATTACK),
    ("setns", "setns", ATTACK, ATTACK),
    ("hostname", "sethostname", FILTER, FILTER),
    ("setuid-0", "setresuid", "EINVAL", ATTACK),
    ("setuid-other", "setresuid", "EINVAL", ATTACK),
    ("setgid-0", "setresgid", "EINVAL", ATTACK),
    ("setgid-other", "setresgid", "EINVAL", ATTACK),
    ("setgroups", "setgroups", "EPERM", ATTACK),
    ("setfsuid", "setfsuid", FILTER, FILTER),
    ("capset", "capset", "EPERM", ATTACK),
    ("own-supervisor", "seccomp", "EBUSY", ATTACK),
    ("mmap-exec", "mmap", FILTER, FILTER),
    ("mprotect-exec", "mprotect", FILTER, FILTER),
    ("memfd", "memfd_create", FILTER, FILTER),
    ("io-uring", "io_uring_setup", ATTACK, ATTACK),
    ("bpf", "bpf", ATTACK, ATTACK),
    ("keyctl", "keyctl", ATTACK, ATTACK),
    ("perf", "perf_event_open", ATTACK, ATTACK),
    ("userfaultfd", "userfaultfd", ATTACK, ATTACK),
    ("kernel-log", "syslog", FILTER, FILTER),
    ("clock", "clock_settime", ATTACK, ATTACK),
    ("quotactl", "quotactl", FILTER, FILTER),
    ("chown-by-name", "chown", FILTER, FILTER),
    ("lchown", "lchown", FILTER, FILTER),
)

# What an administrator's capabilities must not do, and fchown, which only that session has: what the kernel says.
DEEDS = {
    "give-to-root": "EINVAL",
    "give-to-nobody": "EINVAL",
    "give-to-system": "EINVAL",
    "give-group-to-root": "EINVAL",
    "give-folder-of-all": "EPERM",
    "take-of-root": "EPERM",
    "take-of-system": "EPERM",
    "chmod-of-root": "EPERM",
    "read-of-root": "EACCES",
    "write-of-root": "EACCES",
    "remove-from-root": "EACCES",
    "make-in-root": "EACCES",
    "make-user-folder": "EACCES",
    "make-set-id": "EKEYREVOKED",
    "trusted-attribute": "EPERM",
    "file-capability": "EPERM",
    "acl-for-root": "EINVAL",
}


# Options of sockets: the one of every session, what kernel TLS takes, and their neighbours, which nothing takes.
QUICK_ACK = "quick-ack"
KERNEL_TLS = {
    "kernel-tls": ("possible", "refused: ENOENT"),  # the latter where the kernel has no module tls
    "kernel-tls-send": ("refused: ENOPROTOOPT", "refused: EINVAL"),  # without the one before; with a bad key
}
SOCKET_OPTIONS = ("kernel-tls-receive", "tcp-option", "tcp-repair", "tls-option", "tls-ulp", "socket-ulp")


def filter_list(name):
    """The calls of FILTER_NAME in src/lib/filter_table.h."""
    text = (ROOT / "src/lib/filter_table.h").read_text(encoding="utf-8")
    found = re.search(rf"#define FILTER_{name}\(X\)(.*?[^\\])\n", text, re.DOTALL)
    return set(re.findall(r"X\((\w+)", found[1]))


def call_numbers():
    """Name to number of every system call of this machine that the server knows by name."""
    text = (PROBE_BUILD / "filter_program.h").read_text(encoding="utf-8")
    return {name: int(number) for number, name in re.findall(r'\[(\d+)\] = "(\w+)"', text)}


class ProbeTest(ServerTest):
    @classmethod
    def setUpClass(cls):
        """The variant, built under a lock: another run of the tests may want it too."""
        made = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
        with open(Path(tempfile.gettempdir()) / "cellftpd-tests-probe.lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done = subprocess.run(
                ["make", "-C", ROOT, "VARIANT=probe", "-j2", "all"],
                env=made,
                capture_output=True,
                text=True,
                check=False,
            )
        if done.returncode != 0:
            raise RuntimeError(f"make VARIANT=probe:\n{done.stdout}{done.stderr}")
        cls.build = os.environ.get("CELLFTPD_BUILD")
        os.environ["CELLFTPD_BUILD"] = str(PROBE_BUILD)

    @classmethod
    def tearDownClass(cls):
        os.environ.pop("CELLFTPD_BUILD")
        if cls.build is not None:
            os.environ["CELLFTPD_BUILD"] = cls.build

    def open_session(self, logged_in, **arguments):
        """Before the login, as a user, or, with LOGGED_IN "admin", as an administrator."""
        client = self.connect(**arguments)
        client.is_admin = logged_in == "admin"
        if logged_in:
            client.login("boss" if client.is_admin else "alice")
        client.loose, client.exit_status = True, None
        return client

    def told(self, word):
        """The names of system calls in the lines WORD so far."""
        return [record["detail"] for record in self.server.logs("connections", word)]

    def forget_logs(self):
        # Connections that do not log in are left out when there have been many (row Q10): then there is no file.
        (self.server.directory / "logs" / "connections.log").unlink(missing_ok=True)

    def check_attack(self, client, probe, call):
        """The session is gone without an answer, and the log names CALL."""
        with self.assertRaises((MalformedReply, ConnectionError)):
            raise AssertionError(f"{probe} was answered: {client.command(f'XPRB {probe}')}")
        client.wait()
        self.assertEqual(self.told("attack"), [call])
        self.assertEqual(self.server.logs("connections", "disconnect")[-1]["detail"], "killed by signal 9")

    def check_probe(self, client, probe, call, expected):
        if expected == ATTACK:
            self.check_attack(client, probe, call)
            return
        reply = client.expect(200, f"XPRB {probe}")
        self.assertEqual(reply.text, f"refused: {'EPERM' if expected == FILTER else expected}")
        client.expect(221, "QUIT")
        client.wait()
        self.assertEqual(self.told("call-refused"), [call] if expected == FILTER else [])
        self.assertEqual(self.told("attack"), [])


class Probes(ProbeTest):
    def setUp(self):
        super().setUp()
        self.server.add_user("boss", PASSWORD, "--role", "admin")

    def check_all(self, logged_in):
        for probe, call, before, after in PROBES:
            with self.subTest(probe=probe):
                self.check_probe(self.open_session(logged_in), probe, call, after if logged_in else before)
                self.forget_logs()

    def test_C22_before_the_login(self):
        self.check_all(False)

    def test_C22_after_the_login(self):
        self.check_all(True)
        self.assertEqual(os.listdir(self.server.home()), [])

    def test_A20_C22_as_an_administrator(self):
        self.check_all("admin")
        self.assertEqual(sorted(os.listdir(self.server.directory / "homes")), ["alice", "boss"])
        self.assertEqual(os.listdir(self.server.home()), [])

    def plant(self):
        """What the probes of an administrator find in a user's folder."""
        self.server.write("own", b"x")
        self.server.write("closed/file", b"x")
        for name, owner, mode in (
            ("root", 0, 0o600),
            ("open", 0, 0o644),
            ("system", 4711, 0o644),
            ("closed", 0, 0o755),
        ):
            path = self.server.path(name)
            if name != "closed":
                path.write_bytes(b"root's")
            os.chown(path, owner, owner)
            path.chmod(mode)

    def test_A20_C22_capabilities_of_an_administrator(self):
        self.plant()
        before = {path: (path.lstat().st_uid, path.lstat().st_mode) for path in self.server.home().rglob("*")}
        client = self.open_session("admin")
        for probe, error in DEEDS.items():
            with self.subTest(probe=probe):
                self.assertEqual(client.expect(200, f"XPRB {probe}").text, f"refused: {error}")
        self.assertEqual(self.told("call-refused"), [])
        client.expect(200, "XPRB call-39")
        made = self.server.path("set-id")
        self.assertEqual((made.stat().st_uid, made.stat().st_mode & 0o6000), (self.server.uid(), 0))
        made.unlink()
        after = {path: (path.lstat().st_uid, path.lstat().st_mode) for path in self.server.home().rglob("*")}
        self.assertEqual(after, before)
        self.assertEqual((self.server.directory / "homes").stat().st_uid, 0)

    def test_A20_C22_a_user_has_none_of_it(self):
        """The same in a user's session: there is no fchown."""
        client = self.open_session(True)
        self.server.mkdir("alice")
        self.server.write("alice/own", b"x")
        self.assertEqual(client.expect(200, "XPRB give-to-nobody").text, "refused: EPERM")
        self.assertEqual(self.told("call-refused"), ["fchown"])

    def test_C22_every_probe_of_the_server_is_tried(self):
        text = (ROOT / "src/session/probe.c").read_text(encoding="utf-8")
        self.assertEqual(
            set(re.findall(r'\{"([a-z0-9-]+)", +SYS_', text)),
            {probe for probe, *_ in PROBES} | {QUICK_ACK, *KERNEL_TLS, *SOCKET_OPTIONS},
        )
        self.assertEqual(set(re.findall(r'\{"([a-z-]+)", [a-z_]+\}', text)), set(DEEDS))

    def test_C22_other_system_call_tables_of_the_machine(self):
        if os.uname().machine != "x86_64":
            return  # has no others
        for logged_in in (False, True):
            for probe in ("i386", "x32"):
                with self.subTest(logged_in=logged_in, probe=probe):
                    client = self.open_session(logged_in)
                    with self.assertRaises((MalformedReply, ConnectionError)):
                        raise AssertionError(f"answered: {client.command(f'XPRB {probe}')}")
                    client.wait()
                    last = self.server.logs("connections", "disconnect")[-1]
                    self.assertEqual(last["detail"], "killed by signal 31")  # SIGSYS

    def test_C22_probes_themselves(self):
        """SITE PROBE is the same; what is no probe is said to be none."""
        client = self.login()
        self.check_replies(
            client,
            [
                ("SITE PROBE open-passwd", 200, "refused: ENOENT"),
                ("SITE PROBE nosuch", 504),
                ("XPRB call-39", 200, "possible"),  # getpid: the probes do get through to the kernel
                ("XPRB call-x", 504),
            ],
        )


class KernelTls(ProbeTest):
    """The kernel's TLS can be switched on in a session under TLS, if the configuration has it, and nothing else can."""

    def setUp(self):
        super().setUp()
        self.server.add_user("boss", PASSWORD, "--role", "admin")

    def answers(self, secure, logged_in):
        client = self.open_session(logged_in, secure=secure)
        self.assertEqual(client.expect(200, f"XPRB {QUICK_ACK}").text, "possible")
        found = {probe: client.expect(200, f"XPRB {probe}").text for probe in (*KERNEL_TLS, *SOCKET_OPTIONS)}
        client.expect(221, "QUIT")
        client.wait()
        self.assertEqual(set(self.told("call-refused")), {"setsockopt"})
        self.forget_logs()
        return found

    def test_C22_under_tls(self):
        for secure in ("1.2", "1.3", "implicit"):
            for logged_in in (False, True, "admin"):
                with self.subTest(secure=secure, logged_in=logged_in):
                    found = self.answers(secure, logged_in)
                    for probe, answers in KERNEL_TLS.items():
                        self.assertIn(found[probe], answers, probe)
                    self.assertEqual({found[probe] for probe in SOCKET_OPTIONS}, {"refused: EPERM"})

    def test_C22_without_tls(self):
        """In clear, or if tls.kernel is off, there is nothing of it."""
        for kernel, secure in ((True, "clear"), (False, "clear"), (False, "1.3")):
            self.server.configure({"tls": {"kernel": kernel}})
            for logged_in in (False, True, "admin"):
                with self.subTest(kernel=kernel, secure=secure, logged_in=logged_in):
                    self.assertEqual(set(self.answers(secure, logged_in).values()), {"refused: EPERM"})


class Floods(ProbeTest):
    def test_C22_systemd_is_not_kept_busy(self):
        """Every text for "systemctl status" is work for process 1, which has other services."""
        path = str(self.server.directory / "notify")
        heard = []
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            listener = threading.Thread(target=lambda: heard.extend(iter(lambda: notify.recv(4096), b"")))
            listener.start()
            os.environ["NOTIFY_SOCKET"] = path
            self.addCleanup(os.environ.pop, "NOTIFY_SOCKET", None)
            began = time.monotonic()
            client = self.open_session(True)
            client.expect(200, "XPRB status-flood")
            client.expect(221, "QUIT")
            client.wait()
            seconds = time.monotonic() - began
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
                end.sendto(b"", path)
            listener.join()
        self.assertIn(b"STATUS=alice from 127.0.0.1: logged in", heard)
        self.assertIn(b"STATUS=alice from 127.0.0.1: status-flood", heard)
        self.assertLessEqual(len(heard), 20 + 2 * (seconds + 1))


class EveryCall(ProbeTest):
    """Not only the ones that somebody thought of."""

    def setUp(self):
        super().setUp()
        self.numbers = call_numbers()
        self.compromise = filter_list("COMPROMISE")
        self.server.add_user("boss", PASSWORD, "--role", "admin")

    def check_all(self, logged_in, allowed):
        client = self.open_session(logged_in)
        refused = []
        for name, number in self.numbers.items():
            if name in allowed or name in self.compromise:
                continue
            with self.subTest(call=name):
                self.assertEqual(client.expect(200, f"XPRB call-{number}").text, "refused: EPERM")
                refused.append(name)
        self.assertGreater(len(refused), 200)
        for number in (999, 1023, 1024, 65535, 0x3FFFFFFF):
            with self.subTest(number=number):
                self.assertEqual(client.expect(200, f"XPRB call-{number}").text, "refused: EPERM")
        client.quit()
        client.wait()
        self.assertEqual([name for name in self.told("call-refused") if name != "?"], refused)
        self.assertEqual(self.told("attack"), [])

    def check_compromise(self, logged_in, allowed):
        for call in sorted(self.compromise - allowed):
            with self.subTest(call=call):
                self.check_attack(self.open_session(logged_in), f"call-{self.numbers[call]}", call)
                self.forget_logs()

    def test_C22_every_call_that_is_not_listed(self):
        always = filter_list("ALWAYS") | filter_list("MASKED")
        self.check_all(False, always | filter_list("ENTER"))
        self.forget_logs()
        self.check_all(True, always)
        self.forget_logs()
        self.check_all("admin", always | filter_list("ADMIN"))
        self.assertEqual(filter_list("ADMIN"), {"fchown"})

    def test_C22_every_call_that_only_an_intruder_makes(self):
        self.assertGreater(len(self.compromise), 40)
        self.check_compromise(False, filter_list("ENTER"))
        self.check_compromise(True, set())
        self.check_compromise("admin", set())

    def test_C22_refused_calls_are_logged_once_and_have_an_end(self):
        number = self.numbers["symlinkat"]
        client = self.open_session(True)
        for _ in range(1000):
            self.assertEqual(client.expect(200, f"XPRB call-{number}").text, "refused: EPERM")
        self.assertEqual(self.told("call-refused"), ["symlinkat"])
        self.check_attack(client, f"call-{number}", "symlinkat")


if __name__ == "__main__":
    main()
