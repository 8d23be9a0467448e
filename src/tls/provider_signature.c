/*
 * The signatures of the provider (provider-signature(7)): in one go only, because the one who signs
 * wants to see the whole text, not its digest. See provider.h.
 */
#include "tls/provider.h"

#include "lib/cleanup.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/rsa.h>
#include <string.h>
#include <strings.h>

struct signing {
    const struct remote_key *key;
    unsigned hash; /* 256, 384, 512; 0: none */
    bool pss;
};

/* SignatureScheme of RFC 8446 section 4.2.3. */
struct scheme {
    enum remote_kind kind;
    bool pss;
    unsigned hash;
    unsigned number;
};
static const struct scheme schemes[] = {
    {REMOTE_RSA, false, 256, 0x0401}, {REMOTE_RSA, false, 384, 0x0501},
    {REMOTE_RSA, false, 512, 0x0601}, {REMOTE_RSA, true, 256, 0x0804},
    {REMOTE_RSA, true, 384, 0x0805},  {REMOTE_RSA, true, 512, 0x0806},
    {REMOTE_EC, false, 256, 0x0403},  {REMOTE_EC, false, 384, 0x0503},
    {REMOTE_EC, false, 512, 0x0603},  {REMOTE_ED25519, false, 0, 0x0807},
};

static void *signing_new(void *context, const char *properties)
{
    (void)context;
    (void)properties;
    return OPENSSL_zalloc(sizeof(struct signing));
}

static void signing_free(void *data)
{
    OPENSSL_free(data);
}

static bool set_hash(struct signing *signing, const char *name)
{
    static const struct {
        const char *name;
        unsigned bits;
    } hashes[] = {
        {"SHA256", 256},   {"SHA2-256", 256}, {"SHA384", 384},
        {"SHA2-384", 384}, {"SHA512", 512},   {"SHA2-512", 512},
    };
    for (size_t i = 0; i < ELEMENTS(hashes); i++) {
        if (strcasecmp(name, hashes[i].name) == 0) {
            signing->hash = hashes[i].bits;
            return true;
        }
    }
    return false;
}

static int signing_set(void *data, const OSSL_PARAM *parameters);

static int signing_init(void *data, const char *hash, void *key, const OSSL_PARAM *parameters)
{
    struct signing *signing = data;
    if (key)
        signing->key = key;
    if (!signing->key || !signing->key->questions)
        return 0;
    signing->pss = false;
    signing->hash = 0;
    if (hash && hash[0] != '\0' && !set_hash(signing, hash))
        return 0;
    return signing_set(signing, parameters);
}

/* OpenSSL says the padding as a number or as a name. */
static int set_padding(struct signing *signing, const OSSL_PARAM *parameter)
{
    int mode = 0;
    if (parameter->data_type == OSSL_PARAM_UTF8_STRING) {
        const char *name = NULL;
        if (!OSSL_PARAM_get_utf8_string_ptr(parameter, &name))
            return 0;
        if (strcmp(name, OSSL_PKEY_RSA_PAD_MODE_PSS) == 0)
            mode = RSA_PKCS1_PSS_PADDING;
        else if (strcmp(name, OSSL_PKEY_RSA_PAD_MODE_PKCSV15) == 0)
            mode = RSA_PKCS1_PADDING;
    } else if (!OSSL_PARAM_get_int(parameter, &mode)) {
        return 0;
    }
    signing->pss = mode == RSA_PKCS1_PSS_PADDING;
    return mode == RSA_PKCS1_PSS_PADDING || mode == RSA_PKCS1_PADDING;
}

/* TLS knows only a salt as long as the digest (RFC 8446 section 4.2.3). */
static bool salt_is_digest(const OSSL_PARAM *parameter)
{
    if (parameter->data_type == OSSL_PARAM_UTF8_STRING) {
        const char *name = NULL;
        return OSSL_PARAM_get_utf8_string_ptr(parameter, &name) &&
               strcmp(name, OSSL_PKEY_RSA_PSS_SALT_LEN_DIGEST) == 0;
    }
    int length = 0;
    return OSSL_PARAM_get_int(parameter, &length) && length == RSA_PSS_SALTLEN_DIGEST;
}

static int signing_set(void *data, const OSSL_PARAM *parameters)
{
    struct signing *signing = data;
    if (!parameters)
        return 1;
    const OSSL_PARAM *padding = OSSL_PARAM_locate_const(parameters, OSSL_SIGNATURE_PARAM_PAD_MODE);
    if (padding && (signing->key->kind != REMOTE_RSA || !set_padding(signing, padding)))
        return 0;
    const OSSL_PARAM *salt = OSSL_PARAM_locate_const(parameters, OSSL_SIGNATURE_PARAM_PSS_SALTLEN);
    return !salt || salt_is_digest(salt);
}

static const OSSL_PARAM *signing_settable(void *data, void *context)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PAD_MODE, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_SIGNATURE_PARAM_PSS_SALTLEN, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)data;
    (void)context;
    return types;
}

static const struct scheme *scheme_of(const struct signing *signing)
{
    for (size_t i = 0; i < ELEMENTS(schemes); i++)
        if (schemes[i].kind == signing->key->kind && schemes[i].pss == signing->pss &&
            schemes[i].hash == signing->hash)
            return &schemes[i];
    return NULL;
}

static int signing_sign(void *data, unsigned char *ret, size_t *ret_size, size_t room,
                        const unsigned char *text, size_t text_size)
{
    const struct signing *signing = data;
    const struct remote_key *key = signing->key;
    size_t most = remote_key_signature_size(key);
    if (!ret) {
        *ret_size = most;
        return 1;
    }
    const struct scheme *scheme = scheme_of(signing);
    if (!scheme || text_size > TLS_SIGNED_MAX)
        return 0;
    uint8_t signature[TLS_SIGNATURE_MAX];
    size_t size = sizeof signature;
    if (key->questions->sign(key->questions->context, scheme->number, text, text_size, signature,
                             &size) < 0)
        return 0;
    if (size > most || size > room || size > sizeof signature)
        return 0;
    memcpy(ret, signature, size);
    *ret_size = size;
    return 1;
}

static const OSSL_DISPATCH signature_functions[] = {
    {OSSL_FUNC_SIGNATURE_NEWCTX, (void (*)(void))signing_new},
    {OSSL_FUNC_SIGNATURE_FREECTX, (void (*)(void))signing_free},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN_INIT, (void (*)(void))signing_init},
    {OSSL_FUNC_SIGNATURE_DIGEST_SIGN, (void (*)(void))signing_sign},
    {OSSL_FUNC_SIGNATURE_SET_CTX_PARAMS, (void (*)(void))signing_set},
    {OSSL_FUNC_SIGNATURE_SETTABLE_CTX_PARAMS, (void (*)(void))signing_settable},
    {0, NULL},
};

const OSSL_ALGORITHM provider_signature_algorithms[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=" PROVIDER_NAME, signature_functions,
     NULL},
    {"ECDSA", "provider=" PROVIDER_NAME, signature_functions, NULL},
    {"ED25519:1.3.101.112", "provider=" PROVIDER_NAME, signature_functions, NULL},
    {NULL, NULL, NULL, NULL},
};
