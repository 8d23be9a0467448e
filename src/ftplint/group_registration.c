/* Accounts that strangers make for themselves, by SITE REGISTER. A finding never says a password.
 * See catalogue.h. */
#include "ftplint/accounts.h"

#include "lib/cleanup.h"

#include <string.h>

static const char owned[] = "one account's own, ftplint\n";

static void works(struct exam *exam)
{
    struct new_account account = given_registered(exam);
    if (!may_log_in(exam, account.name, account.password))
        fail(exam, "230: SITE REGISTER was answered with success",
             "the account that it made cannot log in with its password");
}

static void folder(struct exam *exam)
{
    struct client *client = given_inside(exam, given_registered(exam));
    struct transfer up = try_store(client, DATA_ANY, owned, strlen(owned), "STOR ftplint-file");
    struct transfer down = try_retrieve(client, DATA_ANY, "RETR ftplint-file");
    (void)command(client, "DELE ftplint-file");
    if (!reply_is(up.reply, "2") || down.bytes.size != strlen(owned) ||
        memcmp(down.bytes.data, owned, down.bytes.size) != 0)
        fail(exam, "a folder in which the new account's files are stored",
             "STOR: \"%u %s\"; RETR then gives %zu of %zu bytes", up.reply->code, up.reply->text,
             down.bytes.size, strlen(owned));
}

/* A failure if CLIENT reads the file at one of WAYS. */
static void expect_unread(struct client *client, const char *const *ways, size_t count,
                          const char *whose)
{
    struct exam *exam = client->exam;
    for (size_t i = 0; i < count; i++) {
        struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", ways[i]);
        if (transfer.bytes.size == strlen(owned) &&
            memcmp(transfer.bytes.data, owned, transfer.bytes.size) == 0)
            fail(exam, exam_format(exam, "a refusal: the file is %s", whose),
                 "RETR %s by a new account gives it", ways[i]);
    }
}

static void confined(struct exam *exam)
{
    const char *path = given_file(exam, "private", owned, strlen(owned));
    const char *user = exam->target->logins[ACCOUNT_USER].user;
    const char *const ways[] = {
        path,
        exam_format(exam, "../%s%s", user, path),
        exam_format(exam, "/../%s%s", user, path),
        exam_format(exam, "/%s%s", user, path),
        exam_format(exam, "/home/%s%s", user, path),
    };
    struct client *client = given_inside(exam, given_registered(exam));
    expect_unread(client, ways, ELEMENTS(ways), "the first user's");
}

static void apart(struct exam *exam)
{
    struct new_account one = given_registered(exam), two = given_registered(exam);
    struct client *client = given_inside(exam, one);
    exam->given++;
    store(client, owned, strlen(owned), "STOR ftplint-file");
    exam->given--;
    const char *const ways[] = {
        "ftplint-file",
        exam_format(exam, "../%s/ftplint-file", one.name),
        exam_format(exam, "/%s/ftplint-file", one.name),
    };
    struct client *other = given_inside(exam, two);
    struct transfer found[ELEMENTS(ways)];
    for (size_t i = 0; i < ELEMENTS(ways); i++)
        found[i] = try_retrieve(other, DATA_ANY, "RETR %s", ways[i]);
    (void)command(client, "DELE ftplint-file");
    for (size_t i = 0; i < ELEMENTS(ways); i++)
        if (found[i].bytes.size == strlen(owned))
            fail(exam, "a refusal: the file belongs to another account",
                 "of two accounts that were just registered, one gives the other's file to RETR %s",
                 ways[i]);
}

static void role(struct exam *exam)
{
    static const char *const powers[] = {"SITE WHO", "SITE USER LIST", "SITE USERS", "SITE BAN"};
    struct client *client = given_inside(exam, given_registered(exam));
    for (size_t i = 0; i < ELEMENTS(powers); i++) {
        const struct reply *reply = command(client, "%s", powers[i]);
        if (reply->code < 400 && reply->code != 202)
            fail(exam, "a refusal of what is an administrator's, to an account just registered",
                 "%s: %u %s", powers[i], reply->code, reply->text);
    }
}

/* --- passwords -------------------------------------------------------------------------------- */

static void weak_passwords(struct exam *exam)
{
    for (int i = 0; i < 3; i++) {
        struct client *client = given_registrar(exam);
        const char *name = new_account(exam).name;
        const char *const passwords[] = {"\"\"", "a", name};
        static const char *const words[] = {"an empty password", "a password of one letter",
                                            "the name as the password"};
        const struct reply *reply = try_register(client, name, passwords[i]);
        /* Without quotes known, "" is a password of two letters, and no better. */
        if (reply_is(reply, "2"))
            fail(exam, exam_format(exam, "a refusal of %s", words[i]), "%u %s (to SITE REGISTER)",
                 reply->code, reply->text);
        client_close(client);
    }
}

