/*
 * The logs: every event goes to the journal and to files, as the configuration says. The monitor
 * and cellftpctl write them; a session cannot.
 *
 *   NAME.log    text lines         logs.files
 *   NAME.jsonl  JSON               logs.json
 *   xferlog     wu-ftpd's format   logs.xferlog
 *   journal     with fields        logs.journal
 *
 * NAME is connections, auth, files, admin, and commands (logs.commands). Commands do not go to the
 * journal where there are files: they would use up what it takes from one unit.
 *
 * Exact and in order. A line is one write, with the time of that moment, under a lock of the
 * directory: however many processes write at once, the times in the files never go back. The lock
 * is held for the microseconds that the write takes. A process that is stopped while it has the
 * lock must not stop the others: nobody waits longer than LOG_LOCK_PATIENCE, and then writes
 * without it; the lines are still whole and none is lost, only their order may suffer. That a file
 * was moved away by logrotate is noticed under the lock: the next line goes to a new file.
 *
 * Nothing is lost silently. What no file and no journal takes goes to stderr, with the cause. When
 * less than logs.reserve is free on the disk of the files, they get only what matters (logins and
 * refused ones, the administrator's work, everything of LOG_WARNING and worse), so that who fills
 * the disk fills it without covering his tracks; an event says when that begins and when it ends.
 */
#pragma once

#include "lib/config.h"
#include "lib/event.h"
#include "lib/journal.h"
#include "lib/log_file.h"

enum {
    LOG_LOCK_PATIENCE = 1000,    /* milliseconds */
    LOG_LOCK_INTERVAL = 10000,   /* milliseconds until somebody is waited for again */
    LOG_SPACE_INTERVAL = 5000,   /* milliseconds between looks at the free space, at most */
    LOG_SPACE_BYTES = 64 * 1024, /* bytes written between them, at most */
    /* NAME.log, NAME.jsonl, xferlog. */
    LOG_FILE_COUNT = 2 * EVENT_FILE_COUNT + 1,
};

struct log {
    const struct config *config;
    int directory; /* -1: no files */
    struct log_file files[LOG_FILE_COUNT];
    struct journal journal;
    uint64_t lock_retry;    /* clock_msec, until when nobody is waited for */
    uint64_t space_checked; /* clock_msec, 0: never */
    uint64_t space_written; /* bytes since then */
    bool short_of_space;
};

/* Opens the directory if anything of CONFIG, which must live as long, goes to files; those are
 * opened on their first line. Negative errno. Works, with the journal and stderr, when this failed.
 */
int log_open(const struct config *config, struct log *ret);
void log_close(struct log *log);

/* Writes EVENT with the present time to wherever it goes. 0, or a negative errno after having said
 * so on stderr. */
int log_write(struct log *log, const struct event_origin *origin, const struct event *event);
