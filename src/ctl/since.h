/* A moment in the past out of text. Only src/ctl includes it. */
#pragma once

#include <time.h>

/* "90s", "1h", "2d": so long before NOW. "today", "yesterday", "2026-12-31", "2026-12-31T12:00" or
 * "2026-12-31 12:00:30" in local time, or, with a Z behind it, in UTC. -EINVAL for anything else.
 */
int since_parse(const char *text, time_t now, time_t *ret);
