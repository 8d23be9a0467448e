"""Rights of one thread: a session's files are opened as its user, whatever the process is."""

import ctypes
import os

FIRST_UID = 61001  # of the accounts, which need no entry anywhere
SETGROUPS = {"x86_64": 116, "aarch64": 159}  # libc's function is for all threads
LIBRARY = ctypes.CDLL(None, use_errno=True)


def take_rights(uid):
    """From here on this thread's files are opened as UID. Nothing happens unless we are root. Python's own modules may be
    out of reach then: what imports something later, like time.strptime(), must not be used."""
    if os.geteuid() != 0:
        return
    number = SETGROUPS.get(os.uname().machine)
    if number and LIBRARY.syscall(number, 0, None) != 0:
        raise OSError(ctypes.get_errno(), "setgroups")
    LIBRARY.setfsgid(uid)
    LIBRARY.setfsuid(uid)
    if LIBRARY.setfsuid(-1) != uid:
        raise PermissionError("setfsuid")


def give(path, uid):
    """PATH is UID's."""
    if os.geteuid() == 0:
        os.chown(path, uid, uid)
