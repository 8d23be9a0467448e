/*
 * The names of unfinished uploads. A session makes them (session/unfinished.h) and keeps them
 * locked while it lives; whoever counts or sweeps a folder asks here what has become of one.
 */
#pragma once

#include <stdbool.h>

/* Unfinished uploads have a name that begins so. No listing shows one, no command can address one.
 */
#define NAME_TEMPORARY_PREFIX ".cellftpd-upload-"
/* And an administrator's so, which no lease covers. */
#define NAME_TEMPORARY_ADMIN  NAME_TEMPORARY_PREFIX "admin-"

bool name_is_temporary(const char *name);

enum temporary_state {
    TEMPORARY_OTHER,     /* no file */
    TEMPORARY_RUNNING,   /* locked: somebody writes it */
    TEMPORARY_NEW,       /* not locked, but changed a moment ago: making one and locking it are two
                            steps */
    TEMPORARY_ABANDONED, /* nobody will ever finish it */
};

/* What NAME in DIRECTORY is. Takes the lock for an instant, if it is free. -EACCES, -ENOENT, other
 * negative errno. */
int temporary_look(int directory, const char *name);
