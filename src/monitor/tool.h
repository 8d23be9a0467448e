/*
 * cellftpctl, run for a client: what changes accounts, sessions and bans over FTP is the very
 * program that an administrator runs on the server, so that nothing is done in two ways. Private to
 * src/monitor; admin.c and register.c ask for it.
 */
#pragma once

#include "monitor/monitor.h"

enum tool_role { TOOL_ADMIN, TOOL_USER, TOOL_STRANGER };

enum {
    TOOL_ARGUMENTS_MAX = 16,
    TOOL_OUTPUT_MAX = 32 << 20, /* a list of 100,000 accounts, and more */
    TOOL_USAGE = 2,             /* exit statuses, as ctl/command.h has them */
    TOOL_REFUSED = 77,
};

/*
 * Runs the cellftpctl that lies beside this program with ARGUMENTS (ends with NULL, without the
 * name of the program), on behalf of this connection's client as ROLE. PASSWORD, if it is not NULL,
 * is all that it can read. *RET_OUTPUT is a file with what it has said, owned by the caller, read
 * from its start. *RET_STATUS is its exit status.
 *
 * It gets a fixed environment and no descriptor but those; it has TOOL_PATIENCE, dies with the
 * monitor, and when this monitor is told to stop it has a second left. Negative errno, logged, if
 * it was not run to its end: what it has begun, its next run completes.
 */
int tool_run(struct monitor *monitor, enum tool_role role, const char *const *arguments,
             const char *password, int *ret_status, int *ret_output);

/* The first line of OUTPUT, without the name of the program, into RET. */
void tool_first_line(int output, char *ret, size_t size);
