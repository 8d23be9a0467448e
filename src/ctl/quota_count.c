/*
 * cellftpctl quota check and recount: what is really there, and what was thought to be. Users go on
 * meanwhile. "check" changes nothing; "recount" mends, and removes unfinished uploads that nobody
 * writes any more.
 */
#include "ctl/quota.h"

#include "ctl/record.h"
#include "ctl/table.h"
#include "lib/cleanup.h"
#include "lib/quota_project.h"
#include "lib/tree_count.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static const struct table_column columns[] = {
    {"NAME", "name", TABLE_TEXT},
    {NULL, "uid", TABLE_NUMBER},
    {"RESULT", "result", TABLE_TEXT},
    {"BEFORE", "before", TABLE_NUMBER},
    {"FOUND", "found", TABLE_NUMBER},
    {"FILES BEFORE", "files_before", TABLE_NUMBER},
    {"FILES FOUND", "files_found", TABLE_NUMBER},
    {"DETAIL", "detail", TABLE_TEXT},
};

enum { DETAIL_MAX = 1024, LOOKS = 5 };

enum outcome {
    OUTCOME_SAME,
    OUTCOME_UNLIMITED, /* there is nothing that anybody counts */
    OUTCOME_REPAIRED,
    OUTCOME_DIFFERENT,
    OUTCOME_BUSY, /* it changes faster than it can be compared */
    OUTCOME_FAILED,
};

struct counting {
    const struct invocation *invocation;
    struct table table;
    bool repair;
};

/* What came of one user. */
struct finding {
    enum outcome outcome;
    bool has_before, has_found;
    struct ledger_amount before, found;
    uint64_t unmarked; /* files that the project had not */
    char detail[DETAIL_MAX];
};

static void fail(struct finding *finding, int error, const char *remedy)
{
    finding->outcome = OUTCOME_FAILED;
    (void)snprintf(finding->detail, sizeof(finding->detail), "%s%s%s", strerror(-error),
                   remedy ? "; " : "", remedy ? remedy : "");
}

static bool is_same(const struct ledger_amount *a, const struct ledger_amount *b)
{
    return a->bytes == b->bytes && a->files == b->files;
}

/* --- The ledger --- */

/* What is appended to in place is there before it is settled: its lease covers it. */
static bool is_covered(uint64_t found, uint64_t used, uint64_t leased)
{
    return found >= used && found - used <= leased;
}

static void check_ledger(const struct counting *counting, const struct account *account, int folder,
                         struct finding *finding)
{
    const struct config *config = counting->invocation->config;
    struct ledger_state before, after;
    struct tree_count count;
    finding->outcome = OUTCOME_BUSY;
    for (unsigned i = 0; finding->outcome == OUTCOME_BUSY && i < LOOKS; i++) {
        int r = ledger_read(config, account->uid, &before);
        if (r == 0)
            r = tree_count(folder, 0, false, &count);
        if (r == 0)
            r = ledger_read(config, account->uid, &after);
        if (r == -EAGAIN)
            continue; /* a directory was moved under our feet */
        if (r < 0) {
            fail(finding, r, NULL);
            return;
        }
        finding->has_found = true;
        finding->has_before = !after.unknown;
        finding->before = after.used;
        finding->found = count.found;
        if (after.unknown)
            finding->outcome = OUTCOME_DIFFERENT;
        else if (is_same(&before.used, &after.used) && is_same(&before.leased, &after.leased))
            finding->outcome =
                is_covered(count.found.bytes, after.used.bytes, after.leased.bytes) &&
                        is_covered(count.found.files, after.used.files, after.leased.files)
                    ? OUTCOME_SAME
                    : OUTCOME_DIFFERENT;
    }
    if (after.unknown)
        (void)snprintf(finding->detail, sizeof(finding->detail), "it was not known");
}

static void recount_ledger(const struct counting *counting, const struct account *account,
                           int folder, struct finding *finding)
{
    const struct config *config = counting->invocation->config;
    struct ledger_amount quota = quota_of(account);
    struct ledger_state before;
    int r = ledger_count(config, account->uid, folder, 0, true, &finding->found, &before);
    if (r == 0)
        r = ledger_set_quota(config, account->uid, &quota);
    if (r < 0) {
        fail(finding, r, r == -EBUSY ? "others go on renaming; try again later" : NULL);
        return;
    }
    finding->has_found = true;
    finding->has_before = !before.unknown;
    finding->before = before.used;
    if (before.unknown)
        (void)snprintf(finding->detail, sizeof(finding->detail), "it was not known");
    finding->outcome =
        !before.unknown && is_same(&before.used, &finding->found) ? OUTCOME_SAME : OUTCOME_REPAIRED;
}

static void count_ledger(const struct counting *counting, const struct account *account, int folder,
                         struct finding *finding)
{
    struct ledger_amount quota = quota_of(account);
    struct ledger_state state;
    int r = ledger_read(counting->invocation->config, account->uid, &state);
    if (r == -ENOENT && (!quota_is_limited(&quota) || !counting->repair))
        finding->outcome = OUTCOME_UNLIMITED;
    else if (counting->repair)
        recount_ledger(counting, account, folder, finding);
    else
        check_ledger(counting, account, folder, finding);
}

/* --- Project quotas --- */

