/* ctl/date.c: when an account expires. What is no date is refused, never guessed. */
#include "ctl/date.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { NOW = 1795000000 };

static void test_dates(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        time_t when;
    } rows[] = {
        {"never", 0},
        {"2026-12-31", 1798761599}, /* 23:59:59 UTC */
        {"2024-02-29", 1709251199},
        {"1970-01-01", 86399},
        {"9999-12-31", 253402300799},
        {"2026-12-31T12:00:00Z", 1798718400},
        {"1970-01-01T00:00:01Z", 1},
        {"30d", NOW + 30 * 86400},
        {"30 d", NOW + 30 * 86400},
        {"12h", NOW + 12 * 3600},
        {"1s", NOW + 1},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        time_t when = -1;
        if (date_parse(rows[i].text, NOW, &when) != 0)
            fail_msg("%s is refused", rows[i].text);
        assert_int_equal(when, rows[i].when);
    }
}

static void test_nonsense(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        " ",
        "Never",
        "never ",
        "tomorrow",
        "now",
        "0",
        "30",
        "20261231",
        "1798761599",
        "2026-13-01",
        "2026-00-01",
        "2026-02-30",
        "2025-02-29",
        "2026-12-32",
        "2026-12-00",
        "2026-1-1",
        "26-12-31",
        "2026/12/31",
        "31.12.2026",
        "12-31-2026",
        "2026-12-31 ",
        " 2026-12-31",
        "2026-12-3x",
        "2026-12-31T",
        "2026-12-31T12:00",
        "2026-12-31T12:00:00",
        "2026-12-31T12:00:00+02:00",
        "2026-12-31T24:00:01Z",
        "2026-12-31T12:60:00Z",
        "1970-01-01T00:00:00Z",
        "-30d",
        "30x",
        "0d",
        "500ms",
        "1e3d",
        "99999999999d",
        "9223372036854775807d",
        "+30d",
        "30dd",
        "2026-12-31\n",
    };
    for (size_t i = 0; i < ELEMENTS(texts); i++) {
        time_t when = 42;
        if (date_parse(texts[i], NOW, &when) != -EINVAL)
            fail_msg("\"%s\" is taken as %jd", texts[i], (intmax_t)when);
        assert_int_equal(when, 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dates),
        cmocka_unit_test(test_nonsense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
