/*
 * quota.backend = "project": the file system counts and the kernel refuses (EDQUOT), through
 * project quotas of ext4 or XFS. The project of a user has the user's uid as its number; the folder
 * is marked so that what is made in it belongs to the project as well. cellftpctl sets it up, the
 * monitor looks before a login whether it is as it should be; a session has nothing to do with it,
 * and cannot change it: the kernel lets nobody change a project from within a user namespace.
 *
 * A file counts with the blocks that it has, not with its length, as du(1) does; so does every
 * directory. The folder itself counts.
 */
#pragma once

#include "lib/buffer.h"
#include "lib/ledger.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Whether the file system of FOLDER counts projects and holds them to their limits. -EOPNOTSUPP if
 * it cannot, -ESRCH if it could and is not told to, -ENOSYS if the kernel cannot, else negative
 * errno. */
int quota_project_check(int folder);
/* What an administrator can do about an error of these functions. */
const char *quota_project_remedy(int error);

/* What project UID on the file system of FOLDER uses, and its quota (NO_LIMIT: none). Nothing was
 * ever stored, nothing set: no error. The folder itself is not in it. */
int quota_project_read(int folder, uid_t uid, struct ledger_amount *ret_used,
                       struct ledger_amount *ret_quota);

/* The limits from now on. Needs CAP_SYS_ADMIN. A limit of 0 is NO limit to the kernel: where
 * nothing may be stored, the smallest is set that there is. */
int quota_project_limit(int folder, uid_t uid, const struct ledger_amount *quota);

/* Whether the limits are QUOTA, and FOLDER belongs to the project: -EUCLEAN if not, as then what is
 * in it may not be counted. */
int quota_project_verify(int folder, uid_t uid, const struct ledger_amount *quota);

/* Before a login: makes QUOTA the limits if they are others, and verifies. Without a limit in QUOTA
 * nothing has to be there, and 0 is returned wherever projects are not to be had. */
int quota_project_apply(int folder, uid_t uid, const struct ledger_amount *quota);

/* Makes everything in FOLDER part of project UID, and FOLDER last. *RET_CHANGED is how many files
 * and directories were not. CHANGE false: only counts them. Symbolic links, devices and the like
 * cannot be changed; they have no bytes. Safe while sessions write. Needs CAP_FOWNER. What could
 * not be changed goes to PROBLEM. */
int quota_project_adopt(int folder, uid_t uid, bool change, uint64_t *ret_changed,
                        struct buffer *problem);
