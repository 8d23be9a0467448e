/* Giving up a transfer: ABOR. See catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <errno.h>
#include <string.h>

/* What a client waits for a reply while its transfer stands still, before it gives up. */
enum { PROMPT = 1500 };

static const char telnet_interrupt[] = "\xff\xf4\xff"; /* IAC IP IAC; DM follows as urgent data */

/* ABOR in the way of clients since BSD's ftp: IP and Synch, then the command (RFC 959,
 * section 4.1.3; RFC 854). Urgent data stands outside TLS, so that this is for a control connection
 * in clear. */
static void send_abort_with_synch(struct client *client)
{
    if (client->wire.tls)
        skip(client->exam, "TLS knows no urgent data");
    send_bytes(client, telnet_interrupt, 3);
    if (wire_send_urgent(&client->wire, (char)0xf2) < 0)
        blocked(client->exam, "urgent data cannot be sent");
    send_line(client, "ABOR");
}

/* Skips unless the server knows ABOR; tried while nothing is under way. */
static void needs_abort(struct client *client)
{
    const struct reply *reply = command(client, "ABOR");
    skip_unknown(client, reply, "ABOR");
}

/* A connection of its own in which ABOR is known: a transfer that is broken off stays with it. */
static struct client *given_aborting(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    needs_abort(client);
    return client;
}

/* The next reply. A server that reads commands only between transfers comes to it when the transfer
 * is over: if nothing comes in time, the rest of a download is read, or an upload ended. */
static const struct reply *reply_at_last(struct client *client, struct data *data, bool upload)
{
    const struct reply *reply = try_reply(client, PROMPT);
    if (reply->code || reply->error != -ETIMEDOUT)
        return reply;
    if (upload)
        data_end(data);
    else
        (void)rest_of(data);
    return read_reply(client);
}

static void idle(struct exam *exam)
{
    struct client *client = given_session(exam);
    const struct reply *reply = command(client, "ABOR");
    skip_unknown(client, reply, "ABOR");
    expect_code(client, reply, "2");
}

static void idle_with_synch(struct exam *exam)
{
    struct client *client = given_aborting(exam);
    send_abort_with_synch(client);
    expect_next(client, "226 225");
    expect(client, "200", "NOOP");
}

/* The two replies to a transfer and the ABOR in it. */
static void expect_aborted(struct client *client, struct data *data, bool upload)
{
    const struct reply *first = reply_at_last(client, data, upload);
    if (first->code == 0)
        fail(client->exam, "426 for the transfer, then 226 for ABOR",
             "the end of the control connection");
    /* 226: the transfer was over before ABOR was read (the first of the two cases). */
    expect_code(client, first, "426 226");
    /* Some servers (ProFTPD) say the second when the client has closed its side, too. */
    wire_close(&data->wire);
    expect_next(client, "226 225");
}

static void download(struct exam *exam)
{
    struct client *client = given_aborting(exam);
    struct data *data = given_download(client);
    send_line(client, "ABOR");
    expect_aborted(client, data, false);
}

static void download_with_synch(struct exam *exam)
{
    struct client *client = given_aborting(exam);
    if (client->wire.tls)
        skip(exam, "TLS knows no urgent data");
    struct data *data = given_download(client);
    send_abort_with_synch(client);
    expect_aborted(client, data, false);
}

static void upload(struct exam *exam)
{
    struct client *client = given_aborting(exam);
    struct data *data = given_upload(client, 100000, own_path(exam, "file"));
    send_line(client, "ABOR");
    expect_aborted(client, data, true);
}

/* The client does not read (or has nothing to send): only the server can end the transfer. */
static void prompt(struct client *client, struct data *data, bool upload)
{
    const struct reply *reply = try_reply(client, PROMPT);
    if (reply->code)
        return;
    if (upload)
        data_end(data);
    else
        (void)rest_of(data);
    reply = try_reply(client, exam_patience(client->exam));
    fail(client->exam,
         "an answer to ABOR within 1.5 s, while the client neither reads nor sends data",
         "no answer before the client had %s: only then %u %s",
         upload ? "ended its upload" : "read the whole file", reply->code, reply->text);
}

