/* With whose rights files are made and removed: see identity.h. */
#include "ftplint/identity.h"

#include <errno.h>
#include <grp.h>
#include <sys/fsuid.h>
#include <unistd.h>

/* setfsuid(2) tells of no failure; an id that there is not changes nothing and tells who we are. */
static bool become(uid_t user, gid_t group)
{
    (void)setfsgid(group);
    (void)setfsuid(user);
    return (uid_t)setfsuid((uid_t)-1) == user && (gid_t)setfsgid((gid_t)-1) == group;
}

bool act_as(uid_t user, gid_t group)
{
    if (geteuid() != 0 || user == 0)
        return true;
    /* Root needs them for nothing, so they are not given back. */
    if (setgroups(0, NULL) < 0)
        return false;
    if (become(user, group))
        return true;
    (void)act_as_self();
    errno = EPERM;
    return false;
}

bool act_as_self(void)
{
    int error = errno;
    bool good = geteuid() != 0 || become(0, getegid());
    errno = error;
    return good;
}
