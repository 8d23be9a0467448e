/*
 * The data connection of the next transfer: passive or active, from the monitor's descriptors. It
 * connects to and accepts from nobody but the control connection's peer (RFC 2577); who else knocks
 * is sent away and costs the owner nothing. What TLS demands besides is in data_protect.c.
 */
#include "session/data.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "session/transfer.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

void data_init(struct data *data)
{
    *data = (struct data){.kind = DATA_NONE, .listener = -1};
    connection_init(&data->connection, -1);
    connection_init(&data->leaving, -1);
    for (size_t i = 0; i < DATA_CANDIDATES_MAX; i++)
        connection_init(&data->candidates[i].connection, -1);
}

void data_close(struct data *data)
{
    data->listener = close_fd(data->listener);
    connection_close(&data->connection);
    for (size_t i = 0; i < DATA_CANDIDATES_MAX; i++)
        connection_close(&data->candidates[i].connection);
    data->failure = DATA_FAILURE_NONE;
    data->connected = false;
    data->kind = DATA_NONE;
}

/* Under TLS the client ends with bytes of its own, its close_notify. If they came to a socket that
 * is closed, the answer would be a reset, and on many systems that takes away what the client has
 * received and not read yet. So the socket stays for a moment, with our side of it shut. Whoever is
 * UNREAD, as there is no room for what comes, gets the time to hear of that: to a reset, many
 * clients answer with another try of the same. Under TLS we say close_notify to it at once, because
 * some clients wait for that, behind their own, before they read the reply. */
void data_leave(struct data *data, bool unread)
{
    enum { PATIENCE = 5000 }; /* milliseconds */
    if (unread && data->connection.tls)
        (void)connection_finish(&data->connection);
    if (data->connection.fd >= 0 &&
        (unread || (data->connection.tls && shutdown(data->connection.fd, SHUT_WR) == 0))) {
        connection_close(&data->leaving);
        data->leaving = data->connection;
        data->leaving_deadline = clock_msec() + PATIENCE;
        connection_init(&data->connection, -1);
        data_let_go(data); /* it may have ended long ago, as after an upload */
    }
    data_close(data);
}

void data_let_go(struct data *data)
{
    enum { AT_ONCE = 16 };
    ssize_t size = 1;
    if (data->leaving.fd < 0)
        return;
    for (int i = 0; i < AT_ONCE && size > 0; i++) {
        char bytes[4096];
        /* Past its TLS: nothing of it is looked at. */
        size = recv(data->leaving.fd, bytes, sizeof(bytes), MSG_DONTWAIT);
    }
    bool waits = size > 0 || (size < 0 && errno == EAGAIN);
    if (!waits || clock_msec() >= data->leaving_deadline)
        connection_close(&data->leaving);
}

void data_free(struct data *data)
{
    data_close(data);
    connection_close(&data->leaving);
}

int data_listen(struct session *session, uint16_t *ret_port, char ret_announced[ADDRESS_TEXT_MAX])
{
    data_close(&session->data);
    int listener = -1;
    int r = ask_listen(session, &listener, ret_port, ret_announced);
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
        data_add_candidate(session, take_fd(&fd));
        if (!session->settings.protect)
            data->listener = close_fd(data->listener);
    }
}

/* An active connection: asked for when the transfer begins, then waited for. Under TLS we are the
 * server on it all the same (RFC 4217 section 7). */
static int establish_active(struct session *session)
{
    struct data *data = &session->data;
    if (data->connection.fd < 0) {
        int fd = -1;
        int r = ask_connect(session, &session->peer, data->port, &fd);
        if (r < 0)
            return r;
        connection_init(&data->connection, fd);
    }
    struct pollfd writable = {.fd = data->connection.fd, .events = POLLOUT};
    if (poll(&writable, 1, 0) <= 0)
        return 0;
    int error = 0;
    socklen_t size = sizeof(error);
    if (getsockopt(data->connection.fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
        return -errno;
    if (error != 0)
        return -error;
    data_add_candidate(session, take_fd(&data->connection.fd));
    return 1;
}

bool data_has_candidate(const struct data *data)
{
    for (size_t i = 0; i < DATA_CANDIDATES_MAX; i++)
        if (data->candidates[i].connection.fd >= 0)
            return true;
    return false;
}

/* In clear whoever came first. */
static int take_first(struct data *data)
{
    for (size_t i = 0; i < DATA_CANDIDATES_MAX; i++) {
        struct connection *connection = &data->candidates[i].connection;
        if (connection->fd < 0)
            continue;
        if (data->connected) {
            connection_close(connection); /* PROT C came after it */
            continue;
        }
        data->connection = *connection;
        data->connected = true;
        connection_init(connection, -1);
    }
    if (data->connected)
        data->listener = close_fd(data->listener);
    return data->connected ? 1 : 0;
}

int data_establish(struct session *session)
{
    struct data *data = &session->data;
    int r = -ENOTCONN;
    if (data->connected)
        return 1;
    if (data->kind == DATA_PASSIVE) {
        data_accept(session);
        r = 1;
    } else if (data->kind == DATA_ACTIVE) {
        r = data_has_candidate(data) || data->failure != DATA_FAILURE_NONE
                ? 1
                : establish_active(session);
    }
    if (r <= 0)
        return r;
    return session->settings.protect ? data_protect(session) : take_first(data);
}

static void watch(struct pollfd *ret, int fd, short events)
{
    ret->fd = fd;
    ret->events = events;
}

/* The connection of the transfer that runs, or those of which one will be it. */
static void watch_transfer(const struct session *session, struct pollfd ret[DATA_WATCH_COUNT])
{
    const struct data *data = &session->data;
    if (data->connected && transfer_is_paused(session->transfer))
        return; /* poll(2) would say again and again that it could go on */
    if (data->connected) {
        watch(&ret[DATA_WATCH_CONNECTION], data->connection.fd,
              connection_events(&data->connection, transfer_events(session->transfer)));
        return;
    }
    watch(&ret[DATA_WATCH_CONNECTION], data->connection.fd, POLLOUT); /* active */
    for (size_t i = 0; session->settings.protect && i < DATA_CANDIDATES_MAX; i++) {
        const struct candidate *candidate = &data->candidates[i];
        if (candidate->state == CANDIDATE_SILENT)
            watch(&ret[DATA_WATCH_CANDIDATES + i], candidate->connection.fd, POLLIN);
        else if (candidate->state == CANDIDATE_HANDSHAKE)
            watch(&ret[DATA_WATCH_CANDIDATES + i], candidate->connection.fd,
                  connection_events(&candidate->connection, 0));
    }
}

void data_watch(const struct session *session, struct pollfd ret[DATA_WATCH_COUNT])
{
    for (size_t i = 0; i < DATA_WATCH_COUNT; i++)
        ret[i] = (struct pollfd){.fd = -1};
    if (!session->closing && !(session->transfer && session->data.connected))
        watch(&ret[DATA_WATCH_LISTENER], session->data.listener, POLLIN);
    watch(&ret[DATA_WATCH_LEAVING], session->data.leaving.fd, POLLIN);
    if (session->transfer && session->transfer->kind->events != 0)
        watch_transfer(session, ret);
}
