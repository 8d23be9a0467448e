/* What stands in a server's certificate, on OpenSSL: see tls_certificate.h. */
#include "ftplint/tls_certificate.h"

#include "ftplint/target.h"
#include "ftplint/tls.h"

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static int64_t seconds(const ASN1_TIME *when)
{
    struct tm parts;
    return ASN1_TIME_to_tm(when, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

static void read_name(X509_NAME *name, char *text, size_t size)
{
    BIO *memory = BIO_new(BIO_s_mem());
    text[0] = '\0';
    if (!memory)
        return;
    (void)X509_NAME_print_ex(memory, name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    int got = BIO_read(memory, text, (int)size - 1);
    text[got > 0 ? got : 0] = '\0';
    BIO_free(memory);
}

/* One entry of subjectAltName behind what is in TEXT. */
static void add_name(GENERAL_NAME *name, char *text, size_t size)
{
    size_t used = strlen(text);
    int type;
    const ASN1_STRING *value = GENERAL_NAME_get0_value(name, &type);
    const char *separator = used ? ", " : "";
    if (type == GEN_DNS) {
        (void)snprintf(text + used, size - used, "%sDNS %.*s", separator, ASN1_STRING_length(value),
                       (const char *)ASN1_STRING_get0_data(value));
    } else if (type == GEN_IPADD) {
        char *address = NULL;
        BIO *memory = BIO_new(BIO_s_mem());
        if (!memory)
            return;
        (void)GENERAL_NAME_print(memory, name);
        long length = BIO_get_mem_data(memory, &address);
        (void)snprintf(text + used, size - used, "%s%.*s", separator, (int)length, address);
        BIO_free(memory);
    }
}

static void read_names(X509 *certificate, char *text, size_t size)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
    text[0] = '\0';
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++)
        add_name(sk_GENERAL_NAME_value(names, i), text, size);
    GENERAL_NAMES_free(names);
}

static bool matches(X509 *certificate, const char *host)
{
    return host && (X509_check_ip_asc(certificate, host, 0) == 1 ||
                    X509_check_host(certificate, host, 0, 0, NULL) == 1);
}

/* Each certificate has to be the issuer's of the one before it (RFC 5246, section 7.4.2). */
static void read_chain(SSL *ssl, struct certificate *ret)
{
    STACK_OF(X509) *chain = SSL_get_peer_cert_chain(ssl);
    ret->length = (unsigned)sk_X509_num(chain);
    for (int i = 1; i < sk_X509_num(chain) && !ret->stray; i++)
        if (X509_NAME_cmp(X509_get_issuer_name(sk_X509_value(chain, i - 1)),
                          X509_get_subject_name(sk_X509_value(chain, i))) != 0)
            ret->stray = (unsigned)i + 1;
}

static void read_signature(X509 *certificate, struct certificate *ret)
{
    int hash = NID_undef;
    if (X509_get_signature_info(certificate, &hash, NULL, NULL, NULL) == 1 && hash != NID_undef)
        (void)snprintf(ret->signature, sizeof(ret->signature), "%s", OBJ_nid2sn(hash));
}

static void read_key(X509 *certificate, struct certificate *ret)
{
    EVP_PKEY *key = X509_get0_pubkey(certificate);
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;
    ret->key_bits = key ? (unsigned)EVP_PKEY_get_bits(key) : 0;
    (void)snprintf(ret->key_type, sizeof(ret->key_type), "%s", type ? type : "unknown");
}

/* Whether the authorities of TARGET, or the system's, vouch for the chain, whatever the time. */
static void verify(SSL *ssl, X509 *certificate, const struct target *target,
                   struct certificate *ret)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool ready =
        store && context &&
        (target->authorities ? X509_STORE_load_file(store, target->authorities) == 1
                             : X509_STORE_set_default_paths(store) == 1) &&
        X509_STORE_CTX_init(context, store, certificate, SSL_get_peer_cert_chain(ssl)) == 1;
    const char *problem = "the authorities cannot be read";
    if (ready) {
        X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
        (void)X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_NO_CHECK_TIME);
        problem = X509_verify_cert(context) == 1
                      ? ""
                      : X509_verify_cert_error_string(X509_STORE_CTX_get_error(context));
    }
    (void)snprintf(ret->trust_problem, sizeof(ret->trust_problem), "%s", problem);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
}

bool tls_certificate(const struct tls *tls, const struct target *target, struct certificate *ret)
{
    SSL *ssl = tls_handle(tls);
    X509 *certificate = SSL_get0_peer_certificate(ssl);
    *ret = (struct certificate){.length = 0};
    if (!certificate)
        return false;
    read_name(X509_get_subject_name(certificate), ret->subject, sizeof(ret->subject));
    read_name(X509_get_issuer_name(certificate), ret->issuer, sizeof(ret->issuer));
    read_names(certificate, ret->names, sizeof(ret->names));
    read_key(certificate, ret);
    read_signature(certificate, ret);
    read_chain(ssl, ret);
    ret->version = (unsigned)X509_get_version(certificate) + 1;
    ret->not_before = seconds(X509_get0_notBefore(certificate));
    ret->not_after = seconds(X509_get0_notAfter(certificate));
    ret->self_issued =
        X509_NAME_cmp(X509_get_subject_name(certificate), X509_get_issuer_name(certificate)) == 0;
    ret->is_authority = X509_check_ca(certificate) == 1;
    ret->serves = X509_check_purpose(certificate, X509_PURPOSE_SSL_SERVER, 0) == 1;
    ret->matches = matches(certificate, target->host);
    (void)X509_digest(certificate, EVP_sha256(), ret->fingerprint, NULL);
    verify(ssl, certificate, target, ret);
    return true;
}
