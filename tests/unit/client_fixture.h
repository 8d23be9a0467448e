/*
 * For tests of client certificates: authorities and certificates that are made on the spot, right
 * ones and wrong ones, and real handshakes whose messages become a question for the verifier.
 */
#pragma once

#include "lib/client_certificate.h"
#include "tls_fixture.h"

enum { PEM_SIZE = 32768 };

/* Text of PEM blocks, as the monitor finds it in a file. */
struct pem {
    char text[PEM_SIZE];
    size_t size;
};

static inline void pem_add(struct pem *pem, X509 *certificate, X509_CRL *list)
{
    BIO *memory = BIO_new(BIO_s_mem());
    if (certificate)
        assert_int_equal(PEM_write_bio_X509(memory, certificate), 1);
    if (list)
        assert_int_equal(PEM_write_bio_X509_CRL(memory, list), 1);
    int size = BIO_read(memory, pem->text + pem->size, (int)(sizeof pem->text - pem->size));
    assert_true(size > 0);
    pem->size += (size_t)size;
    BIO_free(memory);
}

/* A certificate and its key. */
struct holder {
    X509 *certificate;
    EVP_PKEY *key;
};

static inline void holder_free(struct holder *holder)
{
    X509_free(holder->certificate);
    EVP_PKEY_free(holder->key);
    *holder = (struct holder){NULL, NULL};
}

/* What a certificate is to be; 0 and NULL are the usual. */
struct recipe {
    const char *key;         /* kind, "P-256" */
    const char *name;        /* common name */
    int name_size;           /* bytes of it, 0: up to its end */
    int name_type;           /* MBSTRING_UTF8, V_ASN1_... */
    const char *second;      /* another common name */
    const char *usage;       /* extendedKeyUsage, "clientAuth" */
    const char *alternative; /* subjectAltName */
    bool authority;
    const char *hash;  /* of the signature, "SHA256" */
    long begins, ends; /* seconds from now; both 0: an hour ago, and in a day */
};

static inline void add_name(X509_NAME *name, const struct recipe *recipe)
{
    int type = recipe->name_type ? recipe->name_type : MBSTRING_UTF8;
    int size = recipe->name_size ? recipe->name_size : -1;
    assert_int_equal(X509_NAME_add_entry_by_txt(name, "CN", type,
                                                (const unsigned char *)recipe->name, size, -1, 0),
                     1);
    if (recipe->second)
        (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                         (const unsigned char *)recipe->second, -1, -1, 0);
}

/* Signed by ISSUER, or by itself (NULL). */
static inline struct holder holder_make(const struct recipe *recipe, const struct holder *issuer)
{
    static long serial = 1000;
    struct holder made = {X509_new(), fixture_key(recipe->key ? recipe->key : "P-256")};
    X509 *certificate = made.certificate;
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), ++serial);
    bool usual = recipe->begins == 0 && recipe->ends == 0;
    X509_gmtime_adj(X509_getm_notBefore(certificate), usual ? -3600 : recipe->begins);
    X509_gmtime_adj(X509_getm_notAfter(certificate), usual ? 86400 : recipe->ends);
    X509_set_pubkey(certificate, made.key);
    add_name(X509_get_subject_name(certificate), recipe);
    X509_set_issuer_name(certificate,
                         X509_get_subject_name(issuer ? issuer->certificate : certificate));
    if (recipe->authority) {
        fixture_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
        fixture_extension(certificate, NID_key_usage, "critical,keyCertSign,cRLSign");
    } else if (!recipe->usage || *recipe->usage) {
        fixture_extension(certificate, NID_ext_key_usage,
                          recipe->usage ? recipe->usage : "clientAuth");
    }
    if (recipe->alternative)
        fixture_extension(certificate, NID_subject_alt_name, recipe->alternative);
    EVP_PKEY *signer = issuer ? issuer->key : made.key;
    const EVP_MD *hash = EVP_get_digestbyname(recipe->hash ? recipe->hash : "SHA256");
    bool own = EVP_PKEY_is_a(signer, "ED25519");
    if (X509_sign(certificate, signer, own ? NULL : hash) <= 0) {
        ERR_print_errors_fp(stderr);
        fail_msg("%s cannot be signed", recipe->name);
    }
    return made;
}

