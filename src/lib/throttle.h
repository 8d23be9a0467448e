/*
 * What failed logins and floods of connections are remembered by, shared by all monitors. Monitor
 * and cellftpctl use it.
 *
 * One file of fixed size, RUN/failures: for each address (an IPv6 network of 64 bits is one) and
 * for each name the failures within login.window, and whether it is banned. A name is never stored:
 * people type passwords where names belong; a keyed hash stands for it. Every function opens the
 * table, works under its lock and closes it: a process that is killed leaves a table that works.
 *
 * NOW is clock_msec() everywhere, a parameter so that tests need not wait.
 */
#pragma once

#include "lib/address.h"
#include "lib/config.h"

#include <stdbool.h>
#include <stdint.h>

/* What to do with a connection that comes. */
struct throttle_arrival {
    bool banned;
    bool quiet; /* the log has enough of this address: its lines are left out, and counted */
    /* Not 0: lines were left out before this one, and it is time to say how many. */
    uint64_t left_out;           /* about this address */
    uint64_t left_out_elsewhere; /* about others */
};
int throttle_arrive(const struct config *config, uint64_t now, const struct address *remote,
                    struct throttle_arrival *ret);
/* LINES more about REMOTE were left out of the log. */
int throttle_leave_out(const struct config *config, uint64_t now, const struct address *remote,
                       uint64_t lines);

enum throttle_state {
    THROTTLE_CHECK,  /* the password may be checked; one of the two functions below must follow */
    THROTTLE_WAIT,   /* so many are being checked that this one might be one too many: ask again */
    THROTTLE_BANNED, /* refuse unchecked: too many failures of the address */
    THROTTLE_NAME,   /* refuse unchecked: too many failures of the name, and some of the address */
};

struct throttle_try {
    enum throttle_state state;
    uint64_t pause;  /* milliseconds that a refusal takes, counted from the try's arrival */
    bool ban_begins; /* with this try: to be logged, once */
};

/* A try begins: it is counted as a failure before anybody knows, so that many at once cannot each
 * be the last one, and hanging up does not help. */
int throttle_begin(const struct config *config, uint64_t now, const struct address *remote,
                   const char *user, struct throttle_try *ret);
/* It was checked and refused. *RET_BAN_BEGINS as above. */
int throttle_refuse(const struct config *config, uint64_t now, const struct address *remote,
                    bool *ret_ban_begins);
/* It was checked and granted: the failure is given back, and, unless the connection was QUIET, its
 * share of the log. */
int throttle_grant(const struct config *config, uint64_t now, const struct address *remote,
                   const char *user, bool quiet);

/* For the administrator. Times are wall clock, seconds, 0 for never. */
struct throttle_entry {
    struct network who;
    uint64_t failures;    /* within login.window */
    int64_t oldest;       /* of these, to about a quarter of login.window; 0 if there are none */
    int64_t newest;       /* 0 if there are none */
    int64_t banned_until; /* 0: not banned */
    uint64_t left_out;    /* lines that were left out of the log and not reported yet */
};

/* Calls VISIT for each address that has failures, is banned, or has lines left out, until it
 * returns something but 0, which is the result. No lock is held meanwhile. */
int throttle_list(const struct config *config, uint64_t now,
                  int (*visit)(const struct throttle_entry *entry, void *data), void *data);
/* Forgets the failures and the ban of ADDRESS, or, if it is NULL, of all addresses and names.
 * *RET_CLEARED says how many addresses had any. */
int throttle_clear(const struct config *config, uint64_t now, const struct address *address,
                   unsigned *ret_cleared);
