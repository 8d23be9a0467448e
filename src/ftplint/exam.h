/*
 * One test in progress: what it owns, how it ends, what it expects. Tests (group_NAME.c) use it;
 * the runner begins and ends it.
 *
 * A test is a function that returns if the server is right. Everything that it opens or allocates
 * belongs to the exam, which releases it however the test ends: fail(), skip() and blocked() do not
 * return (longjmp), so a test owns nothing itself and uses no cleanup attribute.
 *
 * Steps named given_... make what the test needs. If one of them fails, the test is blocked, not
 * failed: what went wrong there is another test's finding.
 */
#pragma once

#include "ftplint/catalogue.h"
#include "ftplint/client.h"
#include "ftplint/data.h"
#include "ftplint/dialogue.h"
#include "ftplint/server.h"
#include "ftplint/target.h"

#include <setjmp.h>
#include <stdint.h>
#include <sys/types.h>

enum outcome {
    OUTCOME_PASSED,
    OUTCOME_FAILED,  /* a finding of the test's severity */
    OUTCOME_SKIPPED, /* the server's features or the command line do not allow the test */
    OUTCOME_BLOCKED, /* a step that the test stands on did not work */
};

struct result {
    enum outcome outcome;
    bool timed_out;      /* something was waited for in vain: tried again before it is reported */
    char expected[1024]; /* of a failure */
    char got[4096];      /* of a failure; of a skipped or blocked test the reason */
    char notes[2048];    /* one line each */
    uint64_t duration;   /* milliseconds */
};

struct allocation;
struct undo;

struct exam {
    const struct target *target;
    struct server *server; /* what is known of it */
    const struct test *test;
    struct dialogue *dialogue;
    struct result result;
    struct client *clients;
    struct data *data;
    struct allocation *allocations;
    size_t allocated;     /* bytes in them */
    struct undo *undo;    /* what is to be sent at the end */
    bool finishing;       /* it goes on although the user wants an end: it cleans up */
    unsigned given;       /* depth of given_ steps: > 0, a failure blocks */
    unsigned connections; /* numbered for the dialogue */
    uint64_t deadline;    /* clock_msec(): the test's end */
    const char *folder; /* of this test alone, once it is made; an absolute path of the server's */
    struct planted *planted; /* on this machine, of planted.h */
    const char *outside;     /* a folder of this machine beyond the server's; NULL: none yet */
    int outside_fd;          /* the same, opened; -1 */
    pid_t child;             /* a process that swaps names for this test; 0: none */
    jmp_buf end;
};

/* Ends the test with a finding. EXPECTED in words that follow "expected:", the rest what follows
 * "got:"; both are understood without the test's source. */
void fail(struct exam *exam, const char *expected, const char *format, ...)
    __attribute__((noreturn, format(printf, 3, 4)));

/* Ends the test without a verdict: "the server does not announce MFMT". */
void skip(struct exam *exam, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));
void blocked(struct exam *exam, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

/* A remark that stands with the result, whatever it is: "SIZE in TYPE A is refused (allowed)". */
void note(struct exam *exam, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Memory until the exam's end. */
void *exam_allocate(struct exam *exam, size_t size);
char *exam_format(struct exam *exam, const char *format, ...) __attribute__((format(printf, 2, 3)));
char *exam_formatv(struct exam *exam, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
char *exam_copy(struct exam *exam, const void *bytes, size_t size); /* with a zero byte behind */

/* Milliseconds that a step may wait: the target's timeout, or what is left of the test. At least 1.
 */
unsigned exam_patience(const struct exam *exam);

/* Ends the test, blocked, when its time is over or the user wants an end: for loops that a server
 * can keep going by sending without end. Whatever reads a reply does so. */
void exam_go_on(struct exam *exam);

/* A command that the shared session sends when the test is over, however it ended ("DELE /a"): for
 * what would harm the tests that follow. */
void undo_later(struct exam *exam, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same, sent in a session of the administrator's (--admin). */
void undo_as_administrator(struct exam *exam, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* SIZE bytes that do not compress and contain every value; equal for equal SEED. */
struct bytes exam_content(struct exam *exam, size_t size, unsigned seed);

/* --- connections ------------------------------------------------------------------------------ */

/* The user's session that tests share: logged in, TYPE I, in ftplint's folder. A test that uses it
 * leaves behind no state of it (RNFR, REST, MODE, OPTS...); after a failure it is given up. */
struct client *given_session(struct exam *exam);

/* A connection of its own, logged in, TYPE I; closed with the test. */
struct client *given_login(struct exam *exam, enum account account);

/* A connection with the greeting read; under TLS as the target says; not logged in. */
struct client *given_connection(struct exam *exam);

/* The same before the greeting is read: under implicit TLS with the handshake, otherwise TCP. */
struct client *given_silent(struct exam *exam);
/* The same from another loopback address, 127.0.0.LAST: what is counted per address is counted
 * there. Skips the test unless the server is on this machine's IPv4 loopback. */
struct client *given_neighbour(struct exam *exam, unsigned last);

/* As given_connection(), for wrong passwords. If the server is on this machine's IPv4 loopback, it
 * comes from 127.0.0.LAST: the brakes against guessing then hold up, or ban, nobody else. */
struct client *given_stranger(struct exam *exam, unsigned last);
/* Those addresses; a test that makes many guesses has one of its own. */
enum {
    STRANGER = 10,
    STRANGER_TIMING,
    STRANGER_TIMING_AGAIN,
    STRANGER_GUESSING,
    STRANGER_ANEW,
    STRANGER_LOCKING,
    STRANGER_DEFAULTS
};

/* As given_connection() and given_login(), but what goes wrong is a finding: for tests of whether
 * the server still serves. */
struct client *open_connection(struct exam *exam);
struct client *open_login(struct exam *exam, enum account account);

/* TCP alone: the greeting is not read, no TLS. */
struct client *given_socket(struct exam *exam);

/* Logs in; a finding (or, within a given_ step, blocked) if it fails. */
void login(struct client *client, enum account account);
/* USER, and PASS if it is asked for; the last reply. */
const struct reply *try_login(struct client *client, const char *user, const char *password);

/* AUTH TLS with the handshake, PBSZ 0, PROT P. */
void secure(struct client *client);

/* Closes it now, politely (QUIT) or as it is. */
void client_quit(struct client *client);
void client_close(struct client *client);

/* --- files ------------------------------------------------------------------------------------ */

/* The test's own folder (absolute path), made on the first call, removed after the run. */
const char *given_folder(struct exam *exam);

/* The absolute path of NAME in the test's own folder; makes nothing. */
const char *own_path(struct exam *exam, const char *name);

/* What follows the last slash of PATH. */
const char *path_name(const char *path);

/* Uploads and returns the absolute path; CONTENT NULL: nothing in it. */
const char *given_file(struct exam *exam, const char *name, const void *content, size_t size);

/* Makes a directory in the test's folder and returns its absolute path. */
const char *given_directory(struct exam *exam, const char *name);

/* The path of a server's file below the user's first folder on this machine (TEST_LOCAL). */
const char *local_path(struct exam *exam, const char *path);

/* True if the first user sees it: MLST, SIZE or its name in the listing of its directory. */
bool exists(struct exam *exam, const char *path);

/* --- what the server announces ---------------------------------------------------------------- */

/* Skips the test unless FEAT has FEATURE. */
void needs_feature(struct exam *exam, const char *feature);
