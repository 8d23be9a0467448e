/*
 * The dialogue: everything that one test sent and received on all of its connections, for
 * --verbose and for findings. A password never enters it. Bounded: of a long dialogue, the
 * beginning and the end stay. Only src/ftplint uses it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dialogue_kind {
    DIALOGUE_SENT,
    DIALOGUE_RECEIVED,
    DIALOGUE_EVENT, /* "connected to 127.0.0.1:2121", "the server closed the connection" */
};

struct dialogue_entry {
    uint64_t when;       /* milliseconds since the test began */
    unsigned connection; /* numbered from 1 in the order of opening */
    bool data;           /* of a data connection */
    enum dialogue_kind kind;
    char *bytes; /* the dialogue's own; at most DIALOGUE_BYTES_MAX of what there was */
    size_t size;
    size_t whole; /* how much there was */
};

/* The event of a connection that ftplint itself closes. */
#define DIALOGUE_CLOSED "closed by ftplint"

enum {
    DIALOGUE_ENTRIES_MAX = 400,
    DIALOGUE_BYTES_MAX = 2048,
    DIALOGUE_WATCHED_MAX = 20000, /* entries of one test that a watcher is told */
    DIALOGUE_SECRETS_MAX = 3,
    DIALOGUE_WAIT_MIN = 1000, /* milliseconds: a shorter wait is one for silence */
};

struct dialogue {
    struct dialogue_entry entries[DIALOGUE_ENTRIES_MAX];
    size_t count;
    uint64_t entered;  /* entries that there were */
    uint64_t left_out; /* entries that were dropped from the middle */
    uint64_t begun;    /* clock_msec() */
    bool in_vain;      /* something did not come in time that may have been on its way */
    const char *secrets[DIALOGUE_SECRETS_MAX]; /* passwords, whoever sends them; NULL: none */
    /* Called with each entry when it is made, for --verbose, up to DIALOGUE_WATCHED_MAX: no server
     * fills a disk. NULL: nobody watches. */
    void (*watch)(const struct dialogue_entry *entry, void *context);
    void *context;
};

void dialogue_begin(struct dialogue *dialogue);
void dialogue_free(struct dialogue *dialogue);

/* Puts stars over the secrets in BYTES, which a server may have echoed. One of less than four bytes
 * is left: it stands in all kinds of words. */
void dialogue_hide(const struct dialogue *dialogue, char *bytes, size_t size);

/* Records SIZE bytes. */
void dialogue_add(struct dialogue *dialogue, enum dialogue_kind kind, unsigned connection,
                  bool data, const void *bytes, size_t size);
/* Records that nothing came within MILLISECONDS, if that was long enough to wait for an answer. */
void dialogue_wait(struct dialogue *dialogue, unsigned connection, bool data,
                   unsigned milliseconds);
void dialogue_event(struct dialogue *dialogue, unsigned connection, bool data, const char *format,
                    ...) __attribute__((format(printf, 4, 5)));
