/*
 * Hooks: programs of the administrator's that are run after something has happened, as hooks.user,
 * with the facts in their environment. The process that the monitor keeps for it runs them
 * (lib/hook_serve.c), and so does cellftpctl, after it has made an account.
 *
 * There is no shell, and no argument: what a client chose is a value in the environment and never
 * anything else (row C16). Nobody waits for a hook but the process that has nothing else to do.
 */
#pragma once

#include "lib/account.h"
#include "lib/event.h"

/* X(NAME, word): the word is that of CELLFTPD_EVENT and of the option. */
#define HOOKS(X)                                                                                   \
    X(UPLOAD, upload)                                                                              \
    X(LOGIN, login)                                                                                \
    X(REGISTRATION, registration)

#define HOOK_ENUM(name, word) HOOK_##name,
enum hook_kind { HOOKS(HOOK_ENUM) HOOK_COUNT };
#undef HOOK_ENUM

enum { HOOK_WORDS_MAX = 512, HOOK_OUTPUT_MAX = 1024, HOOK_DETAIL_MAX = 2048 };

/* Why one was not run, or has failed: the reason=WORD of HOOK_FAILED. */
#define HOOK_PROBLEMS(X)                                                                           \
    X(CANNOT_RUN, "cannot-run")                                                                    \
    X(EXIT_STATUS, "exit-status")                                                                  \
    X(KILLED, "killed")                                                                            \
    X(TIMEOUT, "timeout")                                                                          \
    X(STOPPED, "stopped")                                                                          \
    X(QUEUE_FULL, "queue-full")                                                                    \
    X(PATH, "path")

#define HOOK_PROBLEM_ENUM(name, word) HOOK_PROBLEM_##name,
enum hook_problem { HOOK_FINE, HOOK_PROBLEMS(HOOK_PROBLEM_ENUM) HOOK_PROBLEM_COUNT };
#undef HOOK_PROBLEM_ENUM

struct hook_facts {
    enum hook_kind kind;
    const char *user;
    const char *path;    /* as the user sees it; NULL: of no file */
    const char *file;    /* on the host: of the upload, else the user's folder; NULL: not known */
    uint64_t bytes;      /* EVENT_UNSET: of none */
    const char *client;  /* the address; NULL: nobody came over the network */
    const char *session; /* NULL: none */
};

const char *hook_word(enum hook_kind kind);
const char *hook_problem_word(enum hook_problem problem); /* NULL for HOOK_FINE */
/* The program, NULL if none is configured. */
const char *hook_program(const struct config *config, enum hook_kind kind);

/* Whether the program of KIND can be run as it must be: an absolute path, in which nobody but root
 * can change anything, to a file that can be executed; and a user that is not root. 0 if none is
 * configured. Negative errno, and what to do in WORDS. */
int hook_check(const struct config *config, enum hook_kind kind, char words[HOOK_WORDS_MAX]);

/* Runs the program of FACTS and waits until it has ended, or is ended because hooks.timeout is over
 * or STOP (-1: none) is readable; then with SIGTERM, and after two seconds with SIGKILL, and in
 * every case with whatever is left of its process group. DETAIL gets the program, what became of
 * it, and the last of what it has written, if it did not end well.
 *
 * Rights before: at least CAP_SETUID, CAP_SETGID and CAP_KILL. Rights of the program: those of
 * hooks.user with its groups; no capability and no way to gain one (no_new_privs). Verified in the
 * child before it executes anything. */
enum hook_problem hook_run(const struct config *config, const struct hook_facts *facts, int stop,
                           char detail[HOOK_DETAIL_MAX]);

/* The event of a problem, about the path of FACTS. */
struct event hook_event(enum hook_problem problem, const struct hook_facts *facts,
                        const char *detail);

/* The process of a session that runs hooks, one after the other, until SOCKET ends or it is told to
 * by a signal (SIGTERM). What it reads from there was written by hook_post(). It opens logs of its
 * own, and ends the process. ACCOUNT is NULL before a login, when nothing but registrations comes.
 */
_Noreturn void hook_serve(const struct config *config, const struct account *account,
                          const struct event_origin *origin, int socket);
/* Queues a hook without waiting: -EAGAIN if the queue is full, other negative errno. TEXT is the
 * path of an upload, the name of the account that was made, or NULL; BYTES as in struct hook_facts.
 */
int hook_post(int socket, enum hook_kind kind, const char *text, uint64_t bytes);

/* PATH, which the user sees so, on the host: in the user's folder or in a share. Allocated; NULL if
 * it is no path from the root with nothing but names in it, or without memory. Symbolic links are
 * not looked for. */
char *hook_file(const struct config *config, const struct account *account, const char *path);
