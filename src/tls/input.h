/*
 * Records that one system call brought and OpenSSL has not asked for yet. OpenSSL's own read-ahead
 * (SSL_set_read_ahead(3)) would move all that follows a record to align the next one, each time:
 * for many records at once this is cheaper. Private to src/tls.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input {
    uint8_t *bytes; /* NULL until the first byte */
    size_t start;
    size_t end;
};

static inline bool input_is_empty(const struct input *input)
{
    return input->start == input->end;
}

/* recv(2) without waiting: the number of bytes, 0 at the end, or a negative errno. */
long socket_receive(int fd, void *bytes, size_t size);
/* Up to SIZE bytes of those that are there, else of the socket FD. 0 at its end, -EAGAIN, -ENOMEM
 * or another negative errno. */
long input_receive(struct input *input, int fd, void *bytes, size_t size);
/* Releases the memory, with what is in it. */
void input_free(struct input *input);
