/*
 * The data connection of the next transfer. Private to src/session; the functions are of the poll
 * loop, of transfers and of the commands that say where the connection goes.
 *
 * Who connects to the passive port is a candidate. In clear the first one from the right host is
 * the data connection, as RFC 959 knows nothing better. Under TLS anybody behind the same address
 * may be the first, so the listener stays open, and several candidates may be in their handshake at
 * a time, until one has proved to be the client (data_protect.c). Nobody else costs the client its
 * transfer.
 */
#pragma once

#include "lib/address.h"
#include "session/connection.h"

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

struct session;

/* Why a candidate was not taken: NAME, the word for the log, and what the client is told if nobody
 * was. */
/* clang-format off */
#define DATA_FAILURES(X)                                                                           \
    X(CROWDED,    "crowded",     "Too many data connections came at once; try again.")             \
    X(LATE,       "another",     "Another data connection came first.")                            \
    X(ENDED,      "ended",       "The data connection was closed before its TLS handshake.")       \
    X(CLEAR,      "clear-bytes", "The data came in clear; after PROT P a data connection begins with a TLS handshake.") \
    X(HANDSHAKE,  "handshake",   "The TLS handshake on the data connection failed; the server's log says why.") \
    X(TIMEOUT,    "timeout",     "The TLS handshake on the data connection took too long.")        \
    X(UNRESUMED,  "not-resumed", "The data connection must resume the TLS session of the control connection; switch on TLS session resumption (reuse) in your client.")
/* clang-format on */
#define DATA_FAILURE_ENUM(name, word, words) DATA_FAILURE_##name,
enum data_failure { DATA_FAILURE_NONE, DATA_FAILURES(DATA_FAILURE_ENUM) DATA_FAILURE_COUNT };
#undef DATA_FAILURE_ENUM

struct candidate {
    struct connection connection; /* fd -1: this place is free */
    enum {
        CANDIDATE_SILENT,    /* nothing came from it that we have looked at */
        CANDIDATE_HANDSHAKE, /* its handshake has begun */
        CANDIDATE_UNBOUND,   /* done, but nothing was resumed: a better one goes first */
        CANDIDATE_BOUND,     /* done, and it has resumed a session of this login */
    } state;
    uint64_t number;   /* in the order of their coming */
    uint64_t since;    /* clock_msec: of the end of its handshake */
    uint64_t deadline; /* clock_msec: for its handshake; 0 before a transfer wants it */
};

/* Each costs a descriptor, and one that says something the memory for TLS. The owner is silent
 * until it has read the 150: so many may come behind it in that time. */
enum { DATA_CANDIDATES_MAX = 32 };

/* Where the next transfer's bytes go. */
struct data {
    enum { DATA_NONE, DATA_PASSIVE, DATA_ACTIVE } kind;
    int listener;                 /* passive: until the client is found */
    struct connection connection; /* of the transfer; or an active one that is coming about */
    bool connected;               /* it is ready for bytes */
    uint16_t port;                /* active: of the client */
    struct candidate candidates[DATA_CANDIDATES_MAX];
    uint64_t came;             /* candidates so far */
    enum data_failure failure; /* of the last candidate that was not taken */

    /* What outlives a transfer. */
    bool bound;                /* the client has resumed: all that is its own does from now on */
    bool unbound_told;         /* DATA_UNBOUND is logged once */
    struct connection leaving; /* of the last transfer, until the client has closed it too */
    uint64_t leaving_deadline; /* clock_msec */
};

void data_init(struct data *data);
/* Forgets where the next transfer would go, and closes whatever is open. */
void data_close(struct data *data);
/* The same after a transfer that succeeded, when the client may still be reading; or after one for
 * which there was no room, when it is UNREAD and still sends. */
void data_leave(struct data *data, bool unread);
/* At the end of the session. */
void data_free(struct data *data);
/* Passive: a listener from the monitor. */
int data_listen(struct session *session, uint16_t *ret_port, char ret_announced[ADDRESS_TEXT_MAX]);
void data_set_active(struct session *session, uint16_t port);
/* Takes whoever knocks on the listener: the control connection's peer becomes a candidate, anybody
 * else is closed and logged. */
void data_accept(struct session *session);
/* Brings the connection about, for the session's transfer, as far as possible without waiting. 1
 * connected, 0 wait, negative. */
int data_establish(struct session *session);
bool data_has_candidate(const struct data *data);
/* What the one who was refused last is told. */
const char *data_failure_words(enum data_failure failure);
const char *data_failure_word(enum data_failure failure);

/* What to poll for. Descriptors are -1 where there is nothing. */
enum {
    DATA_WATCH_CONNECTION,
    DATA_WATCH_LISTENER,
    DATA_WATCH_LEAVING,
    DATA_WATCH_CANDIDATES,
    DATA_WATCH_COUNT = DATA_WATCH_CANDIDATES + DATA_CANDIDATES_MAX,
};
void data_watch(const struct session *session, struct pollfd ret[DATA_WATCH_COUNT]);
/* Lets the connection of the last transfer go, if the client has or its time is over. */
void data_let_go(struct data *data);

/* --- under TLS; data_protect.c --- */

/* One more candidate, who owns FD from then on. */
void data_add_candidate(struct session *session, int fd);
void data_refuse(struct session *session, struct candidate *candidate, enum data_failure failure,
                 const char *detail);
/* Goes on with all handshakes of candidates for the session's transfer. 1: one is the data
 * connection now, and the others are gone; 0; negative: nobody will be. */
int data_protect(struct session *session);
/* When one of them, or the wait for another one, has taken too long: clock_msec. */
uint64_t data_protect_deadline(const struct session *session);
