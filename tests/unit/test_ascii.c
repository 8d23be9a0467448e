/* session/ascii.c: TYPE A keeps every byte, wherever the network cuts the text (row E09). */
#include "session/ascii.h"

#include "lib/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 64 };

struct text {
    const char *bytes;
    size_t size;
};
#define TEXT(literal)                                                                              \
    {                                                                                              \
        literal, sizeof(literal) - 1                                                               \
    }

static bool text_is(const struct text *expected, const char *bytes, size_t size)
{
    return size == expected->size && memcmp(bytes, expected->bytes, size) == 0;
}

/* What an upload does: pieces in, and at the end the CR that is still held. */
static size_t decode_pieces(const struct text *wire, const size_t *cuts, size_t count, char *ret)
{
    bool held_cr = false;
    size_t used = 0, from = 0;
    for (size_t i = 0; i <= count; i++) {
        size_t to = i < count ? cuts[i] : wire->size;
        used += ascii_decode(wire->bytes + from, to - from, &held_cr, ret + used);
        from = to;
    }
    if (held_cr)
        ret[used++] = '\r';
    return used;
}

static const struct {
    struct text disk, wire;
} lines[] = {
    {TEXT(""), TEXT("")},           {TEXT("a"), TEXT("a")},
    {TEXT("\n"), TEXT("\r\n")},     {TEXT("a\nb\n"), TEXT("a\r\nb\r\n")},
    {TEXT("a\nb"), TEXT("a\r\nb")}, {TEXT("\n\n\n"), TEXT("\r\n\r\n\r\n")},
    {TEXT("\r"), TEXT("\r")},       {TEXT("a\rb\n"), TEXT("a\rb\r\n")},
    {TEXT("\r\n"), TEXT("\r\r\n")}, {TEXT("a\r\r\n\rb"), TEXT("a\r\r\r\n\rb")},
    {TEXT("\n\r"), TEXT("\r\n\r")}, {TEXT("zero\0\n\xff\n"), TEXT("zero\0\r\n\xff\r\n")},
};

static void test_encode(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        char wire[2 * TEXT_MAX];
        size_t size = ascii_encode(lines[i].disk.bytes, lines[i].disk.size, wire);
        assert_true(text_is(&lines[i].wire, wire, size));
    }
}

/* A file has no state between its pieces on the way down: encoding them one by one is the same. */
static void test_encode_in_any_two_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        const struct text *disk = &lines[i].disk;
        for (size_t cut = 0; cut <= disk->size; cut++) {
            char wire[2 * TEXT_MAX];
            size_t size = ascii_encode(disk->bytes, cut, wire);
            size += ascii_encode(disk->bytes + cut, disk->size - cut, wire + size);
            assert_true(text_is(&lines[i].wire, wire, size));
        }
    }
}

static void test_decode_in_any_three_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < ELEMENTS(lines); i++)
        for (size_t first = 0; first <= lines[i].wire.size; first++)
            for (size_t second = first; second <= lines[i].wire.size; second++) {
                char disk[TEXT_MAX];
                size_t size = decode_pieces(&lines[i].wire, (size_t[]){first, second}, 2, disk);
                assert_true(text_is(&lines[i].disk, disk, size));
            }
}

/* Clients that send bare LF, as many do. */
static void test_decode_leaves_bare_line_feeds(void **state)
{
    (void)state;
    const struct text wire = TEXT("a\nb\r\n\nc\n"), disk = TEXT("a\nb\n\nc\n");
    char result[TEXT_MAX];
    size_t size = decode_pieces(&wire, NULL, 0, result);
    assert_true(text_is(&disk, result, size));
}

/* The promise about room: nothing is written behind what the caller was told to have ready. */
static void test_room(void **state)
{
    (void)state;
    char all[2 * TEXT_MAX + 1], text[TEXT_MAX];
    memset(text, '\n', sizeof(text));
    memset(all, '#', sizeof(all));
    assert_int_equal(ascii_encode(text, sizeof(text), all), 2 * sizeof(text));
    assert_int_equal(all[2 * sizeof(text)], '#');

    bool held_cr = true; /* the most that one piece can become: a held CR, and every byte */
    memset(text, 'x', sizeof(text));
    memset(all, '#', sizeof(all));
    assert_int_equal(ascii_decode(text, sizeof(text), &held_cr, all), sizeof(text) + 1);
    assert_false(held_cr);
    assert_int_equal(all[sizeof(text) + 1], '#');
}

/* Every file of up to seven bytes out of these four, up and down, cut anywhere. */
static void test_round_trip_of_all_small_files(void **state)
{
    (void)state;
    enum { LENGTH = 7 };
    static const char alphabet[4] = {'\r', '\n', 'a', '\0'};
    for (size_t length = 0; length <= LENGTH; length++)
        for (uint32_t number = 0; number < 1u << (2 * length); number++) {
            char disk[LENGTH], encoded[2 * LENGTH], decoded[2 * LENGTH + 1];
            for (size_t i = 0; i < length; i++)
                disk[i] = alphabet[number >> (2 * i) & 3];
            const struct text expected = {disk, length};
            const struct text wire = {encoded, ascii_encode(disk, length, encoded)};
            for (size_t cut = 0; cut <= wire.size; cut++) {
                size_t size = decode_pieces(&wire, &cut, 1, decoded);
                assert_true(text_is(&expected, decoded, size));
            }
        }
}

/* As the row has it: megabytes of one line end after the other, with a cut at every offset of a
 * buffer's edge. */
static void test_round_trip_of_a_long_file_at_buffer_edges(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20, EDGE = 65536 };
    static const char pattern[] = "\n\r\r\nab\r\n\n\n\rc";
    cleanup_free char *disk = malloc(SIZE);
    cleanup_free char *encoded = malloc(2 * SIZE);
    cleanup_free char *decoded = malloc(2 * SIZE + 1);
    assert_true(disk && encoded && decoded);
    for (size_t i = 0; i < SIZE; i++)
        disk[i] = pattern[i % (sizeof(pattern) - 1)];
    const struct text expected = {disk, SIZE};
    const struct text wire = {encoded, ascii_encode(disk, SIZE, encoded)};
    for (size_t shift = 0; shift < 2 * sizeof(pattern); shift++) {
        size_t cuts[2 * SIZE / EDGE], count = 0;
        for (size_t cut = EDGE - shift; cut < wire.size; cut += EDGE)
            cuts[count++] = cut;
        size_t size = decode_pieces(&wire, cuts, count, decoded);
        assert_true(text_is(&expected, decoded, size));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_encode),
        cmocka_unit_test(test_encode_in_any_two_pieces),
        cmocka_unit_test(test_decode_in_any_three_pieces),
        cmocka_unit_test(test_decode_leaves_bare_line_feeds),
        cmocka_unit_test(test_room),
        cmocka_unit_test(test_round_trip_of_all_small_files),
        cmocka_unit_test(test_round_trip_of_a_long_file_at_buffer_edges),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
