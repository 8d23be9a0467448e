/*
 * Networks that an administrator has banned: no connection is taken from them. Monitor and
 * cellftpctl use it. What failed logins do by themselves is lib/throttle.h.
 *
 * They stand in STATE/bans, a line each, which an administrator may edit as well:
 *
 *   NETWORK UNTIL SINCE WHO...
 *
 * UNTIL and SINCE are "2026-11-23T05:00:00Z", UNTIL may be "for-ever"; a line that begins with '#'
 * and an empty one count for nothing. It is written anew under a lock and renamed, so that a reader
 * needs none. A damaged line is reported and kept, and the others hold all the same.
 *
 * NOW is the wall clock in seconds everywhere, a parameter so that tests need not wait.
 */
#pragma once

#include "lib/address.h"
#include "lib/buffer.h"
#include "lib/config.h"

#include <stdbool.h>
#include <stdint.h>

enum { BAN_MAX = 4096, BAN_WHO_MAX = 192, NETWORK_TEXT_MAX = ADDRESS_TEXT_MAX + 8 };
#define BAN_FOR_EVER INT64_MAX

struct ban {
    struct network network;
    int64_t until; /* the first second without it, or BAN_FOR_EVER */
    int64_t since;
    char who[BAN_WHO_MAX + 1];
};

/* "192.0.2.0/24", a single address without the number of bits. */
void network_format(const struct network *network, char ret[NETWORK_TEXT_MAX]);
/* Whether all of INNER is in OUTER. */
bool network_covers(const struct network *outer, const struct network *inner);

/* True in *RET_BANNED if ADDRESS is in a banned network, which goes to *RET. Damaged lines go to
 * PROBLEM, each with its number. Negative errno if the file is there and cannot be used. */
int ban_find(const struct config *config, int64_t now, const struct address *address,
             bool *ret_banned, struct ban *ret, struct buffer *problem);

/* Calls VISIT for each ban that holds, until it returns something but 0, which is the result. */
int ban_list(const struct config *config, int64_t now,
             int (*visit)(const struct ban *ban, void *data), void *data, struct buffer *problem);

/* Adds BAN, in the place of one of the same network. -ENOSPC if there are BAN_MAX. Those whose time
 * is over go. */
int ban_add(const struct config *config, int64_t now, const struct ban *ban,
            struct buffer *problem);

/* Removes the ban of NETWORK. 1, 0 if there is none of just that network. */
int ban_delete(const struct config *config, int64_t now, const struct network *network,
               struct buffer *problem);
