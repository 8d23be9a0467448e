/* Passwords that users change (SITE PSWD), and accounts that administrators make and remove (SITE
 * USER), each tried with an account made for the test. A finding never says a password. See
 * catalogue.h. */
#include "ftplint/accounts.h"

#include "lib/cleanup.h"

#include <string.h>

/* An account of which the password was changed by SITE PSWD; *RET_OLD is as it was. */
static struct new_account given_changed(struct exam *exam, struct client **ret_other,
                                        const char **ret_old)
{
    struct new_account account = given_account(exam);
    struct client *client = given_inside(exam, account);
    exam->given++;
    if (!site_lists(client, "PSWD"))
        skip(exam, "SITE HELP offers no PSWD");
    exam->given--;
    if (ret_other)
        *ret_other = given_inside(exam, account);
    exam->given++;
    *ret_old = account.password;
    account.password = new_account(exam).password;
    const struct reply *reply = secretly(client, "SITE PSWD %s %s", *ret_old, account.password);
    if (!reply_is(reply, "2"))
        skip(exam, "SITE PSWD changes no password: %u %s", reply->code, reply->text);
    exam->given--;
    return account;
}

static void new_password(struct exam *exam)
{
    const char *old;
    struct new_account account = given_changed(exam, NULL, &old);
    if (!may_log_in(exam, account.name, account.password))
        fail(exam, "230 for the password that SITE PSWD has set", "it does not log in");
}

static void old_password(struct exam *exam)
{
    const char *old;
    struct new_account account = given_changed(exam, NULL, &old);
    if (may_log_in(exam, account.name, old))
        fail(exam, "530: SITE PSWD has set another password", "the old one still logs in");
}

static void other_sessions(struct exam *exam)
{
    enum { PATIENCE = 1000 };
    const char *old;
    struct client *other = NULL;
    (void)given_changed(exam, &other, &old);
    const struct reply *reply = try_reply(other, PATIENCE);
    if (reply->code != 421 && other->wire.end == WIRE_OPEN)
        fail(exam, "421, or the end, of the account's other sessions",
             "one that logged in with the old password goes on");
}

static void weak_password(struct exam *exam)
{
    struct new_account account = given_account(exam);
    struct client *client = given_inside(exam, account);
    exam->given++;
    if (!site_lists(client, "PSWD"))
        skip(exam, "SITE HELP offers no PSWD");
    exam->given--;
    const struct reply *reply = secretly(client, "SITE PSWD %s a", account.password);
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: the new password is one letter", "%u %s", reply->code, reply->text);
}

/* --- the administrator ------------------------------------------------------------------------ */

static void added(struct exam *exam)
{
    struct new_account account = given_added(exam);
    if (!may_log_in(exam, account.name, account.password))
        fail(exam, "230: SITE USER ADD was answered with success",
             "the account that it made cannot log in with its password");
}

static void added_confined(struct exam *exam)
{
    static const char text[] = "the first user's own, ftplint\n";
    const char *path = given_file(exam, "private", text, strlen(text));
    const char *user = exam->target->logins[ACCOUNT_USER].user;
    const char *const ways[] = {
        path,
        exam_format(exam, "../%s%s", user, path),
        exam_format(exam, "/%s%s", user, path),
    };
    struct client *client = given_inside(exam, given_added(exam));
    for (size_t i = 0; i < ELEMENTS(ways); i++) {
        struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", ways[i]);
        if (transfer.bytes.size == strlen(text))
            fail(exam, "a refusal: the file is the first user's",
                 "RETR %s by an account that SITE USER ADD has just made gives it", ways[i]);
    }
}

static void added_twice(struct exam *exam)
{
    struct new_account account = given_added(exam);
    struct client *admin = given_login(exam, ACCOUNT_ADMIN);
    const char *other = new_account(exam).password;
    const struct reply *reply = secretly(admin, "SITE USER ADD %s %s", account.name, other);
    const char *answer = exam_format(exam, "%u %s", reply->code, reply->text);
    if (reply_is(reply, "2") || may_log_in(exam, account.name, other))
        fail(exam, "a refusal: there is an account of that name, and its password stays", "%s",
             answer);
}

