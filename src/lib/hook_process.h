/*
 * The process of a hook: it gets the rights of hooks.user, executes the program, and is watched
 * until nothing of it is left. hook.c uses it, which has judged program and user before.
 */
#pragma once

#include "lib/hook.h"

#include <sys/types.h>

enum { HOOK_GROUPS_MAX = 64, HOOK_FACTS_MAX = 10 };

struct hook_program {
    const char *path;
    uid_t uid;
    gid_t gid;
    gid_t groups[HOOK_GROUPS_MAX];
    size_t group_count;
    char *environment[HOOK_FACTS_MAX]; /* NULL after the last */
};

/* Runs PROGRAM for at most TIMEOUT milliseconds; the rest as in hook_run(). */
enum hook_problem hook_process_run(const struct hook_program *program, uint64_t timeout, int stop,
                                   char detail[HOOK_DETAIL_MAX]);
