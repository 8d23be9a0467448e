/*
 * The quota of the user who has logged in, where the server counts it (quota.backend = "ledger"):
 * the ledger is opened, and put right, while the monitor may still read the folder; LEASE is
 * answered out of it; at the end it is closed. Runs in the monitor. What is counted how is
 * lib/ledger.h's; an account without a quota has nothing to do with any of it.
 */
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/quota_project.h"
#include "monitor/monitor.h"

#include <inttypes.h>
#include <string.h>

/* No amount of files or bytes is larger: a session that says so is not ours. */
#define AMOUNT_MAX (UINT64_C(1) << 62)

static void log_count(struct monitor *monitor, const char *reason, int error, bool damaged,
                      const struct ledger_state *before, const struct ledger_amount *found)
{
    struct event event =
        EVENT_INIT(damaged || error < 0 ? EVENT_QUOTA_DAMAGED : EVENT_QUOTA_COUNTED);
    cleanup_free char *detail = NULL;
    int r;
    if (error < 0)
        r = asprintf(&detail, "%s; %s: run cellftpctl quota recount %s",
                     error == -ETIMEDOUT ? "counting takes longer than quota.count_time"
                     : error == -EBUSY   ? "other sessions go on renaming while it is counted"
                                         : strerror(-error),
                     before->unknown ? "nothing can be uploaded before it is counted"
                                     : "the old number counts, which may be too high",
                     monitor->user);
    else if (before->unknown)
        r = asprintf(&detail, "nothing was known; there are %" PRIu64 " bytes in %" PRIu64 " files",
                     found->bytes, found->files);
    else
        r = asprintf(&detail,
                     "%" PRIu64 " bytes in %" PRIu64 " files were known, there are %" PRIu64
                     " bytes in %" PRIu64 " files",
                     before->used.bytes, before->used.files, found->bytes, found->files);
    event.reason = reason;
    event.detail = r < 0 ? (detail = NULL) : detail;
    monitor_log(monitor, &event);
}

/* Counts what is in FOLDER if the ledger does not know, or says that it may be too high. */
static void count(struct monitor *monitor, const struct account *account, int folder, bool damaged)
{
    enum { FRESH = 10 };
    struct ledger_state before;
    if (ledger_read(monitor->config, account->uid, &before) < 0)
        return;
    /* A clock that was set back must not keep it from being counted. */
    time_t age = time(NULL) - before.counted;
    if (!before.unknown && (!before.stale || (age >= 0 && age < FRESH)))
        return;
    const char *reason = damaged               ? "damaged"
                         : !before.unknown     ? "uncertain"
                         : before.counted == 0 ? "first"
                                               : "unknown";
    struct ledger_amount found = {0, 0};
    int r = ledger_count(monitor->config, account->uid, folder,
                         clock_msec() + monitor->config->quota_count_time, false, &found, &before);
    log_count(monitor, reason, r, damaged, &before, &found);
}

/*
 * quota.backend = "project": the kernel counts, if the folder is part of the user's project and the
 * limits are there. Where they are not, the login is granted and the folder read-only (by its
 * mount): a quota that nobody holds would be none, and a fault of the file system's is no reason to
 * keep users from what they have. The administrator is told.
 */
void quota_enforce(struct monitor *monitor, struct account *account, int folder)
{
    if (monitor->config->quota_backend != QUOTA_PROJECT || account->role == ACCOUNT_ADMIN)
        return;
    const struct ledger_amount quota = {account->effective.quota, account->effective.quota_files};
    bool limited = quota.bytes != NO_LIMIT || quota.files != NO_LIMIT;
    int r = quota_project_apply(folder, account->uid, &quota);
    if (r == 0 || !limited || account->read_only)
        return;
    account->read_only = true;
    cleanup_free char *detail = NULL;
    if (asprintf(&detail, "%s: the session can only read, as its quota would not hold; %s%s",
                 account->home,
                 r == -EUCLEAN ? "run cellftpctl quota recount " : quota_project_remedy(r),
                 r == -EUCLEAN ? monitor->user : "") < 0)
        detail = NULL;
    monitor_log_reason(monitor, EVENT_QUOTA_UNENFORCED,
                       r == -EUCLEAN ? "not-marked" : "no-project-quotas", detail);
}

/* Nobody counts what this session stores: a ledger of a time with a quota does not know of it. */
static void doubt(const struct monitor *monitor, const struct account *account)
{
    if (account->role != ACCOUNT_ADMIN && !account->read_only)
        (void)ledger_doubt(monitor->config, account->uid);
}

/* A quota that was set since ACCOUNT was read, at the beginning of the login, must not be taken
 * back: it is in the record before it is in the ledger. A system user has no record. */
