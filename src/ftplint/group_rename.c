/* Renaming: RNFR and RNTO, and what they do. See catalogue.h. */
#include "ftplint/presence.h"

#include "lib/cleanup.h"

#include <string.h>

/* RNFR, which a test stands on. */
static void given_from(struct client *client, const char *path)
{
    client->exam->given++;
    expect(client, "3", "RNFR %s", path);
    client->exam->given--;
}

static void rnfr_code(struct exam *exam)
{
    const char *path = given_text(exam, "old", "a file");
    struct client *client = given_login(exam, ACCOUNT_USER);
    expect(client, "3", "RNFR %s", path);
}

static void rnto_code(struct exam *exam)
{
    const char *path = given_text(exam, "old", "a file");
    struct client *client = given_session(exam);
    given_from(client, path);
    const struct reply *reply = command(client, "RNTO %s", own_path(exam, "new"));
    if (!reply_is(reply, "2"))
        blocked(exam, "RNTO is refused: %u %s", reply->code, reply->text);
    expect_code(client, reply, "250");
}

static void file(struct exam *exam)
{
    const char *from = given_text(exam, "old", "a file");
    const char *to = own_path(exam, "new");
    struct client *client = given_session(exam);
    given_from(client, from);
    expect(client, "2|that the file is renamed", "RNTO %s", to);
    expect_gone(exam, from, "after it was renamed");
    expect_holds(exam, to, "a file", "after the file was renamed to it");
}

static void directory(struct exam *exam)
{
    const char *from = given_directory(exam, "old");
    given_text(exam, "old/file", "a file");
    struct client *client = given_session(exam);
    given_from(client, from);
    expect(client, "2|that the directory is renamed", "RNTO %s", own_path(exam, "new"));
    expect_gone(exam, from, "after it was renamed");
    expect_holds(exam, own_path(exam, "new/file"), "a file",
                 "after its directory \"old\" was renamed to \"new\"");
}

static void move(struct exam *exam)
{
    given_directory(exam, "here");
    given_directory(exam, "there");
    const char *from = given_text(exam, "here/old", "a file");
    struct client *client = given_session(exam);
    given_from(client, from);
    expect(client, "2|that the file is moved to another directory", "RNTO %s",
           own_path(exam, "there/new"));
    expect_gone(exam, from, "after it was moved to another directory");
    expect_holds(exam, own_path(exam, "there/new"), "a file", "after the file was moved to it");
}

static void relative(struct exam *exam)
{
    given_directory(exam, "sub");
    const char *outer = given_text(exam, "old", "outer");
    given_text(exam, "sub/old", "inner");
    struct client *client = given_session(exam);
    given_place(client, own_path(exam, "sub"));
    given_from(client, "old");
    expect(client, "2|that the file in the working directory is renamed", "RNTO new");
    expect_holds(exam, own_path(exam, "sub/new"), "inner", "after RNFR old and RNTO new in sub");
    expect_there(exam, outer, "after a file of the same name was renamed in another directory");
}

static void missing(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "RNFR %s", own_path(exam, "missing"));
    if (reply_is(reply, "3")) {
        note(exam, "RNFR of a missing file is accepted; RNTO is to refuse it");
        reply = command(client, "RNTO %s", own_path(exam, "new"));
    }
    expect_code(client, reply, "4 5|a refusal by RNFR or RNTO: there is no such file");
}

static void missing_at_once(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    expect(client, "4 5|a refusal: there is no such file", "RNFR %s", own_path(exam, "missing"));
}

static void alone(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    expect(client, "503|RNTO comes right after RNFR or not at all", "RNTO %s",
           own_path(exam, "new"));
}

