/*
 * Handshakes: which certificate, which protocol above TLS (ALPN), and how they end. See internal.h.
 */
#include "tls/internal.h"

#include "tls/failure.h"
#include "tls/kernel.h"
#include "tls/provider.h"
#include "tls/socket.h"
#include "tls/ticket.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

/* Lower-cased in RET; "" if it is not a host's name as a folder of certificates may be called. */
static void host_name(const char *name, char ret[TLS_NAME_MAX + 1])
{
    ret[0] = '\0';
    size_t size = strlen(name);
    if (size == 0 || size > TLS_NAME_MAX || name[0] == '.' || strstr(name, ".."))
        return;
    for (size_t i = 0; i < size; i++) {
        char byte = name[i];
        if (byte >= 'A' && byte <= 'Z')
            byte = (char)(byte - 'A' + 'a');
        if ((byte < 'a' || byte > 'z') && (byte < '0' || byte > '9') && byte != '.' &&
            byte != '-') {
            ret[0] = '\0';
            return;
        }
        ret[i] = byte;
    }
    ret[size] = '\0';
}

static int take_name(SSL *ssl, int *alert, void *argument)
{
    (void)alert;
    (void)argument;
    struct tls_stream *stream = SSL_get_app_data(ssl);
    const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
    host_name(name ? name : "", stream->name);
    return stream->name[0] != '\0' ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

/* RFC 7301, and why: ALPACA (CVE-2021-3618), another protocol's client led to this port. */
static int choose_protocol(SSL *ssl, const unsigned char **ret, unsigned char *ret_size,
                           const unsigned char *offered, unsigned size, void *argument)
{
    (void)ssl;
    (void)argument;
    static const unsigned char ftp[] = {'f', 't', 'p'};
    for (unsigned i = 0; i < size; i += 1u + offered[i]) {
        if (offered[i] == sizeof ftp && size - i > sizeof ftp &&
            memcmp(offered + i + 1, ftp, sizeof ftp) == 0) {
            *ret = offered + i + 1;
            *ret_size = sizeof ftp;
            return SSL_TLSEXT_ERR_OK;
        }
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

/* The certificates that SIZE bytes of DER begin with. */
static STACK_OF(X509) * parse_chain(OSSL_LIB_CTX *library, const unsigned char *bytes, size_t size)
{
    STACK_OF(X509) *chain = sk_X509_new_null();
    const unsigned char *next = bytes;
    while (chain && next < bytes + size) {
        X509 *certificate = X509_new_ex(library, NULL);
        if (!certificate || !d2i_X509(&certificate, &next, (long)(size - (size_t)(next - bytes))) ||
            sk_X509_push(chain, certificate) <= 0) {
            X509_free(certificate);
            sk_X509_pop_free(chain, X509_free);
            return NULL;
        }
    }
    return chain;
}

/* The first of CHAIN is the server's own. It serves SSL, and all that come after it. */
static int use_chain(struct tls *tls, SSL *ssl, STACK_OF(X509) * chain)
{
    if (sk_X509_num(chain) == 0)
        return -EBADMSG;
    X509 *certificate = sk_X509_shift(chain);
    EVP_PKEY *key = NULL;
    EVP_PKEY *public_key = X509_get0_pubkey(certificate);
    int error =
        public_key ? provider_key(tls->library, public_key, tls->questions, &key) : -EBADMSG;
    if (error == 0 && (SSL_CTX_use_cert_and_key(tls->context, certificate, key, chain, 1) != 1 ||
                       SSL_use_cert_and_key(ssl, certificate, key, chain, 1) != 1))
        error = -EBADMSG;
    EVP_PKEY_free(key);
    if (error < 0)
        X509_free(certificate);
    else
        tls->certificate = certificate;
    return error;
}

static int ask_identity(struct tls_stream *stream)
{
    struct tls *tls = stream->tls;
    const struct tls_questions *questions = tls->questions;
    uint8_t *bytes = malloc(TLS_CHAIN_MAX);
    if (!bytes)
        return -ENOMEM;
    size_t size = TLS_CHAIN_MAX;
    int error = questions->identity(questions->context, stream->name, bytes, &size);
    if (error == 0) {
        STACK_OF(X509) *chain = parse_chain(tls->library, bytes, size);
        error = chain ? use_chain(tls, stream->ssl, chain) : -EBADMSG;
        sk_X509_pop_free(chain, X509_free);
    }
    free(bytes);
    return error;
}

/* SSL_CTX_set_cert_cb(3): 1 goes on with the certificate that is set. */
static int choose_certificate(SSL *ssl, void *argument)
{
    (void)argument;
    struct tls_stream *stream = SSL_get_app_data(ssl);
    if (stream->purpose != TLS_CONTROL)
        return stream->tls->certificate != NULL;
    client_request_ask(stream);
    if (stream->tls->certificate)
        return 1;
    stream->refusal = ask_identity(stream);
    return stream->refusal == 0;
}

void handshake_prepare(SSL_CTX *context, struct tls *tls)
{
    (void)SSL_CTX_set_tlsext_servername_callback(context, take_name);
    SSL_CTX_set_alpn_select_cb(context, choose_protocol, tls);
    SSL_CTX_set_cert_cb(context, choose_certificate, tls);
}

/* OpenSSL's errors are about the peer, unless the peer simply went. */
static int fail(struct tls_stream *stream)
{
    bool cut = failure_take(stream);
    if (stream->socket_error)
        stream->error = -stream->socket_error;
    else
        stream->error = cut ? -ECONNABORTED : -EPROTO;
    stream->events = 0;
    return stream->error;
}

static int wait_for(struct tls_stream *stream, short events)
{
    stream->events = events;
    return -EAGAIN;
}

int stream_result(struct tls_stream *stream, int result)
{
    switch (SSL_get_error(stream->ssl, result)) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_ZERO_RETURN: return 0;
    case SSL_ERROR_WANT_READ: return wait_for(stream, POLLIN);
    case SSL_ERROR_WANT_WRITE: return wait_for(stream, POLLOUT);
    case SSL_ERROR_SYSCALL:
        if (stream->socket_error == 0) /* it was OpenSSL's BIO of a socket, see kernel.h */
            stream->socket_error = errno ? errno : ECONNRESET;
        return fail(stream);
    default: return fail(stream);
    }
}

/* It has failed for good: the alert goes as far as it goes at once. */
static int handshake_failed(struct tls_stream *stream)
{
    (void)output_send(&stream->output, stream->fd);
    stream->error = -EPROTO;
    return -EPROTO;
}

int stream_handshake(struct tls_stream *stream)
{
    if (stream->error < 0)
        return stream->error;
    int error = stream_flush(stream);
    if (error == 0 && !stream->established) {
        ERR_clear_error();
        errno = 0;
        error = stream_result(stream, SSL_do_handshake(stream->ssl));
        if (error == 0)
            error = ticket_mark(stream);
        stream->established = error == 0;
        if (stream->established && stream->purpose == TLS_DOWNLOAD && stream->tls->kernel)
            kernel_settle(stream);
        if (error == 0 || error == -EAGAIN) {
            int sent = stream_flush(stream);
            socket_acknowledge(stream);
            if (sent < 0)
                error = sent;
        }
    }
    if (error == 0)
        error = client_request_finish(stream);
    return error < 0 && error != -EAGAIN ? handshake_failed(stream) : error;
}
