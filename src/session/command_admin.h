/*
 * SITE commands of administrators, SITE REGISTER and SITE PSWD: see command_admin.c. Private to
 * src/session; command_site.c and command_record.c ask.
 */
#pragma once

#include "session/command.h"

/* Serves ARGUMENT of SITE, and clears what may be a secret in it. False if this user has no such
 * command: then the reply is that of an unknown one. */
bool admin_serve(struct session *session, char *argument);
/* Their lines of SITE HELP. */
void admin_help(struct session *session);
/* How many bytes of ARGUMENT of SITE can be no secret. */
size_t admin_visible(const struct session *session, const char *argument);
