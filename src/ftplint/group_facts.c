/* What the server tells about one file: SIZE, MDTM and the setting of times. See catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- SIZE ------------------------------------------------------------------------------------- */

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

/* --- missing files: a table ------------------------------------------------------------------- */

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

/* --- MDTM ------------------------------------------------------------------------------------- */

/* The time of "YYYYMMDDhhmmss" with or without a fraction; false if it is none. */
static bool read_time(const char *text, time_t *ret)
{
    struct tm parts = {.tm_isdst = 0};
    if (strspn(text, "0123456789") != 14)
        return false;
    const char *end = strptime(text, "%Y%m%d%H%M%S", &parts);
    if (end != text + 14)
        return false;
    *ret = timegm(&parts);
    return true;
}

/* MDTM's time of PATH, as a step. */
static time_t given_time(struct client *client, const char *path)
{
    const struct reply *reply = given_reply(client, "213", "MDTM %s", path);
    time_t when;
    if (!read_time(reply->text, &when))
        blocked(client->exam, "MDTM tells no time: %u %s", reply->code, reply->text);
    return when;
}

static void time_form(struct exam *exam)
{
    struct client *client = given_session(exam);
    const struct reply *reply = expect(client, "213", "MDTM %s", given_file(exam, "file", "x", 1));
    time_t when;
    const char *rest = reply->text + strspn(reply->text, "0123456789");
    bool fraction = rest[0] == '.' && rest[1] && strspn(rest + 1, "0123456789") == strlen(rest + 1);
    if (reply->count > 1 || !read_time(reply->text, &when) || (*rest && !fraction))
        fail(exam,
             "\"213 \", then YYYYMMDDhhmmss (and perhaps a point and digits) and nothing else",
             "\"%s\"", reply->lines[0]);
}

/* A file that was stored just now: a difference that is a zone's is one. */
static void time_utc(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", "x", 1);
    long away = (long)(given_time(client, path) - time(NULL));
    long size = labs(away), quarter = 15L * 60;
    long past = size % quarter;
    if (size < quarter / 2)
        return;
    if (size <= 15L * 3600 && (past < 120 || past > quarter - 120))
        fail(exam, "the time in UTC of a file that was stored just now",
             "a time %ld minutes %s it, which is the difference to a local time", size / 60,
             away < 0 ? "before" : "after");
    note(exam, "the server's clock and this machine's are %ld s apart", size);
}

static void time_advances(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", "x", 1);
    time_t first = given_time(client, path);
    (void)given_reply(client, "213 2", "MFMT 20010203040506 %s", path);
    given_stored(client, bytes_of("y"), path);
    time_t second = given_time(client, path);
    if (second < first)
        fail(exam, "the time of the upload, after a file of 2001 was replaced",
             "a time %ld s before the file was made first", (long)(first - second));
}

/* --- the setting of times --------------------------------------------------------------------- */

/* How one of the commands that set a time is written: "MFMT %s %s", the time and the path. */
static const struct reply *set_time(struct client *client, const char *when, const char *path)
{
    const char *verb = client->exam->test->parameter;
    bool facts = strcmp(verb, "MFF") == 0;
    const struct reply *reply =
        command(client, "%s %s%s%s %s", verb, facts ? "Modify=" : "", when, facts ? ";" : "", path);
    skip_unknown(client, reply, verb);
    return reply;
}

static void time_set(struct exam *exam)
{
    /* Summer and winter, a leap day, before 1970 is nobody's business. */
    static const char *const times[] = {"20200229123456", "19990701000000", "20211231235959"};
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", "x", 1);
    for (size_t i = 0; i < ELEMENTS(times); i++) {
        const struct reply *reply = set_time(client, times[i], path);
        if (strcmp(exam->test->parameter, "MDTM") == 0 && !reply_is(reply, "2"))
            skip(exam, "MDTM sets no times here: %u %s", reply->code, reply->text);
        expect_code(client, reply, "213 2");
        const struct reply *told = given_reply(client, "213", "MDTM %s", path);
        if (strncmp(told->text, times[i], 14) != 0)
            fail(exam,
                 exam_format(exam, "MDTM tells %s, which was set before and answered with %u",
                             times[i], reply->code),
                 "213 %s", told->text);
    }
}

