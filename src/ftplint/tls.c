/* TLS as a client, on OpenSSL: see tls.h. */
#include "ftplint/tls.h"

#include "ftplint/dialogue.h"
#include "ftplint/interrupt.h"
#include "ftplint/target.h"
#include "ftplint/wire.h"
#include "lib/clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How often one call may read: a megabyte or so. OpenSSL itself reads for as long as something
 * comes that is of no use to it, such as HelloRequest (RFC 5246, section 7.4.1.1), and nobody would
 * ever look at the clock. */
enum { READS_MAX = 128 };

struct tls {
    unsigned reads; /* that this call has left */
    SSL_CTX *context;
    SSL *ssl;
    SSL_SESSION *session; /* the newest */
    SSL_SESSION *unused[TLS_TICKETS_MAX];
    unsigned tickets; /* that have come */
    unsigned taken;
    unsigned alert; /* that the other side sent */
};

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls *tls = SSL_get_app_data(ssl);
    SSL_SESSION_free(tls->session);
    tls->session = session;
    if (tls->tickets < TLS_TICKETS_MAX) {
        SSL_SESSION_up_ref(session);
        tls->unused[tls->tickets] = session;
    }
    tls->tickets++;
    return 1; /* the reference is ours now */
}

static void watch_alerts(const SSL *ssl, int where, int value)
{
    struct tls *tls = SSL_get_app_data(ssl);
    if (where == SSL_CB_READ_ALERT)
        tls->alert = (unsigned)value & 255;
}

const char *tls_host_name(const char *host)
{
    unsigned char address[sizeof(struct in_addr)];
    /* No name has a colon; an IPv6 address with a zone is nothing to inet_pton(). */
    bool is_address = host && (inet_pton(AF_INET, host, address) == 1 || strchr(host, ':'));
    return is_address ? NULL : host;
}

/* What OpenSSL asks before it reads: -1, and to be asked again, if that is too often. */
static long count_reads(BIO *bio, int operation, const char *bytes, size_t size, int number,
                        long other, int r, size_t *ret_done)
{
    struct tls *tls = (struct tls *)(void *)BIO_get_callback_arg(bio);
    (void)bytes, (void)size, (void)number, (void)other, (void)ret_done;
    if (operation != BIO_CB_READ)
        return r;
    if (tls->reads > 0) {
        tls->reads--;
        return r;
    }
    BIO_set_retry_read(bio);
    return -1;
}

void tls_go_on(struct tls *tls)
{
    ERR_clear_error();
    errno = 0;
    tls->reads = READS_MAX;
}

static void watch_reads(struct tls *tls)
{
    BIO *bio = SSL_get_rbio(tls->ssl);
    BIO_set_callback_ex(bio, count_reads);
    BIO_set_callback_arg(bio, (char *)tls);
}

static int prepare(struct tls *tls, const struct target *target, const struct tls_offer *offer)
{
    tls->context = SSL_CTX_new(TLS_client_method());
    if (!tls->context)
        return -ENOMEM;
    int version = offer->version_min ? offer->version_min : TLS1_2_VERSION;
    SSL_CTX_set_min_proto_version(tls->context, version);
    SSL_CTX_set_max_proto_version(tls->context, offer->version_max);
    SSL_CTX_set_session_cache_mode(tls->context,
                                   SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(tls->context, keep_session);
    /* Whatever the certificate is like: see tls_certificate.h. */
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_NONE, NULL);
    if (offer->ciphers && SSL_CTX_set_cipher_list(tls->context, offer->ciphers) != 1)
        return -EINVAL;
    /* Level 0: what is weak is offered where a test asks for it, and a weak certificate is a
     * finding, not an end. The default list of ciphers stays as OpenSSL has it. */
    SSL_CTX_set_security_level(tls->context, 0);
    SSL_CTX_set_options(tls->context, SSL_OP_LEGACY_SERVER_CONNECT);
    if (target->certificate && !offer->without_certificate) {
        SSL_CTX_use_certificate_chain_file(tls->context, target->certificate);
        SSL_CTX_use_PrivateKey_file(tls->context, target->certificate, SSL_FILETYPE_PEM);
    }
    tls->ssl = SSL_new(tls->context);
    if (!tls->ssl)
        return -ENOMEM;
    /* A server that sends tickets or keys without end is not read without end. */
    SSL_clear_mode(tls->ssl, SSL_MODE_AUTO_RETRY);
    SSL_set_app_data(tls->ssl, tls);
    SSL_set_info_callback(tls->ssl, watch_alerts);
    if (offer->alpn) {
        unsigned char list[64];
        size_t size = strlen(offer->alpn);
        if (size >= sizeof(list))
            return -EINVAL;
        list[0] = (unsigned char)size;
        memcpy(list + 1, offer->alpn, size);
        SSL_set_alpn_protos(tls->ssl, list, (unsigned)size + 1);
    }
    const char *name = offer->name ? offer->name : tls_host_name(target->host);
    char *text = name && !offer->without_name ? strdup(name) : NULL;
    if (text)
        SSL_set_tlsext_host_name(tls->ssl, text); /* which wants no const and takes a copy */
    free(text);
    /* A copy: OpenSSL marks a session that is followed by another, or by a bad end, as one that
     * cannot be resumed, and servers are to be asked about that. */
    SSL_SESSION *copy = offer->resume ? SSL_SESSION_dup(offer->resume) : NULL;
    if (offer->resume && (!copy || SSL_set_session(tls->ssl, copy) != 1)) {
        SSL_SESSION_free(copy);
        return -ENOMEM;
    }
    SSL_SESSION_free(copy);
    return 0;
}

