/*
 * The session's side of the ledger (lib/ledger.h): room is asked for before anything is written,
 * and what became of it is said afterwards. Uploads and the commands that make, replace or remove
 * something use it; for accounts that nobody counts every function returns at once. It writes and
 * removes nothing itself but for quota_rename(), and knows no path.
 *
 * Where something comes to be or is gone, and what is said of it:
 *
 *   STOR, STOU      room for the whole new file beside the old one, ALLO's and REST's part at once;
 *                   settled with its length, and the old file credited, when it has its name
 *   APPE, REST at the end   room for what is added, settled with what was
 *   ... that fails  settled with what is still there: nothing, a file to be resumed
 *                   (files.keep_partial), the part that was appended, a leftover
 *   DELE, RNTO      what is removed or replaced is credited; that something is renamed is said
 *                   before, as a count that runs may miss it
 *   MKD, RMD        one file
 *   a sweep         of an abandoned upload: as DELE
 *   STOR by an administrator, and all the rest: the same, in the ledger of the folder's owner
 *
 * A file is credited once, by whoever had its lock when its last name went: a lock is taken before,
 * without waiting, and the file must still have a name then. Whoever has not got it credits
 * nothing and says that a recount is due, so that the ledger is too high and never too low.
 */
#pragma once

#include "lib/ledger.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct session;

/* What a session knows of its quota. */
struct quota {
    bool leases;    /* it has one that the ledger counts (ACCOUNT_LEASES) */
    bool admin;     /* works in the folders of others (ACCOUNT_IS_ADMIN) */
    bool project;   /* the file system counts (ACCOUNT_PROJECT) */
    uint64_t mount; /* of the root; what is in another one is a share's and does not count */
    bool known;     /* what follows */
    bool unknown;   /* the ledger cannot be had: nothing can be stored */
    struct ledger_amount used; /* at the last answer: or promised to another session */
    struct ledger_amount limit;
};

/* A piece of work: what it has been promised, and what it has freed. Only one at a time. */
struct quota_claim {
    bool counts;
    uid_t owner;                /* whose ledger it is, 0: the session's own */
    struct ledger_amount held;  /* promised */
    bool writes;                /* bytes are going to come, so some are asked for at once */
    uint64_t announced;         /* by ALLO: no more is asked for until then, 0: nothing was */
    struct ledger_amount freed; /* gone since */
    bool uncertain;             /* more may be gone */
    bool moving;                /* something is being renamed, and the ledger was told */
    bool looked;                /* at what is to be removed; FILE is it, and */
    bool vacant;                /* there is nothing of that name */
    bool locked;                /* FILE has been locked and still had a name */
    int file;                   /* -1 */
};

#define QUOTA_CLAIM_NONE ((struct quota_claim){.file = -1})

/* The account has logged in with FLAGS of enum account_flags. */
int quota_init(struct session *session, unsigned flags);

/* Begins work on something in DIRECTORY. Negative errno. */
int quota_claim(struct session *session, int directory, struct quota_claim *ret);
/* Makes sure of room for BYTES and FILES in all; asks for more than that, to ask seldom. -EDQUOT,
 * -ESHUTDOWN. */
int quota_reserve(struct session *session, struct quota_claim *claim, uint64_t bytes,
                  uint64_t files);
/* NAME in DIRECTORY is going to be removed or replaced ... */
void quota_look(struct quota_claim *claim, int directory, const char *name);
/* ... and that was DONE, or could not be. It is credited if it is gone, whoever has removed it: one
 * who found it locked cannot have credited it. */
void quota_removed(struct quota_claim *claim, bool done);
/* An upload gets its name: as renameat2(2) without flags, with what is replaced credited. Negative
 * errno. */
int quota_rename(struct quota_claim *claim, int from_directory, const char *from, int to_directory,
                 const char *to);
/* The end of the work: GAINED has come to be. What was promised besides is given back. */
void quota_settle(struct session *session, struct quota_claim *claim,
                  const struct ledger_amount *gained);

/* Renames what is there already, from beginning to end. An administrator may move it from one
 * user's folder to another's; -EXDEV if there is so much in it that it takes too long to count. */
struct quota_place {
    int directory;
    const char *name;
};
int quota_move(struct session *session, const struct quota_place *from,
               const struct quota_place *to);

/* What can still be stored in DIRECTORY: by quota or disk, whichever is less. Negative errno. */
int quota_available(struct session *session, int directory, uint64_t *ret);
/* As the ledger has it now. Negative errno. */
int quota_ask(struct session *session);
/* How much is free, of a quota that the ledger counts, at the last answer. */
struct ledger_amount quota_free(const struct session *session);
/* Why no more can be stored, for 552. */
enum { QUOTA_WORDS_MAX = 256 };
void quota_words(const struct session *session, char ret[QUOTA_WORDS_MAX]);
