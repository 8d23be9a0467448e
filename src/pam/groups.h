/* The groups of the user that the PAM process has become a member of. Only src/pam includes it. */
#pragma once

#include "lib/account.h"
#include "lib/config.h"
#include "lib/message.h"

/* The supplementary groups of this process by now, without the primary one, without root's, each
 * once. *RET_LEFT is how many were too many. */
size_t groups_gather(gid_t primary, gid_t ret[ACCOUNT_GROUPS_MAX], unsigned *ret_left);

/* Of the groups that cellftpd.conf says something about, those that the user is in: the monitor
 * goes by their names, and asks no name service. A name may come twice. */
void groups_put_labels(const struct config *config, gid_t primary, struct message *answer);
