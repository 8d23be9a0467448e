/*
 * All accounts in one text: what cellftpctl backup writes and restore reads. It has the records as
 * they are, and the next uid, so that no uid of an account that was removed is given out again; no
 * folder of a user, no ledger. Only cellftpctl uses it, as root.
 *
 *   cellftpd accounts 1
 *   next-uid 1900000123
 *   account alice 412
 *   (412 bytes, the record)
 *   ...
 *   end 2 (SHA-256 of all lines before this one)
 */
#pragma once

#include "lib/account.h"

enum { ARCHIVE_MAX = 1 << 30 };

/* Appends the archive of all accounts to RET, which should hold up to ARCHIVE_MAX bytes. Nothing is
 * changed meanwhile. A record that is malformed is left out and told to COMPLAIN. Negative errno,
 * in words in PROBLEM. */
int account_archive_write(const struct config *config, struct buffer *ret, size_t *ret_count,
                          void (*complain)(void *data, const char *words), void *data,
                          struct buffer *problem);

/* What is in an archive. It must be whole, each record good, and no name and no uid come twice:
 * else -EBADMSG, in words in PROBLEM. */
struct archived_account {
    char *name;
    const char *record; /* in the archive's text, SIZE bytes */
    size_t size;
    uid_t uid;
    char *home;
};
struct account_archive {
    uint64_t next_uid;
    struct archived_account *accounts;
    size_t count;
};
int account_archive_read(const struct config *config, const char *text, size_t size,
                         struct account_archive *ret, struct buffer *problem);
void account_archive_free(struct account_archive *archive);
#define cleanup_archive __attribute__((cleanup(account_archive_free)))

/* Makes the accounts of ARCHIVE those of the server, in one step: before it all old ones are there,
 * behind it all new ones. -EEXIST if there are any, unless REPLACE; those are kept in the directory
 * USERS.before-restore then. *RET_REPLACED is how many there were. */
int account_archive_restore(const struct config *config, const struct account_archive *archive,
                            bool replace, size_t *ret_replaced, struct buffer *problem);