/* The CRL of ISSUER, with REVOKED in it unless that is NULL; next update in SECONDS. */
static inline void pem_add_crl(struct pem *pem, const struct holder *issuer, const X509 *revoked,
                               long seconds)
{
    X509_CRL *list = X509_CRL_new();
    ASN1_TIME *now = X509_gmtime_adj(NULL, -7200), *next = X509_gmtime_adj(NULL, seconds);
    X509_CRL_set_version(list, X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(list, X509_get_subject_name(issuer->certificate));
    X509_CRL_set1_lastUpdate(list, now);
    X509_CRL_set1_nextUpdate(list, next);
    if (revoked) {
        X509_REVOKED *entry = X509_REVOKED_new();
        ASN1_INTEGER *serial = ASN1_INTEGER_dup(X509_get0_serialNumber(revoked));
        X509_REVOKED_set_serialNumber(entry, serial);
        X509_REVOKED_set_revocationDate(entry, now);
        assert_int_equal(X509_CRL_add0_revoked(list, entry), 1);
        ASN1_INTEGER_free(serial);
    }
    assert_true(X509_CRL_sign(list, issuer->key, EVP_sha256()) > 0);
    pem_add(pem, NULL, list);
    X509_CRL_free(list);
    ASN1_TIME_free(now);
    ASN1_TIME_free(next);
}

/* A server that asks for certificates, and what it has learned from the last handshake. */
struct asking {
    struct server server; /* first: the questions' context */
    uint8_t challenge[CLIENT_CHALLENGE_SIZE];
    uint8_t messages[CLIENT_MESSAGES_MAX];
    size_t size;
    unsigned shown; /* handshakes with a certificate */
    uint8_t signed_hash[CLIENT_HASH_MAX];
    size_t signed_size;
};

static inline int asking_sign(void *context, unsigned scheme, const uint8_t *text, size_t text_size,
                              uint8_t *ret_signature, size_t *signature_size)
{
    enum { HEAD = 64 + 34 };
    struct asking *asking = context;
    asking->signed_size = text_size - HEAD;
    if (asking->signed_size <= sizeof asking->signed_hash)
        memcpy(asking->signed_hash, text + HEAD, asking->signed_size);
    return server_sign(context, scheme, text, text_size, ret_signature, signature_size);
}

static inline int asking_certificate(void *context, const uint8_t *messages, size_t size)
{
    struct asking *asking = context;
    assert_true(size <= sizeof asking->messages);
    memcpy(asking->messages, messages, size);
    asking->size = size;
    asking->shown++;
    return 0;
}

static inline void asking_start(struct asking *asking)
{
    server_start(&asking->server, "P-256");
    memset(asking->challenge, 0xa5, sizeof asking->challenge);
    asking->shown = 0;
    asking->server.questions.sign = asking_sign;
    asking->server.questions.certificate = asking_certificate;
    asking->server.questions.challenge = asking->challenge;
    server_open(&asking->server);
}

/* A handshake with a client that has HOLDER, if not NULL, and sends REST (NULL: nothing) behind its
 * certificate. ADJUST may change the client. Returns the server's result. */
static inline int asking_handshake(struct asking *asking, int version, const struct holder *holder,
                                   const struct holder *rest, void (*adjust)(SSL_CTX *context))
{
    SSL_CTX *context = client_context(version);
    SSL_CTX_set_security_level(context, 0);
    if (holder) {
        assert_int_equal(SSL_CTX_use_certificate(context, holder->certificate), 1);
        assert_int_equal(SSL_CTX_use_PrivateKey(context, holder->key), 1);
    }
    if (rest)
        assert_int_equal(SSL_CTX_add1_chain_cert(context, rest->certificate), 1);
    if (adjust)
        adjust(context);
    cellftpd_tls.close(asking->server.tls);
    server_open(&asking->server);
    struct pair pair;
    pair_open(&pair, &asking->server, TLS_CONTROL, context);
    int result = pair_handshake(&pair);
    pair_close(&pair);
    SSL_CTX_free(context);
    return result;
}

static inline struct client_question asking_question(const struct asking *asking,
                                                     const struct pem *authorities,
                                                     const struct pem *revocations)
{
    struct client_question question = {
        .messages = asking->messages,
        .messages_size = asking->size,
        .signed_size = asking->signed_size,
        .authorities = (const uint8_t *)authorities->text,
        .authorities_size = authorities->size,
        .revocations = revocations ? (const uint8_t *)revocations->text : NULL,
        .revocations_size = revocations ? revocations->size : 0,
    };
    size_t chain_size = 0;
    const uint8_t *chain = cellftpd_tls.identity_chain(asking->server.identity, &chain_size);
    memcpy(question.signed_hash, asking->signed_hash, sizeof question.signed_hash);
    memcpy(question.challenge, asking->challenge, sizeof question.challenge);
    assert_int_equal(EVP_Digest(chain, chain_size, question.chain_hash, NULL, EVP_sha256(), NULL),
                     1);
    return question;
}
