/* Asking more of TLS than clients do, on OpenSSL: see tls_probe.h. */
#include "ftplint/tls_probe.h"

#include "ftplint/tls.h"
#include "ftplint/wire.h"
#include "lib/clock.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string.h>

bool tls_update_keys(struct tls *tls)
{
    SSL *ssl = tls_handle(tls);
    return SSL_version(ssl) == TLS1_3_VERSION && SSL_key_update(ssl, SSL_KEY_UPDATE_REQUESTED) == 1;
}

bool tls_renegotiate(struct wire *wire, unsigned timeout)
{
    SSL *ssl = tls_handle(wire->tls);
    uint64_t end = clock_msec() + timeout;
    ERR_clear_error();
    if (SSL_renegotiate(ssl) != 1)
        return false;
    for (;;) {
        tls_go_on(wire->tls);
        int r = SSL_do_handshake(ssl);
        int error = r == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, r);
        uint64_t now = clock_msec();
        struct pollfd waiting = {
            .fd = wire->fd,
            .events = error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN,
        };
        if (r == 1)
            return true;
        if ((error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) || now >= end ||
            (poll(&waiting, 1, (int)(end - now)) < 0 && errno != EINTR))
            return false;
    }
}

bool tls_renegotiates_safely(const struct tls *tls)
{
    SSL *ssl = tls_handle(tls);
    return SSL_version(ssl) >= TLS1_3_VERSION || SSL_get_secure_renegotiation_support(ssl) == 1;
}

unsigned tls_exchange_bits(const struct tls *tls)
{
    EVP_PKEY *key = NULL;
    if (SSL_get_peer_tmp_key(tls_handle(tls), &key) != 1)
        return 0;
    unsigned bits = (unsigned)EVP_PKEY_get_bits(key);
    EVP_PKEY_free(key);
    return bits;
}

unsigned tls_early_data(const void *session)
{
    return SSL_SESSION_get_max_early_data(session);
}

/* Turns the bytes of WHAT around where they stand in DER; false if they do not. */
static bool spoil(unsigned char *der, size_t size, const unsigned char *what, size_t length)
{
    unsigned char *at = length >= 16 ? memmem(der, size, what, length) : NULL;
    for (size_t i = 0; at && i < length; i++)
        at[i] ^= 0x55;
    return at != NULL;
}

void *tls_spoil_session(const void *session)
{
    const unsigned char *ticket = NULL;
    size_t length = 0;
    unsigned char *der = NULL;
    SSL_SESSION *copy = NULL;
    int size = i2d_SSL_SESSION(session, &der);
    if (size <= 0)
        return NULL;
    SSL_SESSION_get0_ticket(session, &ticket, &length);
    if (!length) {
        unsigned id = 0;
        ticket = SSL_SESSION_get_id(session, &id);
        length = id;
    }
    if (spoil(der, (size_t)size, ticket, length)) {
        const unsigned char *at = der;
        copy = d2i_SSL_SESSION(NULL, &at, size);
    }
    OPENSSL_free(der);
    return copy;
}

bool tls_same_ticket(const void *one, const void *other)
{
    const unsigned char *first = NULL;
    const unsigned char *second = NULL;
    size_t size = 0;
    size_t other_size = 0;
    SSL_SESSION_get0_ticket(one, &first, &size);
    SSL_SESSION_get0_ticket(other, &second, &other_size);
    return size > 0 && size == other_size && memcmp(first, second, size) == 0;
}
