"""A network of a test's own, so that "another host" can be any address and every packet is ours."""

import contextlib
import ctypes
import os
import subprocess
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000


def _call(function, *arguments):
    if function(*arguments) != 0:
        raise OSError(ctypes.get_errno(), function.__name__)


@contextlib.contextmanager
def own_network(*addresses):
    """In the block this thread, and what it starts, is in a new network namespace: only a loopback interface, which
    has the ADDRESSES ("10.9.8.7/32", "fd00::1/128") besides 127.0.0.0/8 and ::1."""
    before = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _call(LIBC.unshare, CLONE_NEWNET)
        try:
            subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
            for address in addresses:
                subprocess.run(["ip", "address", "add", address, "dev", "lo"], check=True)
            yield
        finally:
            _call(LIBC.setns, before, CLONE_NEWNET)
    finally:
        os.close(before)


def connections_begun():
    """How many TCP connections were begun (SYNs sent for the first time) in this thread's network."""
    names, values = [
        line.split() for line in Path("/proc/thread-self/net/snmp").read_text().splitlines() if line.startswith("Tcp:")
    ]
    return int(values[names.index("ActiveOpens")])


def listeners(*pids):
    """Ports on which these processes listen, by the sockets that they have open."""
    sockets = set()
    for pid in pids:
        for fd in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                sockets.add(os.readlink(f"/proc/{pid}/fd/{fd}"))
    ports = []
    for family in ("tcp", "tcp6"):
        for line in Path(f"/proc/thread-self/net/{family}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                ports.append(int(fields[1].rpartition(":")[2], 16))
    return ports
