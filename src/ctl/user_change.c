/* cellftpctl user passwd, lock, unlock, mod, expire and ensure: accounts changed. What is so
 * already is left alone and said so; each change is an event in admin.log. */
#include "ctl/user.h"

#include "ctl/actor.h"
#include "ctl/date.h"
#include "ctl/live.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>

/* The changes, in the order in which they are logged. */
enum change {
    CHANGE_PASSWORD,
    CHANGE_ENABLED,
    CHANGE_RIGHTS,
    CHANGE_EXPIRES,
    CHANGE_TLS,
    CHANGE_ROLE,
    CHANGE_CERTIFICATE,
    CHANGE_CERTIFICATE_NAME,
    CHANGE_GROUPS,
    CHANGE_RULE, /* CHANGE_RULE + RULE_quota */
    CHANGE_COUNT = CHANGE_RULE + RULE_KIND_COUNT
};

/* A change that is being made, and what came of it. */
struct progress {
    const struct invocation *invocation;
    const struct user_wish *wish;
    const char *refusal; /* why this account is not changed for this actor, NULL: it may be */
    bool made[CHANGE_COUNT];
};

static int set_password(struct account *account, struct progress *progress)
{
    const struct user_wish *wish = progress->wish;
    unsigned cost = (unsigned)progress->invocation->config->accounts_hash_cost;
    if (!wish->secret || (wish->keeps_fitting && !password_is_outdated(account->password) &&
                          password_matches(wish->secret->clear, account->password, cost)))
        return 0;
    char *copy = strdup(wish->secret->hash);
    if (!copy)
        return -ENOMEM;
    free(account->password);
    account->password = copy;
    progress->made[CHANGE_PASSWORD] = true;
    return 1;
}

/* An empty name removes the key: the account's own name counts again. */
static int set_certificate_name(struct account *account, struct progress *progress)
{
    const char *name = progress->wish->settings.certificate_name;
    const char *present = account->certificate_name ? account->certificate_name : "";
    if (!progress->wish->sets_certificate_name || strcmp(present, name) == 0)
        return 0;
    char *copy = *name ? strdup(name) : NULL;
    if (*name && !copy)
        return -ENOMEM;
    free(account->certificate_name);
    account->certificate_name = copy;
    progress->made[CHANGE_CERTIFICATE_NAME] = true;
    return 1;
}

static int set_rules(struct account *account, struct progress *progress)
{
    int r = user_labels_apply(progress->wish, account);
    progress->made[CHANGE_GROUPS] = r > 0;
    for (enum rule rule = 0; r >= 0 && rule < RULE_KIND_COUNT; rule++) {
        r = user_rules_apply(progress->wish, account, rule);
        progress->made[CHANGE_RULE + rule] = r > 0;
    }
    return r < 0 ? r : 0;
}

/* Role and rights that are as asked by chance are said all the same where a group could change
 * them. A role of "default" is none. */
static void set_rights(struct account *account, struct progress *progress)
{
    const struct user_wish *wish = progress->wish;
    const struct account_settings *settings = &wish->settings;
    bool open = account->labels != NULL;
    if (wish->sets_read_only) {
        progress->made[CHANGE_RIGHTS] =
            account->read_only != settings->read_only || (open && !account->sets_read_only);
        account->read_only = settings->read_only;
        account->sets_read_only = true;
    }
    if (wish->sets_role) {
        progress->made[CHANGE_ROLE] =
            account->role != settings->role ||
            ((open || !settings->sets_role) && account->sets_role != settings->sets_role);
        account->role = settings->role;
        account->sets_role = settings->sets_role;
    }
}

