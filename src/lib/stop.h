/*
 * Ending a connection from outside: why, and how its monitor is told. The monitor, cellftpctl and
 * the session use it; nobody but root can send it.
 *
 * The monitor is told by SIGTERM with the reason as its value (sigqueue(3)), through a pidfd, so
 * that no other process can be hit. Without a value, or with one that is not in the list, it is a
 * plain SIGTERM as systemd sends it: STOPPED.
 */
#pragma once

#include "lib/registry.h"

/*
 *   X(NAME, word, patience, text)
 *
 * word      the reason in the log
 * patience  milliseconds that the session has to say goodbye; then it is killed
 * text      of the last reply, 421
 */
/* clang-format off */
#define STOP_REASONS(X)                                                                           \
    X(STOPPED, "stopped", 4000, "The server is shutting down. Goodbye.")                          \
    X(KICKED,  "kicked",   400, "An administrator has ended this session. Goodbye.")              \
    X(LOCKED,  "locked",   400, "This account has been locked. Goodbye.")                         \
    X(EXPIRED, "expired",  400, "This account has expired. Goodbye.")                             \
    X(DELETED, "deleted",  400, "This account has been removed. Goodbye.")                        \
    X(DRAINED, "drained",  400, "The server is going down for maintenance. Try again later.")     \
    X(BANNED,  "banned",   400, "An administrator has banned your address. Goodbye.")             \
    X(PASSWORD, "password", 400, "The password of this account was changed. Log in again.")
/* clang-format on */

#define STOP_ENUM(name, word, patience, text) STOP_##name,
enum stop_reason { STOP_REASONS(STOP_ENUM) STOP_COUNT };
#undef STOP_ENUM

/* What a signal or a message carried, STOP_STOPPED if it is none of the list. */
enum stop_reason stop_reason_of(uint32_t value);
const char *stop_word(enum stop_reason reason);
const char *stop_text(enum stop_reason reason);
unsigned stop_patience(enum stop_reason reason); /* milliseconds */

/* Tells the monitor of ENTRY to end its connection for REASON, if that connection is still the one
 * in its slot. *RET_PROCESS is a pidfd of the monitor, owned by the caller: readable once it has
 * ended. -ESRCH if the connection is gone, other negative errno. */
int stop_session(const struct config *config, const struct registry_entry *entry,
                 enum stop_reason reason, int *ret_process);
