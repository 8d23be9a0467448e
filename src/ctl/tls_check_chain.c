/* Whether a chain of certificates is one that clients trust today: see tls.h. */
#include "ctl/tls.h"

#include "lib/cleanup.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/stat.h>

enum {
    DAY = 86400,
    /* What OpenSSL's security level 2, the default of Debian's clients, asks for. */
    SECURITY_BITS_MIN = 112,
};

/* --- Times --- */

static void check_time(struct tls_check *check, const char *file, const X509 *certificate,
                       bool is_first, unsigned warning)
{
    char subject[CERTIFICATE_TEXT_MAX] = "";
    if (!is_first)
        certificate_subject(certificate, subject);
    const char *of = is_first ? "" : "in the chain, ", *remedy = "renew it";
    time_t now = time(NULL), expires = certificate_expires(certificate);
    long long days = ((long long)expires - now) / DAY;
    if (expires <= now)
        tls_found(check, TLS_PROBLEM, file, remedy, "%s%s has expired, %lld days ago", of,
                  is_first ? "it" : subject, -days);
    else if (certificate_begins(certificate) > now)
        tls_found(check, TLS_PROBLEM, file, "look whether the clock of this machine is right",
                  "%s%s is not valid yet", of, is_first ? "it" : subject);
    else if (days < warning)
        tls_found(check, TLS_PROBLEM, file, remedy, "%s%s expires in %lld days", of,
                  is_first ? "it" : subject, days);
    else if (is_first)
        tls_found(check, TLS_OK, file, NULL, "is valid for %lld days", days);
}

/* --- Strength --- */

/* The key of the first certificate was judged when it was asked whether the server can use it. */
static void check_strength(struct tls_check *check, const char *file, X509 *certificate,
                           bool is_first)
{
    char subject[CERTIFICATE_TEXT_MAX];
    int digest = NID_undef, bits = 0;
    uint32_t flags = 0;
    const EVP_PKEY *key = X509_get0_pubkey(certificate);
    certificate_subject(certificate, subject);
    if (!is_first && key && EVP_PKEY_get_security_bits(key) < SECURITY_BITS_MIN)
        tls_found(check, TLS_PROBLEM, file, "get one with another key",
                  "the key of %s is weak: many clients refuse it", subject);
    /* What a root says of itself nobody has to believe. */
    if (!certificate_is_self_signed(certificate) &&
        X509_get_signature_info(certificate, &digest, NULL, &bits, &flags) == 1 &&
        bits < SECURITY_BITS_MIN)
        tls_found(check, TLS_PROBLEM, file, "get one with another signature",
                  "the signature of %s is weak (%s): many clients refuse it", subject,
                  OBJ_nid2sn(digest));
}

/* --- Trust --- */

static bool exists(const char *path)
{
    struct stat state;
    return stat(path, &state) == 0;
}

/* Debian has the file with the package ca-certificates only. */
static bool system_has_authorities(void)
{
    const char *file = getenv(X509_get_default_cert_file_env());
    return exists(file ? file : X509_get_default_cert_file()) ||
           exists("/etc/ssl/certs/ca-certificates.crt") ||
           exists("/etc/pki/tls/certs/ca-bundle.crt");
}

/* X509_V_OK, or the error; the times are looked at elsewhere. */
static int verify(STACK_OF(X509) * chain)
{
    int error = X509_V_ERR_OUT_OF_MEM;
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (store && context && X509_STORE_set_default_paths(store) == 1 &&
        X509_STORE_CTX_init(context, store, sk_X509_value(chain, 0), chain) == 1) {
        X509_STORE_CTX_set_flags(context, X509_V_FLAG_NO_CHECK_TIME);
        (void)X509_STORE_CTX_set_purpose(context, X509_PURPOSE_SSL_SERVER);
        (void)X509_verify_cert(context);
        error = X509_STORE_CTX_get_error(context);
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    ERR_clear_error();
    return error;
}

static void check_trust(struct tls_check *check, const char *file, STACK_OF(X509) * chain)
{
    char issuer[CERTIFICATE_TEXT_MAX];
    X509 *first = sk_X509_value(chain, 0), *last = sk_X509_value(chain, sk_X509_num(chain) - 1);
    certificate_issuer(last, issuer);
    int error = verify(chain);
    if (error == X509_V_OK)
        tls_found(check, TLS_OK, file, NULL, "leads to a CA that this system knows");
    else if (X509_check_purpose(first, X509_PURPOSE_SSL_SERVER, 0) != 1)
        tls_found(check, TLS_PROBLEM, file, "get one for servers (extended key usage serverAuth)",
                  "is no certificate for a server");
    else if (certificate_is_self_signed(first))
        tls_found(check, TLS_NOTE, file,
                  "give it to clients, or get one from a CA, for example with certbot",
                  "is self-signed: clients ask their users whether they trust it");
    else if (!system_has_authorities())
        tls_found(check, TLS_NOTE, file, "install the package ca-certificates",
                  "was not verified: this system knows no CA");
    else if (error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
             error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
             error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE ||
             error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN)
        tls_found(check, TLS_PROBLEM, file,
                  "add the certificates between, as in fullchain.pem; or, if it is your own CA, "
                  "make it known to this system (update-ca-certificates)",
                  "leads to no CA that this system knows; the chain ends with what %s has signed",
                  issuer);
    else
        tls_found(check, TLS_PROBLEM, file, "get another one, or another chain",
                  "clients do not trust it: %s", X509_verify_cert_error_string(error));
}

void tls_check_chain(struct tls_check *check, const char *file, STACK_OF(X509) * chain,
                     unsigned warning)
{
    for (int i = 0; i < sk_X509_num(chain); i++) {
        check_time(check, file, sk_X509_value(chain, i), i == 0, warning);
        check_strength(check, file, sk_X509_value(chain, i), i == 0);
    }
    check_trust(check, file, chain);
}
