/*
 * Everything in a folder, made part of a project: see quota_project.h.
 *
 * The kernel marks what is made in a marked directory. What was there before is marked here, the
 * folder itself last: a folder that is marked has been gone through, whenever the machine may have
 * stopped. What is made in it meanwhile is found by going through it once more.
 *
 * It neither follows a link nor leaves the file system, opens no device and no FIFO, and needs no
 * more descriptors for a deep tree than for a flat one: directories that are still to be looked
 * into are kept as paths below the folder.
 */
#include "lib/quota_project.h"

#include "lib/cleanup.h"
#include "lib/text.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { PENDING_MAX = 64 * 1024 * 1024, CHUNK_MAX = PATH_MAX / 2 };

struct adoption {
    int folder;
    uid_t uid;
    uid_t owner; /* of the folder */
    bool change;
    uint64_t changed;
    struct buffer pending; /* paths, each with a zero byte behind it; the last one is next */
    struct buffer *problem;
};

static int open_beneath(int directory, const char *path, int flags)
{
    struct open_how how = {
        .flags = (unsigned)flags | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_BENEATH,
    };
    for (;;) {
        long fd = syscall(SYS_openat2, directory, path, &how, sizeof(how));
        if (fd >= 0)
            return (int)fd;
        if (errno != EAGAIN) /* a rename somewhere on the machine got in the way */
            return -errno;
    }
}

/* Opens the directory WHOLE below the folder, which "" is, piece by piece where it is longer than a
 * path can be. */
static int open_deep(int folder, const char *whole)
{
    cleanup_close int from = -1;
    cleanup_free char *copy = strdup(*whole ? whole : ".");
    char *path = copy;
    if (!copy)
        return -ENOMEM;
    while (strlen(path) > CHUNK_MAX) {
        char *end = path + CHUNK_MAX;
        while (*end != '/')
            end--; /* a name is shorter than a piece */
        *end = '\0';
        int next = open_beneath(from >= 0 ? from : folder, path, O_PATH | O_DIRECTORY);
        (void)close_fd(from);
        from = next;
        if (from < 0)
            return from;
        path = end + 1;
    }
    return open_beneath(from >= 0 ? from : folder, path, O_RDONLY | O_DIRECTORY);
}

static int fail(const struct adoption *adoption, const char *name, int error)
{
    (void)buffer_append_string(adoption->problem, "cannot count ");
    (void)text_append_quoted(adoption->problem, name, strlen(name));
    (void)buffer_append_format(adoption->problem, ": %s", strerror(-error));
    return error;
}

/* Marks what FD is. */
static int mark(struct adoption *adoption, int fd, bool directory)
{
    struct fsxattr attributes;
    if (ioctl(fd, FS_IOC_FSGETXATTR, &attributes) < 0)
        return -errno;
    uint32_t wanted = attributes.fsx_xflags | (directory ? FS_XFLAG_PROJINHERIT : 0);
    if (attributes.fsx_projid == adoption->uid && attributes.fsx_xflags == wanted)
        return 0;
    adoption->changed++;
    if (!adoption->change)
        return 0;
    attributes.fsx_projid = adoption->uid;
    attributes.fsx_xflags = wanted;
    return ioctl(fd, FS_IOC_FSSETXATTR, &attributes) < 0 ? -errno : 0;
}

/* A file: opened without any effect on it, as it may have become a device since it was looked at.
 */
static int visit_file(struct adoption *adoption, int directory, const char *name)
{
    cleanup_close int path = open_beneath(directory, name, O_PATH);
    struct stat status;
    if (path < 0)
        return path == -ENOENT ? 0 : path;
    if (fstat(path, &status) < 0)
        return -errno;
    /* A link to somebody else's file, which has its other name in another project. */
    if (!S_ISREG(status.st_mode) || (status.st_nlink > 1 && status.st_uid != adoption->owner))
        return 0;
    char again[64];
    (void)snprintf(again, sizeof(again), "/proc/self/fd/%d", path);
    cleanup_close int fd = open(again, O_RDONLY | O_NONBLOCK | O_NOATIME | O_CLOEXEC);
    return fd < 0 ? -errno : mark(adoption, fd, false);
}

static int push(struct adoption *adoption, const char *parent, const char *name)
{
    int r = buffer_append_format(&adoption->pending, "%s%s%s", parent, *parent ? "/" : "", name);
    return r < 0 ? r : buffer_append(&adoption->pending, "", 1);
}

/* The path that was pushed last; the caller frees it. NULL without memory. */
static char *pop(struct adoption *adoption)
{
    const char *begin = buffer_begin(&adoption->pending);
    size_t size = buffer_size(&adoption->pending) - 1;
    while (size > 0 && begin[size - 1] != '\0')
        size--;
    char *path = strdup(begin + size);
    adoption->pending.end = adoption->pending.start + size;
    return path;
}

static int visit_entry(struct adoption *adoption, int directory, const char *path,
                       const struct dirent *entry)
{
    const char *name = entry->d_name;
    struct stat status;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    if (fstatat(directory, name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    if (S_ISDIR(status.st_mode))
        return push(adoption, path, name);
    return S_ISREG(status.st_mode) ? visit_file(adoption, directory, name) : 0;
}

/* The directory PATH, and what is in it; the directories in it are pushed. */
static int visit_directory(struct adoption *adoption, const char *path)
{
    cleanup_close int fd = open_deep(adoption->folder, path);
    if (*path && (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP || fd == -EXDEV))
        return 0; /* gone, replaced, or a mount */
    if (fd < 0)
        return fail(adoption, path, fd);
    int r = *path ? mark(adoption, fd, true) : 0;
    if (r < 0)
        return fail(adoption, path, r);
    cleanup_closedir DIR *stream = fdopendir(fd);
    if (!stream)
        return fail(adoption, path, -errno);
    int directory = take_fd(&fd);
    for (const struct dirent *entry; (entry = readdir(stream));) {
        r = visit_entry(adoption, directory, path, entry);
        if (r < 0)
            return fail(adoption, entry->d_name, r);
    }
    return 0;
}

static int visit_all(struct adoption *adoption)
{
    int r = push(adoption, "", "");
    while (r == 0 && buffer_size(&adoption->pending) > 0) {
        cleanup_free char *path = pop(adoption);
        r = path ? visit_directory(adoption, path) : -ENOMEM;
    }
    return r;
}

int quota_project_adopt(int folder, uid_t uid, bool change, uint64_t *ret_changed,
                        struct buffer *problem)
{
    struct adoption adoption = {.folder = folder, .uid = uid, .change = change, .problem = problem};
    struct stat status;
    if (fstat(folder, &status) < 0)
        return -errno;
    adoption.owner = status.st_uid;
    buffer_init(&adoption.pending, PENDING_MAX);
    int r = visit_all(&adoption);
    uint64_t before = adoption.changed;
    if (r == 0)
        r = mark(&adoption, folder, true);
    if (r == 0 && change && adoption.changed > before)
        r = visit_all(&adoption);
    buffer_free(&adoption.pending);
    *ret_changed = adoption.changed;
    return r;
}
