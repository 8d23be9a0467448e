/*
 * lib/text.c: quoting that no name gets out of (L01), UTF-8 (E08), patterns whose work is bounded
 * (P07).
 */
#include "lib/text.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_quoted(const char *bytes, size_t size, const char *expected)
{
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, 4096);
    assert_int_equal(text_append_quoted(&buffer, bytes, size), 0);
    assert_int_equal(buffer_append(&buffer, "", 1), 0);
    assert_string_equal(buffer_begin(&buffer), expected);
}

#define ROW(text, quoted)                                                                          \
    {                                                                                              \
        text, sizeof(text) - 1, quoted                                                             \
    }

/* Whatever splits at white space sees one word, and no terminal acts upon it. */
static void test_append_word(void **state)
{
    (void)state;
    static const struct {
        const char *text, *word;
    } rows[] = {
        {"", ""},
        {"/a-b.c", "/a-b.c"},
        {"a b\tc\nd", "a_b_c_d"},
        {"\x1b[2J\x7f", "_[2J_"},
        {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {"\xc2\x85\xc2\xa0\xe2\x80\x83\xe3\x80\x80\xe2\x80\xae", "_____"},
        {"\xff\xc3", "__"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        cleanup_buffer struct buffer buffer;
        buffer_init(&buffer, 100);
        assert_int_equal(text_append_word(&buffer, rows[i].text, strlen(rows[i].text)), 0);
        assert_int_equal(buffer_size(&buffer), strlen(rows[i].word));
        if (*rows[i].word)
            assert_memory_equal(buffer_begin(&buffer), rows[i].word, strlen(rows[i].word));
    }
}

static void test_quoted_L01(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        const char *quoted;
    } rows[] = {
        ROW("", "\"\""),
        ROW("alice", "\"alice\""),
        ROW("a b=c", "\"a b=c\""),
        ROW("a\"b\\c", "\"a\\\"b\\\\c\""),
        ROW("a\nb\rc\td\0e", "\"a\\x0ab\\x0dc\\x09d\\x00e\""),
        ROW("\x1b[2J\x7f", "\"\\x1b[2J\\x7f\""),
        ROW("\\x0a", "\"\\\\x0a\""), /* can be told from an escaped line feed */
        ROW("gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""),
        ROW("\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xe2\x82\xac\xf0\x9f\x98\x80\""),
        ROW("\xc2\x85", "\"\\xc2\\x85\""),          /* NEL, a C1 control */
        ROW("\xc2\x9b", "\"\\xc2\\x9b\""),          /* CSI in C1 */
        ROW("\xc2\xa0", "\"\xc2\xa0\""),            /* first behind C1 */
        ROW("\xe2\x80\xa8", "\"\\xe2\\x80\\xa8\""), /* U+2028 */
        ROW("\xe2\x80\xa9", "\"\\xe2\\x80\\xa9\""), /* U+2029 */
        ROW("\xe2\x80\xae"
            "txt",
            "\"\\xe2\\x80\\xaetxt\""),              /* U+202E */
        ROW("\xe2\x80\x8f", "\"\\xe2\\x80\\x8f\""), /* U+200F */
        ROW("\xe2\x81\xa6", "\"\\xe2\\x81\\xa6\""), /* U+2066 */
        ROW("\xe2\x81\xa9", "\"\\xe2\\x81\\xa9\""), /* U+2069 */
        ROW("\xd8\x9c", "\"\\xd8\\x9c\""),          /* U+061C */
        ROW("\xff\xfe", "\"\\xff\\xfe\""),
        ROW("\xc0\xae", "\"\\xc0\\xae\""),                   /* overlong dot */
        ROW("\xed\xa0\x80", "\"\\xed\\xa0\\x80\""),          /* surrogate */
        ROW("\xf4\x90\x80\x80", "\"\\xf4\\x90\\x80\\x80\""), /* above U+10FFFF */
        ROW("\xe2\x82", "\"\\xe2\\x82\""),                   /* cut short */
        ROW("\xe2\x82\"", "\"\\xe2\\x82\\\"\""),             /* must not swallow the quote */
        ROW("\xe2\"\"", "\"\\xe2\\\"\\\"\""),
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_quoted(rows[i].bytes, rows[i].size, rows[i].quoted);
}

static unsigned hexadecimal(char c)
{
    const char *digits = "0123456789abcdef";
    const char *digit = strchr(digits, c);
    assert_non_null(digit);
    return (unsigned)(digit - digits);
}

/* Takes the escapes back. Fails on anything that has no business inside quotes. */
static size_t unquote(const char *text, size_t size, char *ret)
{
    size_t length = 0;
    assert_true(size >= 2 && text[0] == '"' && text[size - 1] == '"');
    for (size_t i = 1; i < size - 1; i++) {
        unsigned char byte = (unsigned char)text[i];
        assert_true(byte >= 0x20 && byte != '"' && byte != 0x7f);
        if (byte != '\\') {
            ret[length++] = text[i];
            continue;
        }
        i++;
        assert_true(i < size - 1);
        if (text[i] == 'x') {
            assert_true(i + 2 < size - 1);
            ret[length++] = (char)(hexadecimal(text[i + 1]) << 4 | hexadecimal(text[i + 2]));
            i += 2;
        } else {
            assert_true(text[i] == '"' || text[i] == '\\');
            ret[length++] = text[i];
        }
    }
    return length;
}

/* Whatever the bytes are: one line of printable UTF-8 that gives them back. */
static void test_quoted_is_reversible_L01(void **state)
{
    (void)state;
    static const char interesting[] = "\"\\x\n\xe2\x80\xa8\xae\xc2\x9b\xf0\x9f\xed\xa0=";
    srand(11);
    for (unsigned round = 0; round < 20000; round++) {
        char bytes[32];
        char back[sizeof(bytes)];
        size_t size = (size_t)rand() % sizeof(bytes);
        for (size_t i = 0; i < size; i++)
            bytes[i] =
                rand() % 3 ? interesting[(size_t)rand() % (sizeof(interesting) - 1)] : (char)rand();
        cleanup_buffer struct buffer buffer;
        buffer_init(&buffer, 4 * sizeof(bytes) + 2);
        assert_int_equal(text_append_quoted(&buffer, bytes, size), 0);
        assert_true(text_is_utf8(buffer_begin(&buffer), buffer_size(&buffer)));
        assert_true(text_is_plain(buffer_begin(&buffer), buffer_size(&buffer)));
        assert_int_equal(unquote(buffer_begin(&buffer), buffer_size(&buffer), back), size);
        assert_memory_equal(back, bytes, size);
    }
}

static void test_quoted_all_or_nothing(void **state)
{
    (void)state;
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, 6);
    assert_int_equal(text_append_quoted(&buffer, "a\n", 2), -ENOBUFS);
    assert_int_equal(buffer_size(&buffer), 0);
    assert_int_equal(text_append_quoted(&buffer, "\n", 1), 0);
    assert_int_equal(buffer_size(&buffer), 6);
}

static void test_plain(void **state)
{
    (void)state;
    assert_true(text_is_plain("", 0));
    assert_true(text_is_plain("a b~\xff", 5));
    for (int c = 0; c < 256; c++) {
        char text[2] = {'a', (char)c};
        assert_int_equal(text_is_plain(text, 2), c >= 0x20 && c != 0x7f);
    }
}

static void test_utf8_E08(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
        bool good;
    } rows[] = {
        ROW("", true),
        ROW("a\0b", true),
        ROW("\x7f", true),
        ROW("\xc2\x80", true),
        ROW("\xdf\xbf", true),
        ROW("\xe0\xa0\x80", true),
        ROW("\xed\x9f\xbf", true),
        ROW("\xee\x80\x80", true),
        ROW("\xef\xbf\xbf", true),
        ROW("\xf0\x90\x80\x80", true),
        ROW("\xf4\x8f\xbf\xbf", true),
        ROW("\x80", false),
        ROW("\xc0\x80", false),
        ROW("\xc0\xae\xc0\xae\x2f", false),
        ROW("\xc1\xbf", false),
        ROW("\xe0\x9f\xbf", false),
        ROW("\xe0\x80\xae", false),
        ROW("\xed\xa0\x80", false),
        ROW("\xed\xbf\xbf", false),
        ROW("\xf0\x8f\xbf\xbf", false),
        ROW("\xf4\x90\x80\x80", false),
        ROW("\xf5\x80\x80\x80", false),
        ROW("\xf8\x88\x80\x80\x80", false),
        ROW("\xfe", false),
        ROW("\xff", false),
        ROW("\xc2", false),
        ROW("\xe2\x82", false),
        ROW("\xf0\x9f\x98", false),
        ROW("\xe2\x82"
            "a",
            false),
        ROW("\xc2\xc2\x80", false),
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        if (text_is_utf8(rows[i].bytes, rows[i].size) != rows[i].good)
            fail_msg("row %zu", i);

    /* Cut short exactly at the end of the memory: ASan watches. */
    const char *good = "\xf0\x9f\x98\x80";
    for (size_t size = 1; size < 4; size++) {
        char *cut = malloc(size);
        assert_non_null(cut);
        memcpy(cut, good, size);
        assert_false(text_is_utf8(cut, size));
        free(cut);
    }
}

static void test_equal_ignoring_case(void **state)
{
    (void)state;
    assert_true(text_equal_ignoring_case("", ""));
    assert_true(text_equal_ignoring_case("RETR", "retr"));
    assert_true(text_equal_ignoring_case("sHa-256", "SHA-256"));
    assert_false(text_equal_ignoring_case("RETR", "RET"));
    assert_false(text_equal_ignoring_case("RET", "RETR"));
    assert_false(text_equal_ignoring_case("", "a"));
    /* '@' and '`', '[' and '{' differ by the same bit as letters do. */
    assert_false(text_equal_ignoring_case("@", "`"));
    assert_false(text_equal_ignoring_case("[", "{"));
    assert_false(text_equal_ignoring_case("\xc4", "\xe4"));
}

static void test_matches(void **state)
{
    (void)state;
    static const struct {
        const char *pattern;
        const char *name;
        bool matches;
    } rows[] = {
        {"", "", true},
        {"", "a", false},
        {"a", "", false},
        {"abc", "abc", true},
        {"abc", "abd", false},
        {"abc", "ab", false},
        {"ab", "abc", false},
        {"*", "", true},
        {"*", "anything", true},
        {"**", "a", true},
        {"a*", "abc", true},
        {"*c", "abc", true},
        {"*b", "abc", false},
        {"a*c", "ac", true},
        {"a*c", "abbbc", true},
        {"a*b*c", "axbxbxc", true},
        {"a*b*c", "axbxbx", false},
        {"*.txt", "a.txt.txt", true},
        {"*ab", "aaab", true},
        {"?", "", false},
        {"?", "a", true},
        {"??", "\xc3\xbc", true}, /* bytes, not characters */
        {"?*", "a", true},
        {"[abc]", "b", true},
        {"[abc]", "d", false},
        {"[a-c]x", "bx", true},
        {"[a-c]", "d", false},
        {"[!a-c]", "d", true},
        {"[!a-c]", "b", false},
        {"[a-cx-z]", "y", true},
        {"[]a]", "]", true},
        {"[!]a]", "]", false},
        {"[!]a]", "b", true},
        {"[a-]", "-", true},
        {"[-a]", "-", true},
        {"[z-a]", "m", false},
        {"[\\]]", "]", true},
        {"[\\a-\\c]", "b", true},
        {"[\x80-\xff]", "\xe4", true},
        {"[a", "[a", true}, /* a set that never ends is no set */
        {"[a", "a", false},
        {"[", "[", true},
        {"[]", "[]", true},
        {"[!]", "[!]", true},
        {"x[[", "x[[", true},
        {"*[", "abc[", true},
        {"\\*", "*", true},
        {"\\*", "a", false},
        {"\\?", "?", true},
        {"\\[a]", "[a]", true},
        {"\\\\", "\\", true},
        {"a\\", "a\\", true},
        {"{a,b}", "a", false}, /* no braces */
        {"{a,b}", "{a,b}", true},
        {"*", ".hidden", true},
        {"*/b", "a/b", true},
        {"A", "a", false},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        if (text_matches(rows[i].pattern, rows[i].name) != rows[i].matches)
            fail_msg("\"%s\" and \"%s\"", rows[i].pattern, rows[i].name);
}

/* The obvious definition, exponential: only for short strings without sets. */
static bool matches_by_definition(const char *pattern, const char *name)
{
    if (*pattern == '\0')
        return *name == '\0';
    if (*pattern == '*')
        return matches_by_definition(pattern + 1, name) ||
               (*name != '\0' && matches_by_definition(pattern, name + 1));
    return *name != '\0' && (*pattern == '?' || *pattern == *name) &&
           matches_by_definition(pattern + 1, name + 1);
}

static void test_matches_by_definition(void **state)
{
    (void)state;
    unsigned matched = 0;
    srand(5);
    for (unsigned round = 0; round < 50000; round++) {
        char pattern[8] = {0};
        char name[8] = {0};
        for (size_t i = 0; i < (size_t)rand() % sizeof(pattern); i++)
            pattern[i] = "ab*?*"[rand() % 5];
        for (size_t i = 0; i < (size_t)rand() % sizeof(name); i++)
            name[i] = "ab"[rand() % 2];
        bool expected = matches_by_definition(pattern, name);
        matched += expected;
        if (text_matches(pattern, name) != expected)
            fail_msg("\"%s\" and \"%s\"", pattern, name);
    }
    assert_true(matched > 1000);
}

/* Patterns that cost others minutes: each must be done within the product of the lengths. */
static void test_glob_bombs_P07(void **state)
{
    (void)state;
    enum { LENGTH = 4000 };
    static const struct {
        const char *start, *piece, *end;
        char letter; /* of which the name consists */
        bool matches;
    } rows[] = {
        {"", "*a", "b", 'a', false},   {"", "*", "b", 'a', false},    {"", "a*", "b", 'a', false},
        {"", "?*", "b", 'a', false},   {"", "[a]*", "b", 'a', false}, {"", "[!b]*", "", 'a', true},
        {"", "\\a*", "b", 'a', false}, {"", "*[a-b", "", 'a', false}, {"*", "[a]", "b", 'a', false},
        {"*", "[", "b", '[', false},   {"*", "[[", "", '[', true},    {"", "*[", "b", '[', false},
        {"*", "[!", "b", '[', false},
    };
    char *name = malloc(LENGTH + 1);
    char *pattern = malloc(LENGTH + 16);
    assert_non_null(name);
    assert_non_null(pattern);
    name[LENGTH] = '\0';
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        size_t wide = strlen(rows[i].piece);
        size_t length = strlen(rows[i].start);
        memset(name, rows[i].letter, LENGTH);
        memcpy(pattern, rows[i].start, length);
        for (; length + wide <= LENGTH / 2; length += wide)
            memcpy(pattern + length, rows[i].piece, wide);
        memcpy(pattern + length, rows[i].end, strlen(rows[i].end) + 1);
        uint64_t before = clock_msec();
        assert_int_equal(text_matches(pattern, name), rows[i].matches);
        if (clock_msec() - before >= 1000) /* sanitizers and busy machines included */
            fail_msg("\"%s...\" took too long", rows[i].piece);
    }
    free(name);
    free(pattern);
}

static void test_distance(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        size_t distance;
    } rows[] = {
        {"", "", 0},      {"", "abc", 3},    {"abc", "", 3},           {"add", "add", 0},
        {"ad", "add", 1}, {"dad", "add", 2}, {"kitten", "sitting", 3}, {"--jso", "--json", 1},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_int_equal(text_distance(rows[i].a, rows[i].b), rows[i].distance);
    char a[4096];
    memset(a, 'a', sizeof(a));
    a[sizeof(a) - 1] = '\0';
    assert_int_equal(text_distance(a, "a"), 63); /* only the beginning is compared */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_append_word),
        cmocka_unit_test(test_distance),
        cmocka_unit_test(test_quoted_L01),
        cmocka_unit_test(test_quoted_is_reversible_L01),
        cmocka_unit_test(test_quoted_all_or_nothing),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_utf8_E08),
        cmocka_unit_test(test_equal_ignoring_case),
        cmocka_unit_test(test_matches),
        cmocka_unit_test(test_matches_by_definition),
        cmocka_unit_test(test_glob_bombs_P07),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
