/*
 * The state directory: what is kept when the machine starts anew, and is nobody's account. Monitor
 * and cellftpctl use it, never a session.
 */
#pragma once

#include "lib/config.h"

/* Opens directories.state and makes it if it is missing: a directory that only root can read or
 * write. Its parent is not made: it may be a disk that is not mounted. Negative errno. */
int state_directory_open(const struct config *config);
