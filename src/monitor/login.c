/*
 * A login: name and password are authenticated, and on success the cell is opened by exactly one
 * uid and one folder. Runs in the monitor, before login, at most login.attempts times.
 *
 * Whoever asks learns nothing: an unknown name, a wrong password, a disabled account and a damaged
 * record cost the same work and get the same answer. The reason is in the log.
 */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/share.h"
#include "lib/tls_policy.h"
#include "monitor/authenticate.h"
#include "monitor/cell.h"
#include "monitor/pam_process.h"
#include "monitor/verifier.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

/* He can work where he knows the name, but does not see whose folders there are. */
static void log_unlisted(struct monitor *monitor, int homes)
{
    const char *path = monitor->config->directories_homes;
    struct stat status;
    char remedy[512];
    if (fstat(homes, &status) < 0 || account_cell_lists_homes(monitor->config, &status))
        return;
    (void)snprintf(remedy, sizeof(remedy),
                   "administrators cannot list %s: chgrp %" PRIu64 " %s && chmod g+rx %s", path,
                   monitor->config->accounts_uid_max, path, path);
    monitor_log_reason(monitor, EVENT_SERVER_FAILED, "homes", remedy);
}

/*
 * Rights of the session before: nobody, an empty root. After: the account's uid and groups are
 * valid in its user namespace, and it is handed one mount, the account's folder; an
 * administrator's: see lib/account_cell.h. The listener for refused calls is closed because the
 * next filter, which brings its own, could not be installed while there is one.
 */
static int open_cell(struct monitor *monitor, struct account *account, int *ret_tree)
{
    struct account_cell shape;
    enum cell_step step = CELL_STEP_RANGE;
    int r = account_cell(monitor->config, account, &shape);
    cleanup_close int folder = r < 0 ? -1 : cell_open_folder(&shape);
    if (r == 0) {
        step = CELL_STEP_FOLDER;
        r = folder < 0 ? folder : 0;
    }
    if (r == 0) {
        quota_enforce(monitor, account, folder);
        shape.read_only = account->read_only;
        r = cell_admit(&monitor->cell, &shape, folder, ret_tree, &step);
    }
    if (r < 0) {
        monitor_log_cell(monitor, cell_step_name(step), r);
        return r;
    }
    if (account->role == ACCOUNT_ADMIN)
        log_unlisted(monitor, folder);
    monitor->cell.listener = close_fd(monitor->cell.listener);
    quota_open(monitor, account, folder); /* now: later nobody of us may read the folder */
    return 0;
}

void login_log(struct monitor *monitor, enum event_id id, const char *reason)
{
    struct event event = EVENT_INIT(id);
    event.protocol = session_kind_is_tls(monitor->kind) ? monitor->tls.protocol : "none";
    event.reason = reason;
    event.detail = reason && *monitor->login_detail ? monitor->login_detail : NULL;
    monitor_log(monitor, &event);
}

static void take_name(struct monitor *monitor, const char *user)
{
    monitor->named = true;
    (void)snprintf(monitor->user, sizeof(monitor->user), "%s", user);
}

/* May the password of USER come as this session speaks? */
static bool may_send_password(const struct monitor *monitor, const char *user)
{
    return session_kind_is_tls(monitor->kind) ||
           tls_policy_of(monitor->config, &monitor->remote, user) == USER_MAY;
}

/*
 * Decided here, so that no session can be talked out of it, and again for the password. Looking for
 * a record that is there takes a little longer than for one that is not: the answer takes the same
 * time for both.
 */
int user_handle(struct monitor *monitor, struct message *message, struct message *answer)
{
    enum { LOOKING = 2, NAMES_PER_ATTEMPT = 3 };
    uint64_t arrived = clock_msec();
    const char *user = message_get_string(message, REQUEST_NAME_MAX);
    if (!message_end(message))
        return -EBADMSG;
    if (session_kind_is_tls(monitor->kind) && !monitor->verifier.shown)
        return -EPROTO;
    /* Past a number that no login takes, nobody's name is looked for any more: what holds for a
     * name without a record holds for all. The password is judged by the record in any case. */
    bool few = monitor->users++ < NAMES_PER_ATTEMPT * monitor->config->login_attempts;
    monitor->allowed = few || session_kind_is_tls(monitor->kind)
                           ? may_send_password(monitor, user)
                           : tls_policy(monitor->config, &monitor->remote, NULL) == USER_MAY;
    (void)snprintf(monitor->allowed_user, sizeof(monitor->allowed_user), "%s", user);
    uint64_t taken = clock_msec() - arrived;
    if (taken < LOOKING)
        (void)monitor_pause(monitor, LOOKING - taken);
    if (!monitor->allowed && requests_admit_noise(monitor)) {
        take_name(monitor, user);
        monitor->login_detail[0] = '\0';
        login_log(monitor, EVENT_LOGIN_REFUSED, "tls-required");
    }
    message_put_u32(answer, !monitor->allowed                             ? USER_NEEDS_TLS
                            : few && certificate_is_enough(monitor, user) ? USER_NEEDS_NO_PASSWORD
                                                                          : USER_MAY);
    return 0;
}

/* ARRIVED is when the try came: the work of checking is part of the pause, so that it tells
 * nothing.
 */
