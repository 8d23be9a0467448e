/*
 * What the commands about quotas share: who has one, and how things stand. Only src/ctl includes
 * it. Users of the system are local accounts' equals here: their account has no password, and their
 * groups are those of the name service.
 */
#pragma once

#include "ctl/command.h"
#include "lib/account.h"
#include "lib/ledger.h"

/* --- Who; quota_users.c --- */

/* The account NAME, or the user of the system with that name, resolved (account->effective); as
 * auth.order has it. -ENOENT after having said so, -EBADMSG and others too. */
int quota_user_find(const struct invocation *invocation, const char *name, struct account **ret);

/* Calls VISIT for the operands; or, if there are none, for all who have something that is counted:
 * local accounts in alphabetical order, then users of the system. An operand that is nobody, or
 * whose record is damaged, is said on stderr, and STATUS_FAILED at the end; so is what VISIT
 * returns, unless it is STATUS_OK. */
typedef enum exit_status (*quota_visitor)(const struct account *account, void *data);
enum exit_status quota_users_visit(const struct invocation *invocation, quota_visitor visit,
                                   void *data);

/* For commands that want names or --all: says on stderr what is missing. */
bool quota_users_are_said(const struct invocation *invocation);

/* --- How things stand; quota_look.c --- */

struct quota_now {
    struct ledger_amount used; /* no meaning unless IS_KNOWN */
    struct ledger_amount leased;
    struct ledger_amount quota; /* that holds for the next login */
    bool is_known;
    const char *state; /* a word */
    const char *fault; /* what is wrong, and the remedy; NULL */
    int64_t counted;   /* when, 0: never */
    unsigned sessions;
};
void quota_look(const struct invocation *invocation, const struct account *account,
                struct quota_now *ret);

static inline struct ledger_amount quota_of(const struct account *account)
{
    return (struct ledger_amount){account->effective.quota, account->effective.quota_files};
}

static inline bool quota_is_limited(const struct ledger_amount *quota)
{
    return quota->bytes != NO_LIMIT || quota->files != NO_LIMIT;
}

/* The user's folder, open; never through a symbolic link, and -EPERM if it is not the user's own.
 * Negative errno. */
int quota_open_folder(const struct account *account);

/* --- Words --- */

/* BYTES for people, "1.5 GiB"; "none" for NO_LIMIT. */
enum { QUOTA_SIZE_MAX = 32 };
void quota_format_size(uint64_t bytes, char ret[QUOTA_SIZE_MAX]);
