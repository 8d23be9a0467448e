/*
 * Downloads that the kernel encrypts. See kernel.h.
 */
#include "tls/kernel.h"

#include "tls/failure.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>

int kernel_prepare(struct tls_stream *stream)
{
    (void)SSL_set_options(stream->ssl, SSL_OP_ENABLE_KTLS);
    /* OpenSSL's own BIO of a socket knows how to hand keys over; reading stays ours. */
    return SSL_set_wfd(stream->ssl, stream->fd) == 1 ? 0 : -ENOMEM;
}

void kernel_settle(struct tls_stream *stream)
{
    stream->kernel_sends = BIO_get_ktls_send(SSL_get_wbio(stream->ssl)) != 0;
    if (stream->kernel_sends)
        return;
    BIO *ours = SSL_get_rbio(stream->ssl);
    (void)BIO_up_ref(ours);
    SSL_set0_wbio(stream->ssl, ours);
}

static ssize_t failed(struct tls_stream *stream, int error)
{
    if (error == EAGAIN || error == EINTR) {
        stream->events = POLLOUT;
        return -EAGAIN;
    }
    stream->socket_error = error;
    (void)failure_take(stream);
    stream->error = -error;
    return -error;
}

/* What is written to such a socket is application data (tls.rst, "Sending TLS application data"):
 * many records with one call, where SSL_write_ex would make one call for each. */
ssize_t kernel_write(struct tls_stream *stream, const void *bytes, size_t size)
{
    ssize_t sent = send(stream->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 ? failed(stream, errno) : sent;
}

ssize_t kernel_send_file(struct tls_stream *stream, int file, off_t offset, size_t size)
{
    ERR_clear_error();
    errno = 0;
    ssize_t sent = SSL_sendfile(stream->ssl, file, offset, size, 0);
    if (sent >= 0)
        return sent;
    int error = SSL_get_error(stream->ssl, (int)sent) == SSL_ERROR_WANT_WRITE ? EAGAIN : errno;
    ERR_clear_error();
    return failed(stream, error ? error : EIO);
}
