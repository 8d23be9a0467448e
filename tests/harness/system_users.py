"""Users of the system and PAM services for tests, in a copy of /etc that only this process and its children see."""

import atexit
import ctypes
import shutil
import subprocess
import tempfile
from pathlib import Path

from harness.case import ServerTest
from harness.server import PASSWORD

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS = 0x20000
SERVICE = "cellftpd-test"
SERVICE_FILE = Path("/etc/pam.d") / SERVICE
SOURCE = Path(__file__).resolve().parents[2]
MODULE = None  # set by setup: the module of pam_module.c

# Password and account from passwd and shadow, nothing else.
UNIX = """
auth required pam_unix.so
account required pam_unix.so
session required pam_permit.so
"""


def setup():
    """From now on /etc is a copy, for this process and what it starts: useradd, passwords, services, nologin and all
    that stay here, and end with this process however it ends. Call it in setUpModule."""
    global MODULE
    if LIBC.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    directory = Path(tempfile.mkdtemp(prefix="cellftpd-etc-"))
    for command in (
        ["mount", "--make-rprivate", "/"],
        ["mount", "-t", "tmpfs", "-o", "mode=755", "etc", directory],
        ["cp", "-a", "/etc/.", directory],
        ["mount", "--move", directory, "/etc"],
    ):
        subprocess.run(command, check=True)
    directory.rmdir()
    for name in ("nologin", "ftpusers", "security/limits.conf"):
        (Path("/etc") / name).unlink(missing_ok=True)
    Path("/etc/security/limits.conf").touch()
    Path("/etc/pam.d/other").write_text("auth required pam_deny.so\naccount required pam_deny.so\n")

    modules = Path(tempfile.mkdtemp(prefix="cellftpd-pam-"))
    atexit.register(shutil.rmtree, modules)
    MODULE = modules / "pam_test.so"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-O1", "-o", MODULE, SOURCE / "tests/harness/pam_module.c", "-lpam"], check=True
    )


class SystemUserTest(ServerTest):
    """A server that asks PAM. `stack` is its service file, where MODULE stands for the path of our module and
    DIRECTORY for the server's directory."""

    config = {"auth": {"order": ["local", "pam"]}, "pam": {"service": SERVICE}}
    users = {}
    stack = UNIX

    def setUp(self):
        super().setUp()
        self.set_stack(self.stack)
        self.names = []
        self.addCleanup(self.remove_users)
        self.record = self.server.directory / "record"

    def set_stack(self, text):
        text = text.replace("MODULE", str(MODULE)).replace("DIRECTORY", str(self.server.directory))
        SERVICE_FILE.write_text("#%PAM-1.0\n" + text)

    def add(self, name, *options, password=PASSWORD, server=None):
        """A user of the system, whose home is where local users of the server have theirs."""
        server = server or self.server
        home = server.directory / "homes" / name
        subprocess.run(
            ["useradd", "--no-log-init", "--create-home", "--home-dir", home, "--shell", "/usr/sbin/nologin"]
            + [*options, name],
            check=True,
            stderr=subprocess.DEVNULL,  # about uids outside of the range of ordinary users
        )
        self.set_password(name, password)
        self.names.append(name)
        server.passwords[name] = password
        return name

    @staticmethod
    def set_password(name, password):
        subprocess.run(["chpasswd"], input=f"{name}:{password}\n", text=True, check=True)

    def remove_users(self):
        for name in self.names:
            subprocess.run(["userdel", "--force", name], check=True, stderr=subprocess.DEVNULL)
        for name in ("nologin", "ftpusers"):
            (Path("/etc") / name).unlink(missing_ok=True)

    def refused(self, name, reason, password=PASSWORD, **fields):
        """A login that is refused, for that REASON in the log; the log line."""
        client = self.connect()
        client.expect(331, f"USER {name}")
        reply = client.expect(530, f"PASS {password}")
        self.assertEqual(reply.text, "Login incorrect.")
        records = self.server.logs("auth", "refused", session=self.session_of(client))
        self.assertEqual([record["reason"] for record in records], [reason], records)
        client.quit()
        client.wait()
        for field, value in fields.items():
            self.assertRegex(records[0].get(field, ""), value)
        return records[0]

    def session_of(self, client):
        """The session's name in the logs."""
        port = client.socket.getsockname()[1]
        return [r["session"] for r in self.server.logs("connections", "connect") if r["port"] == str(port)][-1]

    def recorded(self):
        """What the modules of the stack have written down."""
        return self.record.read_text().splitlines() if self.record.exists() else []

    @staticmethod
    def children_named(client, name):
        found = []
        for pid in Path(f"/proc/{client.monitor_pid}/task/{client.monitor_pid}/children").read_text().split():
            if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                found.append(int(pid))
        return found

    def session_pid(self, client):
        """The session of a connection that also has a PAM process."""
        (pid,) = self.children_named(client, "cellftpd")
        return pid

    def pam_pid(self, client):
        (pid,) = self.children_named(client, "cellftpd-pam")
        return pid
