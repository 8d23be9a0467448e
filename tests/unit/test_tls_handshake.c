/*
 * Handshakes through lib/tls.h: keys of all kinds under both versions, the host that is named, and
 * what is refused, with its words.
 */
#include "tls_fixture.h"

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* Every kind of key serves TLS 1.2 and 1.3, and its private half is asked once for each. */
static void test_keys(void **state)
{
    (void)state;
    static const struct {
        const char *kind;
        unsigned scheme[ELEMENTS(versions)];
    } keys[] = {
        {"RSA-2048", {0x0804, 0x0804}}, {"RSA-3072", {0x0804, 0x0804}},
        {"P-256", {0x0403, 0x0403}},    {"P-384", {0x0403, 0x0503}},
        {"P-521", {0x0403, 0x0603}},    {"ED25519", {0x0807, 0x0807}},
    };
    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        struct server server;
        server_start(&server, keys[i].kind);
        for (size_t j = 0; j < ELEMENTS(versions); j++) {
            server_open(&server);
            SSL_CTX *context = client_context(versions[j]);
            struct pair pair;
            unsigned before = server.signatures;
            pair_connect(&pair, &server, TLS_CONTROL, context, NULL);
            assert_int_equal(server.signatures, before + 1);
            assert_int_equal(server.scheme, keys[i].scheme[j]);
            assert_int_equal(SSL_write(pair.client, "NOOP\r\n", 6), 6);
            char line[16];
            assert_int_equal(cellftpd_tls.read(pair.stream, line, sizeof line), 6);
            assert_memory_equal(line, "NOOP\r\n", 6);
            assert_int_equal(cellftpd_tls.write(pair.stream, "200 x\r\n", 7), 7);
            assert_int_equal(SSL_read(pair.client, line, sizeof line), 7);
            assert_memory_equal(line, "200 x\r\n", 7);
            pair_close(&pair);
            SSL_CTX_free(context);
            server_shut(&server);
        }
        server_stop(&server);
    }
}

/* All schemes that a client may insist on for an RSA or ECDSA key. */
static void test_schemes(void **state)
{
    (void)state;
    static struct {
        const char *kind;
        char client[20];
        int version;
        unsigned scheme; /* 0: no handshake */
    } rows[] = {
        {"RSA-2048", "RSA+SHA256", TLS1_2_VERSION, 0x0401},
        {"RSA-2048", "RSA+SHA384", TLS1_2_VERSION, 0x0501},
        {"RSA-2048", "RSA+SHA512", TLS1_2_VERSION, 0x0601},
        {"RSA-2048", "RSA-PSS+SHA384", TLS1_2_VERSION, 0x0805},
        {"RSA-2048", "RSA-PSS+SHA512", TLS1_3_VERSION, 0x0806},
        {"RSA-2048", "RSA+SHA1", TLS1_2_VERSION, 0},
        {"RSA-2048", "RSA+SHA224", TLS1_2_VERSION, 0},
        {"P-256", "ECDSA+SHA512", TLS1_2_VERSION, 0x0603},
        {"P-256", "ECDSA+SHA384", TLS1_3_VERSION, 0},
        {"P-256", "ed25519", TLS1_3_VERSION, 0},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct server server;
        server_start(&server, rows[i].kind);
        server_open(&server);
        SSL_CTX *context = client_context(rows[i].version);
        SSL_CTX_set_security_level(context, 0);
        assert_int_equal(SSL_CTX_set1_sigalgs_list(context, rows[i].client), 1);
        struct pair pair;
        pair_open(&pair, &server, TLS_CONTROL, context);
        int result = pair_handshake(&pair);
        assert_int_equal(result, rows[i].scheme ? 0 : -EPROTO);
        assert_int_equal(server.scheme, rows[i].scheme);
        if (result < 0)
            assert_non_null(strstr(cellftpd_tls.failure(pair.stream), "the client"));
        pair_close(&pair);
        SSL_CTX_free(context);
        server_stop(&server);
    }
}

