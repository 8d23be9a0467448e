/* Concurrency: several sessions of one user, and what they must not do to each other. See
 * catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <string.h>

enum {
    SMALL = 20000,
    BIG = 6 << 20, /* more than lies in the buffers between two hosts */
    PROMPT = 2000  /* milliseconds within which one waiting session must not hold up another */
};

static void made_twice(struct exam *exam)
{
    const char *path = own_path(exam, "one");
    struct client *first = given_login(exam, ACCOUNT_USER);
    struct client *second = given_login(exam, ACCOUNT_USER);
    send_line(first, "MKD %s", path);
    send_line(second, "MKD %s", path);
    const struct reply *a = read_reply(first), *b = read_reply(second);
    if (reply_is(a, "2") == reply_is(b, "2"))
        fail(exam, "that one of two sessions which make the same directory is told that it did",
             "\"%u %s\"; \"%u %s\"", a->code, a->text, b->code, b->text);
}

static void many(struct exam *exam)
{
    enum { SESSIONS = 5 };
    struct client *clients[SESSIONS];
    for (int i = 0; i < SESSIONS; i++) {
        clients[i] = open_connection(exam);
        login(clients[i], ACCOUNT_USER);
    }
    for (int i = 0; i < SESSIONS; i++)
        send_line(clients[i], "PWD");
    for (int i = 0; i < SESSIONS; i++)
        expect_next(clients[i], "257");
}

/* A session that waits, in one way or another, keeps no other waiting. */
static void prompt(struct client *client)
{
    uint64_t begun = clock_msec();
    expect(client, "200", "NOOP");
    uint64_t waited = clock_msec() - begun;
    if (waited > PROMPT) {
        client->exam->result.timed_out = true;
        fail(client->exam, "that a session is answered while another one waits",
             "a reply after %llu ms", (unsigned long long)waited);
    }
}

static void stalled_upload(struct exam *exam)
{
    struct client *other = given_login(exam, ACCOUNT_USER);
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_transfer(client, "STOR %s", own_path(exam, "slow"));
    data_send(data, "a part", 6);
    prompt(other);
}

static void stalled_download(struct exam *exam)
{
    struct client *other = given_login(exam, ACCOUNT_USER);
    struct bytes content = exam_content(exam, BIG, 1);
    const char *path = given_file(exam, "file", content.data, content.size);
    struct client *client = given_login(exam, ACCOUNT_USER);
    (void)given_transfer(client, "RETR %s", path);
    prompt(other);
}

static void awaited_data(struct exam *exam)
{
    struct client *other = given_login(exam, ACCOUNT_USER);
    struct client *client = given_login(exam, ACCOUNT_USER);
    (void)data_ask(client, DATA_ANY);
    send_line(client, "LIST");
    (void)try_reply(client, 200);
    prompt(other);
}

#define ONE_AT_A_TIME                                                                              \
    "Serve each session by a process or thread of its own, or never wait for one client inside "   \
    "the loop that serves all."

static const struct test tests[] = {
    {
        .name = "concurrency.directory.made-twice",
        .severity = SEVERITY_ERROR,
        .title = "of two sessions that make the same directory at once, one is told that it did",
        .reason =
            "RFC 959, section 4.2.1: 257 means that it was created. Programs use it as a lock.",
        .remedy = "Let the system decide by mkdir(2), and do not look whether it exists before.",
        .run = made_twice,
    },
    {
        .name = "concurrency.login.several",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a user may have five sessions at once",
        .reason = "Graphical clients open up to ten connections to transfer files in parallel, "
                  "and report an error for each that is refused.",
        .remedy = "Raise the limit of sessions per user and per address to ten or more.",
        .run = many,
    },
    {
        .name = "concurrency.wait.upload",
        .severity = SEVERITY_ERROR,
        .title = "an upload that does not go on keeps no other session waiting",
        .reason = "One client on a bad line would stop the service for all.",
        .remedy = ONE_AT_A_TIME,
        .run = stalled_upload,
    },
    {
        .name = "concurrency.wait.download",
        .severity = SEVERITY_ERROR,
        .title = "a client that does not read its download keeps no other session waiting",
        .reason = "One client on a bad line would stop the service for all.",
        .remedy = ONE_AT_A_TIME,
        .run = stalled_download,
    },
    {
        .name = "concurrency.wait.connection",
        .severity = SEVERITY_ERROR,
        .title = "a data connection that is not made keeps no other session waiting",
        .reason = "Every client behind a wrongly configured firewall would stop the service.",
        .remedy = ONE_AT_A_TIME,
        .run = awaited_data,
    },
};

const struct group group_concurrency = {
    .name = "concurrency",
    .title = "Several sessions at once",
    .tests = tests,
    .count = ELEMENTS(tests),
};
