/* Connections that do as they are told: see wire.h. */
#include "ftplint/wire.h"

#include "ftplint/dialogue.h"
#include "ftplint/interrupt.h"
#include "ftplint/tls.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { PIECE = 64 << 10 };

void wire_init(struct wire *wire, struct dialogue *dialogue, unsigned number, bool data)
{
    *wire = (struct wire){.fd = -1, .dialogue = dialogue, .number = number, .data = data};
    buffer_init(&wire->input, WIRE_INPUT_MAX);
}

/* Waits for EVENTS until END (clock_msec). 0, -ETIMEDOUT or another negative errno. */
static int wait_for(int fd, short events, uint64_t end)
{
    for (;;) {
        uint64_t now = clock_msec();
        struct pollfd waiting = {.fd = fd, .events = events};
        int ready = poll(&waiting, 1, now < end ? (int)(end - now) : 0);
        if (ready > 0)
            return 0;
        if (ready == 0)
            return -ETIMEDOUT;
        if (errno != EINTR || interrupted())
            return -errno;
    }
}

/* When a wait of TIMEOUT milliseconds ends. */
static uint64_t end_of(const struct wire *wire, unsigned timeout)
{
    uint64_t end = clock_msec() + timeout;
    return wire->deadline && *wire->deadline < end ? *wire->deadline : end;
}

static int connect_within(int fd, const struct sockaddr *address, socklen_t size, unsigned timeout)
{
    if (connect(fd, address, size) == 0)
        return 0;
    if (errno != EINPROGRESS)
        return -errno;
    int r = wait_for(fd, POLLOUT, clock_msec() + timeout);
    if (r < 0)
        return r;
    int error = 0;
    socklen_t error_size = sizeof(error);
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_size) < 0)
        return -errno;
    return -error;
}

int wire_connect(struct wire *wire, const struct sockaddr *address, socklen_t size,
                 const struct sockaddr *source, socklen_t source_size, unsigned timeout)
{
    cleanup_close int fd =
        socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP);
    if (fd < 0)
        return -errno;
    if (source && bind(fd, source, source_size) < 0)
        return -errno;
    int r = connect_within(fd, address, size, timeout);
    if (r < 0) {
        dialogue_event(wire->dialogue, wire->number, wire->data, "cannot connect: %s",
                       strerror(-r));
        return r;
    }
    wire_adopt(wire, take_fd(&fd));
    dialogue_event(wire->dialogue, wire->number, wire->data, "connected");
    return 0;
}