static void added_outside(struct exam *exam)
{
    static const char *const forms[] = {"../", "/", "x/../../"};
    struct client *admin = given_login(exam, ACCOUNT_ADMIN);
    exam->given++;
    if (!site_lists(admin, "USER ADD"))
        skip(exam, "SITE HELP offers the administrator no USER ADD");
    exam->given--;
    for (size_t i = 0; i < ELEMENTS(forms); i++) {
        struct new_account account = new_account(exam);
        const struct reply *reply =
            secretly(admin, "SITE USER ADD %s%s %s", forms[i], account.name, account.password);
        if (!reply_is(reply, "2"))
            continue;
        undo_as_administrator(exam, "SITE USER DEL %s%s", forms[i], account.name);
        fail(exam, "a refusal of a name that is a path", "\"%u %s\" to a name that begins with %s",
             reply->code, reply->text, forms[i]);
    }
}

/* What the administrator does to an account just made, by SITE words NAME; skipped if refused. */
static void given_done(struct exam *exam, const char *words, const char *name)
{
    struct client *admin = given_login(exam, ACCOUNT_ADMIN);
    exam->given++;
    const struct reply *reply = command(admin, "SITE %s %s", words, name);
    if (!reply_is(reply, "2"))
        skip(exam, "SITE %s is refused: %u %s", words, reply->code, reply->text);
    exam->given--;
}

static void closed(struct exam *exam)
{
    const char *words = exam->test->parameter;
    struct new_account account = given_added(exam);
    given_done(exam, words, account.name);
    if (may_log_in(exam, account.name, account.password))
        fail(exam, exam_format(exam, "530: the administrator has used SITE %s", words),
             "the account still logs in");
}

static void removed_session(struct exam *exam)
{
    enum { PATIENCE = 1000 };
    struct new_account account = given_added(exam);
    struct client *client = given_inside(exam, account);
    given_done(exam, "USER DEL", account.name);
    const struct reply *reply = try_reply(client, PATIENCE);
    if (reply->code != 421 && client->wire.end == WIRE_OPEN)
        fail(exam, "421, or the end, of the sessions of an account that is removed",
             "its session goes on");
}

/* Sets the password that there is already: who grants it changes nothing. */
static void own_role(struct exam *exam)
{
    struct client *admin = given_login(exam, ACCOUNT_ADMIN);
    exam->given++;
    if (!site_lists(admin, "USER PASSWD"))
        skip(exam, "SITE HELP offers the administrator no USER PASSWD");
    exam->given--;
    const struct login *who = &exam->target->logins[ACCOUNT_ADMIN];
    const char *quote = strpbrk(who->password, " \"") ? "\"" : "";
    const struct reply *reply =
        secretly(admin, "SITE USER PASSWD %s %s%s%s", who->user, quote, who->password, quote);
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: an administrator's account is not changed over FTP", "%u %s",
             reply->code, reply->text);
}

#define PASSWORD_REMEDY "Store the new password, for good, before success is answered."
#define ADMIN_TEST      TEST_DESTRUCTIVE | TEST_ADMIN | TEST_READ_ONLY

