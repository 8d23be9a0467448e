/*
 * The keys of the provider (provider-keymgmt(7)). There is no way to export one, so that OpenSSL
 * cannot take it to another provider and must sign here. See provider.h.
 */
#include "tls/provider.h"

#include "lib/cleanup.h"

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <string.h>

static void *key_new(enum remote_kind kind)
{
    struct remote_key *key = OPENSSL_zalloc(sizeof *key);
    if (key)
        key->kind = kind;
    return key;
}

static void *key_new_rsa(void *context)
{
    (void)context;
    return key_new(REMOTE_RSA);
}

static void *key_new_ec(void *context)
{
    (void)context;
    return key_new(REMOTE_EC);
}

static void *key_new_ed25519(void *context)
{
    (void)context;
    return key_new(REMOTE_ED25519);
}

static void key_free(void *data)
{
    struct remote_key *key = data;
    if (!key)
        return;
    BN_free(key->modulus);
    BN_free(key->exponent);
    OPENSSL_free(key);
}

static bool key_is_set(const struct remote_key *key)
{
    return key->kind == REMOTE_RSA ? key->modulus && key->exponent : key->point_size > 0;
}

static int key_has(const void *data, int selection)
{
    const struct remote_key *key = data;
    if ((selection & OSSL_KEYMGMT_SELECT_PRIVATE_KEY) && !key->questions)
        return 0;
    return !(selection & OSSL_KEYMGMT_SELECT_ALL) || key_is_set(key);
}

static int key_match(const void *data, const void *other_data, int selection)
{
    const struct remote_key *key = data;
    const struct remote_key *other = other_data;
    if (key->kind != other->kind || !key_is_set(key) || !key_is_set(other))
        return 0;
    if (strcmp(key->group, other->group) != 0)
        return 0;
    if (!(selection & OSSL_KEYMGMT_SELECT_KEYPAIR))
        return 1;
    if (key->kind == REMOTE_RSA)
        return BN_cmp(key->modulus, other->modulus) == 0 &&
               BN_cmp(key->exponent, other->exponent) == 0;
    return key->point_size == other->point_size &&
           memcmp(key->point, other->point, key->point_size) == 0;
}

static bool import_rsa(struct remote_key *key, const OSSL_PARAM *parameters)
{
    const OSSL_PARAM *modulus = OSSL_PARAM_locate_const(parameters, OSSL_PKEY_PARAM_RSA_N);
    const OSSL_PARAM *exponent = OSSL_PARAM_locate_const(parameters, OSSL_PKEY_PARAM_RSA_E);
    return modulus && exponent && OSSL_PARAM_get_BN(modulus, &key->modulus) &&
           OSSL_PARAM_get_BN(exponent, &key->exponent);
}

static bool import_point(struct remote_key *key, const OSSL_PARAM *parameters)
{
    if (key->kind == REMOTE_EC) {
        const OSSL_PARAM *group = OSSL_PARAM_locate_const(parameters, OSSL_PKEY_PARAM_GROUP_NAME);
        char *name = key->group;
        if (!group || !OSSL_PARAM_get_utf8_string(group, &name, sizeof key->group))
            return false;
    }
    const OSSL_PARAM *point = OSSL_PARAM_locate_const(parameters, OSSL_PKEY_PARAM_PUB_KEY);
    void *bytes = key->point;
    return point && OSSL_PARAM_get_octet_string(point, &bytes, sizeof key->point, &key->point_size);
}

static int key_import(void *data, int selection, const OSSL_PARAM *parameters)
{
    (void)selection; /* what is not public is not looked for */
    struct remote_key *key = data;
    bool public =
        key->kind == REMOTE_RSA ? import_rsa(key, parameters) : import_point(key, parameters);
    const OSSL_PARAM *who = OSSL_PARAM_locate_const(parameters, "questions");
    void *questions = &key->questions;
    size_t size = 0;
    return public && (!who || OSSL_PARAM_get_octet_string(who, &questions, sizeof(void *), &size));
}

static const OSSL_PARAM *key_import_types(int selection)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_N, NULL, 0),
        OSSL_PARAM_BN(OSSL_PKEY_PARAM_RSA_E, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_octet_string(OSSL_PKEY_PARAM_PUB_KEY, NULL, 0),
        OSSL_PARAM_octet_string("questions", NULL, 0),
        OSSL_PARAM_END,
    };
    (void)selection;
    return types;
}

static int key_bits(const struct remote_key *key)
{
    if (key->kind == REMOTE_RSA)
        return key->modulus ? BN_num_bits(key->modulus) : 0;
    if (key->kind == REMOTE_ED25519)
        return 253; /* as the default provider says */
    if (strcmp(key->group, "secp521r1") == 0)
        return 521;
    return strcmp(key->group, "secp384r1") == 0 ? 384 : 256;
}