static void refuse(struct monitor *monitor, const char *reason, struct throttle_try *try,
                   uint64_t arrived, struct message *answer)
{
    login_log(monitor, EVENT_LOGIN_REFUSED, reason);
    if (guard_refused(monitor, try, arrived))
        monitor->attempts = (unsigned)monitor->config->login_attempts;
    bool last = monitor->attempts >= monitor->config->login_attempts;
    message_put_u32(answer, last ? LOGIN_LAST : LOGIN_REFUSED);
}

/* The password is right, and nothing comes of it: what was begun for this user ends, as the next
 * try may be another's. */
static void give_up(struct monitor *monitor)
{
    enum { PATIENCE = 5000 };
    (void)pam_process_end(&monitor->pam, PATIENCE);
    registry_disclaim(&monitor->registry);
}

/* This is no failure; but the user has as many sessions as there may be. */
static void refuse_crowded(struct monitor *monitor, const struct account *account,
                           struct message *answer)
{
    uint64_t most = account->effective.sessions;
    give_up(monitor);
    (void)snprintf(monitor->login_detail, sizeof(monitor->login_detail),
                   "%" PRIu64 " session%s at a time (sessions, limits.per_user)", most,
                   most == 1 ? "" : "s");
    login_log(monitor, EVENT_LOGIN_REFUSED, "crowded");
    message_put_u32(answer, LOGIN_CROWDED);
    message_put_u32(answer, (uint32_t)most);
}

/* The names of RULE that are the account's own, or its groups'; the server's the session knows. */
static void put_names(const struct config *config, const struct account *account, enum rule rule,
                      char *const *names, struct message *answer)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, MESSAGE_STRING_MAX);
    bool own = rule_is_given(&account->rules, rule) || rules_group_of(config, account, rule);
    int r = 0;
    for (size_t i = 0; own && r >= 0 && names && names[i]; i++)
        r = buffer_append_format(&text, "%s%s", i > 0 ? "\n" : "", names[i]);
    if (r >= 0)
        r = buffer_append(&text, "", 1);
    message_put_string(answer, r >= 0 ? buffer_begin(&text) : "");
    answer->broken |= r < 0;
}

void login_put_grant(const struct config *config, const struct account *account, const uint8_t *key,
                     size_t shares, struct message *answer)
{
    const struct rules *rules = &account->effective;
    struct account_cell shape;
    (void)account_cell(config, account, &shape); /* the cell was opened by it */
    message_put_u32(answer, LOGIN_GRANTED);
    message_put_u32(answer, shape.uid);
    message_put_u32(answer, shape.gid);
    message_put_u32(answer, (uint32_t)shape.group_count);
    for (size_t i = 0; i < shape.group_count; i++)
        message_put_u32(answer, shape.groups[i]);
    message_put_string(answer, account->name);
    message_put_u32(answer, rules_flags(config, account));
    message_put_bytes(answer, key, key ? TLS_KEY_SIZE : 0);
    message_put_u64(answer, rules->session_upload_rate);
    message_put_u64(answer, rules->session_download_rate);
    put_names(config, account, RULE_deny_names, rules->deny_names, answer);
    put_names(config, account, RULE_allow_names, rules->allow_names, answer);
    message_put_u32(answer, (uint32_t)shares);
}

int login_handle(struct monitor *monitor, struct message *message, struct message *answer,
                 int *ret_fd)
{
    uint64_t arrived = clock_msec();
    const char *user = message_get_string(message, REQUEST_NAME_MAX);
    const char *password = message_get_string(message, REQUEST_PASSWORD_MAX);
    if (!message_end(message) || monitor->attempts >= monitor->config->login_attempts)
        return -EBADMSG;
    if (!session_kind_is_tls(monitor->kind) &&
        (!monitor->allowed || strcmp(user, monitor->allowed_user) != 0))
        return -EPROTO; /* a session of ours has asked first, and was told not to */
    monitor->attempts++;
    take_name(monitor, user);

    monitor->login_detail[0] = '\0';
    cleanup_account struct account *account = NULL;
    struct throttle_try try = {.state = THROTTLE_WAIT};
    const char *reason = may_send_password(monitor, user) ? NULL : "tls-required";
    int r = reason ? 0 : guard_try(monitor, user, &try, &reason);
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
        r = registry_claim(&monitor->registry, account->name, account->effective.sessions);
        if (r == -EUSERS) {
            refuse_crowded(monitor, account, answer);
            return 0;
        }
        if (r < 0)
            monitor_log_reason(monitor, EVENT_SERVER_FAILED, "registry", strerror(-r));
        else
            r = open_cell(monitor, account, ret_fd);
    }
    if (r < 0) {
        give_up(monitor);
        message_put_u32(answer, LOGIN_UNAVAILABLE);
        return 0;
    }
    monitor->phase = PHASE_ENTERING;
    monitor->control = close_fd(monitor->control);
    verifier_end(monitor);
    uint8_t key[TLS_KEY_SIZE];
    r = tls_ticket_key(monitor, account, key);
    login_put_grant(monitor->config, account, r == 0 ? key : NULL,
                    share_count_of(monitor->config, account), answer);
    explicit_bzero(key, sizeof(key));
    monitor->account = take_pointer(account);
    return 0;
}
