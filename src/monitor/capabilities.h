/*
 * What the monitor may do, and when it gives it up. Called by the monitor on itself only,
 * and by cellftpd --check and --login-test.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Rights before: whatever root was started with. Rights after: CAPABILITIES_LOGIN,
 * CAPABILITIES_TOOL (the login may be an administrator's, and a stranger may register), and with
 * PAM, if PAM may be asked, CAPABILITIES_PAM, which only the PAM process has after the login. The
 * bounding set goes as well, so that nothing the monitor might ever execute could get the others
 * back. Verified by reading the sets again. Negative errno.
 */
int capabilities_keep_for_login(bool pam);

/*
 * Rights before: CAPABILITIES_LOGIN and CAPABILITIES_TOOL. Rights after: CAP_KILL, to end a session
 * that runs as the user, and, only if PORT_20, CAP_NET_BIND_SERVICE. It stays uid 0, without any
 * power over files that are not root's own: it writes root's log files and nothing else. For an
 * ADMIN it keeps CAPABILITIES_TOOL, which it hands to the cellftpctl that it runs (tool.h) and
 * makes no use of itself; what that can be asked for is the table of lib/admin.h. Verified by
 * reading the sets again. Negative errno.
 */
int capabilities_keep_for_session(bool port_20, bool admin);

/*
 * Rights before: CAPABILITIES_LOGIN. Rights after: CAP_SETUID and CAP_SETGID, to become hooks.user,
 * and CAP_KILL, to end what runs as that; no way to get others, by execution neither. Only in the
 * process that runs hooks. Verified by reading the sets again. Negative errno.
 */
int capabilities_keep_for_hooks(void);

/* Rights after: exactly the capabilities in SET (a bit each), permitted and effective, nothing
 * inheritable or ambient. Used by the session's process while its cell is closed. */
int capabilities_set(uint64_t set);
/* Empties the bounding set (needs CAP_SETPCAP). */
int capabilities_drop_bounding(uint64_t keep);
#define CAPABILITY(number) (UINT64_C(1) << (number))

/* The permitted capabilities of the process PID. Negative errno. */
int capabilities_of(pid_t pid, uint64_t *ret);
