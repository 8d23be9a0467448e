/* Users of /etc/passwd and /etc/group: see local_user.h. */
#include "lib/local_user.h"

#include "lib/cleanup.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

int local_user_find(const char *name, uid_t *ret_uid, gid_t *ret_gid)
{
    cleanup_fclose FILE *file = fopen("/etc/passwd", "re");
    if (!file)
        return -errno;
    char space[4096];
    struct passwd entry, *found = NULL;
    while (fgetpwent_r(file, &entry, space, sizeof(space), &found) == 0) {
        if (strcmp(entry.pw_name, name) != 0)
            continue;
        if (entry.pw_uid == 0 || entry.pw_gid == 0)
            return -EPERM;
        *ret_uid = entry.pw_uid;
        *ret_gid = entry.pw_gid;
        return 0;
    }
    return -ESRCH;
}

int local_user_groups(const char *name, gid_t *ret, size_t maximum)
{
    cleanup_fclose FILE *file = fopen("/etc/group", "re");
    cleanup_free char *space = malloc(65536);
    if (!file || !space)
        return -errno;
    size_t count = 0;
    struct group entry, *found = NULL;
    while (count < maximum && fgetgrent_r(file, &entry, space, 65536, &found) == 0)
        for (char **member = entry.gr_mem; *member; member++)
            if (strcmp(*member, name) == 0 && entry.gr_gid != 0 && count < maximum)
                ret[count++] = entry.gr_gid;
    return (int)count;
}
