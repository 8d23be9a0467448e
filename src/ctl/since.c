/* A moment in the past out of text: see since.h. */
#include "ctl/since.h"

#include "lib/cleanup.h"
#include "lib/scan.h"

#include <string.h>

static int ago(const char *text, time_t now, time_t *ret)
{
    uint64_t milliseconds;
    /* A bare number could be anything. */
    if (strspn(text, "0123456789") == strlen(text) || scan_duration(text, &milliseconds) < 0)
        return -EINVAL;
    *ret = milliseconds / 1000 < (uint64_t)now ? now - (time_t)(milliseconds / 1000) : 0;
    return 0;
}

/* Local midnight, DAYS days ago: not a multiple of 24 hours where the clock was put forward. */
static int midnight(time_t now, int days, time_t *ret)
{
    struct tm day;
    if (!localtime_r(&now, &day))
        return -EINVAL;
    day.tm_mday -= days;
    day.tm_hour = day.tm_min = day.tm_sec = 0;
    day.tm_isdst = -1;
    *ret = mktime(&day);
    return *ret == (time_t)-1 ? -EINVAL : 0;
}

static int calendar(const char *text, time_t *ret)
{
    static const char *const formats[] = {"%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S",
                                          "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"};
    size_t length = strlen(text);
    bool utc = length > 0 && text[length - 1] == 'Z';
    char copy[32];
    if (length >= sizeof(copy))
        return -EINVAL;
    (void)snprintf(copy, sizeof(copy), "%.*s", (int)(length - utc), text);
    for (size_t i = 0; i < ELEMENTS(formats); i++) {
        struct tm given = {.tm_isdst = -1};
        const char *end = strptime(copy, formats[i], &given);
        if (!end || *end != '\0')
            continue;
        /* The 30th of February would become the 2nd of March. */
        int day = given.tm_mday;
        *ret = utc ? timegm(&given) : mktime(&given);
        return *ret == (time_t)-1 || given.tm_mday != day ? -EINVAL : 0;
    }
    return -EINVAL;
}

int since_parse(const char *text, time_t now, time_t *ret)
{
    time_t when = 0;
    int r = strcmp(text, "today") == 0       ? midnight(now, 0, &when)
            : strcmp(text, "yesterday") == 0 ? midnight(now, 1, &when)
                                             : ago(text, now, &when);
    if (r < 0)
        r = calendar(text, &when);
    if (r == 0)
        *ret = when;
    return r;
}
