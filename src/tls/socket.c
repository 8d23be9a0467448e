/*
 * The BIO over a stream's socket. See socket.h.
 */
#include "tls/socket.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

static int socket_write(BIO *bio, const char *bytes, size_t size, size_t *ret_written)
{
    struct tls_stream *stream = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (output_append(&stream->output, bytes, size) < 0) {
        /* A peer that makes TLS answer and does not read: it must read first. */
        BIO_set_retry_write(bio);
        return 0;
    }
    *ret_written = size;
    return 1;
}

static int socket_read(BIO *bio, char *bytes, size_t size, size_t *ret_read)
{
    struct tls_stream *stream = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t got = stream->purpose == TLS_UPLOAD && stream->established
                      ? input_receive(&stream->input, stream->fd, bytes, size)
                      : socket_receive(stream->fd, bytes, size);
    if (got > 0) {
        *ret_read = (size_t)got;
        return 1;
    }
    if (got == 0)
        stream->ended = true;
    else if (got == -EAGAIN)
        BIO_set_retry_read(bio);
    else
        stream->socket_error = (int)-got;
    return 0;
}

void socket_acknowledge(const struct tls_stream *stream)
{
    static const int on = 1;
    if (stream->purpose != TLS_CONTROL) /* a client can do without */
        (void)setsockopt(stream->fd, SOL_TCP, TCP_QUICKACK, &on, sizeof on);
}

static long socket_control(BIO *bio, int command, long number, void *pointer)
{
    const struct tls_stream *stream = BIO_get_data(bio);
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH: return 1; /* the stream does it, for many records at once */
    case BIO_CTRL_EOF: return stream->ended;
    default: return 0;
    }
}

BIO_METHOD *socket_method(void)
{
    BIO_METHOD *method = BIO_meth_new(BIO_TYPE_SOURCE_SINK, "stream");
    if (method && BIO_meth_set_write_ex(method, socket_write) &&
        BIO_meth_set_read_ex(method, socket_read) && BIO_meth_set_ctrl(method, socket_control))
        return method;
    BIO_meth_free(method);
    return NULL;
}

BIO *socket_bio(struct tls_stream *stream)
{
    BIO *bio = BIO_new(stream->tls->socket);
    if (!bio)
        return NULL;
    BIO_set_data(bio, stream);
    BIO_set_init(bio, 1);
    return bio;
}
