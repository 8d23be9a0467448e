/* What a server tells of itself: HELP, SYST, STAT, SITE; and HOST and LANG, by which a client says
 * what it wants to hear. See catalogue.h. */
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

/* Without an argument these are harmless, and a server that knows them says 501 or the like. Others
 * are not tried: they end the session, open ports, or would be harmful if the server took no
 * argument for "everything". */
static void help_honest(struct exam *exam)
{
    static const char safe[] =
        "ACCT ALLO APPE AVBL CLNT CWD EPRT FEAT HASH HELP MDTM MFCT MFF MFMT MKD "
        "MLST MODE NOOP OPTS PORT PROT PWD RANG REST RETR RNFR RNTO SITE "
        "SIZE SMNT STAT STOR STRU SYST TYPE XCRC XCWD XMD5 XMKD XPWD XSHA";
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *help = command(client, "HELP");
    if (!reply_is(help, "211 214"))
        skip(exam, "HELP is answered with %s", help->lines[0]);
    for (size_t i = 0; i < help->count; i++) {
        const char *at = help->lines[i] + (i == 0 ? 4 : 0);
        char word[9];
        for (size_t size; (size = next_verb(&at, word)) > 0;) {
            if (!has_word(safe, word, size))
                continue;
            const struct reply *reply = command(client, "%s", word);
            if (reply_is(reply, "500 502") && !strcasestr(reply->text, "argument") &&
                !strcasestr(reply->text, "syntax") && !strcasestr(reply->text, "param"))
                fail(exam, "another reply than 500 or 502: HELP lists the command",
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
    for (size_t i = 0; i < help->count; i++) {
        const char *at = help->lines[i] + (i == 0 ? 4 : 0);
        char word[9];
        for (size_t size; (size = next_verb(&at, word)) > 0;) {
            if (!has_word(safe, word, size))
                continue;
            const struct reply *reply = command(client, "SITE %s", word);
            if (strcasestr(reply->text, "unknown") || strcasestr(reply->text, "not understood") ||
                strcasestr(reply->text, "not implemented"))
                fail(exam, "a reply that shows that the command is known: SITE HELP lists it",
                     "SITE %s is answered with \"%s\"", word, reply->lines[0]);
        }
    }
}

static void host_after_login(struct exam *exam)
{
    expect(given_session(exam), "503|HOST comes after the login", "HOST %s", exam->target->host);
}

static void host_port(struct exam *exam)
{
    expect(given_connection(exam), "501|a HOST with a port", "HOST 192.0.2.1:2112");
}

static void host_twice(struct exam *exam)
{
    struct client *client = given_connection(exam);
    const struct reply *first = command(client, "HOST %s", exam->target->host);
    if (first->code != 220)
        skip(exam, "HOST is answered with %s", first->lines[0]);
    expect(client, "220|as the first time", "HOST %s", exam->target->host);
    login(client, ACCOUNT_USER);
}

/* .parameter: the command. */
static void language(struct exam *exam)
{
    const struct question *question = exam->test->parameter;
    struct client *client = given_login(exam, ACCOUNT_USER);
    expect(client, question->codes, "%s", question->line);
}

static void language_before(struct exam *exam)
{
    expect(given_connection(exam), "200|nobody needs to be logged in", "LANG");
}

static void languages(struct exam *exam)
{
    const char *tags = server_feature(exam->server, "LANG");
    struct client *client = given_connection(exam);
    if (command(client, "LANG")->code != 200)
        login(client, ACCOUNT_USER);
    for (const char *at = tags; *at;) {
        size_t size = strcspn(at, "*; ");
        if (size)
            expect(client, "200|FEAT announces this language", "LANG %.*s", (int)size, at);
        at += size;
        at += strspn(at, "*; ");
    }
}

/* RFC 2640, section 4.3: tag ["*"] *(";" tag ["*"]), a tag being 1*8ALPHA *("-" 1*8ALPHA). */
static void language_form(struct exam *exam)
{
    const char *tags = server_feature(exam->server, "LANG");
    const char *at = tags;
    for (;;) {
        size_t letters = 0;
        while (isalpha((unsigned char)at[letters]))
            letters++;
        if (letters < 1 || letters > 8)
            break;
        at += letters;
        if (*at == '*')
            at++;
        if (*at == '\0')
            return;
        if (*at != ';' && *at != '-')
            break;
        at++;
        if (*at == '\0' && at[-1] == ';') /* one more separator at the end harms nobody */
            return;
    }
    fail(exam, "language tags of up to 8 letters between semicolons, as in \"LANG EN*;FR\"",
         "\"LANG %s\"", tags);
}

static const struct question syst = {"SYST", "215"};
static const struct question help = {"HELP", "211 214"};
static const struct question help_verb = {"HELP NOOP", "211 214"};
static const struct question status = {"STAT", "211 212 213"};
static const struct question no_language = {"LANG qq", "504 501"};

static const char minimum[] = "RFC 1123, section 4.1.2.13 lists the commands that every server "
                              "MUST support, and this is one of them.";

static const struct test tests[] = {
    {
        .name = "rfc959.syst.code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "SYST is answered with 215",
        .reason = minimum,
        .remedy = "Answer \"215 UNIX Type: L8\" if listings look like those of ls -l.",
        .run = answered,
        .parameter = &syst,
    },
    {
        .name = "practice.syst.name",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "the reply to SYST begins with a system's name",
        .reason = "RFC 959, section 4.2.1: the first word is an official system name. Clients "
                  "choose by it how they read the lines of LIST.",
        .remedy = "Answer \"215 UNIX Type: L8\" if listings look like those of ls -l.",
        .run = system_name,
    },
    {
        .name = "rfc1123.help.code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "HELP is answered with 211 or 214",
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
        .reason = "People, and some clients, ask HELP what a server can. A star behind the verb "
                  "tells by custom that it is not implemented.",
        .remedy = "Make the list out of the table by which commands are looked up.",
        .run = help_honest,
    },
    {
        .name = "rfc1123.stat.code",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "STAT is answered with 211, 212 or 213",
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
        .reason = "RFC 959, section 5.4. A client that hears 200 believes that something was done.",
        .remedy = "Answer 500 or 504.",
        .run = site_unknown,
    },
    {
        .name = "practice.site.honest",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "the commands that SITE HELP lists are known",
        .reason = "RFC 959, section 4.1.3 leaves it to HELP SITE and the like to tell which SITE "
                  "commands there are; clients read that list to offer CHMOD or UTIME.",
        .remedy = "Make the list out of the table by which SITE commands are looked up.",
        .run = site_honest,
    },
    {
        .name = "rfc7151.host.after-login",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "HOST",
        .title = "HOST after the login is refused with 503",
        .reason = "RFC 7151, sections 3 and 3.3: the server MUST treat it as an invalid sequence "
                  "of commands. Users of one site must not walk over to another.",
        .remedy = "Answer 503 once somebody is logged in.",
        .run = host_after_login,
    },
    {
        .name = "rfc7151.host.port",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "HOST",
        .title = "HOST with a port is refused with 501",
        .reason = "RFC 7151, section 3.1: the server MUST answer HOST 192.0.2.1:2112 with 501.",
        .remedy = "Refuse a colon in the argument outside of square brackets.",
        .run = host_port,
    },
    {
        .name = "rfc7151.host.twice",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "HOST",
        .title = "HOST may be sent again before the login",
        .reason = "RFC 7151, section 3: the server MUST go by the last HOST before the login and "
                  "answer it as if there had been no other.",
        .remedy = "Forget the first name when the second one comes.",
        .run = host_twice,
    },
    {
        .name = "rfc2640.lang.tags",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "LANG",
        .title = "every language that FEAT lists can be chosen by LANG",
        .reason = "RFC 2640, section 4.3: the list is that of the tags which the server can "
                  "support, and section 4.2 demands 200 for them.",
        .remedy = "List only languages for which there are texts.",
        .run = languages,
    },
    {
        .name = "rfc2640.lang.form",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .feature = "LANG",
        .title = "FEAT lists languages as tags of letters between semicolons",
        .reason = "RFC 2640, section 4.3 gives the grammar: \"EN*;FR\", with tags of RFC 1766. "
                  "Clients send these tags back with LANG.",
        .remedy = "Translate the system's locale (\"C.UTF-8\") into a tag of RFC 1766 (\"EN\").",
        .run = language_form,
    },
    {
        .name = "rfc2640.lang.unknown",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .feature = "LANG",
        .title = "LANG with a language that there is not is refused with 504",
        .reason = "RFC 2640, section 4.2: 504 SHOULD be sent if the argument, while syntactically "
                  "correct, is not implemented.",
        .remedy = "Answer 504.",
        .run = language,
        .parameter = &no_language,
    },
    {
        .name = "rfc2640.lang.before-login",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .feature = "LANG",
        .title = "LANG is accepted before the login",
        .reason = "RFC 2640, section 4.1: it may come at any time and SHOULD come before the "
                  "authentication, so that already the replies to that can be read.",
        .remedy = "Allow LANG without a login.",
        .run = language_before,
    },
};

const struct group group_information = {
    .name = "information",
    .title = "HELP, SYST, STAT, SITE, HOST, LANG",
    .tests = tests,
    .count = ELEMENTS(tests),
};
