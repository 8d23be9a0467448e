/*
 * Removing a tree of any depth without recursion and without "..": see tree.h.
 *
 * A directory that is not empty is moved up to the top before it is emptied, so that there are
 * never more than two levels to look at: the top, and one directory in it whose own directories
 * move up in turn. Each directory moves once. Nothing has to be remembered on the way down, and
 * there is no way up that a rename by somebody else could lead astray.
 */
#include "lib/tree.h"

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/text.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

/* Each pass over the top takes away at least one level. A tree that is refilled while we empty it
 * ends here at last. */
enum { PASSES_MAX = 1000000, MOVED_NAME_MAX = 64 };

struct removal {
    int top;
    uint64_t moved; /* directories moved up so far: the next one's name */
    struct buffer *problem;
};

static int fail(struct removal *removal, const char *name, int error)
{
    (void)buffer_append_string(removal->problem, "cannot remove ");
    (void)text_append_quoted(removal->problem, name, strlen(name));
    const char *why = error == -EBUSY || error == -EXDEV ? "it is a mount point; unmount it first"
                                                         : strerror(-error);
    (void)buffer_append_format(removal->problem, ": %s", why);
    return error;
}

/* Opens the directory NAME in TOP: no symbolic link, no other mount. */
static int open_directory(int top, const char *name)
{
    struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
        .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV | RESOLVE_BENEATH,
    };
    for (;;) {
        long fd = syscall(SYS_openat2, top, name, &how, sizeof(how));
        if (fd >= 0)
            return (int)fd;
        if (errno != EAGAIN) /* a rename somewhere on the machine got in the way */
            return -errno;
    }
}

/* The next entry of STREAM but "." and "..", NULL at the end or with *RET_ERROR set. */
static const struct dirent *next_entry(DIR *stream, int *ret_error)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry) {
            *ret_error = -errno;
            return NULL;
        }
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return entry;
    }
}

/* Takes NAME away if it is no directory or an empty one. 1 for a directory with something in it. */
static int remove_simple(int directory, const char *name)
{
    if (unlinkat(directory, name, 0) == 0 || errno == ENOENT)
        return 0;
    if (errno != EISDIR)
        return -errno;
    if (unlinkat(directory, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
        return 0;
    return errno == ENOTEMPTY || errno == EEXIST ? 1 : -errno;
}

static int move_to_top(struct removal *removal, int directory, const char *name)
{
    for (;;) {
        char moved[MOVED_NAME_MAX];
        (void)snprintf(moved, sizeof(moved), ".cellftpd-removed-%ju", (uintmax_t)removal->moved++);
        if (renameat2(directory, name, removal->top, moved, RENAME_NOREPLACE) == 0 ||
            errno == ENOENT)
            return 0;
        if (errno != EEXIST)
            return -errno;
    }
}

/* Empties the directory NAME of the top; its own directories end up in the top. */
static int flatten(struct removal *removal, const char *name)
{
    cleanup_close int directory = open_directory(removal->top, name);
    if (directory == -ENOENT || directory == -ENOTDIR || directory == -ELOOP)
        return 0; /* gone or replaced in this moment: the next pass sees what it is now */
    if (directory < 0)
        return fail(removal, name, directory);

    cleanup_closedir DIR *stream = NULL;
    int r = directory_stream(directory, &stream);
    if (r < 0)
        return fail(removal, name, r);

    const struct dirent *entry;
    while ((entry = next_entry(stream, &r)) != NULL) {
        int full = remove_simple(directory, entry->d_name);
        if (full > 0)
            full = move_to_top(removal, directory, entry->d_name);
        if (full < 0)
            return fail(removal, entry->d_name, full);
    }
    return r < 0 ? fail(removal, name, r) : 0;
}

/* One pass over the top. 1 if there was anything in it, 0 if it is empty. */
static int pass_over(struct removal *removal)
{
    cleanup_closedir DIR *stream = NULL;
    int r = directory_stream(removal->top, &stream);
    if (r < 0)
        return fail(removal, ".", r);

    int found = 0;
    const struct dirent *entry;
    while ((entry = next_entry(stream, &r)) != NULL) {
        found = 1;
        int full = remove_simple(removal->top, entry->d_name);
        if (full < 0)
            return fail(removal, entry->d_name, full);
        if (full > 0) {
            r = flatten(removal, entry->d_name);
            if (r < 0)
                return r;
        }
    }
    return r < 0 ? fail(removal, ".", r) : found;
}

int tree_empty(int directory, struct buffer *problem)
{
    struct removal removal = {.top = directory, .problem = problem};
    for (unsigned pass = 0; pass < PASSES_MAX; pass++) {
        int r = pass_over(&removal);
        if (r <= 0)
            return r;
    }
    return fail(&removal, ".", -ELOOP);
}
