/* Directory listings, the walk: which line comes next. See listing.h. One stage after the other
 * yields at most one line, so that a listing can stop anywhere and a deep tree takes no stack
 * (P08). */
#include "session/listing_private.h"

#include "lib/cleanup.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

enum stage {
    STAGE_HEADER,  /* "./sub:" of LIST -R */
    STAGE_SELF,    /* "." or cdir */
    STAGE_PARENT,  /* ".." or pdir */
    STAGE_ENTRIES, /* what is in the directory */
    STAGE_FOLDERS, /* on to the next directory of LIST -R */
    STAGE_SINGLE,  /* the one line about a file */
    STAGE_END,
};

struct listing {
    struct listing_view view; /* with what the options said */
    struct listing_memory memory;
    struct directory directory;
    struct pending pending;
    enum stage stage;
    int top; /* where LIST -R began */
    bool parent_writable;
    struct statx self;     /* of the present directory, or of the one file */
    char *path;            /* as the client gave it, without options */
    const char *pattern;   /* in PATH, or NULL */
    char folder[PATH_MAX]; /* the present directory, from the top; "" for the top */
    unsigned depth;
    uint64_t count;
    bool line_is_entry;
    size_t line_size; /* 0 when the line has been taken */
    char line[LISTING_LINE_MAX];
};

static char *write_end(char *at)
{
    *at++ = '\r';
    *at++ = '\n';
    return at;
}

static int line_ends(struct listing *listing, char *at, bool is_entry)
{
    listing->line_size = (size_t)(write_end(at) - listing->line);
    listing->line_is_entry = is_entry;
    return 1;
}

/* As ls -R has it: ".:" and then, after an empty line each, "./sub:". */
static int header_line(struct listing *listing)
{
    listing->stage = STAGE_SELF;
    if (!listing->view.recursive)
        return 0;
    const char *top = listing->path[0] ? listing->path : ".";
    size_t size = strlen(top);
    char *at = listing->line;
    if (listing->folder[0])
        at = write_end(at);
    at = listing_write_name(at, top, size);
    if (listing->folder[0]) {
        if (top[size - 1] != '/')
            *at++ = '/';
        at = listing_write_name(at, listing->folder, strlen(listing->folder));
    }
    *at++ = ':';
    return line_ends(listing, at, false);
}

/* "." and ".." have the same facts everywhere: above the root is nothing, and it must not show
 * where the root is (C06). Without the type a client could not tell them from entries; NLST is of
 * what can be retrieved (RFC 1123 section 4.1.2.7). */
static int dots_line(struct listing *listing, const char *kind, const char *name)
{
    const struct listing_view *view = &listing->view;
    char *at = listing->line;
    if (view->format == LISTING_FACTS && view->facts & FACT_TYPE)
        at = listing_write_facts(at, &listing->memory, view, &listing->self, kind, false);
    else if (view->format == LISTING_LONG && view->all && !listing->pattern)
        at = listing_write_columns(at, &listing->memory, view, &listing->self);
    else
        return 0;
    return line_ends(listing, listing_write_name(at, name, strlen(name)), false);
}

static int self_line(struct listing *listing)
{
    listing->stage = STAGE_PARENT;
    return dots_line(listing, "cdir", ".");
}

static int parent_line(struct listing *listing)
{
    listing->stage = STAGE_ENTRIES;
    return dots_line(listing, "pdir", "..");
}

static int long_line(struct listing *listing, int fd, const char *name, const struct statx *entry)
{
    char *at = listing_write_columns(listing->line, &listing->memory, &listing->view, entry);
    if (listing->pattern)
        at = listing_write_name(at, listing->path, (size_t)(listing->pattern - listing->path));
    at = listing_write_name(at, name, strlen(name));
    if (S_ISLNK(entry->stx_mode))
        at = listing_write_target(at, &listing->view, fd, name);
    return line_ends(listing, at, true);
}

/* What an entry's line is made of, by format. Each returns 1 for a line, 0 if the entry is not
 * shown: it may be gone by now, or its directory may not be entered. TYPE (DT_*) is corrected if it
 * was not known. */
static int long_entry(struct listing *listing, const struct directory_entry *entry,
                      unsigned char *type)
{
    struct statx facts;
    int fd = listing->directory.fd;
    if (listing_look(fd, entry->name, AT_SYMLINK_NOFOLLOW, &facts) < 0)
        return 0;
    *type = (unsigned char)IFTODT(facts.stx_mode);
    return long_line(listing, fd, entry->name, &facts);
}

