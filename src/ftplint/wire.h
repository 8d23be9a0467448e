/*
 * A connection that does exactly as told: bytes as they are given, at the pace and in the order
 * that the test wants, closed half, whole or by force, with or without TLS. The base of control
 * and data connections; only src/ftplint uses it. It never interprets a byte.
 */
#pragma once

#include "lib/buffer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct dialogue;
struct tls;

/* More that nobody has read is not held, but for data connections (data.c). */
enum { WIRE_INPUT_MAX = 8 << 20 };

/* What waiting for bytes came to; errors are negative errno. -ETIMEDOUT: nothing in time. */
enum { WIRE_END = 0 };

/* How the other side ended what it sends. */
enum wire_end {
    WIRE_OPEN,      /* not yet */
    WIRE_CLOSED,    /* FIN; under TLS after close_notify */
    WIRE_TRUNCATED, /* under TLS: FIN without close_notify */
    WIRE_RESET,     /* RST or another error of the socket */
};

struct wire {
    int fd;          /* -1: not open */
    struct tls *tls; /* NULL: in clear */
    enum wire_end end;
    unsigned number; /* in the dialogue */
    bool data;
    struct dialogue *dialogue;
    struct buffer input; /* received and not yet read */
    uint64_t received;   /* bytes, in all */
    uint64_t sent;
    /* clock_msec() from which on nothing more comes for who has asked, however often: a server may
     * send a byte again and again just in time. The exam's; NULL: there is none. */
    const uint64_t *deadline;
};

void wire_init(struct wire *wire, struct dialogue *dialogue, unsigned number, bool data);

/* Connects within TIMEOUT milliseconds; SOURCE (NULL: any) is the address to connect from. Negative
 * errno: -ECONNREFUSED, -ETIMEDOUT, ... */
int wire_connect(struct wire *wire, const struct sockaddr *address, socklen_t size,
                 const struct sockaddr *source, socklen_t source_size, unsigned timeout);

/* Takes over FD, which is connected. */
void wire_adopt(struct wire *wire, int fd);

/* Sends all SIZE bytes within TIMEOUT milliseconds. Returns how many were taken before the time was
 * over (fewer: the other side does not read), or a negative errno (-EPIPE, -ECONNRESET). SECRET:
 * BYTES are a string, of which the dialogue shows the command and stars. */
ssize_t wire_send(struct wire *wire, const void *bytes, size_t size, bool secret, unsigned timeout);

/* One byte as urgent data (TCP out of band), in clear whatever the connection. 0 or negative errno.
 */
int wire_send_urgent(struct wire *wire, char byte);

/* Waits for bytes and appends what there is to wire->input. Returns how many came, WIRE_END at the
 * end of what the other side sends (wire->end says how), -ETIMEDOUT (always, behind the deadline),
 * -EINTR if the user wants an end, or -ENOBUFS if more than the buffer holds came without being
 * read.
 */
ssize_t wire_receive(struct wire *wire, unsigned timeout);

/* No more will be sent: close_notify under TLS and FIN if CLEAN; FIN alone if not. */
void wire_finish(struct wire *wire, bool clean);

/* Ends TLS and goes on in clear over the same connection: sends close_notify and waits for the
 * other side's. What came under TLS and was not read is lost. 0, -ETIMEDOUT, or -EPROTO if the
 * connection ended or went on without it. */
int wire_clear(struct wire *wire, unsigned timeout);

/* Closes with FIN (close_notify under TLS), or RESET: with RST, losing what was not sent. */
void wire_close(struct wire *wire);
void wire_reset(struct wire *wire);

/* The address of this side and of the other. 0 or negative errno. */
int wire_local(const struct wire *wire, struct sockaddr_storage *ret);
int wire_peer(const struct wire *wire, struct sockaddr_storage *ret);
