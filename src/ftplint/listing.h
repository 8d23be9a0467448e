/*
 * Listings read as clients read them: lines of LIST in the formats that are in use, names of NLST.
 * Tests of listings use it. It never decides what is right: what it cannot read is told, and the
 * test judges.
 */
#pragma once

#include "ftplint/exam.h"

enum list_time {
    LIST_TIME_NONE,
    LIST_TIME_DAY,    /* "Feb  3  2001" */
    LIST_TIME_MINUTE, /* "Nov 23 08:13", and DOS */
};

struct list_entry {
    const char *line; /* whole */
    const char *name; /* of a symbolic link without its target */
    bool directory;
    bool link;
    bool has_size;
    uint64_t size;
    enum list_time precision;
    int64_t time; /* seconds since 1970, read as UTC */
};

struct list {
    struct list_entry *entry; /* without ".", "..", "total 12" and what cannot be read */
    size_t count;
    const char *unreadable; /* the first line that no format fits; NULL: there is none */
};

/* One line: as "ls -l" has it, as DIR of DOS, or EPLF. False if it is none of them. */
bool list_parse(struct exam *exam, const char *line, struct list_entry *ret);

struct list list_read(struct exam *exam, struct bytes bytes);

/* The entry of that name; NULL if there is none. */
const struct list_entry *list_find(const struct list *list, const char *name);

/* How many entries have that name. */
size_t list_count(const struct list *list, const char *name);

/* A listing on which a test stands: what goes wrong blocks it. COMMAND is sent as it is. */
struct bytes given_listing(struct client *client, const char *command);
struct list given_list(struct client *client, const char *command);
struct lines given_lines(struct client *client, const char *command);

/* A finding unless each line of a listing in BYTES ends in CRLF, the last one as well. */
void expect_crlf(struct exam *exam, struct bytes bytes);

/* How often NAME is among LINES, each of which may be a whole path. */
size_t lines_count(const struct lines *lines, const char *name);

/* Creates NAME with SIZE bytes in the test's folder and returns its path; skips the test if the
 * server refuses the name. */
const char *given_odd_file(struct exam *exam, const char *name, size_t size);
