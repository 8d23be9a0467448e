/*
 * What a certificate is and says. See certificate.h; the files are read in certificate_read.c.
 */
#include "tls/certificate.h"

#include "lib/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <openssl/asn1.h>
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void name_text(const X509_NAME *name, char ret[CERTIFICATE_TEXT_MAX])
{
    ret[0] = '\0';
    BIO *memory = BIO_new(BIO_s_mem());
    if (!memory)
        return;
    /* Controls and what is not ASCII are escaped: this is shown on terminals and in logs. */
    if (X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253) >= 0) {
        int size = BIO_read(memory, ret, CERTIFICATE_TEXT_MAX - 1);
        ret[size > 0 ? size : 0] = '\0';
    }
    BIO_free(memory);
}

void certificate_subject(const X509 *certificate, char ret[CERTIFICATE_TEXT_MAX])
{
    name_text(X509_get_subject_name(certificate), ret);
}

void certificate_issuer(const X509 *certificate, char ret[CERTIFICATE_TEXT_MAX])
{
    name_text(X509_get_issuer_name(certificate), ret);
}

/* The group of an EC key as people call it, NULL for one that TLS servers do not use. */
static const char *group_name(const EVP_PKEY *key)
{
    static const char *const names[][2] = {
        {"prime256v1", "P-256"},
        {"secp384r1", "P-384"},
        {"secp521r1", "P-521"},
    };
    char group[64];
    if (!EVP_PKEY_get_group_name(key, group, sizeof group, NULL))
        return NULL;
    for (size_t i = 0; i < ELEMENTS(names); i++)
        if (strcmp(group, names[i][0]) == 0)
            return names[i][1];
    return NULL;
}

void certificate_kind(const X509 *certificate, char ret[CERTIFICATE_KIND_MAX])
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (key && EVP_PKEY_is_a(key, "RSA")) {
        (void)snprintf(ret, CERTIFICATE_KIND_MAX, "RSA, %d bits", EVP_PKEY_get_bits(key));
    } else if (key && EVP_PKEY_is_a(key, "EC")) {
        const char *group = group_name(key);
        (void)snprintf(ret, CERTIFICATE_KIND_MAX, "EC, %s", group ? group : "another curve");
    } else if (key && EVP_PKEY_is_a(key, "ED25519")) {
        (void)snprintf(ret, CERTIFICATE_KIND_MAX, "Ed25519");
    } else {
        (void)snprintf(ret, CERTIFICATE_KIND_MAX, "unknown");
    }
}

void certificate_fingerprint(const X509 *certificate, char ret[CERTIFICATE_HASH_MAX])
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    ret[0] = '\0';
    if (!X509_digest(certificate, EVP_sha256(), hash, &size))
        return;
    for (unsigned i = 0; i < size && (size_t)i * 3 + 3 <= CERTIFICATE_HASH_MAX; i++)
        (void)snprintf(ret + (size_t)i * 3, 4, "%02X%s", hash[i], i + 1 < size ? ":" : "");
}

bool certificate_is_self_signed(X509 *certificate)
{
    return X509_self_signed(certificate, 0) == 1;
}

static time_t asn1_time(const ASN1_TIME *time)
{
    struct tm fields = {0};
    return ASN1_TIME_to_tm(time, &fields) ? timegm(&fields) : 0;
}

time_t certificate_begins(const X509 *certificate)
{
    return asn1_time(X509_get0_notBefore(certificate));
}

time_t certificate_expires(const X509 *certificate)
{
    return asn1_time(X509_get0_notAfter(certificate));
}

