/*
 * The session's seccomp filters. The session's side installs them, the monitor's side judges what
 * they refused. A filter once installed can only be joined by a stricter one.
 */
#pragma once

#include <stdbool.h>

enum filter_stage {
    FILTER_LOGIN,   /* before the login: what a session needs, and what entering the folder takes */
    FILTER_SESSION, /* afterwards: without the latter */
    FILTER_SESSION_ADMIN, /* afterwards, for an administrator: with fchown(2) */
};

/* Installs the filter, with what kernel TLS takes if KERNEL_TLS, on the calling thread (seccomp(2),
 * no_new_privs must be set) and returns the descriptor on which the kernel reports refused calls
 * (seccomp_unotify(2)), or a negative errno. The listener of an earlier filter must have been
 * closed on the monitor's side, else -EBUSY. */
int filter_install(enum filter_stage stage, bool kernel_tls);

/* "openat" for 257, "?" for what has no name. */
const char *filter_call_name(int number);

/* True if only an intruder makes that call once the filters are installed. */
bool filter_means_compromise(int number);
