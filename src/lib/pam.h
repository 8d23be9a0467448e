/*
 * The protocol between the monitor and its PAM process, on one page.
 *
 * PAM modules are foreign code that runs as root, writes where it likes, forks, crashes and hangs.
 * None of it ever runs in the monitor: a child is forked for one try (monitor/pam_process.c), has
 * no descriptor but /dev/null and a socket to the monitor, and says one thing, its answer. If that
 * grants the login, it waits for the end of the socket, which comes when the monitor ends in any
 * way, and closes the PAM session: it is outside the cell and still has the rights that it takes
 * (row S07).
 *
 * The answer is one message with these fields:
 *
 *   u32 enum authentication, u32 enum refusal, string detail, string what the modules have said, a
 *   line each, u32 lines left out, and if granted: string name, string home, u32 uid, u32 gid, u32
 *   number of groups, u32 each, u32 groups left out, string names of groups that cellftpd.conf has
 *   rules or shares for, a line each, u32 set of resources, u64 soft u64 hard limit
 *   for each in the order of their numbers, u32 niceness
 */
#pragma once

#include "lib/config.h"

#include <sys/types.h>

/* What a back end makes of a name and a password. */
enum authentication {
    AUTHENTICATION_UNKNOWN, /* it does not know the name: the next one is asked */
    AUTHENTICATION_REFUSED, /* the reason is for the log only */
    AUTHENTICATION_GRANTED,
};

/* What the PAM process is to try. */
struct pam_request {
    const struct config *config;
    const char *user;
    const char *password;
    const char *remote; /* the client's address, numeric */
};

enum { PAM_ANSWER = 0x200, PAM_DETAIL_MAX = 200, PAM_HOME_MAX = 4095 };

/* What the PAM process does, from its first moment to its end; answers on SOCKET. It dies with
 * MONITOR, its parent, until there is a session to close. Implemented by src/pam, called by
 * src/monitor in the child. */
_Noreturn void pam_run(const struct pam_request *request, int socket, pid_t monitor);
