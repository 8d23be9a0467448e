/*
 * Identities: what the monitor holds. See identity.h and lib/tls.h; the signature is in sign.c. The
 * key leaves this memory in no form, and is cleared when the identity is closed.
 */
#include "tls/identity.h"

#include "tls/certificate.h"
#include "tls/start.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>

/* All certificates of CHAIN as DER, one behind another. certificate_check has looked at the size.
 */
static int identity_encode(struct tls_identity *identity, const STACK_OF(X509) * chain)
{
    identity->chain = malloc(TLS_CHAIN_MAX);
    if (!identity->chain)
        return -ENOMEM;
    unsigned char *next = identity->chain;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        time_t expires = certificate_expires(sk_X509_value(chain, i));
        if (i == 0 || expires < identity->expires)
            identity->expires = expires; /* a client refuses the whole chain from then on */
        if (i2d_X509(sk_X509_value(chain, i), &next) < 0)
            return -ENOMEM;
    }
    identity->chain_size = (size_t)(next - identity->chain);
    return 0;
}

static int identity_fill(struct tls_identity *identity, const char *certificate_file,
                         const char *key_file, char ret_words[TLS_WORDS_MAX])
{
    STACK_OF(X509) *chain = NULL;
    int error = certificate_read(certificate_file, &chain, ret_words);
    if (error == 0)
        error = certificate_read_key(key_file, &identity->key, ret_words);
    if (error == 0)
        error = certificate_check_key(sk_X509_value(chain, 0), certificate_file, identity->key,
                                      key_file, ret_words);
    if (error == 0)
        error = certificate_check(chain, certificate_file, ret_words);
    if (error == 0)
        error = identity_encode(identity, chain);
    certificate_chain_free(chain);
    return error;
}

int identity_open(const char *certificate_file, const char *key_file, struct tls_identity **ret,
                  char ret_words[TLS_WORDS_MAX])
{
    (void)snprintf(ret_words, TLS_WORDS_MAX, "no memory for certificates");
    struct tls_identity *identity = calloc(1, sizeof *identity);
    if (!identity)
        return -ENOMEM;
    int error = library_start();
    if (error == 0)
        error = identity_fill(identity, certificate_file, key_file, ret_words);
    if (error < 0) {
        identity_close(identity);
        return error;
    }
    ret_words[0] = '\0';
    *ret = identity;
    return 0;
}

void identity_close(struct tls_identity *identity)
{
    if (!identity)
        return;
    EVP_PKEY_free(identity->key);
    free(identity->chain);
    free(identity);
}

const uint8_t *identity_chain(const struct tls_identity *identity, size_t *ret_size)
{
    *ret_size = identity->chain_size;
    return identity->chain;
}

time_t identity_expires(const struct tls_identity *identity)
{
    return identity->expires;
}
