/*
 * The catalogue: every test that ftplint knows. One table per group, in group_NAME.c; from them
 * come
 * --list, --explain, the manual's catalogue and the order of the run. Only src/ftplint includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct exam;

enum severity {
    SEVERITY_NOTE,    /* worth knowing; nothing has to be done */
    SEVERITY_WARNING, /* violates a SHOULD or common practice, or harms clients */
    SEVERITY_ERROR,   /* violates a MUST, loses data, or is a hole */
};

/* What a test takes beyond a server; without it, the runner skips the test and says why. */
enum test_flag {
    TEST_ANONYMOUS = 1 << 0, /* needs no login at all: before the login, or about it */
    TEST_READ_ONLY = 1 << 1, /* changes nothing on the server; others need a user that may write */
    TEST_DESTRUCTIVE = 1 << 2, /* loads the server, can lock accounts, or reaches beyond ftplint's
                                  folder: only with --destructive */
    TEST_SLOW = 1 << 3,        /* more than about 3 seconds with a good server: not with --quick */
    TEST_SECOND = 1 << 4,      /* needs --user2 */
    TEST_ADMIN = 1 << 5,       /* needs --admin */
    TEST_TLS = 1 << 6,         /* needs a server that offers TLS, however this run logs in */
    TEST_LOCAL = 1 << 7,       /* needs --local, the user's folder as a path of this machine */
    TEST_IPV6 = 1 << 8,        /* needs a control connection over IPv6 */
};

struct test {
    const char *name; /* stable: SOURCE.SUBJECT.ASPECT, "rfc3659.mlst.modify-utc" */
    enum severity severity;
    unsigned flags;      /* enum test_flag */
    const char *feature; /* as FEAT announces it ("MLST", "REST STREAM"); NULL: none */
    const char *after;   /* the test without whose success this one says nothing; NULL: none */
    const char *title;   /* what a good server does, one line without a full stop */
    const char *reason;  /* "RFC 959, section 5.4: ..." or whom it harms; whole sentences */
    const char *remedy;  /* what the server's author or administrator does about it */
    void (*run)(struct exam *exam);
    const void *parameter; /* RUN's own, for one function with several rows */
};

struct group {
    const char *name;  /* "listings": a word for --only and --skip */
    const char *title; /* a heading */
    const struct test *tests;
    size_t count;
};

/* All groups in the order of a run; each is defined in group_NAME.c. Those that send many wrong
 * passwords come last: a ban holds up nothing that way. */
#define GROUPS(GROUP)                                                                              \
    GROUP(greeting)                                                                                \
    GROUP(replies)                                                                                 \
    GROUP(commands)                                                                                \
    GROUP(arguments)                                                                               \
    GROUP(pipelining)                                                                              \
    GROUP(login)                                                                                   \
    GROUP(relogin)                                                                                 \
    GROUP(features)                                                                                \
    GROUP(announced)                                                                               \
    GROUP(unannounced)                                                                             \
    GROUP(information)                                                                             \
    GROUP(language)                                                                                \
    GROUP(paths)                                                                                   \
    GROUP(working_directory)                                                                       \
    GROUP(quoting)                                                                                 \
    GROUP(directories)                                                                             \
    GROUP(rename)                                                                                  \
    GROUP(replacing)                                                                               \
    GROUP(deletion)                                                                                \
    GROUP(names)                                                                                   \
    GROUP(unicode)                                                                                 \
    GROUP(store)                                                                                   \
    GROUP(unique)                                                                                  \
    GROUP(retrieve)                                                                                \
    GROUP(types)                                                                                   \
    GROUP(ascii)                                                                                   \
    GROUP(resume)                                                                                  \
    GROUP(resume_upload)                                                                           \
    GROUP(ranges)                                                                                  \
    GROUP(abort)                                                                                   \
    GROUP(midway)                                                                                  \
    GROUP(sizes)                                                                                   \
    GROUP(times)                                                                                   \
    GROUP(digests)                                                                                 \
    GROUP(list)                                                                                    \
    GROUP(list_details)                                                                            \
    GROUP(nlst)                                                                                    \
    GROUP(mlst)                                                                                    \
    GROUP(mlsd)                                                                                    \
    GROUP(mlst_options)                                                                            \
    GROUP(mlst_refusals)                                                                           \
    GROUP(passive)                                                                                 \
    GROUP(epsv)                                                                                    \
    GROUP(active)                                                                                  \
    GROUP(confinement)                                                                             \
    GROUP(planted)                                                                                 \
    GROUP(outside)                                                                                 \
    GROUP(special)                                                                                 \
    GROUP(execution)                                                                               \
    GROUP(bounce)                                                                                  \
    GROUP(theft)                                                                                   \
    GROUP(injection)                                                                               \
    GROUP(globs)                                                                                   \
    GROUP(isolation)                                                                               \
    GROUP(identity)                                                                                \
    GROUP(lines)                                                                                   \
    GROUP(limits)                                                                                  \
    GROUP(foreign)                                                                                 \
    GROUP(idle)                                                                                    \
    GROUP(robustness)                                                                              \
    GROUP(shared)                                                                                  \
    GROUP(concurrency)                                                                             \
    GROUP(quota)                                                                                   \
    GROUP(administration)                                                                          \
    GROUP(registration)                                                                            \
    GROUP(registration_names)                                                                      \
    GROUP(accounts)                                                                                \
    GROUP(tls)                                                                                     \
    GROUP(tls_clear)                                                                               \
    GROUP(tls_versions)                                                                            \
    GROUP(tls_protocol)                                                                            \
    GROUP(certificate)                                                                             \
    GROUP(tls_protection)                                                                          \
    GROUP(tls_data)                                                                                \
    GROUP(close_notify)                                                                            \
    GROUP(tls_sessions)                                                                            \
    GROUP(performance)                                                                             \
    GROUP(enumeration)                                                                             \
    GROUP(guessing)

#define GROUP_DECLARE(name) extern const struct group group_##name;
GROUPS(GROUP_DECLARE)
#undef GROUP_DECLARE

extern const struct group *const catalogue[];
extern const size_t catalogue_groups;

/* The test of that name and, if RET_GROUP is not NULL, its group; NULL if there is none. */
const struct test *catalogue_find(const char *name, const struct group **ret_group);

/* True if PATTERN is a group's name or matches the test's name ('*' and '?'). */
bool test_matches(const char *pattern, const struct group *group, const struct test *test);

/* True if there is a test that PATTERN matches. */
bool catalogue_matches(const char *pattern);

/* "error", "warning", "note". */
const char *severity_name(enum severity severity);
