/* Maintenance: see drain.h. It makes and removes one empty file. */
#include "lib/drain.h"

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/run.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>

enum { DRAIN_PATH_MAX = PATH_MAX };
static const char drain_name[] = "drain";

bool drain_is_on(const struct config *config)
{
    char path[DRAIN_PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s/%s", config->directories_run, drain_name);
    return faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int drain_since(const struct config *config, time_t *ret)
{
    *ret = 0;
    cleanup_close int run = directory_open(config->directories_run, O_PATH);
    struct stat status;
    if (run < 0)
        return run == -ENOENT ? 0 : run;
    if (fstatat(run, drain_name, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    *ret = status.st_mtime;
    return 0;
}

int drain_begin(const struct config *config)
{
    cleanup_close int run = run_directory_open(config);
    if (run < 0)
        return run;
    cleanup_close int fd =
        openat(run, drain_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == EEXIST ? 0 : -errno;
    return 1;
}

int drain_end(const struct config *config)
{
    cleanup_close int run = directory_open(config->directories_run, O_PATH);
    if (run < 0)
        return run == -ENOENT ? 0 : run;
    if (unlinkat(run, drain_name, 0) < 0)
        return errno == ENOENT ? 0 : -errno;
    return 1;
}
