/* Directory listings: what the kernel is asked about entries, and how their paths are opened. See
 * listing_private.h. */
#include "session/listing_private.h"

#include "lib/cleanup.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

int listing_look(int fd, const char *name, int flags, struct statx *ret)
{
    /* The attributes that a network file system has cached are good enough for a list. */
    flags |= AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT;
    return statx(fd, name, flags, STATX_BASIC_STATS | STATX_MNT_ID, ret) < 0 ? -errno : 0;
}

bool listing_follows_links(const struct listing_view *view)
{
    return !view->no_links && (!view->deny_names || !view->deny_names[0]);
}

/* openat2 of a path of the client. */
static int open_path_of_client(const struct listing_view *view, const char *path, uint64_t flags)
{
    const struct open_how how = {
        .flags = flags | O_CLOEXEC,
        .resolve = listing_follows_links(view) ? 0 : RESOLVE_NO_SYMLINKS,
    };
    long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
    return fd < 0 ? -errno : (int)fd;
}

int listing_look_at_path(const struct listing_view *view, const char *path, struct statx *ret)
{
    cleanup_close int fd = open_path_of_client(view, path, O_PATH | O_NOFOLLOW);
    return fd < 0 ? fd : listing_look(fd, "", AT_EMPTY_PATH, ret);
}

int listing_open_directory(const struct listing_view *view, const char *path)
{
    return open_path_of_client(view, path, O_RDONLY | O_DIRECTORY);
}

int listing_open_folder(int top, const char *path)
{
    const struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_NO_SYMLINKS,
    };
    long fd = syscall(SYS_openat2, top, path, &how, sizeof(how));
    return fd < 0 ? -errno : (int)fd;
}
