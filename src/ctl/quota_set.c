/* cellftpctl quota set: how much an account may store, from this moment on: in its record, for the
 * sessions that are there, and in the file system where that counts. */
#include "ctl/quota.h"

#include "ctl/actor.h"
#include "ctl/live.h"
#include "ctl/user.h"
#include "lib/cleanup.h"
#include "lib/quota_project.h"
#include "lib/system_user.h"

#include <errno.h>
#include <inttypes.h>
#include <pwd.h>
#include <string.h>

/* The rule becomes what TEXT says; "default" takes it out of the record. 1 if it was another. */
static int set_rule(struct rules *rules, enum rule rule, const char *text)
{
    struct rules before = *rules; /* the two rules here are numbers: nothing to copy */
    if (!text)
        return 0;
    if (strcmp(text, "default") == 0) {
        rule_clear(rules, rule);
        return rule_is_given(&before, rule);
    }
    int r = rule_set(rules, rule, text);
    if (r < 0)
        return r;
    return !rule_is_given(&before, rule) || before.quota != rules->quota ||
           before.quota_files != rules->quota_files;
}

struct setting {
    const struct invocation *invocation;
    const char *refusal; /* why this account is not changed for this actor, NULL: it may be */
};

static int change(struct account *account, void *data)
{
    struct setting *setting = data;
    const struct invocation *invocation = setting->invocation;
    setting->refusal = actor_refusal(invocation, account->name);
    if (setting->refusal)
        return -EPERM;
    int bytes = set_rule(&account->rules, RULE_quota, invocation->operands[1]);
    int files = bytes < 0 ? 0
                          : set_rule(&account->rules, RULE_quota_files,
                                     option_value(invocation, OPTION_FILES));
    return bytes < 0 ? bytes : files < 0 ? files : bytes > 0 || files > 0;
}

/* From here on for sessions that are there, and for the file system. */
static int apply(const struct invocation *invocation, const struct account *account,
                 struct buffer *problem)
{
    struct ledger_amount quota = quota_of(account);
    if (invocation->config->quota_backend == QUOTA_LEDGER) {
        int r = ledger_set_quota(invocation->config, account->uid, &quota);
        return r == -ENOENT ? 0 : r; /* the next login makes it */
    }
    cleanup_close int folder = quota_open_folder(account);
    if (folder < 0)
        return folder;
    uint64_t changed;
    int r = quota_project_apply(folder, account->uid, &quota);
    return r == -EUCLEAN ? quota_project_adopt(folder, account->uid, true, &changed, problem) : r;
}

/* What holds now, and whether it is the account's own. */
static void describe(const struct account *account, char *ret, size_t size)
{
    struct ledger_amount quota = quota_of(account);
    char bytes[QUOTA_SIZE_MAX], files[24] = "none";
    quota_format_size(quota.bytes, bytes);
    if (quota.files != NO_LIMIT)
        (void)snprintf(files, sizeof(files), "%" PRIu64, quota.files);
    (void)snprintf(ret, size, "quota %s%s, files %s%s", bytes,
                   rule_is_given(&account->rules, RULE_quota) ? "" : " (default)", files,
                   rule_is_given(&account->rules, RULE_quota_files) ? "" : " (default)");
}

/* A session that began without a quota has no ledger to ask, and goes on without one. */
static void warn_of_sessions(const struct invocation *invocation, const struct account *account)
{
    struct ledger_state state;
    struct live live = {.count = 0};
    const struct live_filter filter = {.user = account->name};
    if (invocation->config->quota_backend != QUOTA_LEDGER ||
        live_find(invocation, &filter, &live) != STATUS_OK)
        return;
    int r = ledger_read(invocation->config, account->uid, &state);
    unsigned counted = r == 0 ? state.sessions : 0;
    if (live.matched > counted)
        complain("%zu session%s of \"%s\" began without a quota and go%s on so; \"kick\" ends %s",
                 live.matched - counted, live.matched - counted == 1 ? "" : "s", account->name,
                 live.matched - counted == 1 ? "es" : "",
                 live.matched - counted == 1 ? "it" : "them");
    live_free(&live);
}

