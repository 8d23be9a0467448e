/*
 * The two things that systemd and a service say to each other: which connection was passed
 * (sd_listen_fds(3)), and what the service is doing (sd_notify(3)). Both protocols are stable and
 * tiny. The monitor uses them. libsystemd would do the same, but loading it and the six libraries
 * that it brings costs each connection 0.6 ms, a third of all that the start of the process does.
 */
#pragma once

/* The descriptor of the one connection that was passed (Accept=yes), close-on-exec; the variables
 * that said so are gone from the environment. Negative errno: -EBADF if there is not exactly one,
 * -ENOTSOCK if it is something else, -ENOTCONN if it is a listening socket. */
int service_connection(void);

/* Sends a notification like "STATUS=idle" to whoever supervises the service, if anybody does. Never
 * waits: a supervisor that does not read must not hold a session. */
void service_notify(const char *text);
