/*
 * Handshakes through lib/tls.h: keys of all kinds under both versions, and what is refused.
 */
#include "tls_fixture.h"

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

static void client_send(struct pair *pair, const char *text)
{
    assert_int_equal(SSL_write(pair->client, text, (int)strlen(text)), (int)strlen(text));
}

/* Every kind of key serves TLS 1.2 and 1.3, and the private half is asked for its signature. */
static void test_keys(void **state)
{
    (void)state;
    static const char *const kinds[] = {"RSA-2048", "RSA-3072", "P-256",
                                        "P-384",    "P-521",    "ED25519"};
    for (size_t i = 0; i < ELEMENTS(kinds); i++) {
        struct server server;
        server_start(&server, kinds[i]);
        for (size_t j = 0; j < ELEMENTS(versions); j++) {
            server_open(&server);
            SSL_CTX *context = client_context(versions[j]);
            struct pair pair;
            pair_open(&pair, &server, TLS_CONTROL, context);
            unsigned before = server.signatures;
            int result = pair_handshake(&pair);
            if (result < 0)
                fail_msg("%s: %s", kinds[i], cellftpd_tls.failure(pair.stream));
            assert_int_equal(server.signatures, before + 1);
            client_send(&pair, "NOOP\r\n");
            char line[16];
            assert_int_equal(cellftpd_tls.read(pair.stream, line, sizeof line), 6);
            assert_memory_equal(line, "NOOP\r\n", 6);
            assert_int_equal(cellftpd_tls.write(pair.stream, "200 x\r\n", 7), 7);
            assert_int_equal(SSL_read(pair.client, line, sizeof line), 7);
            pair_close(&pair);
            SSL_CTX_free(context);
            cellftpd_tls.close(server.tls);
            server.tls = NULL;
        }
        server_stop(&server);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
