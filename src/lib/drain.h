/*
 * Maintenance: a server that drains takes no new connection, and those that are there go on. The
 * mark is the file directories.run/drain, which a reboot removes with the directory. Monitor and
 * cellftpctl use it.
 */
#pragma once

#include "lib/config.h"

#include <time.h>

/* True if the server drains: one system call. */
bool drain_is_on(const struct config *config);

/* Since when the server drains, as a wall clock time; 0 if it does not. Negative errno. */
int drain_since(const struct config *config, time_t *ret);

/* Begin and end it. 1 if that changed something, 0 if it was so already, negative errno. */
int drain_begin(const struct config *config);
int drain_end(const struct config *config);
