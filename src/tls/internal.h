/*
 * The session's side of the TLS library: the TLS of an FTP session, and a stream over one
 * connection. Private to src/tls; what the functions do is said in lib/tls.h.
 */
#pragma once

#include "lib/tls.h"

#include "tls/client_request.h"
#include "tls/input.h"
#include "tls/output.h"

#include <openssl/bio.h>
#include <openssl/ssl.h>

struct tls {
    OSSL_LIB_CTX *library; /* nobody else's providers or settings are in it */
    OSSL_PROVIDER *standard;
    OSSL_PROVIDER *remote; /* provider.h */
    SSL_CTX *context;
    BIO_METHOD *socket; /* socket.h */
    const struct tls_questions *questions;
    X509 *certificate; /* of the identity, NULL before the first handshake has chosen it */
    bool kernel;
    bool binds; /* tls_bind() may come: tickets of the control connection wait for it */
};

struct tls_stream {
    struct tls *tls;
    SSL *ssl;
    int fd;
    enum tls_purpose purpose;
    struct input input;
    struct output output;
    short events;     /* what the last call waits for */
    int error;        /* negative errno: it has failed for good */
    int socket_error; /* errno of the socket, 0 if it is well */
    int refusal;      /* negative errno of the monitor's answer about the identity */
    bool ended;       /* the peer has closed the connection */
    bool read_dry;    /* the last read() had to wait */
    bool established; /* the handshake is done */
    bool kernel_sends;
    bool said_close;
    struct client_messages messages;
    char name[TLS_NAME_MAX + 1];
    char words[TLS_WORDS_MAX];
};

/* context.c */
int tls_open(const struct config *config, const struct tls_questions *questions, bool kernel,
             struct tls **ret);
void tls_close(struct tls *tls);
int tls_bind(struct tls *tls, const uint8_t key[TLS_KEY_SIZE]);

/* handshake.c: what OpenSSL calls during a handshake. */
void handshake_prepare(SSL_CTX *context, struct tls *tls);
int stream_handshake(struct tls_stream *stream);
/* 0, or the negative errno of what OpenSSL did with RESULT (of SSL_...), which the stream keeps:
 * -EAGAIN with the events, or the end of the stream with its words. */
int stream_result(struct tls_stream *stream, int result);

/* stream.c */
int stream_open(struct tls *tls, int fd, enum tls_purpose purpose, struct tls_stream **ret);
void stream_close(struct tls_stream *stream);
short stream_events(const struct tls_stream *stream);
ssize_t stream_read(struct tls_stream *stream, void *bytes, size_t size);
bool stream_pending(const struct tls_stream *stream);
ssize_t stream_write(struct tls_stream *stream, const void *bytes, size_t size);
ssize_t stream_send_file(struct tls_stream *stream, int file, off_t offset, size_t size);
int stream_flush(struct tls_stream *stream);
int stream_finish(struct tls_stream *stream);
int stream_fresh_ticket(struct tls_stream *stream);
void stream_describe(const struct tls_stream *stream, struct tls_description *ret);
bool stream_covers(const struct tls_stream *stream, const char *name);
const char *stream_failure(const struct tls_stream *stream);
