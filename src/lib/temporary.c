/* Unfinished uploads, as anybody sees them: see temporary.h. */
#include "lib/temporary.h"

#include "lib/cleanup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

/* Seconds without a change before a free lock means a dead owner. */
enum { SETTLED = 10 };

bool name_is_temporary(const char *name)
{
    return strncmp(name, NAME_TEMPORARY_PREFIX, sizeof(NAME_TEMPORARY_PREFIX) - 1) == 0;
}

int temporary_look(int directory, const char *name)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    cleanup_close int fd = openat(directory, name, flags);
    struct stat status;
    struct timespec now;
    if (fd < 0 || fstat(fd, &status) < 0 || clock_gettime(CLOCK_REALTIME, &now) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode))
        return TEMPORARY_OTHER;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? TEMPORARY_RUNNING : -errno;
    bool recent =
        now.tv_sec - status.st_mtim.tv_sec < SETTLED && now.tv_sec >= status.st_mtim.tv_sec;
    return recent ? TEMPORARY_NEW : TEMPORARY_ABANDONED;
}
