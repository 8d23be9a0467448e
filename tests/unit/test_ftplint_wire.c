/* src/ftplint/wire.c, data.c, exam.c: what ends a test that a server keeps going, and what a server
 * says of its data ports. */
#include "ftplint/runner.h"
#include "lib/cleanup.h"
#include "lib/clock.h"

#include <errno.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { LIMIT = 300 };

static struct result run(void (*function)(struct exam *exam), const void *parameter)
{
    static struct dialogue dialogue;
    const struct test test = {.name = "a.b.c", .run = function, .parameter = parameter};
    const struct target target = {.timeout = 5000, .test_limit = LIMIT, .connections = 2};
    struct server server = {.learnt = false};
    struct result result;
    dialogue.secrets[ACCOUNT_USER] = "sesame";
    dialogue.secrets[ACCOUNT_SECOND] = "ab";
    exam_run(&test, &target, &server, &dialogue, &result);
    for (size_t i = 0; i < dialogue.count; i++)
        assert_null(memmem(dialogue.entries[i].bytes, dialogue.entries[i].size, "sesame", 6));
    dialogue_free(&dialogue);
    return result;
}

/* A client whose other end is RET_OTHER. */
static struct client *open_client(struct exam *exam, int *ret_other)
{
    int pair[2];
    struct client *client = calloc(1, sizeof(*client)); /* the exam's, which frees it */
    assert_non_null(client);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    client->exam = exam;
    wire_init(&client->wire, exam->dialogue, 1, false);
    wire_adopt(&client->wire, pair[0]);
    client->next = exam->clients;
    exam->clients = client;
    *ret_other = pair[1];
    return client;
}

/* A client at whose other end a process sends BYTES again and again for as long as anybody reads.
 */
static struct client *flooded(struct exam *exam, const char *bytes, size_t size)
{
    int other;
    struct client *client = open_client(exam, &other);
    pid_t child = fork();
    if (child == 0) {
        (void)close(client->wire.fd);
        while (send(other, bytes, size, MSG_NOSIGNAL) > 0)
            continue;
        _exit(0);
    }
    assert_true(child > 0);
    (void)close(other);
    return client;
}

static const char *const preliminaries = "150 And on.\r\n";

static void read_for_ever(struct exam *exam)
{
    (void)read_final(flooded(exam, preliminaries, strlen(preliminaries)));
}

static void expect_end(struct exam *exam)
{
    expect_closed(flooded(exam, preliminaries, strlen(preliminaries)), 50, NULL);
}

static void read_line(struct exam *exam)
{
    static char zeros[65536];
    (void)read_reply(flooded(exam, zeros, sizeof(zeros)));
}

static void read_lines(struct exam *exam)
{
    static char line[60000] = "211-";
    line[sizeof(line) - 1] = '\n'; /* of zero bytes, which strlen() does not count */
    (void)read_reply(flooded(exam, line, sizeof(line)));
}

static void allocate(struct exam *exam)
{
    for (;;)
        (void)exam_allocate(exam, 16 << 20);
}

static void lines_without_end(struct exam *exam)
{
    enum { SIZE = 48 << 20 };
    char *ends = exam_allocate(exam, SIZE);
    memset(ends, '\n', SIZE);
    (void)split_lines(exam, (struct bytes){.data = ends, .size = SIZE});
}

