/* Passwords: who must not get in (CVE_TESTS: A05, A06, A07, A21, A24). Failed logins count for
 * brakes and bans, so most of these tests are destructive. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum { BACKDOOR_PORT = 6200 };

static const struct login *account_of(const struct exam *exam)
{
    return &exam->target->logins[ACCOUNT_USER];
}

/* A finding if PASSWORD logs the user in. NAME, words for the report, tells which password it is;
 * the password itself stays out of it. */
static const struct reply *refused(struct client *client, const char *password, const char *name)
{
    struct exam *exam = client->exam;
    exam->given++;
    const struct reply *reply = command(client, "USER %s", account_of(exam)->user);
    exam->given--;
    if (reply_is(reply, "2"))
        skip(exam, "the server logs this user in without a password");
    if (reply->code != 331)
        blocked(exam, "USER is answered with %u %s", reply->code, reply->text);
    reply = command(client, "%s%s", *password ? "PASS " : "PASS", password);
    if (reply_is(reply, "2 3"))
        fail(exam, "530: the login is refused", "%s is answered with \"%s\"", name,
             reply->lines[0]);
    return reply;
}

static void wrong(struct exam *exam)
{
    struct client *client = given_connection(exam);
    expect_code(client, refused(client, "ftplint-is-not-the-password", "a wrong password"),
                "530 421");
}

static void after_failure(struct exam *exam)
{
    struct client *client = given_connection(exam);
    const struct reply *reply = refused(client, "ftplint-is-not-the-password", "a wrong password");
    if (reply->code == 421)
        skip(exam, "the server closes the connection after one failure");
    expect(client, "4 5|nobody is logged in", "PWD");
}

static void after_failure_login(struct exam *exam)
{
    struct client *client = given_connection(exam);
    const struct reply *reply = refused(client, "ftplint-is-not-the-password", "a wrong password");
    if (reply->code == 421)
        skip(exam, "the server closes the connection after one failure");
    login(client, ACCOUNT_USER);
}

static void empty(struct exam *exam)
{
    struct client *client = given_connection(exam);
    (void)refused(client, "", "PASS without an argument");
    client = given_connection(exam);
    (void)refused(client, " ", "PASS with a blank");
}

static void longer(struct exam *exam)
{
    const char *password = exam_format(exam, "%sx", account_of(exam)->password);
    (void)refused(given_connection(exam), password, "the password with one more letter behind it");
}

static void shorter(struct exam *exam)
{
    const char *right = account_of(exam)->password;
    if (strlen(right) < 2)
        skip(exam, "the password is too short");
    const char *password = exam_copy(exam, right, strlen(right) - 1);
    (void)refused(given_connection(exam), password, "the password without its last letter");
}

static void other_case(struct exam *exam)
{
    const char *right = account_of(exam)->password;
    char *password = exam_copy(exam, right, strlen(right));
    for (char *at = password; *at; at++)
        *at = (char)(islower((unsigned char)*at) ? toupper((unsigned char)*at)
                                                 : tolower((unsigned char)*at));
    if (strcmp(password, right) == 0)
        skip(exam, "the password has no letters");
    (void)refused(given_connection(exam), password, "the password with upper for lower case");
}

static void user_twice(struct exam *exam)
{
    struct client *client = given_connection(exam);
    exam->given++;
    expect(client, "331", "USER %s", account_of(exam)->user);
    exam->given--;
    (void)command(client, "USER ftplint-nobody");
    const struct reply *reply = command(client, "PASS %s", account_of(exam)->password);
    if (reply_is(reply, "2"))
        fail(exam, "530: the last USER named somebody else",
             "after USER of the right name, then USER ftplint-nobody, the first user's password is "
             "answered with \"%s\"",
             reply->lines[0]);
}

static void zero_byte(struct exam *exam)
{
    struct client *client = given_connection(exam);
    const char *user = account_of(exam)->user;
    size_t size = strlen(user);
    char *line = exam_format(exam, "USER %s?x\r\n", user);
    line[5 + size] = '\0';
    send_bytes(client, line, 5 + size + 4);
    if (read_reply(client)->code != 331)
        return;
    const struct reply *reply = command(client, "PASS %s", account_of(exam)->password);
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: there is no user of that name",
             "the name with a zero byte and \"x\" behind it logs in: \"%s\"", reply->lines[0]);
}

/* Logs in as anonymous; NULL if that is not offered. */
static struct client *anonymous(struct exam *exam)
{
    struct client *client = given_connection(exam);
    if (!reply_is(try_login(client, "anonymous", "ftplint@example.org"), "230"))
        return NULL;
    return client;
}

static void anonymous_write(struct exam *exam)
{
    struct client *client = anonymous(exam);
    if (!client)
        skip(exam, "the server does not offer anonymous logins");
    note(exam, "anonymous may log in");
    const struct reply *reply = command(client, "MKD ftplint-anonymous");
    if (!reply_is(reply, "2"))
        return;
    (void)command(client, "RMD ftplint-anonymous");
    fail(exam, "550: who gives no password may not write", "MKD is answered with \"%s\"",
         reply->lines[0]);
}

