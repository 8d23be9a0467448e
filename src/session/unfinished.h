/*
 * Unfinished uploads: files with a reserved name beside the one that they are to become, locked
 * while their session lives. The session uses it. Nobody sees them (names.h); what a crash left is
 * recognised by its free lock and removed.
 */
#pragma once

#include "session/session.h"

enum { UNFINISHED_NAME_MAX = 64 };

/* Makes and locks a new one of SESSION's in DIRECTORY with MODE (the umask applies, or an inherited
 * ACL). Fills RET_NAME; returns the descriptor or a negative errno. */
int unfinished_make(const struct session *session, int directory, mode_t mode,
                    char ret_name[UNFINISHED_NAME_MAX]);

/* Removes NAME in DIRECTORY if it is one that no session holds, and logs it. True if it is gone. */
bool unfinished_remove_abandoned(struct session *session, int directory, const char *name);
/* The same for all in the directory NAME below DIRECTORY. Returns how many. */
int unfinished_sweep(struct session *session, int directory, const char *name);
