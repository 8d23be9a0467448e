/*
 * The cell of a session: the monitor's part in building it. Private to src/monitor and
 * src/check.
 *
 *   cell_start()   a child that is nobody, in namespaces of its own, with an empty read-only root
 *   cell_admit()   one uid becomes valid in it, and the user's folder is made ready to be passed in
 *
 * A cell that cannot be built is an error with the step that failed; there is no second-best cell.
 */
#pragma once

#include "lib/account_cell.h"
#include "lib/config.h"
#include "lib/limits.h"
#include "monitor/monitor.h"

/* Every step of building a cell: its name in logs, and what an administrator can do when it fails.
 */
/* clang-format off */
#define CELL_STEPS(X)                                                                                                \
    X(SOCKET,       "socket pair",         "raise the limit on open files")                                           \
    X(RUN,          "run directory",       "directories.run must be a directory of root's, writable by root only")    \
    X(NETWORK,      "network namespace",   "the kernel needs CONFIG_NET_NS; delete directories.run/netns if it is damaged") \
    X(EMPTY,        "empty root",          "directories.run/empty must be an empty directory of root's; the kernel must be 5.12 or newer") \
    X(CELL_USER,    "cell user",           "make the system user named in cell.user: useradd --system --no-create-home cellftpd-cell") \
    X(PID,          "pid namespace",       "the kernel needs CONFIG_PID_NS and /proc must be mounted; CAP_SYS_ADMIN is needed") \
    X(FORK,         "fork",                "raise the limit on processes (TasksMax=, RLIMIT_NPROC)")                  \
    X(DESCRIPTORS,  "descriptors",         "the kernel must be 5.9 or newer (close_range)")                           \
    X(LIMITS,       "resource limits",     "lower the hard limits less than the server needs")                        \
    X(JOIN_NETWORK, "joining the network namespace", "CAP_SYS_ADMIN is needed")                                        \
    X(IDENTITY,     "becoming the cell user", "CAP_SETUID and CAP_SETGID are needed")                                 \
    X(NAMESPACES,   "user and mount namespaces", "set user.max_user_namespaces above 0; in a container, allow nested user namespaces; in a chroot it is impossible: use pivot_root or systemd-nspawn") \
    X(ROOT,         "pivot into the empty root", "the kernel must be 5.12 or newer, and the present root a mount point") \
    X(CAPABILITIES, "dropping capabilities", "CAP_SETPCAP is needed")                                                 \
    X(VERIFY,       "verification",        "the cell was built but is not closed: report this, with your kernel's version") \
    X(FILTER,       "system call filter",  "the kernel needs CONFIG_SECCOMP_FILTER, 5.0 or newer")                    \
    X(FOLDER,       "user's folder",       "the folder must be a directory, reached without a symbolic link, and owned by the user") \
    X(RANGE,        "administrators' uids", "accounts.uid_min to accounts.uid_max must be two numbers or more, without 0 and 65534") \
    X(MAP,          "uid map",             "CAP_SETUID and CAP_SETGID are needed, and /proc must be mounted")         \
    X(BECOME_USER,  "becoming the user",   "the account's uid must be allowed in this user namespace")                 \
    X(ENTER,        "entering the folder", "the folder's owner must be allowed to enter it (mode 0700)")
/* clang-format on */

#define CELL_STEP_ENUM(name, words, remedy) CELL_STEP_##name,
enum cell_step { CELL_STEPS(CELL_STEP_ENUM) CELL_STEP_COUNT };
#undef CELL_STEP_ENUM

const char *cell_step_name(enum cell_step step);
/* NAME if it is the name of a step, else "unknown step": for names that a session sent. */
const char *cell_step_known(const char *name);
/* The remedy for the step with that name; a general one for an unknown name. */
const char *cell_step_remedy(const char *name);

/* Forks the session into its cell, which begins with what START says; its control connection may be
 * -1: a cell on trial, for --check. It answers with REQUEST_READY. Fills *RET. Negative errno, and
 * the step in *RET_STEP. */
int cell_start(const struct session_start *start, struct cell *ret, enum cell_step *ret_step);

/* Makes the uids and groups of SHAPE valid in the cell, and makes FOLDER a mount of its own to be
 * passed into it. Negative errno, and the step in *RET_STEP. */
int cell_admit(const struct cell *cell, const struct account_cell *shape, int folder, int *ret_tree,
               enum cell_step *ret_step);

/* Lowers the limits of the session to LIMITS where those are lower; cell_limit.c. Negative errno.
 */
int cell_limit(const struct cell *cell, const struct limits *limits);

/* Opens the root of SHAPE: a directory of the user's own, or, for an administrator, of root's own,
 * no symbolic link on the way. Negative errno. */
int cell_open_folder(const struct account_cell *shape);

/* Kills what is in the cell, if anything is, and releases everything. Returns the wait status. */
int cell_end(struct cell *cell);

/* The child's part; cell_close.c. Never returns on failure: reports the step through MONITOR and
 * exits. */
struct cell_parts {
    int control;
    int monitor;
    int network; /* the empty network namespace */
    int empty;   /* a detached mount of an empty directory */
    uid_t uid;   /* of the cell user */
    gid_t gid;
};
void cell_close(const struct cell_parts *parts, struct session_start *ret);

/* The empty network namespace that all cells share, made on first use; network.c. Negative errno.
 */
int network_open(const struct config *config);
