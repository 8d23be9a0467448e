/*
 * TLS over one connection: reading, writing, and the end. See internal.h and lib/tls.h.
 */
#include "tls/internal.h"

#include "tls/certificate.h"
#include "tls/failure.h"
#include "tls/kernel.h"
#include "tls/socket.h"
#include "tls/ticket.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

enum {
    RECORD_OVERHEAD = 256, /* bytes that a record is longer than what is in it, at most */
    RECORD_SIZE = 16 << 10,
};

/* Tickets that come with a handshake of TLS 1.3: see enum tls_purpose, and open(). */
static size_t tickets_of(const struct tls *tls, enum tls_purpose purpose)
{
    switch (purpose) {
    case TLS_CONTROL: return tls->binds ? 0 : 2;
    case TLS_DOWNLOAD: return 1;
    default: return 0;
    }
}

static int stream_prepare(struct tls_stream *stream)
{
    stream->ssl = SSL_new(stream->tls->context);
    if (!stream->ssl)
        return -ENOMEM;
    BIO *bio = socket_bio(stream);
    if (!bio)
        return -ENOMEM;
    SSL_set_bio(stream->ssl, bio, bio);
    SSL_set_app_data(stream->ssl, stream);
    SSL_set_accept_state(stream->ssl);
    /* What stands behind close_notify on the control connection is in clear again (REIN); on an
     * upload, input.h does it. */
    SSL_set_read_ahead(stream->ssl, stream->purpose == TLS_DOWNLOAD);
    if (stream->purpose == TLS_CONTROL)
        (void)SSL_set_mode(stream->ssl, SSL_MODE_RELEASE_BUFFERS);
    if (SSL_set_num_tickets(stream->ssl, tickets_of(stream->tls, stream->purpose)) != 1)
        return -ENOMEM;
    if (stream->purpose == TLS_CONTROL)
        return client_request_record(stream);
    return stream->purpose == TLS_DOWNLOAD && stream->tls->kernel ? kernel_prepare(stream) : 0;
}

int stream_open(struct tls *tls, int fd, enum tls_purpose purpose, struct tls_stream **ret)
{
    struct tls_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return -ENOMEM;
    stream->tls = tls;
    stream->fd = fd;
    stream->purpose = purpose;
    int error = stream_prepare(stream);
    if (error < 0) {
        stream_close(stream);
        return error;
    }
    *ret = stream;
    return 0;
}