static void test_description(void **state)
{
    struct server *server = *state;
    SSL_CTX *context = client_context(TLS1_3_VERSION);
    struct pair pair;
    pair_connect(&pair, server, TLS_CONTROL, context, NULL);
    struct tls_description description;
    cellftpd_tls.describe(pair.stream, &description);
    assert_string_equal(description.protocol, "TLSv1.3");
    assert_string_equal(description.cipher, "TLS_AES_128_GCM_SHA256");
    assert_string_equal(description.name, "");
    assert_false(description.resumed);
    assert_false(description.kernel_sends);
    assert_true(cellftpd_tls.covers(pair.stream, "server.test"));
    assert_true(cellftpd_tls.covers(pair.stream, "SERVER.test"));
    assert_true(cellftpd_tls.covers(pair.stream, "a.wild.server.test"));
    assert_false(cellftpd_tls.covers(pair.stream, "a.b.wild.server.test"));
    assert_true(cellftpd_tls.covers(pair.stream, "192.0.2.7"));
    assert_false(cellftpd_tls.covers(pair.stream, "192.0.2.8"));
    assert_false(cellftpd_tls.covers(pair.stream, "test"));
    assert_false(cellftpd_tls.covers(pair.stream, ""));
    assert_string_equal(cellftpd_tls.failure(pair.stream), "");
    pair_close(&pair);
    SSL_CTX_free(context);
}

/* The monitor hears a name only if it can be one; data connections ask nothing. */
static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *sent;
        const char *asked;
    } names[] = {
        {"ftp.example.org", "ftp.example.org"},
        {"FTP.Example.ORG", "ftp.example.org"},
        {"127.0.0.1", "127.0.0.1"},
        {"localhost", "localhost"},
        {"../../etc/ssl", ""},
        {".hidden", ""},
        {"a..b", ""},
        {"a/b", ""},
        {"a b", ""},
        {"a_b", ""},
        {"\xc3\xa4.example", ""},
        {"a\nb", ""},
        {"-", "-"},
        {"x", "x"},
    };
    struct server server;
    server_start(&server, "P-256");
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        server_open(&server);
        SSL_CTX *context = client_context(0);
        struct pair pair;
        pair_open(&pair, &server, TLS_CONTROL, context);
        pair_name(&pair, names[i].sent);
        unsigned before = server.asked;
        assert_int_equal(pair_handshake(&pair), 0);
        assert_int_equal(server.asked, before + 1);
        assert_string_equal(server.asked_name, names[i].asked);
        struct tls_description description;
        cellftpd_tls.describe(pair.stream, &description);
        assert_string_equal(description.name, names[i].asked);
        pair_close(&pair);

        pair_open(&pair, &server, TLS_DOWNLOAD, context);
        pair_name(&pair, "other.example");
        assert_int_equal(pair_handshake(&pair), 0);
        assert_int_equal(server.asked, before + 1);
        pair_close(&pair);
        SSL_CTX_free(context);
        server_shut(&server);
    }
    server_stop(&server);
}

/* Before a control connection has chosen the identity there is nothing to show on another one. */
static void test_data_first(void **state)
{
    struct server *server = *state;
    SSL_CTX *context = client_context(0);
    struct pair pair;
    pair_open(&pair, server, TLS_UPLOAD, context);
    assert_int_equal(pair_handshake(&pair), -EPROTO);
    assert_int_equal(server->asked, 0);
    pair_close(&pair);
    SSL_CTX_free(context);
}

static void test_no_identity(void **state)
{
    struct server *server = *state;
    server->refusal = -ENOENT;
    SSL_CTX *context = client_context(0);
    struct pair pair;
    pair_open(&pair, server, TLS_CONTROL, context);
    assert_int_equal(pair_handshake(&pair), -EPROTO);
    assert_string_equal(cellftpd_tls.failure(pair.stream),
                        "no certificate can be used: what is wrong was logged before");
    assert_int_equal(server->signatures, 0);
    pair_close(&pair);
    SSL_CTX_free(context);
}