static bool says(const struct reply *reply, const char *secret)
{
    for (size_t i = 0; i < reply->count; i++)
        if (strstr(reply->lines[i], secret))
            return true;
    return false;
}

static void echo(struct exam *exam)
{
    struct client *client = given_registrar(exam);
    struct new_account account = new_account(exam);
    const char *const arguments[] = {
        exam_format(exam, "../%s %s", account.name, account.password),
        exam_format(exam, "%s %s x y z", account.name, account.password),
        exam_format(exam, "%s %s", account.name, account.password),
    };
    for (size_t i = 0; i < ELEMENTS(arguments); i++) {
        const struct reply *reply = secretly(client, "SITE REGISTER %s", arguments[i]);
        if (reply_is(reply, "2"))
            remove_account_later(exam, account.name);
        if (says(reply, account.password))
            fail(exam, "a reply without the password",
                 "the reply to SITE REGISTER, %u, has the password in it", reply->code);
        if (client->wire.end != WIRE_OPEN || reply->code == 421)
            return;
    }
}

/* --- the command ------------------------------------------------------------------------------ */

static void too_few(struct exam *exam)
{
    struct client *client = given_registrar(exam);
    const char *name = new_account(exam).name;
    const char *const lines[] = {"SITE REGISTER", exam_format(exam, "SITE REGISTER %s", name)};
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        const struct reply *reply = command(client, "%s", lines[i]);
        if (reply_is(reply, "2")) {
            remove_account_later(exam, name);
            fail(exam, "501, or another refusal: a name and a password are needed", "%s: %u %s",
                 lines[i], reply->code, reply->text);
        }
    }
}

/* A line that has no end was never a command. */
static void half(struct exam *exam)
{
    struct client *client = given_registrar(exam);
    struct new_account account = new_account(exam);
    const char *line = exam_format(exam, "SITE REGISTER %s %s", account.name, account.password);
    (void)wire_send(&client->wire, line, strlen(line), true, exam_patience(exam));
    client_close(client);
    /* The server hears of it before whoever comes later. */
    (void)given_registrar(exam);
    if (may_log_in(exam, account.name, account.password)) {
        remove_account_later(exam, account.name);
        fail(exam, "no account: the connection ended before the end of the line",
             "half a SITE REGISTER has made an account that can log in");
    }
}

static void many(struct exam *exam)
{
    enum { TRIES = 12, COSTLY = 6000 };
    uint64_t waited = 0;
    for (int i = 0; i < TRIES; i++) {
        /* One address, whatever it is. */
        exam->given++;
        struct client *client = given_connection(exam);
        bool offered = site_lists(client, "REGISTER");
        exam->given--;
        if (!offered)
            skip(exam, "SITE HELP before the login offers no REGISTER");
        struct new_account account = new_account(exam);
        const struct reply *reply = try_register(client, account.name, account.password);
        if (!reply_is(reply, "2"))
            return;
        waited += reply->waited;
        if (waited > COSTLY)
            return;
        client_close(client);
    }
    fail(exam, "a refusal after some accounts from one address, or growing delays",
         "%d accounts were made from one address within %llu ms, and no refusal came", TRIES,
         (unsigned long long)waited);
}

/* Where HELP knows nothing of it, there is no such thing. */
static void unannounced(struct exam *exam)
{
    static const char *const verbs[] = {"REGISTER", "ADDUSER", "USER ADD", "SIGNUP"};
    for (size_t i = 0; i < ELEMENTS(verbs); i++) {
        struct client *client = given_applicant(exam);
        if (site_lists(client, verbs[i])) {
            client_close(client);
            continue;
        }
        struct new_account account = new_account(exam);
        const struct reply *reply =
            secretly(client, "SITE %s %s %s", verbs[i], account.name, account.password);
        if (reply_is(reply, "2") && reply->code != 202) {
            remove_account_later(exam, account.name);
            fail(exam, "a refusal: nobody is logged in, and SITE HELP offers no such thing",
                 "SITE %s name password: %u %s", verbs[i], reply->code, reply->text);
        }
        client_close(client);
    }
}

static void wrong_invitation(struct exam *exam)
{
    struct client *client = given_registrar(exam);
    struct new_account account = new_account(exam);
    const struct reply *reply = try_register(client, account.name, account.password);
    if (reply_is(reply, "2") || !strcasestr(reply->text, "invit"))
        skip(exam, "the server asks for no invitation");
    const char *password = exam_format(exam, "%s ftplint-is-wrong", account.password);
    reply = try_register(given_registrar(exam), account.name, password);
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: the invitation is wrong", "%u %s", reply->code, reply->text);
}

