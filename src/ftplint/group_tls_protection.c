/* PBSZ and PROT: what is agreed upon for data connections (RFC 2228, RFC 4217). */
#include "ftplint/secure.h"

#include "lib/cleanup.h"

#include <string.h>

static void refused_in_clear(struct exam *exam)
{
    const char *line = exam->test->parameter;
    struct client *client = given_clear(exam);
    expect(client, "4 5|a refusal: there is no TLS on this connection", "%s", line);
}

static void prot_before_pbsz(struct exam *exam)
{
    struct client *client = given_unprotected(exam);
    expect(client, "503", "PROT P");
}

static void pbsz_zero(struct exam *exam)
{
    struct client *client = given_unprotected(exam);
    expect(client, "200", "PBSZ 0");
}

static void pbsz_large(struct exam *exam)
{
    struct client *client = given_unprotected(exam);
    expect(client, "200", "PBSZ 32768");
}

static void pbsz_smaller(struct exam *exam)
{
    struct client *client = given_unprotected(exam);
    const struct reply *reply = command(client, "PBSZ 32768");
    if (reply->code != 200)
        skip(exam, "the server refuses PBSZ 32768: %u %s", reply->code, reply->text);
    if (!strcasestr(reply->text, "PBSZ=0"))
        fail(exam, "PBSZ=0 in the text of the reply: TLS knows no such blocks", "%u %s",
             reply->code, reply->text);
}

static void pbsz_malformed(struct exam *exam)
{
    static const char *const arguments[] = {"x", "-1", "4294967296"};
    struct client *client = given_unprotected(exam);
    for (size_t i = 0; i < ELEMENTS(arguments); i++) {
        const struct reply *reply = command(client, "PBSZ %s", arguments[i]);
        if (!reply_is(reply, "501 500 504"))
            fail(exam, "501 for what is no number from 0 to 4294967295", "PBSZ %s: %u %s",
                 arguments[i], reply->code, reply->text);
    }
}

static void prot_private(struct exam *exam)
{
    struct client *client = given_unprotected(exam);
    exam->given++;
    expect(client, "200", "PBSZ 0");
    exam->given--;
    expect(client, "200", "PROT P");
}

static void prot_other_levels(struct exam *exam)
{
    const char *level = exam->test->parameter;
    struct client *client = given_unprotected(exam);
    exam->given++;
    expect(client, "200", "PBSZ 0");
    exam->given--;
    expect(client, "5|a refusal: TLS knows the levels C and P", "PROT %s", level);
}

#define OTHER_LEVEL(level, word)                                                                   \
    {                                                                                              \
        .name = "rfc2228.prot." word, .severity = SEVERITY_WARNING,                                \
        .flags = TEST_READ_ONLY | TEST_TLS, .after = "rfc2228.pbsz.zero",                          \
        .title = "PROT " level " is refused: TLS has no such level",                               \
        .reason = "RFC 4217, section 9: with TLS only C (clear) and P (private) exist; RFC 2228, " \
                  "section 3, answers others with 536 or 504. A client that is told 200 does not " \
                  "know what protects its data.",                                                  \
        .remedy = "Answer S and E with 536 and every other level with 504.",                       \
        .run = prot_other_levels, .parameter = level,                                              \
    }

static const struct test tests[] = {
    {
        .name = "rfc2228.pbsz.in-clear",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .title = "PBSZ before AUTH is refused",
        .reason = "RFC 2228, section 3, and RFC 4217, section 9: PBSZ must be preceded by a "
                  "successful AUTH. A server that agrees lets the client believe in protection.",
        .remedy = "Answer PBSZ without TLS with 503.",
        .run = refused_in_clear,
        .parameter = "PBSZ 0",
    },
    {
        .name = "rfc2228.prot.in-clear",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_TLS,
        .title = "PROT P before AUTH is refused",
        .reason = "RFC 4217, section 9: data connections cannot be secured while the control "
                  "connection is in clear.",
        .remedy = "Answer PROT without TLS with 503.",
        .run = refused_in_clear,
        .parameter = "PROT P",
    },
    {
        .name = "rfc2228.pbsz.zero",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .title = "PBSZ 0 under TLS is answered with 200",
        .reason = "RFC 4217, section 9: PBSZ 0 is compulsory before PROT, and RFC 2228, section 3, "
                  "answers it with 200. Clients that get anything else give up.",
        .remedy = "Answer PBSZ 0 under TLS with 200.",
        .run = pbsz_zero,
    },
    {
        .name = "rfc2228.pbsz.size",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .after = "rfc2228.pbsz.zero",
        .title = "PBSZ with another size is answered with 200 as well",
        .reason = "RFC 2228, section 3: every number that fits in 32 bits is answered with 200, "
                  "and a size that is too large is answered with the smaller one.",
        .remedy = "Answer PBSZ 32768 with \"200 PBSZ=0\".",
        .run = pbsz_large,
    },
    {
        .name = "rfc2228.pbsz.smaller",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .after = "rfc2228.pbsz.size",
        .title = "PBSZ with a size is answered with PBSZ=0",
        .reason = "RFC 2228, section 3: a server to which the size is too large says so by "
                  "\"PBSZ=number\"; TLS has records of its own, and the number is 0 (RFC 4217, "
                  "section 9).",
        .remedy = "Answer PBSZ 32768 with \"200 PBSZ=0\".",
        .run = pbsz_smaller,
    },
    {
        .name = "rfc2228.pbsz.malformed",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .after = "rfc2228.pbsz.zero",
        .title = "PBSZ with what is no number of 32 bits is answered with 501",
        .reason = "RFC 2228, section 3: 501 if the argument cannot be parsed or does not fit in 32 "
                  "bits.",
        .remedy = "Check the argument of PBSZ.",
        .run = pbsz_malformed,
    },
    {
        .name = "rfc2228.prot.before-pbsz",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .title = "PROT before PBSZ is answered with 503",
        .reason = "RFC 2228, section 3: PROT is rejected, and 503 said, if no PBSZ came before. "
                  "Clients that were only tried with a lenient server fail with others.",
        .remedy = "Demand PBSZ before PROT.",
        .run = prot_before_pbsz,
    },
    {
        .name = "rfc4217.prot.private",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY | TEST_TLS,
        .after = "rfc2228.pbsz.zero",
        .title = "PROT P under TLS is accepted",
        .reason =
            "RFC 4217, section 9: P is the level that puts data connections under TLS. Section "
            "10.2 lets a server refuse it, but then all files and listings go in clear.",
        .remedy = "Accept PROT P; if data connections cannot be under TLS, do not announce PROT.",
        .run = prot_private,
    },
    OTHER_LEVEL("S", "safe"),
    OTHER_LEVEL("E", "confidential"),
    OTHER_LEVEL("X", "unknown-level"),
};

const struct group group_tls_protection = {
    .name = "tls-protection",
    .title = "TLS: PBSZ and PROT",
    .tests = tests,
    .count = ELEMENTS(tests),
};
