/* Quota: what the server says can still be stored, and what it does when that is not enough. A
 * quota of more than QUOTA_MAX is told, not filled. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"
#include "lib/scan.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum {
    BLOCK = 1 << 20,
    QUOTA_MAX = 256 << 20, /* more than this is never uploaded to find a limit */
    OLD = 70000            /* bytes of a file that must survive */
};

/* What AVBL says; skips the test where there is none. */
static uint64_t given_room(struct exam *exam)
{
    struct client *client = given_session(exam);
    exam->given++;
    const struct reply *reply = command(client, "AVBL");
    uint64_t room = 0;
    if (reply->code != 213 || scan_u64(reply->text, UINT64_MAX, &room) < 0)
        blocked(exam, "AVBL tells no number: %u %s", reply->code, reply->text);
    exam->given--;
    return room;
}

static uint64_t given_little_room(struct exam *exam)
{
    uint64_t room = given_room(exam);
    if (room > QUOTA_MAX)
        skip(exam, "%" PRIu64 " bytes can still be stored: too many to fill", room);
    return room;
}

static void number(struct exam *exam)
{
    struct client *client = given_session(exam);
    const struct reply *reply = expect(client, "213", "AVBL");
    uint64_t room;
    if (reply->count != 1 || scan_u64(reply->text, UINT64_MAX, &room) < 0)
        fail(exam, "213 and a decimal number, nothing else", "%u %s", reply->code, reply->text);
}

static void missing(struct exam *exam)
{
    const char *path = own_path(exam, "missing");
    expect(given_session(exam), "5", "AVBL %s", path);
}

/* Uploads and deletions show in AVBL. On a disk that others use as well, once in three is enough.
 */
static void follows(struct exam *exam)
{
    struct bytes content = exam_content(exam, BLOCK, 1);
    uint64_t before = 0, with = 0, after = 0;
    for (int i = 0; i < 3; i++) {
        before = given_room(exam);
        const char *path = given_file(exam, "file", content.data, content.size);
        with = given_room(exam);
        exam->given++;
        expect(given_session(exam), "250", "DELE %s", path);
        exam->given--;
        after = given_room(exam);
        if (with + BLOCK / 2 <= before && after >= with + BLOCK / 2)
            return;
    }
    fail(exam, "that AVBL falls by an upload of 1 MiB and rises again when it is deleted",
         "%" PRIu64 " before, %" PRIu64 " with it, %" PRIu64 " after", before, with, after);
}

/* A promise of more than there is. */
static void promise(struct exam *exam)
{
    uint64_t room = given_room(exam);
    if (room > INT64_MAX / 2)
        skip(exam, "there is no limit");
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "ALLO %" PRIu64, room + room / 2 + (1 << 30));
    if (reply->code == 200)
        fail(exam, "552, or 202 from a server that does not reserve",
             "\"%u %s\", although AVBL says %" PRIu64, reply->code, reply->text, room);
}

static void senseless(struct exam *exam)
{
    static const char *const arguments[] = {"-1", "1e9", "many", "5x", "0x10", "1 R", "1 X 1"};
    struct client *client = given_login(exam, ACCOUNT_USER);
    for (size_t i = 0; i < ELEMENTS(arguments); i++) {
        const struct reply *reply = command(client, "ALLO %s", arguments[i]);
        if (reply->code == 200)
            fail(exam, "501, or 202 from a server that does not reserve", "\"%u %s\" to ALLO %s",
                 reply->code, reply->text, arguments[i]);
    }
}

/* --- at the limit ----------------------------------------------------------------------------- */

/* Sends SIZE bytes or as many as are taken, and returns the final reply. */
static const struct reply *pour(struct client *client, struct data *data, uint64_t size)
{
    struct exam *exam = client->exam;
    struct bytes block = exam_content(exam, BLOCK, 7);
    for (uint64_t left = size; left > 0;) {
        size_t piece = left < BLOCK ? (size_t)left : BLOCK;
        if (wire_send(&data->wire, block.data, piece, false, exam_patience(exam)) != (ssize_t)piece)
            break;
        left -= piece;
    }
    data_end(data);
    return read_final(client);
}

/* An upload, by VERB, of a MiB more than there is room for. */
static const struct reply *too_much(struct exam *exam, const char *verb, const char *path)
{
    uint64_t room = given_little_room(exam);
    struct client *client = given_login(exam, ACCOUNT_USER);
    undo_later(exam, "DELE %s", path);
    const struct reply *reply;
    exam->given++;
    struct data *data = try_transfer(client, DATA_ANY, &reply, "%s %s", verb, path);
    exam->given--;
    return data ? pour(client, data, room + BLOCK) : reply;
}

