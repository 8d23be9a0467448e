/* When an account expires, out of text. Only src/ctl includes it. */
#pragma once

#include <time.h>

/* "never": *RET is 0. "2026-12-31": the last second of that day, UTC. "2026-12-31T12:00:00Z".
 * "30d": so long after NOW. -EINVAL for anything else, and past the year 9999. */
int date_parse(const char *text, time_t now, time_t *ret);
