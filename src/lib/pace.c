/* Rates: see pace.h. */
#include "lib/pace.h"

#include "lib/cleanup.h"
#include "lib/registry.h"
#include "lib/table.h"

#include <string.h>
#include <sys/file.h>

enum {
    MAGIC = 0x63667270,
    PLACES = 16,   /* where the times of a user may be */
    GROUPS = 1024, /* more than four places for each connection that there may be */
    USEC = 1000000,
};

struct pace_place {
    uint32_t uid;
    uint32_t used;
    uint64_t times[PACE_DIRECTIONS];
};

struct pace_table {
    uint32_t magic;
    uint32_t reserved;
    struct pace_place places[GROUPS][PLACES];
};

uint64_t pace_portion(uint64_t rate)
{
    enum { IN_A_SECOND = 16, LEAST = 512, MOST = 4 << 20 };
    uint64_t portion = rate / IN_A_SECOND;
    return portion < LEAST ? LEAST : portion > MOST ? MOST : portion;
}

/* How long BYTES take, rounded up: never faster than the rate. */
static uint64_t duration(uint64_t bytes, uint64_t rate)
{
    return (uint64_t)(((unsigned __int128)bytes * USEC + rate - 1) / rate);
}

uint64_t pace_promise(uint64_t *time, uint64_t rate, uint64_t bytes, uint64_t now)
{
    uint64_t taken = duration(bytes, rate);
    uint64_t earliest = now > PACE_BURST ? now - PACE_BURST : 0;
    /* Farther off than all sessions that there can be, one after the other: the clock has begun
     * anew, under a table that has outlived the machine's start. */
    uint64_t latest = now + (uint64_t)REGISTRY_SLOTS * (taken + USEC);
    if (*time < earliest || *time > latest)
        *time = earliest;
    *time += taken;
    return *time; /* when the last byte of it is due, so that a large portion waits */
}

int pace_open(const struct config *config, uid_t uid, struct pace *ret)
{
    void *table;
    int fd = -1;
    int r = table_open(config, "rates", sizeof(struct pace_table), &fd, &table);
    if (r == 0)
        *ret = (struct pace){.fd = fd, .table = table, .uid = uid};
    return r;
}

void pace_close(struct pace *pace)
{
    if (!pace->table)
        return;
    table_unmap(pace->table, sizeof(*pace->table));
    *pace = (struct pace){.fd = close_fd(pace->fd)};
}

static uint64_t latest_time(const struct pace_place *place)
{
    uint64_t latest = 0;
    for (size_t i = 0; i < PACE_DIRECTIONS; i++)
        if (place->times[i] > latest)
            latest = place->times[i];
    return place->used ? latest : 0;
}

/* The place of UID, or, for want of one, that whose time has passed for longest. Called with the
 * table locked. */
static struct pace_place *find_place(struct pace_table *table, uid_t uid)
{
    struct pace_place *places = table->places[uid % GROUPS];
    struct pace_place *found = &places[0];
    for (size_t i = 0; i < PLACES; i++) {
        if (places[i].used && places[i].uid == uid)
            return &places[i];
        if (latest_time(&places[i]) < latest_time(found))
            found = &places[i];
    }
    *found = (struct pace_place){.uid = uid, .used = 1};
    return found;
}

int pace_take(struct pace *pace, enum pace_direction direction, uint64_t rate, uint64_t bytes,
              uint64_t now, uint64_t *ret_when)
{
    struct pace_table *table = pace->table;
    if (flock(pace->fd, LOCK_EX) < 0)
        return -errno;
    if (table->magic != MAGIC) {
        memset(table, 0, sizeof(*table));
        table->magic = MAGIC;
    }
    struct pace_place *place = find_place(table, pace->uid);
    *ret_when = pace_promise(&place->times[direction], rate, bytes, now);
    return flock(pace->fd, LOCK_UN) < 0 ? -errno : 0;
}
