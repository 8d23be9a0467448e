/*
 * Gathering of records. See output.h.
 */
#include "tls/output.h"

#include "lib/tls.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    OUTPUT_FIRST = 4 << 10,
    /* What one write() makes, and beside it what TLS itself has to say: a flight of a handshake
     * with its chain, tickets, alerts. */
    OUTPUT_MAX = TLS_RECORDS_MAX + (64 << 10),
};

int output_reserve(struct output *output, size_t size)
{
    if (output->allocated - output->end >= size)
        return 0;
    if (size > OUTPUT_MAX - output->end)
        return -ENOBUFS;
    size_t wanted = output->allocated ? output->allocated : OUTPUT_FIRST;
    while (wanted < output->end + size)
        wanted *= 2;
    if (wanted > OUTPUT_MAX)
        wanted = OUTPUT_MAX;
    uint8_t *bytes = realloc(output->bytes, wanted);
    if (!bytes)
        return -ENOMEM;
    output->bytes = bytes;
    output->allocated = wanted;
    return 0;
}

int output_append(struct output *output, const void *bytes, size_t size)
{
    int error = output_reserve(output, size);
    if (error < 0)
        return error;
    memcpy(output->bytes + output->end, bytes, size);
    output->end += size;
    return 0;
}

int output_send(struct output *output, int fd)
{
    while (!output_is_empty(output)) {
        ssize_t sent = send(fd, output->bytes + output->start, output->end - output->start,
                            MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0)
            return -errno;
        output->start += (size_t)sent;
    }
    output->start = 0;
    output->end = 0;
    return 0;
}

void output_free(struct output *output)
{
    free(output->bytes);
    *output = (struct output){0};
}
