/* The cell of a session, seen from the monitor: see cell.h. */
#include "monitor/cell.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/local_user.h"
#include "lib/run.h"

#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static const struct {
    const char *name;
    const char *remedy;
} steps[] = {
#define CELL_STEP_ROW(name, words, remedy) [CELL_STEP_##name] = {words, remedy},
    CELL_STEPS(CELL_STEP_ROW)
#undef CELL_STEP_ROW
};

const char *cell_step_name(enum cell_step step)
{
    return steps[step].name;
}

const char *cell_step_known(const char *name)
{
    for (size_t i = 0; i < ELEMENTS(steps); i++)
        if (strcmp(steps[i].name, name) == 0)
            return steps[i].name;
    return "unknown step";
}

const char *cell_step_remedy(const char *name)
{
    for (size_t i = 0; i < ELEMENTS(steps); i++)
        if (strcmp(steps[i].name, name) == 0)
            return steps[i].remedy;
    return "run cellftpd --check";
}

/* A detached, read-only mount of directories.run/empty. */
static int open_empty_tree(const struct config *config)
{
    cleanup_close int run = run_directory_open(config);
    if (run < 0)
        return run;
    /* The cell user must be able to stand in it, whatever our umask is, and from its first moment
     * on: others may be using it before a chmod. */
    mode_t mask = umask(0);
    int r = mkdirat(run, "empty", 0555) < 0 && errno != EEXIST ? -errno : 0;
    (void)umask(mask);
    if (r < 0)
        return r;
    cleanup_close int tree = (int)syscall(
        SYS_open_tree, run, "empty", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
    if (tree < 0)
        return -errno;
    struct mount_attr attributes = {
        .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC,
        .propagation = MS_PRIVATE,
    };
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &attributes, sizeof(attributes)) < 0)
        return -errno;
    return take_fd(&tree);
}

/* What was opened for the child; the monitor does not need it afterwards. */
static void release_parts(struct cell_parts *parts)
{
    (void)close_fd(parts->network);
    (void)close_fd(parts->empty);
}

static int gather_parts(const struct config *config, struct cell_parts *parts,
                        enum cell_step *ret_step)
{
    *ret_step = CELL_STEP_RUN;
    cleanup_close int run = run_directory_open(config);
    if (run < 0)
        return run;
    *ret_step = CELL_STEP_CELL_USER;
    int r = local_user_find(config->cell_user, &parts->uid, &parts->gid);
    if (r < 0)
        return r;
    *ret_step = CELL_STEP_NETWORK;
    parts->network = network_open(config);
    if (parts->network < 0)
        return parts->network;
    *ret_step = CELL_STEP_EMPTY;
    parts->empty = open_empty_tree(config);
    return parts->empty < 0 ? parts->empty : 0;
}

/*
 * Forks into a new pid namespace. unshare(2) moves only later children there, and the monitor goes
 * back at once: what it may fork afterwards must not live and die with the session.
 */
static pid_t fork_in_pid_namespace(enum cell_step *ret_step)
{
    *ret_step = CELL_STEP_PID;
    cleanup_close int ours = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);
    if (ours < 0 || unshare(CLONE_NEWPID) < 0)
        return -errno;
    *ret_step = CELL_STEP_FORK;
    pid_t pid = fork();
    if (pid == 0)
        return 0;
    int r = pid < 0 ? -errno : 0;
    if (setns(ours, CLONE_NEWPID) < 0 && r == 0) {
        *ret_step = CELL_STEP_PID;
        r = -errno;
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
    return r < 0 ? r : pid;
}

/* The one secret of the configuration, which only the monitor asks for (register.c). */
static void forget_secrets(const struct config *config)
{
    char *invitation = config->registration_invitation;
    explicit_bzero(invitation, strlen(invitation));
}

