/*
 * The user lists of other servers, and our own (cellftpctl export). One function for each format
 * takes the next user out of a text; import.c makes the accounts. Only src/ctl includes it.
 */
#pragma once

#include "lib/account.h"

#include <stdbool.h>
#include <stdint.h>

/* A user as the other server had it. */
struct import_user {
    const char *name; /* any text */
    const char *hash; /* of the password; NULL: CLEAR is the password itself */
    const char *clear;
    const char *home; /* NULL: not known */
    uint64_t owner;   /* the uid of the files there; UINT64_MAX: not known */
    bool locked;      /* what kept others out cannot be said here: nobody gets in before it is */
    struct rules rules;
    struct account *account; /* ours: all that it had, else NULL */
    struct buffer notes;     /* what it loses, for the administrator */
    struct buffer fault;     /* why it cannot be imported; empty: it can */
};

/* A list that is being read. */
struct import_source {
    const struct config *config;
    char *rest; /* what has not been read; it is cut into pieces */
    unsigned line;
    bool begun, colons; /* vsftpd's: lines of name:hash */
};

struct import_format {
    const char *word;
    /* False at the end. What *RET points to lives as long as the text does. */
    bool (*next)(struct import_source *source, struct import_user *ret);
};
extern const struct import_format import_formats[];
/* NULL if there is none. */
const struct import_format *import_format_find(const char *word);

void import_user_init(struct import_user *user);
void import_user_free(struct import_user *user);

/* The next line, and the next one with something in it that is no comment; NULL at the end. */
char *import_line(struct import_source *source);
char *import_entry(struct import_source *source);
/* Cuts TEXT at its colons; how many fields there are, of which at most MAXIMUM are in RET. */
size_t import_fields(char *text, const char **ret, size_t maximum);
/* Something to be told about USER. */
void import_note(struct import_user *user, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void import_fault(struct import_user *user, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* import_formats.c, import_json.c */
bool import_puredb(struct import_source *source, struct import_user *ret);
bool import_authuserfile(struct import_source *source, struct import_user *ret);
bool import_vsftpd(struct import_source *source, struct import_user *ret);
bool import_json(struct import_source *source, struct import_user *ret);

/* import_hash.c: why a hash cannot be used, NULL if it can: crypt(3) knows it, and it is whole. */
const char *import_hash_fault(const char *hash);

/* import_home.c: gives the folder HOME, and all in it that belongs to the uid FROM (UINT64_MAX: to
 * the owner of the folder), to UID. Negative errno, with words in PROBLEM. DRY: only looks. */
int import_home_take(const char *home, uint64_t from, uid_t uid, bool dry, struct buffer *problem);
