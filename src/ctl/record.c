/* What an administrator does, into the logs: see record.h. */
#include "ctl/record.h"

#include "ctl/actor.h"
#include "lib/log.h"

void record(const struct invocation *invocation, struct event_origin origin,
            const struct event *event)
{
    char actor[ACTOR_MAX];
    actor_name(actor);
    origin.actor = actor;
    if (!origin.session)
        origin.session = actor_session();
    struct log log;
    (void)log_open(invocation->config, &log);
    (void)log_write(&log, &origin, event);
    log_close(&log);
}
