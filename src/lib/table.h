/*
 * A table of fixed size in directories.run that many processes map at once: live connections
 * (lib/registry.h), failed logins (lib/throttle.h). Only lib uses it. It knows nothing of what is
 * in the table, and locks nothing.
 */
#pragma once

#include "lib/config.h"

#include <stddef.h>

/* Opens RUN/NAME, made with SIZE zero bytes if it is missing or too short, and maps it. Its room on
 * the disk is taken at once: a full /run is -ENOSPC here, not a signal later. -EPERM for a file
 * that is not our own, -ELOOP for a symbolic link. */
int table_open(const struct config *config, const char *name, size_t size, int *ret_fd,
               void **ret_table);
void table_unmap(void *table, size_t size);