void stream_close(struct tls_stream *stream)
{
    if (!stream)
        return;
    if (stream->ssl) {
        /* Otherwise OpenSSL takes a connection that was broken off for a reason to forget its
         * session, and the next data connection could not resume it. */
        SSL_set_shutdown(stream->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(stream->ssl);
    }
    input_free(&stream->input);
    output_free(&stream->output);
    client_request_free(&stream->messages);
    free(stream);
}

short stream_events(const struct tls_stream *stream)
{
    return stream->events;
}

int stream_flush(struct tls_stream *stream)
{
    if (stream->error < 0)
        return stream->error;
    int error = output_send(&stream->output, stream->fd);
    if (error == -EAGAIN) {
        stream->events = POLLOUT;
        return error;
    }
    if (error < 0) {
        stream->socket_error = -error;
        (void)failure_take(stream);
        stream->error = error;
        return error;
    }
    /* An idle control connection should cost as little as it can. */
    if (stream->purpose == TLS_CONTROL)
        output_free(&stream->output);
    return 0;
}

static bool stream_has_more(const struct tls_stream *stream)
{
    return !input_is_empty(&stream->input) || SSL_has_pending(stream->ssl);
}

/* As many records as fit: each is at most 16 KiB, and whoever reads wants to write much at once. */
ssize_t stream_read(struct tls_stream *stream, void *bytes, size_t size)
{
    if (stream->error < 0)
        return stream->error;
    size_t done = 0;
    int error = 0;
    do {
        size_t got = 0;
        ERR_clear_error();
        int result = SSL_read_ex(stream->ssl, (char *)bytes + done, size - done, &got);
        done += got;
        error = result == 1 ? 0 : stream_result(stream, result);
        if (result != 1)
            break;
    } while (done < size && stream_has_more(stream));
    stream->read_dry = error == -EAGAIN;
    /* TLS may have had to answer by itself; an alert is worth a try as well. */
    if (!output_is_empty(&stream->output))
        (void)output_send(&stream->output, stream->fd);
    /* What came before an error is whole. The error stays, and so does a close_notify. */
    return done > 0 || error == 0 ? (ssize_t)done : error;
}

bool stream_pending(const struct tls_stream *stream)
{
    /* What is there may be a part of a record: then it was tried already. */
    return !stream->read_dry && stream->error == 0 && stream_has_more(stream);
}

ssize_t stream_write(struct tls_stream *stream, const void *bytes, size_t size)
{
    int error = stream_flush(stream);
    if (error < 0)
        return error;
    if (size > TLS_RECORDS_MAX)
        size = TLS_RECORDS_MAX;
    if (stream->kernel_sends)
        return kernel_write(stream, bytes, size);
    error = output_reserve(&stream->output, size + (size / RECORD_SIZE + 1) * RECORD_OVERHEAD);
    if (error < 0)
        return error;
    size_t taken = 0;
    ERR_clear_error();
    int result = SSL_write_ex(stream->ssl, bytes, size, &taken);
    if (result != 1) {
        error = stream_result(stream, result);
        return error < 0 ? error : -EPIPE;
    }
    error = stream_flush(stream);
    return error < 0 && error != -EAGAIN ? error : (ssize_t)taken;
}

ssize_t stream_send_file(struct tls_stream *stream, int file, off_t offset, size_t size)
{
    if (!stream->kernel_sends)
        return -EOPNOTSUPP;
    return stream->error < 0 ? stream->error : kernel_send_file(stream, file, offset, size);
}

int stream_fresh_ticket(struct tls_stream *stream)
{
    if (SSL_version(stream->ssl) >= TLS1_3_VERSION)
        (void)SSL_new_session_ticket(stream->ssl);
    ERR_clear_error();
    return 0;
}

/* A ticket for the next transfer; the client has sent all that it has. */
static int late_ticket(struct tls_stream *stream)
{
    if (stream->purpose != TLS_UPLOAD || SSL_version(stream->ssl) < TLS1_3_VERSION ||
        !(SSL_get_shutdown(stream->ssl) & SSL_RECEIVED_SHUTDOWN))
        return 0;
    if (SSL_new_session_ticket(stream->ssl) != 1)
        return 0;
    return stream_result(stream, SSL_do_handshake(stream->ssl));
}

int stream_finish(struct tls_stream *stream)
{
    int error = stream_flush(stream);
    if (error < 0)
        return error;
    if (!stream->said_close) {
        ERR_clear_error();
        error = late_ticket(stream);
        if (error < 0)
            return error;
        int result = SSL_shutdown(stream->ssl); /* 0: said, and the client has not yet */
        error = result < 0 ? stream_result(stream, result) : 0;
        if (error < 0)
            return error;
        stream->said_close = true;
    }
    return stream_flush(stream);
}

void stream_describe(const struct tls_stream *stream, struct tls_description *ret)
{
    const SSL_CIPHER *cipher = SSL_get_current_cipher(stream->ssl);
    *ret = (struct tls_description){
        .protocol = SSL_get_version(stream->ssl),
        .cipher = cipher ? SSL_CIPHER_get_name(cipher) : "",
        .name = stream->name,
        .resumed = ticket_is_own(stream),
        .kernel_sends = stream->kernel_sends,
    };
}

bool stream_covers(const struct tls_stream *stream, const char *name)
{
    return stream->tls->certificate && certificate_covers(stream->tls->certificate, name);
}

const char *stream_failure(const struct tls_stream *stream)
{
    return stream->words;
}
