/* Restarted downloads: REST with RETR. See catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"

#include <stdlib.h>
#include <string.h>

enum { SIZE = 20000, OFFSET = 7001 };

static struct bytes content(struct exam *exam)
{
    return exam_content(exam, SIZE, 4);
}

static const char *given_content(struct exam *exam)
{
    struct bytes bytes = content(exam);
    return given_file(exam, "file", bytes.data, bytes.size);
}

static void reply_code(struct exam *exam)
{
    struct client *client = given_session(exam);
    expect(client, "350", "REST 100");
    forget_restart(client);
}

static void resume_download(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_content(exam);
    given_restart(client, OFFSET);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
    expect_code(client, transfer.reply, "226 250|the rest of the file");
    same_bytes(exam, "after REST 7001, the file from that byte on",
               bytes_behind(content(exam), OFFSET), transfer.bytes);
}

static void zero(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_content(exam);
    given_restart(client, OFFSET);
    expect(client, "350", "REST 0");
    same_bytes(exam, "after REST 7001 and REST 0, the whole file", content(exam),
               given_retrieved(client, path));
}

static void once(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_content(exam);
    given_restart(client, OFFSET);
    (void)given_retrieved(client, path);
    same_bytes(exam, "the whole file, in the download after the one that was restarted",
               content(exam), given_retrieved(client, path));
}

/* At and beyond the end there is nothing to send: whatever comes belongs to another place. */
static void at_end(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_content(exam);
    given_restart(client, SIZE);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
    forget_restart(client);
    same_bytes(exam, "no data, for a download that is resumed at the end of the file", bytes_of(""),
               transfer.bytes);
}

static void beyond_end(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_content(exam);
    given_restart(client, SIZE + 100);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
    forget_restart(client);
    if (reply_is(transfer.reply, "2"))
        fail(exam, "a refusal of RETR: the file has 20000 bytes and REST said 20100",
             "\"%u %s\", after %zu bytes", transfer.reply->code, transfer.reply->text,
             transfer.bytes.size);
}

/* Numbers that are another one where an integer of 32 or 64 bits is too small. */
static void overflow(struct exam *exam)
{
    static const char *const offsets[] = {"4294967297", "18446744073709551617",
                                          "340282366920938463463374607431768211457"};
    struct client *client = given_session(exam);
    const char *path = given_content(exam);
    for (size_t i = 0; i < ELEMENTS(offsets); i++) {
        const struct reply *reply = command(client, "REST %s", offsets[i]);
        if (reply->code != 350)
            continue;
        struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
        forget_restart(client);
        if (transfer.bytes.size)
            fail(exam,
                 exam_format(exam,
                             "no data of a file of 20000 bytes after REST %s, or its "
                             "refusal",
                             offsets[i]),
                 "\"%u %s\", and then %zu bytes of the file", reply->code, reply->text,
                 transfer.bytes.size);
    }
}

static void beyond_4_gib(struct exam *exam)
{
    struct client *client = given_session(exam);
    expect(client, "350", "REST 5000000000");
    forget_restart(client);
}

static void syntax(struct exam *exam)
{
    static const char *const arguments[] = {"-1", "x", "5x", "1e3", "0x10"};
    struct client *client = given_session(exam);
    const char *taken = "";
    for (size_t i = 0; i < ELEMENTS(arguments); i++) {
        const struct reply *reply = command(client, "REST %s", arguments[i]);
        if (reply->code < 400)
            taken = exam_format(exam, "%s%sREST %s: %u %s", taken, *taken ? "; " : "", arguments[i],
                                reply->code, reply->text);
    }
    forget_restart(client);
    if (*taken)
        fail(exam, "501 for what is no number", "%s", taken);
}

static void after_failure(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_content(exam);
    given_restart(client, OFFSET);
    (void)try_retrieve(client, DATA_ANY, "RETR %s", own_path(exam, "missing"));
    struct bytes got = given_retrieved(client, path);
    forget_restart(client);
    same_bytes(exam, "the whole file, after REST and a RETR that was refused", content(exam), got);
}

/* In TYPE A the offset counts what is sent, CR LF as two. */
static void ascii(struct exam *exam)
{
    static const char text[] = "a\nb\nc\nd\ne\nf\n";
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "text", text, strlen(text));
    (void)given_reply(client, "200", "TYPE A");
    struct bytes whole = given_retrieved(client, path);
    const struct reply *reply = command(client, "REST 6");
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
    forget_restart(client);
    (void)given_reply(client, "200", "TYPE I");
    if (reply->code != 350 || !reply_is(transfer.reply, "2"))
        return; /* refused: no harm is done */
    same_bytes(exam, "after REST 6 in TYPE A, what RETR sends in TYPE A without its first 6 bytes",
               bytes_behind(whole, 6), transfer.bytes);
}

