/*
 * From where and when a login is granted: see rules.h. The monitor asks, at a login only: who is in
 * stays. It never changes a rule.
 */
#include "lib/rules.h"

#include "lib/address.h"
#include "lib/cleanup.h"

#include <string.h>
#include <time.h>

enum { MINUTES = 24 * 60, DAYS = 7, EVERY_DAY = (1 << DAYS) - 1 };

/* As tm_wday counts them. */
static const char *const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

/* "mon-fri 08:00-18:00" */
struct period {
    unsigned days; /* 1 << tm_wday */
    int begin,
        end; /* minutes; END is not in it, and is past midnight if it is no later than BEGIN */
};

static bool scan_day(const char **text, int *ret)
{
    for (int day = 0; day < DAYS; day++)
        if (strncmp(*text, day_names[day], 3) == 0) {
            *text += 3;
            *ret = day;
            return true;
        }
    return false;
}

/* "sat" or "sat-mon"; nothing at all means every day. */
static bool scan_days(const char **text, unsigned *ret)
{
    int first, last;
    *ret = EVERY_DAY;
    if (!scan_day(text, &first))
        return true;
    last = first;
    if (**text == '-' && (++*text, !scan_day(text, &last)))
        return false;
    *ret = 0;
    for (int day = first;; day = (day + 1) % DAYS) {
        *ret |= 1u << day;
        if (day == last)
            return true;
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "08:00", up to "24:00" */
static bool scan_clock(const char **text, int *ret)
{
    const char *t = *text;
    if (!is_digit(t[0]) || !is_digit(t[1]) || t[2] != ':' || !is_digit(t[3]) || !is_digit(t[4]))
        return false;
    int hour = (t[0] - '0') * 10 + (t[1] - '0'), minute = (t[3] - '0') * 10 + (t[4] - '0');
    *ret = hour * 60 + minute;
    *text += 5;
    return minute < 60 && *ret <= MINUTES;
}

static bool scan_clocks(const char **text, struct period *ret)
{
    ret->begin = 0;
    ret->end = MINUTES;
    if (!is_digit(**text))
        return true;
    if (!scan_clock(text, &ret->begin) || **text != '-')
        return false;
    ++*text;
    return scan_clock(text, &ret->end) && ret->begin < MINUTES && ret->end > 0;
}

static void skip_spaces(const char **text)
{
    *text += strspn(*text, " ");
}

/* One period and the comma behind it. */
static bool scan_period(const char **text, struct period *ret)
{
    skip_spaces(text);
    const char *start = *text;
    if (!scan_days(text, &ret->days))
        return false;
    bool spaced = **text == ' ' || *text == start;
    skip_spaces(text);
    if ((is_digit(**text) && !spaced) || !scan_clocks(text, ret) || *text == start)
        return false;
    skip_spaces(text);
    if (**text == '\0')
        return true;
    return *(*text)++ == ',' && (*text)[strspn(*text, " ")] != '\0';
}

bool hours_are_good(const char *text)
{
    struct period period;
    bool good = *text != '\0';
    while (good && *text)
        good = scan_period(&text, &period);
    return good;
}

/* MINUTE of DAY is in it; of a period past midnight, the rest is on the day after. */
static bool is_within(const struct period *period, int day, int minute)
{
    int yesterday = (day + DAYS - 1) % DAYS;
    bool today = period->days & 1u << day;
    if (period->begin < period->end)
        return today && minute >= period->begin && minute < period->end;
    return (today && minute >= period->begin) ||
           ((period->days & 1u << yesterday) && minute < period->end);
}

bool rules_admit_time(const struct rules *rules, int64_t now)
{
    if (!rules->hours)
        return true;
    time_t seconds = (time_t)now;
    struct tm local;
    struct period period;
    if (!localtime_r(&seconds, &local))
        return false;
    for (const char *text = rules->hours; *text;)
        if (!scan_period(&text, &period))
            return false;
        else if (is_within(&period, local.tm_wday, local.tm_hour * 60 + local.tm_min))
            return true;
    return false;
}

bool rules_admit_address(const struct rules *rules, const struct address *remote)
{
    if (!rules->networks || !rules->networks[0])
        return true;
    for (size_t i = 0; rules->networks[i]; i++) {
        struct network network;
        if (network_parse(rules->networks[i], &network) == 0 && network_contains(&network, remote))
            return true;
    }
    return false;
}
