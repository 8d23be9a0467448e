/*
 * Users of the machine's own files, /etc/passwd and /etc/group: those that the server itself runs
 * something as. Monitor and cellftpctl use it. It asks no name service, which would load modules
 * and may wait for the network.
 */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* -ESRCH if there is no such user, -EPERM if it is root or in root's group, other negative errno.
 */
int local_user_find(const char *name, uid_t *ret_uid, gid_t *ret_gid);

/* The groups that /etc/group has NAME in, MAXIMUM at most, never root's. How many, or negative
 * errno. */
int local_user_groups(const char *name, gid_t *ret, size_t maximum);
