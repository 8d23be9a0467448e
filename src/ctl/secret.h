/*
 * A new password for an account, from wherever the command line says, as a hash. cellftpctl user
 * uses it.
 */
#pragma once

#include "ctl/command.h"
#include "lib/password.h"

/* Room for a generated password. */
enum { SECRET_SHOWN_MAX = 64 };

/* Asks, reads or generates, and hashes. A generated password goes to SHOWN, which is "" otherwise;
 * the caller wipes it. What goes wrong is said on stderr. */
enum exit_status secret_obtain(const struct invocation *invocation, char hash[PASSWORD_HASH_MAX],
                               char shown[SECRET_SHOWN_MAX]);