/* RNFR, something else, RNTO. */
static void not_immediate(struct exam *exam)
{
    const char *path = given_text(exam, "old", "a file");
    struct client *client = given_login(exam, ACCOUNT_USER);
    given_from(client, path);
    const struct reply *between = command(client, "CWD %s", given_folder(exam));
    if (!reply_is(between, "2")) {
        note(exam, "between RNFR and RNTO, CWD is refused: %u %s", between->code, between->text);
        return;
    }
    expect(client, "4 5|a refusal, best 503: CWD came between RNFR and RNTO", "RNTO %s",
           own_path(exam, "new"));
}

static void once(struct exam *exam)
{
    const char *path = given_text(exam, "old", "a file");
    struct client *client = given_login(exam, ACCOUNT_USER);
    given_from(client, path);
    exam->given++;
    expect(client, "2", "RNTO %s", own_path(exam, "first"));
    exam->given--;
    given_text(exam, "old", "another file");
    expect(client, "4 5|a refusal, best 503: RNFR was used up by the RNTO before", "RNTO %s",
           own_path(exam, "second"));
}

static void last_counts(struct exam *exam)
{
    const char *first = given_text(exam, "first", "the first");
    const char *second = given_text(exam, "second", "the second");
    struct client *client = given_login(exam, ACCOUNT_USER);
    given_from(client, first);
    const struct reply *again = command(client, "RNFR %s", second);
    if (!reply_is(again, "3")) {
        note(exam, "a second RNFR is refused: %u %s", again->code, again->text);
        return;
    }
    const struct reply *reply = command(client, "RNTO %s", own_path(exam, "new"));
    if (reply_is(reply, "2"))
        expect_holds(exam, own_path(exam, "new"), "the second",
                     "after RNFR first, RNFR second, RNTO new");
    expect_there(exam, first, "after a second RNFR took the place of its own");
}

static void top(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "RNFR /");
    if (!reply_is(reply, "3"))
        return;
    note(exam, "RNFR / is accepted; RNTO is to refuse it");
    expect(client, "4 5|a refusal: the top cannot be moved", "RNTO %s", own_path(exam, "new"));
}

static void spaces(struct exam *exam)
{
    const char *from = given_text(exam, "old name", "a file");
    struct client *client = given_session(exam);
    given_from(client, from);
    expect(client, "2|that the file is renamed", "RNTO %s", own_path(exam, "its new name"));
    expect_holds(exam, own_path(exam, "its new name"), "a file",
                 "after the file was renamed to it");
}

