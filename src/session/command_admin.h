/*
 * SITE commands of administrators, SITE REGISTER and SITE PSWD: see command_admin.c. Private to
 * src/session; command_site.c and command_record.c ask.
 */
#pragma once

#include "session/command.h"

/* Serves ARGUMENT of SITE, and clears what may be a secret in it. False if this user has no such
 * command: then the reply is that of an unknown one. */
bool admin_serve(struct session *session, char *argument);
/* A line of SITE HELP. */
struct site_line {
    const char *words;
    const char *syntax;
    const char *meaning;
};
/* Those that this user has, into RET; how many. */
enum { ADMIN_LINES_MAX = 16 };
size_t admin_lines(const struct session *session, struct site_line ret[ADMIN_LINES_MAX]);
/* How many bytes of ARGUMENT of SITE can be no secret. */
size_t admin_visible(const struct session *session, const char *argument);