/* An account is removed, its name is registered again: by somebody else. */
static void leftovers(struct exam *exam)
{
    struct new_account first = given_registered(exam);
    struct client *client = given_inside(exam, first);
    exam->given++;
    store(client, owned, strlen(owned), "STOR ftplint-file");
    exam->given--;
    client_close(client);
    struct client *admin = given_login(exam, ACCOUNT_ADMIN);
    if (!reply_is(command(admin, "SITE USER DEL %s", first.name), "2"))
        skip(exam, "the administrator cannot remove the account by SITE USER DEL");
    struct new_account second = {.name = first.name, .password = new_account(exam).password};
    const struct reply *reply = try_register(given_registrar(exam), second.name, second.password);
    if (!reply_is(reply, "2"))
        return;
    static const char *const ways[] = {"ftplint-file"};
    expect_unread(given_inside(exam, second), ways, ELEMENTS(ways),
                  "somebody else's, whose account of that name was removed");
}

#define REGISTRATION(severity_, title_, reason_, remedy_, run_)                                    \
    .severity = SEVERITY_##severity_, .flags = TEST_ANONYMOUS | TEST_DESTRUCTIVE,                  \
    .title = (title_), .reason = (reason_), .remedy = (remedy_), .run = (run_)

static const struct test tests[] = {
    {
        .name = "practice.registration.works",
        REGISTRATION(WARNING, "an account that SITE REGISTER made can log in at once",
                     "Somebody who was told that the account is there and is then refused tries "
                     "again, and has two accounts or none.",
                     "Answer with success only when the account is stored.", works),
    },
    {
        .name = "practice.registration.folder",
        REGISTRATION(WARNING, "an account that SITE REGISTER made has a folder for its files",
                     "An account is made to store something. Without a folder that is its own it "
                     "is of no use.",
                     "Make folder and account together, or neither.", folder),
    },
    {
        .name = "security.registration.confined",
        .severity = SEVERITY_ERROR,
        .flags = TEST_DESTRUCTIVE,
        .title = "an account that a stranger registered cannot read another user's file",
        .reason = "Anybody may have such an account: what it reads, everybody reads.",
        .remedy = "Make each new account's folder the root of what it sees.",
        .run = confined,
    },
    {
        .name = "security.registration.apart",
        REGISTRATION(
            ERROR, "two accounts that strangers registered have two folders",
            "People who do not know each other would read, and delete, each other's files.",
            "Give each new account a folder of its own, named by its login.", apart),
    },
    {
        .name = "security.registration.role",
        REGISTRATION(ERROR, "an account that a stranger registered is no administrator",
                     "Whoever can make an account would own the server.",
                     "Give new accounts the least role, whatever the request says.", role),
    },
    {
        .name = "security.registration.passwords",
        REGISTRATION(WARNING, "empty passwords, short ones, and the name as one are refused",
                     "Such an account belongs to whoever guesses first, and serves as a store for "
                     "what nobody wants to be found with.",
                     "Demand ten characters or so, and something else than the name.",
                     weak_passwords),
    },
    {
        .name = "security.registration.echo",
        REGISTRATION(ERROR, "replies to SITE REGISTER do not repeat the password",
                     "Clients show and log replies; passwords in them are read by others.",
                     "Say what is wrong without the words of the command.", echo),
    },
    {
        .name = "practice.registration.arguments",
        REGISTRATION(WARNING, "SITE REGISTER without a name or a password is refused",
                     "An account without a password is open to everybody who knows its name.",
                     "Answer 501 and say how the command is used.", too_few),
    },
    {
        .name = "security.registration.half",
        REGISTRATION(WARNING, "half a SITE REGISTER, of a lost connection, makes no account",
                     "A password that was cut off is not the one that the client remembers.",
                     "A command is what ends in CR LF (RFC 959, section 5.3): forget the rest.",
                     half),
    },
    {
        .name = "security.registration.invitation",
        REGISTRATION(ERROR, "a wrong invitation is refused",
                     "The invitation is all that keeps strangers out.",
                     "Compare all of it, and count wrong ones as wrong passwords.",
                     wrong_invitation),
    },
    {
        .name = "security.registration.leftovers",
        .severity = SEVERITY_ERROR,
        .flags = TEST_DESTRUCTIVE | TEST_ADMIN,
        .title = "who registers the name of a removed account does not get its files",
        .reason = "Names become free; what was stored under them is still somebody's.",
        .remedy = "Refuse names whose folder is still there, or remove the folder first.",
        .run = leftovers,
    },
    {
        .name = "security.registration.unannounced",
        REGISTRATION(ERROR, "strangers make no account where SITE HELP offers them none",
                     "A registration that the administrator has closed, or never opened, is open "
                     "to whoever knows the word.",
                     "Answer like an unknown command unless registration is switched on.",
                     unannounced),
    },
    {
        .name = "security.registration.many",
        REGISTRATION(WARNING, "one address cannot register any number of accounts",
                     "Each brings a quota with it: a loop of a few lines fills the disk, and the "
                     "list of users.",
                     "Allow a few a day from one address, an IPv6 /64 being one.", many),
    },
};

const struct group group_registration = {
    .name = "registration",
    .title = "Accounts that strangers make",
    .tests = tests,
    .count = ELEMENTS(tests),
};