int cell_start(const struct session_start *start, struct cell *ret, enum cell_step *ret_step)
{
    cleanup_close int process = -1;
    __attribute__((cleanup(release_parts))) struct cell_parts parts = {
        .control = start->control, .network = -1, .empty = -1};
    int r = gather_parts(start->config, &parts, ret_step);
    if (r < 0)
        return r;

    *ret_step = CELL_STEP_SOCKET;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return -errno;
    cleanup_close int ours = pair[0], theirs = pair[1];
    parts.monitor = theirs;

    pid_t pid = fork_in_pid_namespace(ret_step);
    if (pid < 0)
        return pid;
    if (pid == 0) {
        struct session_start begun = *start;
        forget_secrets(start->config);
        cell_close(&parts, &begun);
        _exit(session_run(&begun));
    }
    process = pidfd_open(pid, 0);
    if (process < 0) {
        r = -errno;
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return r;
    }
    *ret = (struct cell){.pid = pid,
                         .process = take_fd(&process),
                         .socket = take_fd(&ours),
                         .listener = -1,
                         .owner = parts.uid};
    return 0;
}

int cell_open_folder(const struct account_cell *shape)
{
    cleanup_close int fd = directory_open(shape->root, O_PATH);
    if (fd < 0)
        return fd;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    bool shared = shape->root_owner == 0 && status.st_mode & (S_IWGRP | S_IWOTH);
    if (status.st_uid != shape->root_owner || shared)
        return -EPERM;
    return take_fd(&fd);
}

/* COUNT ids from FIRST on and the OTHERS, each as itself, in the one write that the kernel takes.
 */
static int write_map(pid_t pid, const char *file, unsigned first, unsigned count,
                     const gid_t *others, size_t other_count)
{
    if (first == 0)
        return -EPERM; /* never, whatever a database says */
    cleanup_buffer struct buffer map;
    buffer_init(&map, 4095);
    int r = buffer_append_format(&map, "%u %u %u\n", first, first, count);
    for (size_t i = 0; r == 0 && i < other_count; i++)
        r = others[i] == 0 ? -EPERM : buffer_append_format(&map, "%u %u 1\n", others[i], others[i]);
    if (r < 0)
        return r;

    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    cleanup_close int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    size_t size = buffer_size(&map);
    return write(fd, buffer_begin(&map), size) == (ssize_t)size ? 0 : -errno;
}

/*
 * Rights of the session before: a uid that means nothing in its namespace, so that it can become
 * nobody. After: it can become exactly the account's uid and gid and have the account's groups,
 * none of them 0; an administrator's, any id of accounts.uid_min to accounts.uid_max, of which it
 * takes the last, and capabilities over the files of all of them. A map can be written once only,
 * so this can never be widened. Verified by the session (session/enter.c), and from outside by
 * tests/session/test_cell.py and test_rows_admin.py.
 */
int cell_admit(const struct cell *cell, const struct account_cell *shape, int folder, int *ret_tree,
               enum cell_step *ret_step)
{
    *ret_step = CELL_STEP_FOLDER;
    cleanup_close int tree =
        (int)syscall(SYS_open_tree, folder, "",
                     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH | AT_RECURSIVE);
    if (tree < 0)
        return -errno;
    struct mount_attr attributes = {
        .attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC |
                    (shape->read_only ? MOUNT_ATTR_RDONLY : 0),
        .propagation = MS_PRIVATE,
    };
    if (syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes,
                sizeof(attributes)) < 0)
        return -errno;

    *ret_step = CELL_STEP_MAP;
    bool range = shape->count > 0;
    unsigned count = range ? shape->count : 1;
    int r = write_map(cell->pid, "gid_map", range ? shape->first : shape->gid, count, shape->groups,
                      shape->group_count);
    if (r < 0)
        return r;
    r = write_map(cell->pid, "uid_map", range ? shape->first : shape->uid, count, NULL, 0);
    if (r < 0)
        return r;
    *ret_tree = take_fd(&tree);
    return 0;
}

int cell_end(struct cell *cell)
{
    enum { PATIENCE = 3000 }; /* milliseconds for a session that is saying goodbye */
    int status = 0;
    cell->socket = close_fd(cell->socket);
    cell->listener = close_fd(cell->listener);
    if (cell->process >= 0) {
        struct pollfd ended = {.fd = cell->process, .events = POLLIN};
        if (poll(&ended, 1, PATIENCE) <= 0)
            (void)pidfd_send_signal(cell->process, SIGKILL, NULL, 0);
        (void)waitpid(cell->pid, &status, 0);
        cell->process = close_fd(cell->process);
    }
    return status;
}
