/*
 * Rates of transfers: how much may move now, and when more. The session's own rates are kept here;
 * those that a user's sessions have in common are asked of the monitor (PACE), a portion at a time.
 * Sockets of downloads have a limit in the kernel besides, which a session that was taken over
 * cannot take off (monitor/sockets.c). Transfers ask; nothing else is paced: not the control
 * connection, no checksum. Private to src/session.
 */
#pragma once

#include "lib/pace.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct session;

struct pacing_promise {
    uint64_t bytes; /* that may move, */
    uint64_t when;  /* from then on: clock_usec */
};

/* One direction. */
struct pacing {
    uint64_t rate; /* of this session, NO_LIMIT: none */
    uint64_t time; /* of that: pace_promise() */
    bool shared;   /* there is one of the user's, too */
    struct pacing_promise own, common;
};

void pacing_init(struct pacing *pacing, uint64_t rate, bool shared);

/* 0: as many bytes as pacing_most() says may move now. Else when (clock_msec). Negative errno. */
int pacing_wait(struct session *session, enum pace_direction direction, uint64_t *ret_until);
/* The smaller of SIZE and what may move without asking again. */
size_t pacing_most(const struct session *session, enum pace_direction direction, size_t size);
/* So many have moved. */
void pacing_spend(struct session *session, enum pace_direction direction, uint64_t bytes);
