/* Login: USER, PASS, ACCT, REIN and what is possible without them. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <string.h>

enum { PROMPT_MSEC = 3000 };

static const struct login *account_of(const struct exam *exam)
{
    return &exam->target->logins[ACCOUNT_USER];
}

/* USER of the right name; skips the test where that alone logs in. */
static const struct reply *given_name(struct client *client)
{
    struct exam *exam = client->exam;
    exam->given++;
    const struct reply *reply = expect(client, "331 230 232", "USER %s", account_of(exam)->user);
    exam->given--;
    if (reply->code != 331)
        skip(exam, "the server logs this user in without a password");
    return reply;
}

static void user_code(struct exam *exam)
{
    expect(given_connection(exam), "331 332 230 232", "USER %s", account_of(exam)->user);
}

static void pass_code(struct exam *exam)
{
    struct client *client = given_connection(exam);
    (void)given_name(client);
    expect(client, "230 232 202 332", "PASS %s", account_of(exam)->password);
}

/* .parameter: flaws of enum reply_flaw. */
static void flaw(struct exam *exam)
{
    const unsigned *flaws = exam->test->parameter;
    struct client *client = given_connection(exam);
    const struct reply *reply = command(client, "USER %s", account_of(exam)->user);
    expect_flawless(client, "the reply to USER", reply, *flaws);
    if (reply->code == 331)
        reply = command(client, "PASS %s", account_of(exam)->password);
    expect_flawless(client, "the reply to PASS", reply, *flaws);
}

static void letter_case(struct exam *exam)
{
    struct client *client = given_connection(exam);
    const struct reply *reply = expect(client,
                                       "331 332 230 232|as to USER: letter case of verbs "
                                       "does not matter",
                                       "uSeR %s", account_of(exam)->user);
    if (reply->code == 331)
        expect(client, "230 232 202 332|as to PASS", "pAsS %s", account_of(exam)->password);
}

static void prompt(struct exam *exam)
{
    uint64_t best = UINT64_MAX;
    for (int i = 0; i < 2 && best > PROMPT_MSEC; i++) {
        struct client *client = given_connection(exam);
        (void)given_name(client);
        const struct reply *reply = command(client, "PASS %s", account_of(exam)->password);
        best = reply->waited < best ? reply->waited : best;
    }
    if (best > PROMPT_MSEC)
        fail(exam, "the reply to the right password within 3 seconds",
             "it took %llu ms at best of two", (unsigned long long)best);
}

static void echo(struct exam *exam)
{
    const char *password = account_of(exam)->password;
    if (strlen(password) < 6)
        skip(exam, "the password is too short to be told from other words");
    struct client *client = given_connection(exam);
    (void)given_name(client);
    const struct reply *reply = command(client, "PASS %s", password);
    for (size_t i = 0; i < reply->count; i++)
        if (strstr(reply->lines[i], password))
            fail(exam, "a reply that does not repeat the password",
                 "line %zu of the %u reply to PASS holds it", i + 1, reply->code);
}

static void pass_first(struct exam *exam)
{
    expect(given_connection(exam), "503 530 500 501 421|PASS without USER is refused",
           "PASS ftplint");
}

/* A command before the login; false if the server has closed the connection over those before. */
static bool tried(struct client *client, const char *line, const struct reply **ret)
{
    send_line(client, "%s", line);
    *ret = try_reply(client, exam_patience(client->exam));
    return (*ret)->code != 0 && (*ret)->code != 421;
}

static void code_before(struct exam *exam)
{
    static const char *const lines[] = {"CWD /", "RETR ftplint-missing", "DELE ftplint-missing",
                                        "LIST"};
    struct client *client = given_connection(exam);
    const struct reply *reply;
    for (size_t i = 0; i < ELEMENTS(lines) && tried(client, lines[i], &reply); i++)
        if (reply_is(reply, "4 5") && !reply_is(reply, "530 500 502"))
            fail(exam, "530: nobody is logged in",
                 "\"%s\" before the login is answered with \"%s\"", lines[i], reply->lines[0]);
}

static const unsigned form = REPLY_BARE_LF | REPLY_CODE_ALONE | REPLY_CODE_CHANGES;
static const unsigned odd_text = REPLY_CONTROL_BYTE | REPLY_BARE_CR | REPLY_NOT_UTF8;

static const struct test tests[] = {
    {
        .name = "rfc959.user.code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "USER is answered with 331, or with 230 if no password is needed",
        .reason = "RFC 959, section 5.4: 331 asks for PASS. A client that gets another code does "
                  "not send the password.",
        .remedy = "Answer USER with 331, whether or not there is such a user.",
        .run = user_code,
    },
    {
        .name = "rfc959.pass.code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "the right password is answered with 230",
        .reason = "RFC 959, section 5.4: 230 says that the user is logged in; with 202 no password "
                  "was needed, and 332 asks for an account.",
        .remedy = "Answer the right password with 230.",
        .run = pass_code,
    },
    {
        .name = "rfc959.login.format",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "the replies to USER and PASS have the form of replies",
        .reason = "RFC 959, section 4.2, and RFC 1123, section 4.1.2.11: code, space, text, CR LF. "
                  "With 230 many servers send "
                  "a message of the day out of a file, line by line as it stands there.",
        .remedy = "Begin its first line with \"230-\", its last one with \"230 \", put a space "
                  "before the lines between them, and end all with CR LF.",
        .run = flaw,
        .parameter = &form,
    },
    {
        .name = "practice.login.text",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "the replies to USER and PASS are UTF-8 text without control characters",
        .reason = "Clients show them: a message of the day with escape sequences or in Latin-1 "
                  "becomes rubbish, or ends clients that decode strictly.",
        .remedy = "Save the message as UTF-8 and without escape sequences.",
        .run = flaw,
        .parameter = &odd_text,
    },
    {
        .name = "rfc959.login.case",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "USER and PASS may be written in any letter case",
        .reason = "RFC 959, section 5.3: upper and lower case letters of commands are to be "
                  "treated identically. The login is often handled by a program of its own.",
        .remedy = "Compare verbs without regard to letter case.",
        .run = letter_case,
    },
    {
        .name = "practice.login.prompt",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY,
        .title = "the right password is answered within 3 seconds",
        .reason = "Clients log in anew for every parallel transfer; slow logins make them slow and "
                  "keep the server busy.",
        .remedy = "Choose a cheaper hash for passwords, and look up no names at the login.",
        .run = prompt,
    },
    {
        .name = "security.login.password-echo",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "no reply repeats the password",
        .reason = "Clients write replies into their logs and windows, and people send those to "
                  "others when they ask for help.",
        .remedy = "Leave the argument of PASS out of every reply.",
        .run = echo,
    },
    {
        .name = "rfc959.pass.first",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.once",
        .title = "PASS without USER before it is refused",
        .reason = "RFC 959, section 4.1.1: PASS must be immediately preceded by USER; section 5.4 "
                  "lists 503 for it.",
        .remedy = "Answer PASS before USER with 503.",
        .run = pass_first,
    },
    {
        .name = "rfc959.before-login.code",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "commands that need a login are refused with 530 before it",
        .reason = "RFC 959, sections 4.2.1 and 5.4: 530 is \"not logged in\". By this code clients "
                  "know that they must log in anew; after 550 they say that the file is missing.",
        .remedy = "Answer 530 before anything else is examined.",
        .run = code_before,
    },
};

const struct group group_login = {
    .name = "login",
    .title = "Login",
    .tests = tests,
    .count = ELEMENTS(tests),
};