const char *tls_files_problem(const struct target *target)
{
    const char *problem = NULL;
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    if (!context)
        return "no memory";
    if (target->authorities &&
        SSL_CTX_load_verify_locations(context, target->authorities, NULL) != 1)
        problem = "--ca: there is no certificate (PEM) to be read in it";
    if (target->certificate &&
        (SSL_CTX_use_certificate_chain_file(context, target->certificate) != 1 ||
         SSL_CTX_use_PrivateKey_file(context, target->certificate, SSL_FILETYPE_PEM) != 1))
        problem = "--certificate: there is no certificate with its key (PEM) to be read in it";
    SSL_CTX_free(context);
    ERR_clear_error();
    return problem;
}

/* Turns OpenSSL's view of R into a negative errno and what to wait for. */
static ssize_t failure(struct tls *tls, int r, short *ret_events)
{
    int saved = errno;
    switch (SSL_get_error(tls->ssl, r)) {
    case SSL_ERROR_WANT_READ: *ret_events = POLLIN; return -EAGAIN;
    case SSL_ERROR_WANT_WRITE: *ret_events = POLLOUT; return -EAGAIN;
    case SSL_ERROR_ZERO_RETURN: return 0;
    case SSL_ERROR_SYSCALL: return saved == 0 ? -ENODATA : -saved;
    default:
        if (ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
            return -ENODATA;
        return -EPROTO;
    }
}

static void describe(struct tls *tls, struct tls_result *ret)
{
    const unsigned char *protocol = NULL;
    unsigned size = 0;
    ret->version = SSL_get_version(tls->ssl);
    ret->cipher = SSL_get_cipher_name(tls->ssl);
    ret->resumed = SSL_session_reused(tls->ssl) == 1;
    SSL_get0_alpn_selected(tls->ssl, &protocol, &size);
    (void)snprintf(ret->alpn, sizeof(ret->alpn), "%.*s", (int)size,
                   protocol ? (const char *)protocol : "");
}

/* True if the server has answered the handshake in clear, or in another protocol. */
static bool is_no_tls(void)
{
    int reason = ERR_GET_REASON(ERR_peek_error());
    return reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
           reason == SSL_R_PACKET_LENGTH_TOO_LONG;
}

static void describe_failure(const struct tls *tls, ssize_t error, struct tls_result *ret)
{
    const char *reason = ERR_reason_error_string(ERR_peek_error());
    ret->alert = tls->alert;
    if (tls->alert)
        (void)snprintf(ret->problem, sizeof(ret->problem), "the server's alert %u, \"%s\"",
                       tls->alert, SSL_alert_desc_string_long((int)tls->alert));
    else
        (void)snprintf(ret->problem, sizeof(ret->problem), "%s",
                       error == -EAGAIN                  ? "no answer in time"
                       : error == 0 || error == -ENODATA ? "the server closed the connection"
                       : is_no_tls()                     ? "what came is not TLS"
                       : reason                          ? reason
                                                         : strerror((int)-error));
}

int tls_start(struct wire *wire, const struct target *target, const struct tls_offer *offer,
              struct tls_result *ret, unsigned timeout)
{
    *ret = (struct tls_result){0};
    struct tls *tls = calloc(1, sizeof(*tls));
    if (!tls)
        return -ENOMEM;
    int prepared = prepare(tls, target, offer);
    if (prepared < 0 || SSL_set_fd(tls->ssl, wire->fd) != 1) {
        tls_free(tls);
        return prepared < 0 ? prepared : -ENOMEM;
    }
    uint64_t end = clock_msec() + timeout;
    watch_reads(tls);
    for (;;) {
        tls_go_on(tls);
        int r = SSL_connect(tls->ssl);
        if (r == 1)
            break;
        short events = 0;
        ssize_t error = failure(tls, r, &events);
        uint64_t now = clock_msec();
        struct pollfd waiting = {.fd = wire->fd, .events = events};
        if (error == -EAGAIN && now < end &&
            (poll(&waiting, 1, (int)(end - now)) >= 0 || (errno == EINTR && !interrupted())))
            continue;
        if (error == -EAGAIN)
            dialogue_wait(wire->dialogue, wire->number, wire->data, timeout);
        describe_failure(tls, error, ret);
        tls_free(tls);
        dialogue_event(wire->dialogue, wire->number, wire->data, "TLS failed: %s", ret->problem);
        return error == -EAGAIN ? -ETIMEDOUT : error == 0 ? -ENODATA : (int)error;
    }
    describe(tls, ret);
    wire->tls = tls;
    dialogue_event(wire->dialogue, wire->number, wire->data, "%s, %s%s", ret->version, ret->cipher,
                   ret->resumed ? ", resumed" : "");
    return 0;
}

ssize_t tls_read(struct tls *tls, void *bytes, size_t size, short *ret_events)
{
    tls_go_on(tls);
    int r = SSL_read(tls->ssl, bytes, (int)size);
    return r > 0 ? r : failure(tls, r, ret_events);
}

ssize_t tls_write(struct tls *tls, const void *bytes, size_t size, short *ret_events)
{
    tls_go_on(tls);
    SSL_set_mode(tls->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    int r = SSL_write(tls->ssl, bytes, (int)(size < (1 << 20) ? size : 1 << 20));
    return r > 0 ? r : failure(tls, r, ret_events);
}

void tls_finish(struct tls *tls)
{
    tls_go_on(tls);
    (void)SSL_shutdown(tls->ssl);
}

void *tls_session(const struct tls *tls)
{
    /* With TLS 1.3 only what a ticket brought can be resumed. */
    SSL_SESSION *session = tls->session;
    if (!session && SSL_version(tls->ssl) < TLS1_3_VERSION)
        session = SSL_get0_session(tls->ssl);
    if (!session || !SSL_SESSION_is_resumable(session))
        return NULL;
    SSL_SESSION_up_ref(session);
    return session;
}

void *tls_take_ticket(struct tls *tls)
{
    if (tls->taken >= tls->tickets || tls->taken >= TLS_TICKETS_MAX)
        return NULL;
    SSL_SESSION *session = tls->unused[tls->taken];
    tls->unused[tls->taken++] = NULL;
    return session;
}

void tls_session_free(void *session)
{
    SSL_SESSION_free(session);
}

unsigned tls_tickets(const struct tls *tls)
{
    return tls->tickets;
}

size_t tls_pending(const struct tls *tls)
{
    return (size_t)SSL_pending(tls->ssl);
}

void *tls_handle(const struct tls *tls)
{
    return tls->ssl;
}

void tls_free(struct tls *tls)
{
    if (!tls)
        return;
    /* Of a connection that did not end as it should OpenSSL would spoil the session, which other
     * connections are still to resume. */
    if (tls->ssl)
        SSL_set_shutdown(tls->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(tls->ssl);
    SSL_SESSION_free(tls->session);
    for (size_t i = 0; i < TLS_TICKETS_MAX; i++)
        SSL_SESSION_free(tls->unused[i]);
    SSL_CTX_free(tls->context);
    free(tls);
}
