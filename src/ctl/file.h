/* Files of the administrator's, whole: backups, and the user lists of other servers. Only src/ctl
 * includes it. */
#pragma once

#include "lib/buffer.h"

#include <stdbool.h>

/* All of PATH to RET, which sets the limit, and a zero byte that is not counted. A text that may
 * hold hashes must be root's or the caller's and writable by nobody else: else -EPERM. */
int file_load(const char *path, struct buffer *ret);

/* SIZE bytes as the new file PATH, mode 0600: all of it, or nothing. -EEXIST if there is one,
 * unless REPLACE. */
int file_store(const char *path, const char *bytes, size_t size, bool replace);
