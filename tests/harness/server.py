"""A server of its own for one test: directory, configuration, accounts, connections, and the invariants
that hold for every one (CVE_TESTS: "standing invariants")."""

import fcntl
import os
import pwd
import random
import re
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from harness import logs, process, tls
from harness.client import Client

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse 1"
CELL_USER = "cellftpd-cell"


def build():
    """The directory of the programs under test; tests/run sets it."""
    return Path(os.environ.get("CELLFTPD_BUILD") or ROOT / "build" / "release")


def slow():
    """How much slower the programs under test are than a release build."""
    return 4 if build().name == "asan" else 1


def within(seconds):
    """The longest that something may take that takes SECONDS at most on a machine that does nothing else."""
    average, *_, tasks, _ = Path("/proc/loadavg").read_text(encoding="ascii").split()
    waiting = max(float(average), int(tasks.partition("/")[0]))
    return seconds * slow() * max(1, waiting / len(os.sched_getaffinity(0)))


def wait_until(condition, seconds=10):
    """Asks until CONDITION() is true and returns its answer; the last answer when the time is over."""
    end = time.monotonic() + seconds * slow()
    while not (answer := condition()) and time.monotonic() < end:
        time.sleep(0.01)
    return answer


def make_cell_user():
    """The system user that a session is before login, made if it is missing."""
    if os.geteuid() != 0:
        raise RuntimeError("the session tests need root: they run real cells")
    with open(Path(tempfile.gettempdir()) / "cellftpd-tests.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            pwd.getpwnam(CELL_USER)
        except KeyError:
            subprocess.run(
                ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", CELL_USER], check=True
            )


def to_libconfig(value):
    """A Python value in the syntax of libconfig."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value}L" if value > 0x7FFFFFFF else str(value)
    if isinstance(value, dict):
        return "{ " + " ".join(f"{key} = {to_libconfig(item)};" for key, item in value.items()) + " }"
    if isinstance(value, (list, tuple)) and any(isinstance(item, dict) for item in value):
        return "( " + ", ".join(to_libconfig(item) for item in value) + " )"
    if isinstance(value, (list, tuple)):
        return "[ " + ", ".join(to_libconfig(item) for item in value) + " ]"
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Server:
    """`directory` (a Path) has users, homes, run, logs and cellftpd.conf in it.

    Set `allow_stderr` for a test whose server may say something on stderr, `allow_temporaries` for one that
    kills sessions in the middle of uploads; `prepare` to a function that new server processes call before they
    become the server.
    """

    def __init__(self, config=None, users=None):
        make_cell_user()
        self.program = build() / "cellftpd"
        self.ctl_program = build() / "cellftpctl"
        for program in (self.program, self.ctl_program):
            if not program.exists():
                raise RuntimeError(f"{program} has not been built")
        self.directory = Path(tempfile.mkdtemp(prefix="cellftpd-test-"))
        self.directory.chmod(0o755)
        self.config_file = self.directory / "cellftpd.conf"
        self.stderr_file = self.directory / "stderr"
        self.uid_min = random.randrange(200000, 60000000)
        # Away from the ports that the tests' own connections get, which stay in use for a minute after their end.
        first = random.randrange(10000, 31000)
        self.ports = f"{first}-{first + 999}"
        self.passwords = {}
        self.clients = []
        self.allow_stderr = False
        self.allow_temporaries = False
        self.prepare = None
        self._expected = {}
        self._cleanups = []
        self._host = socket.gethostname()
        self._version = None
        try:
            self.configure(config or {})
            for user, password in (users or {}).items():
                self.add_user(user, password)
        except BaseException:
            self._remove()
            raise

    # configuration and accounts

    def configure(self, overrides):
        """Writes the configuration: what every test wants, then OVERRIDES (group -> key -> value)."""
        self.config = {
            "directories": {name: str(self.directory / name) for name in ("users", "homes", "state", "run", "logs")},
            "accounts": {
                "uid_min": self.uid_min,
                "uid_max": self.uid_min + 999,
                "hash_cost": 1,
                "skeleton": str(self.directory / "skeleton"),
            },
            "auth": {"order": ["local"]},
            # Every client of a test is 127.0.0.1: no pause and no ban unless the test is about them.
            "login": {"delay": "0 s", "failures_per_address": 1000000, "failures_per_name": 1000000},
            "logs": {"journal": False},
            "passive": {"ports": self.ports},
            "tls": {
                "certificate": str(tls.files() / "certificate.pem"),
                "key": str(tls.files() / "key.pem"),
                "hosts": str(self.directory / "hosts"),
            },
        }
        for name in ("users", "homes", "run", "logs", "hosts"):
            (self.directory / name).mkdir(mode=0o711 if name == "homes" else 0o755, exist_ok=True)
        (self.directory / "users").chmod(0o700)
        for group, options in overrides.items():
            if isinstance(options, list):  # groups and shares
                self.config[group] = options
            else:
                self.config.setdefault(group, {}).update(options)
        text = "".join(
            (f"{group} = {to_libconfig(options)};\n" if isinstance(options, list) else f"{group}: {to_libconfig(options)};\n")
            for group, options in self.config.items()
        )
        self.config_file.write_text(text, encoding="utf-8")

    def ctl(self, *arguments, text="", check=True):
        """Runs cellftpctl; TEXT goes to its stdin."""
        done = subprocess.run(
            [self.ctl_program, "--config", self.config_file, *arguments],
            input=text,
            text=True,
            capture_output=True,
            timeout=60 * slow(),
            check=False,
        )
        if check and done.returncode != 0:
            raise AssertionError(
                f"cellftpctl {' '.join(map(str, arguments))}: status {done.returncode}\n" f"{done.stdout}{done.stderr}"
            )
        return done

    def add_user(self, name, password=PASSWORD, *options):
        """An account, for instance add_user("bob", "bob's password", "--read-only")."""
        self.ctl("user", "add", name, "--password-stdin", *options, text=password + "\n")
        self.passwords[name] = password

    # the users' folders, as root sees them

    def home(self, user="alice"):
        return self.directory / "homes" / user

    def path(self, name, user="alice"):
        """Where the user's file NAME ("a/b" or "/a/b") is on disk."""
        return self.home(user) / name.lstrip("/")

    def uid(self, user="alice"):
        return self.home(user).stat().st_uid

    def read(self, name, user="alice"):
        return self.path(name, user).read_bytes()

    def write(self, name, content=b"", user="alice", mode=0o644, mtime=None):
        """A file of the user's; missing folders are made."""
        path = self.path(name, user)
        self.mkdir(str(path.parent.relative_to(self.home(user))), user)
        path.write_bytes(content)
        self._give(path, user, mode)
        if mtime is not None:
            os.utime(path, (mtime, mtime))
        return path

    def mkdir(self, name, user="alice", mode=0o755):
        """A folder of the user's, with those above it."""
        path = self.home(user)
        for part in Path(name.lstrip("/")).parts:
            path = path / part
            if not path.exists():
                path.mkdir()
                self._give(path, user, mode)
        return path

    def _give(self, path, user, mode):
        os.chown(path, self.uid(user), self.uid(user))
        path.chmod(mode)

    # connections

    def start(self, connection, implicit=False):
        """A server process on an accepted socket, which is the process's own afterwards; IMPLICIT: as on port 990."""
        with connection, open(self.stderr_file, "ab") as stderr:
            return subprocess.Popen(
                [self.program, "--inetd", *(["--implicit-tls"] if implicit else []), "--config", self.config_file],
                stdin=connection,
                stdout=stderr,
                stderr=stderr,
                cwd="/",
                preexec_fn=self.prepare,
            )

    def connect(self, source=None, family=socket.AF_INET, greeting=220, secure=None):
        """A TCP connection over loopback to a new server process: a Client, greeting read (it must have the
        code GREETING; None: it is not read). SECURE is "1.2", "1.3" or "implicit" for TLS, data connections too,
        or "clear"; what the whole run has by default."""
        secure = secure or tls.default()
        implicit = secure == "implicit"
        host = "127.0.0.1" if family == socket.AF_INET else "::1"
        with socket.socket(family) as listener:
            listener.bind((host, 0))
            listener.listen(1)
            ours = socket.create_connection(listener.getsockname()[:2], 30, source_address=(source or host, 0))
            theirs = listener.accept()[0]
        client = Client(ours, self.start(theirs, implicit), self.check_reply, 30 * slow())
        client.passwords = self.passwords
        self.clients.append(client)
        if implicit:
            client.handshake().protected = True
        if greeting is not None:
            client.read(greeting)
        if secure in tls.VERSIONS and greeting == 220:
            client.start_tls(version=secure)
        return client

    def login(self, user="alice", binary=True, **arguments):
        """connect(), log in and, with BINARY, TYPE I (a session begins with TYPE A)."""
        client = self.connect(**arguments)
        client.login(user)
        if binary:
            client.expect(200, "TYPE I")
        return client

    @property
    def version(self):
        if self._version is None:
            text = subprocess.run([self.program, "--version"], capture_output=True, text=True, check=True).stdout
            self._version = text.split("\n")[0].split()[-1]
        return self._version

    def check_reply(self, client, text):
        """No reply tells a path of the host, its name, a uid, the version, or a user that the client does not
        know of."""
        if client.administers:
            return
        secrets = {
            "a path of the host": re.escape(str(self.directory)),
            "the host's name": rf"(?<![\w.-]){re.escape(self._host)}(?![\w-])",
            "the version": rf"(?<![\d.]){re.escape(self.version)}(?![\d.])",
        }
        for user in self.passwords:
            if user.encode() not in client.sent and not client.is_admin:
                secrets[f"the user {user}"] = rf"\b{re.escape(user)}\b"
        if self.home_exists():
            secrets["a uid"] = "|".join(rf"\b{self.uid(user)}\b" for user in self.passwords if self.home(user).exists())
        text = text.replace("PBSZ=0", "PBSZ")  # RFC 4217 wants it; no uid
        for what, pattern in secrets.items():
            if pattern and re.search(pattern, text):
                raise AssertionError(f"a reply tells {what}: {text[:500]!r}")

    def home_exists(self):
        return any(self.home(user).exists() for user in self.passwords)

    # logs

    def logs(self, kind, word=None, **fields):
        """The lines of KIND.log (connections, auth, files, admin, commands) as dicts, parsed strictly: those with the third
        word WORD and these fields. Values compare as text; None means that the field must be missing."""
        records = logs.read(self.directory / "logs", kind)
        return [record for record in records if logs.matches(record, word, fields)]

    def expect_log(self, kind, word, count=1, **fields):
        """Waits for the line (or COUNT lines); there must be so many now and, unless a later call for the same says
        otherwise, still when the test ends. Returns the last."""
        self._expected[(kind, word, tuple(sorted(fields.items())))] = count
        wait_until(lambda: len(self.logs(kind, word, **fields)) >= count, 5)
        found = self.logs(kind, word, **fields)
        if len(found) != count:
            everything = "\n".join(map(str, self.logs(kind)))
            raise AssertionError(f"{kind}.log has {len(found)} lines {word} {fields}, expected {count}:\n{everything}")
        return found[-1] if found else None

    def left_out(self, remote):
        """How many lines about REMOTE the log says that it does not have."""
        records = self.logs("connections", "log-throttled", remote=remote, reason="address")
        return sum(int(record["detail"].split()[0]) for record in records)

    # the end

    def at_end(self, function):
        """Calls FUNCTION when the sessions have ended, before the directory is removed."""
        self._cleanups.append(function)

    def finish(self):
        """Ends everything, raises AssertionError if an invariant was broken, and removes the directory."""
        problems = []
        patience = 5 * slow()
        for client in self.clients:
            problems += client.finish(patience)
        problems += self._end_processes(patience)
        for function in reversed(self._cleanups):
            function()
        try:
            problems += self._check_logs()
            problems += self._check_rest()
        finally:
            self._remove()
        if problems:
            raise AssertionError("standing invariants:\n" + "\n".join(problems))

    def _remove(self):
        process.unmount_below(self.directory)
        subprocess.run(["rm", "-rf", "--one-file-system", self.directory], check=True)

    def _end_processes(self, patience):
        end = time.monotonic() + patience
        while left := process.with_argument(str(self.config_file)):
            if time.monotonic() > end:
                for pid in left:
                    os.kill(pid, signal.SIGKILL)
                return [f"processes left {patience} s after the connections closed: {left}"]
            time.sleep(0.01)
        return []

    def _check_logs(self):
        problems = []
        for kind in logs.FILES:
            try:
                self.logs(kind)
                logs.read_json(self.directory / "logs", kind)
            except (logs.MalformedLine, ValueError) as error:
                problems.append(str(error))
        try:
            logs.read_xferlog(self.directory / "logs")
        except (logs.MalformedLine, UnicodeDecodeError) as error:
            problems.append(str(error))
        for (kind, word, fields), count in self._expected.items():
            found = self.logs(kind, word, **dict(fields))
            if len(found) != count:
                problems.append(f"in the end {kind}.log has {len(found)} lines {word} {dict(fields)}, not {count}")
        return problems

    def _check_rest(self):
        problems = []
        said = self.stderr_file.read_text(errors="replace") if self.stderr_file.exists() else ""
        if said and not self.allow_stderr:
            problems.append(f"on stderr:\n{said}")
        if not self.allow_temporaries:
            left = subprocess.run(
                ["find", self.directory / "homes", "-name", ".cellftpd-upload-*"], capture_output=True, check=False
            ).stdout
            if left:
                problems.append(f"unfinished uploads left behind: {left}")
        return problems