static void refused(struct exam *exam)
{
    const struct reply *reply = too_much(exam, "STOR", own_path(exam, "big"));
    if (!reply_is(reply, "552 452"))
        fail(exam, "552 (or 452) to an upload of more than AVBL says", "%u %s", reply->code,
             reply->text);
}

/* What was there before is there behind the refusal: under the upload, and in front of it. */
static void old_kept(struct exam *exam)
{
    const char *verb = exam->test->parameter;
    struct bytes old = exam_content(exam, OLD, 1);
    const char *path = given_file(exam, "file", old.data, old.size);
    const struct reply *reply = too_much(exam, verb, path);
    if (reply_is(reply, "2"))
        skip(exam, "the server takes more than AVBL says");
    struct transfer kept = try_retrieve(given_session(exam), DATA_ANY, "RETR %s", path);
    if (!kept.preliminary)
        fail(exam, "the old file's bytes behind a refused upload", "%u %s", kept.reply->code,
             kept.reply->text);
    if (kept.bytes.size < old.size || memcmp(kept.bytes.data, old.data, old.size) != 0 ||
        (strcmp(verb, "STOR") == 0 && kept.bytes.size != old.size))
        fail(exam, "the old file's bytes behind a refused upload", "%zu bytes, which are not them",
             kept.bytes.size);
}

static void goes_on(struct exam *exam)
{
    const char *path = own_path(exam, "big");
    uint64_t room = given_little_room(exam);
    struct client *client = given_login(exam, ACCOUNT_USER);
    undo_later(exam, "DELE %s", path);
    exam->given++;
    struct data *data = given_transfer(client, "STOR %s", path);
    (void)pour(client, data, room + BLOCK);
    exam->given--;
    expect(client, "200", "NOOP");
    (void)command(client, "DELE %s", path);
    store(client, "small", 5, "STOR %s", own_path(exam, "small"));
}

/* Two sessions at once get together no more than one would. */
static void together(struct exam *exam)
{
    uint64_t room = given_little_room(exam), share = room / 2 + BLOCK;
    const char *paths[] = {own_path(exam, "one"), own_path(exam, "two")};
    struct client *clients[2];
    struct data *data[2];
    struct bytes block = exam_content(exam, BLOCK, 7);
    for (size_t i = 0; i < 2; i++) {
        undo_later(exam, "DELE %s", paths[i]);
        clients[i] = given_login(exam, ACCOUNT_USER);
        data[i] = given_transfer(clients[i], "STOR %s", paths[i]);
    }
    for (uint64_t done = 0; done < share; done += BLOCK)
        for (size_t i = 0; i < 2; i++)
            (void)wire_send(&data[i]->wire, block.data, BLOCK, false, 500);
    bool stored[2];
    for (size_t i = 0; i < 2; i++) {
        data_end(data[i]);
        stored[i] = reply_is(read_final(clients[i]), "2");
    }
    if (stored[0] && stored[1])
        fail(exam,
             "that at most one of two uploads, each of more than half of what AVBL says, is "
             "stored",
             "both were, %" PRIu64 " bytes in all, where %" PRIu64 " were left", 2 * share, room);
}

/* An offset is no way around the limit. */
static void hole(struct exam *exam)
{
    uint64_t room = given_room(exam);
    if (room > INT64_MAX / 2)
        skip(exam, "there is no limit");
    const char *path = own_path(exam, "hole");
    struct client *client = given_login(exam, ACCOUNT_USER);
    undo_later(exam, "DELE %s", path);
    if (!reply_is(command(client, "REST %" PRIu64, room + BLOCK), "350"))
        return;
    struct transfer transfer = try_store(client, DATA_ANY, "x", 1, "STOR %s", path);
    if (!reply_is(transfer.reply, "2"))
        return;
    uint64_t size = 0;
    const struct reply *reply = command(given_session(exam), "SIZE %s", path);
    if (reply->code == 213 && scan_u64(reply->text, UINT64_MAX, &size) == 0 && size > room)
        fail(exam, "554 or another refusal of an offset beyond what can be stored",
             "a file of %" PRIu64 " bytes, where %" PRIu64 " were left", size, room);
}

#define COUNT_FIRST                                                                                \
    "Count what will have been stored before it is written, over all sessions of the user, and "   \
    "refuse with 552."

