/* Data connections under TLS: how they end, and what ends too early. */
#include "ftplint/secure.h"
#include "ftplint/tls_probe.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <openssl/ssl.h>

enum { VERDICT = 2000 }; /* milliseconds until a server has judged a transfer */

static void check_end(struct exam *exam, struct client *client, const char *line)
{
    struct transfer transfer = try_retrieve(client, DATA_ANY, "%s", line);
    if (!transfer.preliminary)
        blocked(exam, "%s: %u %s", line, transfer.reply->code, transfer.reply->text);
    if (transfer.end != WIRE_CLOSED)
        fail(exam, "close_notify before the end of the data connection", "%s",
             transfer.end == WIRE_RESET ? "a reset" : "the end without it");
}

static void end_of_download(struct exam *exam)
{
    struct bytes content = exam_content(exam, 50000, 8);
    const char *path = given_file(exam, "file", content.data, content.size);
    check_end(exam, given_private(exam, ACCOUNT_USER, NULL), exam_format(exam, "RETR %s", path));
}

static void end_of_empty(struct exam *exam)
{
    const char *path = given_file(exam, "empty", NULL, 0);
    check_end(exam, given_private(exam, ACCOUNT_USER, NULL), exam_format(exam, "RETR %s", path));
}

static void end_of_listing(struct exam *exam)
{
    check_end(exam, given_private(exam, ACCOUNT_USER, NULL), "LIST");
}

static void end_of_upload(struct exam *exam)
{
    const char *path = own_path(exam, "file");
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    struct data *data = given_transfer(client, "STOR %s", path);
    data_send(data, "text\r\n", 6);
    wire_finish(&data->wire, true);
    (void)data_read(data, 0);
    if (data->wire.end != WIRE_CLOSED)
        fail(exam, "the server's close_notify in answer to the client's", "%s",
             data->wire.end == WIRE_RESET ? "a reset" : "the end of the connection without it");
}

/* Until the server has ended the data connection, or replies: the client waits for either. */
static void upload_ends_at_close_notify(struct exam *exam)
{
    const char *path = own_path(exam, "file");
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    struct data *data = given_transfer(client, "STOR %s", path);
    data_send(data, "text\r\n", 6);
    tls_finish(data->wire.tls);
    ssize_t got = wire_receive(&data->wire, exam_patience(exam) / 2);
    if (got == -ETIMEDOUT && !try_final_reply(client, exam_patience(exam) / 2)->code)
        fail(exam, "226, or the server's own close_notify: close_notify ends the upload",
             "neither, while the TCP connection stays open");
}

/* The parameter is the version of TLS. */
static void truncated_upload(struct exam *exam)
{
    const struct tls_offer *offer = exam->test->parameter;
    const char *path = own_path(exam, "file");
    struct client *client = given_private(exam, ACCOUNT_USER, offer);
    struct data *data = given_transfer(client, "STOR %s", path);
    struct bytes content = exam_content(exam, 100000, 9);
    data_send(data, content.data, content.size);
    wire_finish(&data->wire, false);
    const struct reply *reply = try_final_reply(client, VERDICT);
    if (reply_is(reply, "2"))
        fail(exam,
             "426 or another error: the connection ended without close_notify, and nobody knows "
             "whether this was the whole file",
             "%u %s", reply->code, reply->text);
}

static const struct tls_offer only_1_2 = {.version_max = TLS1_2_VERSION};
static const struct tls_offer only_1_3 = {.version_min = TLS1_3_VERSION};

static const char end_reason[] =
    "RFC 8446, section 6.1, and RFC 5246, section 7.2.1: close_notify comes before the end. "
    "Without it a client cannot tell the end of a file from a connection that somebody cut; "
    "careful ones report \"GnuTLS error -110\" and drop what they have.";
static const char truncation_reason[] =
    "RFC 8446, section 6.1: without close_notify the receiver cannot know that all was received. "
    "Whoever stands between can cut an upload short by a FIN, and the server says that half a "
    "file is the whole.";
static const char truncation_remedy[] =
    "Answer an upload that ends without close_notify with 426, and do not put it in place.";

static const struct test tests[] = {
    DATA_TEST("rfc8446.close-notify.download", SEVERITY_ERROR, "a download ends with close_notify",
              end_reason, "Send close_notify (SSL_shutdown) before closing a data connection.",
              end_of_download, NULL),
    DATA_TEST("rfc8446.close-notify.empty-file", SEVERITY_ERROR,
              "the download of an empty file ends with close_notify", end_reason,
              "Send close_notify (SSL_shutdown) also where no byte was sent before.", end_of_empty,
              NULL),
    DATA_TEST("rfc8446.close-notify.listing", SEVERITY_ERROR, "a listing ends with close_notify",
              end_reason, "Send close_notify (SSL_shutdown) before closing a data connection.",
              end_of_listing, NULL),
    DATA_TEST("rfc8446.close-notify.upload", SEVERITY_WARNING,
              "the server answers an upload's close_notify with its own",
              "RFC 8446, section 6.1, and RFC 5246, section 7.2.1: each side sends close_notify. "
              "Clients that wait for it report a finished upload as failed.",
              "Send close_notify (SSL_shutdown) before closing the data connection of an upload.",
              end_of_upload, NULL),
    DATA_TEST("rfc8446.close-notify.ends-upload", SEVERITY_WARNING,
              "close_notify ends an upload, before TCP does",
              "RFC 8446, section 6.1: nothing follows close_notify. Clients wait for the server's "
              "own before they close TCP; if the server waits for that, both wait.",
              "Take close_notify (a read of 0 bytes) for the end of the upload.",
              upload_ends_at_close_notify, NULL),
    DATA_TEST("security.upload.truncated-1-2", SEVERITY_ERROR,
              "an upload that is cut off is no success, with TLS 1.2", truncation_reason,
              truncation_remedy, truncated_upload, &only_1_2),
    DATA_TEST("security.upload.truncated-1-3", SEVERITY_ERROR,
              "an upload that is cut off is no success, with TLS 1.3", truncation_reason,
              truncation_remedy, truncated_upload, &only_1_3),
};

const struct group group_close_notify = {
    .name = "close-notify",
    .title = "TLS: ends of data connections",
    .tests = tests,
    .count = ELEMENTS(tests),
};
