/*
 * The file of a ledger: what is in it, and under which lock it is read and written. ledger.c and
 * ledger_count.c use it, nobody else.
 *
 *   header   128 bytes with a checksum, written by one pwrite(2)
 *   slots    32 bytes for each session, each with a checksum of its own; as many as were ever
 *            needed at once
 *
 * The lock on the whole (flock(2)) is held for an instant; that on a slot, a byte far behind the
 * data, as long as its session lives. Both go with the process. What is written under the lock is
 * written in such an order that whoever dies in between leaves too much in the file, never too
 * little: the header, which takes over what a slot gives up, comes first.
 */
#pragma once

#include "lib/ledger.h"

enum {
    LEDGER_SLOTS = 1024,
    LEDGER_MAGIC = 0x4c746663,
    LEDGER_VERSION = 1,
    LEDGER_STALE = 1 << 0,
    LEDGER_UNKNOWN = 1 << 1,
};

struct ledger_header {
    uint32_t magic, version;
    uint64_t checksum;
    uint64_t generation; /* counts that were put in */
    struct ledger_amount used;
    struct ledger_amount quota;
    struct ledger_amount gained; /* all that was ever added to "used"; wraps */
    uint64_t changes;            /* steps that say that something was written or removed */
    uint64_t moves;              /* steps that say that something was renamed, or will be */
    int64_t counted;             /* wall clock, seconds */
    uint64_t counted_clock;      /* the same, milliseconds of CLOCK_BOOTTIME */
    uint32_t slots;              /* that the file has */
    uint32_t flags;
    uint8_t boot[16]; /* in which sessions have it open; zero: none has */
};
_Static_assert(sizeof(struct ledger_header) == 128, "there is no room without a checksum");

struct ledger_slot {
    struct ledger_amount lease;
    uint32_t taken;  /* by somebody, who may have died */
    uint32_t moving; /* something is being renamed */
    uint64_t checksum;
};

/* A ledger while it is locked. */
struct ledger_file {
    int fd;       /* -1: none */
    bool close;   /* the descriptor was opened for this */
    bool damaged; /* something in it is not to be read, and it is unknown now */
    struct ledger_header header;
    struct ledger_slot slots[LEDGER_SLOTS];
};

/* Opens the ledger of UID and locks and reads it; MAKE makes it if it is missing, else -ENOENT. */
int ledger_file_open(const struct config *config, uid_t uid, bool make, struct ledger_file *ret);
/* The same with FD, which stays the caller's. -ESTALE if it was removed. */
int ledger_file_lock(int fd, struct ledger_file *ret);
void ledger_file_release(struct ledger_file *file);
#define cleanup_ledger_file __attribute__((cleanup(ledger_file_release)))

int ledger_file_put_header(struct ledger_file *file);
int ledger_file_put_slot(struct ledger_file *file, unsigned slot);
/* Takes the lock on a slot, or -EAGAIN. It goes with FD. */
int ledger_file_take_slot(struct ledger_file *file, unsigned slot);
bool ledger_file_slot_lives(const struct ledger_file *file, unsigned slot);

/* What dead sessions had leased is used; nobody knows better. */
int ledger_file_settle(struct ledger_file *file);
/* More is used, and less. Nothing is written. */
void ledger_file_gain(struct ledger_file *file, const struct ledger_amount *amount);
void ledger_file_free(struct ledger_file *file, const struct ledger_amount *amount);
/* The leases of all but slot EXCEPT. */
struct ledger_amount ledger_file_leased(const struct ledger_file *file, unsigned except);
void ledger_file_state(const struct ledger_file *file, struct ledger_state *ret);
/* Marks that sessions of this boot use it, on the disk before this returns. */
int ledger_file_begin_use(struct ledger_file *file);

/* Milliseconds of CLOCK_BOOTTIME: since the machine was started, suspended or not. */
uint64_t ledger_clock(void);
uint64_t ledger_add(uint64_t a, uint64_t b); /* never past the largest number */
