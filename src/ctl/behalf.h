/*
 * What strangers and users may ask for over FTP (see actor.h): which names can be registered, and
 * which passwords are taken. cellftpctl user uses it. On the server itself, and for administrators,
 * anything goes. What is said on stderr is meant for the client: no path, nothing about others.
 */
#pragma once

#include "ctl/secret.h"

/* STATUS_REFUSED, after having said why, if a client cannot have this account, or this password for
 * it. */
enum exit_status behalf_check_name(const struct invocation *invocation);
enum exit_status behalf_check_password(const struct invocation *invocation,
                                       const struct secret *secret);