static enum exit_status report(const struct invocation *invocation, const struct account *account,
                               bool changed, const char *words)
{
    static const struct table_column columns[] = {
        {NULL, "name", TABLE_TEXT},          {NULL, "quota", TABLE_NUMBER},
        {NULL, "files_quota", TABLE_NUMBER}, {NULL, "changed", TABLE_BOOLEAN},
        {NULL, "dry_run", TABLE_BOOLEAN},
    };
    bool dry = option_given(invocation, OPTION_DRY_RUN);
    if (!option_given(invocation, OPTION_JSON)) {
        (void)printf("%s user \"%s\": %s\n",
                     !changed ? "unchanged"
                     : dry    ? "would change"
                              : "changed",
                     account->name, words);
        return STATUS_OK;
    }
    cleanup_table struct table table;
    table_begin(&table, invocation, columns, ELEMENTS(columns), TABLE_OF_ONE);
    const uint64_t amounts[] = {account->effective.quota, account->effective.quota_files};
    table_put(&table, account->name);
    for (size_t i = 0; i < ELEMENTS(amounts); i++)
        if (amounts[i] == NO_LIMIT)
            table_put(&table, NULL);
        else
            table_put_number(&table, amounts[i]);
    table_put_boolean(&table, changed);
    table_put_boolean(&table, dry);
    return table_end(&table);
}

/* With --dry-run on a copy that nobody writes. */
static int load_and_change(struct setting *setting, struct account **ret, struct buffer *problem)
{
    const struct invocation *invocation = setting->invocation;
    int r;
    if (!option_given(invocation, OPTION_DRY_RUN)) {
        r = account_change(invocation->config, invocation->name, change, setting, ret, problem);
    } else {
        r = account_load(invocation->config, invocation->name, ret, problem);
        if (r == 0)
            r = change(*ret, setting);
    }
    int resolved = r < 0 ? 0 : rules_resolve(invocation->config, *ret);
    return resolved < 0 ? resolved : r;
}

/* Somebody of the system has no record to write it to. */
static bool is_system_user(const struct invocation *invocation)
{
    return getpwnam(invocation->name) && system_user_name_is_good(invocation->name);
}

enum exit_status command_quota_set(const struct invocation *invocation)
{
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    struct setting setting = {.invocation = invocation};
    int changed = load_and_change(&setting, &account, &problem);
    if (setting.refusal)
        return user_refuse(invocation, setting.refusal);
    if (changed == -ENOENT && buffer_size(&problem) == 0 && is_system_user(invocation)) {
        complain(
            "\"%s\" is no account of cellftpd but a user of the system: its quota is that of a "
            "group in cellftpd.conf (groups = ( { name = \"GROUP\"; quota = \"10 GiB\"; } )) "
            "or quota.bytes",
            invocation->name);
        return STATUS_FAILED;
    }
    if (changed < 0)
        return user_explain(invocation, changed, &problem);
    char words[192];
    describe(account, words, sizeof(words));
    if (option_given(invocation, OPTION_DRY_RUN))
        return report(invocation, account, changed > 0, words);
    if (changed > 0)
        user_log(invocation, EVENT_QUOTA_SET, words);
    int r = apply(invocation, account, &problem);
    if (r < 0) {
        bool project = invocation->config->quota_backend == QUOTA_PROJECT;
        const char *cause = project ? quota_project_remedy(r) : strerror(-r);
        bool said = buffer_size(&problem) > 0;
        complain("user \"%s\": its record is written, but %s: %.*s", account->name,
                 project ? "the file system does not hold to it" : "its ledger is not",
                 said ? (int)buffer_size(&problem) : (int)strlen(cause),
                 said ? buffer_begin(&problem) : cause);
        return STATUS_FAILED;
    }
    struct ledger_amount quota = quota_of(account);
    if (quota_is_limited(&quota))
        warn_of_sessions(invocation, account);
    return report(invocation, account, changed > 0, words);
}
