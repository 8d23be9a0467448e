/*
 * Closing the cell: the first thing that a session's process does, before a byte of the network is
 * read. Runs in the child only, step by step from root with the monitor's capabilities to nobody
 * with nothing. Every step either succeeds or ends the process; none is skipped where a kernel
 * lacks something.
 *
 * Rights before: uid 0, the capabilities of the monitor, the host's namespaces and files.
 * Rights after:  uid and gid of cell.user, which have no name in the process's own user namespace;
 * an empty, read-only root; a network namespace without an address; no capability over anything but
 * its own namespaces, and of those only what entering the user's folder takes; no way to gain any
 *                (no_new_privs, empty bounding set); the system calls of FILTER_LOGIN.
 * Verified:      by verify() from inside, and by tests/session/test_cell.py as the kernel sees it.
 */
#include "lib/cleanup.h"
#include "lib/filter.h"
#include "lib/root.h"
#include "monitor/capabilities.h"
#include "monitor/cell.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/* Where the descriptors of a session are from here on. */
enum { FD_CONTROL = 3, FD_MONITOR, FD_NETWORK, FD_EMPTY, FD_FIRST_FREE };

/* What entering the user's folder takes, in the session's own user namespace (session/enter.c), and
 * what it keeps if it turns out to be an administrator's: nobody knows yet. Until the map is
 * written no file's owner is known in the namespace, so that these are good for nothing. */
static const uint64_t CAPABILITIES_ENTER = CAPABILITY(CAP_SETUID) | CAPABILITY(CAP_SETGID) |
                                           CAPABILITY(CAP_SYS_ADMIN) | ADMIN_CAPABILITIES;

/* Tells the monitor how it went. */
static void report(int monitor, int error, enum cell_step step, int listener)
{
    struct message message;
    message_begin(&message, REQUEST_READY);
    message_put_u32(&message, (uint32_t)-error);
    message_put_string(&message, error < 0 ? cell_step_name(step) : "");
    (void)message_send(monitor, &message, listener);
}

static void require(int monitor, int result, enum cell_step step)
{
    if (result >= 0)
        return;
    report(monitor, result, step, -1);
    _exit(1);
}

/* 0 for success, else negative errno: for calls of the "-1 and errno" kind. */
static int called(long result)
{
    return result < 0 ? -errno : 0;
}

/* Keeps the four descriptors, in known places, and nothing else of what the monitor has open. */
static int arrange_descriptors(const struct cell_parts *parts)
{
    const int wanted[] = {parts->control, parts->monitor, parts->network, parts->empty};
    int safe[ELEMENTS(wanted)];
    for (size_t i = 0; i < ELEMENTS(wanted); i++) {
        safe[i] = wanted[i] < 0 ? -1 : fcntl(wanted[i], F_DUPFD_CLOEXEC, FD_FIRST_FREE + 16);
        if (wanted[i] >= 0 && safe[i] < 0)
            return -errno;
    }
    for (size_t i = 0; i < ELEMENTS(wanted); i++) {
        int place = FD_CONTROL + (int)i;
        if (safe[i] < 0)
            (void)close(place);
        else if (dup3(safe[i], place, O_CLOEXEC) < 0)
            return -errno;
    }
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return -errno;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
#ifdef CELLFTPD_SANITIZED
        if (fd == STDERR_FILENO) /* where the sanitizers report */
            continue;
#endif
        if (dup2(null, fd) < 0)
            return -errno;
    }
    return called(close_range(FD_FIRST_FREE, ~0U, 0));
}

static int set_limits(void)
{
    static const struct {
        int resource;
        rlim_t limit;
    } limits[] = {
        {RLIMIT_CORE, 0},    /* a core would hold what the user typed */
        {RLIMIT_NPROC, 0},   /* it never forks */
        {RLIMIT_NOFILE, 64}, /* data connections that may be the client's, and a dozen */
        {RLIMIT_MEMLOCK, 0},
#ifndef CELLFTPD_SANITIZED
        {RLIMIT_AS, 192 << 20}, /* a session needs less than one MiB of its own, a listing a few */
#endif
    };
    for (size_t i = 0; i < ELEMENTS(limits); i++) {
        struct rlimit limit = {.rlim_cur = limits[i].limit, .rlim_max = limits[i].limit};
        if (setrlimit((unsigned)limits[i].resource, &limit) < 0)
            return -errno;
    }
    return 0;
}

/* From root to the cell user, with the capabilities that the next steps take. */
static int become_cell_user(uid_t uid, gid_t gid)
{
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0)
        return -errno;
    /* Without this, leaving uid 0 would empty the permitted set and creating the namespaces would
     * depend on whether the kernel lets ordinary users do it. */
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setresuid(uid, uid, uid) < 0)
        return -errno;
    int r = capabilities_set(CAPABILITY(CAP_SYS_ADMIN) | CAPABILITY(CAP_SETPCAP));
    if (r < 0)
        return r;
    return called(prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0));
}

/* What must be impossible now is tried. */
static int verify(void)
{
    if (open("/proc/self/exe", O_PATH | O_CLOEXEC) >= 0 ||
        open("/etc/passwd", O_RDONLY | O_CLOEXEC) >= 0)
        return -EPERM;
    if (mkdir("/x", 0700) == 0 || setresuid(0, 0, 0) == 0)
        return -EPERM;
    cleanup_closedir DIR *root = opendir("/");
    if (!root)
        return -errno;
    for (const struct dirent *entry; (entry = readdir(root));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return -ENOTEMPTY;
    return 0;
}

void cell_close(const struct cell_parts *parts, struct session_start *ret)
{
    require(parts->monitor, arrange_descriptors(parts), CELL_STEP_DESCRIPTORS);
    const int monitor = FD_MONITOR;
    require(monitor, set_limits(), CELL_STEP_LIMITS);
    require(monitor, called(setns(FD_NETWORK, CLONE_NEWNET)), CELL_STEP_JOIN_NETWORK);
    (void)close(FD_NETWORK);
    require(monitor, called(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)), CELL_STEP_IDENTITY);
    require(monitor, become_cell_user(parts->uid, parts->gid), CELL_STEP_IDENTITY);
    require(monitor,
            called(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS |
                           CLONE_NEWCGROUP)),
            CELL_STEP_NAMESPACES);
    require(monitor, called(sethostname("cell", strlen("cell"))), CELL_STEP_NAMESPACES);
    require(monitor, root_replace(FD_EMPTY), CELL_STEP_ROOT);
    (void)close(FD_EMPTY);
    require(monitor, capabilities_drop_bounding(0), CELL_STEP_CAPABILITIES);
    require(monitor, capabilities_set(CAPABILITIES_ENTER), CELL_STEP_CAPABILITIES);
    /* Die with the monitor; not readable through /proc by others of the same uid. */
    require(monitor, called(prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0)), CELL_STEP_CAPABILITIES);
    require(monitor, called(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)), CELL_STEP_CAPABILITIES);
    require(monitor, verify(), CELL_STEP_VERIFY);
    cleanup_close int listener = filter_install(FILTER_LOGIN, ret->tls && ret->config->tls_kernel);
    require(monitor, listener, CELL_STEP_FILTER);
    report(monitor, 0, CELL_STEP_COUNT, listener);

    ret->control = parts->control < 0 ? -1 : FD_CONTROL;
    ret->monitor = FD_MONITOR;
}
