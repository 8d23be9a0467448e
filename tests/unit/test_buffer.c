/* lib/buffer.c: never past its limit, all or nothing, and the bytes that went in come out. */
#include "lib/buffer.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_content(const struct buffer *buffer, const char *expected)
{
    assert_int_equal(buffer_size(buffer), strlen(expected));
    if (*expected)
        assert_memory_equal(buffer_begin(buffer), expected, strlen(expected));
}

static void test_empty(void **state)
{
    (void)state;
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, 10);
    assert_null(buffer.data); /* nothing is allocated before the first byte */
    assert_int_equal(buffer_size(&buffer), 0);
    buffer_consume(&buffer, 5);
    assert_int_equal(buffer_size(&buffer), 0);
    assert_int_equal(buffer_append(&buffer, "", 0), 0);
    assert_int_equal(buffer_size(&buffer), 0);
}

static void test_limit(void **state)
{
    (void)state;
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, 10);
    assert_int_equal(buffer_append_string(&buffer, "0123456"), 0);
    assert_int_equal(buffer_append_string(&buffer, "7890"), -ENOBUFS);
    assert_content(&buffer, "0123456"); /* nothing of what did not fit */
    assert_int_equal(buffer_append_format(&buffer, "%d", 7890), -ENOBUFS);
    assert_content(&buffer, "0123456");
    assert_int_equal(buffer_append_string(&buffer, "789"), 0);
    assert_content(&buffer, "0123456789");
    assert_int_equal(buffer_append(&buffer, "x", 1), -ENOBUFS);

    /* What was consumed makes room again. */
    buffer_consume(&buffer, 4);
    assert_int_equal(buffer_append_string(&buffer, "abcd"), 0);
    assert_content(&buffer, "456789abcd");

    char *room;
    assert_int_equal(buffer_reserve(&buffer, SIZE_MAX, &room), -ENOBUFS);
    assert_int_equal(buffer_reserve(&buffer, 1, &room), -ENOBUFS);
}

static void test_limit_of_nothing(void **state)
{
    (void)state;
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, 0);
    assert_int_equal(buffer_append(&buffer, "x", 1), -ENOBUFS);
    assert_int_equal(buffer_append(&buffer, "x", 0), 0);
}

static void test_format(void **state)
{
    (void)state;
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, 4096);
    assert_int_equal(buffer_append_format(&buffer, "%s=%d;", "a", -1), 0);
    assert_int_equal(buffer_append_format(&buffer, "%s", ""), 0);
    assert_int_equal(buffer_append_format(&buffer, "%03u", 7u), 0);
    assert_content(&buffer, "a=-1;007");
    /* More than the first allocation. */
    assert_int_equal(buffer_append_format(&buffer, "%1000d", 1), 0);
    assert_int_equal(buffer_size(&buffer), 1008);
}

static void test_free_and_clear(void **state)
{
    (void)state;
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, 20);
    assert_int_equal(buffer_append_string(&buffer, "abc"), 0);
    buffer_clear(&buffer);
    assert_int_equal(buffer_size(&buffer), 0);
    assert_int_equal(buffer_append_string(&buffer, "de"), 0);
    assert_content(&buffer, "de");
    buffer_free(&buffer);
    assert_int_equal(buffer_size(&buffer), 0);
    assert_int_equal(buffer_append_string(&buffer, "fgh"), 0);
    assert_content(&buffer, "fgh");
    assert_int_equal(buffer.limit, 20);
}

/* Random appends and consumes against a plain array that holds everything. */
static void test_against_model(void **state)
{
    (void)state;
    enum { LIMIT = 1000, STEPS = 20000 };
    static char model[LIMIT];
    size_t held = 0;
    unsigned char next = 0;
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, LIMIT);
    srand(7);
    for (unsigned step = 0; step < STEPS; step++) {
        size_t size = (size_t)rand() % 400;
        if (rand() % 2) {
            char bytes[400];
            for (size_t i = 0; i < size; i++)
                bytes[i] = (char)next++;
            int r = buffer_append(&buffer, bytes, size);
            assert_int_equal(r, held + size > LIMIT ? -ENOBUFS : 0);
            if (r == 0) {
                memcpy(model + held, bytes, size);
                held += size;
            }
        } else {
            buffer_consume(&buffer, size);
            size = size < held ? size : held;
            memmove(model, model + size, held - size);
            held -= size;
        }
        assert_int_equal(buffer_size(&buffer), held);
        assert_true(buffer.allocated <= LIMIT);
        if (held > 0)
            assert_memory_equal(buffer_begin(&buffer), model, held);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_limit),
        cmocka_unit_test(test_limit_of_nothing),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_free_and_clear),
        cmocka_unit_test(test_against_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
