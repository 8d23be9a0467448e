/*
 * Resumption through lib/tls.h: what makes a data connection belong to its control connection.
 */
#include "tls_fixture.h"

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

struct login {
    struct server server;
    SSL_CTX *context; /* of the client */
    struct pair control;
    SSL_SESSION *latest; /* what the client would resume */
};

static const uint8_t shared_key[TLS_KEY_SIZE] = "the same account and address";
static const uint8_t another_key[TLS_KEY_SIZE] = "another account or address";

static void say(struct pair *control)
{
    char line[16];
    assert_int_equal(cellftpd_tls.write(control->stream, "230 x\r\n", 7), 7);
    assert_int_equal(SSL_read(control->client, line, sizeof line), 7);
}

/* The control connection, and what a granted login does, with KEY or without one. */
static void log_in(struct login *login, const uint8_t *key)
{
    SSL_CTX_set_app_data(login->context, &login->latest);
    pair_connect(&login->control, &login->server, TLS_CONTROL, login->context, NULL);
    client_expects_nothing(&login->control);
    if (SSL_version(login->control.client) == TLS1_3_VERSION)
        assert_null(login->latest); /* the login decides who can read it */
    if (key)
        assert_int_equal(cellftpd_tls.bind(login->server.tls, key), 0);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(cellftpd_tls.fresh_ticket(login->control.stream), 0);
    say(&login->control);
    assert_non_null(login->latest);
}

static void login_start(struct login *login, int version)
{
    *login = (struct login){0};
    server_start(&login->server, "P-256");
    server_open(&login->server);
    login->context = client_context(version);
    log_in(login, NULL);
}

static void login_stop(struct login *login)
{
    pair_close(&login->control);
    SSL_SESSION_free(login->latest);
    SSL_CTX_free(login->context);
    server_stop(&login->server);
}

/* Both say close_notify and read the other's; the stream is finished as the session does it. */
static void data_end(struct pair *pair)
{
    char byte;
    int reason = 0;
    assert_true(SSL_shutdown(pair->client) >= 0);
    assert_int_equal(cellftpd_tls.read(pair->stream, &byte, 1), 0);
    assert_int_equal(cellftpd_tls.finish(pair->stream), 0);
    (void)client_read(pair, &byte, 1, &reason);
    assert_int_equal(reason, SSL_ERROR_ZERO_RETURN);
}

static void test_same_login(void **state)
{
    (void)state;
    static const enum tls_purpose purposes[] = {TLS_DOWNLOAD, TLS_UPLOAD};
    for (size_t i = 0; i < ELEMENTS(versions) * ELEMENTS(purposes); i++) {
        struct login login;
        login_start(&login, versions[i % 2]);
        unsigned signatures = login.server.signatures;
        struct pair data;
        pair_connect(&data, &login.server, purposes[i / 2], login.context, login.latest);
        assert_true(pair_resumed(&data));
        assert_int_equal(login.server.signatures, signatures);
        data_end(&data);
        pair_close(&data);

        /* who resumes nothing is served, and it shows */
        pair_connect(&data, &login.server, purposes[i / 2], login.context, NULL);
        assert_false(pair_resumed(&data));
        assert_int_equal(login.server.signatures, signatures + 1);
        pair_close(&data);
        login_stop(&login);
    }
}

/* Of another login, with the very same certificate and key: it is not taken, neither as a ticket
 * nor by its number. */
static void test_T09_other_login(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(versions) * 2; i++) {
        struct login login;
        login_start(&login, versions[i % 2]);
        if (i / 2 == 1) {
            SSL_CTX_set_options(login.context, SSL_OP_NO_TICKET);
            pair_close(&login.control);
            pair_connect(&login.control, &login.server, TLS_CONTROL, login.context, NULL);
            client_expects_nothing(&login.control);
        }
        SSL_SESSION *session = take_pointer(login.latest);
        struct tls *mine = take_pointer(login.server.tls);
        server_open(&login.server);
        SSL_CTX_set_app_data(login.context, NULL);
        struct pair control;
        pair_connect(&control, &login.server, TLS_CONTROL, login.context, NULL);
        struct pair data;
        pair_connect(&data, &login.server, TLS_DOWNLOAD, login.context, session);
        assert_false(pair_resumed(&data));
        pair_close(&data);
        pair_close(&control);
        server_shut(&login.server);
        login.server.tls = mine;

        pair_connect(&data, &login.server, TLS_DOWNLOAD, login.context, session);
        assert_true(pair_resumed(&data)); /* it was good where it belongs */
        pair_close(&data);
        SSL_SESSION_free(session);
        login_stop(&login);
    }
}

