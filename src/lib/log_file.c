/* One log file: see log_file.h. */
#include "lib/log_file.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Makes the file NAME in the log directory, with the group of that where it is set-gid. Negative
 * errno, -EEXIST if somebody else was faster. */
static int create_file(int directory, const char *name)
{
    int fd =
        openat(directory, name,
               O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    (void)fchmod(fd, 0640); /* whatever the umask is */
    return fd;
}

static int open_file(int directory, const char *name)
{
    /* A file may be made or moved away by somebody else between the two calls; not for ever. */
    for (unsigned tries = 0; tries < 8; tries++) {
        /* O_NONBLOCK: a FIFO in this place must not stop the server. */
        int fd = openat(directory, name,
                        O_WRONLY | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        fd = fd < 0 ? -errno : fd;
        if (fd == -ENOENT)
            fd = create_file(directory, name);
        if (fd != -EEXIST)
            return fd;
    }
    return -EEXIST;
}

/* Logrotate moves files away at any time. In the ordinary case this is one system call. */
int log_file_refresh(int directory, const char *name, struct log_file *file)
{
    struct stat status;
    if (file->fd >= 0 && fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        status.st_dev == file->device && status.st_ino == file->inode)
        return 0;

    file->fd = close_fd(file->fd);
    cleanup_close int fd = open_file(directory, name);
    if (fd < 0)
        return fd;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return -EINVAL;
    file->fd = take_fd(&fd);
    file->device = status.st_dev;
    file->inode = status.st_ino;
    return 0;
}

/* One write, so that O_APPEND keeps the line in one piece. */
int log_file_append(const struct log_file *file, const struct iovec *parts, int count, size_t size)
{
    ssize_t written;
    do
        written = writev(file->fd, parts, count);
    while (written < 0 && errno == EINTR);
    if (written < 0)
        return -errno;
    if ((size_t)written == size)
        return 0;
    /* The disk is full: end what is there, if that is possible, so that the next line begins at its
     * beginning. */
    ssize_t ended = write(file->fd, "\n", 1);
    (void)ended;
    return -ENOSPC;
}
