/*
 * The PAM process, seen from the monitor, which forks it for one try: lib/pam.h says what it is.
 * Private to src/monitor and src/check.
 */
#pragma once

#include "lib/message.h"
#include "lib/pam.h"
#include "monitor/monitor.h"

/* -ENOENT if there is no service file, and what to do about it. */
int pam_service_check(const struct config *config);
#define PAM_SERVICE_REMEDY                                                                         \
    "there must be a file of that name (lower case) in /etc/pam.d: install the one that comes "    \
    "with cellftpd, or set pam.service, or take \"pam\" out of auth.order"

/* Forks it, as monitor->pam. Negative errno. */
int pam_process_start(struct monitor *monitor, const struct pam_request *request);
/* Waits for the answer, until DEADLINE (clock_msec) at the longest. 0, -ETIMEDOUT, -EINTR when this
 * monitor was told to stop, -ECONNRESET if it has ended or said something that is no message. */
int pam_process_receive(const struct monitor *monitor, uint64_t deadline, struct message *ret);
/* Lets it close what is open and waits for its end, PATIENCE milliseconds at the longest; then it
 * is killed. Does nothing if there is none. The wait status, or -ETIMEDOUT. */
int pam_process_end(struct pam_process *process, uint64_t patience);
