/*
 * The log files. The monitor and cellftpctl write them; a session cannot. A line is one write, so
 * that the lines of many processes never mix. A file that logrotate has moved away is noticed
 * before the next line and opened anew.
 */
#pragma once

#include "lib/event.h"

/* An open file and its identity: it is compared with what has the file's name now. */
struct log_file {
    int fd; /* -1 before the first line */
    dev_t device;
    ino_t inode;
};

struct log {
    int directory; /* -1: everything goes to stderr */
    struct log_file files[EVENT_FILE_COUNT];
};

/* Opens the directory; the files are opened on their first line (0640, append only, symbolic links
 * not followed). Negative errno. Works, with nothing but stderr, when this failed. */
int log_open(const char *directory, struct log *ret);
void log_close(struct log *log);

/* Writes EVENT with the present time to the file of its kind. 0, or a negative errno after having
 * said so on stderr. */
int log_write(struct log *log, const struct event_origin *origin, const struct event *event);
