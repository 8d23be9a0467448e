/*
 * Seconds since 1970 as a date of the Gregorian calendar, UTC. Everyone may use it. Not
 * gmtime_r(3): that reads the time zone's file, and in a cell the file would be one of the user's
 * (row C08).
 */
#pragma once

#include <stdint.h>

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z */
#define CALENDAR_FIRST INT64_C(-62167219200)
#define CALENDAR_LAST  INT64_C(253402300799)

struct calendar {
    unsigned year;
    unsigned month; /* 0 to 11 */
    unsigned day;
    unsigned hour;
    unsigned minute;
    unsigned second;
};

/* What is outside of CALENDAR_FIRST and CALENDAR_LAST becomes one of them. */
void calendar_of(int64_t seconds, struct calendar *ret);
