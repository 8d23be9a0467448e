/* Login, the other cases: a wrong password and what follows it, and what USER, PASS, ACCT and REIN
 * do in a session. Passwords that are nearly right are tried in group_guessing.c. See catalogue.h.
 */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <string.h>

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
    struct client *client = given_stranger(exam, STRANGER);
    expect_code(client, refused(client, "ftplint-is-not-the-password", "a wrong password"),
                "530 421");
}

static void after_failure(struct exam *exam)
{
    struct client *client = given_stranger(exam, STRANGER);
    const struct reply *reply = refused(client, "ftplint-is-not-the-password", "a wrong password");
    if (reply->code == 421)
        skip(exam, "the server closes the connection after one failure");
    expect(client, "4 5|nobody is logged in", "PWD");
}

static void after_failure_login(struct exam *exam)
{
    struct client *client = given_stranger(exam, STRANGER);
    const struct reply *reply = refused(client, "ftplint-is-not-the-password", "a wrong password");
    if (reply->code == 421)
        skip(exam, "the server closes the connection after one failure");
    login(client, ACCOUNT_USER);
}

static void user_again(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "USER %s", account_of(exam)->user);
    const struct reply *place = command(client, "PWD");
    if (reply_is(reply, "4 5") && place->code != 257)
        fail(exam, "the session as it was: USER was refused",
             "after \"%s\", PWD is answered with \"%s\"", reply->lines[0], place->lines[0]);
    if (reply->code == 331)
        note(exam, "USER in a session begins a new login");
}

static void pass_again(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    expect(client, "2 5|PASS in a session is refused, or has no effect", "PASS %s",
           account_of(exam)->password);
    expect(client, "257|the session is as it was", "PWD");
}

static void no_account(struct exam *exam)
{
    expect(given_login(exam, ACCOUNT_USER), "202 230 500 501 502 503 530", "ACCT ftplint");
}

/* REIN with success; the reply. */
static const struct reply *given_rein(struct client *client)
{
    struct exam *exam = client->exam;
    if (client->wire.tls)
        skip(exam, "this run is under TLS, and what REIN does to TLS is left to the server");
    const struct reply *reply = command(client, "REIN");
    skip_unknown(client, reply, "REIN");
    if (!reply_is(reply, "120 2"))
        skip(exam, "the server does not offer REIN: %s", reply->lines[0]);
    if (reply->code == 120)
        reply = read_reply(client);
    return reply;
}

static void rein_code(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    expect_code(client, given_rein(client), "220");
}

static void rein_login(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    (void)given_rein(client);
    login(client, ACCOUNT_USER);
    expect(client, "257", "PWD");
}

static const struct test tests[] = {
    {
        .name = "rfc959.pass.wrong",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a wrong password is refused with 530",
        .reason = "RFC 959, section 5.4, lists 530 for it, or 421 if the server has had enough, "
                  "and RFC 1123, section 4.1.2.11, says that these codes should be used. With 530 "
                  "clients ask for another password; after other codes they do not.",
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
        .name = "rfc959.user.again",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "USER in a session begins a new login, or is refused and changes nothing",
        .reason = "RFC 959, section 4.1.1, lets a server take a new USER at any point. One that "
                  "refuses it must go on serving the user who is logged in.",
        .remedy = "Leave the session as it is when USER is refused.",
        .run = user_again,
    },
    {
        .name = "rfc959.pass.again",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "PASS in a session does not end it",
        .reason = "RFC 959, section 4.2: a refused command did not take place; the user who is "
                  "logged in stays so.",
        .remedy = "Answer PASS after the login with 503 (or 202, 230), and leave the session as "
                  "it is.",
        .run = pass_again,
    },
    {
        .name = "rfc959.acct.code",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "ACCT in a session is answered with 202 or 230, or refused with 5xx",
        .reason = "RFC 959, sections 4.2.1 and 5.4: 202 says that no account is needed here. Some "
                  "clients send ACCT when one is filled in, and give up on other codes.",
        .remedy = "Answer ACCT with 202.",
        .run = no_account,
    },
    {
        .name = "rfc959.rein.code",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "REIN is answered with 220, or refused with 500 or 502",
        .reason = "RFC 959, section 5.4: after REIN the connection is as if just opened, and 220 "
                  "asks for USER, as the greeting does.",
        .remedy = "Answer REIN with 220.",
        .run = rein_code,
    },
    {
        .name = "rfc959.rein.login",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "after REIN one can log in",
        .reason = "RFC 959, section 4.1.1: REIN leaves the connection open, and a USER command may "
                  "be expected to follow.",
        .remedy = "Bring the session back to where it was after the greeting, or refuse REIN with "
                  "502.",
        .run = rein_login,
    },
};

const struct group group_relogin = {
    .name = "relogin",
    .title = "Failed and second logins",
    .tests = tests,
    .count = ELEMENTS(tests),
};