/* Makes ACCOUNT as the wish says. See account_change. */
static int apply(struct account *account, void *data)
{
    struct progress *progress = data;
    const struct user_wish *wish = progress->wish;
    const struct account_settings *settings = &wish->settings;
    progress->refusal = actor_refusal(progress->invocation, account->name);
    if (progress->refusal)
        return -EPERM;
    int r = set_password(account, progress);
    if (r >= 0)
        r = set_certificate_name(account, progress);
    if (r >= 0)
        r = set_rules(account, progress);
    if (r < 0)
        return r;
    set_rights(account, progress);
    progress->made[CHANGE_ENABLED] = wish->sets_enabled && account->enabled != settings->enabled;
    progress->made[CHANGE_EXPIRES] = wish->sets_expires && account->expires != settings->expires;
    progress->made[CHANGE_TLS] = wish->sets_tls && account->tls != settings->tls;
    progress->made[CHANGE_CERTIFICATE] =
        wish->sets_certificate && account->certificate != settings->certificate;
    if (wish->sets_certificate)
        account->certificate = settings->certificate;
    if (wish->sets_enabled)
        account->enabled = settings->enabled;
    if (wish->sets_expires)
        account->expires = settings->expires;
    if (wish->sets_tls)
        account->tls = settings->tls;
    for (size_t i = 0; i < CHANGE_COUNT; i++)
        r = progress->made[i] ? 1 : r;
    return r;
}

/* --- What was done, in words --- */

static void append_change(struct buffer *buffer, const struct account *account, enum change change)
{
    char when[TABLE_TIME_MAX];
    if (change >= CHANGE_RULE) {
        user_rules_append(buffer, account, change - CHANGE_RULE);
        return;
    }
    switch (change) {
    case CHANGE_GROUPS: user_labels_append(buffer, account); break;
    case CHANGE_PASSWORD: (void)buffer_append_string(buffer, "new password"); break;
    case CHANGE_ENABLED:
        (void)buffer_append_string(buffer, account->enabled ? "unlocked" : "locked");
        break;
    case CHANGE_RIGHTS:
        (void)buffer_append_string(buffer, account->read_only ? "read-only" : "read-write");
        break;
    case CHANGE_EXPIRES:
        table_format_time(account->expires, when);
        (void)buffer_append_format(buffer, account->expires ? "expires %s" : "never expires", when);
        break;
    case CHANGE_TLS:
        (void)buffer_append_format(buffer, "TLS %s", account_tls_words[account->tls]);
        break;
    case CHANGE_ROLE:
        (void)buffer_append_format(
            buffer, "role %s", account->sets_role ? account_role_words[account->role] : "default");
        break;
    case CHANGE_CERTIFICATE:
        (void)buffer_append_format(buffer, "certificate %s",
                                   account_certificate_words[account->certificate]);
        break;
    case CHANGE_CERTIFICATE_NAME:
        (void)buffer_append_format(buffer, "certificate of %s",
                                   account->certificate_name ? account->certificate_name
                                                             : "the account's name");
        break;
    default: break;
    }
}

static void log_changes(const struct progress *progress, const struct account *account)
{
    for (unsigned i = 0; i < CHANGE_COUNT; i++) {
        if (!progress->made[i])
            continue;
        const enum event_id ids[CHANGE_COUNT] = {
            [CHANGE_PASSWORD] = EVENT_USER_PASSWORD,
            [CHANGE_ENABLED] = account->enabled ? EVENT_USER_UNLOCK : EVENT_USER_LOCK,
            [CHANGE_RIGHTS] = EVENT_USER_MODIFY,
            [CHANGE_EXPIRES] = EVENT_USER_EXPIRE,
            [CHANGE_TLS] = EVENT_USER_MODIFY,
            [CHANGE_ROLE] = EVENT_USER_MODIFY,
            [CHANGE_CERTIFICATE] = EVENT_USER_MODIFY,
            [CHANGE_CERTIFICATE_NAME] = EVENT_USER_MODIFY,
            [CHANGE_GROUPS... CHANGE_COUNT - 1] = EVENT_USER_MODIFY,
        };
        cleanup_buffer struct buffer detail;
        buffer_init(&detail, USER_TEXT_MAX);
        append_change(&detail, account, (enum change)i);
        (void)buffer_append(&detail, "", 1);
        bool says_more = i >= CHANGE_RIGHTS;
        user_log(progress->invocation, ids[i], says_more ? buffer_begin(&detail) : NULL);
    }
}

