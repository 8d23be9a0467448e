/* What more than one command does to a file. Private to src/session. */
#pragma once

#include "session/session.h"

/* chmod, for MFF and SITE CHMOD. The root keeps what its owner needs to get in (-EPERM); a link is
 * -EINVAL; MODE has no set-id bits, the filter sees to that. Negative errno. */
int file_change_mode(struct session *session, const char *path, unsigned mode);
