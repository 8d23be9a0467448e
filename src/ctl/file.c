/* Files of the administrator's: see file.h. */
#include "ctl/file.h"

#include "lib/cleanup.h"
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int file_load(const char *path, struct buffer *ret)
{
    enum { PIECE = 65536 };
    cleanup_close int fd = open(path, O_RDONLY | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (S_ISREG(status.st_mode) &&
        ((status.st_uid != 0 && status.st_uid != getuid()) || (status.st_mode & S_IWOTH)))
        return -EPERM;
    for (;;) {
        char *room;
        int r = buffer_reserve(ret, PIECE, &room);
        if (r < 0)
            return r == -ENOBUFS ? -EFBIG : r;
        ssize_t size = read(fd, room, PIECE - 1);
        if (size < 0 && errno != EINTR)
            return -errno;
        if (size == 0) {
            *room = '\0';
            return 0;
        }
        if (size > 0)
            buffer_commit(ret, (size_t)size);
    }
}

int file_store(const char *path, const char *bytes, size_t size, bool replace)
{
    cleanup_free char *part = NULL;
    if (asprintf(&part, "%s.part", path) < 0)
        return -ENOMEM;
    if (!replace && access(path, F_OK) == 0)
        return -EEXIST;
    if (unlink(part) < 0 && errno != ENOENT)
        return -errno;
    cleanup_close int fd =
        open(part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd < 0)
        return -errno;
    int r = write_all(fd, bytes, size);
    if (r == 0 && fsync(fd) < 0)
        r = -errno;
    if (r == 0 && renameat2(AT_FDCWD, part, AT_FDCWD, path, replace ? 0 : RENAME_NOREPLACE) < 0)
        r = -errno;
    if (r < 0)
        (void)unlink(part);
    return r;
}
