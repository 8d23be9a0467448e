/*
 * Who runs cellftpctl, for the log and for what is allowed. Only src/ctl includes it.
 *
 * The server runs it for a client (monitor/tool.h) and says so in the environment, which only root
 * is believed: CELLFTPCTL_ACTOR, who it is; CELLFTPCTL_SESSION, the session; CELLFTPCTL_ROLE, on
 * whose behalf. On behalf of anybody, accounts of administrators are neither made nor changed: that
 * is done on the server itself.
 */
#pragma once

#include "ctl/command.h"

enum { ACTOR_MAX = 256 };

/* The real user; under sudo the one who called it; the client whom the server runs it for.
 * "uid-1000" for a user without a name. */
void actor_name(char ret[ACTOR_MAX]);

enum actor_role {
    ACTOR_HERE,     /* nobody's behalf: somebody on the server itself */
    ACTOR_ADMIN,    /* an administrator over FTP */
    ACTOR_USER,     /* the user of the account, over FTP */
    ACTOR_STRANGER, /* somebody who has not logged in */
};
enum actor_role actor_role(void);
/* The session it is run for, NULL if for none. */
const char *actor_session(void);

/* NULL if it may change the account NAME, else why not, in words. To be asked under the lock of the
 * records. A record that cannot be read may be anybody's. */
const char *actor_refusal(const struct invocation *invocation, const char *name);
