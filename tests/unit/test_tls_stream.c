/*
 * Streams through lib/tls.h: how they end, that nothing is lost or changed on the way, and what
 * they cost in memory.
 */
#include "tls_fixture.h"

#include "lib/clock.h"

#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>

/* What is allocated; nothing where the sanitizers allocate. */
static size_t allocated(void)
{
    return mallinfo2().uordblks;
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

struct login {
    struct server server;
    SSL_CTX *context; /* of the client */
    struct pair control;
};

static void login_start(struct login *login, int version, bool kernel)
{
    *login = (struct login){0};
    server_start(&login->server, "P-256");
    assert_int_equal(cellftpd_tls.open(login->server.config, &login->server.questions, kernel,
                                       &login->server.tls),
                     0);
    login->context = client_context(version);
    pair_connect(&login->control, &login->server, TLS_CONTROL, login->context, NULL);
    client_expects_nothing(&login->control);
}

static void login_stop(struct login *login)
{
    pair_close(&login->control);
    SSL_CTX_free(login->context);
    server_stop(&login->server);
}

/* The end with close_notify and the end without it are not the same, under either version. */
static void test_T03_truncation(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(versions) * 2; i++) {
        bool polite = i / ELEMENTS(versions) == 1;
        struct login login;
        login_start(&login, versions[i % ELEMENTS(versions)], false);
        struct pair data;
        pair_connect(&data, &login.server, TLS_UPLOAD, login.context, NULL);
        assert_int_equal(SSL_write(data.client, "half", 4), 4);
        if (polite)
            assert_true(SSL_shutdown(data.client) >= 0);
        assert_int_equal(shutdown(data.client_fd, SHUT_WR), 0);
        char bytes[8];
        assert_int_equal(cellftpd_tls.read(data.stream, bytes, sizeof bytes), 4);
        assert_memory_equal(bytes, "half", 4);
        for (unsigned again = 0; again < 3; again++)
            assert_int_equal(cellftpd_tls.read(data.stream, bytes, sizeof bytes),
                             polite ? 0 : -ECONNABORTED);
        assert_string_equal(cellftpd_tls.failure(data.stream),
                            polite ? "" : "the connection ended without a goodbye of TLS");
        assert_false(cellftpd_tls.pending(data.stream));
        pair_close(&data);
        login_stop(&login);
    }
}

/* Half a record before the end is not the end either. */
static void test_T03_half_record(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(versions); i++) {
        struct login login;
        login_start(&login, versions[i], false);
        struct pair data;
        pair_connect(&data, &login.server, TLS_UPLOAD, login.context, NULL);
        static const char start[] = "\x17\x03\x03\x01\x00half of it";
        assert_int_equal(send(data.client_fd, start, sizeof start, 0), sizeof start);
        char bytes[8];
        assert_int_equal(cellftpd_tls.read(data.stream, bytes, sizeof bytes), -EAGAIN);
        assert_false(cellftpd_tls.pending(data.stream)); /* what is there is not enough */
        assert_int_equal(shutdown(data.client_fd, SHUT_WR), 0);
        assert_int_equal(cellftpd_tls.read(data.stream, bytes, sizeof bytes), -ECONNABORTED);
        pair_close(&data);
        login_stop(&login);
    }
}

static void test_changed_on_the_way(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(versions); i++) {
        struct login login;
        login_start(&login, versions[i], false);
        static const char record[] =
            "\x17\x03\x03\x00\x40"
            "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde";
        assert_int_equal(send(login.control.client_fd, record, sizeof record, 0), sizeof record);
        char bytes[80];
        assert_int_equal(cellftpd_tls.read(login.control.stream, bytes, sizeof bytes), -EPROTO);
        assert_string_equal(cellftpd_tls.failure(login.control.stream),
                            "what arrived was changed on its way");
        assert_int_equal(cellftpd_tls.write(login.control.stream, "x", 1), -EPROTO);
        assert_int_equal(cellftpd_tls.finish(login.control.stream), -EPROTO);
        login_stop(&login);
    }
}

