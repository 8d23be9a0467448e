/* A connection in clear or under TLS: see connection.h. */
#include "session/connection.h"
#include "lib/cleanup.h"

#include <poll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

void connection_init(struct connection *connection, int fd)
{
    *connection = (struct connection){.fd = fd};
}

int connection_protect(struct connection *connection, const struct tls_library *library,
                       struct tls *tls, enum tls_purpose purpose)
{
    int r = library->stream_open(tls, connection->fd, purpose, &connection->stream);
    if (r == 0)
        connection->tls = library;
    return r;
}

void connection_close(struct connection *connection)
{
    if (connection->tls)
        connection->tls->stream_close(connection->stream);
    (void)close_fd(connection->fd);
    connection_init(connection, -1);
}

int connection_handshake(struct connection *connection)
{
    return connection->tls ? connection->tls->handshake(connection->stream) : 0;
}

int connection_peek(const struct connection *connection)
{
    unsigned char byte;
    ssize_t size = recv(connection->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);
    if (size < 0)
        return -errno;
    return size == 0 ? -ECONNRESET : byte;
}

ssize_t connection_read(struct connection *connection, void *bytes, size_t size)
{
    if (connection->tls)
        return connection->tls->read(connection->stream, bytes, size);
    ssize_t got = recv(connection->fd, bytes, size, MSG_DONTWAIT);
    return got < 0 ? -errno : got;
}

ssize_t connection_write(struct connection *connection, const void *bytes, size_t size)
{
    if (connection->tls)
        return connection->tls->write(connection->stream, bytes, size);
    ssize_t sent = send(connection->fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? -errno : sent;
}

ssize_t connection_send_file(struct connection *connection, int file, off_t offset, size_t size)
{
    if (connection->tls)
        return connection->tls->send_file(connection->stream, file, offset, size);
    ssize_t sent = sendfile(connection->fd, file, &offset, size);
    return sent < 0 ? -errno : sent;
}

int connection_flush(struct connection *connection)
{
    return connection->tls ? connection->tls->flush(connection->stream) : 0;
}

int connection_finish(struct connection *connection)
{
    return connection->tls ? connection->tls->finish(connection->stream) : 0;
}

bool connection_pending(const struct connection *connection)
{
    return connection->tls && connection->tls->pending(connection->stream);
}

short connection_events(const struct connection *connection, short events)
{
    short wanted = connection->tls ? connection->tls->events(connection->stream) : 0;
    /* Nothing can be read before TLS has got rid of an answer of its own. */
    return events == POLLIN && wanted == POLLOUT ? wanted : (short)(events | wanted);
}
