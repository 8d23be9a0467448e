/* Downloads: RETR, its replies and its refusals. See catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

static void codes(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", "text", 4);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
    expect_code(client, transfer.preliminary ? transfer.preliminary : transfer.reply,
                "1|a preliminary reply before the transfer");
    expect_code(client, transfer.reply, "2");
}

static void empty(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "empty", NULL, 0);
    if (!exists(exam, path))
        blocked(exam, "the upload of an empty file made none");
    same_bytes(exam, "an empty file", bytes_of(""), retrieve(client, "RETR %s", path));
}

static void missing(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", own_path(exam, "missing"));
    expect_refused(client, &transfer, "4 5");
}

static void missing_code(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", own_path(exam, "missing"));
    if (reply_is(transfer.reply, "2"))
        blocked(exam, "the server says that it has sent a file that does not exist");
    expect_code(client, transfer.reply, "550");
}

static void missing_at_once(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", own_path(exam, "missing"));
    if (transfer.preliminary)
        fail(exam, "the refusal alone", "\"%u %s\", and then \"%u %s\"", transfer.preliminary->code,
             transfer.preliminary->text, transfer.reply->code, transfer.reply->text);
}

static void directory(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_directory(exam, "directory");
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
    expect_refused(client, &transfer, "4 5");
}

static void after_refusal(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", "text", 4);
    for (int i = 0; i < 3; i++) {
        (void)try_retrieve(client, DATA_ANY, "RETR %s", own_path(exam, "missing"));
        same_bytes(exam, "the file, after a download that was refused", bytes_of("text"),
                   retrieve(client, "RETR %s", path));
    }
}

static void directory_after_transfer(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", "text", 4);
    const char *before = reply_path(client, given_reply(client, "257", "PWD"));
    (void)given_retrieved(client, path);
    const char *behind = reply_path(client, given_reply(client, "257", "PWD"));
    if (!before || !behind)
        blocked(exam, "PWD tells no path");
    else if (strcmp(before, behind) != 0)
        fail(exam, exam_format(exam, "the working directory as before: %s", before), "%s", behind);
}

/* After a transfer: NOOP must be answered by its own reply, and by nothing else. */
static void expect_in_step(struct client *client, const char *what)
{
    struct exam *exam = client->exam;
    const struct reply *reply = command(client, "NOOP");
    const struct reply *more = reply->code == 200 ? try_reply(client, 30) : reply;
    if (more->code)
        fail(exam, "one final reply to each command",
             "after %s, one reply too many: NOOP was answered with \"%u %s\", and then came \"%u "
             "%s\"",
             what, reply->code, reply->text, more->code, more->text);
}

static void one_final(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = own_path(exam, "file");
    (void)try_store(client, DATA_ANY, "text", 4, "STOR %s", path);
    expect_in_step(client, "STOR");
    (void)try_store(client, DATA_ANY, "text", 4, "APPE %s", path);
    expect_in_step(client, "APPE");
    (void)try_retrieve(client, DATA_ANY, "RETR %s", path);
    expect_in_step(client, "RETR");
    (void)try_retrieve(client, DATA_ANY, "RETR %s", own_path(exam, "missing"));
    expect_in_step(client, "RETR of a missing file");
    expect_silence(client, 200);
}

static void announced_size(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct bytes content = exam_content(exam, 12345, 3);
    const char *path = given_file(exam, "file", content.data, content.size);
    exam->given++;
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
    exam->given--;
    if (!transfer.preliminary)
        blocked(exam, "the download was not begun");
    /* "(12345 bytes)", in the last brackets: a name may have some of its own. */
    const char *at = transfer.preliminary ? strrchr(transfer.preliminary->text, '(') : NULL;
    char *end = NULL;
    unsigned long long size = at ? strtoull(at + 1, &end, 10) : 0;
    if (!at || end == at + 1 || strncmp(end, " byte", 5) != 0)
        skip(exam, "the reply before the transfer tells no size");
    if (size != content.size)
        fail(exam, "the file's size, 12345 bytes", "%u %s", transfer.preliminary->code,
             transfer.preliminary->text);
}

static void slow_reader(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct data *data = given_download(client);
    (void)poll(NULL, 0, 250);
    struct bytes rest = rest_of(data);
    const struct reply *reply = read_reply(client);
    expect_code(client, reply, "226 250");
    size_t got = rest.size + 1000;
    struct bytes want = exam_content(exam, LARGE_FILE_SIZE, 6);
    if (got != want.size)
        fail(exam, "the whole file of 6291456 bytes to a client that paused for 250 ms",
             "%zu bytes", got);
    same_bytes(exam, "the file behind its first 1000 bytes",
               (struct bytes){want.data + 1000, want.size - 1000}, rest);
}

static void many(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", "text", 4);
    for (int i = 1; i <= 25; i++) {
        struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
        if (!reply_is(transfer.reply, "226 250"))
            fail(exam, "25 downloads one after another", "number %d ended with %u %s", i,
                 transfer.reply->code, transfer.reply->text);
        same_bytes(exam, exam_format(exam, "download %d of 25 in one session", i), bytes_of("text"),
                   transfer.bytes);
    }
}

