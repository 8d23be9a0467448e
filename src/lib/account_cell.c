/* What the cell of an account is like: see account_cell.h. */
#include "lib/account_cell.h"

#include <errno.h>
#include <sys/stat.h>

/* What the kernel shows for ids that a user namespace does not know: overflowuid and overflowgid of
 * proc(5), which nobody changes. */
enum { NOBODY = 65534 };

int account_cell(const struct config *config, const struct account *account,
                 struct account_cell *ret)
{
    *ret = (struct account_cell){
        .root = account->home,
        .root_owner = account->uid,
        .uid = account->uid,
        .gid = account->gid,
        .groups = account->groups,
        .group_count = account->group_count,
        .read_only = account->read_only,
    };
    if (account->role != ACCOUNT_ADMIN)
        return 0;

    uint64_t first = config->accounts_uid_min, last = config->accounts_uid_max;
    if (first == 0 || last <= first || last >= UINT32_MAX || (first <= NOBODY && NOBODY <= last))
        return -ERANGE;
    *ret = (struct account_cell){
        .root = config->directories_homes,
        .root_owner = 0,
        .uid = (uid_t)last,
        .gid = (gid_t)last,
        .first = (uint32_t)first,
        .count = (uint32_t)(last - first + 1),
        .capabilities = ADMIN_CAPABILITIES,
        .read_only = account->read_only,
    };
    return 0;
}

bool account_cell_lists_homes(const struct config *config, const struct stat *status)
{
    bool is_group = status->st_gid == config->accounts_uid_max;
    mode_t needed = is_group ? S_IRGRP | S_IXGRP : S_IROTH | S_IXOTH;
    return (status->st_mode & needed) == needed;
}
