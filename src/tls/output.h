/*
 * Records that wait to be sent: gathered, so that many go with one system call. Private to src/tls.
 * It never grows past its limit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct output {
    uint8_t *bytes; /* NULL while there is nothing */
    size_t start;   /* first byte that the kernel has not taken */
    size_t end;
    size_t allocated;
};

static inline bool output_is_empty(const struct output *output)
{
    return output->start == output->end;
}

/* Makes room for SIZE more bytes. -ENOBUFS past the limit, -ENOMEM. */
int output_reserve(struct output *output, size_t size);
/* Appends; all or nothing. */
int output_append(struct output *output, const void *bytes, size_t size);
/* Hands over to the socket FD what it takes. 0 when nothing is left, -EAGAIN, or the error of
 * send(2). */
int output_send(struct output *output, int fd);
/* Releases the memory, with what is in it. */
void output_free(struct output *output);
