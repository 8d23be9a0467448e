/* What a server must not run: programs, uploads with rights of their own, names that a shell or a
 * database would take for more than names. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <string.h>

static void execute(struct exam *exam)
{
    struct client *client = given_session(exam);
    const struct reply *reply = command(client, "SITE EXEC echo ftplint-$((6*7))");
    for (size_t i = 0; i < reply->count; i++)
        if (strstr(reply->lines[i], "ftplint-42") || reply_is(reply, "1 200 21 22 23 25"))
            fail(exam, "a refusal (500, 502 or 504)", "%s", reply->lines[i]);
}

static void set_user_id(struct exam *exam)
{
    const char *path = given_file(exam, "program", "#!/bin/sh\n", 10);
    struct client *client = given_session(exam);
    const struct reply *reply = command(client, "SITE CHMOD 6755 %s", path);
    if (reply_is(reply, "4 5"))
        return;
    struct lines lines = list_lines(client, "LIST %s", path);
    for (size_t i = 0; i < lines.count; i++)
        if (strlen(lines.line[i]) > 10 && (lines.line[i][3] == 's' || lines.line[i][6] == 's'))
            fail(exam, "a refusal, or a mode without these bits",
                 "SITE CHMOD 6755: \"%u %s\"; the file is listed as %.10s", reply->code,
                 reply->text, lines.line[i]);
}

static void copy_stranger(struct exam *exam)
{
    struct client *client = given_connection(exam);
    const struct reply *reply = command(client, "SITE CPFR /etc/passwd");
    if (reply_is(reply, "2 3"))
        fail(exam, "530: not logged in", "%u %s", reply->code, reply->text);
}

static void pipe_name(struct exam *exam)
{
    static const char *const names[] = {"|echo ftplint-$((6*7))",       ";echo ftplint-$((6*7))",
                                        "`echo ftplint-$((6*7))`",      "$(echo ftplint-$((6*7)))",
                                        "x;echo ftplint-$((6*7));.tar", "x|echo ftplint-$((6*7))"};
    static const char *const verbs[] = {"RETR", "LIST", "NLST"};
    struct client *client = given_session(exam);
    for (size_t i = 0; i < ELEMENTS(names) * ELEMENTS(verbs); i++) {
        const char *verb = verbs[i % ELEMENTS(verbs)], *name = names[i / ELEMENTS(verbs)];
        struct transfer transfer = try_retrieve(client, DATA_ANY, "%s %s", verb, name);
        if (transfer.bytes.size && strstr(transfer.bytes.data, "ftplint-42"))
            fail(exam, "a refusal: there is no file of that name",
                 "%s %s: the server gave the name to a shell and sends what it said", verb, name);
    }
}

/* One attempt to get in with what a database would take for a condition. */
static void database(struct exam *exam)
{
    static const char *const users[] = {
        "' OR '1'='1' -- ",
        "%') and 1=2 union select 1,1,uid,gid,homedir,shell from users; --",
    };
    for (size_t i = 0; i < ELEMENTS(users); i++) {
        struct client *client = given_stranger(exam, STRANGER);
        const struct reply *reply = try_login(client, users[i], i ? "1" : "' OR '1'='1");
        if (reply_is(reply, "2"))
            fail(exam, "530", "USER %s is logged in: %u %s", users[i], reply->code, reply->text);
    }
}

static const struct test tests[] = {
    {
        .name = "security.confinement.execute",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "SITE EXEC runs nothing",
        .reason =
            "A shell for everyone who has an account: CVE-1999-0080 and CVE-2000-0573 (wu-ftpd).",
        .remedy = "Remove SITE EXEC.",
        .run = execute,
    },
    {
        .name = "security.confinement.set-user-id",
        .severity = SEVERITY_WARNING,
        .title = "SITE CHMOD sets neither set-user-ID nor set-group-ID",
        .reason = "An uploaded program with these bits runs with the account's rights for every "
                  "local user of the host.",
        .remedy = "Mask the mode with 0777 and mount the folders nosuid.",
        .run = set_user_id,
    },
    {
        .name = "security.before-login.copy",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.once",
        .title = "SITE CPFR is refused before the login",
        .reason = "CVE-2015-3306 (ProFTPD): whoever can copy files of the server without a login "
                  "reads them and runs programs there.",
        .remedy = "Demand a login for every SITE command that touches a file.",
        .run = copy_stranger,
    },
    {
        .name = "security.shell.name",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "names with |, ; and $() reach no shell",
        .reason = "A server that lists or packs by way of a shell or another program runs whatever "
                  "stands in a name (CVE-1999-0202, tar).",
        .remedy = "Start programs with a list of arguments, or do their work in the server.",
        .run = pipe_name,
    },
    {
        .name = "security.login.database",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_SLOW,
        .title = "a user's name with quotes is no condition for a database",
        .reason = "A name that is pasted into a query logs in without a password (CVE-2009-0542, "
                  "ProFTPD).",
        .remedy = "Bind names as parameters of the query.",
        .run = database,
    },
};

const struct group group_execution = {
    .name = "execution",
    .title = "What is not to be run",
    .tests = tests,
    .count = ELEMENTS(tests),
};
