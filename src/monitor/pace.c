/* Rates of users: what all sessions of one may move together (lib/pace.h). Runs in the monitor. */
#include "monitor/monitor.h"

#include "lib/clock.h"
#include "lib/pace.h"

#include <string.h>

/* Opened with the first transfer: who has no rate pays nothing. Where there is no table, this
 * session has the rate for itself: a full /run stops no transfer. */
static uint64_t take(struct monitor *monitor, enum pace_direction direction, uint64_t rate,
                     uint64_t bytes, uint64_t now)
{
    uint64_t when;
    int r = 0;
    if (!monitor->pace.table && !monitor->paces_alone)
        r = pace_open(monitor->config, monitor->account->uid, &monitor->pace);
    if (r == 0 && !monitor->paces_alone)
        r = pace_take(&monitor->pace, direction, rate, bytes, now, &when);
    if (r == 0 && !monitor->paces_alone)
        return when;
    if (!monitor->paces_alone)
        monitor_log_reason(monitor, EVENT_SERVER_FAILED, "rates", strerror(-r));
    monitor->paces_alone = true;
    return pace_promise(&monitor->pace_alone[direction], rate, bytes, now);
}

int pace_handle(struct monitor *monitor, struct message *message, struct message *answer)
{
    uint32_t direction = message_get_u32(message);
    if (!message_end(message) || direction >= PACE_DIRECTIONS)
        return -EBADMSG;
    const struct rules *rules = &monitor->account->effective;
    uint64_t rate = direction == PACE_UPLOAD ? rules->upload_rate : rules->download_rate;
    if (rate == NO_LIMIT)
        return -EPROTO; /* no session of ours asks */
    uint64_t bytes = pace_portion(rate), now = clock_usec();
    uint64_t when = take(monitor, direction, rate, bytes, now);
    message_put_u32(answer, when > now ? (uint32_t)((when - now + 999) / 1000) : 0);
    message_put_u64(answer, bytes);
    return 0;
}
