/* src/ftplint/reply.c: what is a reply, where it ends, and what is wrong with it. */
#include "ftplint/runner.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

struct row {
    const char *bytes;
    size_t size; /* 0: strlen */
    unsigned code;
    int error;
    size_t lines;
    const char *text;
    unsigned flaws;
    size_t rest; /* bytes that belong to the next reply */
};

static const struct row rows[] = {
    {.bytes = "220 Hello.\r\n", .code = 220, .lines = 1, .text = "Hello."},
    {.bytes = "220 \r\n", .code = 220, .lines = 1, .text = ""},
    {.bytes = "220\r\n", .code = 220, .lines = 1, .text = "", .flaws = REPLY_CODE_ALONE},
    {.bytes = "220 Hello.\n", .code = 220, .lines = 1, .text = "Hello.", .flaws = REPLY_BARE_LF},
    {.bytes = "211-A\r\n b\r\n211 E\r\n", .code = 211, .lines = 3, .text = "A"},
    /* RFC 959, section 4.2: lines between may begin with digits, also with other codes. */
    {.bytes = "211-A\r\n211-b\r\n2110 c\r\n21 d\r\n211 E\r\n",
     .code = 211,
     .lines = 5,
     .text = "A"},
    {.bytes = "211-A\r\n226 B\r\n",
     .code = 211,
     .lines = 2,
     .text = "A",
     .flaws = REPLY_CODE_CHANGES},
    {.bytes = "211-A\r\n226-B\r\n211 C\r\n", .code = 211, .lines = 3, .text = "A"},
    {.bytes = "150 A\r\n226 B\r\n", .code = 150, .lines = 1, .text = "A", .rest = 7},
    {.bytes = "250 a\rb\r\n", .code = 250, .lines = 1, .text = "a\rb", .flaws = REPLY_BARE_CR},
    {.bytes = "250 a\x01\r\n",
     .code = 250,
     .lines = 1,
     .text = "a\x01",
     .flaws = REPLY_CONTROL_BYTE},
    {.bytes = "250 caf\xc3\xa9\r\n", .code = 250, .lines = 1, .text = "caf\xc3\xa9"},
    {.bytes = "250 caf\xe9\r\n",
     .code = 250,
     .lines = 1,
     .text = "caf\xe9",
     .flaws = REPLY_NOT_UTF8},
    {.bytes = "250 a\0b\r\n",
     .size = 9,
     .code = 250,
     .lines = 1,
     .text = "a",
     .flaws = REPLY_CONTROL_BYTE},
    {.bytes = "hello\r\n", .error = -EPROTO, .lines = 1, .text = ""},
    {.bytes = "\r\n", .error = -EPROTO, .lines = 1, .text = ""},
    {.bytes = "22\r\n", .error = -EPROTO, .lines = 1, .text = ""},
    {.bytes = "2200 x\r\n", .error = -EPROTO, .lines = 1, .text = ""},
    {.bytes = "020 x\r\n", .error = -EPROTO, .lines = 1, .text = ""},
    {.bytes = "620 x\r\n", .error = -EPROTO, .lines = 1, .text = ""},
    {.bytes = "220_x\r\n", .error = -EPROTO, .lines = 1, .text = ""},
    {.bytes = "", .error = -EPIPE, .lines = 0, .text = ""},
    {.bytes = "220 no end", .error = -EPIPE, .lines = 0, .text = "", .rest = 10},
    {.bytes = "211-A\r\n b\r\n", .error = -EPIPE, .lines = 2, .text = "A"},
};

/* A client at whose other end BYTES lie and nothing follows. */
static void open_client(struct exam *exam, struct client *client, const char *bytes, size_t size)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(send(pair[1], bytes, size, 0), size);
    (void)close(pair[1]);
    *client = (struct client){.exam = exam};
    wire_init(&client->wire, exam->dialogue, 1, false);
    wire_adopt(&client->wire, pair[0]);
}

static void check_row(struct exam *exam)
{
    const struct row *row = exam->test->parameter;
    struct client client;
    open_client(exam, &client, row->bytes, row->size ? row->size : strlen(row->bytes));
    const struct reply *reply = try_reply(&client, 1000);
    if (reply->code != row->code || reply->error != row->error || reply->count != row->lines ||
        strcmp(reply->text, row->text) != 0 || reply->flaws != row->flaws ||
        buffer_size(&client.wire.input) != row->rest)
        fail_msg("%s: code %u, error %d, %zu lines, \"%s\", flaws %x, %zu left", row->bytes,
                 reply->code, reply->error, reply->count, reply->text, reply->flaws,
                 buffer_size(&client.wire.input));
    wire_close(&client.wire);
}