static const struct test tests[] = {
    {
        .name = "practice.avbl.number",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .feature = "AVBL",
        .after = "practice.feat.avbl-works",
        .title = "AVBL is answered with 213 and a number",
        .reason = "draft-peterson-streamlined-ftp-command-extensions, section 4: programs read the "
                  "number to decide whether to upload.",
        .remedy = "Answer \"213 \" and the bytes that can still be stored, in decimal digits.",
        .run = number,
    },
    {
        .name = "practice.avbl.missing",
        .severity = SEVERITY_WARNING,
        .feature = "AVBL",
        .title = "AVBL of a directory that does not exist is refused",
        .reason = "draft-peterson-streamlined-ftp-command-extensions, section 4: the number is "
                  "that of the directory named.",
        .remedy = "Answer 550 if the path is no directory.",
        .run = missing,
    },
    {
        .name = "practice.avbl.follows",
        .severity = SEVERITY_WARNING,
        .feature = "AVBL",
        .title = "AVBL falls with an upload and rises with a deletion",
        .reason = "A number that stands still is worse than none: uploads that were promised "
                  "room fail, and users who have made room are told that there is none.",
        .remedy = "Count uploads and deletions at once, in all sessions.",
        .run = follows,
    },
    {
        .name = "practice.allo.promise",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .feature = "AVBL",
        .title = "ALLO of more than can be stored is not granted",
        .reason = "RFC 959, section 4.1.3 (ALLO): it reserves storage. A client that hears 200 "
                  "sends all its bytes, only to be told in the end that they are too many.",
        .remedy = "Answer 552, or 202 if you do not reserve anything.",
        .run = promise,
    },
    {
        .name = "rfc959.allo.number",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "ALLO takes numbers only",
        .reason = "RFC 959, section 5.3.1: ALLO has a decimal integer, and may have \"R\" and "
                  "another. What is read as a number and is none wraps around or is cut.",
        .remedy = "Answer 501 to what is no number (or 202 to all, if you do not reserve).",
        .run = senseless,
    },
    {
        .name = "quota.stor.refused",
        .severity = SEVERITY_WARNING,
        .flags = TEST_DESTRUCTIVE,
        .feature = "AVBL",
        .title = "an upload beyond the quota is refused with 552",
        .reason = "RFC 959, section 4.2.1: 552 is the reply to what exceeds the storage "
                  "allocation; with 226 somebody else's room was given away.",
        .remedy = COUNT_FIRST,
        .run = refused,
    },
    {
        .name = "quota.stor.old-kept",
        .severity = SEVERITY_WARNING,
        .flags = TEST_DESTRUCTIVE,
        .feature = "AVBL",
        .title = "an upload beyond the quota leaves the file that it was to replace",
        .reason = "Who tries to save a document and is told that there is no room still wants the "
                  "version of yesterday.",
        .remedy = "Replace the old file when the new one is complete.",
        .run = old_kept,
        .parameter = "STOR",
    },
    {
        .name = "quota.appe.old-kept",
        .severity = SEVERITY_ERROR,
        .flags = TEST_DESTRUCTIVE,
        .feature = "AVBL",
        .title = "APPE beyond the quota leaves what the file had",
        .reason = "RFC 959, section 4.1.3 (APPE): it appends. Data that was stored and confirmed "
                  "must not go because more of it came.",
        .remedy = "Stop at the limit, or cut the file back to its old size; do not delete it.",
        .run = old_kept,
        .parameter = "APPE",
    },
    {
        .name = "quota.session.goes-on",
        .severity = SEVERITY_ERROR,
        .flags = TEST_DESTRUCTIVE,
        .feature = "AVBL",
        .title = "after a refusal for want of room the session goes on, and room can be made",
        .reason = "RFC 959, section 4.2.1: 552 ends a transfer, not the session; the user wants to "
                  "delete something now.",
        .remedy = "Let go of the data connection, answer 552, and count deletions at once.",
        .run = goes_on,
    },
    {
        .name = "quota.sessions.together",
        .severity = SEVERITY_ERROR,
        .flags = TEST_DESTRUCTIVE,
        .feature = "AVBL",
        .title = "two sessions at once cannot store more than the quota",
        .reason = "A limit that is looked at before the upload and counted after it is no limit "
                  "for whoever opens two connections.",
        .remedy = COUNT_FIRST,
        .run = together,
    },
    {
        .name = "quota.rest.hole",
        .severity = SEVERITY_ERROR,
        .flags = TEST_DESTRUCTIVE,
        .feature = "AVBL",
        .title = "REST is no way to a file larger than the quota",
        .reason = "A file with a hole costs nothing today and everything when it is copied or "
                  "filled; its size is beyond what the user was given.",
        .remedy = "Refuse an offset behind the file's end (554), and count sizes, not blocks.",
        .run = hole,
    },
};

const struct group group_quota = {
    .name = "quota",
    .title = "Quota and free space",
    .tests = tests,
    .count = ELEMENTS(tests),
};
