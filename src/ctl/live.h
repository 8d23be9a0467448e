/*
 * Live connections, for the commands of cellftpctl that end them: what kick does, and what user
 * lock and its like do to those who are in. Only src/ctl includes it.
 */
#pragma once

#include "ctl/command.h"
#include "lib/stop.h"

/* Ends all sessions of USER (a local account or a system user) for REASON, waits until they are
 * gone and writes one line "kick" for each into admin.log. *RET_COUNT (may be NULL) is how many
 * there were; none is no failure. Says on stderr what goes wrong. */
enum exit_status live_kick_user(const struct invocation *invocation, const char *user,
                                enum stop_reason reason, unsigned *ret_count);

/* Ends the COUNT connections in ENTRIES in the same way. Those that have gone meanwhile are no
 * failure. */
enum exit_status live_stop(const struct invocation *invocation,
                           const struct registry_entry *entries, size_t count,
                           enum stop_reason reason);
