/* What a server tells of itself: HELP, SYST, STAT, SITE. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <string.h>

/* .parameter: a command that every server should know, and its codes. */
struct question {
    const char *line;
    const char *codes;
};

static void answered(struct exam *exam)
{
    const struct question *question = exam->test->parameter;
    expect(given_session(exam), question->codes, "%s", question->line);
}

/* True if LIST has WORD between spaces. */
static bool has_word(const char *list, const char *word, size_t size)
{
    for (const char *at = list; (at = strstr(at, word)); at++)
        if ((at == list || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
            return true;
    return false;
}

/* The next word of capital letters in *AT, 3 to 8 of them; its size, or 0 at the end. A star behind
 * it says "not implemented" (wu-ftpd, ProFTPD): such a word is passed over. */
static size_t next_verb(const char **at, char *word)
{
    static const char capitals[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (; **at; (*at)++) {
        size_t size = strspn(*at, capitals);
        char behind = (*at)[size];
        if (size >= 3 && size <= 8 && (behind == ' ' || behind == '\0' || behind == '\t')) {
            memcpy(word, *at, size);
            word[size] = '\0';
            *at += size;
            return size;
        }
        *at += strcspn(*at, " \t");
        if (!**at)
            break;
    }
    return 0;
}

/* True if REPLY says of WORD what UNKNOWN says of the word FLNT, which no server knows. */
static bool as_unknown(struct exam *exam, const struct reply *reply, const char *word,
                       const struct reply *unknown)
{
    const char *at = strstr(unknown->text, "FLNT");
    const char *text =
        at ? exam_format(exam, "%.*s%s%s", (int)(at - unknown->text), unknown->text, word, at + 4)
           : unknown->text;
    return reply->code == unknown->code && reply->count == unknown->count &&
           strcmp(reply->text, text) == 0;
}

/* Without an argument these are harmless, and a server that knows them says 501 or the like. Others
 * are not tried: they end the session, open ports, or would be harmful if the server took no
 * argument for "everything". */
static void help_honest(struct exam *exam)
{
    static const char safe[] =
        "ACCT ALLO APPE AVBL CLNT CWD EPRT FEAT HASH HELP MDTM MFCT MFF MFMT MKD "
        "MLST MODE NOOP OPTS PORT PWD RANG REST RETR RNFR RNTO SITE "
        "SIZE SMNT STAT STOR STRU SYST TYPE XCRC XCWD XMD5 XMKD XPWD XSHA";
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *help = command(client, "HELP");
    if (!reply_is(help, "211 214"))
        skip(exam, "HELP is answered with %s", help->lines[0]);
    const struct reply *unknown = command(client, "FLNT");
    for (size_t i = 0; i < help->count; i++) {
        const char *at = help->lines[i] + (i == 0 ? 4 : 0);
        char word[9];
        for (size_t size; (size = next_verb(&at, word)) > 0;) {
            if (!has_word(safe, word, size))
                continue;
            const struct reply *reply = command(client, "%s", word);
            if (reply->code == 502 || as_unknown(exam, reply, word, unknown))
                fail(exam, "another reply than that to an unknown command: HELP lists it",
                     "%s is answered with \"%s\"", word, reply->lines[0]);
        }
    }
}

static void system_name(struct exam *exam)
{
    struct client *client = given_session(exam);
    const struct reply *reply = command(client, "SYST");
    if (reply->code != 215)
        skip(exam, "SYST is answered with %s", reply->lines[0]);
    if (!isalpha((unsigned char)reply->text[0]))
        fail(exam, "a system's name, such as \"UNIX Type: L8\"", "\"%s\"", reply->text);
}

static void stat_type(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "STAT");
    if (!reply_is(reply, "2"))
        skip(exam, "STAT is answered with %s", reply->lines[0]);
    if (!reply_is(reply, "211"))
        fail(exam, "211: STAT without an argument tells the state", "%s", reply->lines[0]);
}

static void site_unknown(struct exam *exam)
{
    const struct reply *reply = command(given_session(exam), "SITE FTPLINT");
    if (!reply_is(reply, "5 202"))
        fail(exam, "500 or 504 (or 202): there is no SITE FTPLINT", "%s", reply->lines[0]);
}

/* Only well-known SITE commands are tried: what others do without an argument nobody knows. */
static void site_honest(struct exam *exam)
{
    static const char safe[] = "CHGRP CHMOD IDLE QUOTA SYMLINK UMASK UTIME";
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *help = command(client, "SITE HELP");
    if (!reply_is(help, "200 211 214"))
        skip(exam, "SITE HELP is answered with %s", help->lines[0]);
    const struct reply *unknown = command(client, "SITE FLNT");
    for (size_t i = 0; i < help->count; i++) {
        const char *at = help->lines[i] + (i == 0 ? 4 : 0);
        char word[9];
        for (size_t size; (size = next_verb(&at, word)) > 0;) {
            if (!has_word(safe, word, size))
                continue;
            const struct reply *reply = command(client, "SITE %s", word);
            if (reply->code == 502 || as_unknown(exam, reply, word, unknown))
                fail(exam, "another reply than that to an unknown command: SITE HELP lists it",
                     "SITE %s is answered with \"%s\"", word, reply->lines[0]);
        }
    }
}

static const struct question syst = {"SYST", "2"};
static const struct question help = {"HELP", "2"};
static const struct question help_verb = {"HELP NOOP", "211 214"};
static const struct question status = {"STAT", "2"};

static const char minimum[] = "RFC 1123, section 4.1.2.13, lists the commands that every server "
                              "MUST support, and this is one of them.";

static const struct test tests[] = {
    {
        .name = "rfc959.syst.code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "SYST succeeds",
        .reason = "RFC 1123, section 4.1.2.13, demands the command of every server; RFC 959, "
                  "section 5.4, lists 215 as its only success. Clients choose by the reply how "
                  "they read listings.",
        .remedy = "Answer \"215 UNIX Type: L8\" if listings look like those of ls -l.",
        .run = answered,
        .parameter = &syst,
    },
    {
        .name = "practice.syst.name",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "the reply to SYST begins with a system's name",
        .reason = "RFC 959, section 4.1.3: the first word is an official system name. Clients "
                  "choose by it how they read the lines of LIST.",
        .remedy = "Answer \"215 UNIX Type: L8\" if listings look like those of ls -l.",
        .run = system_name,
    },
    {
        .name = "rfc1123.help.code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "HELP succeeds",
        .reason = minimum,
        .remedy = "Answer 214 with the list of the commands.",
        .run = answered,
        .parameter = &help,
    },
    {
        .name = "rfc959.help.verb",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc1123.help.code",
        .title = "HELP of a command is answered with 211 or 214",
        .reason = "RFC 959, section 4.1.3: HELP may take an argument, a command's name for "
                  "instance, and answers with 211 or 214.",
        .remedy = "Describe the command, or answer as to HELP alone.",
        .run = answered,
        .parameter = &help_verb,
    },
    {
        .name = "practice.help.honest",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc1123.help.code",
        .title = "the commands that HELP lists are known",
        .reason = "People, and some clients, ask HELP what a server can do. A star behind the verb "
                  "tells by custom that it is not implemented.",
        .remedy = "Make the list out of the table by which commands are looked up.",
        .run = help_honest,
    },
    {
        .name = "rfc1123.stat.code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "STAT succeeds",
        .reason = minimum,
        .remedy = "Answer 211 and tell the state of the session.",
        .run = answered,
        .parameter = &status,
    },
    {
        .name = "rfc959.stat.state",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "rfc1123.stat.code",
        .title = "STAT without an argument is answered with 211",
        .reason = "RFC 959, sections 4.1.3 and 4.2.1: without an argument STAT tells the state of "
                  "the server, which is 211; 212 and 213 are for directories and files.",
        .remedy = "Answer 211.",
        .run = stat_type,
    },
    {
        .name = "rfc959.site.unknown",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "an unknown SITE command is refused",
        .reason = "RFC 959, section 5.4, lists 500 and 501 for it, and 202 for a command that does "
                  "nothing here. A client that hears 200 believes that something was done.",
        .remedy = "Answer 500, 501 or 504.",
        .run = site_unknown,
    },
    {
        .name = "practice.site.honest",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "the commands that SITE HELP lists are known",
        .reason = "RFC 959, section 4.1.3, leaves it to HELP SITE and the like to tell which SITE "
                  "commands there are; clients read that list to offer CHMOD or UTIME.",
        .remedy = "Make the list out of the table by which SITE commands are looked up.",
        .run = site_honest,
    },
};

const struct group group_information = {
    .name = "information",
    .title = "HELP, SYST, STAT, SITE",
    .tests = tests,
    .count = ELEMENTS(tests),
};
