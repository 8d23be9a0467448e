/*
 * A line of a log file taken apart: the opposite of event_format. cellftpctl uses it. It believes
 * nothing: a line that no server of ours could have written is refused as a whole.
 */
#pragma once

#include "lib/event.h"

#include <stddef.h>
#include <stdint.h>

enum {
    LOG_FIELDS_MAX = 32,
    LOG_TIME_SIZE = 24, /* "2026-11-22T17:04:21.123Z" */
};

struct log_field {
    const char *name;
    const char *value; /* without quotes, escapes undone */
};

struct log_line {
    int64_t time;     /* milliseconds since 1970, UTC */
    const char *when; /* the same as it stands there */
    const char *file; /* "auth" */
    const char *word; /* "refused" */
    struct log_field fields[LOG_FIELDS_MAX];
    size_t count;
};

/* The time that the SIZE bytes at TEXT begin with. -EBADMSG. */
int log_line_time(const char *text, size_t size, int64_t *ret);

/* Takes LINE apart in place, one line without its newline; the strings of *RET point into it.
 * -EBADMSG, and LINE is of no more use. */
int log_line_parse(char *line, struct log_line *ret);

/* The value of the field NAME, NULL if there is none. */
const char *log_line_field(const struct log_line *line, const char *name);
