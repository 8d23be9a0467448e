/*
 * What the monitor signs for a session that may be anybody's: the two texts of a TLS server, and
 * nothing else. Every signature that is given is verified by the certificate's key.
 */
#include "tls_fixture.h"

#include "tls/certificate.h"

#include <openssl/rsa.h>

enum {
    CONTEXT_SIZE = 64 + 33 + 1,
    PREFIX = 64, /* of a ServerKeyExchange: both randoms */
};

/* RFC 8446 section 4.4.3, with CONTEXT_STRING of the usual length and HASH_SIZE bytes of hash. */
static size_t certificate_verify(uint8_t *text, const char *context_string, size_t hash_size)
{
    memset(text, ' ', 64);
    size_t size = strlen(context_string);
    memcpy(text + 64, context_string, size);
    text[64 + size] = 0;
    memset(text + 64 + size + 1, 0xa5, hash_size);
    return 64 + size + 1 + hash_size;
}

/* RFC 8422 section 5.4. */
static size_t key_exchange(uint8_t *text, unsigned group, size_t point_size)
{
    memset(text, 0x5a, PREFIX);
    text[PREFIX] = 3;
    text[PREFIX + 1] = (uint8_t)(group >> 8);
    text[PREFIX + 2] = (uint8_t)group;
    text[PREFIX + 3] = (uint8_t)point_size;
    memset(text + PREFIX + 4, 4, point_size);
    return PREFIX + 4 + point_size;
}

static int ask(const struct server *server, unsigned scheme, const uint8_t *text, size_t size)
{
    uint8_t signature[TLS_SIGNATURE_MAX];
    size_t signature_size = sizeof signature;
    return cellftpd_tls.sign(server->identity, scheme, text, size, signature, &signature_size);
}

/* As a client would do it. */
static bool verifies(const struct server *server, unsigned scheme, const uint8_t *text, size_t size)
{
    static const struct {
        unsigned number;
        const char *hash;
        bool pss;
    } schemes[] = {
        {0x0401, "SHA256", false}, {0x0501, "SHA384", false}, {0x0601, "SHA512", false},
        {0x0804, "SHA256", true},  {0x0805, "SHA384", true},  {0x0806, "SHA512", true},
        {0x0403, "SHA256", false}, {0x0503, "SHA384", false}, {0x0603, "SHA512", false},
        {0x0807, NULL, false},
    };
    uint8_t signature[TLS_SIGNATURE_MAX];
    size_t signature_size = sizeof signature;
    assert_int_equal(
        cellftpd_tls.sign(server->identity, scheme, text, size, signature, &signature_size), 0);
    STACK_OF(X509) *chain = NULL;
    char words[TLS_WORDS_MAX];
    assert_int_equal(certificate_read(server->certificate_file, &chain, words), 0);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *parameters = NULL;
    bool fine = false;
    for (size_t i = 0; i < ELEMENTS(schemes); i++) {
        if (schemes[i].number != scheme)
            continue;
        assert_int_equal(EVP_DigestVerifyInit_ex(context, &parameters, schemes[i].hash, NULL, NULL,
                                                 X509_get0_pubkey(sk_X509_value(chain, 0)), NULL),
                         1);
        if (schemes[i].pss) {
            assert_int_equal(EVP_PKEY_CTX_set_rsa_padding(parameters, RSA_PKCS1_PSS_PADDING), 1);
            assert_int_equal(EVP_PKEY_CTX_set_rsa_pss_saltlen(parameters, RSA_PSS_SALTLEN_DIGEST),
                             1);
        }
        fine = EVP_DigestVerify(context, signature, signature_size, text, size) == 1;
    }
    EVP_MD_CTX_free(context);
    certificate_chain_free(chain);
    return fine;
}

static const char server_context[] = "TLS 1.3, server CertificateVerify";

static const struct {
    unsigned number;
    size_t point_size;
} groups[] = {{23, 65}, {24, 97}, {25, 133}, {29, 32}, {30, 56}};

/* Which schemes each kind of key has, in which version; nothing else of all 65536. */
static void test_schemes(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        unsigned both[4]; /* TLS 1.2 and 1.3 */
        unsigned old[4];  /* TLS 1.2 only */
    } rows[] = {
        {"RSA-2048", {0x0804, 0x0805, 0x0806}, {0x0401, 0x0501, 0x0601}},
        {"P-256", {0x0403}, {0x0503, 0x0603}},
        {"P-384", {0x0503}, {0x0403, 0x0603}},
        {"P-521", {0x0603}, {0x0403, 0x0503}},
        {"ED25519", {0x0807}, {0}},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct server server;
        server_start(&server, rows[i].kind);
        uint8_t text[TLS_SIGNED_MAX];
        unsigned given[2] = {0};
        size_t new_size = certificate_verify(text, server_context, 32);
        for (unsigned scheme = 0; scheme <= 0xffff; scheme++)
            given[0] += ask(&server, scheme, text, new_size) == 0;
        for (unsigned j = 0; rows[i].both[j]; j++, given[0]--)
            assert_true(verifies(&server, rows[i].both[j], text, new_size));
        assert_int_equal(given[0], 0);

        size_t old_size = key_exchange(text, 29, 32);
        for (unsigned scheme = 0; scheme <= 0xffff; scheme++)
            given[1] += ask(&server, scheme, text, old_size) == 0;
        for (unsigned j = 0; rows[i].both[j]; j++, given[1]--)
            assert_true(verifies(&server, rows[i].both[j], text, old_size));
        for (unsigned j = 0; rows[i].old[j]; j++, given[1]--)
            assert_true(verifies(&server, rows[i].old[j], text, old_size));
        assert_int_equal(given[1], 0);
        server_stop(&server);
    }
}

