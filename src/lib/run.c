/* The run directory: see run.h. It never changes one that is there. */
#include "lib/run.h"

#include "lib/cleanup.h"
#include "lib/file.h"

#include <fcntl.h>
#include <sys/stat.h>

int run_directory_open(const struct config *config)
{
    /* chmod: the umask is ours, but others look for things in there. */
    if (mkdir(config->directories_run, 0755) == 0 ? chmod(config->directories_run, 0755) < 0
                                                  : errno != EEXIST)
        return -errno;
    cleanup_close int fd = directory_open(config->directories_run, O_RDONLY);
    if (fd < 0)
        return fd;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)))
        return -EPERM;
    return take_fd(&fd);
}
