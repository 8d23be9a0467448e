/* lib/scan.c: numbers, dates and units, whole or not at all. Rows E05 (integers) and E10 (dates).
 */
#include "lib/scan.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#define U64_MAX_TEXT "18446744073709551615"

static void test_u64_E05(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t maximum;
        int result;
        uint64_t value;
    } rows[] = {
        {"0", 10, 0, 0},
        {"10", 10, 0, 10},
        {"11", 10, -ERANGE, 0},
        {"0010", 10, 0, 10},
        {"0", 0, 0, 0},
        {"1", 0, -ERANGE, 0},
        {U64_MAX_TEXT, UINT64_MAX, 0, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, -ERANGE, 0},
        {"18446744073709551617", UINT64_MAX, -ERANGE, 0},
        {"99999999999999999999999999", UINT64_MAX, -ERANGE, 0},
        {"2147483648", UINT64_MAX, 0, 2147483648u},
        {"9223372036854775808", UINT64_MAX, 0, 1ull << 63},
        {"7", 5, -ERANGE, 0},
        {"100", 9, -ERANGE, 0},
        {"", 10, -EINVAL, 0},
        {"-1", 10, -EINVAL, 0},
        {"+1", 10, -EINVAL, 0},
        {" 5", 10, -EINVAL, 0},
        {"5 ", 10, -EINVAL, 0},
        {"5x", 10, -EINVAL, 0},
        {"99999999999999999999999999x", 10, -EINVAL, 0},
        {"1e9", UINT64_MAX, -EINVAL, 0},
        {"0x10", UINT64_MAX, -EINVAL, 0},
        {"1.0", UINT64_MAX, -EINVAL, 0},
        {"\xd9\xa1", UINT64_MAX, -EINVAL, 0}, /* ARABIC-INDIC DIGIT ONE */
        {"/", 10, -EINVAL, 0},
        {":", 10, -EINVAL, 0},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        uint64_t value = 4711;
        int r = scan_u64(rows[i].text, rows[i].maximum, &value);
        if (r != rows[i].result || value != (r == 0 ? rows[i].value : 4711))
            fail_msg("\"%s\": %d, %llu", rows[i].text, r, (unsigned long long)value);
    }
}

/* Every maximum of two digits against every number of two digits. */
static void test_u64_every_maximum(void **state)
{
    (void)state;
    for (unsigned maximum = 0; maximum < 130; maximum++)
        for (unsigned number = 0; number < 130; number++) {
            char text[16];
            uint64_t value = 0;
            (void)snprintf(text, sizeof(text), "%u", number);
            int r = scan_u64(text, maximum, &value);
            assert_int_equal(r, number > maximum ? -ERANGE : 0);
            assert_int_equal(value, number > maximum ? 0 : number);
        }
}

static void test_octal(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned maximum;
        int result;
        unsigned value;
    } rows[] = {
        {"0640", 0777, 0, 0640},    {"640", 0777, 0, 0640},
        {"0", 0777, 0, 0},          {"777", 0777, 0, 0777},
        {"1000", 0777, -ERANGE, 0}, {"4777", 0777, -ERANGE, 0},
        {"7", 3, -ERANGE, 0},       {"77777777777777777777777777", 07777, -ERANGE, 0},
        {"648", 0777, -EINVAL, 0},  {"", 0777, -EINVAL, 0},
        {"-1", 0777, -EINVAL, 0},   {"0o640", 0777, -EINVAL, 0},
        {"u+x", 0777, -EINVAL, 0},  {" 640", 0777, -EINVAL, 0},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        unsigned value = 4711;
        int r = scan_octal(rows[i].text, rows[i].maximum, &value);
        if (r != rows[i].result || value != (r == 0 ? rows[i].value : 4711))
            fail_msg("\"%s\": %d, %o", rows[i].text, r, value);
    }
}

