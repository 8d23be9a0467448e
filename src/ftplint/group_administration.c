/* Administration over FTP: SITE and who may use what of it. A finding never says a password. See
 * catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <string.h>

/* Commands that ask, or would do harm only with the arguments that are not given here; of several
 * servers. */
static const char *const powers[] = {
    "SITE WHO",     "SITE USERS",   "SITE USER LIST", "SITE ADDUSER",    "SITE USER ADD",
    "SITE DELUSER", "SITE KICK",    "SITE BAN",       "SITE PURGE",      "SITE GROUPS",
    "SITE VIEWLOG", "SITE CONFIG",  "SITE RELOAD",    "SITE CHOWN",      "SITE CHGRP",
    "SITE EXEC id", "SITE EXEC ls", "SITE ALIAS",     "SITE SYMLINK x y"};

/* All of POWERS that are not refused. */
static const char *granted(struct exam *exam, bool outside)
{
    struct client *client = outside ? given_connection(exam) : given_login(exam, ACCOUNT_USER);
    const char *wrong = "";
    for (size_t i = 0; i < ELEMENTS(powers); i++) {
        /* Links are for everybody who is logged in and may write. */
        if (!outside && strncmp(powers[i], "SITE SY", 7) == 0)
            continue;
        const struct reply *reply = command(client, "%s", powers[i]);
        if (reply->code == 421)
            client = outside ? given_connection(exam) : given_login(exam, ACCOUNT_USER);
        else if (reply->code < 400 && reply->code != 202)
            wrong = exam_format(exam, "%s%s%s: %u %s", wrong, *wrong ? "; " : "", powers[i],
                                reply->code, reply->text);
    }
    return wrong;
}

static void outside(struct exam *exam)
{
    const char *wrong = granted(exam, true);
    if (*wrong)
        fail(exam, "530, or another refusal, to whoever is not logged in", "%s", wrong);
}

/* True if it is the administrator as whom this run logs in. */
static bool is_administrator(const struct target *target)
{
    const char *admin = target->logins[ACCOUNT_ADMIN].user;
    return admin && strcmp(admin, target->logins[ACCOUNT_USER].user) == 0;
}

static void inside(struct exam *exam)
{
    if (is_administrator(exam->target))
        skip(exam, "the user is the administrator, who may");
    const char *wrong = granted(exam, false);
    if (*wrong)
        fail(exam, "a refusal of what is an administrator's, to a user", "%s", wrong);
}

/* The words of SITE HELP in lines of their own: each at the beginning of one. */
static const struct reply *site_help(struct client *client)
{
    struct exam *exam = client->exam;
    exam->given++;
    const struct reply *reply = command(client, "SITE HELP");
    skip_unknown(client, reply, "SITE HELP");
    exam->given--;
    if (!reply_is(reply, "2") || reply->count < 3)
        skip(exam, "SITE HELP has no list: %u %s", reply->code, reply->text);
    return reply;
}

/* The verb that LINE of SITE HELP explains; NULL if it begins with none. */
static const char *verb_of(struct exam *exam, const char *line)
{
    line += strspn(line, " ");
    if (strspn(line, "0123456789") == 3)
        return NULL;
    size_t size = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    return size >= 2 ? exam_copy(exam, line, size) : NULL;
}

static bool lists(struct exam *exam, const struct reply *help, const char *verb)
{
    for (size_t i = 1; i + 1 < help->count; i++) {
        const char *other = verb_of(exam, help->lines[i]);
        if (other && strcmp(other, verb) == 0)
            return true;
    }
    return false;
}

/* What must not be tried, even by somebody who is to be refused. */
static bool is_drastic(const char *verb)
{
    static const char *const drastic[] = {"SHUTDOWN", "STOP", "RESTART", "REBOOT", "HALT", "EXIT"};
    for (size_t i = 0; i < ELEMENTS(drastic); i++)
        if (strcmp(verb, drastic[i]) == 0)
            return true;
    return false;
}

