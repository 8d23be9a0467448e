/* When an account expires, out of text: see date.h. */
#include "ctl/date.h"

#include "lib/account.h"
#include "lib/scan.h"

#include <errno.h>
#include <string.h>

enum { DAY = 24 * 60 * 60, TIMESTAMP_DIGITS = 14 };

/* Whether TEXT has a digit for each "9" of PATTERN and its other characters as they are. The digits
 * go to RET, terminated. */
static int take_digits(const char *text, const char *pattern, char ret[TIMESTAMP_DIGITS + 1])
{
    size_t count = 0;
    for (; *pattern; pattern++, text++) {
        if (*pattern != '9' ? *text != *pattern : *text < '0' || *text > '9')
            return -EINVAL;
        if (*pattern == '9')
            ret[count++] = *text;
    }
    ret[count] = '\0';
    return *text ? -EINVAL : 0;
}

static int parse_calendar(const char *text, time_t *ret)
{
    char digits[TIMESTAMP_DIGITS + 1];
    struct timespec when;
    time_t behind = 0;
    int r = take_digits(text, "9999-99-99T99:99:99Z", digits);
    if (r < 0) {
        /* A day counts to its end: whoever reads "until the 31st" works on the 31st. */
        r = take_digits(text, "9999-99-99", digits);
        if (r < 0)
            return r;
        memcpy(digits + TIMESTAMP_DIGITS - 6, "000000", sizeof("000000"));
        behind = DAY - 1;
    }
    r = scan_timestamp(digits, &when);
    if (r == 0)
        *ret = when.tv_sec + behind;
    return r;
}

/* A bare number could be seconds, days, or a date without its hyphens: it is none of them. */
static int parse_duration(const char *text, time_t now, time_t *ret)
{
    uint64_t milliseconds;
    if (text[0] == '\0' || strspn(text, "0123456789") == strlen(text) ||
        scan_duration(text, &milliseconds) < 0 || milliseconds < 1000 ||
        milliseconds / 1000 > (uint64_t)ACCOUNT_EXPIRES_MAX)
        return -EINVAL;
    *ret = now + (time_t)(milliseconds / 1000);
    return 0;
}

int date_parse(const char *text, time_t now, time_t *ret)
{
    time_t when = 0;
    int r = 0;
    if (strcmp(text, "never") != 0) {
        r = parse_calendar(text, &when);
        if (r < 0)
            r = parse_duration(text, now, &when);
        if (r == 0 && (when < 1 || when > ACCOUNT_EXPIRES_MAX))
            r = -EINVAL;
    }
    if (r < 0)
        return -EINVAL;
    *ret = when;
    return 0;
}
