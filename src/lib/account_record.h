/*
 * The file of one account, in and out: libconfig text to struct account and back. account*.c use
 * it, nobody else. It never guesses: a record that is not exactly right is no account (CVE_TESTS
 * A15).
 */
#pragma once

#include "lib/account.h"

/* Longest name of a file in the users directory: ".NAME.conf" and so on, with its zero. */
enum { ACCOUNT_FILE_MAX = ACCOUNT_NAME_MAX + 8 };

/* NAME.conf is the record. A dot before a name can be no account's. */
#define ACCOUNT_RECORD    "%s.conf"
#define ACCOUNT_TEMPORARY ".%s.tmp" /* being written */
#define ACCOUNT_PENDING   ".%s.new" /* being created: it has its uid, but is no account yet */

enum account_uid_check {
    ACCOUNT_UID_CONFIGURED, /* accounts.uid_min to accounts.uid_max */
    ACCOUNT_UID_ANY,        /* whatever the range is now: to learn which uids are taken */
};

/* The keys of a record; parser and manual are checked against it. TAKE is the parser's. */
struct account_reading;
struct config_setting_t;
struct account_key {
    const char *name;
    const char *initial;  /* what a record without it has, in words; NULL: it is required */
    const char *expected; /* a good value, in words */
    int (*take)(const struct account_reading *reading, const struct config_setting_t *setting);
};
extern const struct account_key account_keys[];
extern const size_t account_key_count;

/* Reads FILE in the open directory USERS as the account NAME. Results as account_load. */
int account_record_read(const struct config *config, int users, const char *file, const char *name,
                        enum account_uid_check check, struct account **ret, struct buffer *problem);

/* Writes ACCOUNT to its ACCOUNT_TEMPORARY file in USERS, 0600, and to the disk. The caller has the
 * lock, and renames it. Leaves nothing there when it fails. */
int account_record_write(const struct config *config, int users, const struct account *account);

/* The same, and puts it in the place of the present record: the old state or the new one, never
 * between. */
int account_record_replace(const struct config *config, int users, const struct account *account);

/* Whether PATH can be an account's folder: absolute, without "." and "..", not the root of the
 * machine. */
bool account_is_home(const char *path);

/* What libconfig 1.5 would not object to. It takes a number modulo 2^32: "uid = 4294967296" would
 * become uid 0, and 4295167296 a uid of the range. It takes the end of the file for the end of a
 * string or comment, and leaves out what was in it. Returns the first such fault in words and where
 * it is, NULL if there is none. */
const char *account_record_fault(const char *text, const char **ret_where);
