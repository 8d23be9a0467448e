/*
 * A folder that a user keeps: it and what is in it become those of the account's uid. See import.h.
 *
 * It runs as root in a folder that somebody else may be changing. So it goes from directory to
 * directory by descriptors, follows no link, stays on the file system, and changes only what
 * belonged to the old owner: never what has several names, one of which may be somewhere else.
 */
#include "ctl/import.h"

#include "lib/cleanup.h"
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { DEPTH_MAX = 200 };

struct taking {
    uid_t from, to;
    dev_t device;
    size_t left; /* that were not changed: links, other file systems, too deep */
    struct buffer *problem;
};

static int take_directory(struct taking *taking, int fd, unsigned depth);

static int take_entry(struct taking *taking, int folder, const char *name, unsigned depth)
{
    struct stat status;
    cleanup_close int entry = openat(folder, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (entry < 0)
        return errno == ENOENT ? 0 : -errno;
    if (fstat(entry, &status) < 0)
        return -errno;
    bool is_directory = S_ISDIR(status.st_mode);
    if (status.st_dev != taking->device || (!is_directory && status.st_nlink > 1) ||
        (is_directory && depth >= DEPTH_MAX)) {
        taking->left++;
        return 0;
    }
    if (status.st_uid == taking->from &&
        fchownat(entry, "", taking->to, taking->to, AT_EMPTY_PATH) < 0)
        return -errno;
    if (!is_directory)
        return 0;
    cleanup_close int inner = openat(folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (inner < 0)
        return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? 0 : -errno;
    return take_directory(taking, take_fd(&inner), depth + 1);
}

/* FD is taken over. */
static int take_directory(struct taking *taking, int fd, unsigned depth)
{
    cleanup_closedir DIR *stream = fdopendir(fd);
    if (!stream) {
        int error = -errno;
        (void)close_fd(fd);
        return error;
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry)
            return -errno;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        int r = take_entry(taking, dirfd(stream), entry->d_name, depth);
        if (r < 0) {
            (void)buffer_append_format(taking->problem, "%s: %s", entry->d_name, strerror(-r));
            return r;
        }
    }
}

int import_home_take(const char *home, uint64_t from, uid_t uid, bool dry, struct buffer *problem)
{
    struct stat status;
    cleanup_close int fd = directory_open(home, O_RDONLY);
    if (fd < 0 || fstat(fd, &status) < 0) {
        int error = fd < 0 ? fd : -errno;
        (void)buffer_append_format(problem, "its folder %s: %s", home, strerror(-error));
        return error;
    }
    if (status.st_uid == 0 || (from != UINT64_MAX && status.st_uid != from)) {
        (void)buffer_append_format(problem, "its folder %s belongs to uid %u%s", home,
                                   status.st_uid,
                                   status.st_uid == 0 ? ", root; give it to its user first" : "");
        return -EPERM;
    }
    if (dry)
        return 0;
    struct taking taking = {status.st_uid, uid, status.st_dev, 0, problem};
    if (fchown(fd, uid, uid) < 0 || fchmod(fd, (status.st_mode & 0777) | S_IRWXU) < 0)
        return -errno;
    int r = take_directory(&taking, take_fd(&fd), 0);
    if (r == 0 && taking.left > 0)
        (void)buffer_append_format(problem,
                                   "%zu files with several names, or of other file "
                                   "systems, keep their owner",
                                   taking.left);
    return r;
}
