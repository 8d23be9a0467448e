/*
 * Directory listings as a stream of text: LIST, NLST and MLSD over a data connection, STAT and MLST
 * over the control connection. The session uses it. It never sends anything itself, never looks up
 * a user or group name, never follows a link out of what the kernel shows, and its memory does not
 * grow with the directory beyond a fixed bound.
 */
#pragma once

#include "lib/buffer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

enum listing_format {
    LISTING_LONG,  /* LIST: like "ls -l" */
    LISTING_NAMES, /* NLST: one name a line; only what can be retrieved or entered */
    LISTING_FACTS, /* MLSD: RFC 3659 section 7 */
};

/* The facts of RFC 3659 that we know, in the order in which we send them. OPTS MLST chooses. */
enum fact {
    FACT_TYPE = 1 << 0,
    FACT_SIZE = 1 << 1,
    FACT_MODIFY = 1 << 2,
    FACT_PERM = 1 << 3,
    FACT_UNIQUE = 1 << 4,
    FACT_UNIX_MODE = 1 << 5,
    FACT_USUAL = (1 << 6) - 1, /* what is sent unless the client chooses */
    FACT_AVAILABLE = 1 << 6,   /* a local one: what AVBL says, of a directory */
};

struct listing_view {
    enum listing_format format;
    bool all;       /* names that begin with a dot as well (LIST -a; MLSD always) */
    bool recursive; /* LIST -R: at most LISTING_DEPTH_MAX levels deep */
    bool read_only; /* the account may not change anything: perm facts say so */
    bool local_time;
    unsigned facts;    /* of enum fact */
    uid_t uid;         /* whose files are shown as OWNER's */
    const char *owner; /* the login name; files of anybody else show "other" */
    /* Random per session: "unique" is a keyed mix of device and inode, never raw. */
    uint64_t unique_key;
    uint64_t available; /* of a directory that is in this mount (statx(2)) */
    uint64_t mount;
    char *const *deny_names; /* see names.h */
    bool no_links;           /* links are not followed, whether or not names are denied */
    /* An administrator's: uids and gids whose files may be read and changed whatever their mode
     * says. 0: there are none. */
    uid_t override_first, override_last;
    /* Called for each unfinished upload that the walk comes across, so that the abandoned ones can
     * be removed; may be NULL. NAME is in the folder FD. */
    void (*unfinished)(void *data, int fd, const char *name);
    void *unfinished_data;
};

enum { LISTING_DEPTH_MAX = 64 };

/* Parses the facts of OPTS MLST ("type;size;", any case, unknown ones ignored, "" for none) to a
 * set of enum fact. Never fails. */
unsigned listing_scan_facts(const char *text);
/* Appends "type*;size*;modify;..." for FEAT, or "type;size;" of those in FACTS only for the reply
 * to OPTS. */
int listing_append_fact_names(struct buffer *buffer, unsigned facts, bool mark);

/* Appends the facts of one entry and a space: "type=file;size=12;modify=20261122170421;perm=adfrw;
 * ". KIND is NULL, "cdir" or "pdir". */
int listing_append_facts(struct buffer *buffer, const struct listing_view *view,
                         const struct statx *entry, const char *kind);

/* Begins the listing of PATH as the client gave it (NULL or "" is the present directory). PATH may
 * be a directory, a file (then it is the only line; not for LISTING_FACTS: -ENOTDIR), or end in a
 * pattern with
 * '*', '?' or '[' in its last component (not for LISTING_FACTS); a file whose name really is the
 * pattern comes first. A leading group of options, "-la", "-R" ..., is taken from the front of
 * PATH, "a" and "R" are honoured, others ignored; a name that begins with a dash can be given as
 * "./-name". Options are only taken for LISTING_LONG and LISTING_NAMES. VIEW is copied; what it
 * points to must outlive the listing. Negative errno, *RET owned by the caller. */
struct listing;
int listing_open(const struct listing_view *view, const char *path, struct listing **ret);

/* Appends complete CRLF lines to OUT until it has about SIZE bytes more. 1 if there is more to
 * come, 0 at the end, negative errno. Directories that cannot be read below the first one are
 * passed over. */
int listing_fill(struct listing *listing, struct buffer *out, size_t size);

/* PATH without the options in front of it, for logs. */
const char *listing_skip_options(const char *path);

/* Entries sent so far. */
uint64_t listing_count(const struct listing *listing);
void listing_free(struct listing *listing);
