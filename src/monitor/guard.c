/*
 * What strangers may do how often: the monitor's side of lib/throttle.h. It refuses banned
 * addresses, lets a password be checked or not, and keeps floods of connections out of the log. It
 * never looks at a password, and says nothing to a client itself.
 */
#include "lib/ban.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/mark.h"
#include "monitor/monitor.h"

#include <inttypes.h>
#include <string.h>

static void log_failure(struct monitor *monitor, int error)
{
    cleanup_free char *detail = NULL;
    if (asprintf(&detail,
                 "%s/failures: %s; make room there, or remove the file: it is made anew, and "
                 "forgets all failed logins",
                 monitor->config->directories_run, strerror(-error)) < 0)
        detail = NULL;
    monitor_log_reason(monitor, EVENT_SERVER_FAILED, "throttle", detail);
}

static void log_left_out(struct monitor *monitor, const char *reason, uint64_t lines,
                         const char *whose)
{
    cleanup_free char *detail = NULL;
    if (lines == 0)
        return;
    if (asprintf(&detail,
                 "%" PRIu64 " lines about connections from %s that did not log in were left out "
                 "since the last line like this",
                 lines, whose) < 0)
        detail = NULL;
    monitor_log_reason(monitor, EVENT_THROTTLED, reason, detail);
}

int guard_arrival(struct monitor *monitor, bool *ret_banned)
{
    struct throttle_arrival arrival;
    int r = throttle_arrive(monitor->config, clock_msec(), &monitor->remote, &arrival);
    if (r < 0) {
        log_failure(monitor, r);
        return r;
    }
    log_left_out(monitor, "address", arrival.left_out, "this address");
    log_left_out(monitor, "all", arrival.left_out_elsewhere, "other addresses");
    monitor->quiet = arrival.quiet;
    *ret_banned = arrival.banned;
    return 0;
}

/* It is said once an hour: every connection reads the list. */
static void log_bans(struct monitor *monitor, int error, const struct buffer *problem)
{
    enum { EVERY = 3600 };
    cleanup_free char *detail = NULL;
    if (mark_take(monitor->config, "bans-reported", EVERY) == 0)
        return;
    if (asprintf(
            &detail, "%s/bans: %.*s%s", monitor->config->directories_state,
            (int)buffer_size(problem), buffer_size(problem) > 0 ? buffer_begin(problem) : "",
            error < 0
                ? "cannot be used, so nobody is let in: it must be a file of root's that "
                  "nobody else can write to; \"cellftpctl ban list\" says more"
                : "\"cellftpctl ban list\" shows the bans that hold; mend or remove the rest") < 0)
        detail = NULL;
    monitor_log_reason(monitor, EVENT_SERVER_FAILED, "bans", detail);
}

int guard_banned(struct monitor *monitor, bool *ret_banned)
{
    struct ban ban = {0};
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, 1024);
    int r = ban_find(monitor->config, time(NULL), &monitor->remote, ret_banned, &ban, &problem);
    if (r < 0 || buffer_size(&problem) > 0)
        log_bans(monitor, r, &problem);
    return r;
}

void guard_log_stranger(struct monitor *monitor, enum event_id id, const char *reason)
{
    if (!monitor->quiet)
        monitor_log_reason(monitor, id, reason, NULL);
}

bool guard_leaves_out_end(struct monitor *monitor)
{
    if (!monitor->quiet || monitor->account)
        return false;
    int r =
        throttle_leave_out(monitor->config, clock_msec(), &monitor->remote, 1 + monitor->left_out);
    return r == 0;
}

static void log_ban(struct monitor *monitor)
{
    cleanup_free char *detail = NULL;
    if (asprintf(&detail,
                 "%" PRIu64 " failed logins within %" PRIu64 " s; refused for %" PRIu64 " s",
                 monitor->config->login_failures_per_address, monitor->config->login_window / 1000,
                 monitor->config->login_ban / 1000) < 0)
        detail = NULL;
    monitor_log_reason(monitor, EVENT_BAN, "failures", detail);
}

int guard_try(struct monitor *monitor, const char *user, struct throttle_try *ret,
              const char **ret_reason)
{
    enum { ASK_EVERY = 20 };
    static const char *const reasons[] = {
        [THROTTLE_CHECK] = NULL,
        [THROTTLE_WAIT] = "too-many-at-once",
        [THROTTLE_BANNED] = "address-banned",
        [THROTTLE_NAME] = "name-throttled",
    };
    uint64_t end = clock_msec() + monitor->config->login_deadline;
    int r;
    while ((r = throttle_begin(monitor->config, clock_msec(), &monitor->remote, user, ret)) == 0 &&
           ret->state == THROTTLE_WAIT && clock_msec() < end && monitor_pause(monitor, ASK_EVERY))
        continue;
    if (r < 0) {
        log_failure(monitor, r);
        return r;
    }
    *ret_reason = reasons[ret->state];
    return 0;
}

bool guard_refused(struct monitor *monitor, struct throttle_try *try, uint64_t arrived)
{
    int r = 0;
    if (try->state == THROTTLE_CHECK)
        r = throttle_refuse(monitor->config, clock_msec(), &monitor->remote, &try->ban_begins);
    if (r < 0)
        log_failure(monitor, r);
    if (try->ban_begins)
        log_ban(monitor);
    /* Hanging up does not end it: the place of the connection stays taken for its time. */
    uint64_t now = clock_msec(), end = arrived + try->pause;
    if (now < end)
        (void)monitor_pause(monitor, end - now);
    return try->state == THROTTLE_BANNED || try->ban_begins;
}

void guard_granted(struct monitor *monitor, const char *user)
{
    int r = throttle_grant(monitor->config, clock_msec(), &monitor->remote, user, monitor->quiet);
    if (r < 0)
        log_failure(monitor, r);
}
