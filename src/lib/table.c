/* Tables in directories.run: see table.h. */
#include "lib/table.h"

#include "lib/cleanup.h"
#include "lib/run.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static int file_open(const struct config *config, const char *name)
{
    enum { FLAGS = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW };
    cleanup_free char *path = NULL;
    if (asprintf(&path, "%s/%s", config->directories_run, name) < 0)
        return -ENOMEM;
    int fd = open(path, FLAGS, 0600);
    if (fd >= 0 || errno != ENOENT)
        return fd < 0 ? -errno : fd;
    /* The first connection since the machine was started, or somebody who asks before it. */
    cleanup_close int run = run_directory_open(config);
    if (run < 0)
        return run;
    fd = openat(run, name, FLAGS, 0600);
    return fd < 0 ? -errno : fd;
}

int table_open(const struct config *config, const char *name, size_t size, int *ret_fd,
               void **ret_table)
{
    cleanup_close int fd = file_open(config, name);
    if (fd < 0)
        return fd;
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode) || status.st_uid != geteuid())
        return -EPERM;
    int error = (size_t)status.st_size < size ? posix_fallocate(fd, 0, (off_t)size) : 0;
    if (error != 0)
        return -error;

    void *table = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (table == MAP_FAILED)
        return -errno;
    *ret_fd = take_fd(&fd);
    *ret_table = table;
    return 0;
}

void table_unmap(void *table, size_t size)
{
    (void)munmap(table, size);
}
