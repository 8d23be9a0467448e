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
/* True if there is anything in DENY: then links are not followed, as one could give a denied file
 * another name. */
bool names_are_denied(char *const *deny);

/* True if a file or directory of that NAME may be made: it matches one of ALLOW (as above), or that
 * is empty. Whatever exists already can be used under any name. */
bool name_may_be_made(const char *name, char *const *allow);
