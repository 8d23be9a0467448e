/*
 * What the files of the listing share. Only session/listing*.c include it.
 *
 * listing.c            the walk: which line comes next
 * listing_look.c       what the kernel says of entries, how paths are opened
 * listing_argument.c   options, path and pattern out of what the client sent
 * listing_directory.c  the names in one directory, in order
 * listing_pending.c    directories that LIST -R has yet to visit
 * listing_format.c     the text of LIST and NLST lines
 * listing_facts.c      the facts of MLSD and MLST
 */
#pragma once

#include "lib/calendar.h"
#include "session/listing.h"

#include <limits.h>
#include <stdint.h>

enum {
    LISTING_NAME_MAX = 1024,            /* the longest name any file system of Linux has (FUSE) */
    LISTING_SORT_MAX = 4 * 1024 * 1024, /* names in memory, to be sorted */
    LISTING_PENDING_MAX = 4 * 1024 * 1024, /* directories in memory, to be visited */
    LISTING_OWNER_MAX = 128,
    LISTING_FACTS_MAX = 256,
    /* A path as the client gave it, a name, the target of a link, and the columns before them. */
    LISTING_LINE_MAX = 2 * PATH_MAX + LISTING_NAME_MAX + 1024,
};

/* listing_look.c. All return a negative errno for failure. */

/* STATX_BASIC_STATS and STATX_MNT_ID of an entry; FLAGS as in statx(2). */
int listing_look(int fd, const char *name, int flags, struct statx *ret);
/* Where names are denied, a link could lead to one under another name: then none is followed. */
bool listing_follows_links(const struct listing_view *view);
/* The entry that a path of the client names, itself and not what it leads to. */
int listing_look_at_path(const struct listing_view *view, const char *path, struct statx *ret);
/* The directory that it names. */
int listing_open_directory(const struct listing_view *view, const char *path);
/* The directory PATH below TOP. One that was exchanged for a link since its name was read is not
 * followed either. */
int listing_open_folder(int top, const char *path);

/* listing_argument.c */

struct listing_argument {
    bool all;
    bool recursive;
    const char *path;    /* points into what was parsed, "" for the present directory */
    const char *pattern; /* the last component of PATH, if it has a '*', '?' or '[', else NULL */
    bool literal;        /* PATH itself may be looked up too */
};

/* -ENOENT if a component of the path does not exist for the user, -ENAMETOOLONG. */
int listing_parse_argument(const struct listing_view *view, const char *text,
                           struct listing_argument *ret);
/* True if every component of PATH exists for the user. */
bool listing_path_exists(const struct listing_view *view, const char *path);

/* listing_directory.c */

struct directory {
    int fd;
    const struct listing_view *view;
    const char *pattern;
    char *records; /* as getdents64(2) gave them */
    size_t records_position;
    size_t records_end;
    bool sorted; /* all names are in memory: */
    char *names; /* of each: its type (DT_*), its name, a zero byte */
    size_t names_end;
    size_t names_allocated;
    uint32_t *order; /* where in NAMES each begins */
    size_t count;
    size_t order_allocated;
    size_t next;
};

struct directory_entry {
    const char *name; /* good until the next call */
    size_t size;
    unsigned char type; /* DT_* */
};

void directory_init(struct directory *directory);
/* Closes what was open and takes over FD, also when it fails. With IN_ORDER the names are sorted,
 * if they fit into LISTING_SORT_MAX. */
int directory_begin(struct directory *directory, int fd, const struct listing_view *view,
                    const char *pattern, bool in_order);
/* 1 for an entry, 0 at the end, negative errno. Only what exists for the user, is not hidden, and
 * matches. */
int directory_next(struct directory *directory, struct directory_entry *ret);
/* Remembers the type of the entry that came last, where the file system did not tell. */
void directory_set_type(struct directory *directory, unsigned char type);
/* Behind the end of a sorted directory: its folders from the last to the first, then NULL. */
const char *directory_previous_folder(struct directory *directory);
void directory_close(struct directory *directory);
void directory_free(struct directory *directory);

/* listing_pending.c */

/* A stack of paths with how deep each is. It never takes more than LISTING_PENDING_MAX bytes. */
struct pending {
    char *bytes;
    size_t end;
    size_t allocated;
};

/* Puts FOLDER/NAME (or NAME if FOLDER is "") on top; one that does not fit is passed over. -ENOMEM.
 */
int pending_push(struct pending *pending, const char *folder, const char *name, unsigned depth);
/* Takes the top one away. False if there is none. */
bool pending_pop(struct pending *pending, char ret_path[PATH_MAX], unsigned *ret_depth);
void pending_free(struct pending *pending);

/* listing_format.c */

struct listing_column {
    size_t size;
    char text[LISTING_OWNER_MAX];
};

/* What is worked out once, or was worked out for the line before. */
struct listing_memory {
    int64_t now;
    bool date_known;
    int64_t date_second; /* of date, LIST */
    char date[12];
    struct listing_column owner;
    struct listing_column other;
    bool day_known;
    int64_t day; /* of day_text, MLSD */
    char day_text[8];
};

void listing_memory_init(struct listing_memory *memory, const struct listing_view *view);

/* Each writes at RET and returns where it ended. */
char *listing_write_digits(char *ret, uint64_t value, unsigned digits);
/* What ends a line or moves a terminal's cursor becomes '?'. */
char *listing_write_name(char *ret, const char *name, size_t size);
/* A LIST line up to the name. */
char *listing_write_columns(char *ret, struct listing_memory *memory,
                            const struct listing_view *view, const struct statx *entry);

/* " -> TARGET" of the link NAME in the folder FD, or nothing if the target is not to be seen. */
char *listing_write_target(char *ret, const struct listing_view *view, int fd, const char *name);

/* listing_facts.c */

/* True if the user may make and remove names in DIRECTORY. */
bool listing_may_change(const struct listing_view *view, const struct statx *directory);
/* The facts and the space behind them, at most LISTING_FACTS_MAX bytes. */
char *listing_write_facts(char *ret, struct listing_memory *memory, const struct listing_view *view,
                          const struct statx *entry, const char *kind, bool parent_writable);
