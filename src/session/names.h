/*
 * Which names exist for a user. The session's path and listing code asks here; nothing else decides
 * it.
 */
#pragma once

#include "lib/temporary.h"

#include <stdbool.h>

/* False for a NAME (one component) that is an unfinished upload or matches one of DENY (patterns of
 * lib/text.h, ends with NULL, may be NULL). */
bool name_exists_for_user(const char *name, char *const *deny);
