/*
 * The transfer log of wu-ftpd, which many tools read (xferlog(5) of other servers): one line for
 * each file that was uploaded, downloaded, or deleted. The logs (lib/log.c) use it.
 *
 * Thu Nov 26 17:04:21 2026 1 198.51.100.9 5 /a_b b _ i r alice ftp 0 * c
 *
 * Local time with English names in any locale; seconds, at least one, as wu-ftpd and vsftpd have
 * it; remote address (never a name: no DNS); bytes that were moved; path, and user, with '_' for
 * spaces and control characters; a for ASCII, else b; no special action; i in, o out, d deleted (as
 * ProFTPD); r: a real user; service; no identd: 0 and *; c complete, i incomplete.
 */
#pragma once

#include "lib/buffer.h"
#include "lib/event.h"

#include <stdbool.h>
#include <time.h>

enum { XFERLOG_TIME_MAX = 80 };

/* True if events of this kind have a line. */
bool xferlog_has(enum event_id id);

/* "Thu Nov 26 17:04:21 2026". The first call reads the machine's time zone. */
void xferlog_format_time(const struct timespec *when, char ret[XFERLOG_TIME_MAX]);

/* Appends the line of EVENT without its time and its newline. -ENOBUFS, -ENOMEM. */
int xferlog_format(struct buffer *buffer, const struct event_origin *origin,
                   const struct event *event);
