/* session/control.c: lines out of whatever pieces the network makes, telnet, and what is too long
 * (rows P03, P04, P16, P17). */
#include "session/session.h"

#include "lib/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cmocka.h>

enum { INPUT_MAX = 2 * CONTROL_LINE_MAX, HEARD_MAX = 1 << 16 };

/* A control connection: what the client sends and what the server hears, each line with a '|'
 * behind it, "!|" for one that was too long. */
struct wire {
    struct control control;
    int client;
    struct buffer heard;
};

static void wire_open(struct wire *ret)
{
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    control_init(&ret->control, pair[0]);
    ret->client = pair[1];
    buffer_init(&ret->heard, HEARD_MAX);
}

static void wire_close(struct wire *wire)
{
    wire->client = close_fd(wire->client);
    control_free(&wire->control);
    buffer_free(&wire->heard);
}

#define cleanup_wire __attribute__((cleanup(wire_close)))

static void hear(struct wire *wire)
{
    char *line;
    size_t size;
    int r;
    while ((r = control_line(&wire->control, &line, &size)) != 0) {
        if (r == -EMSGSIZE) {
            assert_int_equal(buffer_append_string(&wire->heard, "!|"), 0);
            continue;
        }
        assert_int_equal(r, 1);
        assert_int_equal(line[size], '\0');
        assert_int_equal(buffer_append(&wire->heard, line, size), 0);
        assert_int_equal(buffer_append_string(&wire->heard, "|"), 0);
    }
}

static int unread(const struct wire *wire)
{
    int size = 0;
    assert_int_equal(ioctl(wire->control.connection.fd, FIONREAD, &size), 0);
    return size;
}

/* Sends BYTES as one piece and hears all that comes of it. */
static void say(struct wire *wire, const char *bytes, size_t size)
{
    if (size == 0)
        return;
    assert_int_equal(send(wire->client, bytes, size, MSG_DONTWAIT), (ssize_t)size);
    while (unread(wire) > 0) {
        control_read(&wire->control);
        assert_false(wire->control.failed);
        assert_true(buffer_size(&wire->control.input) <= INPUT_MAX);
        hear(wire);
    }
}

static void say_often(struct wire *wire, char byte, size_t count)
{
    char bytes[4096];
    memset(bytes, byte, sizeof(bytes));
    for (; count > sizeof(bytes); count -= sizeof(bytes))
        say(wire, bytes, sizeof(bytes));
    say(wire, bytes, count);
}

static bool was_heard(const struct wire *wire, const char *expected, size_t size)
{
    return buffer_size(&wire->heard) == size &&
           (size == 0 || memcmp(buffer_begin(&wire->heard), expected, size) == 0);
}
#define HEARD(wire, literal) assert_true(was_heard(wire, literal, sizeof(literal) - 1))

#define ROW(said, heard)                                                                           \
    {                                                                                              \
        said, sizeof(said) - 1, heard, sizeof(heard) - 1                                           \
    }
static const struct {
    const char *said;
    size_t said_size;
    const char *heard;
    size_t heard_size;
} rows[] = {
    ROW("NOOP\r\n", "NOOP|"),
    ROW("NOOP\n", "NOOP|"),
    ROW("NOOP", ""),
    ROW("\r\n", "|"),
    ROW("\n\n\r\n", "|||"),
    ROW("PWD\r\nSYST\nNOOP\r\nre", "PWD|SYST|NOOP|"),
    ROW("a\rb\r\n", "a\rb|"),
    ROW("a\r\r\n", "a\r|"),
    ROW("a\0b\r\n\0\n", "a\0b|\0|"),
    ROW("\x80\xfe \xc3\xbc\r\n", "\x80\xfe \xc3\xbc|"),
    /* Telnet, RFC 854 (row P16): IP, DM; options; a real 255; a Latin-1 name of old clients */
    ROW("\xff\xf4\xff\xf2"
        "ABOR\r\n",
        "ABOR|"),
    ROW("A\xff\xf4"
        "BO\xff\xf2R\r\n",
        "ABOR|"),
    ROW("\xff\xfb\x01"
        "a\xff\xfc\x0d"
        "b\xff\xfd\x0a"
        "c\xff\xfe\xff"
        "d\r\n",
        "abcd|"),
    ROW("CWD \xff\xff\r\n", "CWD \xff|"),
    ROW("CWD \xff\xff\xff\xff\r\n", "CWD \xff\xff|"),
    ROW("CWD \xff"
        "a\r\n",
        "CWD a|"),
    ROW("a\xff\r\nb\r\n", "a|b|"),
    ROW("a\xff\xf1\nb\n", "a|b|"),
    ROW("a\xff\xfb\n\n", "a|"),
};

