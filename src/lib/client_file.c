/*
 * The files tls.client_ca and tls.client_crl: see client_certificate.h. The monitor opens them for
 * the verifier, which reads them; whoever checks the configuration does both. Nothing here looks at
 * what is in them.
 */
#include "lib/client_certificate.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int client_file_open(const char *path)
{
    cleanup_close int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) < 0)
        return -errno;
    if (!S_ISREG(status.st_mode) || status.st_uid != 0 || (status.st_mode & (S_IWGRP | S_IWOTH)))
        return -EPERM;
    return take_fd(&fd);
}

const char *client_file_fault(int error)
{
    return error == -EPERM ? "it must be a file of root's that only root can change"
                           : strerror(-error);
}

int client_file_read(int fd, struct client_file *ret)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    if (status.st_size > CLIENT_FILE_MAX)
        return -EFBIG;
    ret->bytes = malloc((size_t)status.st_size + 1);
    if (!ret->bytes)
        return -ENOMEM;
    while (ret->size < (size_t)status.st_size) {
        ssize_t size = read(fd, ret->bytes + ret->size, (size_t)status.st_size - ret->size);
        if (size < 0 && errno != EINTR)
            return -errno;
        if (size == 0)
            break;
        ret->size += size > 0 ? (size_t)size : 0;
    }
    return 0;
}

void client_file_free(struct client_file *file)
{
    free(file->bytes);
}