static void time_set_form(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", "x", 1);
    const struct reply *reply = given_reply(client, "2", "MFMT 20200229123456 %s", path);
    if (reply->code != 213 || strncasecmp(reply->text, "Modify=20200229123456", 21) != 0 ||
        !strstr(reply->text, "; "))
        fail(exam, "213 Modify=20200229123456; and the path", "%u %s", reply->code, reply->text);
}

static void time_set_invalid(struct exam *exam)
{
    static const char *const times[] = {"20201301000000", "20200230000000", "20200101250000",
                                        "2020010100", "yesterday"};
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", "x", 1);
    const char *taken = "";
    for (size_t i = 0; i < ELEMENTS(times); i++) {
        const struct reply *reply = command(client, "MFMT %s %s", times[i], path);
        if (reply_is(reply, "2"))
            taken = exam_format(exam, "%s%s%s: %u %s", taken, *taken ? "; " : "", times[i],
                                reply->code, reply->text);
    }
    if (*taken)
        fail(exam, "501 for a time that there is not", "%s", taken);
}

/* RFC 3659, section 3.4: what stands behind MDTM is a name, even if it begins like a time. */
static void time_like_name(struct exam *exam)
{
    struct client *client = given_session(exam);
    exam->given++;
    expect(client, "250 200", "CWD %s", given_folder(exam));
    exam->given--;
    (void)given_file(exam, "20010203040506 file", "x", 1);
    const struct reply *reply = command(client, "MDTM 20010203040506 file");
    if (reply->code != 213 || strspn(reply->text, "0123456789") < 14 ||
        strncmp(reply->text, "20010203040506", 14) == 0)
        fail(exam, "213 and the time of the file \"20010203040506 file\"", "%u %s", reply->code,
             reply->text);
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
        .after = "rfc959.stor.round-trip",
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
    {
        .name = "rfc3659.mdtm.form",
        .severity = SEVERITY_ERROR,
        .feature = "MDTM",
        .title = "MDTM is answered with \"213 \", a time of 14 digits and nothing else",
        .reason = "RFC 3659, sections 2.3 and 3.1: the format MUST be exactly as specified: "
                  "YYYYMMDDHHMMSS, and perhaps a fraction.",
        .remedy = "Send the time alone.",
        .run = time_form,
    },
    {
        .name = "rfc3659.mdtm.utc",
        .severity = SEVERITY_ERROR,
        .feature = "MDTM",
        .after = "rfc3659.mdtm.form",
        .title = "MDTM tells the time in UTC",
        .reason = "RFC 3659, section 2.3: time values are always represented in UTC (GMT). With "
                  "local times, a client that mirrors fetches everything again or misses what is "
                  "new.",
        .remedy = "Convert with gmtime() (vsftpd: use_localtime=NO, ProFTPD: TimesGMT on).",
        .run = time_utc,
    },
    {
        .name = "rfc3659.mdtm.missing",
        .severity = SEVERITY_WARNING,
        .feature = "MDTM",
        .title = "MDTM of a missing file is refused with 550",
        .reason = "RFC 3659, section 3.2: if the pathname identifies no existing entity, a 550 "
                  "reply should be sent.",
        .remedy = "Answer 550.",
        .run = missing,
        .parameter = "MDTM",
    },
    {
        .name = "rfc3659.mdtm.advances",
        .severity = SEVERITY_ERROR,
        .feature = "MFMT",
        .after = "rfc3659.mdtm.form",
        .title = "a file that is replaced has the time of its new content",
        .reason = "RFC 3659, section 3: the time is that of the last modification. Mirrors find "
                  "what is new by it.",
        .remedy = "Leave the time of the file to the file system, or set it when 226 is sent.",
        .run = time_advances,
    },
    {
        .name = "practice.mdtm.name-like-time",
        .severity = SEVERITY_NOTE,
        .feature = "MDTM",
        .after = "rfc3659.mdtm.form",
        .title = "what follows MDTM is a name, even if it begins like a time",
        .reason = "RFC 3659, section 3.4 has this as an example: the name may begin with 14 "
                  "digits. Servers that set a time instead, as some clients expect, should try "
                  "the whole as a name first.",
        .remedy = "Look whether there is a file of that name before taking the digits for a time.",
        .run = time_like_name,
    },
    {
        .name = "practice.mdtm.sets",
        .severity = SEVERITY_ERROR,
        .feature = "MDTM",
        .after = "rfc3659.mdtm.form",
        .title = "MDTM with a time before the name sets it in UTC, or is refused",
        .reason = "Common practice of clients before MFMT. A server that answers 2yz and sets "
                  "nothing, or a time of its own zone, gives the user's files wrong dates.",
        .remedy = "Take the time as UTC, or answer 550 (there is no such file) as RFC 3659 has it.",
        .run = time_set,
        .parameter = "MDTM",
    },
    {
        .name = "practice.mfmt.sets",
        .severity = SEVERITY_ERROR,
        .feature = "MFMT",
        .after = "rfc3659.mdtm.form",
        .title = "MFMT sets the time that MDTM tells",
        .reason = "draft-somers-ftp-mfxx, section 3: the command modifies the last modification "
                  "time, in UTC. Clients that mirror upwards compare it the next day.",
        .remedy = "Convert the time as UTC (timegm()) and set it on the file.",
        .run = time_set,
        .parameter = "MFMT",
    },
    {
        .name = "practice.mff.sets",
        .severity = SEVERITY_ERROR,
        .feature = "MFF",
        .after = "rfc3659.mdtm.form",
        .title = "MFF with Modify= sets the time that MDTM tells",
        .reason = "draft-somers-ftp-mfxx, section 5: the command modifies the facts that it names; "
                  "a time is in UTC.",
        .remedy = "Convert the time as UTC (timegm()) and set it on the file.",
        .run = time_set,
        .parameter = "MFF",
    },
    {
        .name = "practice.mfmt.form",
        .severity = SEVERITY_WARNING,
        .feature = "MFMT",
        .title = "MFMT is answered with \"213 Modify=TIME; PATH\"",
        .reason = "draft-somers-ftp-mfxx, section 3.1: the server MUST respond with 213 and the "
                  "time as it was set, which clients are asked to read.",
        .remedy = "Send \"213 Modify=\", the time, \"; \" and the path.",
        .run = time_set_form,
    },
    {
        .name = "practice.mfmt.invalid",
        .severity = SEVERITY_WARNING,
        .feature = "MFMT",
        .title = "MFMT with a time that there is not is refused",
        .reason = "draft-somers-ftp-mfxx, section 3.2: if the date or time is invalid, a 501 reply "
                  "MUST be sent; the 30th of February must not become the 1st of March.",
        .remedy = "Check each part of the time against the calendar.",
        .run = time_set_invalid,
    },
    {
        .name = "practice.mfmt.missing",
        .severity = SEVERITY_WARNING,
        .feature = "MFMT",
        .title = "MFMT of a missing file is refused with 550",
        .reason = "draft-somers-ftp-mfxx, section 3.2: if the pathname identifies no existing "
                  "object, a 550 reply SHOULD be sent.",
        .remedy = "Answer 550, and create nothing.",
        .run = missing,
        .parameter = "MFMT 20200229123456",
    },
};

const struct group group_facts = {
    .name = "facts",
    .title = "Sizes and times",
    .tests = tests,
    .count = ELEMENTS(tests),
};