static void download_promptly(struct exam *exam)
{
    struct client *client = given_aborting(exam);
    struct data *data = given_stalled_download(client);
    send_line(client, "ABOR");
    prompt(client, data, false);
}

static void upload_promptly(struct exam *exam)
{
    struct client *client = given_aborting(exam);
    struct data *data = given_upload(client, 100000, own_path(exam, "file"));
    send_line(client, "ABOR");
    prompt(client, data, true);
}

/* The server waits for a connection that does not come. */
static void waiting_promptly(struct exam *exam)
{
    const char *path = given_large_file(exam);
    struct client *client = given_aborting(exam);
    exam->given++;
    (void)data_ask(client, DATA_ANY);
    exam->given--;
    send_line(client, "RETR %s", path);
    const struct reply *reply = try_reply(client, 200);
    if (reply->code >= 200)
        skip(exam, "RETR is refused before the data connection stands: %u %s", reply->code,
             reply->text);
    send_line(client, "ABOR");
    reply = try_reply(client, PROMPT);
    if (reply->code == 0)
        fail(exam, "an answer to ABOR within 1.5 s, while the server waits for a data connection",
             "no reply in 1.5 s");
}

/* Aborts an upload; the first reply is read, whatever it is. A wait in vain blocks. */
static struct data *given_aborted_upload(struct client *client)
{
    struct exam *exam = client->exam;
    struct data *data = given_upload(client, 100000, own_path(exam, "file"));
    exam->given++;
    send_line(client, "ABOR");
    if (reply_at_last(client, data, true)->code == 0)
        blocked(exam, "the control connection is lost");
    exam->given--;
    return data;
}

/* The same with everything that belongs to it. */
static void given_abort(struct client *client)
{
    data_end(given_aborted_upload(client));
    client->exam->given++;
    (void)read_reply(client);
    client->exam->given--;
}

static void closes_data(struct exam *exam)
{
    struct client *client = given_aborting(exam);
    struct data *data = given_aborted_upload(client);
    if (data->wire.fd < 0)
        skip(exam, "ABOR is not read before the upload has ended");
    if (wire_receive(&data->wire, 2000) == -ETIMEDOUT) {
        exam->result.timed_out = true;
        fail(exam, "that the server closes the data connection of a transfer that is aborted",
             "it is open 2 s after the first reply to ABOR");
    }
}

static void goes_on(struct exam *exam)
{
    const char *path = given_file(exam, "text", "text", 4);
    struct client *client = given_aborting(exam);
    given_abort(client);
    same_bytes(exam, "a file, downloaded after an upload was aborted", bytes_of("text"),
               retrieve(client, "RETR %s", path));
}

static void no_more_replies(struct exam *exam)
{
    struct client *client = given_aborting(exam);
    given_abort(client);
    const struct reply *reply = try_reply(client, 200);
    if (reply->count)
        fail(exam, "nothing after the replies to the transfer and to ABOR", "%s", reply->lines[0]);
}