static const struct test tests[] = {
    {
        .name = "rfc3659.rest.reply",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "REST STREAM",
        .title = "REST with a number is answered with 350",
        .reason = "RFC 3659, section 5.3: the server responds with a 350 reply, which says that "
                  "the parameter has been saved.",
        .remedy = "Answer 350 and keep the offset for the next transfer.",
        .run = reply_code,
    },
    {
        .name = "rfc3659.rest.retr",
        .severity = SEVERITY_ERROR,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.reply",
        .title = "REST and RETR send the file from that byte on",
        .reason = "RFC 3659, section 5.3: the value is the number of octets of the following "
                  "transfer that are not sent. A client puts them behind what it has; one byte "
                  "too many or too few breaks the file.",
        .remedy = "Seek to the offset before sending.",
        .run = resume_download,
    },
    {
        .name = "rfc3659.rest.zero",
        .severity = SEVERITY_ERROR,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.reply",
        .title = "REST 0 takes an earlier REST back",
        .reason = "RFC 3659, section 5.3: a value of zero disables restart, and the entire file is "
                  "transmitted. Clients send it to be sure.",
        .remedy = "Let each REST replace the one before.",
        .run = zero,
    },
    {
        .name = "rfc3659.rest.once",
        .severity = SEVERITY_ERROR,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.retr",
        .title = "REST holds for one transfer",
        .reason = "RFC 3659, section 5.3: the value is about the immediately following transfer. "
                  "The next file would lack its beginning.",
        .remedy = "Set the offset back to 0 when a transfer begins.",
        .run = once,
    },
    {
        .name = "rfc3659.rest.at-end",
        .severity = SEVERITY_ERROR,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.retr",
        .title = "REST with the file's size leaves nothing to send",
        .reason = "RFC 3659, section 5.3: all octets of the file are those that are not sent. A "
                  "client that has the whole file already, and asks to be "
                  "sure, would append data to it.",
        .remedy = "Send nothing, and 226.",
        .run = at_end,
    },
    {
        .name = "rfc3659.rest.beyond-end",
        .severity = SEVERITY_WARNING,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.at-end",
        .title = "RETR is refused if REST lies beyond the end of the file",
        .reason = "RFC 3659, section 5.3: a marker out of range is reported when the transfer "
                  "command follows, which is rejected with an error. A client whose copy is longer "
                  "than the file is told that its copy is complete.",
        .remedy = "Answer 554 (RFC 1123, section 4.1.3.4) to RETR if the offset is greater than "
                  "the file's size.",
        .run = beyond_end,
    },
    {
        .name = "rfc3659.rest.overflow",
        .severity = SEVERITY_ERROR,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.retr",
        .title = "an offset beyond 32 or 64 bits does not become a small one",
        .reason = "RFC 3659, section 5.3: the offset is what the digits say. One that wraps around "
                  "makes the server send the wrong part of the file as if it were right.",
        .remedy = "Read the number with a check for its range, and answer 501 beyond it.",
        .run = overflow,
    },
    {
        .name = "rfc3659.rest.beyond-4-gib",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.reply",
        .title = "offsets of more than 4 GiB are accepted",
        .reason = "RFC 3659, section 5.3: REST is refused only if it is not implemented or no "
                  "number. Large files are those that need to be resumed.",
        .remedy = "Keep the offset in 64 bits, and judge it when the file is known.",
        .run = beyond_4_gib,
    },
    {
        .name = "rfc3659.rest.syntax",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.reply",
        .title = "REST with anything but digits is refused",
        .reason = "RFC 3659, section 5.3: in stream mode the marker is one or more digits, and "
                  "something else is syntactically invalid. A server that takes -1 for 0 or 1e3 "
                  "for 1 sends another part of the file than the client believes.",
        .remedy = "Answer 501 unless the whole argument is digits.",
        .run = syntax,
    },
    {
        .name = "practice.rest.after-failure",
        .severity = SEVERITY_NOTE,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.retr",
        .title = "a transfer that is refused uses up the REST before it",
        .reason = "RFC 3659, section 5.3, leaves it open and asks the client to send REST again; "
                  "one that does not gets another file without its beginning.",
        .remedy = "Set the offset back to 0 when the transfer command is refused, too.",
        .run = after_failure,
    },
    {
        .name = "rfc3659.rest.ascii",
        .severity = SEVERITY_ERROR,
        .feature = "REST STREAM",
        .after = "rfc3659.rest.retr",
        .title = "in TYPE A, REST counts the bytes that are sent, or is refused",
        .reason = "RFC 3659, sections 5.1 and 5.3: the offset is one into the stream of data, "
                  "where the end of a line is two bytes, and not one into the server's file. "
                  "The client's file gets a piece twice.",
        .remedy = "Count converted bytes, or answer 501 to REST (or to RETR after it) in TYPE A.",
        .run = ascii,
    },
};

const struct group group_resume = {
    .name = "resume",
    .title = "Restarted transfers",
    .tests = tests,
    .count = ELEMENTS(tests),
};
