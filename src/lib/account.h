/*
 * The local user database: one libconfig file per user, NAME.conf, root only. The monitor reads it,
 * cellftpctl writes it. Whatever is wrong with a record refuses the login: nothing malformed ever
 * becomes uid 0, an account without a password, or a folder elsewhere.
 */
#pragma once

#include "lib/buffer.h"
#include "lib/config.h"
#include "lib/rules.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

enum {
    ACCOUNT_NAME_MAX = 32,
    ACCOUNT_LABELS_MAX = 64, /* groups of cellftpd.conf that one record can name */
    /* Supplementary groups of a system user. Each takes a line of up to 24 bytes in the session's
     * gid_map, which the kernel takes in one write of less than a page (user_namespaces(7)). */
    ACCOUNT_GROUPS_MAX = 160,
};

/* The last second of the year 9999. A number of milliseconds, written by mistake, is larger. */
#define ACCOUNT_EXPIRES_MAX INT64_C(253402300799)

/* Whether the password of an account may come in clear: as the server has it, or an exception. */
enum account_tls { ACCOUNT_TLS_DEFAULT, ACCOUNT_TLS_REQUIRED, ACCOUNT_TLS_OPTIONAL };
enum account_role { ACCOUNT_USER, ACCOUNT_ADMIN };
/* What a client's certificate is to the account: lib/client_certificate.h. */
enum account_certificate {
    ACCOUNT_CERTIFICATE_DEFAULT,
    ACCOUNT_CERTIFICATE_NO,
    ACCOUNT_CERTIFICATE_FACTOR,
    ACCOUNT_CERTIFICATE_INSTEAD
};
/* The words that stand for them in a record; NULL ends each list. */
extern const char *const account_tls_words[];
extern const char *const account_role_words[];
extern const char *const account_certificate_words[];

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
    bool sets_read_only; /* the record says it: no group is asked */
    enum account_tls tls;
    enum account_role role;
    bool sets_role; /* the same */
    enum account_certificate certificate;
    char *certificate_name; /* whose certificate is the account's, NULL: its own name's */
    time_t created;
    time_t expires;         /* the last second in which a login is granted; 0: never */
    char **labels;          /* groups of cellftpd.conf that it is in, ends with NULL; NULL: none */
    struct rules rules;     /* of the record */
    struct rules effective; /* and what holds, with groups and defaults: rules_resolve() */
    bool anonymous;         /* granted without a password, by anonymous.enabled */
};

/* A name that may be a login and a folder: 1 to ACCOUNT_NAME_MAX of a-z 0-9 . _ -, beginning with a
 * letter or a digit, not ending with a dot. -EINVAL. */
int account_check_name(const char *name);

/* Reads the account NAME. -ENOENT if there is none, -EBADMSG if the record is malformed in any way
 * (what and where goes to PROBLEM), -EINVAL for a bad name, other negative errno. The caller owns
 * *RET. */
int account_load(const struct config *config, const char *name, struct account **ret,
                 struct buffer *problem);
/* The same out of TEXT, which a record would have; its uid may be any. */
int account_parse(const struct config *config, const char *name, const char *text,
                  struct account **ret, struct buffer *problem);
void account_free(struct account *account);

static inline void account_cleanup_(struct account **account)
{
    account_free(*account);
}
#define cleanup_account __attribute__((cleanup(account_cleanup_)))

/* Has CHANGE edit the account NAME, all but its name and uid, between reading and writing it under
 * the lock: what somebody else changes at the same time is never lost. CHANGE returns 1 if it
 * changed something, 0 if all is as it should be (then nothing is written), or negative errno; that
 * is the result. Else errors as account_load, and those of writing, after which the old state
 * holds. The caller owns *RET, the account as it is now. */
typedef int (*account_changer)(struct account *account, void *data);
int account_change(const struct config *config, const char *name, account_changer change,
                   void *data, struct account **ret, struct buffer *problem);

/* Whether it is past the last second of the account. */
bool account_is_expired(const struct account *account);

/* Calls VISIT for each account name in alphabetical order; a non-zero result ends the walk and is
 * returned. -ENOENT if there is no users directory. */
int account_list(const struct config *config, int (*visit)(const char *name, void *data),
                 void *data);

/* How an account begins. */
struct account_settings {
    bool enabled;
    bool read_only;
    bool sets_read_only;
    enum account_tls tls;
    enum account_role role;
    bool sets_role;
    enum account_certificate certificate;
    const char *certificate_name; /* NULL or "": none */
    time_t expires;
    uint64_t accounts_max;     /* with so many accounts none is made: -EUSERS; 0: any number */
    char *const *labels;       /* NULL: none */
    const struct rules *rules; /* NULL: none */
};

/* The whole of making: record, uid, folder. It finishes what an interrupted earlier run left, never
 * follows a symbolic link, and never takes over a folder that belongs to somebody else (-EEXIST).
 * HASH is a crypt(5) hash. What went wrong, in words, goes to PROBLEM. */
int account_create(const struct config *config, const char *name, const char *hash,
                   const struct account_settings *settings, struct account **ret,
                   struct buffer *problem);

/* The whole of removing, with the folder only if PURGE. As soon as nobody can log in to the account
 * any more, CLOSED is called (unless NULL): whoever is in can be put out then. */
int account_remove(const struct config *config, const char *name, bool purge,
                   void (*closed)(void *data), void *data, struct buffer *problem);

/* The same without the folder and without a word to anybody; PERMIT (unless NULL) is asked under
 * the lock, and a negative errno of its is the result. */
int account_forget(const struct config *config, const char *name,
                   int (*permit)(const char *name, void *data), void *data, struct buffer *problem);
