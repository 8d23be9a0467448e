/* Sizes as people read them: quota_format_size() of ctl/quota.h. */
#include "ctl/quota.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_shown(uint64_t bytes, const char *expected)
{
    char text[QUOTA_SIZE_MAX];
    quota_format_size(bytes, text);
    assert_string_equal(text, expected);
}

/* Never more than there is: what is shown as free can be stored. */
static void test_rounded_down(void **state)
{
    (void)state;
    assert_shown(0, "0 B");
    assert_shown(1, "1 B");
    assert_shown(1023, "1023 B");
    assert_shown(1024, "1 KiB");
    assert_shown(1535, "1.4 KiB");
    assert_shown(1536, "1.5 KiB");
    assert_shown(102399, "99.9 KiB");
    assert_shown(102400, "100 KiB");
    assert_shown(1048575, "1023 KiB");
    assert_shown(UINT64_C(10) << 30, "10 GiB");
    assert_shown((UINT64_C(1) << 60) - 1, "1023 PiB");
    assert_shown(UINT64_C(1) << 60, "1 EiB");
    assert_shown(UINT64_MAX - 1, "15.9 EiB");
    assert_shown(NO_LIMIT, "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rounded_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