/* The limits, and what is not part of the project: the rest the kernel knows. */
static int count_project(const struct counting *counting, const struct account *account, int folder,
                         struct finding *finding, struct buffer *problem)
{
    struct ledger_amount quota = quota_of(account), present;
    struct tree_count swept;
    int r = quota_project_check(folder);
    if (r == 0)
        r = quota_project_read(folder, account->uid, &finding->before, &present);
    if (r < 0)
        return r;
    finding->has_before = true;
    bool wrong = quota_project_verify(folder, account->uid, &quota) < 0;
    if (!quota_is_limited(&quota)) {
        finding->outcome = OUTCOME_UNLIMITED;
        return counting->repair ? quota_project_limit(folder, account->uid, &quota) : 0;
    }
    if (counting->repair) {
        r = tree_count(folder, 0, true, &swept);
        if (r == 0 || r == -EAGAIN)
            r = quota_project_limit(folder, account->uid, &quota);
    }
    if (r == 0)
        r = quota_project_adopt(folder, account->uid, counting->repair, &finding->unmarked,
                                problem);
    if (r == 0)
        r = quota_project_read(folder, account->uid, &finding->found, &present);
    if (r < 0)
        return r;
    finding->has_found = counting->repair;
    if (finding->unmarked > 0)
        (void)snprintf(finding->detail, sizeof(finding->detail),
                       "%" PRIu64 " files and directories were not counted", finding->unmarked);
    else if (wrong)
        (void)snprintf(finding->detail, sizeof(finding->detail), "the limits were others");
    finding->outcome = finding->unmarked == 0 && !wrong ? OUTCOME_SAME
                       : counting->repair               ? OUTCOME_REPAIRED
                                                        : OUTCOME_DIFFERENT;
    return 0;
}

/* --- Both --- */

static void put_amount(struct table *table, bool known, uint64_t number, bool is_size)
{
    char text[QUOTA_SIZE_MAX];
    quota_format_size(number, text);
    if (!known)
        table_put(table, NULL);
    else if (is_size && table->format == TABLE_ALIGNED)
        table_put(table, text);
    else
        table_put_number(table, number);
}

static void print(struct counting *counting, const struct account *account,
                  const struct finding *finding)
{
    static const char *const words[] = {
        [OUTCOME_SAME] = "same",         [OUTCOME_UNLIMITED] = "unlimited",
        [OUTCOME_REPAIRED] = "repaired", [OUTCOME_DIFFERENT] = "different",
        [OUTCOME_BUSY] = "busy",         [OUTCOME_FAILED] = "failed",
    };
    struct table *table = &counting->table;
    table_put(table, account->name);
    table_put_number(table, account->uid);
    table_put(table, words[finding->outcome]);
    put_amount(table, finding->has_before, finding->before.bytes, true);
    put_amount(table, finding->has_found, finding->found.bytes, true);
    put_amount(table, finding->has_before, finding->before.files, false);
    put_amount(table, finding->has_found, finding->found.files, false);
    table_put(table, *finding->detail ? finding->detail : NULL);
}

static void log_repair(const struct counting *counting, const struct account *account,
                       const struct finding *finding)
{
    char before[64] = "nothing", detail[DETAIL_MAX + 256];
    if (finding->has_before)
        (void)snprintf(before, sizeof(before), "%" PRIu64 " bytes in %" PRIu64 " files",
                       finding->before.bytes, finding->before.files);
    (void)snprintf(detail, sizeof(detail),
                   "known were %s, there are %" PRIu64 " bytes in %" PRIu64 " files%s%s", before,
                   finding->found.bytes, finding->found.files, *finding->detail ? "; " : "",
                   finding->detail);
    struct event event = EVENT_INIT(EVENT_QUOTA_RECOUNT);
    event.detail = detail;
    record(counting->invocation, (struct event_origin){.user = account->name}, &event);
}

static enum exit_status count(const struct account *account, void *data)
{
    struct counting *counting = data;
    struct finding finding = {.outcome = OUTCOME_SAME};
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, DETAIL_MAX / 2);
    cleanup_close int folder = quota_open_folder(account);
    if (folder < 0) {
        fail(&finding, folder, "login-test says what is wrong with the folder");
    } else if (counting->invocation->config->quota_backend == QUOTA_LEDGER) {
        count_ledger(counting, account, folder, &finding);
    } else {
        int r = count_project(counting, account, folder, &finding, &problem);
        if (r < 0)
            fail(&finding, r, quota_project_remedy(r));
        if (r < 0 && buffer_size(&problem) > 0)
            (void)snprintf(finding.detail, sizeof(finding.detail), "%.*s",
                           (int)buffer_size(&problem), buffer_begin(&problem));
    }
    if (finding.outcome == OUTCOME_REPAIRED)
        log_repair(counting, account, &finding);
    /* Of all there are only those shown that there is something to say about. */
    if (counting->invocation->operand_count > 0 || finding.outcome > OUTCOME_UNLIMITED)
        print(counting, account, &finding);
    if (finding.outcome == OUTCOME_FAILED)
        complain("user \"%s\": %s", account->name, finding.detail);
    return finding.outcome >= OUTCOME_DIFFERENT ? STATUS_FAILED : STATUS_OK;
}

static enum exit_status run(const struct invocation *invocation, bool repair)
{
    struct counting counting = {.invocation = invocation, .repair = repair};
    if (!quota_users_are_said(invocation))
        return STATUS_USAGE;
    table_begin(&counting.table, invocation, columns, ELEMENTS(columns), TABLE_OF_MANY);
    enum exit_status status = quota_users_visit(invocation, count, &counting);
    enum exit_status printed = table_end(&counting.table);
    table_free(&counting.table);
    return status != STATUS_OK ? status : printed;
}

enum exit_status command_quota_check(const struct invocation *invocation)
{
    return run(invocation, false);
}

enum exit_status command_quota_recount(const struct invocation *invocation)
{
    return run(invocation, true);
}
