/*
 * The PAM process: a child of the monitor that does all that has to do with PAM for one login.
 * Private to src/monitor.
 *
 * PAM modules are foreign code that runs as root, writes where it likes, forks, crashes and hangs.
 * None of it ever runs in the monitor: it is forked for one try, has no descriptor but /dev/null
 * and a socket to the monitor, and says one thing, its answer. If that grants the login, it waits
 * for the end of the socket, which comes when the monitor ends in any way, and closes the PAM
 * session: it is outside the cell and still has the rights that it takes (row S07).
 */
#pragma once

#include "lib/message.h"
#include "monitor/monitor.h"

/* What it is to try. */
struct pam_request {
    const struct config *config;
    const char *user;
    const char *password;
    const char *remote; /* the client's address, numeric */
};

/*
 * The answer: one message with these fields.
 *
 *   u32 enum authentication, u32 enum refusal, string detail, string what the modules have said, a
 *   line each, u32 lines left out, and if granted: string name, string home, u32 uid, u32 gid, u32
 *   number of groups, u32 each, u32 groups left out, u32 set of resources, u64 soft u64 hard limit
 *   for each in the order of their numbers, u32 niceness
 */
enum { PAM_ANSWER = 0x200, PAM_DETAIL_MAX = 200, PAM_HOME_MAX = 4095 };

/* -ENOENT if there is no service file, and what to do about it. */
int pam_service_check(const struct config *config);
#define PAM_SERVICE_REMEDY                                                                         \
    "there must be a file of that name (lower case) in /etc/pam.d: install the one that comes "    \
    "with cellftpd, or set pam.service, or take \"pam\" out of auth.order"

/* Forks it. Negative errno. */
int pam_process_start(const struct pam_request *request, struct pam_process *ret);
/* Waits for the answer, until DEADLINE (clock_msec) at the longest. 0, -ETIMEDOUT, -EINTR when this
 * monitor was told to stop, -ECONNRESET if it has ended or said something that is no message. */
int pam_process_receive(const struct monitor *monitor, uint64_t deadline, struct message *ret);
/* Lets it close what is open and waits for its end, PATIENCE milliseconds at the longest; then it
 * is killed. Does nothing if there is none. The wait status, or -ETIMEDOUT. */
int pam_process_end(struct pam_process *process, uint64_t patience);

/* The child's part: pam_session.c. SOCKET is the only descriptor above 2. Does not return. */
_Noreturn void pam_session_run(const struct pam_request *request, int socket);
