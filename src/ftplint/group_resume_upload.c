/* Restarted uploads: REST with STOR and APPE. See catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE = 20000, OFFSET = 7001 };

static struct bytes content(struct exam *exam)
{
    return exam_content(exam, SIZE, 4);
}

/* The first part of the content lies there, the rest is sent with REST and VERB. */
static void resume_upload(struct client *client, const char *verb, const char *path)
{
    struct bytes rest = bytes_behind(content(client->exam), OFFSET);
    given_restart(client, OFFSET);
    struct transfer transfer =
        try_store(client, DATA_ANY, rest.data, rest.size, "%s %s", verb, path);
    if (!reply_is(transfer.reply, "2"))
        forget_restart(client);
    if (strcmp(verb, "APPE") == 0 && !reply_is(transfer.reply, "2"))
        skip(client->exam, "the server does not combine REST and APPE: %u %s", transfer.reply->code,
             transfer.reply->text);
    expect_code(client, transfer.reply, "226 250|the restarted upload");
}

static void resumed(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", content(exam).data, OFFSET);
    resume_upload(client, exam->test->parameter, path);
    same_bytes(exam,
               exam_format(exam,
                           "the whole file: 7001 bytes of STOR, the rest after REST 7001 "
                           "and %s",
                           (const char *)exam->test->parameter),
               content(exam), given_retrieved(client, path));
}

static void upload_once(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", content(exam).data, OFFSET);
    exam->given++;
    resume_upload(client, "STOR", path);
    exam->given--;
    store(client, "new", 3, "STOR %s", path);
    same_bytes(exam, "the new content alone, in the upload after the one that was restarted",
               bytes_of("new"), given_retrieved(client, path));
}

static void hole(struct exam *exam)
{
    enum { FAR = 16 << 20 };
    struct client *client = given_session(exam);
    const char *path = own_path(exam, "file");
    given_restart(client, FAR);
    struct transfer transfer = try_store(client, DATA_ANY, "x", 1, "STOR %s", path);
    forget_restart(client);
    if (!reply_is(transfer.reply, "2"))
        return;
    const struct reply *reply = command(client, "SIZE %s", path);
    unsigned long long size = reply->code == 213 ? strtoull(reply->text, NULL, 10) : 0;
    (void)command(client, "DELE %s", path);
    if (size > FAR)
        fail(exam, "a refusal of an upload at byte 16777216 of a file that does not exist",
             "\"%u %s\", and a file of %llu bytes of which 1 was sent", transfer.reply->code,
             transfer.reply->text, size);
}

static const struct test tests[] = {
    {
        .name = "rfc3659.rest.stor",
        .severity = SEVERITY_ERROR,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.reply",
        .title = "REST and STOR put the data behind what is there",
        .reason = "RFC 3659, section 5.3: with STOR the server inserts the data into the file at "
                  "the marker. A file that is resumed and truncated, or appended at the wrong "
                  "place, is broken.",
        .remedy = "Open the file without truncating it and write from the offset on.",
        .run = resumed,
        .parameter = "STOR",
    },
    {
        .name = "rfc3659.rest.appe",
        .severity = SEVERITY_ERROR,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.reply",
        .title = "REST and APPE, if they are allowed together, do what REST and STOR do",
        .reason = "RFC 3659, section 5.3: if APPE is permitted it MUST act identically to STOR "
                  "when a restart marker has been set.",
        .remedy = "Write from the offset on, or refuse APPE after REST.",
        .run = resumed,
        .parameter = "APPE",
    },
    {
        .name = "rfc3659.rest.stor-once",
        .severity = SEVERITY_ERROR,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.stor",
        .title = "REST holds for one upload",
        .reason = "RFC 3659, section 5.3: the value is about the immediately following transfer. "
                  "The next file would be written from its middle on, into the old one.",
        .remedy = "Set the offset back to 0 when an upload begins.",
        .run = upload_once,
    },
    {
        .name = "security.rest.hole",
        .severity = SEVERITY_WARNING,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.reply",
        .title = "REST far beyond the end and STOR make no huge file out of nothing",
        .reason = "RFC 3659, section 5.3: a marker out of range is reported when the transfer "
                  "command follows. One byte at an offset of terabytes makes a file that backup "
                  "and quota have to deal with at its full size.",
        .remedy = "Answer 554 (RFC 1123, section 4.1.3.4) to STOR if the offset is greater than "
                  "the file's size.",
        .run = hole,
    },
};

const struct group group_resume_upload = {
    .name = "resume-upload",
    .title = "Restarted uploads",
    .tests = tests,
    .count = ELEMENTS(tests),
};
