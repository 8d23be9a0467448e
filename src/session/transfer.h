/*
 * Transfers: bytes on their way over the data connection, or a checksum being made. One at a time
 * in a session. Private to src/session.
 */
#pragma once

#include "session/session.h"

#include <limits.h>

enum { TRANSFER_DONE = 1, TRANSFER_MORE = 0 };

/* One way to move bytes. Every function gets the transfer; negative errno on failure. */
struct transfer_kind {
    short events; /* what to poll the data connection for; 0: no data connection, step runs at once,
                     again and again */
    /* Moves what can be moved without waiting. TRANSFER_DONE at the end of the bytes,
     * TRANSFER_MORE, -EAGAIN when the socket has to be waited for. */
    int (*step)(struct session *session, struct transfer *transfer);
    /* The end, ERROR is 0 or why it failed; the data connection is closed already. Replies and
     * logs. */
    void (*finish)(struct session *session, struct transfer *transfer, int error);
    void (*free)(struct transfer *transfer);
};

struct transfer {
    const struct transfer_kind *kind;
    const struct command *command; /* that started it */
    char path[PATH_MAX];           /* full, for replies and logs */
    uint64_t started;              /* clock_usec */
    uint64_t progress;             /* clock_msec of the last byte */
    uint64_t reported;             /* clock_msec of the last status */
    bool told;                     /* there was one */
    uint64_t deadline;             /* clock_msec, 0: none; of the whole */
    uint64_t bytes;                /* moved over the data connection */
    uint64_t offset;               /* of the first byte in the file */
    uint64_t total;                /* bytes expected, 0: unknown */
    uint64_t paused_until;         /* clock_msec: a rate is used up until then; 0: it is not */
    bool connected;
    bool waits;     /* for poll(2), which under TLS does not know of everything that is there */
    bool finishing; /* all bytes are moved; what TLS has kept, and its last word, are not out yet */
    bool ended;     /* the client, of a download, says nothing more */
    bool ascii;
    char protocol[8];              /* of TLS on the data connection, "" in clear */
    bool resumed;                  /* TLS has resumed a session of this login */
    struct command_record *record; /* written at its end, or NULL */
    void *state;                   /* of the kind */
};

/* Starts a transfer of KIND with STATE, which it owns from then on, also when this fails. Sends the
 * 150 (GREETING, or none for a kind without a data connection). */
struct transfer *transfer_start(struct session *session, const struct transfer_kind *kind,
                                void *state, const char *path, const char *greeting);
/* True if a data address is known, and protection is as it must be; else replies. */
bool transfer_is_possible(struct session *session);
/* What to poll its data connection for. */
short transfer_events(const struct transfer *transfer);
/* True if it must not go on yet: its rate is used up until paused_until. */
bool transfer_is_paused(const struct transfer *transfer);
/* The smaller of SIZE and what the rates let a step of it move. */
size_t transfer_most(const struct session *session, size_t size);
/* True if it can go on although poll(2) says nothing. */
bool transfer_is_ready(const struct session *session);
/* Listens to what a client says that is only sent to. */
void transfer_listen(struct session *session);
/* Goes on as far as possible without waiting. */
void transfer_run(struct session *session);
/* Ends it with ERROR (-ECANCELED for ABOR, -ESHUTDOWN where the server ends the session). */
void transfer_end(struct session *session, int error);
/* Its deadline is over. */
void transfer_expire(struct session *session);
/* Ends it because nobody is left to wait for it. */
void transfer_drop(struct session *session);
/* When it is given up if nothing moves until then: clock_msec, 0 for never. */
uint64_t transfer_deadline(const struct session *session);
/* Events for a finished transfer of a file. */
void transfer_log(struct session *session, const struct transfer *transfer, enum event_id id,
                  int error, unsigned code);
/* The final reply for a transfer that failed, which is also returned. */
unsigned transfer_reply_failed(struct session *session, int error);
