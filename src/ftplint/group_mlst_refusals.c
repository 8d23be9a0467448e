/* What MLST and MLSD refuse: names of nothing, files as directories, patterns. See catalogue.h. */
#include "ftplint/stock.h"

#include "lib/cleanup.h"

static void mlst_missing(struct exam *exam)
{
    struct client *client = given_session(exam);
    const struct reply *reply = command(client, "MLST %s", stock_path(exam, "missing"));
    expect_code(client, reply, "4 5|a refusal: nothing has that name");
}

static void mlst_missing_code(struct exam *exam)
{
    struct client *client = given_session(exam);
    const struct reply *reply = command(client, "MLST %s", stock_path(exam, "missing"));
    if (reply_is(reply, "2"))
        blocked(exam, "it is not refused");
    expect_code(client, reply, "550");
}

static void mlst_literal(struct exam *exam)
{
    struct client *client = given_stock_session(exam);
    expect(client, "4 5|a refusal: no file is called \"plain.*\"", "MLST plain.*");
}

/* MLSD of NAME in the stock: its one reply, without a data connection being used. */
static const struct reply *mlsd_refusal(struct exam *exam, const char *name)
{
    struct client *client = given_session(exam);
    return try_retrieve(client, DATA_ANY, "MLSD %s", stock_path(exam, name)).reply;
}

static void mlsd_missing(struct exam *exam)
{
    const struct reply *reply = mlsd_refusal(exam, "missing");
    expect_code(given_session(exam), reply, "4 5|a refusal: nothing has that name");
}

static void mlsd_file(struct exam *exam)
{
    const struct reply *reply = mlsd_refusal(exam, STOCK_FILE);
    expect_code(given_session(exam), reply, "4 5|a refusal: a file is no directory");
}

static void mlsd_file_code(struct exam *exam)
{
    const struct reply *reply = mlsd_refusal(exam, STOCK_FILE);
    if (reply_is(reply, "2"))
        blocked(exam, "it is not refused");
    expect_code(given_session(exam), reply, "501");
}

static void mlsd_literal(struct exam *exam)
{
    const struct reply *reply = mlsd_refusal(exam, "fold*");
    expect_code(given_session(exam), reply,
                "4 5|a refusal: there is no directory with the name \"fold*\"");
}

static const struct test tests[] = {
    {
        .name = "rfc3659.mlst.missing",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .title = "MLST of a name that does not exist is refused",
        .reason = "RFC 3659, section 7.2.1: a name that does not exist elicits an error. Clients "
                  "ask by MLST whether a file is there.",
        .remedy = "Answer 550.",
        .run = mlst_missing,
    },
    {
        .name = "rfc3659.mlst.missing-code",
        .severity = SEVERITY_WARNING,
        .feature = "MLST",
        .after = "rfc3659.mlst.missing",
        .title = "MLST of a name that does not exist is refused with 550",
        .reason = "RFC 3659, section 7.2.1, names 550 for it. With another code a client cannot "
                  "tell a missing file from a command that is not known.",
        .remedy = "Answer 550.",
        .run = mlst_missing_code,
    },
    {
        .name = "rfc3659.mlst.literal",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlst.missing",
        .title = "MLST takes a name with * for a name",
        .reason = "RFC 3659, section 2.2.2: no pattern matching is permitted. A client that asks "
                  "for one file gets facts of another.",
        .remedy = "Do not expand patterns in the argument of MLST and MLSD.",
        .run = mlst_literal,
    },
    {
        .name = "rfc3659.mlsd.missing",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.codes",
        .title = "MLSD of a name that does not exist is refused",
        .reason = "RFC 3659, section 7.2.1: a name that does not exist elicits 550. A client that "
                  "gets an empty listing takes the directory for empty.",
        .remedy = "Answer 550 and leave the data connection alone.",
        .run = mlsd_missing,
    },
    {
        .name = "rfc3659.mlsd.file",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.codes",
        .title = "MLSD of a file is refused",
        .reason = "RFC 3659, section 7.1: MLSD lists a directory; for anything else it opens no "
                  "data connection. Clients use it to tell files from directories.",
        .remedy = "Answer 501.",
        .run = mlsd_file,
    },
    {
        .name = "rfc3659.mlsd.file-code",
        .severity = SEVERITY_WARNING,
        .feature = "MLST",
        .after = "rfc3659.mlsd.file",
        .title = "MLSD of a file is refused with 501",
        .reason = "RFC 3659, sections 7.1 and 7.2.1: it issues a 501 reply, so that a client can "
                  "tell it from a name that does not exist (550).",
        .remedy = "Answer 501.",
        .run = mlsd_file_code,
    },
    {
        .name = "rfc3659.mlsd.literal",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.missing",
        .title = "MLSD takes a name with * for a name",
        .reason = "RFC 3659, section 2.2.2: no pattern matching is permitted. A client that lists "
                  "one directory gets another.",
        .remedy = "Do not expand patterns in the argument of MLST and MLSD.",
        .run = mlsd_literal,
    },
};

const struct group group_mlst_refusals = {
    .name = "mlst-refusals",
    .title = "MLST and MLSD: what is refused",
    .tests = tests,
    .count = ELEMENTS(tests),
};
