/*
 * Who has registered, by address: at most registration.per_address accounts are made from one
 * within registration.window. Monitor and unit tests use it.
 *
 * One file of fixed size, STATE/registrations, kept over a restart of the machine. An IPv6 network
 * of 64 bits is one address. A record has one place of 16, and the one that matters least makes
 * room: whoever comes with many addresses has made an account from each. A process may be killed
 * between any two stores: no combination of fields does harm.
 *
 * NOW is the wall clock in milliseconds everywhere, a parameter so that tests need not wait.
 */
#pragma once

#include "lib/address.h"
#include "lib/config.h"

#include <stdbool.h>
#include <stdint.h>

/* One more from REMOTE, counted before it is made, so that many at once are no way around it.
 * *RET_ADMITTED is false, and nothing counted, if it would be one too many. Negative errno. */
int registration_begin(const struct config *config, uint64_t now, const struct address *remote,
                       bool *ret_admitted);
/* It was not made after all. */
int registration_give_back(const struct config *config, uint64_t now, const struct address *remote);

/* Whether INVITATION is the right one, in a time that does not depend on where they differ. */
bool registration_invites(const struct config *config, const char *invitation);
