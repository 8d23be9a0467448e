/* Replies: what every answer on the control connection has in common (RFC 959, section 4.2). See
 * catalogue.h. */
#include "ftplint/exam.h"
#include "ftplint/tour.h"

#include "lib/cleanup.h"

#include <stdio.h>
#include <string.h>

enum {
    LINE_MAX_BYTES = 512,
    SILENCE_MSEC = 250,
};

static void visit_format(struct client *client, const struct stop *stop, const struct reply *reply)
{
    const unsigned *flaws = client->exam->test->parameter;
    expect_flawless(client, exam_format(client->exam, "the reply to %s", stop->line), reply,
                    *flaws);
}

/* .parameter: one of enum reply_flaw, or several. */
static void flaw(struct exam *exam)
{
    tour_each(exam, visit_format);
}

/* A reply too many is read as the answer to the NOOP that is sent behind each command. */
static void visit_once(struct client *client, const struct stop *stop, const struct reply *reply)
{
    const struct reply *next = command(client, "NOOP");
    if (!reply_is(next, "2"))
        fail(client->exam, "one reply to each command",
             "after \"%s\" and its reply \"%s\", NOOP is answered with \"%s\"", stop->line,
             reply->lines[0], next->lines[0]);
}

static void once(struct exam *exam)
{
    tour_each(exam, visit_once);
    expect_silence(given_session(exam), SILENCE_MSEC);
}

static void visit_final(struct client *client, const struct stop *stop, const struct reply *reply)
{
    if (reply_is(reply, "1"))
        fail(client->exam, "a final reply: 2xx, 4xx or 5xx", "\"%s\" is answered with \"%s\"",
             stop->line, reply->lines[0]);
}

static void final(struct exam *exam)
{
    tour_each(exam, visit_final);
}

static void visit_code(struct client *client, const struct stop *stop, const struct reply *reply)
{
    if (!reply_is(reply, stop->codes))
        fail(client->exam, exam_format(client->exam, "one of %s", stop->codes),
             "\"%s\" is answered with \"%s\"", stop->line, reply->lines[0]);
}

static void codes(struct exam *exam)
{
    tour_each(exam, visit_code);
    struct client *client = given_session(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "LIST");
    if (!transfer.preliminary)
        return; /* refused: that is for the tests of LIST to say */
    expect_code(client, transfer.preliminary, "125 150");
    expect_code(client, transfer.reply, "226 250 425 426 451");
}

static void visit_known(struct client *client, const struct stop *stop, const struct reply *reply)
{
    /* RFC 959, section 4.2.1; RFC 2228, section 5; RFC 2428, section 2; RFC 1639; RFC 3659. */
    static const char known[] = "110 120 125 150 "
                                "200 202 211 212 213 214 215 220 221 225 226 227 228 229 230 232 "
                                "234 235 250 257 331 332 334 335 336 350 "
                                "421 425 426 430 431 434 450 451 452 "
                                "500 501 502 503 504 521 522 530 532 533 534 535 536 537 550 551 "
                                "552 553 554 555";
    if (!reply_is(reply, known))
        fail(client->exam, "a code that one of the RFCs defines", "\"%s\" is answered with \"%s\"",
             stop->line, reply->lines[0]);
}

static void known(struct exam *exam)
{
    tour_each(exam, visit_known);
}

static void visit_length(struct client *client, const struct stop *stop, const struct reply *reply)
{
    for (size_t i = 0; i < reply->count; i++)
        if (strlen(reply->lines[i]) > LINE_MAX_BYTES)
            fail(client->exam, "lines of at most 512 bytes", "\"%s\" is answered with %zu bytes",
                 stop->line, strlen(reply->lines[i]));
}

static void length(struct exam *exam)
{
    tour_each(exam, visit_length);
}

static void visit_text(struct client *client, const struct stop *stop, const struct reply *reply)
{
    const char *last = reply->lines[reply->count - 1];
    if (reply->count == 1 && strlen(last) <= 4)
        fail(client->exam, "a text behind the code", "\"%s\" is answered with \"%s\"", stop->line,
             last);
}

static void text(struct exam *exam)
{
    tour_each(exam, visit_text);
}

static void preliminary(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "LIST");
    if (!transfer.preliminary)
        blocked(exam, "LIST is answered with %u %s", transfer.reply->code, transfer.reply->text);
    if (reply_is(transfer.reply, "1"))
        fail(exam, "one reply of the kind 1xx, then the final one", "\"%s\" and then \"%s\"",
             transfer.preliminary->lines[0], transfer.reply->lines[0]);
}

static void transfer_format(struct exam *exam)
{
    const unsigned flaws = REPLY_BARE_LF | REPLY_CODE_ALONE | REPLY_CODE_CHANGES;
    struct client *client = given_session(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "LIST");
    if (transfer.preliminary)
        expect_flawless(client, "the first reply to LIST", transfer.preliminary, flaws);
    expect_flawless(client, "the last reply to LIST", transfer.reply, flaws);
}

static const unsigned bare_lf = REPLY_BARE_LF;
static const unsigned code_alone = REPLY_CODE_ALONE;
static const unsigned code_changes = REPLY_CODE_CHANGES;
static const unsigned control = REPLY_CONTROL_BYTE | REPLY_BARE_CR;
static const unsigned not_utf8 = REPLY_NOT_UTF8;

