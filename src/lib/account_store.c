/* The users directory, opened and locked: see account_store.h. */
#include "lib/account_store.h"

#include "lib/cleanup.h"
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { USERS_MODE = 0700 };

static int fail(struct buffer *problem, const char *path, int error)
{
    if (error == -ENOENT) {
        (void)buffer_append_format(problem, "the directory %s does not exist", path);
        return error;
    }
    const char *why = error == -ELOOP || error == -ENOTDIR
                          ? "is reached by a symbolic link, or is no directory"
                          : strerror(-error);
    (void)buffer_append_format(problem, "%s: %s", path, why);
    return error;
}

/* Makes the last component of PATH only: a missing parent is a typing error or a disk that is not
 * mounted. */
static int make_directory(const char *path, mode_t mode, struct buffer *problem)
{
    cleanup_free char *parent = strdup(path);
    if (!parent)
        return -ENOMEM;
    size_t size = strlen(parent);
    while (size > 1 && parent[size - 1] == '/')
        parent[--size] = '\0';
    char *slash = strrchr(parent, '/');
    if (!slash || slash[1] == '\0')
        return -EINVAL;
    *slash = '\0';

    cleanup_close int fd = directory_open(slash == parent ? "/" : parent, O_RDONLY);
    if (fd == -ENOENT) {
        (void)buffer_append_format(problem,
                                   "the directory %s, in which %s is to be made, does not exist; "
                                   "make it, or mount the disk it is on",
                                   parent, slash + 1);
        return fd;
    }
    if (fd < 0)
        return fail(problem, parent, fd);
    if (mkdirat(fd, slash + 1, 0700) < 0)
        return errno == EEXIST ? 0 : fail(problem, path, -errno); /* or another has just made it */
    cleanup_close int made = openat(fd, slash + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (made < 0 || fchmod(made, mode) < 0 || fsync(fd) < 0) /* whatever the umask is */
        return fail(problem, path, -errno);
    return 0;
}

int account_directory_open(const char *path, mode_t make, int *ret, struct buffer *problem)
{
    int r = directory_open(path, O_RDONLY);
    if (r == -ENOENT && make != 0) {
        r = make_directory(path, make, problem);
        if (r < 0)
            return r;
        r = directory_open(path, O_RDONLY);
    }
    if (r < 0)
        return fail(problem, path, r);

    cleanup_close int fd = r;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return fail(problem, path, -errno);
    if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH))) {
        (void)buffer_append_format(problem,
                                   "%s must belong to root and be writable by nobody else "
                                   "(it is uid %u's, mode %04o)",
                                   path, status.st_uid, status.st_mode & 07777u);
        return -EPERM;
    }
    *ret = take_fd(&fd);
    return 0;
}

/* Opens the directory, and locks it if it is to be changed. */
static int open_users(const struct config *config, enum account_store_mode mode, int *ret,
                      struct buffer *problem)
{
    cleanup_close int users = -1;
    int r = account_directory_open(config->directories_users,
                                   mode == ACCOUNT_STORE_CREATE ? USERS_MODE : 0, &users, problem);
    if (r < 0)
        return r;
    while (mode != ACCOUNT_STORE_READ && flock(users, LOCK_EX) < 0)
        if (errno != EINTR)
            return fail(problem, config->directories_users, -errno);
    *ret = take_fd(&users);
    return 0;
}

/* False if another directory has the PATH by now. */
static bool is_at(int fd, const char *path)
{
    struct stat ours, there;
    return fstat(fd, &ours) == 0 &&
           (stat(path, &there) < 0 || (ours.st_dev == there.st_dev && ours.st_ino == there.st_ino));
}

int account_store_open(const struct config *config, enum account_store_mode mode,
                       struct account_store *ret, struct buffer *problem)
{
    *ret = (struct account_store){.config = config, .users = -1, .hint = -1};

    cleanup_close int users = -1;
    int r = open_users(config, mode, &users, problem);
    /* Who waited for the lock while the accounts were restored has that of the old ones. */
    while (r == 0 && mode != ACCOUNT_STORE_READ && !is_at(users, config->directories_users)) {
        users = close_fd(users);
        r = open_users(config, mode, &users, problem);
    }
    if (r < 0)
        return r;
    ret->users = take_fd(&users);
    if (mode != ACCOUNT_STORE_READ)
        account_uid_begin(ret);
    return 0;
}

void account_store_close(struct account_store *store)
{
    if (store->users < 0)
        return;
    account_uid_end(store); /* does nothing in a store that was only read */
    store->hint = close_fd(store->hint);
    store->users = close_fd(store->users);
}
