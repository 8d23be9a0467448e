/*
 * Authentication against the local user database: see authenticate.h. An unknown name, a wrong
 * password, a disabled account and a damaged record cost the same work.
 */
#include "monitor/authenticate.h"

#include "lib/cleanup.h"
#include "lib/password.h"

#include <string.h>

/* A hash of an older method is replaced by one of ours at the first login, when the password is
 * known. The record is read again, because an administrator may have changed it since. */
static void upgrade_hash(struct monitor *monitor, const struct account *account,
                         const char *password)
{
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, 4096);
    cleanup_account struct account *present = NULL;
    char hash[PASSWORD_HASH_MAX];
    int r = password_hash(password, (unsigned)monitor->config->accounts_hash_cost, hash);
    if (r == 0)
        r = account_load(monitor->config, account->name, &present, &problem);
    if (r == 0 && strcmp(present->password, account->password) != 0)
        return;
    if (r == 0) {
        free(present->password);
        present->password = strdup(hash);
        r = present->password ? account_save(monitor->config, present, false) : -ENOMEM;
    }
    explicit_bzero(hash, sizeof(hash));
    monitor_log_reason(monitor, r == 0 ? EVENT_USER_PASSWORD : EVENT_SERVER_FAILED,
                       r == 0 ? "hash-upgraded" : "hash-upgrade", r == 0 ? NULL : strerror(-r));
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
    *ret_reason = !fits ? "bad-password" : !account->enabled ? "disabled" : NULL;
    if (*ret_reason)
        return AUTHENTICATION_REFUSED;
    if (password_is_outdated(account->password))
        upgrade_hash(monitor, account, password);
    *ret = take_pointer(account);
    return AUTHENTICATION_GRANTED;
}
