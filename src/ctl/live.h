/*
 * Live connections, for the commands of cellftpctl that show and end them: who, kick, drain, and
 * what user lock and its like do to those who are in. Only src/ctl includes it.
 */
#pragma once

#include "ctl/command.h"
#include "lib/stop.h"

/* Connections of one moment. */
struct live {
    struct registry_entry *entries;
    size_t count;
    size_t matched; /* by the last search, those that were found before included */
};

/* Which of them: all of the conditions that are set must hold. */
struct live_filter {
    const char *session;
    const char *user; /* one that has logged in */
    const struct address *address;
    const struct network *network;
};

/* Adds those that FILTER lets through and that are not in LIVE yet. STATUS_FAILED after having said
 * why. */
enum exit_status live_find(const struct invocation *invocation, const struct live_filter *filter,
                           struct live *live);
void live_free(struct live *live);
#define cleanup_live __attribute__((cleanup(live_free)))

/* Prints them as a table. */
enum exit_status live_print(const struct invocation *invocation, const struct live *live);

/* Ends them for REASON, waits until they are gone, and writes one line "kick" for each into
 * admin.log. Those that have gone meanwhile are no failure. The
 * session that this program is run for comes last and is not waited for. Says on stderr what goes
 * wrong. */
enum exit_status live_stop(const struct invocation *invocation, const struct live *live,
                           enum stop_reason reason);

/* Ends all sessions of USER (a local account or a system user) in that way. *RET_COUNT (may be
 * NULL) is how many there were; none is no failure. For STOP_PASSWORD the session that this program
 * is run for stays. */
enum exit_status live_kick_user(const struct invocation *invocation, const char *user,
                                enum stop_reason reason, unsigned *ret_count);
