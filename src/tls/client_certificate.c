/*
 * Whether a client has proved to have a certificate: see client_certificate.h.
 *
 * The order is that of trust. First the messages must be those of this connection: their hash up to
 * the server's Certificate is what the monitor has signed, the CertificateRequest has the monitor's
 * challenge, and the certificates are this server's. So whatever the client has signed, it signed
 * for this server and now; a recorded handshake, or one that was meant for another server, ends
 * here. Only then are the client's certificates read.
 */
#include "tls/client_certificate.h"

#include "lib/cleanup.h"
#include "tls/start.h"
#include "tls/transcript.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

enum { CHAIN_MAX = 10 }; /* certificates that a client may send */

/* --- the messages are those of this connection --- */

static bool chain_is_ours(const struct client_question *question,
                          const struct transcript *transcript)
{
    struct span list = transcript->server_list, certificate;
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int r = context && EVP_DigestInit_ex(context, EVP_sha256(), NULL) == 1 ? 1 : -ENOMEM;
    while (r == 1) {
        r = transcript_certificate(&list, &certificate);
        if (r == 1 && EVP_DigestUpdate(context, certificate.bytes, certificate.size) != 1)
            r = -ENOMEM;
    }
    bool ours = r == 0 && EVP_DigestFinal_ex(context, hash, &size) == 1 &&
                size == sizeof(question->chain_hash) &&
                CRYPTO_memcmp(hash, question->chain_hash, size) == 0;
    EVP_MD_CTX_free(context);
    return ours;
}

static bool is_this_connection(const struct client_question *question,
                               const struct transcript *transcript, struct client_certificate *ret)
{
    uint8_t hash[CLIENT_HASH_MAX];
    size_t size = transcript_hash(transcript, transcript->server_end, hash);
    if (size == 0 || size != question->signed_size ||
        CRYPTO_memcmp(hash, question->signed_hash, size) != 0)
        return client_refuse(ret, CLIENT_TRANSCRIPT,
                             "these are not the messages that the server has signed in this "
                             "connection");
    if (transcript->challenge.size != sizeof(question->challenge) ||
        CRYPTO_memcmp(transcript->challenge.bytes, question->challenge,
                      sizeof(question->challenge)) != 0)
        return client_refuse(ret, CLIENT_TRANSCRIPT,
                             "the messages are without the challenge of this connection");
    if (!chain_is_ours(question, transcript))
        return client_refuse(ret, CLIENT_TRANSCRIPT,
                             "the messages have another certificate than this server's");
    return true;
}

/* --- the client has the key --- */

/* SignatureSchemes of TLS 1.3 (RFC 8446 section 4.2.3) for a client's key. */
static const struct scheme {
    unsigned number;
    const char *key;
    const char *group; /* of an EC key */
    const char *hash;  /* NULL: the key's own */
} schemes[] = {
    {0x0403, "EC", "prime256v1", "SHA256"}, {0x0503, "EC", "secp384r1", "SHA384"},
    {0x0603, "EC", "secp521r1", "SHA512"},  {0x0804, "RSA", NULL, "SHA256"},
    {0x0805, "RSA", NULL, "SHA384"},        {0x0806, "RSA", NULL, "SHA512"},
    {0x0809, "RSA-PSS", NULL, "SHA256"},    {0x080a, "RSA-PSS", NULL, "SHA384"},
    {0x080b, "RSA-PSS", NULL, "SHA512"},    {0x0807, "ED25519", NULL, NULL},
};

static const struct scheme *find_scheme(unsigned number, const EVP_PKEY *key)
{
    for (size_t i = 0; i < ELEMENTS(schemes); i++) {
        const struct scheme *scheme = &schemes[i];
        char group[64] = "";
        if (scheme->number != number || !EVP_PKEY_is_a(key, scheme->key))
            continue;
        if (!scheme->group || (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) == 1 &&
                               strcmp(group, scheme->group) == 0))
            return scheme;
    }
    return NULL;
}

