/*
 * The system calls of a session, once: the seccomp filters (lib/filter_build.c compiles them at
 * build time) and the monitor's judgement of a refused call come from these lists.
 *
 * What no list names is refused with EPERM: the kernel asks the monitor, the monitor logs the
 * call's name and answers. What FILTER_COMPROMISE names has no innocent caller: the monitor ends
 * the session.
 */
#pragma once

/* clang-format off */

/* X(call): allowed before and after the login. Before it the root is empty, so the file calls reach nothing. */
#define FILTER_ALWAYS(X)                                                                          \
    /* the descriptors that it was handed */                                                      \
    X(read) X(write) X(readv) X(writev) X(recvmsg) X(recvfrom)               \
    X(poll) X(ppoll) X(close) X(fcntl) X(shutdown) X(accept4) X(getsockname) X(getpeername)       \
    X(getsockopt) X(sendfile) X(copy_file_range)                                    \
    /* files below its root */                                                                    \
    X(openat2) X(newfstatat) X(statx) X(fstat) X(fstatfs) X(getdents64) X(readlinkat) X(unlinkat)  \
    X(renameat) X(renameat2) X(faccessat) X(faccessat2) X(utimensat) X(ftruncate) X(fallocate)    \
    X(flock) X(fsync) X(fdatasync) X(lseek) X(pread64) X(pwrite64) X(fadvise64) X(chdir)          \
    X(fchdir) X(getcwd) X(umask) X(fgetxattr) X(fsetxattr)                                        \
    /* memory, time, its own end */                                                               \
    X(munmap) X(mremap) X(brk) X(madvise) X(futex) X(clock_gettime) X(clock_nanosleep)            \
    X(getrandom) X(getpid) X(rt_sigprocmask) X(rt_sigreturn) X(restart_syscall)                   \
    X(exit) X(exit_group)

/* X(call, argument, mask): allowed if that argument (0 is the first) has none of the bits of mask. */
#define FILTER_MASKED(X)                                                                          \
    /* one that connects would reach any address: the sockets are the host's */                   \
    X(sendto,   3, MSG_FASTOPEN)                                                                  \
    X(sendmsg,  2, MSG_FASTOPEN)                                                                  \
    X(mmap,     2, PROT_EXEC)                                                                     \
    X(mprotect, 2, PROT_EXEC)                                                                     \
    X(openat,   3, S_ISUID | S_ISGID)                                                             \
    X(mkdirat,  2, S_ISUID | S_ISGID)                                                             \
    X(fchmod,   1, S_ISUID | S_ISGID)                                                             \
    X(fchmodat, 2, S_ISUID | S_ISGID)

/*
 * X(call, argument, value, argument, value): allowed if both arguments are that. It changes when the
 * kernel acknowledges what has come (tcp(7)), and nothing else: data connections under TLS want it.
 */
#define FILTER_PAIRS(X)                                                                           \
    X(setsockopt, 1, SOL_TCP, 2, TCP_QUICKACK)

/*
 * The same, only under TLS, with tls.kernel. Everywhere else no other option of a socket can be set.
 *
 * Rights: a session that was taken over gains the way to the kernel's TLS (net/tls), which is code
 * that had holes of its own: it can hand any keys to it, for its own connections. It gains no
 * socket, no address and no byte of anybody else's. The names of other protocols that TCP_ULP takes
 * cannot be told apart here; a module that is not loaded stays so, as that takes CAP_NET_ADMIN of
 * the host's. Verified by test_probe.py.
 */
#define FILTER_KERNEL_TLS(X)                                                                      \
    X(setsockopt, 1, SOL_TCP, 2, TCP_ULP)                                                         \
    X(setsockopt, 1, SOL_TLS, 2, TLS_TX)

/*
 * X(call): after the login, what an administrator's session needs besides: to give what it makes to
 * the user in whose folder it is. By descriptor only, so that no name can be exchanged meanwhile.
 *
 * Rights: with CAP_CHOWN in its own user namespace, owner and group of any file of a local account
 * become those of any other local account, and nothing of root's or of the system's users changes
 * hands, because their ids are not mapped. Verified by test_probe.py and test_rows_admin.py.
 */
#define FILTER_ADMIN(X)                                                                           \
    X(fchown)

/* X(call): what the session needs once, to enter the user's folder; gone afterwards, but for what
 * FILTER_ADMIN has: filters only ever get stricter, and before the login nobody knows who it will be.
 * There it is harmless: no id is mapped, and there is no file. */
#define FILTER_ENTER(X)                                                                           \
    X(setresuid) X(setresgid) X(getresuid) X(getresgid) X(setgroups) X(getgroups) X(capset)       \
    X(capget) X(move_mount)                                                                       \
    X(pivot_root) X(umount2) X(prctl) X(seccomp) X(fchown)

/* X(call): only an intruder makes these. */
#define FILTER_COMPROMISE(X)                                                                      \
    X(execve) X(execveat) X(ptrace) X(process_vm_readv) X(process_vm_writev) X(pidfd_getfd)       \
    X(setresuid) X(setresgid) X(setuid) X(setgid) X(setreuid) X(setregid) X(setgroups)            \
    X(capset) X(move_mount) X(open_tree) X(mount) X(mount_setattr) X(fsopen) X(fsmount)           \
    X(pivot_root) X(umount2) X(chroot) X(unshare) X(setns) X(bpf) X(init_module)                  \
    X(finit_module) X(delete_module) X(kexec_load) X(kexec_file_load) X(keyctl) X(add_key)        \
    X(request_key) X(io_uring_setup) X(userfaultfd) X(perf_event_open) X(open_by_handle_at)       \
    X(swapon) X(swapoff) X(reboot) X(settimeofday) X(clock_settime) X(iopl) X(ioperm)             \
    X(modify_ldt) X(seccomp)

/* The sanitizers' own needs; only in their build. */
#ifdef CELLFTPD_SANITIZED
#define FILTER_SANITIZER(X)                                                                       \
    X(rt_sigaction) X(sigaltstack) X(sched_yield) X(sched_getaffinity) X(gettid) X(tgkill)        \
    X(prlimit64) X(readlink) X(uname) X(prctl) X(open) X(stat) X(lstat)
#else
#define FILTER_SANITIZER(X)
#endif
/* clang-format on */