static void test_timestamp_E10(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
        int64_t second;
        long nanosecond;
    } rows[] = {
        {"19700101000000", 0, 0, 0},
        {"19700101000001.5", 0, 1, 500000000},
        {"19700101000001.000000001", 0, 1, 1},
        {"19700101000001.0000000019", 0, 1, 1}, /* finer than we can keep */
        {"20261122170421", 0, 1795367061, 0},
        {"20000229000000", 0, 951782400, 0},
        {"20240229235959", 0, 1709251199, 0},
        {"00010101000000", 0, -62135596800, 0},
        {"99991231235959", 0, 253402300799, 0},
        {"19691231235959", 0, -1, 0},
        {"20161231235960", 0, 1483228800, 0}, /* leap second: the next minute */
        {"20161231235960.25", 0, 1483228800, 250000000},
        {"20161231235961", -EINVAL, 0, 0},
        {"00000101000000", -EINVAL, 0, 0},
        {"00000000000000", -EINVAL, 0, 0},
        {"20261322170421", -EINVAL, 0, 0},
        {"20260022170421", -EINVAL, 0, 0},
        {"20260230000000", -EINVAL, 0, 0},
        {"20230229000000", -EINVAL, 0, 0},
        {"19000229000000", -EINVAL, 0, 0},
        {"20260431000000", -EINVAL, 0, 0},
        {"20260100000000", -EINVAL, 0, 0},
        {"20260101240000", -EINVAL, 0, 0},
        {"20260101006000", -EINVAL, 0, 0},
        {"20261122170421.", -EINVAL, 0, 0},
        {"20261122170421.x", -EINVAL, 0, 0},
        {"20261122170421.5x", -EINVAL, 0, 0},
        {"20261122170421 ", -EINVAL, 0, 0},
        {"20261122170421Z", -EINVAL, 0, 0},
        {"202611221704210", -EINVAL, 0, 0},
        {"-0261122170421", -EINVAL, 0, 0},
        {"2026-11-22T17:04:21", -EINVAL, 0, 0},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct timespec value = {.tv_sec = 4711, .tv_nsec = 4711};
        int r = scan_timestamp(rows[i].text, &value);
        int64_t second = r == 0 ? rows[i].second : 4711;
        long nanosecond = r == 0 ? rows[i].nanosecond : 4711;
        if (r != rows[i].result || value.tv_sec != second || value.tv_nsec != nanosecond)
            fail_msg("\"%s\": %d, %lld", rows[i].text, r, (long long)value.tv_sec);
    }

    /* No beginning of a good one is good, and none is read past its end. */
    const char *good = "20261122170421.5";
    for (size_t length = 0; length < strlen(good); length++) {
        char *cut = strndup(good, length);
        struct timespec value;
        assert_int_equal(scan_timestamp(cut, &value), length == 14 ? 0 : -EINVAL);
        free(cut);
    }
}

/* Against the C library's own calendar, on every day of 800 years. */
static void test_timestamp_calendar(void **state)
{
    (void)state;
    time_t from = -62135596800 + 86399;
    for (time_t when = from; when < from + (time_t)86400 * 366 * 2400; when += (time_t)86400 * 3) {
        struct tm tm;
        char text[32];
        struct timespec value;
        assert_non_null(gmtime_r(&when, &tm));
        (void)snprintf(text, sizeof(text), "%04d%02d%02d%02d%02d%02d", tm.tm_year + 1900,
                       tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        assert_int_equal(scan_timestamp(text, &value), 0);
        assert_true(value.tv_sec == when);
    }
}

struct unit_row {
    const char *text;
    int result;
    uint64_t value;
};

static void check_units(int (*scan)(const char *text, uint64_t *ret), const struct unit_row *rows,
                        size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t value = 4711;
        int r = scan(rows[i].text, &value);
        if (r != rows[i].result || value != (r == 0 ? rows[i].value : 4711))
            fail_msg("\"%s\": %d, %llu", rows[i].text, r, (unsigned long long)value);
    }
}

