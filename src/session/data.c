/*
 * The data connection of the next transfer: passive or active, from the monitor's descriptors. It
 * connects to and accepts from nobody but the control connection's peer (RFC 2577); who else knocks
 * is sent away and costs the owner nothing.
 */
#include "lib/cleanup.h"
#include "session/session.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

void data_init(struct data *data)
{
    *data = (struct data){.kind = DATA_NONE, .listener = -1, .fd = -1};
}

void data_close(struct data *data)
{
    data->listener = close_fd(data->listener);
    data->fd = close_fd(data->fd);
    data->connected = false;
    data->kind = DATA_NONE;
}

int data_listen(struct session *session, uint16_t *ret_port, char ret_announced[ADDRESS_TEXT_MAX])
{
    data_close(&session->data);
    int listener = -1;
    int r = ask_listen(session->monitor, &listener, ret_port, ret_announced);
    if (r < 0)
        return r;
    session->data.listener = listener;
    session->data.kind = DATA_PASSIVE;
    return 0;
}

void data_set_active(struct session *session, uint16_t port)
{
    data_close(&session->data);
    session->data.port = port;
    session->data.kind = DATA_ACTIVE;
}

static void refuse_stranger(struct session *session, const struct address *stranger)
{
    char text[ADDRESS_TEXT_MAX] = "unknown";
    if (stranger->family != AF_UNSPEC)
        address_format(stranger, text, sizeof(text));
    struct event event = EVENT_INIT(EVENT_DATA_REFUSED);
    event.reason = "stranger";
    event.detail = text;
    tell_event(session, &event);
}

void data_accept(struct session *session)
{
    enum { AT_ONCE = 32 }; /* then the control connection gets its turn */
    struct data *data = &session->data;
    for (int i = 0; i < AT_ONCE && data->listener >= 0; i++) {
        cleanup_close int fd = accept4(data->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            /* Nobody there, or gone again; anything else would come again and again. */
            if (errno != EAGAIN && errno != ECONNABORTED && errno != EINTR)
                data_close(data);
            return;
        }
        struct address peer = {.family = AF_UNSPEC};
        int r = address_of_peer(fd, &peer);
        if (r == -ENOTCONN)
            continue; /* reset before it was accepted: it may have been anybody */
        if (r < 0 || !address_same_host(&peer, &session->peer)) {
            refuse_stranger(session, &peer);
            continue;
        }
        data->fd = take_fd(&fd);
        data->connected = true;
        data->listener = close_fd(data->listener);
    }
}

/* An active connection: asked for when the transfer begins, then waited for. */
static int establish_active(struct session *session)
{
    struct data *data = &session->data;
    if (data->fd < 0) {
        int r = ask_connect(session->monitor, &session->peer, data->port, &data->fd);
        if (r < 0)
            return r;
    }
    struct pollfd writable = {.fd = data->fd, .events = POLLOUT};
    if (poll(&writable, 1, 0) <= 0)
        return 0;
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(data->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        return -errno;
    if (error != 0)
        return -error;
    data->connected = true;
    return 1;
}

int data_establish(struct session *session)
{
    struct data *data = &session->data;
    if (data->connected)
        return 1;
    switch (data->kind) {
    case DATA_PASSIVE: data_accept(session); return data->connected ? 1 : 0;
    case DATA_ACTIVE: return establish_active(session);
    default: return -ENOTCONN;
    }
}

int data_poll(const struct data *data, short *ret_events)
{
    if (data->kind == DATA_PASSIVE && data->listener >= 0) {
        *ret_events = POLLIN;
        return data->listener;
    }
    *ret_events = POLLOUT;
    return data->kind == DATA_ACTIVE && !data->connected ? data->fd : -1;
}