static const struct test tests[] = {
    {
        .name = "practice.password.new",
        .severity = SEVERITY_WARNING,
        .flags = TEST_DESTRUCTIVE | TEST_READ_ONLY,
        .title = "after SITE PSWD the new password logs in",
        .reason = "Somebody who has changed a password and is locked out has lost the account.",
        .remedy = PASSWORD_REMEDY,
        .run = new_password,
    },
    {
        .name = "security.password.old",
        .severity = SEVERITY_ERROR,
        .flags = TEST_DESTRUCTIVE | TEST_READ_ONLY,
        .title = "after SITE PSWD the old password does not log in",
        .reason = "A password is changed because somebody else may know it.",
        .remedy = PASSWORD_REMEDY,
        .run = old_password,
    },
    {
        .name = "security.password.sessions",
        .severity = SEVERITY_NOTE,
        .flags = TEST_DESTRUCTIVE | TEST_READ_ONLY,
        .title = "SITE PSWD ends the user's other sessions",
        .reason = "Whoever has come in with the old password would stay.",
        .remedy = "End all sessions of the user but the one that changed the password.",
        .run = other_sessions,
    },
    {
        .name = "security.password.weak",
        .severity = SEVERITY_WARNING,
        .flags = TEST_DESTRUCTIVE | TEST_READ_ONLY,
        .title = "SITE PSWD refuses a password of one letter",
        .reason = "The rules for passwords hold for the second one as for the first.",
        .remedy = "Judge new passwords in one place, whoever sets them.",
        .run = weak_password,
    },
    {
        .name = "practice.accounts.added",
        .severity = SEVERITY_WARNING,
        .flags = ADMIN_TEST,
        .title = "an account that SITE USER ADD made can log in at once",
        .reason = "The administrator tells somebody the password and hears that it is wrong.",
        .remedy = "Answer with success only when the account is stored.",
        .run = added,
    },
    {
        .name = "security.accounts.confined",
        .severity = SEVERITY_ERROR,
        .flags = TEST_DESTRUCTIVE | TEST_ADMIN,
        .title = "an account that SITE USER ADD made cannot read another user's file",
        .reason = "Two accounts are two people.",
        .remedy = "Make each new account's folder the root of what it sees.",
        .run = added_confined,
    },
    {
        .name = "security.accounts.existing",
        .severity = SEVERITY_ERROR,
        .flags = ADMIN_TEST,
        .title = "SITE USER ADD refuses a name that there is",
        .reason = "A slip of the administrator's would lock somebody out, and let somebody else "
                  "into the files that are there.",
        .remedy = "Make the record so that it fails if there is one; change passwords otherwise.",
        .run = added_twice,
    },
    {
        .name = "security.accounts.names",
        .severity = SEVERITY_ERROR,
        .flags = ADMIN_TEST,
        .title = "SITE USER ADD refuses names that are paths",
        .reason = "The name becomes a folder. Who has an administrator's password for FTP should "
                  "not choose any directory of the machine by it.",
        .remedy = "Judge names in one place, whoever makes the account.",
        .run = added_outside,
    },
    {
        .name = "security.accounts.removed",
        .severity = SEVERITY_ERROR,
        .flags = ADMIN_TEST,
        .title = "an account that SITE USER DEL removed does not log in",
        .reason = "It was removed because somebody should come no more.",
        .remedy = "Remove the record before success is answered, and keep no copy.",
        .run = closed,
        .parameter = "USER DEL",
    },
    {
        .name = "security.accounts.locked",
        .severity = SEVERITY_ERROR,
        .flags = ADMIN_TEST,
        .title = "an account that SITE USER LOCK locked does not log in",
        .reason = "It was locked because somebody should not come in for now.",
        .remedy = "Look at the lock at every login.",
        .run = closed,
        .parameter = "USER LOCK",
    },
    {
        .name = "security.accounts.sessions",
        .severity = SEVERITY_WARNING,
        .flags = ADMIN_TEST,
        .title = "SITE USER DEL ends the sessions of the account",
        .reason = "Somebody whose account is removed may otherwise go on for hours, deleting.",
        .remedy = "End the sessions of an account that is removed.",
        .run = removed_session,
    },
    {
        .name = "security.accounts.administrator",
        .severity = SEVERITY_NOTE,
        .flags = ADMIN_TEST,
        .title = "administrators' passwords cannot be set over FTP",
        .reason = "Who takes over one session of an administrator would keep the server.",
        .remedy = "Let administrators be changed on the server only.",
        .run = own_role,
    },
};

const struct group group_accounts = {
    .name = "accounts",
    .title = "Passwords and accounts, changed over FTP",
    .tests = tests,
    .count = ELEMENTS(tests),
};
