/*
 * Rates: how many bytes may move in a time, of one session, and of all sessions of a user together.
 * The monitor keeps the latter (PACE of lib/request.h), the session its own.
 *
 * A rate is a time from which on more may move ("the generic cell rate algorithm", ITU-T I.371
 * annex A): each byte pushes it on by what it takes. So one number says everything, and no
 * timer fills anything. Nobody is ever faster than RATE * (t + PACE_BURST) over a time t.
 *
 * The times of the users are in RUN/rates, a table of a fixed size, mapped by the monitors of those
 * who have a rate. A time that has passed says nothing, so that nothing is ever removed from it: a
 * place is taken over when somebody else needs it. Whoever dies has wasted what it was promised, a
 * sixteenth of a second.
 */
#pragma once

#include "lib/config.h"

#include <stdint.h>
#include <sys/types.h>

enum pace_direction { PACE_UPLOAD, PACE_DOWNLOAD, PACE_DIRECTIONS };

/* Microseconds of idleness that can be caught up on. */
enum { PACE_BURST = 250000 };

/* How many bytes are promised at a time: few enough that several who share a rate have their turn
 * soon, and the same for all of them, so that each gets the same. */
uint64_t pace_portion(uint64_t rate);

/* One more portion of BYTES at RATE: *TIME is the time of the rate (0 at first). Returns when it
 * may move, clock_usec. */
uint64_t pace_promise(uint64_t *time, uint64_t rate, uint64_t bytes, uint64_t now);

/* The times of the user UID, shared by all of the user's sessions. */
struct pace {
    struct pace_table *table; /* NULL: not open */
    int fd;
    uid_t uid;
};

/* Negative errno. */
int pace_open(const struct config *config, uid_t uid, struct pace *ret);
void pace_close(struct pace *pace);

/* As pace_promise(), for the user of PACE, which is open. Negative errno. */
int pace_take(struct pace *pace, enum pace_direction direction, uint64_t rate, uint64_t bytes,
              uint64_t now, uint64_t *ret_when);
