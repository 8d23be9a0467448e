"""A whole PC of its own: Debian's cloud kernel and the Debian of disk.py in QEMU, cellftpd installed in it by "make
install". For what depends on the kernel, or needs modules that a machine of systemd-nspawn cannot load.

The processor is emulated, so that it is the same machine everywhere, and slow: nothing here may depend on time. It has
no network card; the clients run in it. The agent (agent.py) executes commands, one at a time; the console is a file.
What the machine writes goes with it. One machine a test file: emulator() boots it at the first call, the end of the
process ends it.
"""

import atexit
import ctypes
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from harness import disk
from harness.debian import Debian
from harness.server import wait_until

LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_PDEATHSIG = 1
PREFIX = "cellftpd-vm-"
QEMU = "qemu-system-x86_64"
# A kernel that panics starts again, which QEMU is told to take for the end. The journal is the console's, for failed
# runs.
# Where the host gives the emulator a tenth of a processor, nothing in the machine may give up earlier than we do.
BOOT_SECONDS = 1800
KERNEL_OPTIONS = (
    f"root=LABEL={disk.LABEL} rw console=ttyS0 panic=-1 systemd.hostname=ftphost "
    "systemd.show_status=0 systemd.log_color=0 "
    "systemd.journald.forward_to_console=1 systemd.journald.max_level_console=debug "
    f"udev.event_timeout={BOOT_SECONDS} systemd.default_timeout_start_sec={BOOT_SECONDS}"
)
# For the agent, to say that it has killed a command whose time was over.
GRACE_SECONDS = 60
CONSOLE_LINES = 300


