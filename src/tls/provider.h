/*
 * A provider of OpenSSL (provider(7)) with private keys that are not here: such a key is the public
 * half, and every signature is asked for by tls_questions. Private to src/tls, on the session's
 * side. It verifies nothing, exports nothing, and never sees a private key.
 */
#pragma once

#include "lib/tls.h"

#include <openssl/core.h>
#include <openssl/evp.h>
#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROVIDER_NAME "cellftpd"

/* Adds the provider to CONTEXT; the caller unloads *RET. */
int provider_load(OSSL_LIB_CTX *context, OSSL_PROVIDER **ret);

/* The private key that belongs to PUBLIC_KEY (of the default provider) and signs by QUESTIONS,
 * which must live as long. The caller frees *RET. -EINVAL for a kind of key that is not served. */
int provider_key(OSSL_LIB_CTX *context, const EVP_PKEY *public_key,
                 const struct tls_questions *questions, EVP_PKEY **ret);

enum remote_kind { REMOTE_RSA, REMOTE_EC, REMOTE_ED25519 };

enum { REMOTE_POINT_MAX = 133, REMOTE_GROUP_MAX = 32 };

/* The key as the provider holds it. */
struct remote_key {
    enum remote_kind kind;
    const struct tls_questions *questions; /* NULL: only a public key, to compare with */
    BIGNUM *modulus;                       /* RSA */
    BIGNUM *exponent;
    char group[REMOTE_GROUP_MAX];    /* EC */
    uint8_t point[REMOTE_POINT_MAX]; /* EC and Ed25519 */
    size_t point_size;
};

/* Bytes that a signature has at most. */
size_t remote_key_signature_size(const struct remote_key *key);

extern const OSSL_ALGORITHM provider_key_algorithms[];
extern const OSSL_ALGORITHM provider_signature_algorithms[];
