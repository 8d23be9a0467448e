/*
 * The TLS of one FTP session: a library context of its own and the SSL_CTX in it, whose session
 * cache is nobody else's, and whose ticket keys are not either, unless tls_bind() has set them. See
 * internal.h and lib/tls.h.
 */
#include "tls/internal.h"

#include "tls/provider.h"
#include "tls/settings.h"
#include "tls/socket.h"
#include "tls/start.h"
#include "tls/ticket.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/provider.h>
#include <stdlib.h>
#include <string.h>

enum {
    /* A session lasts as long as its FTP session may: TLS 1.3 allows a week (RFC 8446 section
     * 4.6.1). */
    SESSION_SECONDS = 7 * 24 * 3600,
    /* Sessions by number, of TLS 1.2 clients that take no tickets. */
    SESSIONS_MAX = 256,
};

static int load_providers(struct tls *tls)
{
    tls->library = OSSL_LIB_CTX_new();
    if (!tls->library)
        return -ENOMEM;
    tls->standard = OSSL_PROVIDER_load(tls->library, "default");
    if (!tls->standard)
        return -ENOMEM;
    int error = provider_load(tls->library, &tls->remote);
    if (error < 0)
        return error;
    /* Both know RSA and EC: what is not explicitly ours is the default provider's. */
    return EVP_set_default_properties(tls->library, "?provider=default") == 1 ? 0 : -ENOMEM;
}

static int make_context(struct tls *tls)
{
    tls->context = SSL_CTX_new_ex(tls->library, NULL, TLS_server_method());
    if (!tls->context)
        return -ENOMEM;
    SSL_CTX *context = tls->context;
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA |
                                     SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_SERVER);
    (void)SSL_CTX_sess_set_cache_size(context, SESSIONS_MAX);
    (void)SSL_CTX_set_timeout(context, SESSION_SECONDS);
    SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
    static const unsigned char name[] = "cellftpd";
    if (SSL_CTX_set_session_id_context(context, name, sizeof name - 1) != 1)
        return -ENOMEM;
    ticket_prepare(context);
    handshake_prepare(context, tls);
    return client_request_prepare(context, tls->questions);
}

int tls_open(const struct config *config, const struct tls_questions *questions, bool kernel,
             struct tls **ret)
{
    int error = library_start();
    if (error < 0)
        return error;
    struct tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return -ENOMEM;
    char words[TLS_WORDS_MAX];
    tls->questions = questions;
    tls->kernel = kernel;
    tls->binds = config->tls_data_binding == DATA_BINDING_AUTO;
    tls->socket = socket_method();
    error = tls->socket ? load_providers(tls) : -ENOMEM;
    if (error == 0)
        error = make_context(tls);
    if (error == 0)
        error = settings_apply(config, tls->context, words);
    if (error < 0) {
        tls_close(tls);
        return error;
    }
    *ret = tls;
    return 0;
}

void tls_close(struct tls *tls)
{
    if (!tls)
        return;
    X509_free(tls->certificate);
    SSL_CTX_free(tls->context);
    BIO_meth_free(tls->socket);
    if (tls->remote)
        (void)OSSL_PROVIDER_unload(tls->remote);
    if (tls->standard)
        (void)OSSL_PROVIDER_unload(tls->standard);
    OSSL_LIB_CTX_free(tls->library);
    free(tls);
}

/* As much as OpenSSL wants (the name of the key, and one each for HMAC and AES), block by block
 * out of the one that was given. */
static int expand(const struct tls *tls, const uint8_t key[TLS_KEY_SIZE], uint8_t *ret, size_t size)
{
    for (size_t done = 0; done < size; done += TLS_KEY_SIZE) {
        uint8_t block[TLS_KEY_SIZE];
        size_t made = 0, wanted = size - done < sizeof block ? size - done : sizeof block;
        unsigned char label[] = "cellftpd ticket keys 0";
        label[sizeof label - 2] = (unsigned char)('0' + done / TLS_KEY_SIZE);
        if (!EVP_Q_mac(tls->library, "HMAC", NULL, "SHA256", NULL, key, TLS_KEY_SIZE, label,
                       sizeof label - 1, block, sizeof block, &made) ||
            made != sizeof block)
            return -ENOMEM;
        memcpy(ret + done, block, wanted);
        OPENSSL_cleanse(block, sizeof block);
    }
    return 0;
}

int tls_bind(struct tls *tls, const uint8_t key[TLS_KEY_SIZE])
{
    enum { ROOM = 256 };
    uint8_t keys[ROOM];
    long size = SSL_CTX_get_tlsext_ticket_keys(tls->context, NULL, 0);
    if (size <= 0 || size > ROOM)
        return -ENOTSUP;
    int error = expand(tls, key, keys, (size_t)size);
    if (error == 0 && SSL_CTX_set_tlsext_ticket_keys(tls->context, keys, size) != 1)
        error = -ENOTSUP;
    OPENSSL_cleanse(keys, sizeof keys);
    ERR_clear_error();
    return error;
}