class Emulator(Debian):
    """`kernel` is the release of the kernel that runs."""

    patience = 900

    def __init__(self):
        super().__init__()
        self._sweep()
        self._folder = tempfile.TemporaryDirectory(prefix=f"{PREFIX}{os.getpid()}-")
        self._qemu = self._agent = None
        self._received = b""
        self._failure = None
        self.kernel = None

    # begin and end

    def start(self):
        """Boots, and installs cellftpd. If that has failed once, it fails again at once."""
        if self._failure:
            raise RuntimeError(f"the machine has failed already: {self._failure}")
        if self._qemu:
            return
        try:
            started = time.monotonic()
            subprocess.run(["cp", "--sparse=always", disk.system() / "disk", self._path("disk")], check=True)
            disk.make_source(self._path("source"))
            self._launch()
            booted = time.monotonic() - started
            self.install()
        except Exception as error:
            self._failure = error
            raise
        print(f"# {self.kernel} booted in {booted:.0f} s, ready after {time.monotonic() - started:.0f} s", flush=True)

    def _launch(self):
        """Starts QEMU, and waits for the agent's first word and for all units to have started."""
        system, port = disk.system(), self._path("agent")
        self._qemu = self._popen(
            *(QEMU, "-no-user-config", "-nodefaults", "-display", "none", "-no-reboot"),
            *("-machine", "q35", "-accel", "tcg", "-cpu", "max", "-smp", "2", "-m", "1024", "-nic", "none"),
            *("-kernel", system / "vmlinuz", "-initrd", system / "initrd", "-append", KERNEL_OPTIONS),
            # Nothing has to outlive this machine: no write waits for a disk of ours.
            *("-drive", f"file={self._path('disk')},format=raw,if=virtio,cache=unsafe"),
            *("-drive", f"file={self._path('source')},format=raw,if=virtio,readonly=on"),
            *("-chardev", f"file,id=console,path={self._path('console')},append=on", "-serial", "chardev:console"),
            # It waits for us, so that nothing is lost.
            *("-chardev", f"socket,id=agent,path={port},server=on,wait=on", "-device", "virtio-serial"),
            *("-device", "virtserialport,chardev=agent,name=agent"),
        )
        self._agent = socket.socket(socket.AF_UNIX)
        if not wait_until(lambda: self._qemu.poll() is not None or self._agent.connect_ex(port) == 0, 60):
            raise RuntimeError(f"{QEMU} does not listen on its socket")
        self.kernel = self._receive(BOOT_SECONDS)["kernel"]
        # Its status says it as well.
        state = self.output("systemctl", "is-system-running", "--wait", check=False, timeout=BOOT_SECONDS).strip()
        if state != "running":
            raise RuntimeError(f"the machine is {state}:\n{self.output('systemctl', 'list-units', '--failed')}")

    def _popen(self, *command):
        with open(self._path("qemu"), "wb") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=lambda: LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0),
            )

    def _path(self, name):
        return f"{self._folder.name}/{name}"

    def reboot(self):
        """As an administrator would; the disk keeps what is on it."""
        # The answer may not get out any more.
        self._ask(["systemctl", "reboot"], "", self.patience)
        self._qemu.wait(BOOT_SECONDS)
        self._end()
        self._launch()

    def _end(self):
        if self._qemu:
            self._qemu.kill()
            self._qemu.wait()
        if self._agent:
            self._agent.close()
        self._received = b""

    def stop(self):
        self._end()
        self._folder.cleanup()

    @staticmethod
    def _sweep():
        """Disks of machines whose test process was killed; their QEMU has gone with it."""
        for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            if not Path("/proc", left.name.removeprefix(PREFIX).partition("-")[0]).exists():
                shutil.rmtree(left)

    # commands and files

    def execute(self, command, text, timeout):
        self._ask(command, text, timeout)
        reply = self._receive(timeout + GRACE_SECONDS)
        if reply["status"] is None:
            raise AssertionError(f"{' '.join(command)}: no end after {timeout} s\n{reply['out']}{reply['errors']}")
        return subprocess.CompletedProcess(command, reply["status"], reply["out"], reply["errors"])

    def _ask(self, command, text, timeout):
        request = {"command": command, "text": text, "timeout": timeout}
        self._agent.settimeout(timeout)
        try:
            self._agent.sendall(json.dumps(request).encode() + b"\n")
        except OSError:
            self._raise_gone()

    def _receive(self, seconds):
        """The agent's next message."""
        end = time.monotonic() + seconds
        while b"\n" not in self._received:
            self._agent.settimeout(max(0.001, end - time.monotonic()))
            try:
                received = self._agent.recv(1 << 16)
            except TimeoutError:
                raise RuntimeError(f"the machine has said nothing for {seconds} s") from None
            except OSError:
                received = b""
            if not received:
                self._raise_gone()
            self._received += received
        message, _, self._received = self._received.partition(b"\n")
        return json.loads(message)

    def _raise_gone(self):
        status = self._qemu.wait(GRACE_SECONDS)
        said = Path(self._path("qemu")).read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"{QEMU} has ended with status {status}, see the machine's console. It said:\n{said}") from None

    def write(self, name, text, mode=0o644):
        self.run("install", "-D", "-m", f"{mode:o}", "/dev/stdin", name, text=text)

    # what the machine says

    def console(self):
        """The end of what it has written on its console: the kernel, systemd, and the journal."""
        path = Path(self._path("console"))
        if not path.exists():
            return "nothing: it was not started\n"
        lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
        return "".join(f"{line}\n" for line in lines[-CONSOLE_LINES:])


@functools.cache
def _machine():
    if os.geteuid() != 0:
        raise RuntimeError("the tests of the emulated machine need root: they make its disk")
    for name in (QEMU, "mmdebstrap", "mke2fs"):
        if not shutil.which(name):
            raise RuntimeError(f'{name} is missing; "make check-vm" installs what these tests need')
    made = Emulator()
    atexit.register(made.stop)
    signal.signal(signal.SIGTERM, lambda *_: _end_at_once(made))
    return made


def _end_at_once(made):
    """An exception would be taken for a failed test, and the next one begun."""
    made.stop()
    os._exit(143)


def emulator():
    """The machine of this process, with cellftpd installed and its socket enabled."""
    _machine().start()
    return _machine()


def show_console():
    """For a run that has failed: what the machine had to say, as comments."""
    print("# the machine's console, its last lines:")
    print("".join(f"#   {line}\n" for line in _machine().console().splitlines()), end="", flush=True)