/* All of them end, soon, and only what the server has surely done is held against it. */
static void test_floods(void **state)
{
    static const struct {
        void (*function)(struct exam *exam);
        enum outcome outcome;
        const char *got;
    } rows[] = {
        {read_for_ever, OUTCOME_BLOCKED, "not finished when its time was over"},
        {expect_end, OUTCOME_FAILED, "it is still open after 50 ms"},
        {read_line, OUTCOME_FAILED, "without the end of a line"},
        {read_lines, OUTCOME_FAILED, "lines, and no last one"},
        {allocate, OUTCOME_BLOCKED, "more than the 256 MiB"},
        {lines_without_end, OUTCOME_BLOCKED, "more than the 256 MiB"},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        uint64_t begun = clock_msec();
        struct result result = run(rows[i].function, NULL);
        if (result.outcome == OUTCOME_BLOCKED && strstr(result.got, "time was over"))
            assert_true(result.timed_out);
        else if (result.outcome != rows[i].outcome || !strstr(result.got, rows[i].got))
            fail_msg("row %zu: outcome %d, got %s", i, (int)result.outcome, result.got);
        assert_true(clock_msec() - begun < 20000);
    }
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
}

static void silence(struct exam *exam)
{
    int other;
    struct client *client = open_client(exam, &other);
    (void)read_reply(client);
}

/* The test's time ended before the server's: it is not to blame. */
static void test_late(void **state)
{
    (void)state;
    struct result result = run(silence, NULL);
    assert_int_equal(result.outcome, OUTCOME_BLOCKED);
    assert_true(result.timed_out);
    assert_non_null(strstr(result.got, "its time was over: it expected a reply"));
}

static void echo(struct exam *exam)
{
    static const char reply[] = "530 sesame is not it, ab.\r\n";
    int other;
    struct client *client = open_client(exam, &other);
    assert_int_equal(send(other, reply, strlen(reply), 0), strlen(reply));
    send_bytes(client, "USER a\r\nPASS sesame\r\n", 21);
    note(exam, "sesame");
    expect_next(client, "230");
}

static void test_secrets(void **state)
{
    (void)state;
    struct result result = run(echo, NULL);
    assert_string_equal(result.got, "530 ****** is not it, ab.");
    assert_string_equal(result.notes, "******\n");
}

/* A server from which a byte comes again and again just before one gives up. */
static void serve_drips(int listener)
{
    int connection = accept(listener, NULL, NULL);
    while (send(connection, "x", 1, MSG_NOSIGNAL) == 1)
        clock_pause(20);
    _exit(0);
}

static void read_drips(struct exam *exam)
{
    struct client *client = given_socket(exam);
    while (wire_receive(&client->wire, 1000) > 0)
        continue;
    assert_int_equal(wire_receive(&client->wire, 1000), -ETIMEDOUT);
}

static void test_drips(void **state)
{
    (void)state;
    static struct dialogue dialogue;
    const struct test test = {.name = "a.b.c", .run = read_drips};
    struct target target = {.timeout = 5000,
                            .test_limit = LIMIT,
                            .connections = 2,
                            .address_size = sizeof(struct sockaddr_in)};
    struct sockaddr_in *address = (struct sockaddr_in *)&target.address;
    *address =
        (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)address, target.address_size), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)address, &target.address_size), 0);
    pid_t child = fork();
    if (child == 0)
        serve_drips(listener);
    assert_true(child > 0);
    struct server server = {.learnt = false};
    struct result result;
    uint64_t begun = clock_msec();
    exam_run(&test, &target, &server, &dialogue, &result);
    dialogue_free(&dialogue);
    assert_true(clock_msec() - begun < 5000);
    (void)close(listener);
    (void)waitpid(child, NULL, 0);
}

static void count_entry(const struct dialogue_entry *entry, void *context)
{
    (void)entry;
    ++*(unsigned *)context;
}

/* Nobody's disk is filled by what --verbose shows. */
static void test_watching_is_bounded(void **state)
{
    (void)state;
    static struct dialogue dialogue;
    unsigned shown = 0;
    dialogue.watch = count_entry;
    dialogue.context = &shown;
    for (int i = 0; i < 2; i++) {
        dialogue_begin(&dialogue);
        for (int j = 0; j < DIALOGUE_WATCHED_MAX + 1000; j++)
            dialogue_add(&dialogue, DIALOGUE_RECEIVED, 1, true, "x", 1);
    }
    assert_int_equal(shown, 2 * DIALOGUE_WATCHED_MAX);
    dialogue_free(&dialogue);
}