/* What the administrator's SITE HELP has and the user's has not is refused to the user. */
static void guarded(struct exam *exam)
{
    struct client *admin = given_login(exam, ACCOUNT_ADMIN);
    struct client *user = given_login(exam, ACCOUNT_USER);
    const struct reply *all = site_help(admin), *few = site_help(user);
    unsigned tried = 0;
    for (size_t i = 1; i + 1 < all->count; i++) {
        const char *verb = verb_of(exam, all->lines[i]);
        if (!verb || lists(exam, few, verb) || is_drastic(verb))
            continue;
        tried++;
        const struct reply *reply = command(user, "SITE %s", verb);
        /* 501 is a word about arguments, to somebody who may use it. */
        if (reply->code < 400 || reply->code == 501)
            fail(exam,
                 exam_format(exam,
                             "a refusal of SITE %s, which SITE HELP shows to the "
                             "administrator alone",
                             verb),
                 "%u %s", reply->code, reply->text);
    }
    if (tried == 0)
        skip(exam, "SITE HELP shows the administrator nothing that it does not show to users");
}

static void honest(struct exam *exam)
{
    struct client *admin = given_login(exam, ACCOUNT_ADMIN);
    const struct reply *help = site_help(admin);
    for (size_t i = 1; i + 1 < help->count; i++) {
        const char *verb = verb_of(exam, help->lines[i]);
        if (!verb || is_drastic(verb))
            continue;
        const struct reply *reply = command(admin, "SITE %s", verb);
        /* 504 may be about the argument that is not there. */
        if (reply_is(reply, "500 502 530"))
            fail(exam,
                 exam_format(exam,
                             "that the administrator may use SITE %s, which SITE HELP "
                             "lists",
                             verb),
                 "%u %s", reply->code, reply->text);
    }
}

/* Bytes that neither the dialogue nor a finding shows. */
static const struct reply *secretly(struct client *client, const char *line)
{
    struct exam *exam = client->exam;
    (void)wire_send(&client->wire, line, strlen(line), true, exam_patience(exam));
    return read_reply(client);
}

/* Asks, with a wrong present password, for the one that it is: whoever grants it changes nothing.
 */
static void wrong_password(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *help = site_help(client);
    if (!lists(exam, help, "PSWD"))
        skip(exam, "SITE HELP lists no PSWD");
    const char *password = exam->target->logins[ACCOUNT_USER].password;
    const char *quote = strpbrk(password, " \"") ? "\"" : "";
    char *line = exam_format(exam, "SITE PSWD ftplint-is-wrong %s%s%s\r\n", quote, password, quote);
    const struct reply *reply = secretly(client, line);
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: the present password was wrong", "%u %s", reply->code, reply->text);
}

/* --- permissions ------------------------------------------------------------------------------ */

/* The ten letters before NAME's line in LIST, "-rwxr-x---". */
static const char *given_mode(struct exam *exam, const char *path)
{
    exam->given++;
    struct lines lines = list_lines(given_session(exam), "LIST %s", path);
    exam->given--;
    for (size_t i = 0; i < lines.count; i++)
        if (strlen(lines.line[i]) > 10 && strspn(lines.line[i], "-rwxsStTdl") >= 10)
            return exam_copy(exam, lines.line[i], 10);
    skip(exam, "LIST does not show permissions");
}

static void chmod_works(struct exam *exam)
{
    const char *path = given_file(exam, "file", "x", 1);
    struct client *client = given_session(exam);
    const struct reply *reply = command(client, "SITE CHMOD 440 %s", path);
    if (!reply_is(reply, "2"))
        skip(exam, "the server does not take SITE CHMOD: %u %s", reply->code, reply->text);
    const char *mode = given_mode(exam, path);
    (void)command(client, "SITE CHMOD 640 %s", path);
    if (strcmp(mode, "-r--r-----") != 0)
        fail(exam, "-r--r----- in LIST after SITE CHMOD 440", "%s, and it was answered with %u",
             mode, reply->code);
}

