/* Dates out of seconds: see calendar.h. */
#include "lib/calendar.h"

void calendar_of(int64_t seconds, struct calendar *ret)
{
    if (seconds < CALENDAR_FIRST)
        seconds = CALENDAR_FIRST;
    if (seconds > CALENDAR_LAST)
        seconds = CALENDAR_LAST;
    /* Days are counted from 1 March of the year -400, so that leap days end a year and nothing is
     * negative: 719468 days from 1 March of year 0 to 1970, 146097 days in 400 years. */
    int64_t day = seconds / 86400 - (seconds % 86400 < 0);
    unsigned second = (unsigned)(seconds - day * 86400);
    unsigned shifted = (unsigned)(day + 719468 + 146097);
    unsigned era = shifted / 146097;
    unsigned day_of_era = shifted % 146097;
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month = (5 * day_of_year + 2) / 153; /* 0 is March */
    *ret = (struct calendar){
        .year = era * 400 + year_of_era + (month >= 10) - 400,
        .month = (month + 2) % 12,
        .day = day_of_year - (153 * month + 2) / 5 + 1,
        .hour = second / 3600,
        .minute = second / 60 % 60,
        .second = second % 60,
    };
}
