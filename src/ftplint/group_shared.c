/* Shared files: what several sessions do at once to one file. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <string.h>

enum {
    SMALL = 20000,
    BIG = 6 << 20, /* more than lies in the buffers between two hosts */
    MOMENT = 200   /* milliseconds in which a server does what it does at once */
};

static bool same(struct bytes a, struct bytes b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* Sends the rest and reads the final reply. */
static const struct reply *finish(struct client *client, struct data *data, const char *bytes,
                                  size_t size)
{
    (void)wire_send(&data->wire, bytes, size, false, exam_patience(client->exam));
    data_end(data);
    return read_final(client);
}

/* A command for an upload whose first reply may have to wait for another upload. */
static struct data *ask_to_store(struct client *client, const char *verb, const char *path)
{
    client->exam->given++;
    struct data *data = data_open(client, DATA_ANY);
    client->exam->given--;
    send_line(client, "%s %s", verb, path);
    return data;
}

/* Two uploads of one name, the second from within the first. Either may be refused. */
struct pair {
    const struct reply *first;
    const struct reply *second;
};
static struct pair store_both(struct exam *exam, const char *verb, const char *path, struct bytes a,
                              struct bytes b)
{
    struct client *one = given_login(exam, ACCOUNT_USER);
    struct client *two = given_login(exam, ACCOUNT_USER);
    struct data *data_one = given_transfer(one, "%s %s", verb, path);
    data_send(data_one, a.data, a.size / 2);
    clock_pause(MOMENT); /* in which the server stores it */
    struct data *data_two = ask_to_store(two, verb, path);
    const struct reply *reply = try_reply(two, MOMENT);
    struct pair pair = {.second = reply};
    bool waits = reply->code == 0; /* until the first is done */
    if (reply_is(reply, "1")) {
        data_ready(data_two);
        pair.second = finish(two, data_two, b.data, b.size);
    }
    pair.first = finish(one, data_one, a.data + a.size / 2, a.size - a.size / 2);
    if (waits && reply_is(pair.second = read_reply(two), "1")) {
        data_ready(data_two);
        pair.second = finish(two, data_two, b.data, b.size);
    }
    return pair;
}

static void two_stores(struct exam *exam)
{
    const char *path = own_path(exam, "file");
    struct bytes a = exam_content(exam, SMALL, 1), b = exam_content(exam, SMALL / 4, 2);
    struct pair pair = store_both(exam, "STOR", path, a, b);
    if (!reply_is(pair.first, "2") && !reply_is(pair.second, "2"))
        fail(exam, "that at least one of two uploads of one name succeeds", "\"%u %s\"; \"%u %s\"",
             pair.first->code, pair.first->text, pair.second->code, pair.second->text);
    struct bytes stored = retrieve(given_session(exam), "RETR %s", path);
    if (!same(stored, a) && !same(stored, b))
        fail(
            exam, "the whole of one of the two files",
            "%zu bytes that are neither the one (%zu bytes, answered %u) nor the other (%zu bytes, "
            "answered %u)",
            stored.size, a.size, pair.first->code, b.size, pair.second->code);
}

static void two_appends(struct exam *exam)
{
    struct bytes a = exam_content(exam, SMALL, 1), b = exam_content(exam, SMALL / 4, 2);
    const char *path = given_file(exam, "file", "begin", 5);
    struct pair pair = store_both(exam, "APPE", path, a, b);
    size_t expected =
        5 + (reply_is(pair.first, "2") ? a.size : 0) + (reply_is(pair.second, "2") ? b.size : 0);
    struct bytes stored = retrieve(given_session(exam), "RETR %s", path);
    if (stored.size < expected)
        fail(exam, "all bytes of each APPE that was answered with 226",
             "%zu bytes of %zu: what one session appended has overwritten the other's", stored.size,
             expected);
}

/* --- who reads while another writes ----------------------------------------------------------- */

/* A server may also let the reader wait for the upload's end. */
static void reader_sees(struct exam *exam, const char *path, struct bytes old)
{
    struct client *reader = given_login(exam, ACCOUNT_USER);
    exam->given++;
    struct data *data = data_open(reader, DATA_ANY);
    exam->given--;
    send_line(reader, "RETR %s", path);
    if (!reply_is(try_reply(reader, MOMENT), "1"))
        return;
    data_ready(data);
    struct bytes seen = data_read(data, 0);
    data_end(data);
    if (!reply_is(read_reply(reader), "2"))
        return;
    if (!old.data)
        fail(exam, "that a file is not there before its upload is complete",
             "%zu bytes of it could be downloaded during the upload", seen.size);
    if (!same(seen, old))
        fail(exam, "the old file as long as the new one is not complete",
             "%zu bytes, which are not the old file's %zu", seen.size, old.size);
}

/* During an upload, of a new name or over an old file, nobody gets a part of it. */
static void half_file(struct exam *exam)
{
    bool over = exam->test->parameter != NULL;
    struct bytes old = over ? exam_content(exam, SMALL, 1) : (struct bytes){.data = NULL};
    const char *path = over ? given_file(exam, "file", old.data, old.size) : own_path(exam, "file");
    struct bytes new = exam_content(exam, BIG / 4, 2);
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_transfer(client, "STOR %s", path);
    data_send(data, new.data, SMALL * 2);
    clock_pause(MOMENT);
    reader_sees(exam, path, old);
    exam->given++;
    const struct reply *reply =
        finish(client, data, new.data + (size_t)SMALL * 2, new.size - (size_t)SMALL * 2);
    expect_code(client, reply, "226 250");
    exam->given--;
}

static void broken_overwrite(struct exam *exam)
{
    struct bytes old = exam_content(exam, SMALL, 1), new = exam_content(exam, SMALL, 2);
    const char *path = given_file(exam, "file", old.data, old.size);
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_transfer(client, "STOR %s", path);
    data_send(data, new.data, new.size / 4);
    clock_pause(MOMENT);
    wire_reset(&data->wire);
    if (reply_is(read_final(client), "2"))
        skip(exam, "the server takes the upload that broke for a whole one");
    struct bytes stored = retrieve(given_session(exam), "RETR %s", path);
    if (!same(stored, old))
        fail(exam, "the old file after an upload over it that broke",
             "%zu bytes, %s, instead of the old file's %zu", stored.size,
             stored.size == new.size / 4 ? "the broken upload's" : "not the old file's", old.size);
}

/* What another session does to the file that one is downloading. */
enum meanwhile { OVERWRITTEN, DELETED, RENAMED };

/* An upload that has to wait for the download is given up again. */
static void overwrite(struct exam *exam, const char *path)
{
    struct bytes new = exam_content(exam, SMALL, 9);
    struct client *other = given_login(exam, ACCOUNT_USER);
    struct data *data = ask_to_store(other, "STOR", path);
    if (reply_is(try_reply(other, MOMENT), "1")) {
        data_ready(data);
        (void)finish(other, data, new.data, new.size);
    }
    client_close(other);
}

static void disturb(struct exam *exam, enum meanwhile what, const char *path)
{
    struct client *other = given_session(exam);
    if (what == OVERWRITTEN)
        overwrite(exam, path);
    else if (what == DELETED)
        (void)command(other, "DELE %s", path);
    else if (reply_is(command(other, "RNFR %s", path), "3"))
        (void)command(other, "RNTO %s-renamed", path);
}

static void download_undisturbed(struct exam *exam)
{
    static const char *const words[] = {"overwritten", "deleted", "renamed"};
    enum meanwhile what = *(const enum meanwhile *)exam->test->parameter;
    struct bytes content = exam_content(exam, BIG, 1);
    const char *path = given_file(exam, "file", content.data, content.size);
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = given_transfer(client, "RETR %s", path);
    struct bytes begin = data_read(data, SMALL);
    disturb(exam, what, path);
    struct bytes rest = data_read(data, 0);
    data_end(data);
    const struct reply *reply = read_final(client);
    if (!reply_is(reply, "2"))
        return; /* told as a failure, the client will not keep it */
    if (begin.size + rest.size != content.size ||
        memcmp(rest.data, content.data + begin.size, rest.size) != 0)
        fail(exam, "the file as it was when the download began, or a failure",
             "it was %s by another session, and \"%u %s\" came after %zu of its %zu bytes%s",
             words[what], reply->code, reply->text, begin.size + rest.size, content.size,
             begin.size + rest.size == content.size ? ", some of them others" : "");
}

static const enum meanwhile overwritten = OVERWRITTEN, deleted = DELETED, renamed = RENAMED;

#define ATOMIC                                                                                     \
    "Write uploads under a hidden name on the same file system and rename them when they are "     \
    "complete."

static const struct test tests[] = {
    {
        .name = "concurrency.stor.two",
        .severity = SEVERITY_ERROR,
        .title = "of two uploads of one name at once, one file is left, whole",
        .reason = "Two people save the same document, or a client that lost its connection comes "
                  "back. A mixture of both files, confirmed with 226 to both, is neither's.",
        .remedy = ATOMIC " Or let the second wait or fail.",
        .run = two_stores,
    },
    {
        .name = "concurrency.appe.two",
        .severity = SEVERITY_ERROR,
        .title = "two sessions that append to one file at once lose nothing",
        .reason = "RFC 959, section 4.1.3 (APPE): data is appended to what is there. Loggers and "
                  "measuring devices share files; what was confirmed with 226 must be in them.",
        .remedy = "Open with O_APPEND, or let one wait or fail.",
        .run = two_appends,
    },
    {
        .name = "practice.stor.hidden",
        .severity = SEVERITY_WARNING,
        .title = "a new file can be neither seen nor fetched before its upload is complete",
        .reason = "Programs that watch a folder take files away as soon as they see them, halves "
                  "included; it is the most frequent complaint about uploads.",
        .remedy = ATOMIC,
        .run = half_file,
    },
    {
        .name = "practice.stor.old-until-new",
        .severity = SEVERITY_WARNING,
        .title = "during an upload over a file its readers get the old one",
        .reason = "A web server in front of the folder would serve an empty or a half file for as "
                  "long as the upload takes.",
        .remedy = ATOMIC,
        .run = half_file,
        .parameter = "over",
    },
    {
        .name = "practice.stor.broken-keeps-old",
        .severity = SEVERITY_WARNING,
        .title = "an upload that breaks leaves the file that it was to replace",
        .reason = "After a lost connection neither the old file nor the new one would exist.",
        .remedy = ATOMIC,
        .run = broken_overwrite,
    },
    {
        .name = "concurrency.retr.overwritten",
        .severity = SEVERITY_WARNING,
        .title = "a download of a file that is overwritten meanwhile is whole, or fails",
        .reason = "A mixture of the old and the new file, or the beginning of the old one, that "
                  "is confirmed with 226 goes unnoticed.",
        .remedy = ATOMIC " Then whoever has opened the old file reads it to its end.",
        .run = download_undisturbed,
        .parameter = &overwritten,
    },
    {
        .name = "concurrency.retr.deleted",
        .severity = SEVERITY_ERROR,
        .title = "a download of a file that is deleted meanwhile is whole, or fails",
        .reason = "RFC 959, section 4.2.1: 226 means that the action was successful. Half a file "
                  "with 226 is taken for the whole.",
        .remedy = "Keep the file open while it is sent, and check that all of it was.",
        .run = download_undisturbed,
        .parameter = &deleted,
    },
    {
        .name = "concurrency.retr.renamed",
        .severity = SEVERITY_ERROR,
        .title = "a download of a file that is renamed meanwhile is whole, or fails",
        .reason = "RFC 959, section 4.2.1: 226 means that the action was successful. Half a file "
                  "with 226 is taken for the whole.",
        .remedy = "Keep the file open while it is sent; do not look it up again by its name.",
        .run = download_undisturbed,
        .parameter = &renamed,
    },
};

const struct group group_shared = {
    .name = "shared",
    .title = "One file and several sessions",
    .tests = tests,
    .count = ELEMENTS(tests),
};
