/* cellftpctl user del: an account removed, with its folder or without, and its sessions ended. It
 * is an event in admin.log. */
#include "ctl/user.h"

#include "ctl/actor.h"
#include "ctl/live.h"
#include "lib/cleanup.h"
#include "lib/prompt.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

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

/* ACCOUNT is NULL if its record could not be read. */
static enum exit_status print_removed(const struct invocation *invocation, struct account *account,
                                      unsigned sessions)
{
    bool purge = option_given(invocation, OPTION_PURGE);
    bool dry = option_given(invocation, OPTION_DRY_RUN);
    char text[2 * USER_TEXT_MAX];
    char folder[USER_TEXT_MAX] = "";
    if (account && dry)
        (void)snprintf(folder, sizeof(folder), "; would %s %s", purge ? "remove" : "keep",
                       account->home);
    else if (account)
        (void)snprintf(folder, sizeof(folder), "; %s is %s", account->home,
                       purge ? "gone" : "kept");
    (void)snprintf(text, sizeof(text), "%s user \"%s\"%s", dry ? "would remove" : "removed",
                   invocation->name, folder);
    struct user_report report = {.account = account,
                                 .state = "removed",
                                 .text = text,
                                 .changed = true,
                                 .sessions = sessions};
    return user_print(invocation, &report);
}

struct closing {
    const struct invocation *invocation;
    const char *refusal; /* why this account is not removed for this actor, NULL: it may be */
    enum exit_status status;
    unsigned sessions;
};

/* Nobody can log in to the account any more. */
static void end_sessions(void *data)
{
    struct closing *closing = data;
    closing->status = live_kick_user(closing->invocation, closing->invocation->name, STOP_DELETED,
                                     &closing->sessions);
}

static int permit(const char *name, void *data)
{
    struct closing *closing = data;
    closing->refusal = actor_refusal(closing->invocation, name);
    return closing->refusal ? -EPERM : 0;
}

static enum exit_status remove_user(const struct invocation *invocation, struct account *account)
{
    bool purge = option_given(invocation, OPTION_PURGE);
    struct closing closing = {.invocation = invocation};
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = purge
                ? account_remove(invocation->config, invocation->name, true, end_sessions, &closing,
                                 &problem)
                : account_forget(invocation->config, invocation->name, permit, &closing, &problem);
    if (closing.refusal)
        return user_refuse(invocation, closing.refusal);
    if (r == 0 && !purge)
        end_sessions(&closing);
    if (r < 0) {
        enum exit_status status = user_explain(invocation, r, &problem);
        cleanup_account struct account *left = NULL;
        buffer_clear(&problem);
        if (purge && account_load(invocation->config, invocation->name, &left, &problem) == 0 &&
            !left->enabled)
            user_log(invocation, EVENT_USER_DELETE, "unfinished: locked, folder not removed");
        return status;
    }
    user_log(invocation, EVENT_USER_DELETE, purge ? "folder removed" : "folder kept");
    enum exit_status status = print_removed(invocation, account, closing.sessions);
    return closing.status != STATUS_OK ? closing.status : status;
}

enum exit_status command_user_del(const struct invocation *invocation)
{
    bool purge = option_given(invocation, OPTION_PURGE);
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = account_load(invocation->config, invocation->name, &account, &problem);
    /* A malformed record can be removed, but it does not say where the folder is. */
    if (r < 0 && (r != -EBADMSG || purge)) {
        enum exit_status status = user_explain(invocation, r, &problem);
        if (r == -EBADMSG)
            complain("it does not say which folder is the user's; without --purge the account can "
                     "be removed");
        return status;
    }
    if (option_given(invocation, OPTION_DRY_RUN))
        return print_removed(invocation, account, 0);
    if (purge && !option_given(invocation, OPTION_YES)) {
        enum exit_status status = confirm_purge(invocation, account->home);
        if (status != STATUS_OK)
            return status;
    }
    return remove_user(invocation, account);
}