static const struct test tests[] = {
    {
        .name = "rfc959.reply.line-end",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "every line of every reply ends in CR LF",
        .reason =
            "RFC 959, section 4.2, ends a reply with the Telnet end-of-line, which is CR and "
            "LF, and RFC 1123, section 4.1.2.11, demands correctly formatted replies. Clients "
            "that wait for CR LF wait for ever.",
        .remedy = "Write \"\\r\\n\" at the end of every line, also inside replies of several lines "
                  "and of texts from files.",
        .run = flaw,
        .parameter = &bare_lf,
    },
    {
        .name = "rfc959.reply.separator",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "the code is followed by a space, or by a hyphen if more lines come",
        .reason = "RFC 959, section 4.2: a reply is the code, a space and a text. Clients look at "
                  "the fourth character to know whether the reply ends with this line.",
        .remedy = "Send at least \"250 \", better with a text behind it.",
        .run = flaw,
        .parameter = &code_alone,
    },
    {
        .name = "rfc959.reply.same-code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "the last line of a reply has the same code as the first one",
        .reason = "RFC 959, section 4.2: the client searches for the second occurrence of the same "
                  "code, followed by a space. If another code stands there it reads on, into the "
                  "next reply or until its time is over.",
        .remedy = "End \"211-...\" with \"211 ...\", and put a space before a line of the text "
                  "that begins with three digits.",
        .run = flaw,
        .parameter = &code_changes,
    },
    {
        .name = "practice.reply.control-characters",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "replies hold no control characters",
        .reason = "RFC 959, section 4.2: the text is meant for people. Control characters act on "
                  "their terminals, and NUL or CR end the line early in some clients.",
        .remedy = "Write the text of replies without control characters.",
        .run = flaw,
        .parameter = &control,
    },
    {
        .name = "rfc2640.reply.utf8",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "the text of replies is UTF-8",
        .reason = "RFC 2640, section 4.1: once a language is negotiated, replies are UTF-8, and "
                  "before that ASCII is recommended. Texts in Latin-1 or another code set show as "
                  "rubbish, and end clients that decode strictly.",
        .remedy = "Store translated messages in UTF-8, or keep to ASCII.",
        .run = flaw,
        .parameter = &not_utf8,
    },
    {
        .name = "rfc959.reply.once",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "every command gets exactly one final reply",
        .reason = "RFC 959, sections 4.2 and 5.4: each command has one final reply. After one too "
                  "many, the client takes every later reply for the answer to another command.",
        .remedy = "Let one place in the program send replies, and let it check that each command "
                  "has had one.",
        .run = once,
    },
    {
        .name = "rfc959.reply.final",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "a command without a transfer is not answered with 1xx",
        .reason = "RFC 959, section 4.2: 1xx announces another reply, and the client waits for it "
                  "before it goes on; section 5.4 has it for none of these commands.",
        .remedy = "Use 1xx for the beginning of transfers only.",
        .run = final,
    },
    {
        .name = "rfc959.reply.codes",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "commands are answered with the codes that RFC 959 lists for them",
        .reason = "RFC 959, section 5.4, lists the replies of each command and says that they must "
                  "be strictly adhered to; RFC 1123, section 4.1.2.11, says SHOULD. Clients decide "
                  "by the code whether to try again, to log in anew or to give up.",
        .remedy = "Take the code from the table of RFC 959, section 5.4; a server may choose among "
                  "the codes that stand there.",
        .run = codes,
    },
    {
        .name = "rfc1123.reply.known-code",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "no reply has a code that no RFC defines",
        .reason = "RFC 1123, section 4.1.2.11: a server should use the codes of RFC 959 whenever "
                  "they apply. A client knows an invented one by its first digit at best.",
        .remedy = "Use the code of RFC 959, section 4.2.1 that comes nearest.",
        .run = known,
    },
    {
        .name = "practice.reply.length",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY,
        .title = "no line of a reply is longer than 512 bytes",
        .reason = "RFC 959, section 4.2, leaves the limit open; clients with a buffer of 512 bytes "
                  "for a line are many, and read the rest as another line.",
        .remedy = "Break long texts into several lines.",
        .run = length,
    },
    {
        .name = "practice.reply.text",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY,
        .title = "every reply has a text",
        .reason = "RFC 959, section 4.2: the code is for the program, the text for the user, who "
                  "otherwise sees a number.",
        .remedy = "Say in a few words what happened.",
        .run = text,
    },
    {
        .name = "rfc959.reply.one-preliminary",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "a transfer is announced with one reply of the kind 1xx",
        .reason = "RFC 959, section 4.2: the server may send at most one 1xx reply per command. "
                  "Clients read the second one as the end of the transfer.",
        .remedy = "Send 150 (or 125) once, before the first byte.",
        .run = preliminary,
    },
    {
        .name = "rfc959.reply.transfer-format",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "the replies around a transfer have the form of replies",
        .reason = "RFC 959, section 4.2 and RFC 1123, section 4.1.2.11: code, space, text, CR LF. "
                  "These replies often come from another part of the server than the others.",
        .remedy = "Write all replies by one routine.",
        .run = transfer_format,
    },
};

const struct group group_replies = {
    .name = "replies",
    .title = "Replies",
    .tests = tests,
    .count = ELEMENTS(tests),
};
