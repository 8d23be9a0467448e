/*
 * The names of unfinished uploads. A session makes them (session/unfinished.h) and keeps them
 * locked while it lives; whoever counts or sweeps a folder asks here what has become of one.
 */
#pragma once

#include <stdbool.h>

/* Unfinished uploads have a name that begins so. No listing shows one, no command can address one.
 */
#define NAME_TEMPORARY_PREFIX ".cellftpd-upload-"

bool name_is_temporary(const char *name);

enum temporary_state {
    TEMPORARY_NONE,      /* no file, or none that can be looked at */
    TEMPORARY_RUNNING,   /* locked: somebody writes it */
    TEMPORARY_NEW,       /* not locked, but changed a moment ago: making one and locking it are two
                            steps */
    TEMPORARY_ABANDONED, /* nobody will ever finish it */
};

/* What NAME in DIRECTORY is. */
enum temporary_state temporary_look(int directory, const char *name);