/* SESSION on a data connection of LOGIN: whether the server can read it, and whether it counts. A
 * copy, because OpenSSL's client uses each but once. */
static void check_offer(struct login *login, SSL_SESSION *session, bool reused, bool counts)
{
    struct pair data;
    struct tls_description description;
    SSL_SESSION *copy = SSL_SESSION_dup(session);
    SSL_CTX_set_app_data(login->context, NULL);
    pair_connect(&data, &login->server, TLS_DOWNLOAD, login->context, copy);
    cellftpd_tls.describe(data.stream, &description);
    assert_int_equal(SSL_session_reused(data.client), reused);
    assert_int_equal(description.resumed, counts);
    pair_close(&data);
    SSL_SESSION_free(copy);
}

/* Two logins with the same key, and one with another. */
static void test_T09_siblings(void **state)
{
    (void)state;
    static const uint8_t *const keys[] = {shared_key, another_key, NULL};
    for (size_t i = 0; i < ELEMENTS(keys); i++) {
        struct login login;
        login_start(&login, TLS1_3_VERSION);
        assert_int_equal(cellftpd_tls.bind(login.server.tls, shared_key), 0);
        check_offer(&login, login.latest, false, false); /* of before */
        SSL_CTX_set_app_data(login.context, &login.latest);
        assert_int_equal(cellftpd_tls.fresh_ticket(login.control.stream), 0);
        say(&login.control);
        check_offer(&login, login.latest, true, true);
        SSL_SESSION *own = take_pointer(login.latest);

        /* a stranger's: its own handshake on a data port */
        struct pair data;
        SSL_CTX_set_app_data(login.context, &login.latest);
        pair_connect(&data, &login.server, TLS_DOWNLOAD, login.context, NULL);
        client_expects_nothing(&data);
        SSL_SESSION *strange = take_pointer(login.latest);
        assert_non_null(strange);
        pair_close(&data);
        check_offer(&login, strange, true, false);

        pair_close(&login.control);
        server_shut(&login.server);
        server_open(&login.server);
        log_in(&login, keys[i]);
        bool same = keys[i] == shared_key;
        check_offer(&login, own, same, same);
        check_offer(&login, strange, same, false);
        SSL_SESSION_free(own);
        SSL_SESSION_free(strange);
        login_stop(&login);
    }
}

/* Where nothing is shared, tickets come with the handshake. */
static void test_tickets_of_the_handshake(void **state)
{
    (void)state;
    static const enum config_data_binding bindings[] = {DATA_BINDING_OFF, DATA_BINDING_REQUIRE};
    for (size_t i = 0; i < ELEMENTS(bindings); i++) {
        struct login login = {0};
        server_start(&login.server, "P-256");
        login.server.config->tls_data_binding = bindings[i];
        server_open(&login.server);
        login.context = client_context(TLS1_3_VERSION);
        SSL_CTX_set_app_data(login.context, &login.latest);
        pair_connect(&login.control, &login.server, TLS_CONTROL, login.context, NULL);
        client_expects_nothing(&login.control);
        assert_non_null(login.latest);
        check_offer(&login, login.latest, true, true);
        login_stop(&login);
    }
}

/* A client of TLS 1.2 without tickets resumes by number; one transfer that broke off does not cost
 * it the session. */
static void test_by_number(void **state)
{
    (void)state;
    struct login login;
    login_start(&login, TLS1_2_VERSION);
    SSL_CTX_set_options(login.context, SSL_OP_NO_TICKET);
    pair_close(&login.control);
    pair_connect(&login.control, &login.server, TLS_CONTROL, login.context, NULL);
    SSL_SESSION *session = take_pointer(login.latest);
    assert_int_equal(SSL_SESSION_has_ticket(session), 0);
    for (unsigned i = 0; i < 20; i++) {
        struct pair data;
        pair_connect(&data, &login.server, i % 2 ? TLS_DOWNLOAD : TLS_UPLOAD, login.context,
                     session);
        assert_true(pair_resumed(&data));
        if (i % 3 == 0)
            data_end(&data);
        pair_close(&data); /* else at once, as after ABOR */
    }
    SSL_SESSION_free(session);
    login_stop(&login);
}

