/* How things stand with somebody's quota: see quota.h. It changes nothing, and counts nothing. */
#include "ctl/quota.h"

#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/quota_project.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

int quota_open_folder(const struct account *account)
{
    cleanup_close int folder = directory_open(account->home, O_RDONLY);
    struct stat status;
    if (folder < 0)
        return folder;
    if (fstat(folder, &status) < 0)
        return -errno;
    /* A user of the system may have "/" as the folder: no login enters it, and nothing counts it.
     */
    return status.st_uid != account->uid ? -EPERM : take_fd(&folder);
}

static void look_at_ledger(const struct invocation *invocation, const struct account *account,
                           struct quota_now *now)
{
    struct ledger_state ledger;
    int r = ledger_read(invocation->config, account->uid, &ledger);
    if (r == -ENOENT) {
        now->state = quota_is_limited(&now->quota) ? "new" : "unlimited";
        return;
    }
    if (r < 0 || ledger.unknown) {
        now->state = "unknown";
        now->fault = r < 0 ? strerror(-r)
                           : "its files were never counted, or its ledger was damaged: the next "
                             "login counts them, or \"cellftpctl quota recount\"";
        return;
    }
    now->is_known = true;
    now->used = ledger.used;
    now->leased = ledger.leased;
    now->counted = ledger.counted;
    now->sessions = ledger.sessions;
    now->state = ledger.stale ? "stale" : "exact";
}

static void look_at_project(const struct account *account, struct quota_now *now)
{
    struct ledger_amount limit;
    cleanup_close int folder = quota_open_folder(account);
    int r = folder < 0 ? folder : quota_project_check(folder);
    if (r == 0)
        r = quota_project_read(folder, account->uid, &now->used, &limit);
    now->is_known = r == 0;
    if (!quota_is_limited(&now->quota)) {
        now->state = "unlimited";
        return;
    }
    if (r == 0)
        r = quota_project_verify(folder, account->uid, &now->quota);
    now->state = r == 0 ? "exact" : r == -EUCLEAN ? "unmarked" : "unenforced";
    now->fault = r == 0 ? NULL : folder < 0 ? strerror(-folder) : quota_project_remedy(r);
}

void quota_look(const struct invocation *invocation, const struct account *account,
                struct quota_now *ret)
{
    *ret = (struct quota_now){.quota = quota_of(account)};
    if (invocation->config->quota_backend == QUOTA_PROJECT)
        look_at_project(account, ret);
    else
        look_at_ledger(invocation, account, ret);
}

/* Three digits and a unit, rounded down: what is shown as free is there. */
void quota_format_size(uint64_t bytes, char ret[QUOTA_SIZE_MAX])
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    if (bytes == NO_LIMIT) {
        (void)snprintf(ret, QUOTA_SIZE_MAX, "none");
        return;
    }
    size_t unit = 0;
    uint64_t tenths = bytes < UINT64_MAX / 10 ? bytes * 10 : bytes / 1024 * 10;
    if (bytes >= UINT64_MAX / 10)
        unit = 1;
    for (; tenths >= 10240; unit++)
        tenths /= 1024;
    if (unit == 0 || tenths % 10 == 0 || tenths >= 1000)
        (void)snprintf(ret, QUOTA_SIZE_MAX, "%" PRIu64 " %s", tenths / 10, units[unit]);
    else
        (void)snprintf(ret, QUOTA_SIZE_MAX, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10,
                       units[unit]);
}