static void test_size(void **state)
{
    (void)state;
    static const struct unit_row rows[] = {
        {"512", 0, 512},
        {"512 B", 0, 512},
        {"64 KiB", 0, 65536},
        {"64KiB", 0, 65536},
        {"100 MB", 0, 100000000},
        {"10 GiB", 0, 10737418240},
        {"3 GB", 0, 3000000000},
        {"1 KB", 0, 1000},
        {"1 MiB", 0, 1048576},
        {"2 TB", 0, 2000000000000},
        {"2 TiB", 0, 2199023255552},
        {"0", 0, 0},
        {U64_MAX_TEXT, 0, UINT64_MAX},
        {"18446744073709551616", -ERANGE, 0},
        {"16777216 TiB", -ERANGE, 0},
        {"16777215 TiB", 0, 16777215ull << 40},
        {"", -EINVAL, 0},
        {"GiB", -EINVAL, 0},
        {" 1 GiB", -EINVAL, 0},
        {"1  GiB", -EINVAL, 0},
        {"1 ", -EINVAL, 0},
        {"1 GiB ", -EINVAL, 0},
        {"1\tGiB", -EINVAL, 0},
        {"-1 GiB", -EINVAL, 0},
        {"1.5 GiB", -EINVAL, 0},
        {"1 gib", -EINVAL, 0},
        {"1 Gi", -EINVAL, 0},
        {"10G", 0, UINT64_C(10) << 30},
        {"1 K", 0, 1024},
        {"2M", 0, 2 << 20},
        {"1T", 0, UINT64_C(1) << 40},
        {"1g", -EINVAL, 0},
        {"1GG", -EINVAL, 0},
        {"1 s", -EINVAL, 0},
    };
    check_units(scan_size, rows, ELEMENTS(rows));
}

static void test_duration(void **state)
{
    (void)state;
    static const struct unit_row rows[] = {
        {"60 s", 0, 60000},
        {"60", 0, 60000},
        {"500 ms", 0, 500},
        {"5 min", 0, 300000},
        {"2 h", 0, 7200000},
        {"1 d", 0, 86400000},
        {"1d", 0, 86400000},
        {"0", 0, 0},
        {"5 m", -EINVAL, 0},
        {"5 minutes", -EINVAL, 0},
        {"", -EINVAL, 0},
        {"s", -EINVAL, 0},
        {"-5 s", -EINVAL, 0},
        {"1 MiB", -EINVAL, 0},
        {"1 h 5 min", -EINVAL, 0},
        {U64_MAX_TEXT, -ERANGE, 0},
        {U64_MAX_TEXT " ms", 0, UINT64_MAX},
        {"18446744073709551616 ms", -ERANGE, 0},
    };
    check_units(scan_duration, rows, ELEMENTS(rows));
}

static void test_format_is_the_opposite(void **state)
{
    (void)state;
    static const struct {
        uint64_t value;
        const char *size;
        const char *duration;
    } rows[] = {
        {0, "0 B", "0 s"},
        {1, "1 B", "1 ms"},
        {1000, "1 KB", "1 s"},
        {1024, "1 KiB", "1024 ms"},
        {90000, "90 KB", "90 s"},
        {60000, "60 KB", "1 min"},
        {86400000, "84375 KiB", "1 d"},
        {10737418240, "10 GiB", "10737418240 ms"},
        {UINT64_MAX, U64_MAX_TEXT " B", U64_MAX_TEXT " ms"},
    };
    char text[32];
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        format_size(rows[i].value, text, sizeof(text));
        assert_string_equal(text, rows[i].size);
        format_duration(rows[i].value, text, sizeof(text));
        assert_string_equal(text, rows[i].duration);
    }

    srand(3);
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t value =
            ((uint64_t)rand() << 33 ^ (uint64_t)rand() << 10 ^ (uint64_t)rand()) >> rand() % 64;
        uint64_t back = ~value;
        if (rand() % 2)
            value = value << 20 >> 4;
        format_size(value, text, sizeof(text));
        assert_int_equal(scan_size(text, &back), 0);
        assert_true(back == value);
        format_duration(value, text, sizeof(text));
        assert_int_equal(scan_duration(text, &back), 0);
        assert_true(back == value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_u64_E05),
        cmocka_unit_test(test_u64_every_maximum),
        cmocka_unit_test(test_octal),
        cmocka_unit_test(test_timestamp_E10),
        cmocka_unit_test(test_timestamp_calendar),
        cmocka_unit_test(test_size),
        cmocka_unit_test(test_duration),
        cmocka_unit_test(test_format_is_the_opposite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
