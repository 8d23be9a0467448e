/*
 * The signature by an identity's key: the monitor's answer to a session that may be anybody's. Only
 * the two texts that a TLS server signs are signed, each with the schemes that TLS has for it, so
 * that a session which was taken over can do nothing with the key but serve TLS as this server:
 * nothing that it gets fits a certificate, a mail or a TLS client's proof. See lib/tls.h.
 */
#include "tls/identity.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

enum form { FORM_NONE, FORM_TLS_1_2, FORM_TLS_1_3 };

/* RFC 8446 section 4.4.3. */
static const char certificate_verify[] = "                                "
                                         "                                "
                                         "TLS 1.3, server CertificateVerify"; /* and its zero */

/* The groups of RFC 8422 section 5.4 and how long their points are (RFC 7748, SEC 1 uncompressed).
 */
static const struct {
    size_t point_size;
    unsigned number;
    bool uncompressed;
} groups[] = {
    {65, 23, true}, {97, 24, true}, {133, 25, true}, {32, 29, false}, {56, 30, false},
};

static bool is_key_exchange(const uint8_t *text, size_t size)
{
    enum { RANDOMS = 64, NAMED_CURVE = 3, HEAD = RANDOMS + 4 };
    if (size <= HEAD || text[RANDOMS] != NAMED_CURVE)
        return false;
    unsigned group = (unsigned)text[RANDOMS + 1] << 8 | text[RANDOMS + 2];
    size_t point_size = text[RANDOMS + 3];
    for (size_t i = 0; i < ELEMENTS(groups); i++)
        if (groups[i].number == group)
            return point_size == groups[i].point_size && size == HEAD + point_size &&
                   (!groups[i].uncompressed || text[HEAD] == 4);
    return false;
}

static enum form form_of(const uint8_t *text, size_t size)
{
    if ((size == sizeof certificate_verify + 32 || size == sizeof certificate_verify + 48) &&
        memcmp(text, certificate_verify, sizeof certificate_verify) == 0)
        return FORM_TLS_1_3;
    return is_key_exchange(text, size) ? FORM_TLS_1_2 : FORM_NONE;
}

/* What TLS signs with which key (RFC 8446 section 4.2.3). TLS 1.3 has no PKCS #1 and binds the hash
 * of ECDSA to the curve; TLS 1.2 does not. */
struct scheme {
    const char *key;
    const char *group;
    const char *hash; /* NULL: none of its own */
    unsigned number;
    bool pss;
    bool tls_1_3;
};
static const struct scheme schemes[] = {
    {"RSA", NULL, "SHA256", 0x0401, false, false},
    {"RSA", NULL, "SHA384", 0x0501, false, false},
    {"RSA", NULL, "SHA512", 0x0601, false, false},
    {"RSA", NULL, "SHA256", 0x0804, true, true},
    {"RSA", NULL, "SHA384", 0x0805, true, true},
    {"RSA", NULL, "SHA512", 0x0806, true, true},
    {"EC", "prime256v1", "SHA256", 0x0403, false, true},
    {"EC", "secp384r1", "SHA384", 0x0503, false, true},
    {"EC", "secp521r1", "SHA512", 0x0603, false, true},
    {"ED25519", NULL, NULL, 0x0807, false, true},
};

static const struct scheme *find_scheme(unsigned number, const EVP_PKEY *key, enum form form)
{
    const struct scheme *scheme = NULL;
    for (size_t i = 0; i < ELEMENTS(schemes); i++)
        if (schemes[i].number == number && EVP_PKEY_is_a(key, schemes[i].key))
            scheme = &schemes[i];
    if (!scheme || form == FORM_TLS_1_2)
        return scheme;
    char group[64] = "";
    if (scheme->group && (!EVP_PKEY_get_group_name(key, group, sizeof group, NULL) ||
                          strcmp(group, scheme->group) != 0))
        return NULL;
    return scheme->tls_1_3 ? scheme : NULL;
}

static bool sign_text(const struct scheme *scheme, EVP_PKEY *key, const uint8_t *text,
                      size_t text_size, uint8_t *ret, size_t *size)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL; /* belongs to CONTEXT */
    bool done = context && EVP_DigestSignInit_ex(context, &parameters, scheme->hash, NULL, NULL,
                                                 key, NULL) == 1;
    if (done && scheme->pss)
        done = EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1;
    done = done && EVP_DigestSign(context, ret, size, text, text_size) == 1;
    EVP_MD_CTX_free(context);
    ERR_clear_error();
    return done;
}

int identity_sign(const struct tls_identity *identity, unsigned scheme, const uint8_t *text,
                  size_t text_size, uint8_t *ret_signature, size_t *signature_size)
{
    enum form form = form_of(text, text_size);
    if (form == FORM_NONE)
        return -EPERM;
    const struct scheme *found = find_scheme(scheme, identity->key, form);
    if (!found)
        return -EPERM;
    return sign_text(found, identity->key, text, text_size, ret_signature, signature_size) ? 0
                                                                                           : -EIO;
}
