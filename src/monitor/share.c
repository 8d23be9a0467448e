/*
 * Handing out the shares of an account, between the grant and ENTERED: see lib/share.h. Runs in the
 * monitor, with the rights of a login. The session says a number and how attaching went; which
 * folder it is, and what may be done in it, is the configuration's.
 *
 * A share that cannot be had never keeps the user from the own folder: it is left out, and the log
 * says so.
 */
#include "lib/share.h"
#include "lib/cleanup.h"
#include "monitor/cell.h"

static void log_failure(struct monitor *monitor, const struct share *share, const char *reason,
                        const char *words)
{
    struct event event = EVENT_INIT(EVENT_SHARE_FAILED);
    cleanup_free char *path = NULL;
    if (asprintf(&path, "/%s", share->at) < 0)
        path = NULL;
    event.path = path;
    event.reason = reason;
    event.detail = words;
    monitor_log(monitor, &event);
}

/*
 * Rights of the session before: its own folder. After: a mount of the share as well, once it has
 * attached it; with the share idmapped, what the owner of that folder may do in it, and nowhere
 * else. Verified by tests/session/test_rows_shares.py as the kernel sees it.
 */
static int prepare(struct monitor *monitor, const struct share *share, bool read_only, int *ret_fd)
{
    const struct account *account = monitor->account;
    char words[SHARE_WORDS_MAX];
    struct share_mount mount;
    int r =
        share_mount(monitor->config, share, account->uid, account->gid, read_only, &mount, words);
    if (r < 0) {
        log_failure(monitor, share, "folder", words);
        return r;
    }
    cleanup_close int tree = mount.tree;
    /* Here and not in the session: the root of a read-only account takes no new directory. */
    struct account_cell shape;
    r = account_cell(monitor->config, account, &shape);
    if (r < 0)
        return r;
    cleanup_close int folder = cell_open_folder(&shape);
    r = folder < 0 ? folder : share_make_place(folder, share->at, account->uid, account->gid);
    if (r < 0) {
        share_explain_place(share->at, r, words);
        log_failure(monitor, share, "place", words);
        return r;
    }
    /* Directories of the user's, which the ledger has not seen come. */
    const struct ledger_amount made = {.files = (uint64_t)r}, none = {.files = 0};
    if (r > 0 && monitor->leases)
        (void)ledger_adjust(monitor->config, account->uid, &made, &none, false);
    *ret_fd = take_fd(&tree);
    return 0;
}

int share_handle(struct monitor *monitor, struct message *message, struct message *answer,
                 int *ret_fd)
{
    enum { ERRNO_MAX = 4095 };
    uint32_t which = message_get_u32(message);
    uint32_t error = message_get_u32(message);
    if (!message_end(message) || error > ERRNO_MAX)
        return -EBADMSG;
    const struct account *account = monitor->account;
    const struct share *before = which == 0 ? NULL : share_of(monitor->config, account, which - 1);
    if (which != monitor->shares || (which > 0 && !before) || (error != 0 && !monitor->share_given))
        return -EPROTO; /* each once, in turn */
    if (error != 0) {
        char words[SHARE_WORDS_MAX];
        share_explain_place(before->at, -(int)error, words);
        log_failure(monitor, before, "place", words);
    }
    monitor->shares++;
    monitor->share_given = false;
    const struct share *share = share_of(monitor->config, account, which);
    if (!share) {
        message_put_u32(answer, 0);
        return 0;
    }
    bool read_only = share->read_only || account->read_only;
    int r = prepare(monitor, share, read_only, ret_fd);
    monitor->share_given = r == 0;
    message_put_u32(answer, (uint32_t)-r);
    message_put_string(answer, share->at);
    message_put_u32(answer, read_only);
    return 0;
}
