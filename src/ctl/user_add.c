/* cellftpctl user add and ensure: accounts made, or found as they should be. Each is an event in
 * admin.log. */
#include "ctl/user.h"

#include "ctl/actor.h"
#include "ctl/behalf.h"
#include "lib/cleanup.h"
#include "lib/system_user.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

/* A stranger hears no more than that the name is somebody's. */
static enum exit_status refuse_taken(void)
{
    complain("this name is taken; choose another");
    return STATUS_REFUSED;
}

static enum exit_status refuse_existing(const struct invocation *invocation)
{
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = account_load(invocation->config, invocation->name, &account, &problem);
    if (r == -ENOENT)
        return STATUS_OK;
    if (actor_role() == ACTOR_STRANGER)
        return refuse_taken();
    if (r < 0)
        return user_explain(invocation, r, &problem);
    char created[TABLE_TIME_MAX];
    table_format_time(account->created, created);
    complain("user \"%s\" already exists (created %.10s); use \"user mod\" or \"user passwd\"",
             invocation->name, created);
    return STATUS_FAILED;
}

static void log_new(const struct invocation *invocation, const struct account *account)
{
    cleanup_buffer struct buffer detail;
    buffer_init(&detail, USER_TEXT_MAX);
    char expires[TABLE_TIME_MAX];
    table_format_time(account->expires, expires);
    const struct {
        bool is;
        const char *what, *word;
    } rows[] = {
        {true, "", account->read_only ? "read-only" : "read-write"},
        {!account->enabled, ", ", "locked"},
        {account->expires != 0, ", expires ", expires},
        {account->tls != ACCOUNT_TLS_DEFAULT, ", TLS ", account_tls_words[account->tls]},
        {account->role != ACCOUNT_USER, ", role ", account_role_words[account->role]},
        {account->certificate != ACCOUNT_CERTIFICATE_DEFAULT, ", certificate ",
         account_certificate_words[account->certificate]},
        {account->certificate_name != NULL, ", certificate of ", account->certificate_name},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        if (rows[i].is)
            (void)buffer_append_format(&detail, "%s%s", rows[i].what, rows[i].word);
    if (account->labels) {
        (void)buffer_append_string(&detail, ", ");
        user_labels_append(&detail, account);
    }
    for (enum rule rule = 0; rule < RULE_KIND_COUNT; rule++) {
        if (!rule_is_given(&account->rules, rule))
            continue;
        (void)buffer_append_string(&detail, ", ");
        user_rules_append(&detail, account, rule);
    }
    if (buffer_append(&detail, "", 1) == 0)
        user_log(invocation, EVENT_USER_ADD, buffer_begin(&detail));
}

/* Two users of one name: the one that auth.order has first hides the other. */
static void warn_of_namesake(const struct invocation *invocation)
{
    const char *first = NULL;
    for (char **name = invocation->config->auth_order; *name; name++) {
        first = first ? first : *name;
        if (strcmp(*name, "pam") == 0 && system_user_name_is_good(invocation->name) &&
            getpwnam(invocation->name))
            complain("warning: a user of the system has the name \"%s\", too; as auth.order is, "
                     "only the %s can log in",
                     invocation->name,
                     strcmp(first, "pam") == 0 ? "user of the system" : "new account");
    }
}

enum exit_status user_create(const struct invocation *invocation, const struct user_wish *wish,
                             bool *ret_exists)
{
    cleanup_account struct account *account = NULL;
    cleanup_account struct account *present = NULL;
    cleanup_buffer struct buffer problem;
    cleanup_buffer struct buffer ignored;
    buffer_init(&problem, USER_PROBLEM_MAX);
    buffer_init(&ignored, USER_PROBLEM_MAX);
    struct account_settings settings = wish->settings;
    settings.labels = wish->labels;
    settings.rules = &wish->rules;
    int r = account_create(invocation->config, invocation->name, wish->secret->hash, &settings,
                           &account, &problem);
    /* -EEXIST may also be about the folder. */
    if (r == -EEXIST && ret_exists &&
        account_load(invocation->config, invocation->name, &present, &ignored) == 0) {
        *ret_exists = true;
        return STATUS_OK;
    }
    if (r == -EEXIST && actor_role() == ACTOR_STRANGER)
        return refuse_taken();
    if (r == -EUSERS && actor_role() == ACTOR_STRANGER) {
        complain("there are as many accounts as there may be; ask the administrator");
        return STATUS_REFUSED;
    }
    if (r < 0)
        return user_explain(invocation, r, &problem);

    char text[USER_TEXT_MAX];
    (void)snprintf(text, sizeof(text), "added user \"%s\", uid %u, folder %s", account->name,
                   account->uid, account->home);
    log_new(invocation, account);
    user_registered(invocation, account);
    warn_of_namesake(invocation);
    user_prepare_homes(invocation, account);
    struct user_report report = {
        .account = account,
        .text = text,
        .changed = true,
        .added = true,
        .password = wish->secret->generated ? wish->secret->clear : NULL,
    };
    return user_print(invocation, &report);
}

enum exit_status command_user_add(const struct invocation *invocation)
{
    /* Before anybody types a password in vain. account_create looks again, under its lock. */
    enum exit_status status = behalf_check_name(invocation);
    if (status == STATUS_OK)
        status = refuse_existing(invocation);
    if (status != STATUS_OK)
        return status;
    cleanup_secret struct secret secret;
    status = secret_obtain(invocation, &secret);
    if (status != STATUS_OK)
        return status;
    cleanup_user_wish struct user_wish wish = user_wish_read(invocation);
    wish.secret = &secret;
    if (actor_role() == ACTOR_STRANGER)
        wish.settings.accounts_max = invocation->config->registration_accounts_max;
    return user_create(invocation, &wish, NULL);
}

/* --- Ensuring --- */

static enum exit_status would_create(const struct invocation *invocation)
{
    char text[USER_TEXT_MAX];
    (void)snprintf(text, sizeof(text), "would add user \"%s\"", invocation->name);
    struct user_report report = {.text = text, .changed = true, .added = true};
    return user_print(invocation, &report);
}

/* Somebody else may make or remove the account between looking and doing: then once more. */
static enum exit_status make_so(const struct invocation *invocation, struct user_wish *wish,
                                struct secret *secret)
{
    for (;;) {
        bool missing = false;
        bool exists = false;
        enum exit_status status = user_change(invocation, wish, &missing);
        if (!missing)
            return status;
        if (option_given(invocation, OPTION_DRY_RUN))
            return would_create(invocation);
        if (!wish->secret) {
            status = secret_obtain(invocation, secret);
            if (status != STATUS_OK)
                return status;
        }
        struct user_wish whole = *wish;
        whole.secret = secret;
        status = user_create(invocation, &whole, &exists);
        if (!exists)
            return status;
    }
}

enum exit_status command_user_ensure(const struct invocation *invocation)
{
    cleanup_secret struct secret secret = {.generated = false};
    cleanup_user_wish struct user_wish wish = user_wish_read(invocation);
    if (option_given(invocation, OPTION_PASSWORD_STDIN)) {
        /* One that was generated or asked for is for a new account only. */
        enum exit_status status = secret_obtain(invocation, &secret);
        if (status != STATUS_OK)
            return status;
        wish.secret = &secret;
        wish.keeps_fitting = true;
    }
    return make_so(invocation, &wish, &secret);
}