static void follow_record(const struct monitor *monitor, const struct account *account,
                          const struct ledger_amount *quota)
{
    enum { PROBLEM_MAX = 4096 };
    cleanup_account struct account *present = NULL;
    cleanup_buffer struct buffer ignored;
    buffer_init(&ignored, PROBLEM_MAX);
    if (!account->password ||
        account_load(monitor->config, account->name, &present, &ignored) < 0 ||
        present->uid != account->uid || rules_resolve(monitor->config, present) < 0)
        return;
    const struct ledger_amount now = {present->effective.quota, present->effective.quota_files};
    if (memcmp(&now, quota, sizeof(now)) != 0)
        (void)ledger_set_quota(monitor->config, account->uid, &now);
}

void quota_open(struct monitor *monitor, const struct account *account, int folder)
{
    const struct ledger_amount quota = {account->effective.quota, account->effective.quota_files};
    bool damaged = false;
    monitor->leases = (rules_flags(monitor->config, account) & ACCOUNT_LEASES) != 0;
    if (!monitor->leases) {
        doubt(monitor, account);
        return;
    }
    int r = ledger_open(monitor->config, account->uid, &quota, &monitor->ledger, &damaged);
    if (r == 0) {
        follow_record(monitor, account, &quota);
        count(monitor, account, folder, damaged);
        return;
    }
    /* The login goes on: downloads need no ledger. */
    cleanup_free char *detail = NULL;
    if (asprintf(&detail, "%s/usage/%u: %s; nothing can be uploaded by this session%s",
                 monitor->config->directories_state, account->uid, strerror(-r),
                 r == -EUSERS ? ", it is one of more than 1024 of this user: set limits.per_user"
                 : r == -EPERM
                     ? "; it must be a file of root's, mode 0600, in a directory of root's"
                     : "; mend the disk, or set directories.state") < 0)
        detail = NULL;
    monitor_log_reason(monitor, EVENT_QUOTA_DAMAGED, "ledger", detail);
}

void quota_close(struct monitor *monitor, bool lost)
{
    /* A lease that it still has may be used or not, and nobody is left to say. */
    const struct ledger_amount *lease = &monitor->ledger.lease;
    ledger_close(&monitor->ledger, lost || lease->bytes > 0 || lease->files > 0);
    if (monitor->account && !monitor->leases)
        doubt(monitor, monitor->account);
}

static struct ledger_amount get_amount(struct message *message)
{
    uint64_t bytes = message_get_u64(message);
    return (struct ledger_amount){bytes, message_get_u64(message)};
}

static void put_amount(struct message *answer, const struct ledger_amount *amount)
{
    message_put_u64(answer, amount->bytes);
    message_put_u64(answer, amount->files);
}

/* What an administrator's session does in the folder of UID. */
static int adjust(const struct monitor *monitor, uid_t uid, const struct ledger_step *step)
{
    const struct config *config = monitor->config;
    if (monitor->account->role != ACCOUNT_ADMIN || uid < config->accounts_uid_min ||
        uid > config->accounts_uid_max || step->least > 0 || step->best > 0 || step->files > 0)
        return -EPROTO;
    int r = ledger_adjust(config, uid, &step->gained, &step->freed, step->uncertain);
    return r == -ENOENT ? 0 : r;
}

int lease_handle(struct monitor *monitor, struct message *message, struct message *answer)
{
    uid_t uid = message_get_u32(message);
    uint32_t flags = message_get_u32(message);
    struct ledger_step step = {
        .uncertain = (flags & LEASE_UNCERTAIN) != 0,
        .moving = (flags & LEASE_MOVES) != 0,
    };
    step.gained = get_amount(message);
    step.freed = get_amount(message);
    step.least = message_get_u64(message);
    step.best = message_get_u64(message);
    step.files = message_get_u64(message);
    const uint64_t amounts[] = {step.gained.bytes, step.gained.files, step.freed.bytes,
                                step.freed.files,  step.least,        step.files};
    if (!message_end(message) || (flags & ~(uint32_t)(LEASE_UNCERTAIN | LEASE_MOVES)))
        return -EBADMSG;
    for (size_t i = 0; i < ELEMENTS(amounts); i++)
        if (amounts[i] > AMOUNT_MAX)
            return -EPROTO;

    /* An administrator's own folder is one among the others. */
    bool own =
        uid == 0 || (uid == monitor->account->uid && monitor->account->role != ACCOUNT_ADMIN);
    if (own && !monitor->leases)
        return -EPROTO; /* it was told that it has none */
    struct ledger_state state = {.unknown = true};
    int r = own ? ledger_step(&monitor->ledger, &step, &state) : adjust(monitor, uid, &step);
    if (r == -EPROTO)
        return r;
    /* That there is no room must be told from that nobody knows. */
    if (own && state.unknown && (r == 0 || r == -EDQUOT))
        r = -ENODATA;
    /* What others have been promised cannot be had either. */
    state.used.bytes += state.leased.bytes - (own ? monitor->ledger.lease.bytes : 0);
    state.used.files += state.leased.files - (own ? monitor->ledger.lease.files : 0);
    message_put_u32(answer, (uint32_t)-r);
    put_amount(answer, own ? &monitor->ledger.lease : &state.leased);
    put_amount(answer, &state.used);
    put_amount(answer, &state.quota);
    return 0;
}
