/*
 * The ledger: how much each user stores, and how much more the user's sessions have been promised.
 * One file for each uid, STATE/usage/UID, root's, shared by the monitors of all sessions of that
 * user, each working under its lock for an instant. Monitor and cellftpctl use it; a session only
 * asks (LEASE of lib/request.h).
 *
 * What counts: everything below the folder, on its file system. A regular file counts with its
 * length, however many blocks it has, and once however many links; every entry is one file. The
 * folder itself and what is mounted in it do not count.
 *
 * What always holds, whoever dies when: the real usage is never more than "used" and all leases
 * together, and those are never more than the quota when something is promised. So
 *   - space is leased before it is written, and freed space is credited after it was freed;
 *   - a session has a slot, held by a lock on it, with its lease. A slot with a lease that nobody
 *     holds any more is added to "used", and the ledger is stale: right or too high, never too low;
 *   - a file that is missing or damaged means that nothing is known: it is counted before anything
 *     is promised (row Q07);
 *   - counting (ledger_count) makes it exact again. What changes while it counts makes it too high
 *     and stale, never too low.
 */
#pragma once

#include "lib/buffer.h"
#include "lib/config.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* NO_LIMIT in a quota: none. */
struct ledger_amount {
    uint64_t bytes;
    uint64_t files;
};

struct ledger_state {
    struct ledger_amount used;   /* settled */
    struct ledger_amount leased; /* to all sessions together */
    struct ledger_amount quota;
    int64_t counted;   /* when, wall clock, seconds; 0: never */
    bool stale;        /* too high, maybe */
    bool unknown;      /* never counted, or damaged: nothing is promised */
    unsigned sessions; /* that have it open */
};

/* A user's ledger, open in one session's monitor. Without a slot (fd -1) it is closed. */
struct ledger {
    int fd;
    uid_t uid;
    unsigned slot;
    uint64_t
        generation; /* of the last answer: a count in between makes what is settled uncertain */
    struct ledger_amount lease;
    struct ledger_amount owed; /* is used, but could not be written down yet: the slot has it */
    bool uncertain;            /* the same for what was freed */
};

/* Opens the ledger of UID, makes it if it is missing, takes a slot in it, and sets the quota in it.
 * Slots that nobody holds are settled. *RET_DAMAGED, unless NULL, says that what was there was not
 * to be read (it is unknown now). Negative errno; -EUSERS when all slots are taken. */
int ledger_open(const struct config *config, uid_t uid, const struct ledger_amount *quota,
                struct ledger *ret, bool *ret_damaged);
/* Gives the lease and the slot back. LOST says that the session did not say what became of its
 * lease: it counts as used, and the ledger is stale. */
void ledger_close(struct ledger *ledger, bool lost);

/* One step of a session. First GAINED is settled: it came out of the lease and is used now. Then
 * FREED is taken from what is used. Then the lease becomes at least LEAST and at best BEST bytes,
 * and FILES files. -EDQUOT if that is more than the quota has: the lease then stays what is left of
 * it; -EPROTO if GAINED is more than the lease (a session that was taken over), -ESTALE if the
 * ledger was removed; after these and other errors (of the disk) the lease is at most what it was.
 * *RET is how things stand afterwards. What was freed is credited only if no count has come in
 * between. */
struct ledger_step {
    struct ledger_amount gained;
    struct ledger_amount freed;
    uint64_t least, best, files;
    bool uncertain; /* something else may be gone: to be counted again */
    bool moving;    /* something is about to be renamed, until the next step: a count that runs
                       meanwhile may see it nowhere, and is not believed */
};
int ledger_step(struct ledger *ledger, const struct ledger_step *step, struct ledger_state *ret);

/* The same from outside of any slot, without a lease or a limit: what an administrator's session
 * has done in a user's folder. A count that runs meanwhile is not believed: whoever renames there
 * says so before and after. -ENOENT if this user has no ledger, which is as well. */
int ledger_adjust(const struct config *config, uid_t uid, const struct ledger_amount *gained,
                  const struct ledger_amount *freed, bool uncertain);

/* A session of this user begins or ends that has no quota (any more, or yet) and says nothing of
 * what it stores: if there is a ledger, it is to be counted again before it is believed. What is
 * promised to other sessions is not taken from them: then it is stale only. */
int ledger_doubt(const struct config *config, uid_t uid);

/* How things stand. -ENOENT if there is no ledger. */
int ledger_read(const struct config *config, uid_t uid, struct ledger_state *ret);
/* The quota from now on, for sessions that are there, too. -ENOENT. */
int ledger_set_quota(const struct config *config, uid_t uid, const struct ledger_amount *quota);
/* The ledger of an account that is removed. */
int ledger_remove(const struct config *config, uid_t uid);

/* Counts what is below HOME, an open directory, and puts it into the ledger, until DEADLINE
 * (clock_msec, 0: none; -ETIMEDOUT then, and nothing is changed). SWEEP removes unfinished uploads
 * that nobody writes any more. *RET_FOUND is what is really there, *RET_BEFORE what the ledger
 * said. Safe while sessions write; retried when they did. -EBUSY if something was renamed each
 * time: then nothing is changed. */
int ledger_count(const struct config *config, uid_t uid, int home, uint64_t deadline, bool sweep,
                 struct ledger_amount *ret_found, struct ledger_state *ret_before);