static const struct test tests[] = {
    {
        .name = "rfc959.abor.idle",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "ABOR without a transfer succeeds",
        .reason = "RFC 959, sections 4.1.3 and 5.4: if the command was completed already, the "
                  "server answers 226. A client's ABOR often comes too late, and an error makes it "
                  "give up the session.",
        .remedy = "Answer 226 to ABOR when there is nothing to abort.",
        .run = idle,
    },
    {
        .name = "practice.abor.idle-with-synch",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc959.abor.idle",
        .title = "ABOR behind Telnet's IP and Synch is understood without a transfer",
        .reason =
            "RFC 959, section 4.1.3: clients may send Telnet IP and Synch before a command to "
            "be noticed during a transfer, which should have no unusual effect. Clients "
            "since BSD's ftp do; a server that takes them for a part of the verb answers "
            "500.",
        .remedy = "Drop Telnet sequences (IAC and the byte behind it) from command lines, and read "
                  "urgent data in line (SO_OOBINLINE).",
        .run = idle_with_synch,
    },
    {
        .name = "rfc959.abor.download",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.abor.idle",
        .title = "ABOR in a download is answered with 426 and 226",
        .reason = "RFC 959, section 4.1.3: the server returns 426 for the transfer that terminated "
                  "abnormally and then 226 for the abort. Clients wait for two replies.",
        .remedy = "Send 426 for the transfer and 226 for ABOR.",
        .run = download,
    },
    {
        .name = "practice.abor.download-with-synch",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.abor.download",
        .title = "ABOR behind Telnet's IP and Synch aborts a download",
        .reason =
            "RFC 959, section 4.1.3: clients may send Telnet IP and Synch before a command to "
            "be noticed during a transfer, which should have no unusual effect. Clients "
            "since BSD's ftp do; a server that takes them for a part of the verb answers "
            "500.",
        .remedy = "Drop Telnet sequences (IAC and the byte behind it) from command lines, and read "
                  "urgent data in line (SO_OOBINLINE).",
        .run = download_with_synch,
    },
    {
        .name = "rfc959.abor.upload",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.abor.idle",
        .title = "ABOR in an upload is answered with 426 and 226",
        .reason = "RFC 959, section 4.1.3: the server returns 426 for the transfer that terminated "
                  "abnormally and then 226 for the abort. Clients wait for two replies.",
        .remedy = "Send 426 for the transfer and 226 for ABOR.",
        .run = upload,
    },
    {
        .name = "practice.abor.download-promptly",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.abor.download",
        .title = "ABOR is noticed although the client has stopped reading",
        .reason = "RFC 959, section 4.1.3: ABOR tells the server to abort the transfer. One that "
                  "reads commands only between two writes of data stands still with its client, "
                  "and who pressed \"cancel\" waits for a time limit.",
        .remedy = "Wait for the control connection and the data connection at the same time.",
        .run = download_promptly,
    },
    {
        .name = "practice.abor.upload-promptly",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.abor.upload",
        .title = "ABOR is noticed although the client has no more data",
        .reason = "RFC 959, section 4.1.3: ABOR tells the server to abort the transfer. One that "
                  "waits only for data stands still with its client, and who pressed \"cancel\" "
                  "waits for a time limit.",
        .remedy = "Wait for the control connection and the data connection at the same time.",
        .run = upload_promptly,
    },
    {
        .name = "practice.abor.waiting-promptly",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.abor.idle",
        .title = "ABOR is noticed while the server waits for the data connection",
        .reason = "A client whose data connection is stopped by a firewall wants to give up and "
                  "try another way; a server that listens only to the data port keeps it waiting.",
        .remedy = "Wait for the control connection and the data connection at the same time.",
        .run = waiting_promptly,
    },
    {
        .name = "rfc959.abor.closes-data",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.abor.upload",
        .title = "ABOR closes the data connection",
        .reason = "RFC 959, section 4.1.3: the data connection must be closed. A client that sees "
                  "it open goes on sending.",
        .remedy = "Close the data connection before sending 426.",
        .run = closes_data,
    },
    {
        .name = "rfc959.abor.goes-on",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.abor.upload",
        .title = "after ABOR the session goes on, with another transfer",
        .reason = "RFC 959, section 4.1.3: the control connection is not to be closed by the "
                  "server. A queue of transfers goes on with the next file.",
        .remedy = "Bring the session back to the state between two transfers.",
        .run = goes_on,
    },
    {
        .name = "rfc959.abor.two-replies",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.abor.upload",
        .title = "nothing follows the two replies to an aborted transfer",
        .reason = "RFC 959, section 4.1.3: one reply is the transfer's and one is ABOR's. A third "
                  "is taken for the answer to the next command.",
        .remedy = "Send the transfer's final reply in one place only.",
        .run = no_more_replies,
    },
};

const struct group group_abort = {
    .name = "abort",
    .title = "Aborted transfers",
    .tests = tests,
    .count = ELEMENTS(tests),
};
