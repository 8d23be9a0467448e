/*
 * Events written down: as a line of a log file, as JSON, and as a record of the journal, all three
 * from the table of fields in lib/event.h. The logs (lib/log.c) use it. It writes no file itself.
 *
 * A line:  2026-11-22T17:04:21.123Z auth refused remote=198.51.100.9 port=50312 user="alice"
 *          reason=bad-password session=7f3a90c2d4e5f601
 * JSON:    {"time":"2026-11-22T17:04:21.123Z","log":"auth","event":"refused",
 *          "remote":"198.51.100.9","port":50312,"user":"alice","reason":"bad-password",
 *          "session":"7f3a90c2d4e5f601"}
 * Journal: MESSAGE is the line from "auth" on, FTP_EVENT=auth-refused, FTP_CLIENT=198.51.100.9 ...
 * (each in one line). The time is put in front when a line is written, and not before: see log.c.
 */
#pragma once

#include "lib/buffer.h"
#include "lib/event.h"

#include <time.h>

enum { EVENT_TIME_MAX = 64 };

/* WHEN in UTC, as RFC 3339 has it: "2026-11-22T17:04:21.123Z". Reads no time zone. */
void event_format_time(const struct timespec *when, char ret[EVENT_TIME_MAX]);

/* All of these append, all or nothing: -ENOBUFS, -ENOMEM. */

/* The line of EVENT without its time and its newline. Whatever a client chose is quoted. */
int event_format_text(struct buffer *buffer, const struct event_origin *origin,
                      const struct event *event);
/* The JSON object without its opening brace, its time and its newline. A text that is not UTF-8,
 * which JSON cannot hold, has U+FFFD in the place of each odd byte, and all its bytes in a second
 * member: "path":"caf\ufffd","path_hex":"636166e9". Numbers are numbers. */
int event_format_json(struct buffer *buffer, const struct event_origin *origin,
                      const struct event *event);
/* The record; MESSAGE is what event_format_text made. Texts are the bytes that they are. */
int event_format_journal(struct buffer *buffer, const struct buffer *message,
                         const struct event_origin *origin, const struct event *event);