static const struct test tests[] = {
    {
        .name = "rfc959.rnfr.code",
        .severity = SEVERITY_ERROR,
        .title = "RNFR of a file asks for RNTO",
        .reason = "RFC 959, sections 4.2 and 5.4: 350, a reply of the kind 3xx, says that the "
                  "server waits for RNTO. A client sends it only after that.",
        .remedy = "Answer RNFR of an existing path with 350.",
        .run = rnfr_code,
    },
    {
        .name = "rfc959.rename.file",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.rnfr.code",
        .title = "RNFR and RNTO rename a file",
        .reason = "RFC 959, section 4.1.3: together these commands cause a file to be renamed. RFC "
                  "1123, section 4.1.2.13, demands them of every server.",
        .remedy = "Answer 250 only once the file has its new name and no longer the old one.",
        .run = file,
    },
    {
        .name = "rfc959.rnto.code",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.rename.file",
        .title = "RNTO is answered with 250",
        .reason = "RFC 959, section 5.4, lists 250 as the only success of RNTO, and RFC 1123, "
                  "section 4.1.2.11, says that these codes should be used.",
        .remedy = "Answer RNTO with 250.",
        .run = rnto_code,
    },
    {
        .name = "practice.rename.directory",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.rename.file",
        .title = "RNFR and RNTO rename a directory, with what is in it",
        .reason = "RFC 959, section 4.1.3, speaks of files; every client offers it for directories "
                  "as well, as UNIX does.",
        .remedy = "Rename directories in the same way as files.",
        .run = directory,
    },
    {
        .name = "practice.rename.move",
        .severity = SEVERITY_WARNING,
        .after = "rfc959.rename.file",
        .title = "RNTO with a path moves the file to another directory",
        .reason =
            "RFC 959, section 4.1.3: RNTO's argument is a path. Clients move files by it, and "
            "uploads that are finished are moved so to where they are taken up.",
        .remedy = "Take paths in both commands, and rename across directories.",
        .run = move,
    },
    {
        .name = "rfc959.rename.relative",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.rename.file",
        .title = "RNFR and RNTO with names are about the working directory",
        .reason = "RFC 959, section 4.1.1: CWD sets the directory that the user works with, and a "
                  "name alone is the name of a file in it.",
        .remedy = "Resolve a path that does not begin with a slash from the working directory.",
        .run = relative,
    },
    {
        .name = "rfc959.rename.missing",
        .severity = SEVERITY_ERROR,
        .title = "a missing file cannot be renamed",
        .reason = "RFC 959, section 4.2: 2xx says that the action was done.",
        .remedy = "Answer RNFR, or at least RNTO, with 550 if there is no such file.",
        .run = missing,
    },
    {
        .name = "rfc959.rnfr.missing",
        .severity = SEVERITY_WARNING,
        .title = "RNFR of a missing file is refused at once",
        .reason = "RFC 959, section 5.4, lists 450 and 550 for RNFR: a file that is not there. "
                  "Clients ask by RNFR whether a file exists.",
        .remedy = "Look whether the path exists before RNFR is answered with 350.",
        .run = missing_at_once,
    },
    {
        .name = "rfc959.rnto.alone",
        .severity = SEVERITY_WARNING,
        .title = "RNTO without RNFR is answered with 503",
        .reason = "RFC 959, section 5.4, lists 503 (bad sequence of commands) for RNTO; RFC 1123, "
                  "section 4.1.2.11, says that these codes should be used.",
        .remedy = "Answer 503 if the command before was not an RNFR that was accepted.",
        .run = alone,
    },
    {
        .name = "rfc959.rnto.immediate",
        .severity = SEVERITY_NOTE,
        .title = "a command between RNFR and RNTO makes RNFR void",
        .reason = "RFC 959, section 4.1.3: RNFR must be immediately followed by RNTO. A client "
                  "that has given a rename up does not expect the next RNTO to mean that file.",
        .remedy = "Forget the path of RNFR at every other command.",
        .run = not_immediate,
    },
    {
        .name = "rfc959.rnto.once",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.rename.file",
        .title = "one RNFR is good for one RNTO",
        .reason = "RFC 959, section 4.1.3: each RNTO needs its RNFR. With a path that is kept, a "
                  "second RNTO moves a file away that nobody has named.",
        .remedy = "Forget the path of RNFR when RNTO has been answered.",
        .run = once,
    },
    {
        .name = "rfc959.rnfr.last-counts",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.rename.file",
        .title = "of two RNFR the last one counts",
        .reason = "RFC 959, section 4.1.3: RNTO is about the RNFR right before it; the first file "
                  "was given up and must stay where it is.",
        .remedy = "Replace the path that is kept at every RNFR, or refuse the second with 503.",
        .run = last_counts,
    },
    {
        .name = "robustness.rename.top",
        .severity = SEVERITY_ERROR,
        .title = "the top directory cannot be renamed",
        .reason = "Everything would be gone from where it is looked for, for every session of the "
                  "user.",
        .remedy = "Answer RNFR / with 550.",
        .run = top,
    },
    {
        .name = "rfc959.rename.spaces",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.rename.file",
        .title = "names with spaces are whole names in RNFR and RNTO",
        .reason = "RFC 959, section 5.3.2: a path is everything up to the end of the line.",
        .remedy = "Do not split the argument at spaces.",
        .run = spaces,
    },
};

const struct group group_rename = {
    .name = "rename",
    .title = "Renaming",
    .tests = tests,
    .count = ELEMENTS(tests),
};
