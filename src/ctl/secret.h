/*
 * A new password for an account, from wherever the command line says, with its hash. cellftpctl
 * user uses it.
 */
#pragma once

#include "ctl/command.h"
#include "lib/password.h"

struct secret {
    char clear[PASSWORD_MAX];
    char hash[PASSWORD_HASH_MAX];
    bool generated; /* made up here, so that it has to be shown */
};

/* Asks, reads or generates, and hashes. What goes wrong is said on stderr. */
enum exit_status secret_obtain(const struct invocation *invocation, struct secret *ret);

void secret_wipe(struct secret *secret);
#define cleanup_secret __attribute__((cleanup(secret_wipe)))