static void test_lines_in_any_three_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        for (size_t first = 0; first <= rows[i].said_size; first++)
            for (size_t second = first; second <= rows[i].said_size; second++) {
                cleanup_wire struct wire wire;
                wire_open(&wire);
                say(&wire, rows[i].said, first);
                say(&wire, rows[i].said + first, second - first);
                say(&wire, rows[i].said + second, rows[i].said_size - second);
                if (!was_heard(&wire, rows[i].heard, rows[i].heard_size))
                    fail_msg("row %zu, cut at %zu and %zu", i, first, second);
            }
}

/* P16: the byte pair across every place where one read can end, the full buffer's end included. */
static void test_telnet_at_every_buffer_boundary(void **state)
{
    (void)state;
    static const char iac[] = "\xff\xff\xff\xf4z\r\n";
    for (size_t before = CONTROL_LINE_MAX - 8; before <= CONTROL_LINE_MAX - 3; before++) {
        cleanup_wire struct wire wire;
        wire_open(&wire);
        char line[CONTROL_LINE_MAX + 16];
        memset(line, 'x', before);
        memcpy(line + before, iac, sizeof(iac) - 1);
        say(&wire, line, before + sizeof(iac) - 1);
        assert_int_equal(buffer_size(&wire.heard), before + 3);
        assert_memory_equal(buffer_begin(&wire.heard) + before, "\xffz|", 3);
    }
}

/* P16: nothing but 255, for as long as a client likes. */
static void test_telnet_flood(void **state)
{
    (void)state;
    cleanup_wire struct wire wire;
    wire_open(&wire);
    for (int i = 0; i < 100000; i++)
        say(&wire, "\xff\xfb\x01\xff\xf4\xff\xfd\x03", 8);
    assert_int_equal(buffer_size(&wire.control.input), 0);
    say(&wire, "NOOP\r\n", 6);
    HEARD(&wire, "NOOP|");
}

/* P03: the limit to the byte, with and without CR; one answer for each line above it. */
static void test_line_limit(void **state)
{
    (void)state;
    for (size_t size = CONTROL_LINE_MAX - 2; size <= CONTROL_LINE_MAX + 2; size++)
        for (int cr = 0; cr <= 1; cr++) {
            cleanup_wire struct wire wire;
            wire_open(&wire);
            say_often(&wire, 'A', size);
            say(&wire, cr ? "\r\nNOOP\r\n" : "\nNOOP\n", cr ? 8 : 6);
            if (size + (size_t)cr > CONTROL_LINE_MAX)
                HEARD(&wire, "!|NOOP|");
            else
                assert_int_equal(buffer_size(&wire.heard), size + 1 + 5);
        }
}

/* P04: no tail of a line that was too long is ever a line of its own. */
static void test_tail_of_a_long_line(void **state)
{
    (void)state;
    static const size_t sizes[] = {200,   512,   1000,  4096,  8170,  8180,  8191,  8192,
                                   8193,  8194,  8200,  10000, 16370, 16380, 16383, 16384,
                                   16385, 16390, 24576, 32768, 65536, 70000};
    for (size_t i = 0; i < ELEMENTS(sizes); i++) {
        cleanup_wire struct wire wire;
        wire_open(&wire);
        say_often(&wire, 'A', sizes[i]);
        say(&wire, "DELE victim\r\nNOOP\r\n", 19);
        if (sizes[i] + strlen("DELE victim\r") > CONTROL_LINE_MAX) {
            HEARD(&wire, "!|NOOP|");
        } else {
            assert_int_equal(buffer_size(&wire.heard), sizes[i] + strlen("DELE victim|NOOP|"));
            assert_int_equal(buffer_begin(&wire.heard)[0], 'A');
        }
    }
}

/* P03: what is dropped is counted, so that somebody can put an end to it, and counted anew for the
 * next line. */
static void test_discarded_bytes_are_counted(void **state)
{
    (void)state;
    cleanup_wire struct wire wire;
    wire_open(&wire);
    say_often(&wire, 'A', CONTROL_DISCARD_MAX);
    assert_int_equal(wire.control.discarded, CONTROL_DISCARD_MAX);
    assert_true(wire.control.discarding);
    assert_int_equal(buffer_size(&wire.control.input), 0);
    HEARD(&wire, "");
    say(&wire, "A\n", 2);
    HEARD(&wire, "!|");
    assert_int_equal(wire.control.discarded, 0);
    say_often(&wire, 'B', CONTROL_LINE_MAX + 1);
    assert_int_equal(wire.control.discarded, CONTROL_LINE_MAX + 1);
}

