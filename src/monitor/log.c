/* What the monitor writes into the logs about its connection: see monitor.h. It never writes what a
 * session says without having looked at it (requests.c). */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "monitor/cell.h"
#include "monitor/monitor.h"

#include <string.h>
#include <sys/wait.h>

void monitor_log(struct monitor *monitor, const struct event *event)
{
    struct event_origin origin = {
        .remote = &monitor->remote,
        .user = monitor->named ? monitor->user : NULL,
        .session = monitor->session,
    };
    (void)log_write(&monitor->log, &origin, event);
}

void monitor_log_admin(struct monitor *monitor, const struct event *event)
{
    struct event_origin origin = {
        .remote = &monitor->remote,
        .session = monitor->session,
        .actor = monitor->account->name,
    };
    (void)log_write(&monitor->log, &origin, event);
}

void monitor_log_reason(struct monitor *monitor, enum event_id id, const char *reason,
                        const char *detail)
{
    struct event event = EVENT_INIT(id);
    event.reason = reason;
    event.detail = detail;
    monitor_log(monitor, &event);
}

void monitor_log_cell(struct monitor *monitor, const char *step, int error)
{
    struct event event = EVENT_INIT(EVENT_CELL_FAILED);
    cleanup_free char *detail = NULL;
    if (asprintf(&detail, "%s; %s", strerror(-error), cell_step_remedy(step)) < 0)
        detail = NULL;
    event.reason = cell_step_known(step);
    event.detail = detail;
    monitor_log(monitor, &event);
}

void monitor_log_end(struct monitor *monitor, const char *why, int status)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 && guard_leaves_out_end(monitor))
        return;
    if (monitor->left_out > 0) {
        struct event event = EVENT_INIT(EVENT_THROTTLED);
        cleanup_free char *detail = NULL;
        if (asprintf(&detail, "%llu events of this connection were not logged",
                     (unsigned long long)monitor->left_out) < 0)
            detail = NULL;
        event.detail = detail;
        monitor_log(monitor, &event);
    }
    struct event event = EVENT_INIT(EVENT_DISCONNECT);
    char death[64] = "";
    if (WIFSIGNALED(status))
        (void)snprintf(death, sizeof(death), "killed by signal %d", WTERMSIG(status));
    else if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        (void)snprintf(death, sizeof(death), "exit status %d", WEXITSTATUS(status));
    event.reason = monitor->ended ? monitor->end_reason : why;
    event.detail = death[0] ? death : NULL;
    event.duration = clock_usec() - monitor->started;
    monitor_log(monitor, &event);
}
