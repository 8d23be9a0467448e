/*
 * The PAM process itself: descriptors, signals, what it is to the system. Private to src/pam.
 */
#pragma once

#include <sys/types.h>

enum { FD_SOCKET = 3 };

/*
 * Called first. The socket becomes FD_SOCKET, 0 to 2 are /dev/null, and there is nothing else. The
 * process dies with MONITOR; session.c takes this back when there is a session to close.
 *
 * Rights before and after: those of the monitor before a login (monitor/capabilities.h), which this
 * process keeps to its end. No descriptor of the monitor's: it cannot reach the client, the
 * session, the logs or the registry but by path. Verified by tests/session/test_pam.py. Negative
 * errno.
 */
int process_prepare(int socket, pid_t monitor);
