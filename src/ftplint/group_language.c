/* HOST (RFC 7151) and LANG (RFC 2640): by which a client says whom it wants, and in what language.
 * See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <string.h>

static void host_after_login(struct exam *exam)
{
    expect(given_session(exam), "503|HOST comes after the login", "HOST %s", exam->target->host);
}

static void host_port(struct exam *exam)
{
    struct client *client = given_connection(exam);
    const struct reply *reply = command(client, "HOST 192.0.2.1:2112");
    /* The certificate has been chosen by then. */
    if (exam->target->tls != TLS_NONE && reply->code == 503)
        skip(exam, "the server takes HOST only before TLS: 503 %s", reply->text);
    expect_code(client, reply, "501|a HOST with a port");
}

static void host_twice(struct exam *exam)
{
    struct client *client = given_connection(exam);
    const struct reply *first = command(client, "HOST %s", exam->target->host);
    if (first->code != 220)
        skip(exam, "HOST is answered with %s", first->lines[0]);
    expect(client, "220|the same reply as to the first HOST", "HOST %s", exam->target->host);
    login(client, ACCOUNT_USER);
}

/* A connection over which LANG works: before the login, or after it where that is demanded. */
static struct client *given_language(struct exam *exam)
{
    struct client *client = given_connection(exam);
    if (command(client, "LANG")->code == 530) {
        exam->given++;
        login(client, ACCOUNT_USER);
        exam->given--;
    }
    return client;
}

static void no_such_language(struct exam *exam)
{
    expect(given_language(exam), "504 501|a language that there is not", "LANG qq");
}

static void language_before(struct exam *exam)
{
    expect(given_connection(exam), "200|nobody needs to be logged in", "LANG");
}

static void language_after(struct exam *exam)
{
    expect(given_session(exam), "200|LANG may come at any time", "LANG");
}

static void languages(struct exam *exam)
{
    const char *tags = server_feature(exam->server, "LANG");
    struct client *client = given_language(exam);
    for (const char *at = tags; *at;) {
        size_t size = strcspn(at, "*; ");
        if (size)
            expect(client, "200|FEAT announces this language", "LANG %.*s", (int)size, at);
        at += size;
        at += strspn(at, "*; ");
    }
}

/* RFC 2640, section 4.3: tag ["*"] *(";" tag ["*"]), a tag being 1*8ALPHA *("-" 1*8ALPHA). */
static void language_form(struct exam *exam)
{
    const char *tags = server_feature(exam->server, "LANG");
    const char *at = tags;
    for (;;) {
        size_t letters = 0;
        while (isalpha((unsigned char)at[letters]))
            letters++;
        if (letters < 1 || letters > 8)
            break;
        at += letters;
        if (*at == '*')
            at++;
        if (*at == '\0')
            return;
        if (*at != ';' && *at != '-')
            break;
        at++;
        if (*at == '\0' && at[-1] == ';') /* one more separator at the end harms nobody */
            return;
    }
    fail(exam, "language tags of up to 8 letters between semicolons, as in \"LANG EN*;FR\"",
         "\"LANG %s\"", tags);
}

static const struct test tests[] = {
    {
        .name = "rfc7151.host.after-login",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "HOST",
        .title = "HOST after the login is refused with 503",
        .reason = "RFC 7151, sections 3 and 3.3: the server MUST treat it as an invalid sequence "
                  "of commands. Users of one site must not walk over to another.",
        .remedy = "Answer 503 once somebody is logged in.",
        .run = host_after_login,
    },
    {
        .name = "rfc7151.host.port",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "HOST",
        .title = "HOST with a port is refused with 501",
        .reason = "RFC 7151, section 3.1: the server MUST answer HOST 192.0.2.1:2112 with 501.",
        .remedy = "Refuse a colon in the argument outside of square brackets.",
        .run = host_port,
    },
    {
        .name = "rfc7151.host.twice",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "HOST",
        .title = "HOST may be sent again before the login",
        .reason = "RFC 7151, section 3: the server MUST go by the last HOST before the login and "
                  "answer it as if there had been no other.",
        .remedy = "Forget the first name when the second one comes.",
        .run = host_twice,
    },
    {
        .name = "rfc2640.lang.tags",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "LANG",
        .title = "every language that FEAT lists can be chosen by LANG",
        .reason = "RFC 2640, section 4.3: the list is that of the tags which the server can "
                  "support, and section 4.2 demands 200 for them.",
        .remedy = "List only languages for which there are texts.",
        .run = languages,
    },
    {
        .name = "rfc2640.lang.form",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "LANG",
        .title = "FEAT lists languages as tags of letters between semicolons",
        .reason = "RFC 2640, section 4.3, gives the grammar: \"EN*;FR\", with tags of RFC 1766. "
                  "Clients send these tags back with LANG.",
        .remedy = "Translate the system's locale (\"C.UTF-8\") into a tag of RFC 1766 (\"EN\").",
        .run = language_form,
    },
    {
        .name = "rfc2640.lang.unknown",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .feature = "LANG",
        .title = "LANG with a language that there is not is refused with 504",
        .reason = "RFC 2640, section 4.2: 504 SHOULD be sent if the argument, while syntactically "
                  "correct, is not implemented.",
        .remedy = "Answer 504.",
        .run = no_such_language,
    },
    {
        .name = "rfc2640.lang.before-login",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .feature = "LANG",
        .title = "LANG is accepted before the login",
        .reason = "RFC 2640, section 4.1: it may come at any time and SHOULD come before the "
                  "authentication, so that already the replies to that can be read.",
        .remedy = "Allow LANG without a login.",
        .run = language_before,
    },
    {
        .name = "rfc2640.lang.after-login",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .feature = "LANG",
        .title = "LANG is accepted after the login",
        .reason = "RFC 2640, section 4.1: a client may send it at any time during a session.",
        .remedy = "Load the texts of all languages before the session loses sight of them.",
        .run = language_after,
    },
};

const struct group group_language = {
    .name = "language",
    .title = "HOST and LANG",
    .tests = tests,
    .count = ELEMENTS(tests),
};