static bool signature_is_good(const struct scheme *scheme, EVP_PKEY *key, const uint8_t *text,
                              size_t size, const struct span *signature)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL; /* belongs to CONTEXT */
    bool good = context && EVP_DigestVerifyInit_ex(context, &parameters, scheme->hash, NULL, NULL,
                                                   key, NULL) == 1;
    if (good && strncmp(scheme->key, "RSA", strlen("RSA")) == 0)
        good = EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING) == 1 &&
               EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST) == 1;
    good = good && EVP_DigestVerify(context, signature->bytes, signature->size, text, size) == 1;
    EVP_MD_CTX_free(context);
    return good;
}

/* What a client signs (RFC 8446 section 4.4.3). */
static bool has_key(const struct transcript *transcript, const X509 *leaf,
                    struct client_certificate *ret)
{
    static const char head[] = "                                "
                               "                                "
                               "TLS 1.3, client CertificateVerify"; /* and its zero */
    uint8_t text[sizeof(head) + CLIENT_HASH_MAX];
    memcpy(text, head, sizeof(head));
    size_t size = transcript_hash(transcript, transcript->client_end, text + sizeof(head));
    EVP_PKEY *key = X509_get0_pubkey(leaf);
    const struct scheme *scheme = key ? find_scheme(transcript->scheme, key) : NULL;
    if (size == 0 || !scheme)
        return client_refuse(ret, CLIENT_SIGNATURE,
                             "the key of the certificate is of no kind that TLS 1.3 signs with");
    if (!signature_is_good(scheme, key, text, sizeof(head) + size, &transcript->signature))
        return client_refuse(ret, CLIENT_SIGNATURE,
                             "the signature was not made with the key of the certificate");
    return true;
}

/* --- the certificates --- */

/* NULL unless DER is exactly one certificate. */
static X509 *read_certificate(const struct span *der)
{
    const unsigned char *next = der->bytes;
    X509 *certificate = d2i_X509(NULL, &next, (long)der->size);
    if (certificate && next != der->bytes + der->size) {
        X509_free(certificate);
        return NULL;
    }
    return certificate;
}

/* All that the client has sent, its own first; NULL if that is not what it is. */
static STACK_OF(X509) * read_chain(const struct transcript *transcript)
{
    struct span list = transcript->client_list, der;
    STACK_OF(X509) *chain = sk_X509_new_null();
    int r = chain ? 1 : -ENOMEM;
    while (r == 1) {
        r = transcript_certificate(&list, &der);
        X509 *certificate = r == 1 ? read_certificate(&der) : NULL;
        if (r == 1 && (!certificate || sk_X509_num(chain) >= CHAIN_MAX ||
                       sk_X509_push(chain, certificate) <= 0)) {
            X509_free(certificate);
            r = -EBADMSG;
        }
    }
    if (r == 0)
        return chain;
    sk_X509_pop_free(chain, X509_free);
    return NULL;
}

void client_verify(const struct client_question *question, struct client_certificate *ret)
{
    struct transcript transcript;
    *ret = (struct client_certificate){.verdict = CLIENT_SILENT};
    if (library_start() < 0) {
        (void)client_refuse(ret, CLIENT_SILENT, "OpenSSL does not start: no memory");
        return;
    }
    if (transcript_read(question->messages, question->messages_size, &transcript) < 0) {
        (void)client_refuse(ret, CLIENT_MALFORMED,
                            "these are no messages of a TLS 1.3 handshake with a client "
                            "certificate");
        return;
    }
    if (!is_this_connection(question, &transcript, ret))
        return;
    STACK_OF(X509) *chain = read_chain(&transcript);
    if (!chain) {
        (void)client_refuse(ret, CLIENT_MALFORMED,
                            "what the client has sent as its certificates cannot be read");
        return;
    }
    X509 *leaf = sk_X509_value(chain, 0);
    client_names_describe(leaf, ret);
    if (has_key(&transcript, leaf, ret) && client_chain_verify(question, leaf, chain, ret) &&
        client_names_read(leaf, ret))
        ret->verdict = CLIENT_GOOD;
    sk_X509_pop_free(chain, X509_free);
    ERR_clear_error();
}
