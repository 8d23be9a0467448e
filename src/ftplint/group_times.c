/* Times of files: MDTM, MFMT and MFF. See catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

/* The parameter: a command up to the path of a file that does not exist. */
static void missing(struct exam *exam)
{
    struct client *client = given_session(exam);
    const struct reply *reply =
        command(client, "%s %s", (const char *)exam->test->parameter, own_path(exam, "missing"));
    skip_unknown(client, reply, exam->test->parameter);
    expect_code(client, reply, "550");
}

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
        .reason = "RFC 3659, section 3.4, has this as an example: the name may begin with 14 "
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
        .reason = "Common practice of clients before MFMT. A server that answers 2xx and sets "
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

const struct group group_times = {
    .name = "times",
    .title = "Times of files",
    .tests = tests,
    .count = ELEMENTS(tests),
};
