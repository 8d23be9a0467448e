/* What the commands about accounts share. Only src/ctl includes it. */
#pragma once

#include "ctl/secret.h"
#include "ctl/table.h"
#include "lib/account.h"
#include "lib/event.h"

#include <limits.h>

enum { USER_PROBLEM_MAX = 16384, USER_TEXT_MAX = PATH_MAX + 256 };

/* Says on stderr why ERROR kept the command from its account, with the words of PROBLEM. */
enum exit_status user_explain(const struct invocation *invocation, int error,
                              const struct buffer *problem);

/* Says that on behalf of this actor (actor.h) the account is not changed, for the reason in WORDS.
 */
enum exit_status user_refuse(const struct invocation *invocation, const char *words);

/* Loads the account that the command is about, or says why not. */
enum exit_status user_load(const struct invocation *invocation, struct account **ret);

/* If ACCOUNT is an administrator's: the folder of all folders, in which its sessions are. Says what
 * is wrong there, which is no failure of the command. */
void user_prepare_homes(const struct invocation *invocation, const struct account *account);

/* One line in admin.log about the account. DETAIL may be NULL. */
void user_log(const struct invocation *invocation, enum event_id id, const char *detail);

/* --- Accounts shown --- */

/* What is shown of an account, in a list and after a change. */
/* clang-format off */
#define USER_COLUMNS                                                        \
    {"NAME",    "name",      TABLE_TEXT}, {"UID",  "uid",       TABLE_NUMBER},  \
    {"STATE",   "state",     TABLE_TEXT}, {NULL,   "enabled",   TABLE_BOOLEAN}, \
    {"RIGHTS",  NULL,        TABLE_TEXT}, {NULL,   "read_only", TABLE_BOOLEAN}, \
    {"CREATED", "created",   TABLE_TEXT}, {"EXPIRES", "expires", TABLE_TEXT},   \
    {"ROLE",    "role",      TABLE_TEXT}, {"TLS",  "tls",       TABLE_TEXT},    \
    {"CERTIFICATE", NULL,    TABLE_TEXT}, {NULL, "certificate", TABLE_TEXT},    \
    {NULL, "certificate_name", TABLE_TEXT}, {"FOLDER", "home",  TABLE_TEXT}
/* clang-format on */

/* --- Changes --- */

/* What a command did to an account, or with --dry-run would do. */
struct user_report {
    struct account *account; /* as it is now; NULL if it has none to show */
    const char *state;       /* "removed" instead of the account's, NULL else */
    const char *text;        /* for people: one line without its newline */
    const char *password;    /* that was generated, NULL else */
    unsigned sessions;       /* that were ended */
    bool changed;
    bool added;
};

/* Prints it in words, or with --json as an object. A generated password is all that goes to stdout
 * then in words, so that a script can take it from there. */
enum exit_status user_print(const struct invocation *invocation, const struct user_report *report);

/* What an account shall be like. */
struct user_wish {
    bool sets_enabled;
    bool sets_read_only;
    bool sets_expires;
    bool sets_tls;
    bool sets_role;
    bool sets_certificate;
    bool sets_certificate_name;
    bool sets_labels;   /* to settings.labels, which are "labels" then */
    uint32_t forgets;   /* rules that go out of the record, 1 << RULE_quota */
    struct rules rules; /* those that come into it */
    char **labels;
    struct account_settings settings;
    const struct secret *secret; /* the new password; NULL: the present one stays */
    bool keeps_fitting;          /* the hash stays if it is good and of that password */
};

/* What the options of the command line say, but for the password. */
struct user_wish user_wish_read(const struct invocation *invocation);
void user_wish_free(struct user_wish *wish);
#define cleanup_user_wish __attribute__((cleanup(user_wish_free)))

/* --- Rules; user_rules.c --- */

/* What the options say about groups and rules. */
void user_rules_read(const struct invocation *invocation, struct user_wish *wish);
/* Whether RULE is to be set or taken out. */
bool user_rules_ask(const struct user_wish *wish, enum rule rule);
/* Makes RULE of ACCOUNT as the wish says: 1 if that changed it, 0 if it is so already, -ENOMEM. And
 * the groups. */
int user_rules_apply(const struct user_wish *wish, struct account *account, enum rule rule);
int user_labels_apply(const struct user_wish *wish, struct account *account);
/* "quota 10 GiB", "quota default"; "groups staff,guests" */
void user_rules_append(struct buffer *buffer, const struct account *account, enum rule rule);
void user_labels_append(struct buffer *buffer, const struct account *account);

/* The columns of rules, for people only where SHOWN; RET has room for USER_RULE_COLUMNS. And what
 * stands in them, of an account that is resolved, or of none. */
enum { USER_RULE_COLUMNS = 2 + 3 * RULE_KIND_COUNT };
void user_rules_columns(bool shown, struct table_column *ret);
void user_rules_put(struct table *table, const struct config *config,
                    const struct account *account);

/* Makes the account as WISH says, ends its sessions if it cannot log in then, logs and prints it.
 * If there is no such account, *RET_MISSING is set and nothing said, unless it is NULL. */
enum exit_status user_change(const struct invocation *invocation, const struct user_wish *wish,
                             bool *ret_missing);

/* Makes the account with the password of WISH, logs and prints it. If it exists already,
 * *RET_EXISTS is set and nothing said, unless it is NULL. */
enum exit_status user_create(const struct invocation *invocation, const struct user_wish *wish,
                             bool *ret_exists);

/* The account was made: runs hooks.registration, without waiting for it. registered.c */
void user_registered(const struct invocation *invocation, const struct account *account);
