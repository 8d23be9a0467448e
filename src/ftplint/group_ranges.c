/* Parts of files: RANG. See catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"

#include <string.h>

enum { SIZE = 20000 };

static struct bytes content(struct exam *exam)
{
    return exam_content(exam, SIZE, 4);
}

static const char *given_content(struct exam *exam)
{
    struct bytes bytes = content(exam);
    return given_file(exam, "file", bytes.data, bytes.size);
}

static void range(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *path = given_content(exam);
    expect(client, "350", "RANG 100 199");
    struct bytes part = {.data = content(exam).data + 100, .size = 100};
    same_bytes(exam, "after RANG 100 199, the bytes from 100 to 199", part,
               retrieve(client, "RETR %s", path));
}

static void range_once(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *path = given_content(exam);
    (void)given_reply(client, "350", "RANG 100 199");
    (void)given_retrieved(client, path);
    same_bytes(exam, "the whole file, in the download after the one with a range", content(exam),
               given_retrieved(client, path));
}

static void range_reset(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *path = given_content(exam);
    (void)given_reply(client, "350", "RANG 100 199");
    expect(client, "350", "RANG 1 0");
    same_bytes(exam, "the whole file, after RANG 1 0", content(exam),
               given_retrieved(client, path));
}

static const struct test tests[] = {
    {
        .name = "practice.rang.octets",
        .severity = SEVERITY_ERROR,
        .feature = "RANG STREAM",
        .title = "RANG and RETR send the first and the last byte named, and what is between",
        .reason = "draft-bryan-ftp-range: RANG gives the first and the last octet of the next "
                  "transfer. A client that repairs a part of its file needs exactly those.",
        .remedy = "Send from the first to the last byte, both included.",
        .run = range,
    },
    {
        .name = "practice.rang.once",
        .severity = SEVERITY_ERROR,
        .feature = "RANG STREAM",
        .after = "practice.rang.octets",
        .title = "RANG holds for one transfer",
        .reason = "draft-bryan-ftp-range: as with REST, the range is about the following transfer; "
                  "the next file would be cut.",
        .remedy = "Forget the range when a transfer begins.",
        .run = range_once,
    },
    {
        .name = "practice.rang.reset",
        .severity = SEVERITY_ERROR,
        .feature = "RANG STREAM",
        .after = "practice.rang.octets",
        .title = "RANG 1 0 takes an earlier range back",
        .reason = "draft-bryan-ftp-range: a first octet of 1 and a last one of 0 reset the range.",
        .remedy = "Take a range of 1 and 0 as none.",
        .run = range_reset,
    },
};

const struct group group_ranges = {
    .name = "ranges",
    .title = "Parts of files",
    .tests = tests,
    .count = ELEMENTS(tests),
};
