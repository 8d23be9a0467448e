/* What happens in the middle of a transfer: other commands, and a data connection that breaks. See
 * catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"

#include <string.h>

/* What a client waits for a reply while its transfer stands still, before it gives up. */
enum { PROMPT = 1500 };

static void noop(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_download(client);
    send_line(client, "NOOP");
    (void)rest_of(data);
    const struct reply *first = read_reply(client);
    const struct reply *second = read_reply(client);
    if (!reply_is(first, "2") || !reply_is(second, "2") || first->code == second->code)
        fail(exam, "226 for RETR and 200 for the NOOP in it, in either order",
             "\"%u %s\", and then \"%u %s\"", first->code, first->text, second->code, second->text);
}

static void state(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    skip_unknown(client, command(client, "STAT"), "STAT");
    (void)given_stalled_download(client);
    send_line(client, "STAT");
    const struct reply *reply = try_reply(client, PROMPT);
    if (reply->code == 0)
        fail(exam, "the state of the transfer within 1.5 s, while the client does not read",
             "no reply");
    expect_code(client, reply, "211 212 213");
}

static void quit(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_download(client);
    send_line(client, "QUIT");
    size_t got = rest_of(data).size + 1000;
    if (got != LARGE_FILE_SIZE)
        fail(exam, "that the transfer in progress is finished: 6291456 bytes",
             "%zu bytes, and then the end of the data connection", got);
    const struct reply *first = try_reply(client, exam_patience(exam));
    if (first->code == 221)
        first = try_reply(client, exam_patience(exam));
    if (!reply_is(first, "226 250"))
        fail(exam, "the result of the transfer (226), and 221 for QUIT", "%u %s", first->code,
             first->code ? first->text : "(the connection was closed)");
}

/* --- transfers that the client breaks off ----------------------------------------------------- */

/* What a transfer whose data connection broke is answered with. */
static void expect_failure(struct client *client, const char *what)
{
    struct exam *exam = client->exam;
    const struct reply *reply = read_reply(client);
    if (reply_is(reply, "2"))
        fail(exam, "426 or 451: the transfer is not complete", "\"%u %s\", after %s", reply->code,
             reply->text, what);
    expect_code(client, reply, "4 5");
    if (command(client, "NOOP")->code != 200)
        fail(exam, "that the session goes on after it", "another reply to NOOP than 200");
}

static void download_broken(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_download(client);
    wire_reset(&data->wire);
    expect_failure(client, "the client reset the data connection of a download");
}

static void upload_broken(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_upload(client, 100000, own_path(exam, "file"));
    wire_reset(&data->wire);
    expect_failure(client, "the client reset the data connection of an upload");
}

static const struct test tests[] = {
    {
        .name = "rfc959.noop.during-transfer",
        .severity = SEVERITY_WARNING,
        .title = "a NOOP during a download is answered, at once or after it",
        .reason = "RFC 959, section 4.2: servers should queue commands that arrive while another "
                  "is in progress. Clients keep the control connection alive with NOOP through "
                  "long transfers, and count the replies.",
        .remedy = "Answer each command once, and finish the transfer.",
        .run = noop,
    },
    {
        .name = "rfc959.stat.during-transfer",
        .severity = SEVERITY_WARNING,
        .title = "STAT during a download tells how it stands",
        .reason = "RFC 959, section 4.1.3: STAT may be sent during a transfer, and the server will "
                  "respond with the status of the operation in progress.",
        .remedy = "Read commands during a transfer and answer STAT at once.",
        .run = state,
    },
    {
        .name = "rfc959.quit.during-transfer",
        .severity = SEVERITY_ERROR,
        .title = "QUIT during a download waits for its end",
        .reason = "RFC 959, section 4.1.1: if a transfer is in progress, the connection remains "
                  "open for the result, and the server closes it then. A client that sends its "
                  "commands ahead gets half a file otherwise.",
        .remedy = "Finish the transfer, send its 226, then 221, then close.",
        .run = quit,
    },
    {
        .name = "practice.retr.broken",
        .severity = SEVERITY_ERROR,
        .title = "a download whose data connection breaks is reported as failed",
        .reason =
            "RFC 959, section 4.2.1: 426 says that the connection was closed and the transfer "
            "aborted. After 226 a proxy or a log believes that the client has the file.",
        .remedy = "Look at the result of each write to the data connection.",
        .run = download_broken,
    },
    {
        .name = "practice.stor.broken",
        .severity = SEVERITY_ERROR,
        .title = "an upload whose data connection is reset is reported as failed",
        .reason = "RFC 959, section 4.2.1: 426 says that the connection was closed and the "
                  "transfer aborted. After 226 for half a file the client deletes its own.",
        .remedy = "Take an error in reading (ECONNRESET) for a failure, not for the end of the "
                  "file.",
        .run = upload_broken,
    },
};

const struct group group_midway = {
    .name = "midway",
    .title = "In the middle of a transfer",
    .tests = tests,
    .count = ELEMENTS(tests),
};