static bool is_retrievable(const struct listing *listing, int fd, const char *name)
{
    struct statx facts;
    int flags = listing_follows_links(&listing->view) ? 0 : AT_SYMLINK_NOFOLLOW;
    return listing_look(fd, name, flags, &facts) == 0 &&
           (S_ISREG(facts.stx_mode) || S_ISDIR(facts.stx_mode));
}

static int name_entry(struct listing *listing, const struct directory_entry *entry,
                      unsigned char *type)
{
    struct statx facts;
    int fd = listing->directory.fd;
    if (*type == DT_UNKNOWN && listing_look(fd, entry->name, AT_SYMLINK_NOFOLLOW, &facts) == 0)
        *type = (unsigned char)IFTODT(facts.stx_mode);
    if (*type != DT_REG && *type != DT_DIR &&
        !(*type == DT_LNK && is_retrievable(listing, fd, entry->name)))
        return 0;
    char *at = listing->line;
    if (listing->pattern)
        at = listing_write_name(at, listing->path, (size_t)(listing->pattern - listing->path));
    return line_ends(listing, listing_write_name(at, entry->name, entry->size), true);
}

static int facts_entry(struct listing *listing, const struct directory_entry *entry,
                       unsigned char *type)
{
    struct statx facts;
    int fd = listing->directory.fd;
    /* A link is shown as what it leads to; if that is nothing, as a link. */
    int flags = listing_follows_links(&listing->view) ? 0 : AT_SYMLINK_NOFOLLOW;
    if (listing_look(fd, entry->name, flags, &facts) < 0 &&
        listing_look(fd, entry->name, AT_SYMLINK_NOFOLLOW, &facts) < 0)
        return 0;
    *type = (unsigned char)IFTODT(facts.stx_mode);
    char *at = listing_write_facts(listing->line, &listing->memory, &listing->view, &facts, NULL,
                                   listing->parent_writable);
    return line_ends(listing, listing_write_name(at, entry->name, entry->size), true);
}

static int (*const entry_lines[])(struct listing *listing, const struct directory_entry *entry,
                                  unsigned char *type) = {
    [LISTING_LONG] = long_entry,
    [LISTING_NAMES] = name_entry,
    [LISTING_FACTS] = facts_entry,
};

static int remember_folder(struct listing *listing, const char *name)
{
    if (listing->depth >= LISTING_DEPTH_MAX)
        return 0;
    return pending_push(&listing->pending, listing->folder, name, listing->depth + 1);
}

static int entry_line(struct listing *listing)
{
    struct directory_entry entry;
    int r = directory_next(&listing->directory, &entry);
    if (r <= 0) {
        listing->stage = listing->view.recursive ? STAGE_FOLDERS : STAGE_END;
        return listing->folder[0] ? 0 : r;
    }
    unsigned char type = entry.type;
    int shown = entry_lines[listing->view.format](listing, &entry, &type);
    if (!listing->view.recursive)
        return shown;
    directory_set_type(&listing->directory, type);
    r = !listing->directory.sorted && type == DT_DIR ? remember_folder(listing, entry.name) : 0;
    return r < 0 ? r : shown;
}

/* Makes FD, which is taken over in any case, the present directory. */
static int enter(struct listing *listing, int fd)
{
    bool in_order = listing->view.format != LISTING_FACTS;
    int r = directory_begin(&listing->directory, fd, &listing->view, listing->pattern, in_order);
    if (r == 0 && listing->view.recursive && listing->top < 0) {
        listing->top = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        if (listing->top < 0)
            return -errno;
    }
    if (r == 0)
        r = listing_look(fd, "", AT_EMPTY_PATH, &listing->self);
    if (r < 0)
        return r;
    listing->parent_writable = listing_may_change(&listing->view, &listing->self);
    listing->stage = STAGE_HEADER;
    return 0;
}

/* The last one is pushed first, so that they come in order. Those that were read as a stream are on
 * the stack already. */
static int push_folders(struct listing *listing)
{
    const char *name;
    if (!listing->directory.sorted)
        return 0;
    while ((name = directory_previous_folder(&listing->directory))) {
        int r = remember_folder(listing, name);
        if (r < 0)
            return r;
    }
    return 0;
}

