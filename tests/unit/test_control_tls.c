/* session/control.c under TLS, with a library of ours that does what a client and a kernel can make
 * the real one do: half a record, a full socket, an end that nobody has announced. */
#include "session/session.h"

#include "lib/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* What TLS has for the reader, and what it was given to send. */
struct tls_stream {
    const char *incoming;
    size_t incoming_size;
    ssize_t end;      /* what read() says behind it */
    size_t room;      /* bytes that write() still takes */
    bool blocked;     /* the kernel takes nothing */
    unsigned reads;   /* calls of read() */
    unsigned goodbye; /* close_notify */
    struct buffer sent;
};

static ssize_t fake_read(struct tls_stream *stream, void *bytes, size_t size)
{
    stream->reads++;
    if (stream->incoming_size == 0)
        return stream->end;
    if (size > stream->incoming_size)
        size = stream->incoming_size;
    memcpy(bytes, stream->incoming, size);
    stream->incoming += size;
    stream->incoming_size -= size;
    return (ssize_t)size;
}

static bool fake_pending(const struct tls_stream *stream)
{
    return stream->incoming_size > 0;
}

static ssize_t fake_write(struct tls_stream *stream, const void *bytes, size_t size)
{
    if (size > stream->room)
        size = stream->room;
    if (size == 0)
        return -EAGAIN;
    assert_int_equal(buffer_append(&stream->sent, bytes, size), 0);
    stream->room -= size;
    return (ssize_t)size;
}

static int fake_flush(struct tls_stream *stream)
{
    return stream->blocked ? -EAGAIN : 0;
}

static int fake_finish(struct tls_stream *stream)
{
    int r = fake_flush(stream);
    stream->goodbye += r == 0;
    return r;
}

static void fake_close(struct tls_stream *stream)
{
    buffer_free(&stream->sent);
}

static const struct tls_library fake = {
    .stream_close = fake_close,
    .read = fake_read,
    .pending = fake_pending,
    .write = fake_write,
    .flush = fake_flush,
    .finish = fake_finish,
};

struct wire {
    struct tls_stream stream;
    struct control control;
};

static void wire_open(struct wire *ret, const char *incoming)
{
    *ret = (struct wire){.stream = {.incoming = incoming,
                                    .incoming_size = strlen(incoming),
                                    .end = -EAGAIN,
                                    .room = SIZE_MAX}};
    buffer_init(&ret->stream.sent, 1 << 20);
    control_init(&ret->control, -1);
    ret->control.connection.tls = &fake;
    ret->control.connection.stream = &ret->stream;
}

static void wire_close(struct wire *wire)
{
    control_free(&wire->control);
}
#define cleanup_wire __attribute__((cleanup(wire_close)))

static void hear(struct wire *wire, const char *expected)
{
    char *line;
    size_t size;
    assert_int_equal(control_line(&wire->control, &line, &size), 1);
    assert_string_equal(line, expected);
}

/* poll(2) does not know what TLS has decrypted already: all of it is taken, or known to be there.
 */
static void test_nothing_is_left_lying(void **state)
{
    (void)state;
    cleanup_wire struct wire wire;
    char incoming[3 * CONTROL_INPUT_MAX + 1];
    memset(incoming, '\n', sizeof(incoming) - 1);
    incoming[sizeof(incoming) - 1] = '\0';
    wire_open(&wire, incoming);

    for (size_t left = 3 * CONTROL_INPUT_MAX; left > 0; left -= CONTROL_INPUT_MAX) {
        assert_int_equal(control_has_unread(&wire.control), true);
        control_read(&wire.control);
        assert_int_equal(buffer_size(&wire.control.input), CONTROL_INPUT_MAX);
        /* no room: whoever asked again now would ask for ever */
        assert_int_equal(control_has_unread(&wire.control), false);
        buffer_clear(&wire.control.input);
    }
    assert_int_equal(control_has_unread(&wire.control), false);
}

/* A record that came in two reads, the second of which fits where the first one has left room. */
static void test_all_that_fits_is_read_at_once(void **state)
{
    (void)state;
    cleanup_wire struct wire wire;
    wire_open(&wire, "NOOP\r\n");
    assert_int_equal(buffer_append(&wire.control.input, "PWD\r\n", 5), 0);
    control_read(&wire.control);
    hear(&wire, "PWD");
    hear(&wire, "NOOP");
    assert_int_equal(wire.stream.reads, 1);
    control_read(&wire.control);
    assert_false(wire.control.ended || wire.control.failed);
}

static void test_ends(void **state)
{
    (void)state;
    static const struct {
        ssize_t end;
        bool ended, cut, failed;
    } rows[] = {
        {-EAGAIN, false, false, false},
        {-EINTR, false, false, false},
        {0, true, false, false}, /* close_notify */
        {-ECONNABORTED, true, true, false},
        {-ECONNRESET, false, false, true},
        {-EPROTO, false, false, true},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        cleanup_wire struct wire wire;
        wire_open(&wire, "NOOP\r\n");
        wire.stream.end = rows[i].end;
        control_read(&wire.control);
        control_read(&wire.control);
        assert_int_equal(wire.control.ended, rows[i].ended);
        assert_int_equal(wire.control.cut, rows[i].cut);
        assert_int_equal(wire.control.failed, rows[i].failed);
        assert_int_equal(wire.control.error, rows[i].failed ? rows[i].end : 0);
        hear(&wire, "NOOP"); /* what came before is served all the same */
        unsigned reads = wire.stream.reads;
        control_read(&wire.control);
        assert_int_equal(wire.stream.reads > reads, !rows[i].ended && !rows[i].failed);
    }
}

static void say(struct wire *wire, const char *text)
{
    assert_int_equal(buffer_append_string(&wire->control.output, text), 0);
    control_write(&wire->control);
}

/* What TLS has taken is not with the kernel yet: it is still to be written. */
static void test_what_the_kernel_has_not_taken(void **state)
{
    (void)state;
    cleanup_wire struct wire wire;
    wire_open(&wire, "");
    wire.stream.room = 3;
    wire.stream.blocked = true;
    say(&wire, "abcdef");
    assert_int_equal(buffer_size(&wire.control.output), 3);
    assert_true(control_has_unwritten(&wire.control));
    wire.stream.room = SIZE_MAX;
    control_write(&wire.control);
    assert_int_equal(buffer_size(&wire.control.output), 0);
    assert_true(control_has_unwritten(&wire.control));
    wire.stream.blocked = false;
    control_write(&wire.control);
    assert_false(control_has_unwritten(&wire.control));
    assert_memory_equal(buffer_begin(&wire.stream.sent), "abcdef", 6);
}

/* The last word is said once, and is not said before the kernel has all of it. */
static void test_close_notify(void **state)
{
    (void)state;
    cleanup_wire struct wire wire;
    wire_open(&wire, "");
    say(&wire, "221 Goodbye.\r\n");
    wire.stream.blocked = true;
    assert_false(control_finish(&wire.control));
    assert_true(control_has_unwritten(&wire.control));
    assert_false(wire.control.finished);
    wire.stream.blocked = false;
    control_write(&wire.control);
    assert_true(control_finish(&wire.control));
    assert_true(control_finish(&wire.control));
    assert_int_equal(wire.stream.goodbye, 1);
    assert_true(wire.control.finished);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_left_lying),
        cmocka_unit_test(test_all_that_fits_is_read_at_once),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_what_the_kernel_has_not_taken),
        cmocka_unit_test(test_close_notify),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
