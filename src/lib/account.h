/*
 * The local user database: one libconfig file per user, NAME.conf, root only. The monitor reads it,
 * cellftpctl writes it. Whatever is wrong with a record refuses the login: nothing malformed ever
 * becomes uid 0, an account without a password, or a folder elsewhere.
 */
#pragma once

#include "lib/buffer.h"
#include "lib/config.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum {
    ACCOUNT_NAME_MAX = 32,
    /* Supplementary groups of a system user. Each takes a line of up to 24 bytes in the session's
     * gid_map, which the kernel takes in one write of less than a page (user_namespaces(7)). */
    ACCOUNT_GROUPS_MAX = 160,
};

/* The last second of the year 9999. A number of milliseconds, written by mistake, is larger. */
#define ACCOUNT_EXPIRES_MAX INT64_C(253402300799)

struct account {
    char *name;
    char *password; /* crypt(5) hash; NULL for a system user */
    char *home;     /* absolute */
    uid_t uid;      /* in accounts.uid_min .. uid_max; not for a system user */
    gid_t gid;      /* the same number as uid; not for a system user */
    gid_t *groups;  /* supplementary, without gid and without 0; only a system user has any */
    size_t group_count;
    bool enabled;
    bool read_only;
    time_t created;
    time_t expires; /* the last second in which a login is granted; 0: never */
};

/* A name that may be a login and a folder: 1 to ACCOUNT_NAME_MAX of a-z 0-9 . _ -, beginning with a
 * letter or a digit, not ending with a dot. -EINVAL. */
int account_check_name(const char *name);

/* Reads the account NAME. -ENOENT if there is none, -EBADMSG if the record is malformed in any way
 * (what and where goes to PROBLEM), -EINVAL for a bad name, other negative errno. The caller owns
 * *RET. */
int account_load(const struct config *config, const char *name, struct account **ret,
                 struct buffer *problem);
void account_free(struct account *account);

static inline void account_cleanup_(struct account **account)
{
    account_free(*account);
}
#define cleanup_account __attribute__((cleanup(account_cleanup_)))

/* Writes the record: a temporary file, synced, renamed: the old state or the new, never between.
 * With CREATE, -EEXIST if there is one already; without it, -ENOENT if there is none. -EEXIST too
 * if the uid is another account's. */
int account_save(const struct config *config, const struct account *account, bool create);

/* Calls VISIT for each account name in alphabetical order; a non-zero result ends the walk and is
 * returned. */
int account_list(const struct config *config, int (*visit)(const char *name, void *data),
                 void *data);

/* The whole of making and removing: record, uid, folder. account_create finishes what an
 * interrupted earlier run left; it never follows a symbolic link and never takes over a folder that
 * belongs to somebody else
 * (-EEXIST). HASH is a crypt(5) hash. account_remove takes the folder away too only if PURGE. What
 * went wrong, in words, goes to PROBLEM. */
int account_create(const struct config *config, const char *name, const char *hash, bool read_only,
                   struct account **ret, struct buffer *problem);
int account_remove(const struct config *config, const char *name, bool purge,
                   struct buffer *problem);