/* "changed user "alice": locked, expires ...", "unchanged user "alice": locked already". */
static void describe(const struct progress *progress, const struct account *account, bool changed,
                     struct buffer *ret)
{
    const struct user_wish *wish = progress->wish;
    bool asked[CHANGE_COUNT] = {
        [CHANGE_ENABLED] = wish->sets_enabled,
        [CHANGE_RIGHTS] = wish->sets_read_only,
        [CHANGE_EXPIRES] = wish->sets_expires,
        [CHANGE_TLS] = wish->sets_tls,
        [CHANGE_ROLE] = wish->sets_role,
        [CHANGE_CERTIFICATE] = wish->sets_certificate,
        [CHANGE_CERTIFICATE_NAME] = wish->sets_certificate_name,
        [CHANGE_GROUPS] = wish->sets_labels,
    };
    for (enum rule rule = 0; rule < RULE_KIND_COUNT; rule++)
        asked[CHANGE_RULE + rule] = user_rules_ask(wish, rule);
    bool dry = option_given(progress->invocation, OPTION_DRY_RUN);
    (void)buffer_append_format(ret, "%s user \"%s\"",
                               !changed ? "unchanged"
                               : dry    ? "would change"
                                        : "changed",
                               account->name);
    const char *before = ": ";
    for (unsigned i = 0; i < CHANGE_COUNT; i++) {
        if (changed ? !progress->made[i] : !asked[i])
            continue;
        (void)buffer_append_string(ret, before);
        append_change(ret, account, (enum change)i);
        before = ", ";
    }
    if (!changed && before[0] == ',')
        (void)buffer_append_string(ret, " already");
    (void)buffer_append(ret, "", 1);
}

/* --- Making the change --- */

/* The same without writing anything. */
static int try_change(const struct invocation *invocation, struct progress *progress,
                      struct account **ret, struct buffer *problem)
{
    int r = account_load(invocation->config, invocation->name, ret, problem);
    return r < 0 ? r : apply(*ret, progress);
}

/* Whoever is in goes out, also if the account was closed before: the run that did it may have been
 * interrupted. An administrator who is none any more has no session of one, and a user who changes
 * the password wants nobody to be in who had the old one: but for the session that has done it. */
static enum exit_status end_sessions(const struct progress *progress, const struct account *account,
                                     unsigned *ret_count)
{
    const struct invocation *invocation = progress->invocation;
    enum stop_reason reason = STOP_COUNT;
    if (!account->enabled)
        reason = STOP_LOCKED;
    else if (account_is_expired(account))
        reason = STOP_EXPIRED;
    else if (progress->made[CHANGE_ROLE] && account->role != ACCOUNT_ADMIN)
        reason = STOP_KICKED;
    else if (progress->made[CHANGE_PASSWORD] && actor_role() == ACTOR_USER)
        reason = STOP_PASSWORD;
    return reason == STOP_COUNT ? STATUS_OK
                                : live_kick_user(invocation, account->name, reason, ret_count);
}

enum exit_status user_change(const struct invocation *invocation, const struct user_wish *wish,
                             bool *ret_missing)
{
    bool dry = option_given(invocation, OPTION_DRY_RUN);
    struct progress progress = {.invocation = invocation, .wish = wish};
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = dry ? try_change(invocation, &progress, &account, &problem)
                : account_change(invocation->config, invocation->name, apply, &progress, &account,
                                 &problem);
    if (r == -ENOENT && ret_missing) {
        *ret_missing = true;
        return STATUS_OK;
    }
    if (progress.refusal)
        return user_refuse(invocation, progress.refusal);
    if (r < 0)
        return user_explain(invocation, r, &problem);

    cleanup_buffer struct buffer text;
    buffer_init(&text, USER_TEXT_MAX);
    describe(&progress, account, r > 0, &text);
    struct user_report report = {
        .account = account,
        .text = buffer_begin(&text),
        .changed = r > 0,
        .password =
            progress.made[CHANGE_PASSWORD] && wish->secret->generated ? wish->secret->clear : NULL,
    };
    enum exit_status status = STATUS_OK;
    if (!dry) {
        log_changes(&progress, account);
        user_prepare_homes(invocation, account);
        status = end_sessions(&progress, account, &report.sessions);
    }
    enum exit_status printed = user_print(invocation, &report);
    return status != STATUS_OK ? status : printed;
}