static void chmod_senseless(struct exam *exam)
{
    static const char *const modes[] = {"999", "-1", "77777", "0x1ff", "rwx"};
    const char *path = given_file(exam, "file", "x", 1);
    struct client *client = given_session(exam);
    for (size_t i = 0; i < ELEMENTS(modes); i++) {
        const struct reply *reply = command(client, "SITE CHMOD %s %s", modes[i], path);
        if (reply_is(reply, "2"))
            fail(exam, "501 or another refusal of what is no mode", "\"%u %s\" to SITE CHMOD %s",
                 reply->code, reply->text, modes[i]);
    }
}

static void umask_executable(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "SITE UMASK 000");
    if (!reply_is(reply, "2"))
        skip(exam, "the server does not take SITE UMASK: %u %s", reply->code, reply->text);
    const char *path = own_path(exam, "file");
    exam->given++;
    store(client, "#!/bin/sh\n", 10, "STOR %s", path);
    exam->given--;
    const char *mode = given_mode(exam, path);
    if (strpbrk(mode, "xsS"))
        fail(exam, "that an upload is not executable, whatever the umask", "%s", mode);
}

#define SITE_REMEDY "Look at the user's role before anything else of a SITE command."

static const struct test tests[] = {
    {
        .name = "security.before-login.site",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.once",
        .title = "SITE commands that do or tell something are refused before the login",
        .reason = "Who administers a server over SITE has logged in for it. A stranger who is told "
                  "of accounts, or may make links or run programs, needs no password any more.",
        .remedy = "Refuse all of SITE but HELP with 530 to whoever is not logged in.",
        .run = outside,
    },
    {
        .name = "security.site.user",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "a user may not administer the server, nor run programs on it",
        .reason = "CVE-1999-0080: SITE EXEC gave users of wu-ftpd the rights of root. Who else is "
                  "logged in, and what accounts there are, is not their matter either.",
        .remedy = SITE_REMEDY,
        .run = inside,
    },
    {
        .name = "security.site.guarded",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ADMIN | TEST_READ_ONLY,
        .title = "what SITE HELP shows to the administrator alone is refused to users",
        .reason = "A command that is only hidden is found by trying.",
        .remedy = SITE_REMEDY,
        .run = guarded,
    },
    {
        .name = "practice.admin.site-honest",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ADMIN | TEST_READ_ONLY,
        .title = "the administrator may use all that SITE HELP lists",
        .reason = "RFC 959, section 4.1.3 (SITE): the commands are those that HELP SITE tells.",
        .remedy = "Make the list from the table from which the commands are served.",
        .run = honest,
    },
    {
        .name = "security.password.present",
        .severity = SEVERITY_ERROR,
        .flags = TEST_DESTRUCTIVE | TEST_READ_ONLY,
        .title = "SITE PSWD with a wrong present password is refused",
        .reason = "Whoever finds a session that somebody has left open must not be able to take "
                  "the account over for good.",
        .remedy = "Verify the present password as at a login, with the same brakes.",
        .run = wrong_password,
    },
    {
        .name = "practice.chmod.works",
        .severity = SEVERITY_WARNING,
        .title = "SITE CHMOD does what it says",
        .reason = "Clients have it in a menu; a web server that may read what was to be private "
                  "is the harm of a reply that only pretends.",
        .remedy = "Change the mode, or answer 550 or 502.",
        .run = chmod_works,
    },
    {
        .name = "practice.chmod.senseless",
        .severity = SEVERITY_WARNING,
        .title = "SITE CHMOD refuses what is no mode",
        .reason = "A number that is read up to its first wrong digit gives rights that nobody has "
                  "asked for.",
        .remedy = "Take one to four octal digits and nothing else; answer 501.",
        .run = chmod_senseless,
    },
    {
        .name = "security.umask.executable",
        .severity = SEVERITY_WARNING,
        .title = "no umask makes uploads executable",
        .reason = "A program that was uploaded should not be one click away from running on the "
                  "server.",
        .remedy = "Create files with 0666 or less; the umask only takes away.",
        .run = umask_executable,
    },
};

const struct group group_administration = {
    .name = "administration",
    .title = "SITE, permissions and administration",
    .tests = tests,
    .count = ELEMENTS(tests),
};
