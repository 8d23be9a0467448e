/*
 * A login: name and password are authenticated, and on success the cell is opened by exactly one
 * uid and one folder. Runs in the monitor, before login, at most login.attempts times.
 *
 * Whoever asks learns nothing: an unknown name, a wrong password, a disabled account and a damaged
 * record cost the same work and get the same answer. The reason is in the log.
 */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "monitor/authenticate.h"
#include "monitor/cell.h"
#include "monitor/monitor.h"

#include <string.h>

/*
 * Rights of the session before: nobody, an empty root. After: the account's uid and groups can
 * become valid in its user namespace, and it is handed one mount, the account's folder. The
 * listener for refused calls is closed because the next filter, which brings its own, could not be
 * installed while there is one.
 */
static int open_cell(struct monitor *monitor, const struct account *account, int *ret_tree)
{
    cleanup_close int folder = cell_open_folder(account);
    enum cell_step step = CELL_STEP_FOLDER;
    int r = folder < 0 ? folder : cell_admit(&monitor->cell, account, folder, ret_tree, &step);
    if (r < 0) {
        monitor_log_cell(monitor, cell_step_name(step), r);
        return r;
    }
    monitor->cell.listener = close_fd(monitor->cell.listener);
    return 0;
}

/* ARRIVED is when the try came: the work of checking is part of the pause, so that it tells
 * nothing.
 */
static void refuse(struct monitor *monitor, const char *reason, struct throttle_try *try,
                   uint64_t arrived, struct message *answer)
{
    const char *detail = monitor->login_detail;
    monitor_log_reason(monitor, EVENT_LOGIN_REFUSED, reason, *detail ? detail : NULL);
    if (guard_refused(monitor, try, arrived))
        monitor->attempts = (unsigned)monitor->config->login_attempts;
    bool last = monitor->attempts >= monitor->config->login_attempts;
    message_put_u32(answer, last ? LOGIN_LAST : LOGIN_REFUSED);
}

void login_put_grant(const struct account *account, struct message *answer)
{
    message_put_u32(answer, LOGIN_GRANTED);
    message_put_u32(answer, account->uid);
    message_put_u32(answer, account->gid);
    message_put_u32(answer, (uint32_t)account->group_count);
    for (size_t i = 0; i < account->group_count; i++)
        message_put_u32(answer, account->groups[i]);
    message_put_string(answer, account->name);
    message_put_u32(answer, account->read_only ? ACCOUNT_READ_ONLY : 0);
}

int login_handle(struct monitor *monitor, struct message *message, struct message *answer,
                 int *ret_fd)
{
    uint64_t arrived = clock_msec();
    const char *user = message_get_string(message, REQUEST_NAME_MAX);
    const char *password = message_get_string(message, REQUEST_PASSWORD_MAX);
    if (!message_end(message) || monitor->attempts >= monitor->config->login_attempts)
        return -EBADMSG;
    monitor->attempts++;
    monitor->named = true;
    (void)snprintf(monitor->user, sizeof(monitor->user), "%s", user);

    monitor->login_detail[0] = '\0';
    cleanup_account struct account *account = NULL;
    struct throttle_try try;
    const char *reason = NULL;
    int r = guard_try(monitor, user, &try, &reason);
    if (r == 0 && !reason)
        reason = authenticate(monitor, user, password, &account);
    explicit_bzero(message->payload, sizeof(message->payload));
    if (reason) {
        refuse(monitor, reason, &try, arrived, answer);
        return 0;
    }
    if (r == 0) {
        guard_granted(monitor, monitor->user);
        /* PAM may have made another name of it: that one counts from here on. */
        (void)snprintf(monitor->user, sizeof(monitor->user), "%s", account->name);
        r = open_cell(monitor, account, ret_fd);
    }
    if (r < 0) {
        message_put_u32(answer, LOGIN_UNAVAILABLE);
        return 0;
    }
    monitor->phase = PHASE_ENTERING;
    login_put_grant(account, answer);
    monitor->account = take_pointer(account);
    return 0;
}
