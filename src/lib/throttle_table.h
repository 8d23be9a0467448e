/*
 * The table of lib/throttle.c: finding a record, and which one makes room for another. Private to
 * throttle*.c.
 *
 * A record has one place of 16 (a set), chosen by a hash with a key that nobody outside knows; the
 * one that matters least makes room: a ban goes last, then many failures, then few. So whoever
 * comes with many addresses washes out little ones, not the ban of another.
 *
 * A process may be killed between any two stores. So no combination of fields does harm: numbers
 * out of range are brought into it when a record is found (throttle_table.c, refresh).
 */
#pragma once

#include "lib/address.h"
#include "lib/config.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    THROTTLE_SET = 16,
    THROTTLE_ADDRESSES = 8192,
    THROTTLE_NAMES = 4096,
    /* Failures are counted in quarters of login.window. One more than four: each is remembered for
     * at least a whole window, and for a quarter more at most. */
    THROTTLE_PARTS = 5,
    /* Lines about connections that do not log in, of one address and of all: so many connections at
     * once, then one every so many milliseconds. */
    THROTTLE_LOG_BURST = 40,
    THROTTLE_LOG_EVERY = 10000,
    THROTTLE_LOG_BURST_ALL = 1000,
    THROTTLE_LOG_EVERY_ALL = 100,
    /* A check that takes longer than these milliseconds has been killed. */
    THROTTLE_CHECK_MAX = 10000,
};

/* Free (zero), an address by its family, or a name. */
enum throttle_kind { THROTTLE_FREE = 0, THROTTLE_IPV4 = 4, THROTTLE_IPV6 = 6, THROTTLE_USER = 9 };

/* How much more may be written to the log. */
struct throttle_budget {
    uint64_t counted; /* when TOKENS was right */
    uint64_t left_out;
    uint32_t tokens;
};

struct throttle_record {
    uint8_t key[16];     /* the owner's part of an address, or the hash of a name */
    uint64_t part_start; /* of parts[0], the present one */
    uint64_t newest;     /* failure */
    uint64_t banned_until;
    struct throttle_budget log;
    uint32_t parts[THROTTLE_PARTS];
    uint16_t pending; /* of the failures: those whose password is just being checked */
    uint8_t kind;
};

struct throttle_table {
    uint32_t magic;
    uint8_t key[32];
    struct throttle_budget log;
    uint64_t reported; /* when the log was last told what was left out of LOG */
    struct throttle_record addresses[THROTTLE_ADDRESSES];
    struct throttle_record names[THROTTLE_NAMES];
};

/* The table, mapped and locked. */
struct throttle_view {
    const struct config *config;
    uint64_t now;
    int fd;
    struct throttle_table *table;
};

/* Opens and locks; a file that is no table is made one. Negative errno. */
int throttle_view_open(const struct config *config, uint64_t now, struct throttle_view *ret);
void throttle_view_close(struct throttle_view *view);

/* The record of an address or a name, a new one if there is none; refreshed. */
struct throttle_record *throttle_find_address(struct throttle_view *view,
                                              const struct address *address);
struct throttle_record *throttle_find_name(struct throttle_view *view, const char *name);

/* Brings a record up to the time NOW: what is too old is forgotten, what is impossible put right.
 */
void throttle_refresh(const struct config *config, uint64_t now, struct throttle_record *record);

uint64_t throttle_failures(const struct throttle_record *record);
static inline bool throttle_is_banned(const struct throttle_record *record, uint64_t now)
{
    return record->banned_until > now;
}
/* From THEN to NOW; 0 if it is the other way round: another process may have been a little later
 * with its NOW and earlier with the lock. */
static inline uint64_t throttle_since(uint64_t then, uint64_t now)
{
    return now > then ? now - then : 0;
}
