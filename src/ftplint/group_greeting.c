/* The greeting: what a client hears before it has said a word. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

enum {
    PROMPT_MSEC = 3000,
    LINE_MAX_BYTES = 512,
};

/* A connection with what came first, as it is. */
static struct client *greeted(struct exam *exam)
{
    struct client *client = given_silent(exam);
    client->greeting = try_reply(client, exam_patience(exam));
    if (client->greeting->code == 421)
        blocked(exam, "the server is busy: %s", client->greeting->lines[0]);
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
    if (reply->code == 120)
        expect_next(client, "220");
}

static void silence(struct exam *exam)
{
    struct client *client = greeted(exam);
    if (client->greeting->code == 120)
        (void)try_reply(client, exam_patience(exam));
    expect_silence(client, 200);
}

static void format(struct exam *exam)
{
    struct client *client = greeted(exam);
    expect_flawless(client, "the greeting", client->greeting,
                    REPLY_BARE_LF | REPLY_CODE_ALONE | REPLY_CODE_CHANGES);
}

static void plain_text(struct exam *exam)
{
    struct client *client = greeted(exam);
    expect_flawless(client, "the greeting", client->greeting,
                    REPLY_CONTROL_BYTE | REPLY_BARE_CR | REPLY_NOT_UTF8);
}

/* A name server or ident that does not answer makes every connection wait: a second one tells it
 * from a machine that was busy just once. */
static void prompt(struct exam *exam)
{
    uint64_t waited = greeted(exam)->greeting->waited;
    if (waited > PROMPT_MSEC)
        waited = greeted(exam)->greeting->waited;
    if (waited > PROMPT_MSEC)
        fail(exam, "the greeting within 3 seconds", "it came after %llu ms, twice",
             (unsigned long long)waited);
}

static void parallel(struct exam *exam)
{
    struct client *first = greeted(exam);
    struct client *second = given_silent(exam);
    const struct reply *reply = try_reply(second, exam_patience(exam));
    exam->result.timed_out = reply->error == -ETIMEDOUT;
    if (reply->code != 220 && reply->code != 120)
        fail(exam, "a greeting for the second of two clients", "%s",
             reply->count ? reply->lines[0] : "no greeting as long as the first one is connected");
    expect(first, "2 5", "NOOP");
}

static void length(struct exam *exam)
{
    const struct reply *reply = greeted(exam)->greeting;
    for (size_t i = 0; i < reply->count; i++)
        if (strlen(reply->lines[i]) > LINE_MAX_BYTES)
            fail(exam, "lines of at most 512 bytes", "a line of %zu bytes: \"%.60s...\"",
                 strlen(reply->lines[i]), reply->lines[i]);
}

/* How many numbers with dots between them begin at AT: "3.0.3" has three, an IPv4 address four. */
static size_t numbers(const char *at, const char **ret_end)
{
    size_t count = 0;
    for (;;) {
        size_t digits = strspn(at, "0123456789");
        if (digits == 0)
            break;
        count++;
        at += digits;
        if (at[0] != '.' || !isdigit((unsigned char)at[1]))
            break;
        at++;
    }
    *ret_end = at;
    return count;
}

static void version(struct exam *exam)
{
    const struct reply *reply = greeted(exam)->greeting;
    for (size_t i = 0; i < reply->count; i++) {
        const char *end;
        for (const char *at = reply->lines[i]; *at; at = *end ? end + 1 : end) {
            size_t count = numbers(at, &end);
            if (count == 2 || count == 3)
                fail(exam, "a greeting without the program's version", "%s", reply->lines[i]);
        }
    }
}

static const struct test tests[] = {
    {
        .name = "rfc959.greeting.code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "the greeting is 220, or 120 and then 220",
        .reason = "RFC 959, section 5.4: a server that is ready for a new user says 220; clients "
                  "give up on anything else.",
        .remedy = "Send \"220 \", a text and CR LF as soon as the connection stands.",
        .run = code,
    },
    {
        .name = "rfc959.greeting.once",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.code",
        .title = "nothing follows the greeting before the first command",
        .reason = "RFC 959, section 5.4: there is no provision for a reply that answers nothing. "
                  "One that comes all the same puts every later reply one command too late.",
        .remedy =
            "Put further lines into the greeting itself: \"220-\" and, in the last, \"220 \".",
        .run = silence,
    },
    {
        .name = "rfc959.greeting.format",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.code",
        .title = "the greeting has the form of a reply: code, space or hyphen, text, CR LF",
        .reason = "RFC 959, section 4.2: the first line of a longer greeting begins with \"220-\", "
                  "the last one with \"220 \", and every line ends in CR LF. A client reads on "
                  "until it finds that last line; if there is none, it never begins.",
        .remedy = "Write the greeting by the same routine as all other replies, also when its text "
                  "comes from a file.",
        .run = format,
    },
    {
        .name = "practice.greeting.text",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.code",
        .title = "the greeting is UTF-8 text without control characters",
        .reason =
            "Clients show the greeting on a terminal or in a window: control characters do things "
            "there that nobody asked for. RFC 2640, section 4.1, recommends ASCII; bytes that are "
            "not even UTF-8 show as rubbish or end clients that decode strictly.",
        .remedy = "Save the banner as UTF-8 and without escape sequences.",
        .run = plain_text,
    },
    {
        .name = "practice.greeting.prompt",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.code",
        .title = "the greeting comes within 3 seconds",
        .reason = "A server that asks a name server or the client's ident service first makes "
                  "every connection wait for an answer that often never comes; users call that "
                  "\"FTP is slow\".",
        .remedy = "Turn off the reverse look-up and ident (ProFTPD: UseReverseDNS, IdentLookups; "
                  "Pure-FTPd: -H), or do them after the greeting.",
        .run = prompt,
    },
    {
        .name = "practice.greeting.parallel",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.code",
        .title = "a client is greeted while others are connected",
        .reason = "Nearly every client opens two or more connections at once, one for listings and "
                  "others for transfers. A server that talks to one at a time makes them hang, and "
                  "one silent client shuts everybody out.",
        .remedy = "Serve each connection in a process, a thread or an event loop of its own.",
        .run = parallel,
    },
    {
        .name = "practice.greeting.length",
        .severity = SEVERITY_NOTE,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.code",
        .title = "no line of the greeting is longer than 512 bytes",
        .reason = "RFC 959, section 4.2, leaves the limit open; clients with a buffer of 512 bytes "
                  "for a line are many.",
        .remedy = "Break the text into several lines: \"220-\" and, in the last, \"220 \".",
        .run = length,
    },
    {
        .name = "security.greeting.version",
        .severity = SEVERITY_NOTE,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.code",
        .title = "the greeting does not tell the program's version",
        .reason = "The version tells who looks for a hole which one to try, and tells an honest "
                  "client nothing that it can use.",
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
