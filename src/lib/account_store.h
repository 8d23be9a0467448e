/*
 * The users directory, opened to read or locked to be changed, and the next uid. account*.c use it,
 * nobody else. Every change is made under its lock; readers need none, because a record is replaced
 * by a rename.
 */
#pragma once

#include "lib/account_record.h"

enum account_store_mode {
    ACCOUNT_STORE_READ,
    ACCOUNT_STORE_CHANGE, /* locked against other changes until it is closed */
    ACCOUNT_STORE_CREATE, /* the same, and the directory is made if it is missing */
};

struct account_store {
    const struct config *config;
    int users; /* the directory; its lock goes when it is closed */

    /* The file of the next uid: see account_uid.c. */
    int hint;          /* -1 if there is none yet */
    bool hint_current; /* nobody but us has changed the directory since it was written */
    uint64_t uid_next; /* meaningless (0) if there is no valid hint */
    uint64_t uid_end;  /* the uids from uid_next to this one, exclusive, are nobody's */
};

/* Opens it. -ENOENT if there is none (only with READ and CHANGE), -EPERM if it is not root's alone.
 */
int account_store_open(const struct config *config, enum account_store_mode mode,
                       struct account_store *ret, struct buffer *problem);
void account_store_close(struct account_store *store);
#define cleanup_account_store __attribute__((cleanup(account_store_close)))

/* Opens the directory PATH, which must be root's and not be writable by anybody else, without
 * following a symbolic link. If it is missing and MAKE is not 0, its last component is made with
 * the mode MAKE. */
int account_directory_open(const char *path, mode_t make, int *ret, struct buffer *problem);

/* Looks at the hint, before anything is changed. */
void account_uid_begin(struct account_store *store);
/* Takes a uid that no account and no pending creation has, and that nobody will be given again
 * soon. The reservation is on the disk when this returns. -ENOSPC if the range is used up. */
int account_uid_take(struct account_store *store, uid_t *ret, struct buffer *problem);
/* The next uid that may be given out is NEXT or a later one, in the directory USERS, which has no
 * hint yet. */
int account_uid_plant(int users, uint64_t next);
/* Makes the hint current again after changes of ours. */
void account_uid_end(struct account_store *store);