static int key_security_bits(const struct remote_key *key)
{
    int bits = key_bits(key);
    if (key->kind == REMOTE_RSA)
        return BN_security_bits(bits, -1);
    return key->kind == REMOTE_ED25519 ? 128 : bits / 2;
}

size_t remote_key_signature_size(const struct remote_key *key)
{
    size_t bytes = ((size_t)key_bits(key) + 7) / 8;
    if (key->kind == REMOTE_RSA)
        return bytes;
    if (key->kind == REMOTE_ED25519)
        return 64;
    /* A SEQUENCE of two INTEGERs, each with a sign byte, and lengths of up to three bytes. */
    return 2 * (bytes + 1 + 2) + 3;
}

static bool set_integer(OSSL_PARAM *parameters, const char *name, int value)
{
    OSSL_PARAM *parameter = OSSL_PARAM_locate(parameters, name);
    return !parameter || OSSL_PARAM_set_int(parameter, value);
}

static bool set_text(OSSL_PARAM *parameters, const char *name, const char *value)
{
    OSSL_PARAM *parameter = OSSL_PARAM_locate(parameters, name);
    return !parameter || OSSL_PARAM_set_utf8_string(parameter, value);
}

static int key_get_params(void *data, OSSL_PARAM *parameters)
{
    const struct remote_key *key = data;
    if (!set_integer(parameters, OSSL_PKEY_PARAM_BITS, key_bits(key)) ||
        !set_integer(parameters, OSSL_PKEY_PARAM_SECURITY_BITS, key_security_bits(key)) ||
        !set_integer(parameters, OSSL_PKEY_PARAM_MAX_SIZE, (int)remote_key_signature_size(key)))
        return 0;
    if (key->kind == REMOTE_EC && !set_text(parameters, OSSL_PKEY_PARAM_GROUP_NAME, key->group))
        return 0;
    /* Ed25519 hashes by itself: that no other digest may be used is an empty name. */
    return key->kind == REMOTE_ED25519
               ? set_text(parameters, OSSL_PKEY_PARAM_MANDATORY_DIGEST, "")
               : set_text(parameters, OSSL_PKEY_PARAM_DEFAULT_DIGEST, "SHA256");
}

static const OSSL_PARAM *key_gettable_params(void *context)
{
    static const OSSL_PARAM types[] = {
        OSSL_PARAM_int(OSSL_PKEY_PARAM_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_SECURITY_BITS, NULL),
        OSSL_PARAM_int(OSSL_PKEY_PARAM_MAX_SIZE, NULL),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_DEFAULT_DIGEST, NULL, 0),
        OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_MANDATORY_DIGEST, NULL, 0),
        OSSL_PARAM_END,
    };
    (void)context;
    return types;
}

static const char *operation_rsa(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "RSA" : NULL;
}

static const char *operation_ec(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "ECDSA" : NULL;
}

static const char *operation_ed25519(int operation)
{
    return operation == OSSL_OP_SIGNATURE ? "ED25519" : NULL;
}

#define KEY_FUNCTIONS(kind)                                                                        \
    {                                                                                              \
        {OSSL_FUNC_KEYMGMT_NEW, (void (*)(void))key_new_##kind},                                   \
            {OSSL_FUNC_KEYMGMT_FREE, (void (*)(void))key_free},                                    \
            {OSSL_FUNC_KEYMGMT_HAS, (void (*)(void))key_has},                                      \
            {OSSL_FUNC_KEYMGMT_MATCH, (void (*)(void))key_match},                                  \
            {OSSL_FUNC_KEYMGMT_IMPORT, (void (*)(void))key_import},                                \
            {OSSL_FUNC_KEYMGMT_IMPORT_TYPES, (void (*)(void))key_import_types},                    \
            {OSSL_FUNC_KEYMGMT_GET_PARAMS, (void (*)(void))key_get_params},                        \
            {OSSL_FUNC_KEYMGMT_GETTABLE_PARAMS, (void (*)(void))key_gettable_params},              \
            {OSSL_FUNC_KEYMGMT_QUERY_OPERATION_NAME, (void (*)(void))operation_##kind}, {0, NULL}, \
    }

static const OSSL_DISPATCH rsa_functions[] = KEY_FUNCTIONS(rsa);
static const OSSL_DISPATCH ec_functions[] = KEY_FUNCTIONS(ec);
static const OSSL_DISPATCH ed25519_functions[] = KEY_FUNCTIONS(ed25519);

/* All names that the default provider has for them: libssl looks keys up by those. */
const OSSL_ALGORITHM provider_key_algorithms[] = {
    {"RSA:rsaEncryption:1.2.840.113549.1.1.1", "provider=" PROVIDER_NAME, rsa_functions, NULL},
    {"EC:id-ecPublicKey:1.2.840.10045.2.1", "provider=" PROVIDER_NAME, ec_functions, NULL},
    {"ED25519:1.3.101.112", "provider=" PROVIDER_NAME, ed25519_functions, NULL},
    {NULL, NULL, NULL, NULL},
};
