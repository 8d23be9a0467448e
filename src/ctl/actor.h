/* Who runs cellftpctl, for the log. Only src/ctl includes it. */
#pragma once

enum { ACTOR_MAX = 64 };

/* The name of the real user; under sudo the one who called it. "uid-1000" for a user without a
 * name. */
void actor_name(char ret[ACTOR_MAX]);