/* True if somebody listens at the backdoor's port. */
static bool backdoor_open(struct exam *exam)
{
    struct sockaddr_storage address = exam->target->address;
    if (address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&address)->sin6_port = htons(BACKDOOR_PORT);
    else
        ((struct sockaddr_in *)&address)->sin_port = htons(BACKDOOR_PORT);
    struct wire wire;
    wire_init(&wire, exam->dialogue, ++exam->connections, false);
    int r = wire_connect(&wire, (const struct sockaddr *)&address, exam->target->address_size, NULL,
                         0, 1000);
    wire_close(&wire);
    return r == 0;
}

static void smile(struct exam *exam)
{
    if (backdoor_open(exam))
        skip(exam, "something else listens on port 6200");
    struct client *client = given_connection(exam);
    (void)try_login(client, "ftplint:)", "ftplint");
    if (backdoor_open(exam))
        fail(exam, "that no port opens", "port 6200 is open after USER ftplint:)");
}

static const struct test tests[] = {
    {
        .name = "rfc959.pass.wrong",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "a wrong password is refused with 530",
        .reason = "RFC 959, section 5.4: 530 is \"not logged in\", or 421 if the server has had "
                  "enough. With it clients ask for another password; after other codes they do "
                  "not.",
        .remedy = "Answer a wrong password with 530.",
        .run = wrong,
    },
    {
        .name = "security.login.after-failure",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_DESTRUCTIVE,
        .after = "rfc959.pass.wrong",
        .title = "nobody is logged in after a wrong password",
        .reason = "A session that serves commands after 530 needs no password at all.",
        .remedy = "Set the user of the session only when the password was right.",
        .run = after_failure,
    },
    {
        .name = "practice.login.after-failure",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY | TEST_DESTRUCTIVE,
        .after = "rfc959.pass.wrong",
        .title = "after one wrong password the right one logs in",
        .reason = "People mistype. Clients ask for the password again and send USER and PASS over "
                  "the same connection.",
        .remedy = "Begin the login sequence anew with every USER.",
        .run = after_failure_login,
    },
    {
        .name = "security.login.empty",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_DESTRUCTIVE,
        .after = "rfc959.pass.wrong",
        .title = "an empty password does not log in",
        .reason = "Directories and data bases have answered \"yes\" to an empty password (LDAP's "
                  "unauthenticated bind; ProFTPD issues 2275 and 2279).",
        .remedy = "Refuse empty passwords before anything else is asked.",
        .run = empty,
    },
    {
        .name = "security.login.longer",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_DESTRUCTIVE,
        .after = "rfc959.pass.wrong",
        .title = "the password with something behind it does not log in",
        .reason = "A server that looks at the first characters only (crypt(3) with DES: 8) makes "
                  "long passwords as weak as short ones.",
        .remedy = "Hash passwords with a method that takes all of them: yescrypt, Argon2, bcrypt "
                  "up to 72 bytes.",
        .run = longer,
    },
    {
        .name = "security.login.shorter",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_DESTRUCTIVE,
        .after = "rfc959.pass.wrong",
        .title = "the beginning of the password does not log in",
        .reason = "A comparison that ends with what the client sent lets a password be guessed "
                  "letter by letter.",
        .remedy = "Compare the whole, in constant time.",
        .run = shorter,
    },
    {
        .name = "security.login.password-case",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_DESTRUCTIVE,
        .after = "rfc959.pass.wrong",
        .title = "upper and lower case matter in passwords",
        .reason = "A server that folds the whole line, not only the verb, makes passwords far "
                  "easier to guess.",
        .remedy = "Fold the letter case of verbs only.",
        .run = other_case,
    },
    {
        .name = "security.login.user-twice",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_DESTRUCTIVE,
        .after = "rfc959.pass.wrong",
        .title = "a second USER replaces the first one",
        .reason = "RFC 959, section 4.1.1: USER flushes what was supplied and begins the login "
                  "anew. If parts of the first name stay, a password is checked for one user and "
                  "another is logged in.",
        .remedy = "Forget everything of the login at each USER.",
        .run = user_twice,
    },
    {
        .name = "security.login.zero-byte",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY | TEST_DESTRUCTIVE,
        .title = "a name with a zero byte in it is not the name before that byte",
        .reason = "One part of a server sees the short name and another the long one: that was the "
                  "way into Wing FTP (CVE-2025-47812).",
        .remedy = "Refuse lines with a zero byte with 501.",
        .run = zero_byte,
    },
    {
        .name = "security.anonymous.write",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS,
        .title = "anonymous users, if there are any, cannot make directories",
        .reason = "A server on which anybody can write becomes a store for others' goods within "
                  "days.",
        .remedy = "Take the right to write from anonymous users, or do not offer that login.",
        .run = anonymous_write,
    },
    {
        .name = "security.login.backdoor",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_DESTRUCTIVE,
        .title = "a name that ends in :) opens no port",
        .reason = "In 2011 somebody replaced the source of vsftpd 2.3.4: after such a name anybody "
                  "got a root shell on port 6200 (CVE-2011-2523).",
        .remedy = "Take the machine off the network and install it anew from packages that are "
                  "signed.",
        .run = smile,
    },
};

const struct group group_passwords = {
    .name = "passwords",
    .title = "Passwords",
    .tests = tests,
    .count = ELEMENTS(tests),
};
