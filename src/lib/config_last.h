/*
 * The last good configuration: kept in directories.run while the configuration is right, and used
 * by new connections while it is wrong, so that a mistake in the file never takes the service down
 * (row L13). The monitor uses it, before it gives up its rights, and cellftpctl, to find what the
 * server does. It never outlives a reboot: the run directory is on a tmpfs.
 */
#pragma once

#include "lib/config.h"

/* Keeps CONFIG, which was read from PATH without a problem. Does nothing if it is kept already.
 * Negative errno. */
int config_remember(const struct config *config, const char *path);

/* The configuration that was kept for PATH. BROKEN is what could be read of the present one: it
 * says where to look. -ENOENT if there is none; *RET is owned by the caller. */
int config_recall(const struct config *broken, const char *path, struct config **ret);
