/*
 * A key and a certificate that it has signed itself, in memory: see tls.h. The certificate is a
 * server's and no CA's: whoever adds it to what he trusts, trusts this server and nobody else in
 * its name.
 */
#include "ctl/tls.h"

#include "lib/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <string.h>

enum {
    /* 128 bits and more last beyond 2030 (NIST SP 800-57 part 1, table 2). */
    RSA_BITS = 3072,
    /* RFC 5280 section 4.1.2.2: at most 20 bytes, positive. */
    SERIAL_BYTES = 20,
    /* RFC 5280 appendix A.1: ub-common-name. */
    COMMON_NAME_MAX = 64,
    HOUR = 3600,
};

const char *const tls_key_types[] = {"ecdsa", "rsa", "ed25519", NULL};

void tls_text_free(struct tls_text *text)
{
    OPENSSL_clear_free(text->bytes, text->size);
    *text = (struct tls_text){0};
}

static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}

static void free_certificate(X509 **certificate)
{
    X509_free(*certificate);
}
#define cleanup_key         __attribute__((cleanup(free_key)))
#define cleanup_certificate __attribute__((cleanup(free_certificate)))

static EVP_PKEY *make_key(const char *type)
{
    if (strcmp(type, "rsa") == 0)
        return EVP_RSA_gen(RSA_BITS);
    if (strcmp(type, "ed25519") == 0)
        return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
    return EVP_EC_gen("P-256");
}

static bool set_serial(X509 *certificate)
{
    unsigned char bytes[SERIAL_BYTES];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return false;
    bytes[0] = (bytes[0] & 0x7f) | 0x40;
    BIGNUM *number = BN_bin2bn(bytes, sizeof(bytes), NULL);
    bool good = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate));
    BN_free(number);
    return good;
}

/* A long name stands among the alternative names only, which are what clients look at. */
static bool set_subject(X509 *certificate, const char *name)
{
    X509_NAME *subject = X509_get_subject_name(certificate);
    const char *common = strlen(name) <= COMMON_NAME_MAX ? name : "cellftpd";
    return X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)common,
                                      -1, -1, 0) == 1 &&
           X509_set_issuer_name(certificate, subject) == 1;
}

static bool add_extension(X509 *certificate, int kind, const char *value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, kind, value);
    bool good = extension && X509_add_ext(certificate, extension, -1) == 1;
    X509_EXTENSION_free(extension);
    return good;
}

/* "DNS:ftp.example.org,IP:192.0.2.1". What stands in NAMES was checked: nothing in it ends a name.
 */
static bool add_names(X509 *certificate, const struct tls_names *names)
{
    cleanup_buffer struct buffer value;
    buffer_init(&value, TLS_NAMES_MAX * (TLS_NAME_MAX + 8));
    int r = 0;
    for (size_t i = 0; r == 0 && i < names->count; i++) {
        struct in6_addr ignored;
        bool address = inet_pton(AF_INET, names->names[i], &ignored) == 1 ||
                       inet_pton(AF_INET6, names->names[i], &ignored) == 1;
        r = buffer_append_format(&value, "%s%s:%s", i > 0 ? "," : "", address ? "IP" : "DNS",
                                 names->names[i]);
    }
    return r == 0 && buffer_append(&value, "", 1) == 0 &&
           add_extension(certificate, NID_subject_alt_name, buffer_begin(&value));
}

static bool fill(X509 *certificate, EVP_PKEY *key, const struct tls_names *names, unsigned days)
{
    return X509_set_version(certificate, X509_VERSION_3) == 1 && set_serial(certificate) &&
           /* a client's clock may be behind */
           X509_gmtime_adj(X509_getm_notBefore(certificate), -HOUR) &&
           X509_time_adj_ex(X509_getm_notAfter(certificate), (int)days, 0, NULL) &&
           X509_set_pubkey(certificate, key) == 1 && set_subject(certificate, names->names[0]) &&
           add_extension(certificate, NID_subject_key_identifier, "hash") &&
           add_extension(certificate, NID_basic_constraints, "critical,CA:FALSE") &&
           add_extension(certificate, NID_key_usage, "critical,digitalSignature") &&
           add_extension(certificate, NID_ext_key_usage, "serverAuth") &&
           add_names(certificate, names);
}

static int take_text(BIO *memory, bool written, struct tls_text *ret)
{
    char *bytes = NULL;
    long size = written ? BIO_get_mem_data(memory, &bytes) : 0;
    if (size > 0)
        ret->bytes = OPENSSL_memdup(bytes, (size_t)size);
    ret->size = ret->bytes ? (size_t)size : 0;
    BIO_free(memory);
    return ret->bytes ? 0 : -ENOMEM;
}

int tls_create(const struct tls_names *names, const char *type, unsigned days,
               struct tls_text *ret_key, struct tls_text *ret_certificate)
{
    cleanup_key EVP_PKEY *key = make_key(type);
    cleanup_certificate X509 *certificate = X509_new();
    if (!key || !certificate || !fill(certificate, key, names, days) ||
        /* an Ed25519 key brings its own hash */
        X509_sign(certificate, key, strcmp(type, "ed25519") == 0 ? NULL : EVP_sha256()) == 0)
        return -EIO;
    BIO *memory = BIO_new(BIO_s_secmem()); /* which clears what it held */
    int r = take_text(
        memory, memory && PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL) == 1,
        ret_key);
    if (r < 0)
        return r;
    memory = BIO_new(BIO_s_mem());
    return take_text(memory, memory && PEM_write_bio_X509(memory, certificate) == 1,
                     ret_certificate);
}
