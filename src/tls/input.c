/*
 * Reading many records at once. See input.h.
 */
#include "tls/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { INPUT_SIZE = 256 << 10 };

long socket_receive(int fd, void *bytes, size_t size)
{
    ssize_t got;
    do {
        got = recv(fd, bytes, size, MSG_DONTWAIT);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

long input_receive(struct input *input, int fd, void *bytes, size_t size)
{
    if (input_is_empty(input)) {
        if (!input->bytes)
            input->bytes = malloc(INPUT_SIZE);
        if (!input->bytes)
            return -ENOMEM;
        long got = socket_receive(fd, input->bytes, INPUT_SIZE);
        if (got <= 0)
            return got;
        input->start = 0;
        input->end = (size_t)got;
    }
    size_t ready = input->end - input->start;
    if (size > ready)
        size = ready;
    memcpy(bytes, input->bytes + input->start, size);
    input->start += size;
    return (long)size;
}

void input_free(struct input *input)
{
    free(input->bytes);
    *input = (struct input){0};
}
