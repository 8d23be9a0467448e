/*
 * The command line: one table, from which --help is printed and which the manual is checked
 * against. main.c uses it.
 */
#pragma once

#include "ftplint/target.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    PATTERNS_MAX = 1024,
    KEPT_MAX = 8, /* the URL; a password, or what netrc has, for each account */
};

/* How ftplint ends. */
enum exit_status {
    STATUS_CLEAN = 0,
    STATUS_WARNINGS = 1,
    STATUS_ERRORS = 2,
    STATUS_NOT_RUN = 3,
};

enum format { FORMAT_TEXT, FORMAT_TAP, FORMAT_JUNIT, FORMAT_JSON };
enum action { ACTION_RUN, ACTION_LIST, ACTION_EXPLAIN, ACTION_MANUAL, ACTION_HELP, ACTION_VERSION };
enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct patterns {
    char *pattern[PATTERNS_MAX];
    size_t count;
};

struct options {
    enum action action;
    char *url;        /* in argv */
    const char *user; /* of --user; it comes before the URL's */
    const char *user2;
    const char *admin;
    const char *password_files[ACCOUNTS];
    const char *netrc; /* NULL: ~/.netrc */
    const char *explain;
    struct patterns only;
    struct patterns skip;
    const char *baseline;
    const char *write_baseline;
    const char *output; /* NULL: the standard output */
    enum format format;
    enum color color;
    int family; /* AF_UNSPEC, AF_INET, AF_INET6 */
    bool tls_given;
    bool connections_given;
    bool verbose;
    bool quiet;
    unsigned limit; /* milliseconds for the whole run */
    struct target target;
    char *kept[KEPT_MAX]; /* what TARGET points into */
    size_t kept_sizes[KEPT_MAX];
    size_t kept_count;
};

struct option_row {
    const char *word;    /* "--only" */
    char letter;         /* 0: none */
    const char *operand; /* NULL: takes none */
    const char *meaning;
    bool (*apply)(struct options *options, const char *operand);
};
extern const struct option_row option_rows[];
extern const size_t option_rows_count;

/* Reads the command line. False after having said on stderr what is wrong with it. */
bool options_read(struct options *ret, int argc, char **argv);

/* Keeps TEXT, from malloc(), until options_free(), which wipes it, and returns it; NULL stays NULL.
 */
char *options_keep(struct options *options, char *text);

/* Frees what the options own, and with it what their target names. */
void options_free(struct options *options);

/* What --help prints. */
void options_print_help(void);

/* "clean" and the like, by status. */
extern const char *const exit_words[];

/* Takes the URL apart into OPTIONS->target and finds its address. False after having said what is
 * wrong. A URL that names no user leaves the login to --user, then to "anonymous". */
bool target_read(struct options *options);

/* The passwords, from files, the environment, the URL, netrc, or the terminal. False after having
 * said which is missing. */
bool credentials_read(struct options *options);
