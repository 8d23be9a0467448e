/*
 * The chain of a client's certificate to an authority of tls.client_ca, and what is revoked: see
 * client_certificate.h. Everything in the file of authorities is trusted, one that has an issuer of
 * its own too. If there is a file of CRLs, it must have a current one of every authority in the
 * chain: none, or one that is out of date, refuses (row T14, CVE-2019-19270).
 */
#include "tls/client_certificate.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

enum {
    DEPTH_MAX = 8,
    SECURITY_LEVEL = 2, /* SSL_CTX_set_security_level(3): 112 bits, RSA of 2048, no SHA-1 */
};

bool client_refuse(struct client_certificate *ret, enum client_verdict verdict, const char *words)
{
    ret->verdict = verdict;
    (void)snprintf(ret->words, sizeof(ret->words), "%s", words);
    return false;
}

/* Nobody is there to type one. */
static int no_passphrase(char *buffer, int size, int writing, void *data)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)data;
    return -1;
}

/* Reads one object and adds it to STORE; false if there is none. */
typedef bool (*object_reader)(BIO *source, X509_STORE *store);

static bool read_authority(BIO *source, X509_STORE *store)
{
    X509 *certificate = PEM_read_bio_X509(source, NULL, no_passphrase, NULL);
    bool added = certificate && X509_STORE_add_cert(store, certificate) == 1;
    X509_free(certificate);
    return added;
}

static bool read_revocations(BIO *source, X509_STORE *store)
{
    X509_CRL *list = PEM_read_bio_X509_CRL(source, NULL, no_passphrase, NULL);
    bool added = list && X509_STORE_add_crl(store, list) == 1;
    X509_CRL_free(list);
    return added;
}

/* All objects of a file, one at least. -ENODATA if it has none, -EBADMSG if one is damaged. */
static int read_all(const uint8_t *bytes, size_t size, object_reader reader, X509_STORE *store)
{
    BIO *source = BIO_new_mem_buf(bytes, (int)size);
    unsigned count = 0;
    ERR_clear_error();
    while (source && reader(source, store))
        count++;
    unsigned long error = ERR_peek_last_error();
    bool ended = ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    BIO_free(source);
    return !ended ? -EBADMSG : count > 0 ? 0 : -ENODATA;
}

int client_chain_authorities(const uint8_t *bytes, size_t size, X509_STORE *store)
{
    return read_all(bytes, size, read_authority, store);
}

int client_chain_revocations(const uint8_t *bytes, size_t size, X509_STORE *store)
{
    return read_all(bytes, size, read_revocations, store);
}

static bool fill_store(const struct client_question *question, X509_STORE *store,
                       struct client_certificate *ret)
{
    if (client_chain_authorities(question->authorities, question->authorities_size, store) < 0)
        return client_refuse(ret, CLIENT_AUTHORITIES,
                             "the file tls.client_ca is missing, damaged or empty: it must have "
                             "the certificates of the authorities, PEM");
    if (question->revocations &&
        client_chain_revocations(question->revocations, question->revocations_size, store) < 0)
        return client_refuse(ret, CLIENT_REVOCATIONS,
                             "the file tls.client_crl is damaged or empty: it must have the CRL of "
                             "each authority, PEM; remove it to do without");
    return true;
}

/* What X509_verify_cert's errors mean here; the rest is UNTRUSTED. */
static const struct {
    int error;
    enum client_verdict verdict;
    const char *words;
} errors[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, CLIENT_EXPIRED, "the certificate, or one above it, has expired"},
    {X509_V_ERR_CERT_NOT_YET_VALID, CLIENT_EARLY,
     "the certificate, or one above it, is not valid yet"},
    {X509_V_ERR_INVALID_PURPOSE, CLIENT_PURPOSE,
     "the certificate, or one above it, is not for clients (extendedKeyUsage clientAuth)"},
    {X509_V_ERR_EE_KEY_TOO_SMALL, CLIENT_WEAK, "the key is too short: RSA takes 2048 bits"},
    {X509_V_ERR_CA_KEY_TOO_SMALL, CLIENT_WEAK, "the key of an authority is too short"},
    {X509_V_ERR_CA_MD_TOO_WEAK, CLIENT_WEAK,
     "the certificate, or one above it, is signed with MD5 or SHA-1"},
    {X509_V_ERR_CERT_REVOKED, CLIENT_REVOKED, "the certificate, or one above it, is revoked"},
    {X509_V_ERR_CRL_HAS_EXPIRED, CLIENT_REVOCATIONS,
     "a CRL in tls.client_crl is out of date: fetch or make the next one"},
    {X509_V_ERR_CRL_NOT_YET_VALID, CLIENT_REVOCATIONS,
     "a CRL in tls.client_crl is not valid yet: look at the clock"},
    {X509_V_ERR_UNABLE_TO_GET_CRL, CLIENT_REVOCATIONS,
     "tls.client_crl has no CRL of an authority in the chain: add it"},
    {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, CLIENT_REVOCATIONS,
     "tls.client_crl has a CRL of nobody in the chain"},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE, CLIENT_REVOCATIONS,
     "a CRL in tls.client_crl is not signed by its authority"},
    {X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, CLIENT_REVOCATIONS,
     "a CRL in tls.client_crl is of an authority that may not sign one"},
};

static bool explain(int error, struct client_certificate *ret)
{
    for (size_t i = 0; i < ELEMENTS(errors); i++)
        if (errors[i].error == error)
            return client_refuse(ret, errors[i].verdict, errors[i].words);
    return client_refuse(ret, CLIENT_UNTRUSTED, X509_verify_cert_error_string(error));
}

bool client_chain_configure(X509_STORE_CTX *context, bool revocations)
{
    X509_VERIFY_PARAM *parameters = X509_STORE_CTX_get0_param(context);
    unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN;
    if (revocations)
        flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
    X509_VERIFY_PARAM_set_depth(parameters, DEPTH_MAX);
    X509_VERIFY_PARAM_set_auth_level(parameters, SECURITY_LEVEL);
    return X509_VERIFY_PARAM_set_flags(parameters, flags) == 1 &&
           X509_VERIFY_PARAM_set_purpose(parameters, X509_PURPOSE_SSL_CLIENT) == 1 &&
           X509_VERIFY_PARAM_set_trust(parameters, X509_TRUST_SSL_CLIENT) == 1;
}

bool client_chain_verify(const struct client_question *question, X509 *leaf,
                         STACK_OF(X509) * untrusted, struct client_certificate *ret)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    bool good = false;
    if (!store || !context)
        (void)client_refuse(ret, CLIENT_SILENT, "no memory");
    else if (fill_store(question, store, ret)) {
        bool ready = X509_STORE_CTX_init(context, store, leaf, untrusted) == 1 &&
                     client_chain_configure(context, question->revocations != NULL);
        good = ready && X509_verify_cert(context) == 1;
        if (!ready)
            (void)client_refuse(ret, CLIENT_SILENT, "no memory");
        else if (!good)
            (void)explain(X509_STORE_CTX_get_error(context), ret);
    }
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return good;
}
