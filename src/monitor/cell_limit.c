/* Limits of one session besides those of every cell: see cell.h. The monitor uses it when PAM has
 * set limits for a user. It never raises one. */
#include "lib/cleanup.h"
#include "monitor/cell.h"

#include <string.h>
#include <sys/wait.h>

static rlim_t smaller(rlim_t a, rlim_t b)
{
    return a < b ? a : b; /* RLIM_INFINITY is the largest */
}

static int lower(pid_t pid, const struct limits *limits)
{
    for (unsigned i = 0; i < RLIM_NLIMITS; i++) {
        struct rlimit limit;
        if (!(limits->known & 1u << i))
            continue;
        if (prlimit(pid, i, NULL, &limit) < 0)
            return -errno;
        limit.rlim_max = smaller(limit.rlim_max, limits->of[i].rlim_max);
        limit.rlim_cur = smaller(smaller(limit.rlim_cur, limits->of[i].rlim_cur), limit.rlim_max);
        if (prlimit(pid, i, &limit, NULL) < 0)
            return -errno;
    }
    errno = 0;
    int niceness = getpriority(PRIO_PROCESS, (id_t)pid);
    if (errno != 0)
        return -errno;
    if (limits->niceness > niceness && setpriority(PRIO_PROCESS, (id_t)pid, limits->niceness) < 0)
        return -errno;
    return 0;
}

/*
 * Limits of another process are changed by whoever may do everything in its user namespace, and
 * that is also the user who made the namespace (user_namespaces(7)). So a child becomes the cell
 * user for it, and the monitor needs no CAP_SYS_RESOURCE. Rights before: the monitor's. Rights
 * after: the cell user's, no capability. Verified by its own result: were it still root, prlimit
 * would fail.
 */
int cell_limit(const struct cell *cell, const struct limits *limits)
{
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        int r = setresuid(cell->owner, cell->owner, cell->owner) < 0 ? -errno
                                                                     : lower(cell->pid, limits);
        _exit(-r);
    }
    int status = 0;
    if (waitpid(pid, &status, 0) < 0)
        return -errno;
    return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}
