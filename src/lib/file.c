/* Files and descriptors of the server itself: see file.h. */
#include "lib/file.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

int directory_open(const char *path, int flags)
{
    if (path[0] != '/')
        return -EINVAL;

    /* O_NOFOLLOW looks at the last component only; openat2(2) looks at all of them. */
    struct open_how how = {
        .flags = (unsigned)(flags | O_DIRECTORY | O_CLOEXEC),
        .resolve = RESOLVE_NO_SYMLINKS,
    };
    long fd = syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
    return fd < 0 ? -errno : (int)fd;
}

int write_all(int fd, const void *bytes, size_t size)
{
    const char *next = bytes;
    while (size > 0) {
        ssize_t written = write(fd, next, size);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return written < 0 ? -errno : -EIO;
        next += written;
        size -= (size_t)written;
    }
    return 0;
}

int directory_stream(int fd, DIR **ret)
{
    cleanup_close int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (own < 0)
        return -errno;
    *ret = fdopendir(own);
    if (!*ret)
        return -errno;
    (void)take_fd(&own);
    return 0;
}
