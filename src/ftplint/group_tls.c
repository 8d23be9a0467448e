/* AUTH and FEAT: how TLS begins and what is announced of it (RFC 2228, RFC 4217). */
#include "ftplint/secure.h"

#include "lib/cleanup.h"

#include <string.h>
#include <strings.h>

/* --- AUTH ------------------------------------------------------------------------------------- */

/* The parameter of these tests is the command. */
static void auth_accepted(struct exam *exam)
{
    const char *line = exam->test->parameter;
    struct client *client = given_clear(exam);
    expect(client, "234", "%s", line);
}

static void auth_unknown(struct exam *exam)
{
    struct client *client = given_clear(exam);
    expect(client, "504 534", "AUTH X-FTPLINT");
}

static void auth_after_refusal(struct exam *exam)
{
    struct client *client = given_clear(exam);
    const struct reply *reply = command(client, "AUTH X-FTPLINT");
    if (!reply_is(reply, "4 5"))
        skip(exam, "the server does not refuse AUTH X-FTPLINT: %u %s", reply->code, reply->text);
    expect(client, "234", "AUTH TLS");
}

static void auth_handshake(struct exam *exam)
{
    struct client *client = given_before_handshake(exam);
    if (try_handshake(client) < 0)
        fail(exam, "a TLS handshake", "%s", client->tls.problem);
}

static void auth_twice(struct exam *exam)
{
    struct client *client = given_secured(exam, NULL);
    expect(client, "5|a refusal: the control connection is under TLS already", "AUTH TLS");
}

/* In clear, which only a run in clear may do: the password goes over the connection. */
static void auth_forgets_login(struct exam *exam)
{
    if (exam->target->tls != TLS_NONE)
        skip(exam, "this run logs in under TLS, and the test would send the password in clear");
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "AUTH TLS");
    if (!reply_is(reply, "234"))
        return;
    exam->given++;
    if (try_handshake(client) < 0)
        fail(exam, "a TLS handshake", "%s", client->tls.problem);
    exam->given--;
    expect(client, "530 503|a refusal: nobody is logged in after AUTH", "PWD");
}

static void auth_after_login_goes_on(struct exam *exam)
{
    if (exam->target->tls != TLS_NONE)
        skip(exam, "this run logs in under TLS, and the test would send the password in clear");
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "AUTH TLS");
    if (reply_is(reply, "234"))
        skip(exam, "the server begins TLS after the login too");
    expect(client, "257|an answer: the refused AUTH changes nothing", "PWD");
}

/* --- FEAT ------------------------------------------------------------------------------------- */

/* True if a line of FEAT is WORD and, unless ARGUMENT is NULL, has ARGUMENT among what follows. */
static bool announces(const struct reply *reply, const char *word, const char *argument)
{
    for (size_t i = 1; i + 1 < reply->count; i++) {
        const char *line = reply->lines[i] + strspn(reply->lines[i], " ");
        size_t size = strlen(word);
        if (strncasecmp(line, word, size) == 0 && (line[size] == ' ' || line[size] == '\0') &&
            (!argument || strcasestr(line + size, argument)))
            return true;
    }
    return false;
}

static const struct reply *features(struct client *client)
{
    const struct reply *reply = command(client, "FEAT");
    if (!reply_is(reply, "211"))
        skip(client->exam, "the server does not answer FEAT with a list: %u %s", reply->code,
             reply->text);
    return reply;
}

static void feat_auth(struct exam *exam)
{
    const struct reply *reply = features(given_clear(exam));
    if (!announces(reply, "AUTH", "TLS"))
        fail(exam, "a line \"AUTH TLS\" in the answer to FEAT", "%zu lines without it",
             reply->count);
}

static void feat_protection(struct exam *exam)
{
    const char *word = exam->test->parameter;
    const struct reply *reply = features(given_private(exam, ACCOUNT_USER, NULL));
    if (!announces(reply, word, NULL))
        fail(exam, exam_format(exam, "a line \"%s\" in the answer to FEAT", word),
             "%zu lines without it", reply->count);
}

