/* What an administrator does, into the logs. Only src/ctl includes it. */
#pragma once

#include "ctl/command.h"
#include "lib/event.h"

/* Writes EVENT of ORIGIN, whose actor is filled in. A line that cannot be written is said on
 * stderr: what it is about has been done all the same. */
void record(const struct invocation *invocation, struct event_origin origin,
            const struct event *event);
