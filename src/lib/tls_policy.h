/*
 * From whom a password in clear is taken: tls.required, and the exceptions that an account's record
 * makes. The monitor asks, never a session.
 */
#pragma once

#include "lib/account.h"
#include "lib/address.h"
#include "lib/request.h"

/* ACCOUNT is NULL for a name without a record: the server's default holds for it, whether or not
 * somebody has that name. Where auth.order does not begin with the local accounts, a record allows
 * nothing: its name may be that of somebody else. */
enum user_verdict tls_policy(const struct config *config, const struct address *remote,
                             const struct account *account);

/* The same for a NAME, whose record is looked for if there can be one. */
enum user_verdict tls_policy_of(const struct config *config, const struct address *remote,
                                const char *name);
