/*
 * A connection arrives: whether it may go on, by the limits, the bans and what its address has
 * done. Runs in the monitor. It may write one constant line to a client that it turns away; it
 * never reads from one.
 */
#include "monitor/monitor.h"

#include <string.h>
#include <sys/socket.h>

void arrival_turn_away(struct monitor *monitor, const char *reply)
{
    if (session_kind_is_tls(monitor->kind))
        return;
    (void)send(monitor->control, reply, strlen(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
    /* Closing with unread input would send a reset, which may overtake the reply. */
    (void)shutdown(monitor->control, SHUT_WR);
}

/* What a limit is called in the log, and what the client hears. */
static const char *const limit_reasons[] = {
    [REGISTRY_FULL] = "limit-connections",
    [REGISTRY_ADDRESS_FULL] = "limit-per-address",
    [REGISTRY_WAITING_FULL] = "limit-waiting",
    [REGISTRY_WAITING_ADDRESS_FULL] = "limit-waiting-per-address",
    [REGISTRY_DRAINING] = "drained",
};
static const char *const limit_replies[] = {
    [REGISTRY_FULL] = "421 Too many connections. Try again later.\r\n",
    [REGISTRY_ADDRESS_FULL] =
        "421 Too many connections from your address. Close one or try again later.\r\n",
    [REGISTRY_WAITING_FULL] =
        "421 Too many connections that have not logged in. Try again later.\r\n",
    [REGISTRY_WAITING_ADDRESS_FULL] = ("421 Too many connections from your address that have not "
                                       "logged in. Try again later.\r\n"),
    [REGISTRY_DRAINING] = "421 The server is going down for maintenance. Try again later.\r\n",
};

#define REPLY_ON_LIST "421 An administrator has banned your address.\r\n"
#define REPLY_BANNED  "421 Too many failed logins from your address. Try again later.\r\n"

bool arrival_admit(struct monitor *monitor, const char *problems)
{
    bool banned = false;
    int arrived = guard_arrival(monitor, &banned);
    if (problems && !monitor->quiet)
        monitor_log_reason(monitor, EVENT_CONFIG_REJECTED, "last-good", problems);
    if (arrived < 0) {
        arrival_turn_away(monitor, ARRIVAL_BROKEN);
        return false;
    }
    if (banned) {
        guard_log_stranger(monitor, EVENT_REFUSE_CONNECTION, "banned");
        arrival_turn_away(monitor, REPLY_BANNED);
        return false;
    }
    enum registry_limit limit = REGISTRY_ADMITTED;
    int r = registry_enter(monitor->config, &monitor->remote, monitor->session, &monitor->registry,
                           &limit);
    if (r < 0) {
        monitor_log_reason(monitor, EVENT_SERVER_FAILED, "registry", strerror(-r));
        arrival_turn_away(monitor, ARRIVAL_BROKEN);
        return false;
    }
    if (limit != REGISTRY_ADMITTED) {
        guard_log_stranger(monitor, EVENT_REFUSE_CONNECTION, limit_reasons[limit]);
        arrival_turn_away(monitor, limit_replies[limit]);
        return false;
    }
    r = guard_banned(monitor, &banned);
    if (banned)
        guard_log_stranger(monitor, EVENT_REFUSE_CONNECTION, "ban-list");
    if (r < 0 || banned)
        arrival_turn_away(monitor, r < 0 ? ARRIVAL_BROKEN : REPLY_ON_LIST);
    return r == 0 && !banned;
}
