/*
 * Marks in the run directory: when something was done last, by whichever process. The monitor uses
 * it for what need not be said again and again.
 */
#pragma once

#include "lib/config.h"

#include <time.h>

/* 1 if nobody has taken the mark NAME within the last SECONDS; it is taken with that. 0 if somebody
 * has. Negative errno. */
int mark_take(const struct config *config, const char *name, time_t seconds);