/* ALPACA: only FTP is spoken here, whatever connection it is. */
static void test_T02_protocols(void **state)
{
    struct server *server = *state;
    static const struct {
        const char *offer;
        bool accepted;
    } offers[] = {
        {"", true},          {"\3ftp", true},        {"\10http/1.1\3ftp", true},
        {"\3ftp\2h2", true}, {"\10http/1.1", false}, {"\2h2\10http/1.1", false},
        {"\4ftps", false},   {"\2ft", false},        {"\3FTP", false},
    };
    static const enum tls_purpose purposes[] = {TLS_CONTROL, TLS_DOWNLOAD, TLS_UPLOAD};
    for (size_t i = 0; i < ELEMENTS(offers) * ELEMENTS(versions) * ELEMENTS(purposes); i++) {
        const char *offer = offers[i % ELEMENTS(offers)].offer;
        bool accepted = offers[i % ELEMENTS(offers)].accepted;
        SSL_CTX *context = client_context(versions[i / ELEMENTS(offers) % ELEMENTS(versions)]);
        struct pair pair;
        if (i == 0) {
            pair_connect(&pair, server, TLS_CONTROL, context, NULL);
            pair_close(&pair);
        }
        pair_open(&pair, server, purposes[i / ELEMENTS(offers) / ELEMENTS(versions)], context);
        if (offer[0])
            assert_int_equal(SSL_set_alpn_protos(pair.client, (const unsigned char *)offer,
                                                 (unsigned)strlen(offer)),
                             0);
        assert_int_equal(pair_handshake(&pair), accepted ? 0 : -EPROTO);
        const unsigned char *selected = NULL;
        unsigned size = 0;
        SSL_get0_alpn_selected(pair.client, &selected, &size);
        assert_int_equal(size, accepted && offer[0] ? 3 : 0);
        if (size)
            assert_memory_equal(selected, "ftp", 3);
        if (!accepted) {
            int reason = pair.client_reason;
            char byte;
            int ignored = 0;
            if (reason == 0 && client_read(&pair, &byte, 1, &ignored) <= 0)
                reason = pair.client_reason;
            assert_int_equal(reason, SSL_AD_REASON_OFFSET + SSL_AD_NO_APPLICATION_PROTOCOL);
            assert_string_equal(cellftpd_tls.failure(pair.stream),
                                "the client wants another protocol than FTP (ALPN)");
        }
        pair_close(&pair);
        SSL_CTX_free(context);
    }
}

/* What an old or weakened client offers is not taken up. */
static void test_T07_old_and_weak(void **state)
{
    struct server *server = *state;
    static struct {
        int version;
        const char *ciphers;
        char groups[20];
    } offers[] = {
        {TLS1_VERSION, "ALL:@SECLEVEL=0", ""},          {TLS1_1_VERSION, "ALL:@SECLEVEL=0", ""},
        {TLS1_2_VERSION, "kRSA:@SECLEVEL=0", ""},       {TLS1_2_VERSION, "DHE:@SECLEVEL=0", ""},
        {TLS1_2_VERSION, "aNULL:@SECLEVEL=0", ""},      {TLS1_2_VERSION, "NULL:@SECLEVEL=0", ""},
        {TLS1_2_VERSION, "ECDHE+SHA1:@SECLEVEL=0", ""}, {TLS1_2_VERSION, "ALL", "secp224r1"},
        {TLS1_3_VERSION, "ALL", "secp521r1"}, /* good, but not of the configuration */
    };
    for (size_t i = 0; i < ELEMENTS(offers); i++) {
        SSL_CTX *context = client_context(offers[i].version);
        assert_int_equal(SSL_CTX_set_cipher_list(context, offers[i].ciphers), 1);
        if (offers[i].groups[0]) {
            SSL_CTX_set_security_level(context, 0);
            assert_int_equal(SSL_CTX_set1_groups_list(context, offers[i].groups), 1);
        }
        struct pair pair;
        pair_open(&pair, server, TLS_CONTROL, context);
        assert_int_equal(pair_handshake(&pair), -EPROTO);
        assert_int_not_equal(pair.client_error, SSL_ERROR_NONE);
        const char *words = cellftpd_tls.failure(pair.stream);
        if (strstr(words, "the client offers no ") != words)
            fail_msg("offer %zu: %s", i, words);
        pair_close(&pair);
        SSL_CTX_free(context);
    }
}

static void test_minimum(void **state)
{
    (void)state;
    struct server server;
    server_start(&server, "P-256");
    server.config->tls_minimum = 1;
    server_open(&server);
    for (size_t i = 0; i < ELEMENTS(versions); i++) {
        SSL_CTX *context = client_context(versions[i]);
        struct pair pair;
        pair_open(&pair, &server, TLS_CONTROL, context);
        assert_int_equal(pair_handshake(&pair), versions[i] == TLS1_3_VERSION ? 0 : -EPROTO);
        if (versions[i] != TLS1_3_VERSION)
            assert_string_equal(
                cellftpd_tls.failure(pair.stream),
                "the client offers no TLS version that is allowed here (tls.minimum)");
        pair_close(&pair);
        SSL_CTX_free(context);
    }
    server_stop(&server);
}

