/* cellftpctl user add, del, passwd: accounts made, removed, changed. Each change is an event in
 * admin.log. */
#include "ctl/actor.h"
#include "ctl/command.h"
#include "ctl/prompt.h"
#include "ctl/secret.h"
#include "ctl/table.h"
#include "ctl/user.h"
#include "lib/cleanup.h"
#include "lib/log.h"

#include <errno.h>
#include <string.h>

static void log_change(const struct invocation *invocation, enum event_id id, const char *detail)
{
    char actor[ACTOR_MAX];
    actor_name(actor);
    struct event event = EVENT_INIT(id);
    event.detail = detail;
    struct event_origin origin = {.user = invocation->name, .actor = actor};

    /* log_write says on stderr what it could not write; the change has been made all the same. */
    struct log log;
    (void)log_open(invocation->config->directories_logs, &log);
    (void)log_write(&log, &origin, &event);
    log_close(&log);
}

static enum exit_status refuse_existing(const struct invocation *invocation)
{
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = account_load(invocation->config, invocation->name, &account, &problem);
    if (r == -ENOENT)
        return STATUS_OK;
    if (r < 0)
        return user_explain(invocation, r, &problem);
    char created[TABLE_TIME_MAX];
    table_format_time(account->created, created);
    complain("user \"%s\" already exists (created %.10s); use \"user passwd\"", invocation->name,
             created);
    return STATUS_FAILED;
}

/* A generated password is all that goes to stdout, so that a script can take it from there. */
static void report(const char *shown, const char *text)
{
    (void)fprintf(shown[0] ? stderr : stdout, "%s\n", text);
    if (shown[0])
        (void)puts(shown);
}

enum exit_status command_user_add(const struct invocation *invocation)
{
    /* Before anybody types a password in vain. account_create looks again, under its lock. */
    enum exit_status status = refuse_existing(invocation);
    if (status != STATUS_OK)
        return status;

    char hash[PASSWORD_HASH_MAX];
    char shown[SECRET_SHOWN_MAX];
    status = secret_obtain(invocation, hash, shown);
    if (status != STATUS_OK)
        return status;

    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = account_create(invocation->config, invocation->name, hash,
                           option_given(invocation, OPTION_READ_ONLY), &account, &problem);
    if (r < 0) {
        status = user_explain(invocation, r, &problem);
    } else {
        char text[USER_TEXT_MAX];
        (void)snprintf(text, sizeof(text), "added user \"%s\", uid %u, folder %s", account->name,
                       account->uid, account->home);
        log_change(invocation, EVENT_USER_ADD, account->read_only ? "read-only" : NULL);
        report(shown, text);
    }
    explicit_bzero(hash, sizeof(hash));
    explicit_bzero(shown, sizeof(shown));
    return status;
}

static enum exit_status set_password(const struct invocation *invocation, const char *hash)
{
    /* Loaded after the password was typed, so that what was changed meanwhile is kept. */
    cleanup_account struct account *account = NULL;
    enum exit_status status = user_load(invocation, &account);
    if (status != STATUS_OK)
        return status;
    char *copy = strdup(hash);
    if (!copy) {
        complain("%s", strerror(ENOMEM));
        return STATUS_FAILED;
    }
    free(account->password);
    account->password = copy;
    int r = account_save(invocation->config, account, false);
    if (r < 0) {
        complain("user \"%s\": cannot write its record: %s; the old password still holds",
                 invocation->name, strerror(-r));
        return STATUS_FAILED;
    }
    return STATUS_OK;
}

enum exit_status command_user_passwd(const struct invocation *invocation)
{
    cleanup_account struct account *account = NULL;
    enum exit_status status = user_load(invocation, &account);
    if (status != STATUS_OK)
        return status;

    char hash[PASSWORD_HASH_MAX];
    char shown[SECRET_SHOWN_MAX];
    status = secret_obtain(invocation, hash, shown);
    if (status == STATUS_OK)
        status = set_password(invocation, hash);
    if (status == STATUS_OK) {
        char text[USER_TEXT_MAX];
        (void)snprintf(text, sizeof(text), "user \"%s\" has a new password", invocation->name);
        log_change(invocation, EVENT_USER_PASSWORD, NULL);
        report(shown, text);
    }
    explicit_bzero(hash, sizeof(hash));
    explicit_bzero(shown, sizeof(shown));
    return status;
}

/* --- Removing --- */

static enum exit_status confirm_purge(const struct invocation *invocation, const char *home)
{
    char question[USER_TEXT_MAX];
    (void)snprintf(question, sizeof(question), "Remove user \"%s\" and everything in %s? [y/N] ",
                   invocation->name, home);
    int r = prompt_yes(STDIN_FILENO, question);
    if (r < 0) {
        complain("--purge needs --yes where there is no terminal to ask on");
        return STATUS_USAGE;
    }
    if (r == 0)
        complain("nothing was done");
    return r > 0 ? STATUS_OK : STATUS_FAILED;
}

/* HOME is NULL if the record cannot be read. */
static enum exit_status remove_user(const struct invocation *invocation, const char *home)
{
    bool purge = option_given(invocation, OPTION_PURGE);
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = account_remove(invocation->config, invocation->name, purge, &problem);
    if (r < 0) {
        enum exit_status status = user_explain(invocation, r, &problem);
        cleanup_account struct account *left = NULL;
        buffer_clear(&problem);
        if (purge && account_load(invocation->config, invocation->name, &left, &problem) == 0 &&
            !left->enabled)
            log_change(invocation, EVENT_USER_DELETE, "unfinished: disabled, folder not removed");
        return status;
    }
    log_change(invocation, EVENT_USER_DELETE, purge ? "folder removed" : "folder kept");
    (void)printf("removed user \"%s\"", invocation->name);
    if (home)
        (void)printf("; %s is %s", home, purge ? "gone" : "kept");
    (void)puts("");
    return STATUS_OK;
}

enum exit_status command_user_del(const struct invocation *invocation)
{
    bool purge = option_given(invocation, OPTION_PURGE);
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = account_load(invocation->config, invocation->name, &account, &problem);
    /* A malformed record can be removed, but it does not say where the folder is. */
    if (r < 0 && (r != -EBADMSG || purge))
        return user_explain(invocation, r, &problem);
    const char *home = account ? account->home : NULL;

    if (option_given(invocation, OPTION_DRY_RUN)) {
        (void)printf("would remove user \"%s\"", invocation->name);
        if (home)
            (void)printf("; would %s %s", purge ? "remove" : "keep", home);
        (void)puts("");
        return STATUS_OK;
    }
    if (purge && home && !option_given(invocation, OPTION_YES)) {
        enum exit_status status = confirm_purge(invocation, home);
        if (status != STATUS_OK)
            return status;
    }
    return remove_user(invocation, home);
}
