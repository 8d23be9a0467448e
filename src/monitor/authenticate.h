/*
 * Who a name and a password belong to. Private to src/monitor and
 * src/check; login.c asks, before login only.
 *
 * The back ends are tried in the order of auth.order; the first that knows the name decides, so
 * that a password of one never opens an account of the other (row A19).
 */
#pragma once

#include "lib/account.h"
#include "lib/pam.h"
#include "lib/system_user.h"
#include "monitor/monitor.h"

/* A back end. Does as much work for an unknown name as for a known one. If it grants the login,
 * *RET is the account, owned by the caller; if it refuses it, *RET_REASON says why. */
typedef enum authentication (*authenticator)(struct monitor *monitor, const char *user,
                                             const char *password, struct account **ret,
                                             const char **ret_reason);

/* The local user database (lib/account.h); authenticate_local.c. */
enum authentication authenticate_local(struct monitor *monitor, const char *user,
                                       const char *password, struct account **ret,
                                       const char **ret_reason);

/* Why the account that was just granted has to go again, STOP_COUNT if it may stay: looks at its
 * record, if it is a local one: it must be the same account, with the password that was checked,
 * and be judged as it was then. authenticate_local.c. */
enum stop_reason authenticate_local_again(struct monitor *monitor);

/* The users of the system, through PAM (monitor/pam_process.h); authenticate_pam.c. */
enum authentication authenticate_pam(struct monitor *monitor, const char *user,
                                     const char *password, struct account **ret,
                                     const char **ret_reason);

/* Whoever gives a name of anonymous.names: the account that they share, read-only whatever its
 * record says. NULL, or why not; authenticate_local.c. */
const char *authenticate_anonymous(struct monitor *monitor, struct account **ret);

/* What the rules say of a login to ACCOUNT, whose password fits: works out what holds for it
 * (rules_resolve), and whether it may come from there, now, and as this session speaks. Who becomes
 * an administrator by a group is one under TLS only, too. */
enum refusal authenticate_judge(struct monitor *monitor, struct account *account);

/* True if PAM may be asked. */
bool authenticate_uses_pam(const struct config *config);

/* NULL if the password fits and the account may log in, and *RET is the account then; else the
 * reason for the log: one lower-case word with hyphens, from a fixed set. */
const char *authenticate(struct monitor *monitor, const char *user, const char *password,
                         struct account **ret);