struct port_row {
    const char *reply;
    enum data_mode mode;
    unsigned port; /* 0: it is a finding */
};

static void ask_port(struct exam *exam)
{
    const struct port_row *row = exam->test->parameter;
    int other;
    struct client *client = open_client(exam, &other);
    assert_int_equal(send(other, row->reply, strlen(row->reply), 0), strlen(row->reply));
    assert_int_equal(send(other, "\r\n", 2, 0), 2);
    const struct data *data = data_ask(client, row->mode);
    assert_int_equal(data->port, row->port);
}

static void test_ports(void **state)
{
    static const struct port_row rows[] = {
        {"229 Entering (|||6446|)", DATA_EPSV, 6446},
        {"229 Entering (!!!6446!)", DATA_EPSV, 6446},
        {"229 Mode (extended) (|||6446|)", DATA_EPSV, 6446},
        {"229 (|||0|)", DATA_EPSV, 0},
        {"229 (|||65536|)", DATA_EPSV, 0},
        {"229 (|||-1|)", DATA_EPSV, 0},
        {"229 (|||99999999999999999999|)", DATA_EPSV, 0},
        {"229 (||", DATA_EPSV, 0},
        {"229 (", DATA_EPSV, 0},
        {"229", DATA_EPSV, 0},
        {"500 What?", DATA_EPSV, 0},
        {"227 Entering (127,0,0,1,4,1)", DATA_PASV, 1025},
        {"227 =127,0,0,1,4,1", DATA_PASV, 1025},
        {"227 At 12:30 127,0,0,1,255,255.", DATA_PASV, 65535},
        {"227 (127,0,0,1,256,1)", DATA_PASV, 0},
        {"227 (127,0,0,1,0,0)", DATA_PASV, 0},
        {"227 (127,0,0,1,4)", DATA_PASV, 0},
        {"227 (1270,0,0,1,4,1", DATA_PASV, 0},
        {"227", DATA_PASV, 0},
    };
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct result result = run(ask_port, &rows[i]);
        if (result.outcome != (rows[i].port ? OUTCOME_PASSED : OUTCOME_FAILED))
            fail_msg("%s: %s", rows[i].reply, result.got);
    }
}

static void ask_for_service(struct exam *exam)
{
    int other;
    struct client *client = open_client(exam, &other);
    static const char reply[] = "229 Entering (|||25|)\r\n";
    assert_int_equal(send(other, reply, strlen(reply), 0), strlen(reply));
    (void)data_ask(client, DATA_EPSV);
}

static void test_port_of_a_service(void **state)
{
    (void)state;
    assert_int_equal(run(ask_for_service, NULL).outcome, OUTCOME_BLOCKED);
}

static void check_lines(struct exam *exam)
{
    static const char text[] = "a\r\n\r\nb\nc\rd\r\nlast";
    static const char *const expected[] = {"a", "", "b", "c\rd", "last"};
    struct lines lines = split_lines(exam, (struct bytes){.data = text, .size = strlen(text)});
    assert_int_equal(lines.count, ELEMENTS(expected));
    assert_int_equal(lines.bare, 2);
    for (size_t i = 0; i < lines.count; i++)
        assert_string_equal(lines.line[i], expected[i]);
    assert_int_equal(split_lines(exam, (struct bytes){.data = "", .size = 0}).count, 0);
}

static void test_lines(void **state)
{
    (void)state;
    assert_int_equal(run(check_lines, NULL).outcome, OUTCOME_PASSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_floods),
        cmocka_unit_test(test_late),
        cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_ports),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_drips),
        cmocka_unit_test(test_watching_is_bounded),
        cmocka_unit_test(test_port_of_a_service),
    };
    return cmocka_run_group_tests_name("ftplint's connections", tests, NULL, NULL);
}