void wire_adopt(struct wire *wire, int fd)
{
    int one = 1;
    int flags = fcntl(fd, F_GETFL);
    (void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    /* Urgent data stays in its place among the rest: nothing is lost. */
    (void)setsockopt(fd, SOL_SOCKET, SO_OOBINLINE, &one, sizeof(one));
    wire->fd = fd;
    wire->end = WIRE_OPEN;
}

/* One write; as write(2) with -EAGAIN and what to wait for. */
static ssize_t write_some(struct wire *wire, const char *bytes, size_t size, short *ret_events)
{
    if (wire->tls)
        return tls_write(wire->tls, bytes, size, ret_events);
    *ret_events = POLLOUT;
    ssize_t written = send(wire->fd, bytes, size, MSG_NOSIGNAL);
    return written < 0 ? -errno : written;
}

/* Of LINE the command alone: "PASS ********", "SITE PSWD ********". */
static void record_secret(struct wire *wire, const char *line)
{
    size_t site = strncasecmp(line, "SITE ", 5) == 0 ? 5 : 0;
    int size = (int)(site + strcspn(line + site, " \r\n"));
    char shown[64];
    (void)snprintf(shown, sizeof(shown), "%.*s ********\r\n", size < 40 ? size : 40, line);
    dialogue_add(wire->dialogue, DIALOGUE_SENT, wire->number, wire->data, shown, strlen(shown));
}

ssize_t wire_send(struct wire *wire, const void *bytes, size_t size, bool secret, unsigned timeout)
{
    if (wire->fd < 0)
        return -EPIPE;
    if (secret)
        record_secret(wire, bytes);
    else
        dialogue_add(wire->dialogue, DIALOGUE_SENT, wire->number, wire->data, bytes, size);
    uint64_t end = end_of(wire, timeout);
    size_t done = 0;
    while (done < size) {
        short events = POLLOUT;
        ssize_t written = write_some(wire, (const char *)bytes + done, size - done, &events);
        if (written > 0) {
            done += (size_t)written;
            wire->sent += (uint64_t)written;
        } else if (written == -EAGAIN) {
            int r = wait_for(wire->fd, events, end);
            if (r == -ETIMEDOUT)
                break;
            if (r < 0)
                return r;
        } else if (written != -EINTR) {
            return written < 0 ? written : -EPIPE;
        }
    }
    return (ssize_t)done;
}

int wire_send_urgent(struct wire *wire, char byte)
{
    dialogue_event(wire->dialogue, wire->number, wire->data, "urgent byte 0x%02x",
                   (unsigned)(unsigned char)byte);
    if (send(wire->fd, &byte, 1, MSG_OOB | MSG_NOSIGNAL) < 0)
        return -errno;
    return 0;
}

/* Notes how the other side ended and says so once. */
static ssize_t ended(struct wire *wire, enum wire_end end)
{
    static const char *const words[] = {
        [WIRE_CLOSED] = "the server closed the connection",
        [WIRE_TRUNCATED] = "the server closed the connection without close_notify",
        [WIRE_RESET] = "the server reset the connection",
    };
    if (wire->end == WIRE_OPEN) {
        wire->end = end;
        dialogue_event(wire->dialogue, wire->number, wire->data, "%s", words[end]);
    }
    return WIRE_END;
}

static ssize_t read_some(struct wire *wire, char *bytes, size_t size, short *ret_events)
{
    if (wire->tls)
        return tls_read(wire->tls, bytes, size, ret_events);
    *ret_events = POLLIN;
    ssize_t got = recv(wire->fd, bytes, size, 0);
    return got < 0 ? -errno : got;
}

ssize_t wire_receive(struct wire *wire, unsigned timeout)
{
    if (wire->fd < 0 || wire->end != WIRE_OPEN)
        return WIRE_END;
    if (wire->deadline && clock_msec() >= *wire->deadline)
        return -ETIMEDOUT;
    uint64_t end = end_of(wire, timeout);
    for (bool first = true;; first = false) {
        char *room;
        int r = buffer_reserve(&wire->input, PIECE, &room);
        if (r < 0)
            return r;
        short events = POLLIN;
        ssize_t got = read_some(wire, room, PIECE, &events);
        if (got > 0) {
            dialogue_add(wire->dialogue, DIALOGUE_RECEIVED, wire->number, wire->data, room,
                         (size_t)got);
            buffer_commit(&wire->input, (size_t)got);
            wire->received += (uint64_t)got;
            return got;
        }
        if (got == 0)
            return ended(wire, WIRE_CLOSED);
        if (got == -ENODATA)
            return ended(wire, WIRE_TRUNCATED);
        if (got != -EAGAIN && got != -EINTR)
            return ended(wire, WIRE_RESET);
        /* What TLS is made of may come without end and without a byte for us. */
        if (!first && clock_msec() >= end)
            return -ETIMEDOUT;
        r = wait_for(wire->fd, events, end);
        if (r == -ETIMEDOUT)
            dialogue_wait(wire->dialogue, wire->number, wire->data, timeout);
        if (r < 0)
            return r;
    }
}

void wire_finish(struct wire *wire, bool clean)
{
    if (wire->fd < 0)
        return;
    if (clean && wire->tls)
        tls_finish(wire->tls);
    (void)shutdown(wire->fd, SHUT_WR);
    dialogue_event(wire->dialogue, wire->number, wire->data, "end of what is sent%s",
                   wire->tls && !clean ? ", without close_notify" : "");
}

int wire_clear(struct wire *wire, unsigned timeout)
{
    uint64_t end = clock_msec() + timeout;
    tls_finish(wire->tls);
    dialogue_event(wire->dialogue, wire->number, wire->data, "close_notify");
    while (wire->end == WIRE_OPEN) {
        uint64_t now = clock_msec();
        ssize_t got = wire_receive(wire, now < end ? (unsigned)(end - now) : 0);
        buffer_clear(&wire->input);
        if (got < 0 || (got > 0 && now >= end))
            return -ETIMEDOUT;
    }
    tls_free(wire->tls);
    wire->tls = NULL;
    buffer_clear(&wire->input);
    if (wire->end != WIRE_CLOSED)
        return -EPROTO;
    wire->end = WIRE_OPEN;
    return 0;
}

static void release(struct wire *wire)
{
    tls_free(wire->tls);
    wire->tls = NULL;
    wire->fd = close_fd(wire->fd);
    buffer_free(&wire->input);
}

void wire_close(struct wire *wire)
{
    if (wire->fd < 0)
        return;
    if (wire->tls)
        tls_finish(wire->tls);
    dialogue_event(wire->dialogue, wire->number, wire->data, DIALOGUE_CLOSED);
    release(wire);
}

void wire_reset(struct wire *wire)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    if (wire->fd < 0)
        return;
    (void)setsockopt(wire->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    dialogue_event(wire->dialogue, wire->number, wire->data, "reset");
    release(wire);
}

int wire_local(const struct wire *wire, struct sockaddr_storage *ret)
{
    socklen_t size = sizeof(*ret);
    return getsockname(wire->fd, (struct sockaddr *)ret, &size) < 0 ? -errno : 0;
}

int wire_peer(const struct wire *wire, struct sockaddr_storage *ret)
{
    socklen_t size = sizeof(*ret);
    return getpeername(wire->fd, (struct sockaddr *)ret, &size) < 0 ? -errno : 0;
}
