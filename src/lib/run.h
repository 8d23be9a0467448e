/*
 * The run directory: locks, live sessions and marks that end with the machine. Monitor and
 * cellftpctl use it, never a session.
 */
#pragma once

#include "lib/config.h"

/* Opens directories.run and makes it if it is missing: a directory of root's that only root can
 * write to. Negative errno. */
int run_directory_open(const struct config *config);
