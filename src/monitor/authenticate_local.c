/*
 * Authentication against the local user database: see authenticate.h. An unknown name, a wrong
 * password, a disabled or expired account and a damaged record cost the same work.
 */
#include "monitor/authenticate.h"
#include "monitor/verifier.h"

#include "lib/cleanup.h"
#include "lib/password.h"

#include <string.h>

struct upgrade {
    const char *from;
    const char *to;
};

/* Under the lock of the records: an administrator may have changed this one since it was read. */
static int take_hash(struct account *account, void *data)
{
    const struct upgrade *upgrade = data;
    if (strcmp(account->password, upgrade->from) != 0)
        return 0;
    char *copy = strdup(upgrade->to);
    if (!copy)
        return -ENOMEM;
    free(account->password);
    account->password = copy;
    return 1;
}

/* A hash of an older method is replaced by one of ours at the first login, when the password is
 * known. */
static void upgrade_hash(struct monitor *monitor, const struct account *account,
                         const char *password)
{
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, 4096);
    cleanup_account struct account *changed = NULL;
    char hash[PASSWORD_HASH_MAX];
    struct upgrade upgrade = {.from = account->password, .to = hash};
    int r = password_hash(password, (unsigned)monitor->config->accounts_hash_cost, hash);
    if (r == 0)
        r = account_change(monitor->config, account->name, take_hash, &upgrade, &changed, &problem);
    explicit_bzero(hash, sizeof(hash));
    if (r > 0)
        monitor_log_reason(monitor, EVENT_USER_PASSWORD, "hash-upgraded", NULL);
    else if (r < 0)
        monitor_log_reason(monitor, EVENT_SERVER_FAILED, "hash-upgrade", strerror(-r));
}

/* Why nobody may log in to ACCOUNT now; NULL. */
static const char *why_not(struct monitor *monitor, struct account *account)
{
    return !account->enabled             ? "disabled"
           : account_is_expired(account) ? "expired"
                                         : refusal_word(authenticate_judge(monitor, account));
}

enum authentication authenticate_local(struct monitor *monitor, const char *user,
                                       const char *password, struct account **ret,
                                       const char **ret_reason)
{
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, 4096);
    cleanup_account struct account *account = NULL;
    int r = account_load(monitor->config, user, &account, &problem);
    bool fits = password_matches(password, r == 0 ? account->password : NULL,
                                 (unsigned)monitor->config->accounts_hash_cost);
    if (r == -ENOENT || r == -EINVAL)
        return AUTHENTICATION_UNKNOWN;
    if (r < 0) {
        (void)buffer_append(&problem, "", 1);
        monitor_log_reason(monitor, EVENT_SERVER_FAILED, "account-record",
                           buffer_size(&problem) > 1 ? buffer_begin(&problem) : strerror(-r));
        *ret_reason = "bad-record";
        return AUTHENTICATION_REFUSED;
    }
    *ret_reason = certificate_judge(monitor, account, fits);
    if (!*ret_reason)
        *ret_reason = why_not(monitor, account);
    if (*ret_reason)
        return AUTHENTICATION_REFUSED;
    if (fits && password_is_outdated(account->password))
        upgrade_hash(monitor, account, password);
    *ret = take_pointer(account);
    return AUTHENTICATION_GRANTED;
}

/* Nobody could tell who has done what, so all that the account may be is a reader: never one who
 * administers, and never one who writes. */
const char *authenticate_anonymous(struct monitor *monitor, struct account **ret)
{
    const char *name = monitor->config->anonymous_account;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, 4096);
    cleanup_account struct account *account = NULL;
    int r = account_load(monitor->config, name, &account, &problem);
    if (r < 0) {
        (void)snprintf(monitor->login_detail, sizeof(monitor->login_detail),
                       "anonymous.account = \"%s\": %s; \"cellftpctl user %s %s\" %s", name,
                       r == -ENOENT ? "there is no such account" : "its record cannot be read",
                       r == -ENOENT ? "add" : "show", name,
                       r == -ENOENT ? "makes one" : "says what is wrong");
        return "anonymous-account";
    }
    account->anonymous = account->read_only = account->sets_read_only = true;
    const char *reason = certificate_judge(monitor, account, true);
    if (!reason)
        reason = why_not(monitor, account);
    if (!reason && account->role == ACCOUNT_ADMIN) {
        (void)snprintf(monitor->login_detail, sizeof(monitor->login_detail),
                       "anonymous.account = \"%s\" is an administrator: \"cellftpctl user mod %s "
                       "--role user\", or name another account",
                       name, name);
        reason = "anonymous-admin";
    }
    if (!reason)
        *ret = take_pointer(account);
    return reason;
}

/* Whether it is another password than the one that was checked. A hash of an older method may just
 * have been replaced, by this login or by another one at the same time. */
static bool has_new_password(const struct account *before, const struct account *present)
{
    return !before->anonymous && !password_is_outdated(before->password) &&
           strcmp(before->password, present->password) != 0;
}

enum stop_reason authenticate_local_again(struct monitor *monitor)
{
    const struct account *before = monitor->account;
    if (!before->password) /* not a local account */
        return STOP_COUNT;
    cleanup_buffer struct buffer ignored;
    buffer_init(&ignored, 4096);
    cleanup_account struct account *present = NULL;
    int r = account_load(monitor->config, before->name, &present, &ignored);
    if (r == -ENOENT || (r == 0 && present->uid != before->uid))
        return STOP_DELETED;
    if (r < 0 || !present->enabled)
        return STOP_LOCKED;
    if (account_is_expired(present))
        return STOP_EXPIRED;
    if (has_new_password(before, present))
        return STOP_PASSWORD;
    return authenticate_judge(monitor, present) != REFUSAL_NONE || present->role != before->role
               ? STOP_KICKED
               : STOP_COUNT;
}