/* Runs FUNCTION as a test of ftplint and hands its result out. */
static struct result run(void (*function)(struct exam *exam), const void *parameter)
{
    static struct dialogue dialogue;
    const struct test test = {.name = "a.b.c", .run = function, .parameter = parameter};
    const struct target target = {.timeout = 1000, .test_limit = 10000, .connections = 2};
    struct server server = {.learnt = false};
    struct result result;
    exam_run(&test, &target, &server, &dialogue, &result);
    dialogue_free(&dialogue);
    return result;
}

static void test_replies(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_int_equal(run(check_row, &rows[i]).outcome, OUTCOME_PASSED);
}

/* Every beginning of a good reply is none yet, and none is taken for one. */
static void cut(struct exam *exam)
{
    static const char whole[] = "211-First\r\n 211 not the end\r\n211-nor this\r\n211 End\r\n";
    for (size_t size = 0; size < sizeof(whole) - 1; size++) {
        struct client client;
        open_client(exam, &client, whole, size);
        assert_int_equal(try_reply(&client, 1000)->code, 0);
        wire_close(&client.wire);
    }
}

static void test_every_cut(void **state)
{
    (void)state;
    assert_int_equal(run(cut, NULL).outcome, OUTCOME_PASSED);
}

static void check_codes(struct exam *exam)
{
    struct client client = {.exam = exam};
    const struct reply reply = {.code = 551, .text = "No."};
    assert_true(reply_is(&reply, "551"));
    assert_true(reply_is(&reply, "2 55|words"));
    assert_true(reply_is(&reply, "5"));
    assert_false(reply_is(&reply, "550 553"));
    assert_false(reply_is(&reply, "2|551"));
    assert_false(reply_is(&reply, ""));
    expect_code(&client, &reply, "250 55|there is none"); /* fits */
    expect_code(&client, &reply, "250 4 50|for there is none");
}

static void test_codes(void **state)
{
    (void)state;
    struct result result = run(check_codes, NULL);
    assert_int_equal(result.outcome, OUTCOME_FAILED);
    assert_string_equal(result.expected, "250 or 4xx or 50x: for there is none");
    assert_string_equal(result.got, "551 No.");
}

static void check_flaw(struct exam *exam)
{
    struct client client = {.exam = exam};
    char first[] = "214-Commands:", second[] = " LIST \a", last[] = "214 End.";
    char *lines[] = {first, second, last};
    const struct reply reply = {
        .code = 214, .count = 3, .lines = lines, .text = "Commands:", .flaws = REPLY_CONTROL_BYTE};
    expect_flawless(&client, "the reply to HELP", &reply, REPLY_NOT_UTF8);
    expect_flawless(&client, "the reply to HELP", &reply, REPLY_CONTROL_BYTE);
}

/* The line that has the flaw is told, not the first one. */
static void test_flaw(void **state)
{
    (void)state;
    struct result result = run(check_flaw, NULL);
    assert_int_equal(result.outcome, OUTCOME_FAILED);
    assert_string_equal(result.expected, "text without control characters");
    assert_string_equal(result.got,
                        "the reply to HELP has a control character in the text: \" LIST \a\"");
}

static void check_given(struct exam *exam)
{
    exam->given++;
    (fail)(exam, "250", "550 No.");
}

/* A step that only leads to the test blocks it. */
static void test_given(void **state)
{
    (void)state;
    struct result result = run(check_given, NULL);
    assert_int_equal(result.outcome, OUTCOME_BLOCKED);
    assert_string_equal(result.got, "a step that leads to it expected 250, got 550 No.");
}

static void check_path(struct exam *exam)
{
    static const struct {
        const char *text;
        const char *path;
    } paths[] = {
        {"\"/\" is it", "/"},   {"\"/a\"\"b\" made", "/a\"b"}, {"\"\"\"\"", "\""},
        {"no path", NULL},      {"\"/never closed", NULL},     {"dir \"/x y\"", "/x y"},
        {"\"/a\\b\"", "/a\\b"},
    };
    struct client client = {.exam = exam};
    for (size_t i = 0; i < ELEMENTS(paths); i++) {
        const struct reply reply = {.code = 257, .text = paths[i].text};
        const char *path = reply_path(&client, &reply);
        if (paths[i].path)
            assert_string_equal(path, paths[i].path);
        else
            assert_null(path);
    }
}

static void test_paths(void **state)
{
    (void)state;
    assert_int_equal(run(check_path, NULL).outcome, OUTCOME_PASSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_replies), cmocka_unit_test(test_every_cut),
        cmocka_unit_test(test_codes),   cmocka_unit_test(test_flaw),
        cmocka_unit_test(test_given),   cmocka_unit_test(test_paths),
    };
    return cmocka_run_group_tests_name("ftplint's replies", tests, NULL, NULL);
}
