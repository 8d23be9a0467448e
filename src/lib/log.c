/*
 * The log files: see log.h. The monitor and cellftpctl write them. It needs no capability to
 * append, never follows a symbolic link, never locks, and never truncates.
 */
#include "lib/log.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* The longest event with every byte escaped, and the rest of the line. */
enum { LINE_MAX_BYTES = 5 * MESSAGE_MAX, FILE_NAME_MAX = 32 };

static void file_name(enum event_file file, char ret[FILE_NAME_MAX])
{
    (void)snprintf(ret, FILE_NAME_MAX, "%s.log", event_file_name(file));
}

int log_open(const char *directory, struct log *ret)
{
    ret->directory = open(directory, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int error = errno;
    for (size_t i = 0; i < ELEMENTS(ret->files); i++)
        ret->files[i] = (struct log_file){.fd = -1};
    return ret->directory < 0 ? -error : 0;
}

void log_close(struct log *log)
{
    log->directory = close_fd(log->directory);
    for (size_t i = 0; i < ELEMENTS(log->files); i++)
        log->files[i].fd = close_fd(log->files[i].fd);
}

/* The group that may read logs on Debian. Read from the file itself: the name service would load
 * libraries into the monitor. -1 if there is none. */
static gid_t log_group(void)
{
    cleanup_fclose FILE *groups = fopen("/etc/group", "re");
    struct group *group;
    while (groups && (group = fgetgrent(groups)))
        if (strcmp(group->gr_name, "adm") == 0)
            return group->gr_gid;
    return (gid_t)-1;
}

/* Makes the file NAME in the log directory. Negative errno, -EEXIST if somebody else was faster. */
static int create_file(int directory, const char *name)
{
    int fd =
        openat(directory, name,
               O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC, 0640);
    if (fd < 0)
        return -errno;
    (void)fchmod(fd, 0640); /* whatever the umask is */
    /* Without the capability the file stays root's own: readable for fewer, but not lost. */
    gid_t group = log_group();
    bool shared = group != (gid_t)-1 && fchown(fd, 0, group) == 0;
    (void)shared;
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

/* Makes sure that FILE is what has the name NAME now: logrotate moves files away at any time. In
 * the ordinary case that is one system call. */
static int refresh_file(int directory, const char *name, struct log_file *file)
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
    *file = (struct log_file){.fd = take_fd(&fd), .device = status.st_dev, .inode = status.st_ino};
    return 0;
}

/* One write, so that O_APPEND keeps the line in one piece. */
static int write_line(int fd, const char *line, size_t size)
{
    ssize_t written;
    do
        written = write(fd, line, size);
    while (written < 0 && errno == EINTR);
    if (written < 0)
        return -errno;
    if ((size_t)written == size)
        return 0;
    /* The disk is full: end what is there, if that is possible, so that the next line begins at its
     * beginning. */
    ssize_t ended = write(fd, "\n", 1);
    (void)ended;
    return -ENOSPC;
}

static int write_to_file(struct log *log, enum event_file file, const char *line, size_t size)
{
    char name[FILE_NAME_MAX];
    file_name(file, name);
    int r = refresh_file(log->directory, name, &log->files[file]);
    if (r >= 0)
        r = write_line(log->files[file].fd, line, size);
    if (r < 0)
        fprintf(stderr, "cellftpd: cannot write the log file %s: %s; this is the line:\n", name,
                strerror(-r));
    return r;
}

int log_write(struct log *log, const struct event_origin *origin, const struct event *event)
{
    cleanup_buffer struct buffer line;
    buffer_init(&line, LINE_MAX_BYTES);
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    int r = event_format(&line, &now, origin, event);
    if (r < 0) {
        fprintf(stderr, "cellftpd: cannot write a log line: %s\n", strerror(-r));
        return r;
    }

    if (log->directory >= 0)
        r = write_to_file(log, event_kind(event->id)->file, buffer_begin(&line),
                          buffer_size(&line));
    /* The event is not lost: on stderr it reaches the journal, or whoever started the server. */
    if (log->directory < 0 || r < 0)
        (void)fwrite(buffer_begin(&line), 1, buffer_size(&line), stderr);
    return r;
}