/* --- The commands --- */

struct user_wish user_wish_read(const struct invocation *invocation)
{
    struct user_wish wish = {.settings.enabled = true};
    bool locked = option_given(invocation, OPTION_LOCKED);
    bool read_only = option_given(invocation, OPTION_READ_ONLY);
    const char *date = option_value(invocation, OPTION_EXPIRES);
    wish.sets_enabled = locked || option_given(invocation, OPTION_UNLOCKED);
    wish.settings.enabled = !locked;
    wish.sets_read_only = read_only || option_given(invocation, OPTION_READ_WRITE);
    wish.settings.read_only = read_only;
    if (date) /* it was checked when the command line was read */
        wish.sets_expires = date_parse(date, time(NULL), &wish.settings.expires) == 0;
    wish.sets_tls = option_given(invocation, OPTION_TLS);
    if (wish.sets_tls)
        wish.settings.tls =
            (enum account_tls)word_index(account_tls_words, option_value(invocation, OPTION_TLS));
    wish.sets_role = option_given(invocation, OPTION_ROLE);
    wish.settings.sets_read_only = wish.sets_read_only;
    int role =
        wish.sets_role ? word_index(account_role_words, option_value(invocation, OPTION_ROLE)) : -1;
    wish.settings.sets_role = role >= 0; /* "default" is none of the words */
    wish.settings.role = role >= 0 ? (enum account_role)role : ACCOUNT_USER;
    const char *rule = option_value(invocation, OPTION_CERTIFICATE);
    wish.sets_certificate = rule != NULL;
    if (rule)
        wish.settings.certificate =
            (enum account_certificate)word_index(account_certificate_words, rule);
    wish.settings.certificate_name = option_value(invocation, OPTION_CERTIFICATE_NAME);
    wish.sets_certificate_name = wish.settings.certificate_name != NULL;
    user_rules_read(invocation, &wish);
    return wish;
}

enum exit_status command_user_passwd(const struct invocation *invocation)
{
    /* Before anybody types a password in vain. */
    cleanup_account struct account *account = NULL;
    enum exit_status status = user_load(invocation, &account);
    if (status != STATUS_OK)
        return status;
    cleanup_secret struct secret secret;
    status = secret_obtain(invocation, &secret);
    if (status != STATUS_OK)
        return status;
    struct user_wish wish = {.secret = &secret};
    return user_change(invocation, &wish, NULL);
}

enum exit_status command_user_lock(const struct invocation *invocation)
{
    struct user_wish wish = {.sets_enabled = true, .settings.enabled = false};
    return user_change(invocation, &wish, NULL);
}

enum exit_status command_user_unlock(const struct invocation *invocation)
{
    struct user_wish wish = {.sets_enabled = true, .settings.enabled = true};
    return user_change(invocation, &wish, NULL);
}

enum exit_status command_user_mod(const struct invocation *invocation)
{
    cleanup_user_wish struct user_wish wish = user_wish_read(invocation);
    uint64_t asked = OPTION_READ_ONLY | OPTION_READ_WRITE | OPTION_EXPIRES | OPTION_TLS |
                     OPTION_ROLE | OPTION_CERTIFICATE | OPTION_CERTIFICATE_NAME | OPTIONS_OF_RULES;
    if (!(invocation->options & asked)) {
        complain("what is to be changed? see \"cellftpctl user mod --help\"");
        return STATUS_USAGE;
    }
    return user_change(invocation, &wish, NULL);
}

enum exit_status command_user_expire(const struct invocation *invocation)
{
    struct user_wish wish = {0};
    wish.sets_expires =
        date_parse(invocation->operands[1], time(NULL), &wish.settings.expires) == 0;
    return user_change(invocation, &wish, NULL);
}
