/* The folder of all users' folders, for administrators: see account_homes.h. */
#include "lib/account_homes.h"

#include "lib/account_cell.h"
#include "lib/account_store.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

int account_homes_admit_admins(const struct config *config, int homes)
{
    struct stat status;
    if (fstat(homes, &status) < 0)
        return -errno;
    if (account_cell_lists_homes(config, &status))
        return 0;
    if (status.st_gid != 0 && status.st_gid != config->accounts_uid_max)
        return -EEXIST;
    if (fchown(homes, (uid_t)-1, (gid_t)config->accounts_uid_max) < 0 ||
        fchmod(homes, (status.st_mode & 07777u) | S_IRGRP | S_IXGRP) < 0)
        return -errno;
    return 0;
}

int account_homes_prepare(const struct config *config, struct buffer *problem)
{
    cleanup_close int homes = -1;
    int r = account_directory_open(config->directories_homes, HOMES_MODE, &homes, problem);
    if (r < 0)
        return r;
    r = account_homes_admit_admins(config, homes);
    if (r < 0)
        (void)buffer_append_format(
            problem, "administrators cannot list %s (%s): chgrp %ju %s && chmod g+rx %s",
            config->directories_homes, r == -EEXIST ? "it is a group's already" : strerror(-r),
            (uintmax_t)config->accounts_uid_max, config->directories_homes,
            config->directories_homes);
    return r;
}
