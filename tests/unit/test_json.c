/* lib/json.c: whatever the bytes, what comes out is a JSON string that every parser takes. */
#include "lib/json.h"

#include "lib/cleanup.h"
#include "lib/text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *json;
    } rows[] = {
        {"", 0, "\"\""},
        {"plain text /", 12, "\"plain text /\""},
        {"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
        {"\0\n\t\x1b\x7f", 5, "\"\\u0000\\u000a\\u0009\\u001b\\u007f\""},
        {"gr\xc3\xbc\xc3\x9f", 6, "\"gr\xc3\xbc\xc3\x9f\""},
        {"\xf0\x9f\x98\x80", 4, "\"\xf0\x9f\x98\x80\""},             /* beyond the BMP: as it is */
        {"\xc2\x9b\xe2\x80\xae", 5, "\"\\u009b\\u202e\""},           /* C1, right to left */
        {"\xff\xe9t", 3, "\"\\ufffd\\ufffdt\""},                     /* no UTF-8 */
        {"\xed\xa0\x80", 3, "\"\\ufffd\\ufffd\\ufffd\""},            /* a surrogate */
        {"\xc0\xaf\xe2\x82", 4, "\"\\ufffd\\ufffd\\ufffd\\ufffd\""}, /* overlong; cut short */
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        cleanup_buffer struct buffer buffer;
        buffer_init(&buffer, 1000);
        assert_int_equal(json_append_string(&buffer, rows[i].bytes, rows[i].size), 0);
        assert_int_equal(buffer_size(&buffer), strlen(rows[i].json));
        assert_memory_equal(buffer_begin(&buffer), rows[i].json, strlen(rows[i].json));
    }
}

/* RFC 8259 section 7, by the letter. */
static void assert_is_string(const char *json, size_t size)
{
    assert_true(size >= 2 && json[0] == '"' && json[size - 1] == '"');
    assert_true(text_is_utf8(json, size));
    for (size_t i = 1; i < size - 1; i++) {
        assert_true((unsigned char)json[i] >= 0x20 && json[i] != '"');
        if (json[i] != '\\')
            continue;
        i++;
        assert_non_null(memchr("\"\\u", json[i], 3));
        if (json[i] == 'u') {
            assert_true(i + 4 < size - 1);
            assert_true(strspn(json + i + 1, "0123456789abcdef") >= 4);
            assert_true(json[i + 1] != 'd' || json[i + 2] < '8'); /* no surrogate */
            i += 4;
        }
    }
}

static char random_byte(void)
{
    return (char)(rand() % 256);
}

static void test_anything(void **state)
{
    (void)state;
    static const char odd[] = "\"\\\xe2\x80\xed\xa0\xf4\xc2";
    srand(5);
    for (unsigned round = 0; round < 20000; round++) {
        char bytes[16];
        size_t size = (size_t)rand() % sizeof(bytes);
        for (size_t i = 0; i < size; i++)
            bytes[i] = rand() % 3 ? random_byte() : odd[rand() % 8];
        cleanup_buffer struct buffer buffer;
        buffer_init(&buffer, 1000);
        assert_int_equal(json_append_string(&buffer, bytes, size), 0);
        assert_is_string(buffer_begin(&buffer), buffer_size(&buffer));
    }
    cleanup_buffer struct buffer small;
    buffer_init(&small, 20);
    assert_int_equal(json_append_string(&small, "too long for that", 17), -ENOBUFS);
    assert_int_equal(buffer_size(&small), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_anything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
