/*
 * The journal of systemd: records out, and nothing else. The logs (lib/log.c) use it. It never
 * waits for long, and says nothing where there is no journal.
 *
 * It speaks the journal's native protocol (systemd.io/JOURNAL_NATIVE_PROTOCOL, which is stable)
 * itself. sd_journal_sendv() of libsystemd would do the same but for three things (measured with
 * version 252): its socket blocks, so that a journald that is stopped stops every transfer of the
 * server with it, for as long as it likes; loading the library and the six that it brings costs
 * each connection half a millisecond; and all of that would be mapped into the monitor.
 */
#pragma once

#include "lib/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JOURNAL_SOCKET "/run/systemd/journal/socket"

enum {
    /* A record is one datagram, which the kernel limits to the sender's buffer. */
    JOURNAL_RECORD_MAX = 128 * 1024,
    JOURNAL_PATIENCE = 500,   /* milliseconds that a full socket is waited for */
    JOURNAL_INTERVAL = 10000, /* milliseconds until it is waited for, or looked for, again */
};

struct journal {
    const char *path; /* of the socket; NULL: off */
    int socket;       /* -1 until the first record */
    int problem;      /* why the last record was not taken, 0 if it was */
    uint64_t retry;   /* clock_msec */
    uint64_t lost;    /* records that a journal that is there has not taken */
};

/* PATH is JOURNAL_SOCKET but in tests, or NULL for none. Opens nothing yet. */
void journal_init(struct journal *journal, const char *path);
void journal_close(struct journal *journal);

/* Appends a field to a record. NAME is a constant of ours; the SIZE bytes may be any. */
int journal_append(struct buffer *record, const char *name, const char *bytes, size_t size);

/* 0 when the journal has taken RECORD, else a negative errno: -EAGAIN if it reads nothing. After a
 * failure, no record waits within the next JOURNAL_INTERVAL. */
int journal_send(struct journal *journal, const struct buffer *record);
/* True if ERROR of journal_send means that there is no journal, which is no fault. */
bool journal_is_absent(int error);
