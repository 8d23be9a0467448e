"""A Debian of its own, booted with its own systemd by systemd-nspawn, cellftpd installed in it by "make install".

The tests drive it from outside: commands in it by Machine.run, its network by entering it. Nothing is left behind:
what it writes is in memory (an overlay that nspawn makes), its processes are in cgroups of its own, and its network
goes with it. One machine a test file: machine() starts it at the first call, the end of the process ends it.
"""

import atexit
import ctypes
import functools
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from harness import process
from harness.debian import Debian
from harness.image import image
from harness.server import ROOT, wait_until

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
PREFIX = "cellftpd-machine-"
PROPAGATE = Path("/run/systemd/nspawn/propagate")
ENVIRONMENT = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "PAGER": "cat", "TERM": "dumb"}


def _cgroup_mounts():
    """Mount points of the cgroup hierarchies that systemd-nspawn uses: cgroup2, and name=systemd where there is one."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        before, _, after = line.partition(" - ")
        kind, _, options = after.split()[:3]
        if kind == "cgroup2" or (kind == "cgroup" and "name=systemd" in options.split(",")):
            found.append((kind, Path(before.split()[4])))
    return found


def _own_cgroup(kind):
    """Path of our cgroup in the hierarchy."""
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        number, controllers, path = line.split(":", 2)
        if (kind == "cgroup2" and number == "0") or (kind == "cgroup" and controllers == "name=systemd"):
            return path.lstrip("/")
    raise RuntimeError(f"/proc/self/cgroup has no {kind}")


def _remove_cgroups(top):
    """Kills what is in the cgroup TOP and takes it away."""
    if not top.exists():
        return
    kill = top / "cgroup.kill"
    if kill.exists():
        kill.write_text("1")
    folders = [Path(folder) for folder, _, _ in os.walk(top, topdown=False)]
    for folder in folders:
        wait_until(lambda folder=folder: _removed(folder))


def _removed(folder):
    try:
        folder.rmdir()
    except FileNotFoundError:
        pass
    except OSError:
        return False
    return True


class Machine(Debian):
    """`leader` is its first process as seen from here, `cgroup` where its units' cgroups are, `tree` its files."""

    def __init__(self):
        super().__init__()
        if os.geteuid() != 0:
            raise RuntimeError("the system tests need root: they boot a machine")
        self.name = f"{PREFIX}{os.getpid()}"
        self._sweep()
        self._tops = [path / _own_cgroup(kind) / self.name for kind, path in _cgroup_mounts()]
        self.cgroup = self._tops[[kind for kind, _ in _cgroup_mounts()].index("cgroup2")] / "payload"
        self._console = tempfile.TemporaryFile()
        self._nspawn = None
        self.leader = None

    @property
    def tree(self):
        return Path(f"/proc/{self.leader}/root")

    # begin and end

    def start(self):
        """Boots, and enters the machine's network."""
        for top in self._tops:
            top.mkdir()
        self._nspawn = subprocess.Popen(
            [
                "systemd-nspawn",
                f"--directory={image()}",
                "--volatile=overlay",
                f"--machine={self.name}",
                "--hostname=ftphost",
                f"--bind-ro={ROOT}:/src",
                "--boot",
                "--register=no",
                "--keep-unit",
                "--private-network",
                "--link-journal=no",
                "--console=pipe",
                # Keyrings have no namespaces, so nspawn keeps them away; the units are about them (row S09).
                "--system-call-filter=@keyring",
            ],
            stdin=subprocess.DEVNULL,
            stdout=self._console,
            stderr=subprocess.STDOUT,
            # Several machines share the image, which none of them writes to.
            env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1", "SYSTEMD_NSPAWN_LOCK": "0"},
            preexec_fn=self._prepare,
        )
        if not wait_until(self._is_up, 60):
            raise RuntimeError(f"the machine does not come up:\n{self.console()}{self._state()}")
        with open(f"/proc/{self.leader}/ns/net", "rb") as network:
            if LIBC.setns(network.fileno(), CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), "setns")

    def _prepare(self):
        LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        for top in self._tops:
            (top / "cgroup.procs").write_text("0")

    def _is_up(self):
        if self._nspawn.poll() is not None:
            raise RuntimeError(f"systemd-nspawn ended with status {self._nspawn.returncode}:\n{self.console()}")
        found = process.children(self._nspawn.pid)
        if not found:
            return False
        self.leader = found[-1]
        return self._state() == "running"

    def _state(self):
        try:
            return self.run("systemctl", "is-system-running", check=False).stdout.strip()
        except (OSError, subprocess.SubprocessError) as error:
            return str(error)

    def console(self):
        self._console.seek(0)
        return self._console.read().decode(errors="replace")

    def stop(self):
        """Powers it off; whatever does not obey is killed."""
        if self._nspawn and self._nspawn.poll() is None:
            self._nspawn.terminate()
            try:
                self._nspawn.wait(20)
            except subprocess.TimeoutExpired:
                self._nspawn.kill()
                self._nspawn.wait()
        for top in self._tops:
            _remove_cgroups(top)
        if (PROPAGATE / self.name).exists():
            (PROPAGATE / self.name).rmdir()

    @staticmethod
    def _sweep():
        """What machines left behind whose test process was killed."""
        tops = [path / _own_cgroup(kind) for kind, path in _cgroup_mounts()]
        for top in [*tops, PROPAGATE]:
            for left in top.glob(f"{PREFIX}*"):
                if Path(f"/proc/{left.name.removeprefix(PREFIX)}").exists():
                    continue
                if top == PROPAGATE:
                    _removed(left)
                else:
                    _remove_cgroups(left)

    # commands and files

    def popen(self, *command, **arguments):
        """A process in the machine."""
        return subprocess.Popen(
            ["nsenter", "--target", str(self.leader), "--all", "--", *map(str, command)], env=ENVIRONMENT, **arguments
        )

    def execute(self, command, text, timeout):
        with self.popen(
            *command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as running:
            try:
                out, errors = running.communicate(text, timeout)
            except subprocess.TimeoutExpired:
                running.kill()
                raise
        return subprocess.CompletedProcess(command, running.returncode, out, errors)

    def path(self, name):
        """Where the machine's file NAME is, seen from here. Absolute links in it lead elsewhere."""
        return self.tree / name.lstrip("/")

    def write(self, name, text, mode=0o644):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)

    # units

    def instances(self):
        """The units of the sessions that are alive, by their cgroups."""
        return {path.name: path for path in (self.cgroup / "cellftpd.slice").glob("cellftpd*@*.service")}

    def instance_of(self, port):
        """The unit that serves the client with this port of ours."""
        name = re.compile(rf"cellftpd(?:-tls)?@.*:{port}\.service")
        found = wait_until(lambda: [unit for unit in self.instances() if name.fullmatch(unit)])
        if len(found) != 1:
            raise AssertionError(f"{len(found)} units for port {port}: {found}")
        return found[0]

    def has_instance(self, port):
        return any(unit.endswith(f":{port}.service") for unit in self.instances())

    def pids_of(self, unit):
        """Processes of the unit as seen from here, the monitor first."""
        pids = [int(pid) for pid in (self.cgroup / "cellftpd.slice" / unit / "cgroup.procs").read_text().split()]
        return sorted(pids, key=lambda pid: process.status(pid)["PPid"] in map(str, pids))


@functools.cache
def machine():
    """The machine of this process, with cellftpd installed and its socket enabled."""
    for name in ("systemd-nspawn", "mmdebstrap", "nsenter"):
        if not shutil.which(name):
            raise RuntimeError(f'{name} is missing; "make test-deps" installs what the tests need')
    made = Machine()
    atexit.register(made.stop)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    started = time.monotonic()
    made.start()
    booted = time.monotonic() - started
    made.install()
    print(f"# booted in {booted:.1f} s, ready after {time.monotonic() - started:.1f} s", flush=True)
    return made
