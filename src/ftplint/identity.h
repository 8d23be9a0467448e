/*
 * With whose rights files of this machine are made and removed. ftplint may be root, in a folder
 * that belongs to a user who may be swapping names in this moment: what root does there is done
 * with that user's rights, so that there is nothing to be won by it. Only planted.c and clean.c use
 * it. Nobody else's call may come between act_as() and act_as_self(), least of all one that may end
 * the test.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

/* If ftplint is root: what is done with files from here on is done as this user; false if that
 * cannot be. Whoever is not root remains what he is. */
bool act_as(uid_t user, gid_t group);

/* Ends it; errno stays. */
bool act_as_self(void);