static int renegotiations;

static void count_handshakes(const SSL *ssl, int where, int value)
{
    (void)ssl;
    (void)value;
    if (where == SSL_CB_HANDSHAKE_DONE)
        renegotiations++;
}

static void test_T10_renegotiation(void **state)
{
    struct server *server = *state;
    SSL_CTX *context = client_context(TLS1_2_VERSION);
    SSL_CTX_set_info_callback(context, count_handshakes);
    struct pair pair;
    pair_connect(&pair, server, TLS_CONTROL, context, NULL);
    assert_int_equal(renegotiations, 1);
    unsigned signatures = server->signatures;
    assert_int_equal(SSL_renegotiate(pair.client), 1);
    (void)SSL_do_handshake(pair.client);
    char bytes[64];
    for (unsigned i = 0; i < 20; i++) {
        (void)cellftpd_tls.read(pair.stream, bytes, sizeof bytes);
        (void)SSL_do_handshake(pair.client);
    }
    assert_int_equal(renegotiations, 1);
    assert_int_equal(server->signatures, signatures);
    pair_close(&pair);
    SSL_CTX_free(context);
}

/* What is not TLS at all ends with words, and nothing of it is kept waiting. */
static void test_no_tls(void **state)
{
    struct server *server = *state;
    static const struct {
        const char *sent;
        const char *words;
    } rows[] = {
        {"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "the client sent no TLS, but HTTP"},
        {"POST / HTTP/1.1\r\nHost: x\r\n\r\n", "the client sent no TLS, but HTTP"},
        {"USER anonymous\r\nPASS x\r\nLIST\r\n", "the client sent no TLS"},
        {"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", "the client sent no TLS"},
        {"", "the connection ended in the handshake"},
        {"\x16\x03\x01", "the connection ended in the handshake"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        SSL_CTX *context = client_context(0);
        struct pair pair;
        pair_open(&pair, server, TLS_CONTROL, context);
        assert_int_equal(cellftpd_tls.handshake(pair.stream), -EAGAIN);
        assert_int_equal(cellftpd_tls.events(pair.stream), POLLIN);
        size_t size = strlen(rows[i].sent);
        assert_int_equal(send(pair.client_fd, rows[i].sent, size, 0), (ssize_t)size);
        assert_int_equal(shutdown(pair.client_fd, SHUT_WR), 0);
        assert_int_equal(cellftpd_tls.handshake(pair.stream), -EPROTO);
        assert_string_equal(cellftpd_tls.failure(pair.stream), rows[i].words);
        assert_int_equal(cellftpd_tls.handshake(pair.stream), -EPROTO);
        char byte;
        assert_int_equal(cellftpd_tls.read(pair.stream, &byte, 1), -EPROTO);
        assert_int_equal(cellftpd_tls.write(pair.stream, "x", 1), -EPROTO);
        pair_close(&pair);
        SSL_CTX_free(context);
    }
}

static int distrust(int fine, X509_STORE_CTX *store)
{
    (void)fine;
    X509_STORE_CTX_set_error(store, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT);
    return 0;
}

static void test_distrust(void **state)
{
    struct server *server = *state;
    for (size_t i = 0; i < ELEMENTS(versions); i++) {
        SSL_CTX *context = client_context(versions[i]);
        SSL_CTX_set_verify(context, SSL_VERIFY_PEER, distrust);
        struct pair pair;
        pair_open(&pair, server, TLS_CONTROL, context);
        assert_int_equal(pair_handshake(&pair), -EPROTO);
        assert_string_equal(cellftpd_tls.failure(pair.stream),
                            "the client does not trust this certificate (alert unknown ca)");
        pair_close(&pair);
        SSL_CTX_free(context);
    }
}

/* A stranger's text cannot make a signature: what the session asks for is refused by sign(). */
static int sign_nothing(void *context, unsigned scheme, const uint8_t *text, size_t text_size,
                        uint8_t *ret_signature, size_t *signature_size)
{
    (void)context, (void)scheme, (void)text, (void)text_size, (void)ret_signature;
    (void)signature_size;
    return -EPERM;
}

static void test_refused_signature(void **state)
{
    struct server *server = *state;
    server->questions.sign = sign_nothing;
    SSL_CTX *context = client_context(0);
    struct pair pair;
    pair_open(&pair, server, TLS_CONTROL, context);
    assert_int_equal(pair_handshake(&pair), -EPROTO);
    assert_int_not_equal(pair.client_error, SSL_ERROR_NONE);
    assert_string_not_equal(cellftpd_tls.failure(pair.stream), "");
    pair_close(&pair);
    SSL_CTX_free(context);
}

static void test_settings(void **state)
{
    (void)state;
    static const struct {
        const char *ciphers;
        const char *suites;
        const char *groups;
        const char *words; /* what they begin with; NULL: fine */
    } rows[] = {
        {"HIGH", NULL, NULL, NULL},
        {"ALL", NULL, NULL, NULL},
        {"DEFAULT", NULL, NULL, NULL},
        {"ECDHE-RSA-AES128-GCM-SHA256", NULL, NULL, NULL},
        {"nonsense", NULL, NULL, "tls.ciphers: "},
        {"kRSA", NULL, NULL, "tls.ciphers: "},
        {"DHE", NULL, NULL, "tls.ciphers: "},
        {"ALL:@SECLEVEL=0", NULL, NULL, "tls.ciphers: "},
        {NULL, "TLS_AES_256_GCM_SHA384", NULL, NULL},
        {NULL, "TLS_NONSENSE", NULL, "tls.ciphersuites: "},
        {NULL, NULL, "P-521", NULL},
        {NULL, NULL, "X448:secp521r1:prime256v1", NULL},
        {NULL, NULL, "brainpoolP256r1", "tls.groups: "},
        {NULL, NULL, "secp224r1", "tls.groups: "},
        {NULL, NULL, "X25519:nonsense", "tls.groups: "},
        {NULL, NULL, "X25519:", "tls.groups: "},
        {NULL, NULL, ":", "tls.groups: "},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct config *config = config_default();
        char **options[] = {&config->tls_ciphers, &config->tls_ciphersuites, &config->tls_groups};
        const char *values[] = {rows[i].ciphers, rows[i].suites, rows[i].groups};
        for (size_t j = 0; j < ELEMENTS(options); j++) {
            if (values[j]) {
                free(*options[j]);
                *options[j] = strdup(values[j]);
            }
        }
        char words[TLS_WORDS_MAX];
        struct tls *tls = NULL;
        static const struct tls_questions questions;
        int error = cellftpd_tls.check(config, words);
        assert_int_equal(error, rows[i].words ? -EINVAL : 0);
        if (strstr(words, rows[i].words ? rows[i].words : "") != words)
            fail_msg("row %zu: %s", i, words);
        assert_int_equal(cellftpd_tls.open(config, &questions, false, &tls), error);
        cellftpd_tls.close(tls);
        config_free(config);
    }
}

/* However much an administrator asks for: nothing without forward secrecy (T07). */
static void test_T07_all_ciphers(void **state)
{
    (void)state;
    struct server server;
    server_start(&server, "RSA-2048");
    free(server.config->tls_ciphers);
    server.config->tls_ciphers = strdup("ALL:COMPLEMENTOFALL");
    server_open(&server);
    static const char *const offers[] = {"kRSA:@SECLEVEL=0", "DHE:@SECLEVEL=0", "NULL:@SECLEVEL=0",
                                         "aNULL:@SECLEVEL=0"};
    for (size_t i = 0; i < ELEMENTS(offers); i++) {
        SSL_CTX *context = client_context(TLS1_2_VERSION);
        assert_int_equal(SSL_CTX_set_cipher_list(context, offers[i]), 1);
        struct pair pair;
        pair_open(&pair, &server, TLS_CONTROL, context);
        assert_int_equal(pair_handshake(&pair), -EPROTO);
        pair_close(&pair);
        SSL_CTX_free(context);
    }
    server_stop(&server);
}

static int set_up(void **state)
{
    static struct server server;
    server_start(&server, "P-256");
    server_open(&server);
    *state = &server;
    renegotiations = 0;
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
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_schemes),
        TEST(test_description),
        cmocka_unit_test(test_names),
        TEST(test_data_first),
        TEST(test_no_identity),
        TEST(test_T02_protocols),
        TEST(test_T07_old_and_weak),
        cmocka_unit_test(test_T07_all_ciphers),
        cmocka_unit_test(test_minimum),
        TEST(test_T10_renegotiation),
        TEST(test_no_tls),
        TEST(test_distrust),
        TEST(test_refused_signature),
        cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
