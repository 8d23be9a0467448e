/* TLS as a client, on OpenSSL: see tls.h. */
#include "ftplint/tls.h"

#include "ftplint/dialogue.h"
#include "ftplint/target.h"
#include "ftplint/wire.h"
#include "lib/clock.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct tls {
    SSL_CTX *context;
    SSL *ssl;
    SSL_SESSION *session; /* the newest */
    unsigned tickets;
};

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct tls *tls = SSL_get_app_data(ssl);
    SSL_SESSION_free(tls->session);
    tls->session = session;
    tls->tickets++;
    return 1; /* the reference is ours now */
}

static int accept_any(int preverified, X509_STORE_CTX *store)
{
    (void)preverified;
    (void)store;
    return 1; /* what is wrong is read from the result: it is a finding, not an end */
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
    SSL_CTX_set_verify(tls->context, SSL_VERIFY_PEER, accept_any);
    if (target->authorities)
        SSL_CTX_load_verify_locations(tls->context, target->authorities, NULL);
    else
        SSL_CTX_set_default_verify_paths(tls->context);
    if (offer->ciphers && SSL_CTX_set_cipher_list(tls->context, offer->ciphers) != 1)
        return -EINVAL;
    if (version < TLS1_2_VERSION)
        SSL_CTX_set_security_level(tls->context, 0);
    if (target->certificate && !offer->without_certificate) {
        SSL_CTX_use_certificate_chain_file(tls->context, target->certificate);
        SSL_CTX_use_PrivateKey_file(tls->context, target->certificate, SSL_FILETYPE_PEM);
    }
    tls->ssl = SSL_new(tls->context);
    if (!tls->ssl)
        return -ENOMEM;
    SSL_set_app_data(tls->ssl, tls);
    if (offer->alpn) {
        unsigned char list[64];
        size_t size = strlen(offer->alpn);
        if (size >= sizeof(list))
            return -EINVAL;
        list[0] = (unsigned char)size;
        memcpy(list + 1, offer->alpn, size);
        SSL_set_alpn_protos(tls->ssl, list, (unsigned)size + 1);
    }
    if (offer->name)
        SSL_set_tlsext_host_name(tls->ssl, offer->name);
    if (offer->resume)
        SSL_set_session(tls->ssl, offer->resume);
    return 0;
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
    long verified = SSL_get_verify_result(tls->ssl);
    if (verified != X509_V_OK)
        (void)snprintf(ret->certificate_problem, sizeof(ret->certificate_problem), "%s",
                       X509_verify_cert_error_string(verified));
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
    for (;;) {
        ERR_clear_error();
        errno = 0;
        int r = SSL_connect(tls->ssl);
        if (r == 1)
            break;
        short events = 0;
        ssize_t error = failure(tls, r, &events);
        uint64_t now = clock_msec();
        struct pollfd waiting = {.fd = wire->fd, .events = events};
        if (error == -EAGAIN && now < end && poll(&waiting, 1, (int)(end - now)) >= 0)
            continue;
        const char *reason = ERR_reason_error_string(ERR_peek_error());
        (void)snprintf(ret->problem, sizeof(ret->problem), "%s",
                       error == -EAGAIN                  ? "no answer in time"
                       : reason                          ? reason
                       : error == 0 || error == -ENODATA ? "the server closed the connection"
                                                         : strerror((int)-error));
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
    ERR_clear_error();
    errno = 0;
    int r = SSL_read(tls->ssl, bytes, (int)size);
    return r > 0 ? r : failure(tls, r, ret_events);
}

ssize_t tls_write(struct tls *tls, const void *bytes, size_t size, short *ret_events)
{
    ERR_clear_error();
    errno = 0;
    SSL_set_mode(tls->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    int r = SSL_write(tls->ssl, bytes, (int)(size < (1 << 20) ? size : 1 << 20));
    return r > 0 ? r : failure(tls, r, ret_events);
}

void tls_finish(struct tls *tls)
{
    ERR_clear_error();
    (void)SSL_shutdown(tls->ssl);
}

void *tls_session(const struct tls *tls)
{
    SSL_SESSION *session = tls->session ? tls->session : SSL_get0_session(tls->ssl);
    if (!session || !SSL_SESSION_is_resumable(session))
        return NULL;
    SSL_SESSION_up_ref(session);
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
    SSL_CTX_free(tls->context);
    free(tls);
}
