/*
 * What the cell of an account is like: who its session is to the kernel, what it sees, and what it
 * may do there. This is policy; the monitor carries it out (monitor/cell.c, monitor/login.c), the
 * session follows (session/enter.c). It has no rights and reads no file.
 *
 * A user's session is the account's uid and gid with the account's groups, sees the account's
 * folder, and has no capability.
 *
 * An administrator's session sees the folder of all users' folders, and nobody's uid: it runs as
 * accounts.uid_max, a number that no account ever gets (lib/account_uid.c), with the gid of the
 * same number. All administrators do, because those of the system (PAM) have a uid of the host's,
 * which must mean nothing in there, and because whatever one of them leaves behind that was not
 * given to its owner (session/owner.h) is recognisable as nobody's. Its user namespace knows the
 * uids and gids of the range and no others, and it keeps three capabilities. The kernel honours
 * CAP_CHOWN and CAP_DAC_OVERRIDE for files only whose owner and group are both known in there, and
 * CAP_FOWNER if the owner is (user_namespaces(7)): never for root's files, nor for those of the
 * system's users.
 */
#pragma once

#include "lib/account.h"

#include <linux/capability.h>

/* What a session of an administrator keeps, in its own user namespace. One capability, one reason.
 */
#define ADMIN_CAPABILITIES                                                                         \
    ((UINT64_C(1) << CAP_CHOWN)    /* what it makes becomes the folder's owner's */                \
     | (UINT64_C(1) << CAP_FOWNER) /* modes and times of users' files, as they themselves */       \
     | (UINT64_C(1) << CAP_DAC_OVERRIDE) /* into folders of mode 0700, files of mode 0600 */)

struct account_cell {
    const char *root; /* the folder that becomes the root; of ACCOUNT or CONFIG */
    uid_t root_owner; /* who must own it */
    uid_t uid;
    gid_t gid;
    const gid_t *groups; /* supplementary; of ACCOUNT */
    size_t group_count;
    /* An administrator's: uids and gids from FIRST on, COUNT of them, are valid in the namespace. A
     * user's: COUNT is 0, and just the uid, the gid and the groups are. */
    uint32_t first;
    uint32_t count;
    uint64_t capabilities;
    bool read_only; /* the mount is */
};

/* -ERANGE if accounts.uid_min to accounts.uid_max will not do for an administrator: it must have
 * room for a user besides the administrators' own number, and neither 0 nor 65534 in it, which the
 * kernel shows for every id that is not mapped. */
int account_cell(const struct config *config, const struct account *account,
                 struct account_cell *ret);

/* Whether administrators can list directories.homes, of which STATUS is: by its group
 * (account_homes.h), or as everybody. */
struct stat;
bool account_cell_lists_homes(const struct config *config, const struct stat *status);