static int next_folder(struct listing *listing)
{
    int r = push_folders(listing);
    if (r < 0)
        return r;
    while (pending_pop(&listing->pending, listing->folder, &listing->depth)) {
        int fd = listing_open_folder(listing->top, listing->folder);
        r = fd < 0 ? fd : enter(listing, fd);
        if (r == 0 || r == -ENOMEM)
            return r;
    }
    listing->stage = STAGE_END;
    return 0;
}

static int single_line(struct listing *listing)
{
    listing->stage = STAGE_END;
    if (listing->view.format == LISTING_LONG)
        return long_line(listing, AT_FDCWD, listing->path, &listing->self);
    if (!is_retrievable(listing, AT_FDCWD, listing->path))
        return 0;
    return line_ends(listing,
                     listing_write_name(listing->line, listing->path, strlen(listing->path)), true);
}

/* Each makes a line and returns 1, or goes on to another stage and returns 0. */
static int (*const stages[])(struct listing *listing) = {
    [STAGE_HEADER] = header_line, [STAGE_SELF] = self_line,      [STAGE_PARENT] = parent_line,
    [STAGE_ENTRIES] = entry_line, [STAGE_FOLDERS] = next_folder, [STAGE_SINGLE] = single_line,
};

int listing_fill(struct listing *listing, struct buffer *out, size_t size)
{
    size_t before = buffer_size(out);
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    listing->memory.now = now.tv_sec;
    while (buffer_size(out) - before < size) {
        while (listing->line_size == 0) {
            if (listing->stage == STAGE_END)
                return 0;
            int r = stages[listing->stage](listing);
            if (r < 0)
                return r;
        }
        int r = buffer_append(out, listing->line, listing->line_size);
        if (r == -ENOBUFS && buffer_size(out) > 0)
            return 1;
        if (r < 0)
            return r;
        listing->count += listing->line_is_entry;
        listing->line_size = 0;
    }
    return 1;
}

static int open_pattern(struct listing *listing)
{
    size_t size = (size_t)(listing->pattern - listing->path);
    cleanup_free char *folder = strndup(size > 0 ? listing->path : ".", size > 0 ? size : 1);
    if (!folder)
        return -ENOMEM;
    int fd = listing_open_directory(&listing->view, folder);
    return fd < 0 ? fd : enter(listing, fd);
}

/* What is really called so comes before what matches: a client that names a file means that file.
 */
static int open_path(struct listing *listing, bool literal)
{
    const char *pattern = take_pointer(listing->pattern);
    int r = -ENOENT;
    if (literal) {
        r = listing_open_directory(&listing->view, listing->path[0] ? listing->path : ".");
        if (r >= 0)
            return enter(listing, r);
        if (listing->view.format == LISTING_FACTS)
            return r;
        if (listing_look_at_path(&listing->view, listing->path, &listing->self) == 0) {
            if (S_ISDIR(listing->self.stx_mode))
                return r;
            listing->stage = STAGE_SINGLE;
            return 0;
        }
    }
    if (r != -ENOENT || !pattern)
        return r;
    listing->pattern = pattern;
    listing->view.recursive = false;
    return open_pattern(listing);
}

int listing_open(const struct listing_view *view, const char *path, struct listing **ret)
{
    struct listing_argument argument;
    int r = listing_parse_argument(view, path, &argument);
    if (r < 0)
        return r;
    struct listing *listing = calloc(1, sizeof(*listing));
    if (!listing)
        return -ENOMEM;
    directory_init(&listing->directory);
    listing->top = -1;
    listing->view = *view;
    listing->view.all = argument.all;
    listing->view.recursive = argument.recursive;
    listing_memory_init(&listing->memory, view);
    listing->path = strdup(argument.path);
    if (listing->path && view->nothing) {
        listing->stage = STAGE_END;
        r = 0;
    } else if (listing->path) {
        if (argument.pattern)
            listing->pattern = listing->path + (argument.pattern - argument.path);
        r = open_path(listing, argument.literal);
    } else {
        r = -ENOMEM;
    }
    if (r < 0) {
        listing_free(listing);
        return r;
    }
    *ret = listing;
    return 0;
}

uint64_t listing_count(const struct listing *listing)
{
    return listing->count;
}

void listing_free(struct listing *listing)
{
    if (!listing)
        return;
    directory_free(&listing->directory);
    pending_free(&listing->pending);
    (void)close_fd(listing->top);
    free(listing->path);
    free(listing);
}
