/* Idle sessions and many connections: how the server gets rid of who does nothing, and of too many.
 * See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
    CROWD = 120,       /* more connections than any client has */
    SETTLED_MAX = 5000 /* milliseconds in which a server has seen that they are gone */
};

/* A session that the server ends after one idle second, as SITE IDLE has told it to. */
static struct client *given_impatient(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "SITE IDLE 1");
    if (!reply_is(reply, "2"))
        skip(exam, "the server does not take SITE IDLE 1: %u %s", reply->code, reply->text);
    return client;
}

static void closes(struct exam *exam)
{
    struct client *client = given_impatient(exam);
    expect_closed(client, 8000, NULL);
}

static void says_why(struct exam *exam)
{
    struct client *client = given_impatient(exam);
    const struct reply *last;
    exam->given++;
    expect_closed(client, 8000, &last);
    exam->given--;
    if (!last || last->code != 421)
        fail(exam, "421 before the connection is closed for idleness", "%s",
             last ? last->lines[0] : "the end of the connection without a reply before it");
}

/* A transfer that goes on, slowly, is no idleness. */
static void transfer_is_none(struct exam *exam)
{
    struct client *client = given_impatient(exam);
    struct data *data = given_transfer(client, "STOR %s", own_path(exam, "slow"));
    for (int i = 0; i < 6; i++) {
        data_send(data, "part", 4);
        clock_pause(400);
    }
    data_end(data);
    expect_next(client, "226 250");
}

static void long_enough(struct exam *exam)
{
    enum { FIVE_MINUTES = 300 };
    struct client *client = given_session(exam);
    const struct reply *reply = command(client, "SITE IDLE");
    const char *digits = strpbrk(reply->text, "0123456789");
    unsigned long seconds = digits ? strtoul(digits, NULL, 10) : 0;
    if (!reply_is(reply, "2") || seconds == 0)
        skip(exam, "SITE IDLE does not tell the time-out: %u %s", reply->code, reply->text);
    bool minutes = strcasestr(digits, "minute") && !strcasestr(digits, "second");
    if ((minutes ? seconds * 60 : seconds) < FIVE_MINUTES)
        fail(exam, "an idle time-out of 300 seconds or more", "%u %s", reply->code, reply->text);
}

/* --- many connections ------------------------------------------------------------------------- */

struct crowd {
    unsigned greeted;
    unsigned told;  /* 421 */
    unsigned mute;  /* closed or refused without a word */
    unsigned quiet; /* neither greeted nor closed within a moment */
};

/* Opens up to CROWD connections that say nothing, and looks at how each of them is received. It
 * stops at the first that is not greeted. */
static struct crowd given_crowd_of_mutes(struct exam *exam)
{
    struct crowd crowd = {.greeted = 0};
    for (int i = 0; i < CROWD && crowd.greeted == (unsigned)i; i++) {
        exam->given++;
        struct client *client = given_socket(exam);
        exam->given--;
        const struct reply *reply = try_reply(client, 1500);
        if (reply->code == 220)
            crowd.greeted++;
        else if (reply->code == 421)
            crowd.told++;
        else if (reply->error == -ETIMEDOUT)
            crowd.quiet++;
        else
            crowd.mute++;
    }
    return crowd;
}

static void needs_clear(struct exam *exam)
{
    if (exam->target->tls == TLS_IMPLICIT)
        skip(exam, "under implicit TLS there is no greeting in clear");
}

static void bounded(struct exam *exam)
{
    needs_clear(exam);
    struct crowd crowd = given_crowd_of_mutes(exam);
    if (crowd.greeted == CROWD)
        fail(exam, "that connections from one address are refused above some number",
             "%d at once were greeted, none of them logged in", (int)CROWD);
    note(exam, "%u connections from one address are greeted", crowd.greeted);
}