static void test_forms(void **state)
{
    const struct server *server = *state;
    uint8_t text[TLS_SIGNED_MAX];
    for (size_t hash_size = 0; hash_size <= 64; hash_size++) {
        size_t size = certificate_verify(text, server_context, hash_size);
        assert_int_equal(ask(server, 0x0403, text, size),
                         hash_size == 32 || hash_size == 48 ? 0 : -EPERM);
    }
    for (size_t i = 0; i < ELEMENTS(groups); i++) {
        size_t size = key_exchange(text, groups[i].number, groups[i].point_size);
        assert_int_equal(ask(server, 0x0403, text, size), 0);
        for (size_t wrong = 0; wrong < sizeof text; wrong++)
            if (wrong != size)
                assert_int_equal(ask(server, 0x0403, text, wrong), -EPERM);
        text[PREFIX + 3]++; /* the length does not fit the group */
        assert_int_equal(ask(server, 0x0403, text, size), -EPERM);
        assert_int_equal(ask(server, 0x0403, text, size + 1), -EPERM);
    }
    for (unsigned group = 0; group <= 0xffff; group++) {
        for (size_t i = 0; i < ELEMENTS(groups); i++) {
            bool known = group == groups[i].number;
            size_t size = key_exchange(text, group, groups[i].point_size);
            if (!known)
                assert_int_equal(ask(server, 0x0403, text, size), -EPERM);
        }
    }
}

/* Each bit of what is fixed counts, and no bit of what is not. */
static void test_bits(void **state)
{
    const struct server *server = *state;
    uint8_t text[TLS_SIGNED_MAX];
    size_t size = certificate_verify(text, server_context, 32);
    for (size_t bit = 0; bit < size * 8; bit++) {
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(ask(server, 0x0403, text, size), bit < CONTEXT_SIZE * 8 ? -EPERM : 0);
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    size = key_exchange(text, 23, 65);
    for (size_t bit = 0; bit < size * 8; bit++) {
        /* the kind of curve, the group, the length, and that the point is not compressed */
        bool fixed = bit / 8 >= PREFIX && bit / 8 <= PREFIX + 4;
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(ask(server, 0x0403, text, size), fixed ? -EPERM : 0);
        text[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

static void test_other_texts(void **state)
{
    const struct server *server = *state;
    uint8_t text[TLS_SIGNED_MAX];
    static const char *const contexts[] = {
        "TLS 1.3, client CertificateVerify", "TLS 1.3, Server CertificateVerify",
        "TLS 1.4, server CertificateVerify", "TLS 1.3, server delegated credentials",
        "QUIC 1, server CertificateVerify",  "",
    };
    for (size_t i = 0; i < ELEMENTS(contexts); i++) {
        assert_int_equal(ask(server, 0x0403, text, certificate_verify(text, contexts[i], 32)),
                         -EPERM);
        assert_int_equal(ask(server, 0x0403, text, certificate_verify(text, contexts[i], 48)),
                         -EPERM);
    }
    /* a digest alone, as a session would send that wants anything signed; any text; nothing */
    static const size_t sizes[] = {0, 20, 32, 48, 64, 130, 146, TLS_SIGNED_MAX};
    for (size_t i = 0; i < ELEMENTS(sizes); i++) {
        memset(text, 0x11, sizeof text);
        assert_int_equal(ask(server, 0x0403, text, sizes[i]), -EPERM);
        memset(text, ' ', sizeof text);
        assert_int_equal(ask(server, 0x0403, text, sizes[i]), -EPERM);
    }
    static const char mail[] = "-----BEGIN CERTIFICATE REQUEST-----\nthis would be a good one to "
                               "have signed by the key of a server, would it not?";
    memcpy(text, mail, sizeof mail);
    assert_int_equal(ask(server, 0x0403, text, sizeof mail), -EPERM);
    /* DHE of TLS 1.2 begins with the length of a prime */
    memset(text, 0x5a, sizeof text);
    assert_int_equal(ask(server, 0x0403, text, PREFIX + 4 + 65), -EPERM);
}

/* Too little room is an error, not an overrun. */
static void test_room(void **state)
{
    const struct server *server = *state;
    uint8_t text[TLS_SIGNED_MAX];
    size_t size = certificate_verify(text, server_context, 32);
    uint8_t signature[TLS_SIGNATURE_MAX];
    for (size_t room = 0; room < 64; room++) {
        size_t signature_size = room;
        assert_int_equal(
            cellftpd_tls.sign(server->identity, 0x0403, text, size, signature, &signature_size),
            -EIO);
    }
}

static int set_up(void **state)
{
    static struct server server;
    server_start(&server, "P-256");
    *state = &server;
    return 0;
}

static int tear_down(void **state)
{
    server_stop(*state);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schemes), TEST(test_forms), TEST(test_bits),
        TEST(test_other_texts),         TEST(test_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