/* finish() says close_notify, and nothing comes after it. */
static void test_T04_finish(void **state)
{
    (void)state;
    static const enum tls_purpose purposes[] = {TLS_CONTROL, TLS_DOWNLOAD, TLS_UPLOAD};
    for (size_t i = 0; i < ELEMENTS(versions) * ELEMENTS(purposes); i++) {
        struct login login;
        login_start(&login, versions[i % 2], false);
        struct pair data;
        pair_connect(&data, &login.server, purposes[i / 2], login.context, NULL);
        assert_int_equal(cellftpd_tls.write(data.stream, "last", 4), 4);
        assert_int_equal(cellftpd_tls.finish(data.stream), 0);
        assert_int_equal(cellftpd_tls.finish(data.stream), 0);
        assert_int_equal(shutdown(data.server_fd, SHUT_WR), 0);
        char bytes[8];
        int reason = 0;
        assert_int_equal(client_read(&data, bytes, sizeof bytes, &reason), 4);
        assert_int_equal(client_read(&data, bytes, sizeof bytes, &reason), 0);
        assert_int_equal(reason, SSL_ERROR_ZERO_RETURN);
        pair_close(&data);
        login_stop(&login);
    }
}

/* A client that is gone is an error, not a signal. */
static void test_no_signal(void **state)
{
    (void)state;
    struct login login;
    login_start(&login, 0, false);
    (void)signal(SIGPIPE, SIG_DFL);
    login.control.client_fd = close_fd(login.control.client_fd);
    ssize_t written = cellftpd_tls.write(login.control.stream, "x", 1);
    if (written >= 0)
        written = cellftpd_tls.write(login.control.stream, "x", 1);
    assert_int_equal(written, -EPIPE);
    assert_string_equal(cellftpd_tls.failure(login.control.stream),
                        "the connection failed: Broken pipe");
    login_stop(&login);
}

static uint8_t byte_at(size_t position)
{
    return (uint8_t)(position * 2654435761u >> 13);
}

static void fill(uint8_t *bytes, size_t size, size_t position)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = byte_at(position + i);
}

static void check(const uint8_t *bytes, size_t size, size_t position)
{
    for (size_t i = 0; i < size; i++)
        if (bytes[i] != byte_at(position + i))
            fail_msg("byte %zu is wrong", position + i);
}

