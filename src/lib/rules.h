/*
 * What a user may do, how much and when: the rules, once. Each may stand in the record of an
 * account, in a group of cellftpd.conf, and, with an option of its own, as the default for all; a
 * member of the record wins over the first group that has it, and that over the default. Parser,
 * record, command line, and the check of the manuals are made from this list. Everyone may use it.
 *
 *   X(TYPE, key, default, meaning)
 *
 * TYPE    in a record, in a group, on a command line    in struct rules
 * LIMIT   "10 GiB" or "none"                            uint64_t, bytes, NO_LIMIT for "none"
 * COUNT   12 or "none"                                  uint64_t, NO_LIMIT for "none"
 * FLAG    true or false                                 bool
 * WORDS   [ "a", "b" ]                                  char **, ends with NULL, NULL if unset
 * TEXT    "text"                                        char *, NULL if unset
 *
 * default  the member of struct config that it comes from; none: there is none (no limit, false,
 *          empty)
 *
 * The values that a rule may have are those of its default; see rules.c for the others.
 */
#pragma once

#include "lib/config.h"

#include <stdbool.h>
#include <stdint.h>

/* clang-format off */
#define RULES(X)                                                                                                  \
    X(LIMIT, quota,                 quota_bytes,            "bytes that may be stored")                           \
    X(COUNT, quota_files,           quota_files,            "files and directories that may be stored")           \
    X(COUNT, sessions,              limits_per_user,        "sessions at a time")                                 \
    X(LIMIT, upload_rate,           rates_upload,           "bytes a second of all uploads together")             \
    X(LIMIT, download_rate,         rates_download,         "the same for downloads and listings")                \
    X(LIMIT, session_upload_rate,   rates_session_upload,   "bytes a second of the uploads of one session")       \
    X(LIMIT, session_download_rate, rates_session_download, "the same for downloads and listings")                \
    X(FLAG,  upload_only,           none,                   "may upload new files, and see nothing: a drop box")  \
    X(WORDS, networks,              none,                   "from where a login is granted: networks")            \
    X(TEXT,  hours,                 none,                   "when a login is granted: \"mon-fri 08:00-18:00\"")   \
    X(WORDS, deny_names,            none,                   "names that do not exist for the user, besides files.deny_names") \
    X(WORDS, allow_names,           files_allow_names,      "if any: what a new name must be like")
/* clang-format on */

#define RULE_TYPE_LIMIT uint64_t
#define RULE_TYPE_COUNT uint64_t
#define RULE_TYPE_FLAG  bool
#define RULE_TYPE_WORDS char **
#define RULE_TYPE_TEXT  char *

#define RULE_ENUM(type, key, initial, meaning) RULE_##key,
enum rule { RULES(RULE_ENUM) RULE_KIND_COUNT };
#undef RULE_ENUM

#define RULE_MEMBER(type, key, initial, meaning) RULE_TYPE_##type key;
struct rules {
    uint32_t set; /* 1 << RULE_key for those that were given; the others have no meaning */
    RULES(RULE_MEMBER)
};
#undef RULE_MEMBER

#define RULES_HAVE(rules, key) (((rules)->set & UINT32_C(1) << RULE_##key) != 0)

/* A group of cellftpd.conf: groups = ( { name = "staff"; quota = "10 GiB"; role = "admin"; } ).
 * Users of the system are in it by their groups, local accounts by the key "groups" of the record.
 */
struct group_rules {
    char *name;
    struct rules rules;
    bool sets_role, sets_read_only;
    bool admin, read_only;
};

/* A folder of the host inside users' trees: shares = ( { path = "/srv/common"; at = "common"; } ).
 * Without users and groups it is everybody's. */
struct share {
    char *path;     /* of the host, absolute */
    char *at;       /* below the user's root, without a slash in front, no "." and ".." */
    bool read_only; /* true if the file does not say */
    char **users;   /* ends with NULL, never NULL */
    char **groups;  /* the same */
    unsigned line;  /* of its file */
};

