/*
 * What a new user's folder begins with: accounts.skeleton, copied. account_create uses it, as root,
 * before anybody can log in to the account.
 */
#pragma once

#include "lib/buffer.h"
#include "lib/config.h"

#include <sys/types.h>

enum {
    SKELETON_DEPTH_MAX = 16,
    SKELETON_ENTRIES_MAX = 10000,
};

/*
 * Copies regular files and directories, which become UID's, into FOLDER. Other things are left out,
 * no link is followed and no other file system entered. What an interrupted run has copied is
 * copied anew; anything else in FOLDER is -EEXIST, and nothing of it is touched. Without a skeleton
 * FOLDER must be empty. What went wrong, in words, goes to PROBLEM.
 */
int skeleton_copy(const struct config *config, int folder, uid_t uid, struct buffer *problem);