/* As small as the kernel lets them be, so that every call is cut short somewhere. */
static void small_buffers(const struct pair *pair)
{
    int size = 1;
    assert_int_equal(setsockopt(pair->server_fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
    assert_int_equal(setsockopt(pair->client_fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size), 0);
}

enum { LARGE = (8 << 20) + 4711 };

/* One turn of the server that sends, and of the client that reads. */
static void send_turn(struct pair *data, uint8_t *bytes, size_t *sent)
{
    /* sizes that fit no record, and more than one call takes */
    size_t size = 1 + *sent * 7 % (TLS_RECORDS_MAX * 2);
    if (size > LARGE - *sent)
        size = LARGE - *sent;
    fill(bytes, size, *sent);
    ssize_t taken = size ? cellftpd_tls.write(data->stream, bytes, size) : 0;
    if (size == 0 || taken == -EAGAIN) {
        if (taken == -EAGAIN)
            assert_int_equal(cellftpd_tls.events(data->stream), POLLOUT);
        return;
    }
    assert_in_range(taken, 1, TLS_RECORDS_MAX);
    *sent += (size_t)taken;
}

static void test_large_download(void **state)
{
    (void)state;
    uint8_t *bytes = malloc(TLS_RECORDS_MAX * 2);
    for (size_t i = 0; i < ELEMENTS(versions); i++) {
        struct login login;
        login_start(&login, versions[i], false);
        struct pair data;
        pair_connect(&data, &login.server, TLS_DOWNLOAD, login.context, NULL);
        small_buffers(&data);
        size_t sent = 0;
        size_t received = 0;
        int finished = -EAGAIN;
        int reason = 0;
        while (reason != SSL_ERROR_ZERO_RETURN) {
            send_turn(&data, bytes, &sent);
            if (sent == LARGE && finished == -EAGAIN)
                finished = cellftpd_tls.finish(data.stream);
            int got = 0;
            do {
                got = client_read(&data, (char *)bytes, 5000, &reason);
                if (got > 0) {
                    check(bytes, (size_t)got, received);
                    received += (size_t)got;
                }
            } while (got > 0);
            assert_int_not_equal(reason, SSL_ERROR_SSL);
        }
        assert_int_equal(received, LARGE);
        assert_int_equal(finished, 0);
        pair_close(&data);
        login_stop(&login);
    }
    free(bytes);
}

static void test_large_upload(void **state)
{
    (void)state;
    uint8_t *bytes = malloc(TLS_RECORDS_MAX * 2);
    for (size_t i = 0; i < ELEMENTS(versions); i++) {
        struct login login;
        login_start(&login, versions[i], false);
        SSL_CTX_set_mode(login.context,
                         SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        struct pair data;
        pair_connect(&data, &login.server, TLS_UPLOAD, login.context, NULL);
        small_buffers(&data);
        size_t sent = 0;
        size_t received = 0;
        ssize_t got = 1;
        while (got != 0) {
            size_t size = 1 + sent * 7 % 40000;
            if (size > LARGE - sent)
                size = LARGE - sent;
            fill(bytes, size, sent);
            int taken = size ? SSL_write(data.client, bytes, (int)size) : 0;
            if (taken > 0)
                sent += (size_t)taken;
            if (size == 0)
                (void)SSL_shutdown(data.client);
            /* poll(2) would say nothing of what is pending */
            do {
                got = cellftpd_tls.read(data.stream, bytes, 1 + received % 50000);
                if (got > 0) {
                    check(bytes, (size_t)got, received);
                    received += (size_t)got;
                }
            } while (got > 0 && cellftpd_tls.pending(data.stream));
            if (got < 0)
                assert_int_equal(got, -EAGAIN);
        }
        assert_int_equal(received, LARGE);
        assert_int_equal(cellftpd_tls.finish(data.stream), 0);
        pair_close(&data);
        login_stop(&login);
    }
    free(bytes);
}

/* Many records arrive with one call, and one read brings them. */
static void test_reads_much_at_once(void **state)
{
    (void)state;
    struct login login;
    login_start(&login, TLS1_3_VERSION, false);
    struct pair data;
    pair_connect(&data, &login.server, TLS_UPLOAD, login.context, NULL);
    int size = 1 << 20;
    (void)setsockopt(data.client_fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
    static uint8_t bytes[100000];
    fill(bytes, sizeof bytes, 0);
    assert_int_equal(SSL_write(data.client, bytes, sizeof bytes), sizeof bytes);
    memset(bytes, 0, sizeof bytes);
    assert_int_equal(cellftpd_tls.read(data.stream, bytes, sizeof bytes), sizeof bytes);
    check(bytes, sizeof bytes, 0);
    pair_close(&data);
    login_stop(&login);
}

/* Lines that came in one record are all found without the socket's help. What is behind it stays in
 * the socket: after REIN it would be in clear. */
static void test_pending(void **state)
{
    (void)state;
    struct login login;
    login_start(&login, TLS1_3_VERSION, false);
    assert_int_equal(SSL_write(login.control.client, "NOOP\r\nQUIT\r\n", 12), 12);
    char bytes[4];
    static const char expected[] = "NOOP\r\nQUIT\r\n";
    for (size_t i = 0; i < 12; i += 4) {
        if (i > 0)
            assert_true(cellftpd_tls.pending(login.control.stream));
        assert_int_equal(cellftpd_tls.read(login.control.stream, bytes, 4), 4);
        assert_memory_equal(bytes, expected + i, 4);
    }
    assert_int_equal(cellftpd_tls.read(login.control.stream, bytes, 4), -EAGAIN);
    assert_int_equal(cellftpd_tls.events(login.control.stream), POLLIN);
    assert_false(cellftpd_tls.pending(login.control.stream));
    login_stop(&login);
}

/* A client that demands answers of TLS and reads none cannot fill the memory. */
static void test_key_updates(void **state)
{
    (void)state;
    struct login login;
    login_start(&login, TLS1_3_VERSION, false);
    struct pair *control = &login.control;
    small_buffers(control);
    size_t before = allocated();
    char bytes[16];
    ssize_t got = -EAGAIN;
    for (unsigned i = 0; i < 20000; i++) {
        (void)SSL_key_update(control->client, SSL_KEY_UPDATE_REQUESTED);
        (void)SSL_do_handshake(control->client);
        got = cellftpd_tls.read(control->stream, bytes, sizeof bytes);
        assert_int_equal(got, -EAGAIN);
    }
    assert_true(allocated() <= before + (400 << 10));
    login_stop(&login);
}

/* Where the kernel cannot encrypt (a socket pair, or no module), everything works without it. */
static void tcp_pair(int fds[2])
{
    cleanup_close int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    assert_int_equal(bind(listener, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    fds[1] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fds[1], (struct sockaddr *)&address, size), 0);
    fds[0] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    assert_true(fds[0] >= 0);
    assert_int_equal(fcntl(fds[1], F_SETFL, O_NONBLOCK), 0);
}

static void download_file(struct pair *data, int file, size_t size)
{
    struct tls_description description;
    cellftpd_tls.describe(data->stream, &description);
    uint8_t *bytes = malloc(TLS_RECORDS_MAX);
    size_t sent = 0;
    size_t received = 0;
    int finished = -EAGAIN;
    int reason = 0;
    while (reason != SSL_ERROR_ZERO_RETURN) {
        ssize_t taken = 0;
        if (sent < size) {
            taken = cellftpd_tls.send_file(data->stream, file, (off_t)sent, size - sent);
            if (!description.kernel_sends)
                assert_int_equal(taken, -EOPNOTSUPP);
            if (taken == -EOPNOTSUPP) {
                ssize_t ready = pread(file, bytes, TLS_RECORDS_MAX, (off_t)sent);
                taken = cellftpd_tls.write(data->stream, bytes, (size_t)ready);
            }
        }
        if (taken > 0)
            sent += (size_t)taken;
        else if (taken < 0)
            assert_int_equal(taken, -EAGAIN);
        if (sent == size && finished == -EAGAIN)
            finished = cellftpd_tls.finish(data->stream);
        int got = client_read(data, (char *)bytes, TLS_RECORDS_MAX, &reason);
        if (got > 0) {
            check(bytes, (size_t)got, received);
            received += (size_t)got;
        }
        assert_int_not_equal(reason, SSL_ERROR_SSL);
    }
    assert_int_equal(finished, 0);
    assert_int_equal(received, size);
    free(bytes);
}

static void test_kernel(void **state)
{
    (void)state;
    enum { SIZE = 3 << 20 };
    cleanup_fclose FILE *file = tmpfile();
    uint8_t *bytes = malloc(SIZE);
    fill(bytes, SIZE, 0);
    assert_int_equal(fwrite(bytes, 1, SIZE, file), SIZE);
    assert_int_equal(fflush(file), 0);
    free(bytes);
    for (size_t i = 0; i < ELEMENTS(versions) * 2; i++) {
        struct login login;
        login_start(&login, versions[i % 2], true);
        struct pair data;
        pair_open(&data, &login.server, TLS_DOWNLOAD, login.context);
        if (i / 2 == 1) {
            cellftpd_tls.stream_close(data.stream);
            data.server_fd = close_fd(data.server_fd);
            data.client_fd = close_fd(data.client_fd);
            int fds[2];
            tcp_pair(fds);
            data.server_fd = fds[0];
            data.client_fd = fds[1];
            assert_int_equal(
                cellftpd_tls.stream_open(login.server.tls, fds[0], TLS_DOWNLOAD, &data.stream), 0);
            assert_int_equal(SSL_set_fd(data.client, fds[1]), 1);
        }
        int result = -EAGAIN;
        for (uint64_t end = clock_msec() + 30000; result == -EAGAIN && clock_msec() < end;) {
            (void)SSL_do_handshake(data.client);
            result = cellftpd_tls.handshake(data.stream);
        }
        assert_int_equal(result, 0);
        download_file(&data, fileno(file), SIZE);
        pair_close(&data);
        login_stop(&login);
    }
}

/* An idle control connection holds no buffers. */
static void test_idle_memory(void **state)
{
    (void)state;
    enum { CONNECTIONS = 50 };
    struct login login;
    login_start(&login, TLS1_3_VERSION, false);
    static struct pair pairs[CONNECTIONS];
    static size_t server_size;
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        size_t before = allocated();
        pair_connect(&pairs[i], &login.server, TLS_CONTROL, login.context, NULL);
        client_expects_nothing(&pairs[i]);
        assert_int_equal(SSL_write(pairs[i].client, "NOOP\r\n", 6), 6);
        char line[16];
        assert_int_equal(cellftpd_tls.read(pairs[i].stream, line, sizeof line), 6);
        assert_int_equal(cellftpd_tls.read(pairs[i].stream, line, sizeof line), -EAGAIN);
        assert_int_equal(cellftpd_tls.write(pairs[i].stream, "200\r\n", 5), 5);
        assert_int_equal(SSL_read(pairs[i].client, line, sizeof line), 5);
        SSL_free(pairs[i].client);
        pairs[i].client = NULL;
        server_size += allocated() - before;
    }
    print_message("an idle control connection holds %zu bytes\n", server_size / CONNECTIONS);
    assert_true(server_size / CONNECTIONS < 24 << 10);
    for (unsigned i = 0; i < CONNECTIONS; i++) {
        cellftpd_tls.stream_close(pairs[i].stream);
        pairs[i].server_fd = close_fd(pairs[i].server_fd);
        pairs[i].client_fd = close_fd(pairs[i].client_fd);
    }
    login_stop(&login);
}

/* After a long session of small transfers the memory is what it was after a short one. */
static void test_T11_memory(void **state)
{
    (void)state;
    enum { WARM = 300, HANDSHAKES = 2000 };
    for (size_t i = 0; i < ELEMENTS(versions); i++) {
        struct login login;
        login_start(&login, versions[i], false);
        SSL_SESSION *latest = NULL;
        SSL_CTX_set_app_data(login.context, &latest);
        size_t warm = 0;
        for (unsigned j = 0; j < HANDSHAKES; j++) {
            struct pair data;
            pair_connect(&data, &login.server, j % 2 ? TLS_DOWNLOAD : TLS_UPLOAD, login.context,
                         j % 4 == 3 ? NULL : latest);
            if (j % 5 == 0) {
                assert_int_equal(SSL_write(data.client, "abc", 3), 3);
                char bytes[8];
                assert_int_equal(cellftpd_tls.read(data.stream, bytes, sizeof bytes), 3);
            }
            assert_int_equal(cellftpd_tls.finish(data.stream), 0);
            pair_close(&data);
            if (j == WARM)
                warm = allocated();
        }
        SSL_SESSION_free(latest);
        size_t now = allocated();
        print_message("%zu bytes after %d, %zu after %d handshakes\n", warm, WARM, now, HANDSHAKES);
        SSL_CTX_set_app_data(login.context, NULL);
        assert_true(now <= warm + warm / 20);
        login_stop(&login);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_T03_truncation),
        cmocka_unit_test(test_T03_half_record),
        cmocka_unit_test(test_changed_on_the_way),
        cmocka_unit_test(test_T04_finish),
        cmocka_unit_test(test_no_signal),
        cmocka_unit_test(test_large_download),
        cmocka_unit_test(test_large_upload),
        cmocka_unit_test(test_reads_much_at_once),
        cmocka_unit_test(test_pending),
        cmocka_unit_test(test_key_updates),
        cmocka_unit_test(test_kernel),
        cmocka_unit_test(test_idle_memory),
        cmocka_unit_test(test_T11_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
