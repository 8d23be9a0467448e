/*
 * One log, its files that logrotate has moved away included, read line by line in both directions.
 * cellftpctl log uses it. It never writes, never has more than a block of a file in memory, and
 * never shows a line that is still being written.
 */
#pragma once

#include "lib/buffer.h"
#include "lib/event.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum { LOG_FILES_MAX = 32 };

struct log_reader {
    int directory;            /* not owned */
    char name[32];            /* "auth.log" */
    int files[LOG_FILES_MAX]; /* [0] is NAME, [n] is NAME.n: older */
    size_t count;
    bool compressed; /* still older ones are, and cannot be read */
    bool oldest;     /* the beginning of what can be read was reached */

    size_t index;        /* the file that is being read */
    off_t offset;        /* in it: forwards the end, backwards the start of what BLOCK has */
    off_t end;           /* of the whole lines, when log_reader_seek_end was called */
    struct buffer block; /* lines that were not delivered yet */
    bool skipping;       /* inside a line that is longer than any of ours */
    bool moved;          /* NAME is another file now; what may still come into ours is waited for */
};

/* Opens the files of FILE that are there; none is no failure. Negative errno. */
int log_reader_open(int directory, enum event_file file, struct log_reader *ret);
void log_reader_close(struct log_reader *reader);

/* Where to begin: at the first line that is not older than SINCE (milliseconds since 1970) or a
 * little before it, to go forwards; or at the end, to go backwards. Negative errno. */
int log_reader_seek(struct log_reader *reader, int64_t since);
int log_reader_seek_end(struct log_reader *reader);
/* Back to where log_reader_seek_end was, to go forwards: what was written since then follows. */
void log_reader_turn(struct log_reader *reader);

/* The next line, or the one before, without its newline and terminated; the caller may change it,
 * it lasts until the next call. 1; 0 if there is none (forwards: for now); negative errno. */
int log_reader_next(struct log_reader *reader, char **ret_line);
int log_reader_previous(struct log_reader *reader, char **ret_line);