/* Releases the members; no rule is given any more. */
void rules_free(struct rules *rules);
/* The members of FROM that are given go to TO, in the place of what is there. -ENOMEM. */
int rules_copy(const struct rules *from, struct rules *to);

/* --- One rule; rules.c --- */

/* "quota_files"; what it means; and its type, as the table has it. */
enum rule_type { RULE_IS_LIMIT, RULE_IS_COUNT, RULE_IS_FLAG, RULE_IS_WORDS, RULE_IS_TEXT };
const char *rule_key(enum rule rule);
const char *rule_meaning(enum rule rule);
enum rule_type rule_type(enum rule rule);
/* The rule of this key; RULE_KIND_COUNT if there is none. */
enum rule rule_find(const char *key);
static inline bool rule_is_given(const struct rules *rules, enum rule rule)
{
    return (rules->set & UINT32_C(1) << rule) != 0;
}

/* As option_take() of lib/option.h has it; also for what is no rule but wrong in itself: an hour
 * 25:00, a network that is none. */
struct config_setting_t;
int rule_take(struct rules *rules, enum rule rule, const struct config_setting_t *setting,
              void (*report)(void *data, unsigned line, const char *words), void *data);
/* The same out of a command line, where words have commas or spaces between them. -EINVAL, -ERANGE,
 * -ENOMEM; RULES is as it was then. */
int rule_set(struct rules *rules, enum rule rule, const char *text);
void rule_clear(struct rules *rules, enum rule rule);
/* Appends the value as it stands in a file, and what would be a good value. */
int rule_append_value(const struct rules *rules, enum rule rule, struct buffer *buffer);
int rule_append_expected(enum rule rule, struct buffer *buffer);
/* The same for people, and for rule_set(): without quotes, words with commas between. */
int rule_append_plain(const struct rules *rules, enum rule rule, struct buffer *buffer);
/* Whether what is given allows everything: no limit, no words, no text. Not a flag. */
bool rule_is_nothing(const struct rules *rules, enum rule rule);
/* The value of a LIMIT or COUNT. */
uint64_t rule_number(const struct rules *rules, enum rule rule);

/* --- What holds; rules_resolve.c --- */

/* Fills account->effective, and account->role and account->read_only as far as the record leaves
 * them to a group: the record, then the groups in the order of the file, then the defaults. Every
 * member has a meaning afterwards: NULL of WORDS and TEXT means that there is nothing. -ENOMEM. */
struct account;
int rules_resolve(const struct config *config, struct account *account);
/* The group that RULE comes from; NULL if it is the record's, or nobody's but the default's. */
const struct group_rules *rules_group_of(const struct config *config, const struct account *account,
                                         enum rule rule);
/* The same for role and read_only. */
const struct group_rules *rules_group_of_role(const struct config *config,
                                              const struct account *account);
const struct group_rules *rules_group_of_read_only(const struct config *config,
                                                   const struct account *account);
/* enum account_flags of a resolved account: what its session is told, and what the monitor goes by
 * (ACCOUNT_LEASES, ACCOUNT_PROJECT, ACCOUNT_PACED_UP...). */
unsigned rules_flags(const struct config *config, const struct account *account);

/* --- From where and when; rules_admit.c --- */

/* "mon-fri 08:00-18:00, sat 09:00-12:00": days, times or both, as often as wanted with a comma
 * between. Days are mon tue wed thu fri sat sun or a range of them; a range of times that ends
 * before it begins goes on past midnight, and belongs to the day on which it begins. In the
 * machine's time zone. */
bool hours_are_good(const char *text);
/* Whether a login from REMOTE at NOW is within the networks and hours. */
struct address;
bool rules_admit_address(const struct rules *rules, const struct address *remote);
bool rules_admit_time(const struct rules *rules, int64_t now);