/* P17: lines that nobody takes out fill the buffer and then the socket, not the memory. */
static void test_back_pressure(void **state)
{
    (void)state;
    cleanup_wire struct wire wire;
    wire_open(&wire);
    size_t sent = 0;
    while (send(wire.client, "NOOP\r\n", 6, MSG_DONTWAIT) == 6) {
        sent += 6;
        control_read(&wire.control);
        assert_true(wire.control.input.allocated <= 4 * INPUT_MAX);
    }
    assert_int_equal(buffer_size(&wire.control.input), INPUT_MAX);
    assert_int_equal((size_t)unread(&wire) + INPUT_MAX, sent);
    hear(&wire);
    assert_int_equal(buffer_size(&wire.heard), INPUT_MAX / 6 * 5);
}

static void test_what_waits(void **state)
{
    (void)state;
    static const char *const verbs[] = {"NOOP", "STAT", NULL};
    static const struct {
        const char *input;
        bool line, abort, next;
    } cases[] = {
        {"", false, false, false},
        {"ABOR", false, false, false},
        {"ABOR\r\n", true, true, false},
        {"abor\n", true, true, false},
        {"PWD\r\nABOR\r\n", true, true, false},
        {"PWD\r\nABOR", true, false, false},
        {"ABORT\r\nABOR x\r\nXABOR\r\n", true, false, false},
        {"NOOP\r\nABOR\r\n", true, true, true},
        {"noop\n", true, false, true},
        {"STAT x\r\n", true, false, true},
        {"STATX\r\n", true, false, false},
        {"NOO\r\nNOOP\r\n", true, false, false},
        {"NOOP", false, false, false},
    };
    for (size_t i = 0; i < ELEMENTS(cases); i++) {
        cleanup_wire struct wire wire;
        wire_open(&wire);
        size_t size = strlen(cases[i].input);
        assert_int_equal(send(wire.client, cases[i].input, size, 0), (ssize_t)size);
        control_read(&wire.control);
        assert_int_equal(control_has_line(&wire.control), cases[i].line);
        assert_int_equal(control_waits_for(&wire.control, "ABOR"), cases[i].abort);
        assert_int_equal(control_next_is(&wire.control, verbs), cases[i].next);
        assert_int_equal(buffer_size(&wire.control.input), size); /* asking takes nothing */
    }
}

/* A line without an end that is already too long is something to answer. */
static void test_endless_line_waits(void **state)
{
    (void)state;
    cleanup_wire struct wire wire;
    wire_open(&wire);
    char bytes[CONTROL_LINE_MAX + 1];
    memset(bytes, 'A', sizeof(bytes));
    assert_int_equal(send(wire.client, bytes, CONTROL_LINE_MAX, 0), CONTROL_LINE_MAX);
    control_read(&wire.control);
    assert_false(control_has_line(&wire.control));
    assert_int_equal(send(wire.client, "A", 1, 0), 1);
    control_read(&wire.control);
    assert_true(control_has_line(&wire.control));
}

static void test_the_end(void **state)
{
    (void)state;
    cleanup_wire struct wire wire;
    wire_open(&wire);
    assert_int_equal(send(wire.client, "QUIT\r\nhal", 9, 0), 9);
    assert_int_equal(shutdown(wire.client, SHUT_WR), 0);
    control_read(&wire.control);
    assert_false(wire.control.ended);
    control_read(&wire.control);
    assert_true(wire.control.ended);
    assert_false(wire.control.failed);
    hear(&wire);
    HEARD(&wire, "QUIT|");
}

/* Replies to somebody who does not read wait; to somebody who is gone they end the connection. */
static void test_write(void **state)
{
    (void)state;
    cleanup_wire struct wire wire;
    wire_open(&wire);
    char bytes[4096];
    memset(bytes, 'r', sizeof(bytes));
    size_t sent = 0;
    while (buffer_size(&wire.control.output) == 0) {
        assert_int_equal(buffer_append(&wire.control.output, bytes, sizeof(bytes)), 0);
        sent += sizeof(bytes);
        control_write(&wire.control);
        assert_false(wire.control.failed);
    }
    size_t received = 0;
    while (received < sent) {
        ssize_t size = recv(wire.client, bytes, sizeof(bytes), MSG_DONTWAIT);
        assert_true(size > 0);
        received += (size_t)size;
        control_write(&wire.control);
    }
    assert_int_equal(buffer_size(&wire.control.output), 0);

    wire.client = close_fd(wire.client);
    assert_int_equal(buffer_append(&wire.control.output, "x", 1), 0);
    control_write(&wire.control);
    assert_true(wire.control.failed);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_in_any_three_pieces),
        cmocka_unit_test(test_telnet_at_every_buffer_boundary),
        cmocka_unit_test(test_telnet_flood),
        cmocka_unit_test(test_line_limit),
        cmocka_unit_test(test_tail_of_a_long_line),
        cmocka_unit_test(test_discarded_bytes_are_counted),
        cmocka_unit_test(test_back_pressure),
        cmocka_unit_test(test_what_waits),
        cmocka_unit_test(test_endless_line_waits),
        cmocka_unit_test(test_the_end),
        cmocka_unit_test(test_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
