/*
 * Numbers, times and units out of text: see scan.h. It never calls strtol and its kin, which take
 * signs, spaces and a locale, and never the C library's calendar, which reads the machine's time
 * zone file.
 */
#include "lib/scan.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t factor;
};

/* Largest first: formatting takes the first that divides. It never gets past "B"; the single
 * letters behind it are what du(1) and quota tools print, and are powers of 1024 there. */
static const struct unit size_units[] = {
    {"TiB", 1ull << 40}, {"TB", 1000000000000ull}, {"GiB", 1ull << 30}, {"GB", 1000000000ull},
    {"MiB", 1ull << 20}, {"MB", 1000000ull},       {"KiB", 1ull << 10}, {"KB", 1000ull},
    {"B", 1ull},         {"T", 1ull << 40},        {"G", 1ull << 30},   {"M", 1ull << 20},
    {"K", 1ull << 10},
};

static const struct unit duration_units[] = {
    {"d", 86400000ull}, {"h", 3600000ull}, {"min", 60000ull}, {"s", 1000ull}, {"ms", 1ull},
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The digits at the start of TEXT in BASE (at most 10). Returns how many there are; they are all
 * counted even when the number is too large, so that the caller can tell "no number" from "too
 * large". */
static size_t scan_digits(const char *text, unsigned base, uint64_t maximum, uint64_t *ret,
                          bool *ret_over)
{
    uint64_t value = 0;
    bool over = false;
    size_t length = 0;
    for (; text[length] >= '0' && text[length] < (char)('0' + (int)base); length++) {
        uint64_t digit = (uint64_t)(text[length] - '0');
        if (over || digit > maximum || value > (maximum - digit) / base)
            over = true;
        else
            value = value * base + digit;
    }
    *ret = value;
    *ret_over = over;
    return length;
}

int scan_u64(const char *text, uint64_t maximum, uint64_t *ret)
{
    uint64_t value;
    bool over;
    size_t length = scan_digits(text, 10, maximum, &value, &over);
    if (length == 0 || text[length] != '\0')
        return -EINVAL;
    if (over)
        return -ERANGE;
    *ret = value;
    return 0;
}

int scan_octal(const char *text, unsigned maximum, unsigned *ret)
{
    uint64_t value;
    bool over;
    size_t length = scan_digits(text, 8, maximum, &value, &over);
    if (length == 0 || text[length] != '\0')
        return -EINVAL;
    if (over)
        return -ERANGE;
    *ret = (unsigned)value;
    return 0;
}

/* The COUNT digits at TEXT. -1 if one of them is none; stops at the end of the string. */
static int scan_fixed(const char *text, size_t count)
{
    int value = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_digit(text[i]))
            return -1;
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static int days_in_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* Days from 1970-01-01 to a date of the Gregorian calendar, year 1 or later. */
static int64_t days_since_epoch(int year, int month, int day)
{
    int64_t before = year - 1; /* whole years before this one */
    int64_t days = before * 365 + before / 4 - before / 100 + before / 400;
    for (int m = 1; m < month; m++)
        days += days_in_month(year, m);
    return days + day - 1 - 719162; /* 0001-01-01 to 1970-01-01 */
}

/* The fraction ".digits" of a second as nanoseconds; what is finer is dropped. -EINVAL. */
static int scan_fraction(const char *text, long *ret)
{
    long nanoseconds = 0;
    long weight = 100000000;
    if (text[0] != '.' || !is_digit(text[1]))
        return -EINVAL;
    for (text++; is_digit(*text); text++) {
        nanoseconds += weight * (*text - '0');
        weight /= 10;
    }
    if (*text != '\0')
        return -EINVAL;
    *ret = nanoseconds;
    return 0;
}

int scan_timestamp(const char *text, struct timespec *ret)
{
    /* One after the other, so that nothing behind the end of a short string is looked at. */
    static const struct {
        size_t digits;
        int minimum;
        int maximum;
    } fields[] = {{4, 1, 9999}, {2, 1, 12}, {2, 1, 31}, {2, 0, 23}, {2, 0, 59}, {2, 0, 60}};
    int value[ELEMENTS(fields)];

    for (size_t i = 0; i < ELEMENTS(fields); i++) {
        value[i] = scan_fixed(text, fields[i].digits);
        if (value[i] < fields[i].minimum || value[i] > fields[i].maximum)
            return -EINVAL;
        text += fields[i].digits;
    }
    if (value[2] > days_in_month(value[0], value[1]))
        return -EINVAL;

    long nanoseconds = 0;
    if (*text != '\0') {
        int r = scan_fraction(text, &nanoseconds);
        if (r < 0)
            return r;
    }
    /* Second 60, which RFC 3659 section 2.3 allows, becomes the next minute by the sum alone. */
    ret->tv_sec = days_since_epoch(value[0], value[1], value[2]) * 86400 + value[3] * 3600 +
                  value[4] * 60 + value[5];
    ret->tv_nsec = nanoseconds;
    return 0;
}

/* A number, an optional space, a unit of UNITS; without a unit it counts as times BARE. */
static int scan_units(const char *text, const struct unit *units, size_t count, uint64_t bare,
                      uint64_t *ret)
{
    uint64_t value;
    bool over;
    size_t length = scan_digits(text, 10, UINT64_MAX, &value, &over);
    if (length == 0)
        return -EINVAL;

    const char *name = text + length;
    uint64_t factor = *name == '\0' ? bare : 0;
    if (*name == ' ')
        name++;
    for (size_t i = 0; i < count && factor == 0; i++)
        if (strcmp(name, units[i].name) == 0)
            factor = units[i].factor;
    if (factor == 0)
        return -EINVAL;
    if (over || value > UINT64_MAX / factor)
        return -ERANGE;
    *ret = value * factor;
    return 0;
}

int scan_size(const char *text, uint64_t *ret)
{
    return scan_units(text, size_units, ELEMENTS(size_units), 1, ret);
}

int scan_duration(const char *text, uint64_t *ret)
{
    return scan_units(text, duration_units, ELEMENTS(duration_units), 1000, ret);
}

static void format_units(uint64_t value, const struct unit *units, size_t count, char *ret,
                         size_t size)
{
    size_t i = 0;
    while (i + 1 < count && value % units[i].factor != 0)
        i++;
    (void)snprintf(ret, size, "%" PRIu64 " %s", value / units[i].factor, units[i].name);
}

void format_size(uint64_t value, char *ret, size_t size)
{
    if (value == 0) /* which every unit divides */
        (void)snprintf(ret, size, "0 B");
    else
        format_units(value, size_units, ELEMENTS(size_units), ret, size);
}

void format_duration(uint64_t milliseconds, char *ret, size_t size)
{
    if (milliseconds == 0)
        (void)snprintf(ret, size, "0 s");
    else
        format_units(milliseconds, duration_units, ELEMENTS(duration_units), ret, size);
}
