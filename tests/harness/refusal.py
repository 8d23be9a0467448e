"""System calls that fail when they should not: a seccomp filter for processes that are about to become a server."""

import ctypes
import errno
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
PR_CAPBSET_DROP = 24
SECCOMP_SET_MODE_FILTER = 1
AUDIT_ARCH_X86_64 = 0xC000003E

# x86-64 only, like the rest of what the tests need to know by number.
CALLS = {
    "capget": 125, "capset": 126, "chdir": 80, "close_range": 436, "dup3": 292, "fchdir": 81, "fork": 57, "clone": 56,
    "getresuid": 118, "getresgid": 120, "mount_setattr": 442, "move_mount": 429, "open_tree": 428,
    "pidfd_open": 434, "pivot_root": 155, "prctl": 157, "prlimit64": 302, "seccomp": 317, "sethostname": 170,
    "setgroups": 116, "setns": 308, "setresgid": 119, "setresuid": 117, "signalfd4": 289, "socketpair": 53,
    "umount2": 166, "unshare": 272,
}  # fmt: skip
CAPABILITIES = {"dac_read_search": 2, "setgid": 6, "setuid": 7, "setpcap": 8, "sys_admin": 21}

# struct seccomp_data: the call's number, the architecture, the instruction, six arguments of eight bytes
LOAD, EQUAL, MASK, RETURN = 0x20, 0x15, 0x45, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000


def refuse_call(name, first_argument=None, bits=False, error=errno.EPERM):
    """A function that makes a system call fail from now on with ERROR: always, or only if its first argument is
    FIRST_ARGUMENT (with BITS: has any of its bits)."""
    program = [(LOAD, 0, 0, 4), (EQUAL, 1, 0, AUDIT_ARCH_X86_64), (RETURN, 0, 0, ALLOW), (LOAD, 0, 0, 0)]
    if first_argument is None:
        program += [(EQUAL, 0, 1, CALLS[name])]
    else:
        program += [(EQUAL, 0, 3, CALLS[name]), (LOAD, 0, 0, 16), (MASK if bits else EQUAL, 0, 1, first_argument)]
    program += [(RETURN, 0, 0, FAIL | error), (RETURN, 0, 0, ALLOW)]
    text = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(text)))

    def install():
        if LIBC.syscall(CALLS["seccomp"], SECCOMP_SET_MODE_FILTER, 0, header) != 0:
            raise OSError(ctypes.get_errno(), "seccomp")

    install.text = text  # kept alive with the function
    return install


def drop_capability(name):
    """A function that takes a capability away for good: root will not have it after execve."""

    def drop():
        if LIBC.prctl(PR_CAPBSET_DROP, CAPABILITIES[name], 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl")

    return drop
