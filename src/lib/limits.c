/* Resource limits of a process, read: see limits.h. */
#include "lib/limits.h"

#include <errno.h>

void limits_read(struct limits *ret)
{
    *ret = (struct limits){0};
    for (unsigned i = 0; i < RLIM_NLIMITS; i++)
        if (getrlimit(i, &ret->of[i]) == 0)
            ret->known |= 1u << i;
    errno = 0;
    ret->niceness = getpriority(PRIO_PROCESS, 0);
}