/* True if NAME is one that a server is called by; its text goes to RET. */
static bool general_name_text(const GENERAL_NAME *name, char ret[TLS_NAME_MAX + 1])
{
    int type = 0;
    const ASN1_STRING *value = (const ASN1_STRING *)GENERAL_NAME_get0_value(name, &type);
    if (type != GEN_DNS && type != GEN_IPADD)
        return false;
    const unsigned char *bytes = ASN1_STRING_get0_data(value);
    size_t size = (size_t)ASN1_STRING_length(value);
    if (type == GEN_IPADD)
        return (size == 4 || size == 16) &&
               inet_ntop(size == 4 ? AF_INET : AF_INET6, bytes, ret, TLS_NAME_MAX + 1);
    if (size == 0 || size > TLS_NAME_MAX)
        return false;
    for (size_t i = 0; i < size; i++)
        if (bytes[i] <= ' ' || bytes[i] >= 0x7f)
            return false;
    memcpy(ret, bytes, size);
    ret[size] = '\0';
    return true;
}

bool certificate_name(const X509 *certificate, size_t index, char ret[TLS_NAME_MAX + 1])
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    bool found = false;
    for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++)
        if (general_name_text(sk_GENERAL_NAME_value(names, i), ret))
            found = index-- == 0;
    GENERAL_NAMES_free(names);
    return found;
}

bool certificate_covers(X509 *certificate, const char *name)
{
    if (X509_check_ip_asc(certificate, name, 0) == 1)
        return true;
    return X509_check_host(certificate, name, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1;
}

/* NULL if the key of CERTIFICATE is one that is served, else what is wrong with it. */
static const char *key_problem(const X509 *certificate)
{
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    if (!key)
        return "its key is of no kind that is known here";
    if (EVP_PKEY_is_a(key, "RSA")) {
        int bits = EVP_PKEY_get_bits(key);
        if (bits < CERTIFICATE_RSA_BITS_MIN)
            return "its RSA key is shorter than 2048 bits, which clients refuse";
        return bits > CERTIFICATE_RSA_BITS_MAX ? "its RSA key is longer than 8192 bits" : NULL;
    }
    if (EVP_PKEY_is_a(key, "EC"))
        return group_name(key) ? NULL : "its curve is none of P-256, P-384 and P-521";
    return EVP_PKEY_is_a(key, "ED25519") ? NULL : "its key is neither RSA, nor EC, nor Ed25519";
}

/* NULL if the certificates of CHAIN follow one another. */
static const char *order_problem(const STACK_OF(X509) * chain)
{
    size_t size = 0;
    for (int i = 0; i < sk_X509_num(chain); i++) {
        X509 *certificate = sk_X509_value(chain, i);
        int encoded = i2d_X509(certificate, NULL);
        size += encoded > 0 ? (size_t)encoded : TLS_CHAIN_MAX + 1;
        if (size > TLS_CHAIN_MAX)
            return "the chain is longer than 16384 bytes: leave out what is not needed";
        if (i == 0)
            continue;
        X509 *issued = sk_X509_value(chain, i - 1);
        if (X509_NAME_cmp(X509_get_issuer_name(issued), X509_get_subject_name(certificate)) != 0 ||
            X509_verify(issued, X509_get0_pubkey(certificate)) != 1)
            return "the certificates in it do not follow one another: the server's own must come "
                   "first, then the one that signed it, and so on";
    }
    return NULL;
}

int certificate_check(STACK_OF(X509) * chain, const char *file, char ret_words[TLS_WORDS_MAX])
{
    const char *problem = key_problem(sk_X509_value(chain, 0));
    if (!problem)
        problem = order_problem(chain);
    if (!problem)
        return 0;
    (void)snprintf(ret_words, TLS_WORDS_MAX, "%s: %s", file, problem);
    return -EBADMSG;
}

int certificate_check_key(const X509 *certificate, const char *certificate_file,
                          const EVP_PKEY *key, const char *key_file, char ret_words[TLS_WORDS_MAX])
{
    if (X509_check_private_key(certificate, key) == 1)
        return 0;
    (void)snprintf(ret_words, TLS_WORDS_MAX,
                   "the key in %s does not belong to the certificate in %s: install both of the "
                   "same issue",
                   key_file, certificate_file);
    return -EKEYREJECTED;
}
