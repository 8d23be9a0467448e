/* The skeleton of a new folder: see skeleton.h. */
#include "lib/skeleton.h"

#include "lib/account_store.h"
#include "lib/cleanup.h"
#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>

struct copying {
    const char *path; /* of the skeleton, for words */
    uid_t uid;
    unsigned entries;
    struct buffer *problem;
};

static int fail(struct copying *copying, const char *name, int error, const char *why)
{
    (void)buffer_append_format(copying->problem, "%s: ", copying->path);
    (void)text_append_quoted(copying->problem, name, strlen(name));
    (void)buffer_append_format(copying->problem, ": %s", why ? why : strerror(-error));
    return error;
}

/* Opens NAME in DIRECTORY: nothing but what has just that name there, on the same file system. */
static int open_entry(int directory, const char *name, unsigned flags)
{
    struct open_how how = {
        .flags = flags | O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
        .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_BENEATH,
    };
    for (;;) {
        long fd = syscall(SYS_openat2, directory, name, &how, sizeof(how));
        if (fd >= 0)
            return (int)fd;
        if (errno != EAGAIN) /* a rename somewhere on the machine got in the way */
            return -errno;
    }
}

/* The entries of the open DIRECTORY, which stays with the caller. */
static int open_stream(int directory, DIR **ret)
{
    cleanup_close int own = open_entry(directory, ".", O_DIRECTORY);
    if (own < 0)
        return own;
    *ret = fdopendir(own);
    if (!*ret)
        return -errno;
    (void)take_fd(&own);
    return 0;
}

/* The next entry but "." and "..". NULL at the end, or with *RET_ERROR set. */
static const struct dirent *next_entry(DIR *stream, int *ret_error)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        *ret_error = entry ? 0 : -errno;
        if (!entry || (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0))
            return entry;
    }
}

/* What is copied: a regular file or a directory. */
static bool is_copied(int from, const char *name, struct stat *ret)
{
    return fstatat(from, name, ret, AT_SYMLINK_NOFOLLOW) == 0 &&
           (S_ISREG(ret->st_mode) || S_ISDIR(ret->st_mode));
}

/* -EEXIST if there is something in TO that FROM (-1: no skeleton) has not put there. */
static int refuse_strangers(int from, int to)
{
    cleanup_closedir DIR *stream = NULL;
    int r = open_stream(to, &stream);
    const struct dirent *entry;
    while (r == 0 && (entry = next_entry(stream, &r)) != NULL) {
        struct stat ours, theirs;
        if (from < 0 || !is_copied(from, entry->d_name, &ours) ||
            fstatat(to, entry->d_name, &theirs, AT_SYMLINK_NOFOLLOW) < 0 ||
            (ours.st_mode & S_IFMT) != (theirs.st_mode & S_IFMT))
            r = -EEXIST;
    }
    return r;
}

/* Given away before it is left: its mode first, because only the owner may change that. */
static int give(struct copying *copying, int fd, mode_t mode)
{
    if (fchmod(fd, mode) < 0 || fchown(fd, copying->uid, copying->uid) < 0 || fsync(fd) < 0)
        return -errno;
    return 0;
}

static int copy_file(struct copying *copying, int from, int to, const char *name,
                     const struct stat *status)
{
    cleanup_close int source = open_entry(from, name, 0);
    if (source < 0)
        return source;
    /* What is there is half of an earlier copy. */
    if (unlinkat(to, name, 0) < 0 && errno != ENOENT)
        return -errno;
    cleanup_close int target =
        openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target < 0)
        return -errno;
    for (off_t left = status->st_size; left > 0;) {
        ssize_t moved = sendfile(target, source, NULL, (size_t)left);
        if (moved <= 0)
            return moved < 0 ? -errno : 0; /* it became shorter */
        left -= moved;
    }
    return give(copying, target, (status->st_mode & 0777) | S_IRUSR | S_IWUSR);
}

static int copy_directory(struct copying *copying, int from, int to, unsigned depth);

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than SKELETON_DEPTH_MAX */
static int copy_subdirectory(struct copying *copying, int from, int to, const char *name,
                             const struct stat *status, unsigned depth)
{
    if (depth == SKELETON_DEPTH_MAX)
        return fail(copying, name, -ELOOP, "the skeleton is too deep");
    cleanup_close int source = open_entry(from, name, O_DIRECTORY);
    if (source < 0)
        return source;
    if (mkdirat(to, name, 0700) < 0 && errno != EEXIST)
        return -errno;
    cleanup_close int target = open_entry(to, name, O_DIRECTORY);
    if (target < 0)
        return target;
    int r = copy_directory(copying, source, target, depth + 1);
    return r < 0 ? r : give(copying, target, (status->st_mode & 0777) | S_IRWXU);
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than SKELETON_DEPTH_MAX */
static int copy_directory(struct copying *copying, int from, int to, unsigned depth)
{
    cleanup_closedir DIR *stream = NULL;
    int r = refuse_strangers(from, to);
    if (r == 0)
        r = open_stream(from, &stream);
    const struct dirent *entry;
    while (r == 0 && (entry = next_entry(stream, &r)) != NULL) {
        struct stat status;
        if (!is_copied(from, entry->d_name, &status))
            continue;
        if (++copying->entries > SKELETON_ENTRIES_MAX)
            return fail(copying, entry->d_name, -EFBIG, "the skeleton has too many entries");
        r = S_ISDIR(status.st_mode)
                ? copy_subdirectory(copying, from, to, entry->d_name, &status, depth)
                : copy_file(copying, from, to, entry->d_name, &status);
        if (r < 0 && r != -EEXIST && buffer_size(copying->problem) == 0)
            return fail(copying, entry->d_name, r, NULL);
    }
    return r;
}

int skeleton_copy(const struct config *config, int folder, uid_t uid, struct buffer *problem)
{
    cleanup_close int skeleton = -1;
    struct copying copying = {.path = config->accounts_skeleton, .uid = uid, .problem = problem};
    int r = account_directory_open(config->accounts_skeleton, 0, &skeleton, problem);
    if (r < 0 && r != -ENOENT)
        return r;
    if (r == -ENOENT) {
        buffer_clear(problem);
        return refuse_strangers(-1, folder);
    }
    return copy_directory(&copying, skeleton, folder, 0);
}