/* A client that uses each ticket once: the next comes with a download, after the end of an upload,
 * and on the control connection. */
static void test_T08_single_use(void **state)
{
    (void)state;
    enum { TRANSFERS = 500 };
    struct login login;
    login_start(&login, TLS1_3_VERSION);
    for (unsigned i = 0; i < TRANSFERS; i++) {
        SSL_SESSION *session = take_pointer(login.latest);
        if (!session)
            fail_msg("no ticket was left for transfer %u", i);
        struct pair data;
        pair_connect(&data, &login.server, i % 2 ? TLS_DOWNLOAD : TLS_UPLOAD, login.context,
                     session);
        SSL_SESSION_free(session);
        assert_true(pair_resumed(&data));
        data_end(&data);
        pair_close(&data);
    }
    login_stop(&login);
}

/* A client that does not read on the data connection finds its ticket on the control connection. */
static void test_T08_control_tickets(void **state)
{
    (void)state;
    enum { TRANSFERS = 50 };
    struct login login;
    login_start(&login, TLS1_3_VERSION);
    for (unsigned i = 0; i < TRANSFERS; i++) {
        SSL_SESSION *session = take_pointer(login.latest);
        assert_non_null(session);
        struct pair data;
        pair_connect(&data, &login.server, TLS_UPLOAD, login.context, session);
        SSL_SESSION_free(session);
        assert_true(pair_resumed(&data));
        assert_int_equal(cellftpd_tls.fresh_ticket(login.control.stream), 0);
        pair_close(&data);
        assert_null(login.latest);
        client_expects_nothing(&login.control); /* with the next bytes, not before */
        assert_null(login.latest);
        assert_int_equal(cellftpd_tls.write(login.control.stream, "226 x\r\n", 7), 7);
        char line[16];
        assert_int_equal(SSL_read(login.control.client, line, sizeof line), 7);
    }
    login_stop(&login);
}

/* An upload's server says nothing before the client has said close_notify: a client that closes
 * without reading must not be answered by a reset. */
static void test_upload_is_quiet(void **state)
{
    (void)state;
    struct login login;
    login_start(&login, TLS1_3_VERSION);
    struct pair data;
    pair_connect(&data, &login.server, TLS_UPLOAD, login.context, login.latest);
    assert_int_equal(SSL_write(data.client, "abc", 3), 3);
    char bytes[8];
    assert_int_equal(cellftpd_tls.read(data.stream, bytes, sizeof bytes), 3);
    char byte;
    assert_int_equal(recv(data.client_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT), -1);
    assert_int_equal(errno, EAGAIN);
    data_end(&data);
    pair_close(&data);
    login_stop(&login);
}

/* A session lasts a week: nobody has to log in again for a transfer in the evening. */
static void test_lifetime(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(versions); i++) {
        struct login login;
        login_start(&login, versions[i]);
        assert_int_equal(SSL_SESSION_get_ticket_lifetime_hint(login.latest), 7 * 24 * 3600);
        login_stop(&login);
    }
}

/* Nothing may be sent before the handshake is done: it could be sent again by a stranger. */
static void test_no_early_data(void **state)
{
    (void)state;
    struct login login;
    login_start(&login, TLS1_3_VERSION);
    assert_int_equal(SSL_SESSION_get_max_early_data(login.latest), 0);
    login_stop(&login);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_login),
        cmocka_unit_test(test_T09_other_login),
        cmocka_unit_test(test_T09_siblings),
        cmocka_unit_test(test_tickets_of_the_handshake),
        cmocka_unit_test(test_by_number),
        cmocka_unit_test(test_T08_single_use),
        cmocka_unit_test(test_T08_control_tickets),
        cmocka_unit_test(test_upload_is_quiet),
        cmocka_unit_test(test_lifetime),
        cmocka_unit_test(test_no_early_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