static const struct test tests[] = {
    {
        .name = "rfc959.retr.codes",
        .severity = SEVERITY_ERROR,
        .title =
            "RETR is answered with a preliminary reply, and with a completion reply at the end",
        .reason = "RFC 959, sections 4.2 and 5.4: 125 or 150 comes before the transfer, 226 or 250 "
                  "when it has gone well; clients take anything else for a failure.",
        .remedy = "Send 150 before the data connection is used and 226 after it is closed.",
        .run = codes,
    },
    {
        .name = "rfc959.retr.empty",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.round-trip",
        .title = "RETR of an empty file is a transfer of nothing that goes well",
        .reason = "RFC 959, section 3.4.1: the end of the file is the end of the connection, which "
                  "comes at once here. An empty file is no error; mirrors would stop at it.",
        .remedy = "Open and close the data connection as with any file.",
        .run = empty,
    },
    {
        .name = "rfc959.retr.missing",
        .severity = SEVERITY_ERROR,
        .title = "RETR of a missing file is refused",
        .reason = "RFC 959, section 5.4, lists 450 and 550 for it. After a positive reply the "
                  "client has a file that does not exist, and believes that it is empty.",
        .remedy = "Answer 550 if the file cannot be opened.",
        .run = missing,
    },
    {
        .name = "rfc959.retr.missing-code",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.retr.missing",
        .title = "the refusal of a missing file has code 550",
        .reason = "RFC 959, sections 4.2.1 and 5.4: 550 means that the file was not found or is "
                  "not accessible. On another code some clients try again, or another way.",
        .remedy = "Use 550 for a file that is missing.",
        .run = missing_code,
    },
    {
        .name = "practice.retr.missing-at-once",
        .severity = SEVERITY_NOTE,
        .after = "rfc959.retr.missing",
        .title = "a missing file is refused before a transfer is announced",
        .reason = "RFC 959, section 5.4, lists 550 for RETR only in the place of the preliminary "
                  "reply. A client that has read 150 waits for data first.",
        .remedy = "Open the file before sending 150.",
        .run = missing_at_once,
    },
    {
        .name = "rfc959.retr.directory",
        .severity = SEVERITY_ERROR,
        .title = "RETR of a directory is refused",
        .reason = "RFC 959, section 4.1.3: RETR transfers a file. Clients find out with it whether "
                  "a name is a directory's; a transfer of nothing deceives them.",
        .remedy = "Answer 550 for whatever is no plain file.",
        .run = directory,
    },
    {
        .name = "rfc959.retr.after-refusal",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.round-trip",
        .title = "a download that was refused does not harm the next one",
        .reason =
            "RFC 959, sections 3.2 and 3.4.1: in stream mode each transfer has a data connection "
            "of its own. One that is left over from a refusal must not get the next file.",
        .remedy = "Close the data connection and the listening socket when a transfer is refused.",
        .run = after_refusal,
    },
    {
        .name = "rfc959.retr.keeps-directory",
        .severity = SEVERITY_ERROR,
        .title = "a download by its absolute path leaves the working directory as it was",
        .reason = "RFC 959, section 4.1.1: only CWD, CDUP, the login and REIN change the working "
                  "directory; relative names would mean other files afterwards.",
        .remedy = "Open the path itself instead of changing to its directory.",
        .run = directory_after_transfer,
    },
    {
        .name = "rfc959.retr.one-final-reply",
        .severity = SEVERITY_ERROR,
        .title = "each transfer, and each one refused, has one final reply",
        .reason = "RFC 959, section 5.4, lists one. A second one is taken for the answer to the "
                  "next command, and from then on each command gets the answer of the one before.",
        .remedy = "Send the final reply in one place, whatever way the transfer ends.",
        .run = one_final,
    },
    {
        .name = "practice.retr.announced-size",
        .severity = SEVERITY_WARNING,
        .title = "a size in the text of 150, \"(12345 bytes)\", is the file's",
        .reason = "Common practice since BSD's ftpd; clients like wget and curl take the size from "
                  "there, and call the file truncated if it does not match.",
        .remedy = "Tell the size that will be sent, or none.",
        .run = announced_size,
    },
    {
        .name = "practice.retr.slow-reader",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.large",
        .title = "a client that pauses still gets the whole file",
        .reason = "TCP holds the sender up when the reader pauses. A server that drops what it "
                  "cannot send at once gives a broken file to everyone with a slow connection.",
        .remedy = "Wait until the socket can be written and go on where it stopped.",
        .run = slow_reader,
    },
    {
        .name = "practice.retr.many",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.round-trip",
        .title = "25 downloads one after another all work",
        .reason = "Mirrors and web browsers fetch hundreds of small files over one control "
                  "connection; ports and descriptors must not run out.",
        .remedy = "Close each data connection and each listening socket after its transfer.",
        .run = many,
    },
};

const struct group group_retrieve = {
    .name = "retrieve",
    .title = "Downloads",
    .tests = tests,
    .count = ELEMENTS(tests),
};