static void told_why(struct exam *exam)
{
    needs_clear(exam);
    struct crowd crowd = given_crowd_of_mutes(exam);
    if (crowd.greeted == CROWD)
        skip(exam, "%d connections at once are not too many for the server", (int)CROWD);
    if (!crowd.told)
        fail(exam, "421 and a text for a connection above the limit", "%s",
             crowd.mute ? "the end of the connection without a word"
                        : "nothing: it is neither greeted nor closed");
}

static void recovers(struct exam *exam)
{
    needs_clear(exam);
    (void)given_crowd_of_mutes(exam);
    for (struct client *client = exam->clients; client; client = client->next)
        client_close(client);
    uint64_t end = clock_msec() + SETTLED_MAX;
    for (;;) {
        struct client *client = given_socket(exam);
        const struct reply *reply = try_reply(client, exam_patience(exam));
        client_close(client);
        if (reply->code == 220)
            return;
        if (clock_msec() > end)
            fail(exam, "220 again after all other connections from here were closed", "%s",
                 reply->code ? reply->lines[0] : "no greeting");
        clock_pause(200);
    }
}

static const struct test tests[] = {
    {
        .name = "practice.site-idle.closes",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a session that is idle for longer than SITE IDLE allows is ended",
        .reason = "RFC 1123, section 4.1.3.2: a server should end sessions that are inactive for "
                  "long; those of dead clients use up the number that is allowed.",
        .remedy = "Look at the clock whenever no command comes, not only when one does.",
        .run = closes,
    },
    {
        .name = "rfc959.idle.code",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a session that is ended for idleness is told so by 421",
        .reason = "RFC 959, section 4.2.1: 421 says that the server closes the control connection. "
                  "It is custom to send it to an idle client as well: one that finds it "
                  "reconnects, one that finds only the end shows an error.",
        .remedy = "Send \"421 \" and a text before the connection is closed.",
        .run = says_why,
    },
    {
        .name = "rfc1123.idle.transfer",
        .severity = SEVERITY_WARNING,
        .title = "a transfer that goes on slowly is not idleness",
        .reason = "RFC 1123, section 4.1.3.2: inactive means that there is no command or data "
                  "transfer in progress. Long uploads are cut off otherwise, or end without a "
                  "reply.",
        .remedy = "Count idle time from the end of the last transfer.",
        .run = transfer_is_none,
    },
    {
        .name = "rfc1123.idle.default",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY,
        .title = "the idle time-out is five minutes or more",
        .reason = "RFC 1123, section 4.1.3.2: the default should be at least five minutes. People "
                  "who read what they have loaded come back later than that.",
        .remedy = "Set the idle time-out to 300 seconds or more.",
        .run = long_enough,
    },
    {
        .name = "limits.connections.bounded",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_DESTRUCTIVE,
        .title = "connections from one address are bounded",
        .reason = "CVE-2021-30047 (vsftpd) and CVE-2020-35359 (Pure-FTPd): one host that opens "
                  "connections and says nothing keeps everybody else out.",
        .remedy = "Limit the connections per address, well below the limit for all together.",
        .run = bounded,
    },
    {
        .name = "limits.connections.told",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_DESTRUCTIVE,
        .title = "a connection above the limit is told so by 421",
        .reason = "RFC 959, section 5.4: the replies to a new connection are 120, 220 and 421. "
                  "Who hears nothing blames the network.",
        .remedy = "Accept it, send \"421 \" with the limit's name, and close it.",
        .run = told_why,
    },
    {
        .name = "limits.connections.recovers",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_DESTRUCTIVE,
        .title = "when many connections are closed, new ones are greeted again",
        .reason = "Connections that are counted and never taken off lock an address out until the "
                  "server is started again.",
        .remedy = "Tie the count to the connection's life, whatever ends it.",
        .run = recovers,
    },
};

const struct group group_idle = {
    .name = "idle",
    .title = "Idle sessions and many connections",
    .tests = tests,
    .count = ELEMENTS(tests),
};
