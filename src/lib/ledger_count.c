/*
 * Counting what a user stores while the user's sessions go on: see ledger.h.
 *
 * Without a lock, between two looks at the ledger. Whatever was there at the first look and still
 * is at the second was seen, unless it was renamed meanwhile, which sessions announce: then the
 * count is thrown away. Whatever came to be there meanwhile is either still covered by a lease or
 * among what was gained between the looks; that is added, seen or not. What was freed is not: it
 * may have been seen. So with other changes the result is too high, never too low, and the ledger
 * is stale.
 */
#include "lib/ledger.h"

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/ledger_file.h"
#include "lib/tree_count.h"

#include <time.h>

/* The first look. */
struct look {
    struct ledger_header header;
    int64_t when;
    bool moving; /* something is being renamed at this moment */
};

static int look_before(const struct config *config, uid_t uid, struct look *ret,
                       struct ledger_state *ret_before)
{
    cleanup_ledger_file struct ledger_file file = {.fd = -1};
    int r = ledger_file_open(config, uid, true, &file);
    /* What the dead had leased was written or not: we are going to see. */
    if (r == 0)
        r = ledger_file_settle(&file);
    if (r < 0)
        return r;
    ledger_file_state(&file, ret_before);
    *ret = (struct look){.header = file.header, .when = time(NULL)};
    for (unsigned i = 0; i < file.header.slots; i++)
        ret->moving = ret->moving || file.slots[i].moving;
    return 0;
}

static uint64_t excess(uint64_t running, uint64_t leased, uint64_t gained)
{
    uint64_t covered = ledger_add(leased, gained);
    return running > covered ? running - covered : 0;
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* The second look: puts COUNT in. 1 if that was in vain because of what happened meanwhile, which
 * ACCEPT takes as long as it is not too low. */
static int look_after(const struct config *config, uid_t uid, const struct look *before,
                      const struct tree_count *count, bool accept)
{
    cleanup_ledger_file struct ledger_file file = {.fd = -1};
    int r = ledger_file_open(config, uid, true, &file);
    if (r == 0)
        r = ledger_file_settle(&file);
    if (r < 0)
        return r;
    struct ledger_header *header = &file.header;
    bool changed = header->changes != before->header.changes;
    bool counted = header->generation != before->header.generation;
    /* Somebody else was faster, who began after us: there is nothing left to do. Else those who log
     * in at once would keep each other from ever coming to an end. */
    if (counted && header->flags == 0 && header->counted >= before->when)
        return 0;
    if (file.damaged || header->moves != before->header.moves || counted || (changed && !accept))
        return 1;

    const struct ledger_amount gained = {header->gained.bytes - before->header.gained.bytes,
                                         header->gained.files - before->header.gained.files};
    struct ledger_amount leased = ledger_file_leased(&file, LEDGER_SLOTS);
    /* A lock does not make an upload: what runs is not more than what sessions have leased. */
    const struct ledger_amount more = {
        excess(count->running.bytes, leased.bytes, gained.bytes),
        excess(count->running.files, leased.files, gained.files),
    };
    struct ledger_amount used = {
        ledger_add(ledger_add(count->found.bytes, gained.bytes), more.bytes),
        ledger_add(ledger_add(count->found.files, gained.files), more.files),
    };
    /* An administrator's upload has no lease: what it may still write is among what was used. */
    if (count->unleased && !(header->flags & LEDGER_UNKNOWN))
        used = (struct ledger_amount){larger(used.bytes, header->used.bytes),
                                      larger(used.files, header->used.files)};
    header->used = used;
    bool stale = changed || count->more || count->unleased || more.bytes > 0 || more.files > 0;
    header->flags = stale ? LEDGER_STALE : 0;
    header->generation++;
    header->counted = before->when;
    header->counted_clock = ledger_clock();
    return ledger_file_put_header(&file);
}

/* Once. 1 if it was in vain. */
static int count_once(const struct config *config, uid_t uid, int home, uint64_t deadline,
                      bool sweep, bool accept, struct ledger_amount *ret_found,
                      struct ledger_state *ret_before)
{
    struct look before;
    struct tree_count count;
    int r = look_before(config, uid, &before, ret_before);
    if (r < 0 || before.moving)
        return r < 0 ? r : 1;
    r = tree_count(home, deadline, sweep, &count);
    if (r < 0)
        return r == -EAGAIN ? 1 : r;
    *ret_found = count.found;
    return look_after(config, uid, &before, &count, accept);
}

int ledger_count(const struct config *config, uid_t uid, int home, uint64_t deadline, bool sweep,
                 struct ledger_amount *ret_found, struct ledger_state *ret_before)
{
    enum { EXACT_TRIES = 3, TRIES = 30, PAUSE = 2 };
    int r = 1;
    for (unsigned i = 0; r > 0 && i < TRIES; i++) {
        if (i > 0)
            clock_pause(PAUSE);
        if (deadline != 0 && clock_msec() >= deadline)
            return -ETIMEDOUT;
        r = count_once(config, uid, home, deadline, sweep, i + 1 >= EXACT_TRIES, ret_found,
                       ret_before);
    }
    return r > 0 ? -EBUSY : r;
}
