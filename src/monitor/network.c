/*
 * One network namespace with nothing in it, shared by all cells. The monitor uses it before the
 * session starts. Making one costs more than all the rest of a cell, so it is made once and kept as
 * directories.run/netns. Nothing ever happens in it: no address, no device is up, and the filter
 * allows no socket.
 */
#include "lib/cleanup.h"
#include "lib/run.h"
#include "monitor/cell.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

/* True if FD is a network namespace, and not the one that we are in. */
static bool is_other_network(int fd)
{
    struct statfs filesystem;
    if (fstatfs(fd, &filesystem) < 0 || filesystem.f_type != NSFS_MAGIC)
        return false;
    if (ioctl(fd, NS_GET_NSTYPE) != CLONE_NEWNET)
        return false;
    struct stat ours, other;
    if (stat("/proc/self/ns/net", &ours) < 0 || fstat(fd, &other) < 0)
        return false;
    return ours.st_ino != other.st_ino;
}

static int open_kept(int run)
{
    cleanup_close int fd = openat(run, "netns", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -errno;
    return is_other_network(fd) ? take_fd(&fd) : -ENOENT;
}

/*
 * Rights before and after are the same: root in the host's network. In between the monitor is in
 * the new, empty network; if it could not come back it ends (the error is returned and is fatal to
 * the connection).
 */
static int make_network(const char *keep)
{
    cleanup_close int ours = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    if (ours < 0)
        return -errno;
    if (unshare(CLONE_NEWNET) < 0)
        return -errno;
    cleanup_close int made = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    int r = made < 0 ? -errno : 0;
    /* Where it cannot be kept (a private mount namespace, a read-only /run), each connection makes
     * its own: slower, but no less empty. */
    if (r == 0)
        (void)mount("/proc/self/ns/net", keep, NULL, MS_BIND, NULL);
    if (setns(ours, CLONE_NEWNET) < 0)
        return -errno;
    return r < 0 ? r : take_fd(&made);
}

int network_open(const struct config *config)
{
    cleanup_close int run = run_directory_open(config);
    if (run < 0)
        return run;
    int fd = open_kept(run);
    if (fd >= 0)
        return fd;

    /* Two connections at once must not mount one over the other. */
    cleanup_close int lock =
        openat(run, "netns.lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (lock < 0)
        return -errno;
    if (flock(lock, LOCK_EX) < 0)
        return -errno;
    fd = open_kept(run);
    if (fd >= 0)
        return fd;

    cleanup_close int file =
        openat(run, "netns", O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0)
        return -errno;
    cleanup_free char *keep = NULL;
    if (asprintf(&keep, "%s/netns", config->directories_run) < 0)
        return -ENOMEM;
    return make_network(keep);
}
