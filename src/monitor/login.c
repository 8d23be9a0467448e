/*
 * A login: name and password against the local user database, and on success the cell opened by
 * exactly one uid and one folder. Runs in the monitor, before login, at most login.attempts times.
 *
 * Whoever asks learns nothing: an unknown name, a wrong password, a disabled account and a damaged
 * record cost the same work and get the same answer. The reason is in the log.
 */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/password.h"
#include "monitor/cell.h"
#include "monitor/monitor.h"

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

/* NULL if the password fits and the account may log in, else the reason for the log. *RET is the
 * account then. */
static const char *authenticate(struct monitor *monitor, const char *user, const char *password,
                                struct account **ret)
{
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, 4096);
    cleanup_account struct account *account = NULL;
    int r = account_load(monitor->config, user, &account, &problem);
    bool fits = password_matches(password, r == 0 ? account->password : NULL,
                                 (unsigned)monitor->config->accounts_hash_cost);
    if (r == -ENOENT || r == -EINVAL)
        return "unknown-user";
    if (r < 0) {
        (void)buffer_append(&problem, "", 1);
        monitor_log_reason(monitor, EVENT_SERVER_FAILED, "account-record",
                           buffer_size(&problem) > 1 ? buffer_begin(&problem) : strerror(-r));
        return "bad-record";
    }
    if (!fits)
        return "bad-password";
    if (!account->enabled)
        return "disabled";
    if (password_is_outdated(account->password))
        upgrade_hash(monitor, account, password);
    *ret = take_pointer(account);
    return NULL;
}

/*
 * Rights of the session before: nobody, an empty root. After: the account's uid can become valid in
 * its user namespace, and it is handed one mount, the account's folder. The listener for refused
 * calls is closed because the next filter, which brings its own, could not be installed while there
 * is one.
 */
static int open_cell(struct monitor *monitor, const struct account *account, int *ret_tree)
{
    cleanup_close int folder = cell_open_folder(account);
    enum cell_step step = CELL_STEP_FOLDER;
    int r = folder < 0 ? folder
                       : cell_admit(&monitor->cell, account->uid, account->gid, folder,
                                    account->read_only, ret_tree, &step);
    if (r < 0) {
        monitor_log_cell(monitor, cell_step_name(step), r);
        return r;
    }
    monitor->cell.listener = close_fd(monitor->cell.listener);
    return 0;
}

static void refuse(struct monitor *monitor, const char *reason, struct message *answer)
{
    monitor_log_reason(monitor, EVENT_LOGIN_REFUSED, reason, NULL);
    clock_pause(monitor->config->login_delay);
    bool last = monitor->attempts >= monitor->config->login_attempts;
    message_put_u32(answer, last ? LOGIN_LAST : LOGIN_REFUSED);
}

int login_handle(struct monitor *monitor, struct message *message, struct message *answer,
                 int *ret_fd)
{
    const char *user = message_get_string(message, REQUEST_NAME_MAX);
    const char *password = message_get_string(message, REQUEST_PASSWORD_MAX);
    if (!message_end(message) || monitor->attempts >= monitor->config->login_attempts)
        return -EBADMSG;
    monitor->attempts++;
    monitor->named = true;
    (void)snprintf(monitor->user, sizeof(monitor->user), "%s", user);

    cleanup_account struct account *account = NULL;
    const char *reason = authenticate(monitor, user, password, &account);
    explicit_bzero(message->payload, sizeof(message->payload));
    if (reason) {
        refuse(monitor, reason, answer);
        return 0;
    }
    if (open_cell(monitor, account, ret_fd) < 0) {
        message_put_u32(answer, LOGIN_UNAVAILABLE);
        return 0;
    }
    monitor->phase = PHASE_ENTERING;
    message_put_u32(answer, LOGIN_GRANTED);
    message_put_u32(answer, account->uid);
    message_put_u32(answer, account->gid);
    message_put_string(answer, account->name);
    message_put_u32(answer, account->read_only ? ACCOUNT_READ_ONLY : 0);
    monitor->account = take_pointer(account);
    return 0;
}
