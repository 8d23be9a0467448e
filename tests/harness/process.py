"""Questions about processes and mounts, answered by /proc."""

import ctypes
import os
import re
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
MNT_DETACH = 2


def children(pid):
    """Process ids of the children of PID; none if it has gone."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def alive(pid):
    """True if PID exists and is not a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def status(pid):
    """/proc/PID/status as a dict of strings."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def with_argument(text):
    """Process ids of all living processes that have TEXT in their command line, apart from this one."""
    found = []
    for entry in os.listdir("/proc"):
        if not entry.isdigit() or int(entry) == os.getpid():
            continue
        try:
            line = Path(f"/proc/{entry}/cmdline").read_bytes()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if os.fsencode(text) in line and alive(int(entry)):
            found.append(int(entry))
    return found


def unmount_below(directory):
    """Takes away every mount under DIRECTORY, the last one first."""
    points = []
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        point = re.sub(r"\\([0-7]{3})", lambda m: chr(int(m[1], 8)), line.split()[4])
        if point == str(directory) or point.startswith(f"{directory}/"):
            points.append(point)
    for point in reversed(points):
        if LIBC.umount2(os.fsencode(point), MNT_DETACH) != 0:
            raise OSError(ctypes.get_errno(), "umount", point)


def memory(pid):
    """All writable memory of a process, but for the sanitizers' terabytes."""
    parts = []
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as file:
        for line in Path(f"/proc/{pid}/maps").read_text().splitlines():
            area, mode = line.split()[:2]
            if mode.startswith("rw"):
                first, last = (int(number, 16) for number in area.split("-"))
                if last - first < 64 << 20:
                    file.seek(first)
                    parts.append(file.read(last - first))
    return b"".join(parts)