static const struct test tests[] = {
    {
        .name = "rfc4217.auth.reply",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .title = "AUTH TLS is answered with 234",
        .reason = "RFC 4217, section 4.2: 234 is the answer to an AUTH TLS that is honoured; 334 "
                  "would ask for an ADAT that TLS has no use for.",
        .remedy = "Answer AUTH TLS with 234 and expect the handshake next, or do not announce it.",
        .run = auth_accepted,
        .parameter = "AUTH TLS",
    },
    {
        .name = "rfc4217.auth.handshake",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .title = "the TLS handshake of the control connection succeeds",
        .reason = "RFC 4217, section 4: after 234 the two sides negotiate TLS. If that fails, "
                  "nobody can log in under TLS, though the server offers it.",
        .remedy = "Look into the server's log: often the certificate or its key cannot be read.",
        .run = auth_handshake,
    },
    {
        .name = "rfc2228.auth.case",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .after = "rfc4217.auth.reply",
        .title = "the mechanism's name may be in small letters: AUTH tls",
        .reason = "RFC 2228, section 3: the argument of AUTH is not sensitive to case.",
        .remedy = "Compare the argument of AUTH without regard to case.",
        .run = auth_accepted,
        .parameter = "AUTH tls",
    },
    {
        .name = "rfc4217.auth.tls-c",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .after = "rfc4217.auth.reply",
        .title = "AUTH TLS-C means AUTH TLS",
        .reason = "RFC 4217, section 17: a server should accept TLS-C as another name for TLS, for "
                  "clients that were written before the RFC.",
        .remedy = "Accept TLS-C where TLS is accepted.",
        .run = auth_accepted,
        .parameter = "AUTH TLS-C",
    },
    {
        .name = "rfc2228.auth.unknown-mechanism",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .title = "AUTH with a mechanism that nobody knows is answered with 504",
        .reason = "RFC 2228, section 3: 504 for a mechanism that the server does not understand, "
                  "534 for one that it does not want. A client tells from it whether to try "
                  "another one.",
        .remedy = "Answer AUTH with an unknown mechanism with 504.",
        .run = auth_unknown,
    },
    {
        .name = "practice.auth.second-try",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .after = "rfc4217.auth.reply",
        .title = "after an AUTH that was refused, AUTH TLS still works",
        .reason =
            "RFC 2228, section 2: the client may try several mechanisms until it requests one "
            "which the server accepts, on the same connection (AUTH GSSAPI, AUTH TLS, AUTH SSL).",
        .remedy = "Let a refused AUTH leave the connection as it was.",
        .run = auth_after_refusal,
    },
    {
        .name = "practice.auth.twice",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .title = "AUTH TLS on a connection that is under TLS is refused",
        .reason = "TLS within TLS is not defined (RFC 4217); a server that answers 234 waits for a "
                  "handshake that no client knows how to make, and the connection is stuck.",
        .remedy = "Answer AUTH under TLS with 503 or 534.",
        .run = auth_twice,
    },
    {
        .name = "rfc2228.auth.forgets-login",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .title = "AUTH after the login, if it is accepted, ends the login",
        .reason = "RFC 2228, section 3, and RFC 4217, section 4.2: after AUTH the user must "
                  "authorize anew. Otherwise commands that somebody put into the connection in "
                  "clear go on to act under TLS.",
        .remedy = "Refuse AUTH after the login with 503, or forget user and settings with it.",
        .run = auth_forgets_login,
    },
    {
        .name = "practice.auth.after-login",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .title = "AUTH after the login, if it is refused, leaves the login alone",
        .reason = "A refused command changes nothing (RFC 959, section 4.2); a client that asks "
                  "too late for TLS may go on in clear.",
        .remedy = "Refuse AUTH with 503 and change nothing.",
        .run = auth_after_login_goes_on,
    },
    {
        .name = "rfc4217.feat.auth",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .title = "FEAT before the login announces AUTH TLS",
        .reason = "RFC 4217, section 6: a server with FEAT MUST announce AUTH, and the line should "
                  "name TLS. A client that does not see it goes on in clear.",
        .remedy = "Add the line \" AUTH TLS\" to the answer to FEAT, also before the login.",
        .run = feat_auth,
    },
    {
        .name = "rfc4217.feat.pbsz",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .title = "FEAT under TLS announces PBSZ",
        .reason = "RFC 4217, section 6: a server with FEAT must announce the PBSZ that it knows.",
        .remedy = "Add the line \" PBSZ\" to the answer to FEAT.",
        .run = feat_protection,
        .parameter = "PBSZ",
    },
    {
        .name = "rfc4217.feat.prot",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .title = "FEAT under TLS announces PROT",
        .reason = "RFC 4217, section 6: a server with FEAT must announce the PROT that it knows; "
                  "clients that do not see it leave data connections in clear.",
        .remedy = "Add the line \" PROT\" to the answer to FEAT.",
        .run = feat_protection,
        .parameter = "PROT",
    },
};

const struct group group_tls = {
    .name = "tls",
    .title = "TLS: AUTH",
    .tests = tests,
    .count = ELEMENTS(tests),
};
