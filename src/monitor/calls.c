/*
 * System calls that a session's filter refused: the kernel asks here (seccomp_unotify(2)). The
 * call's name is logged once for each session; one that only an intruder makes ends the session. It
 * never lets a call through.
 */
#include "lib/cleanup.h"
#include "lib/filter.h"
#include "monitor/monitor.h"

#include <linux/seccomp.h>
#include <sys/ioctl.h>

enum { REFUSED_CALLS_MAX = 1000 }; /* a session that goes on and on is not ours any more */

static void log_call(struct monitor *monitor, int number)
{
    size_t byte = (size_t)number / 8;
    uint8_t bit = (uint8_t)(1u << (number % 8));
    if (number < 0 || byte >= sizeof(monitor->refused_seen) || (monitor->refused_seen[byte] & bit))
        return;
    monitor->refused_seen[byte] |= bit;
    monitor_log_reason(monitor, EVENT_CALL_REFUSED, "system-call", filter_call_name(number));
}

int calls_handle(struct monitor *monitor)
{
    /* The kernel wants it zeroed, and may want more of it than we know about. */
    union {
        struct seccomp_notif notification;
        char space[256];
    } question = {.space = {0}};
    if (ioctl(monitor->cell.listener, SECCOMP_IOCTL_NOTIF_RECV, &question) < 0)
        return errno == EINTR || errno == ENOENT ? 0 : -errno;

    int number = question.notification.data.nr;
    if (filter_means_compromise(number) || ++monitor->refused_calls > REFUSED_CALLS_MAX) {
        monitor_log_reason(monitor, EVENT_ATTACK, "system-call", filter_call_name(number));
        return -EPROTO;
    }
    log_call(monitor, number);

    union {
        struct seccomp_notif_resp response;
        char space[256];
    } answer = {.space = {0}};
    answer.response.id = question.notification.id;
    answer.response.error = -EPERM;
    if (ioctl(monitor->cell.listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) < 0)
        return errno == ENOENT ? 0 : -errno; /* ENOENT: it has died meanwhile */
    return 0;
}
