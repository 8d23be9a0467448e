/* Marks in the run directory: see mark.h. A mark is a file with one byte in it, and its time. */
#include "lib/mark.h"

#include "lib/cleanup.h"
#include "lib/run.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

int mark_take(const struct config *config, const char *name, time_t seconds)
{
    cleanup_close int run = run_directory_open(config);
    if (run < 0)
        return run;
    cleanup_close int fd =
        openat(run, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    struct stat status;
    if (fd < 0 || flock(fd, LOCK_EX) < 0 || fstat(fd, &status) < 0)
        return -errno;
    /* One from the future was made before the clock was set back. */
    time_t age = time(NULL) - status.st_mtime;
    if (status.st_size > 0 && age >= 0 && age < seconds)
        return 0;
    return pwrite(fd, "\n", 1, 0) == 1 ? 1 : -errno;
}
