/* The state directory: see state.h. It never changes one that is there. */
#include "lib/state.h"

#include "lib/cleanup.h"
#include "lib/file.h"

#include <fcntl.h>
#include <sys/stat.h>

int state_directory_open(const struct config *config)
{
    if (mkdir(config->directories_state, 0700) < 0 && errno != EEXIST)
        return -errno;
    cleanup_close int fd = directory_open(config->directories_state, O_RDONLY);
    if (fd < 0)
        return fd;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (status.st_uid != geteuid() || (status.st_mode & (S_IWGRP | S_IWOTH)))
        return -EPERM;
    return take_fd(&fd);
}
