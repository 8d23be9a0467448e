/*
 * A certificate chain and its private key, in the monitor and only there. Private to src/tls; what
 * the functions do is said in lib/tls.h.
 */
#pragma once

#include "lib/tls.h"

#include <openssl/evp.h>

struct tls_identity {
    EVP_PKEY *key;
    uint8_t *chain; /* DER */
    size_t chain_size;
    time_t expires;
};

int identity_open(const char *certificate_file, const char *key_file, struct tls_identity **ret,
                  char ret_words[TLS_WORDS_MAX]);
void identity_close(struct tls_identity *identity);
const uint8_t *identity_chain(const struct tls_identity *identity, size_t *ret_size);
time_t identity_expires(const struct tls_identity *identity);
int identity_sign(const struct tls_identity *identity, unsigned scheme, const uint8_t *text,
                  size_t text_size, uint8_t *ret_signature, size_t *signature_size);
