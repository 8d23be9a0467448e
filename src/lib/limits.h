/*
 * Resource limits and niceness of a process (getrlimit(2), nice(2)), read. The monitor and the PAM
 * process use it: what pam_limits sets is what has changed. It changes none.
 */
#pragma once

#include <stdint.h>
#include <sys/resource.h>

struct limits {
    struct rlimit of[RLIM_NLIMITS];
    uint32_t known; /* bit N: of[N] counts */
    int niceness;
};

/* Those of the calling process, all of them. */
void limits_read(struct limits *ret);
