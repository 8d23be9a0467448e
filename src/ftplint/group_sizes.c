/* Sizes of files: SIZE. See catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"

#include <stdlib.h>
#include <string.h>

/* The number of a 213, or a finding. */
static unsigned long long size_of(struct client *client, const char *path)
{
    const struct reply *reply = expect(client, "213", "SIZE %s", path);
    return strtoull(reply->text, NULL, 10);
}

static void size_exact(struct exam *exam)
{
    static const size_t sizes[] = {0, 1, 12345, 70000};
    struct client *client = given_session(exam);
    for (size_t i = 0; i < ELEMENTS(sizes); i++) {
        struct bytes bytes = exam_content(exam, sizes[i], 1);
        const char *path =
            given_file(exam, exam_format(exam, "%zu", sizes[i]), bytes.data, bytes.size);
        unsigned long long size = size_of(client, path);
        if (size != sizes[i])
            fail(exam, exam_format(exam, "213 %zu", sizes[i]), "213 %llu", size);
    }
}

static void size_form(struct exam *exam)
{
    struct client *client = given_session(exam);
    const struct reply *reply =
        given_reply(client, "213", "SIZE %s", given_file(exam, "file", "text", 4));
    if (reply->count > 1 || strspn(reply->text, "0123456789") != strlen(reply->text) ||
        !*reply->text)
        fail(exam, "\"213 \", digits and nothing else, in one line", "%zu line%s, the first \"%s\"",
             reply->count, reply->count == 1 ? "" : "s", reply->lines[0]);
}

static void size_after_append(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", "text", 4);
    (void)given_reply(client, "213", "SIZE %s", path);
    exam->given++;
    store(client, " and more", 9, "APPE %s", path);
    exam->given--;
    unsigned long long size = size_of(client, path);
    if (size != 13)
        fail(exam, "213 13, after 9 bytes were appended to 4", "213 %llu", size);
}

/* In TYPE A the size of what is sent in TYPE A, or none at all. */
static void size_ascii(struct exam *exam)
{
    static const char text[] = "one\ntwo\nthree\n";
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", text, strlen(text));
    (void)given_reply(client, "200", "TYPE A");
    size_t sent = given_retrieved(client, path).size;
    const struct reply *reply = command(client, "SIZE %s", path);
    (void)given_reply(client, "200", "TYPE I");
    if (reply->code != 213)
        return; /* refused, which is allowed */
    if (strtoull(reply->text, NULL, 10) != sent)
        fail(exam,
             exam_format(exam, "in TYPE A, what RETR sends in TYPE A (%zu bytes), or 550", sent),
             "213 %s", reply->text);
}

/* The parameter: a command up to the path of a file that does not exist. */
static void missing(struct exam *exam)
{
    struct client *client = given_session(exam);
    const struct reply *reply =
        command(client, "%s %s", (const char *)exam->test->parameter, own_path(exam, "missing"));
    skip_unknown(client, reply, exam->test->parameter);
    expect_code(client, reply, "550");
}

static void size_of_directory(struct exam *exam)
{
    struct client *client = given_session(exam);
    const struct reply *reply = command(client, "SIZE %s", given_directory(exam, "directory"));
    if (reply->code == 213)
        fail(exam, "550: a directory cannot be transferred", "213 %s", reply->text);
}

static const struct test tests[] = {
    {
        .name = "rfc3659.size.form",
        .severity = SEVERITY_ERROR,
        .feature = "SIZE",
        .title = "SIZE is answered with \"213 \", digits and nothing else",
        .reason = "RFC 3659, section 4.1: the format MUST be exactly as specified, and multi-line "
                  "responses are not permitted. Clients read the number to the end of the line.",
        .remedy = "Send the number alone.",
        .run = size_form,
    },
    {
        .name = "rfc3659.size.exact",
        .severity = SEVERITY_ERROR,
        .feature = "SIZE",
        .after = "rfc959.stor.empty",
        .title = "in TYPE I, SIZE is the number of bytes of the file",
        .reason = "RFC 3659, section 4: this is the exact number of octets that would be "
                  "transmitted. Clients resume uploads there and check downloads with it.",
        .remedy = "Answer the size of the file as the file system has it now.",
        .run = size_exact,
    },
    {
        .name = "rfc3659.size.after-append",
        .severity = SEVERITY_ERROR,
        .feature = "SIZE",
        .after = "rfc3659.size.exact",
        .title = "SIZE follows a file that grows",
        .reason = "RFC 3659, section 4: the number is that of a transfer made now. A size from a "
                  "cache makes the client resume at the wrong byte.",
        .remedy = "Ask the file system each time.",
        .run = size_after_append,
    },
    {
        .name = "rfc3659.size.ascii",
        .severity = SEVERITY_ERROR,
        .feature = "SIZE",
        .after = "rfc959.type.ascii",
        .title = "in TYPE A, SIZE counts converted bytes or is refused",
        .reason = "RFC 3659, section 4: the result depends on the TYPE, and estimates MUST NOT be "
                  "returned. Clients that compare it with what came find the file damaged.",
        .remedy = "Answer 550 in TYPE A, or count the ends of lines.",
        .run = size_ascii,
    },
    {
        .name = "rfc3659.size.missing",
        .severity = SEVERITY_WARNING,
        .feature = "SIZE",
        .title = "SIZE of a missing file is refused with 550",
        .reason = "RFC 3659, section 4.2: if the pathname identifies no existing entity, a 550 "
                  "reply should be sent. Clients look with SIZE whether a file exists.",
        .remedy = "Answer 550.",
        .run = missing,
        .parameter = "SIZE",
    },
    {
        .name = "rfc3659.size.directory",
        .severity = SEVERITY_WARNING,
        .feature = "SIZE",
        .title = "SIZE of a directory is refused",
        .reason = "RFC 3659, section 4.2: 550 should be sent if the entity cannot be transferred. "
                  "Clients find out with SIZE whether a name is a file's.",
        .remedy = "Answer 550 unless the name is a plain file's.",
        .run = size_of_directory,
    },
};

const struct group group_sizes = {
    .name = "sizes",
    .title = "Sizes of files",
    .tests = tests,
    .count = ELEMENTS(tests),
};
