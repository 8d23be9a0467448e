/*
 * Other programs, run by cellftpctl: the server that lies beside it, and systemctl. Never a shell;
 * an empty environment. Only src/ctl includes it.
 */
#pragma once

#include "lib/buffer.h"

#include <limits.h>

/* The server that was installed with this program. Negative errno. */
int program_server(char ret[PATH_MAX]);

/* Runs PATH with ARGUMENTS (the first is its name, NULL ends them) and INPUT on its standard input.
 * What it prints on its standard output goes to ANSWER, its wait status to *RET_STATUS. Negative
 * errno; -EPIPE if it did not read all of INPUT. */
int program_run(const char *path, const char *const *arguments, const char *input,
                struct buffer *answer, int *ret_status);
