/* The greeting: what a client hears before it has said a word. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* A connection with what came first, as it is. */
static struct client *greeted(struct exam *exam)
{
    struct client *client = given_socket(exam);
    if (exam->target->tls == TLS_IMPLICIT)
        skip(exam, "under implicit TLS nothing comes in clear");
    client->greeting = try_reply(client, exam_patience(exam));
    return client;
}

static void code(struct exam *exam)
{
    struct client *client = greeted(exam);
    const struct reply *reply = client->greeting;
    if (reply->error == -ETIMEDOUT)
        exam->result.timed_out = true;
    if (reply->code == 0)
        fail(exam, "220 and a text", "%s",
             reply->count ? reply->lines[0] : "the connection, and no line in time");
    expect_code(client, reply, "220 120");
}

static void silence(struct exam *exam)
{
    struct client *client = given_connection(exam);
    expect_silence(client, 200);
}

static void version(struct exam *exam)
{
    struct client *client = given_connection(exam);
    const struct reply *reply = client->greeting;
    for (size_t i = 0; i < reply->count; i++)
        for (const char *at = reply->lines[i] + 4; *at; at++)
            if (isdigit((unsigned char)at[0]) && at[1] == '.' && isdigit((unsigned char)at[2]))
                fail(exam, "a greeting without the program's version", "%s", reply->lines[i]);
}

static const struct test tests[] = {
    {
        .name = "rfc959.greeting.code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "the greeting is 220, or 120 and then 220",
        .reason = "RFC 959, section 5.4: a server that is ready for a new user says 220; clients "
                  "give up on anything else.",
        .remedy = "Send \"220 \", a text and CRLF as soon as the connection stands.",
        .run = code,
    },
    {
        .name = "rfc959.greeting.once",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.code",
        .title = "nothing follows the greeting before the first command",
        .reason = "RFC 959, section 5.4: each reply answers a command. One that nobody asked for "
                  "puts every later reply one command too late.",
        .remedy =
            "Put further lines into the greeting itself: \"220-\" and, in the last, \"220 \".",
        .run = silence,
    },
    {
        .name = "security.greeting.version",
        .severity = SEVERITY_NOTE,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.code",
        .title = "the greeting does not tell the program's version",
        .reason = "RFC 2577, section 7 and common practice: the version tells who looks for a hole "
                  "which one to try, and tells an honest client nothing that it can use.",
        .remedy = "Let the greeting name the service and not the version.",
        .run = version,
    },
};

const struct group group_greeting = {
    .name = "greeting",
    .title = "Greeting",
    .tests = tests,
    .count = ELEMENTS(tests),
};
