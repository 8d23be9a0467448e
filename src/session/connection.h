/*
 * A connection of the client's, control or data, in clear or under TLS: the only place of the
 * session that reads and writes sockets. Once a connection is under TLS, nothing gets past it in
 * clear, not even an error: there is no other way to its socket than these functions. Private to
 * src/session.
 *
 * Errors are negative errno; -EAGAIN means: wait for connection_events().
 */
#pragma once

#include "lib/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct connection {
    int fd;                        /* -1: there is none */
    const struct tls_library *tls; /* NULL in clear */
    struct tls_stream *stream;
};

/* In clear, over FD, which it owns from then on; -1 for none. */
void connection_init(struct connection *connection, int fd);
/* Under TLS from here on: the handshake must come first. */
int connection_protect(struct connection *connection, const struct tls_library *library,
                       struct tls *tls, enum tls_purpose purpose);
/* Closes it without a word of TLS. */
void connection_close(struct connection *connection);

/* 0 when the handshake is done, -EAGAIN, or its failure. At once 0 in clear. */
int connection_handshake(struct connection *connection);
/* The next byte in clear, which stays where it is; -EAGAIN, -ECONNRESET at the end. */
int connection_peek(const struct connection *connection);
/* Up to SIZE bytes; 0 at the end, which under TLS is the client's close_notify: without one it is
 * -ECONNABORTED. */
ssize_t connection_read(struct connection *connection, void *bytes, size_t size);
ssize_t connection_write(struct connection *connection, const void *bytes, size_t size);
/* The same out of a file; -EOPNOTSUPP where only connection_write() is possible. */
ssize_t connection_send_file(struct connection *connection, int file, off_t offset, size_t size);
/* Everything that was written is with the kernel: 0, or -EAGAIN. */
int connection_flush(struct connection *connection);
/* Flushes, and under TLS says close_notify. */
int connection_finish(struct connection *connection);
/* True if there is something to be read that poll(2) does not know of. */
bool connection_pending(const struct connection *connection);
/* What to poll for to be able to do EVENTS (POLLIN, POLLOUT). */
short connection_events(const struct connection *connection, short events);
