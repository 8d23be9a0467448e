/* Two accounts: what one of them sees, changes or learns of the other's. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <string.h>
#include <strings.h>

static const char private_content[] = "the first user's own, ftplint\n";

/* The ways by which the second user might reach PATH of the first. */
enum { WAYS = 6 };

static void ways_to(struct exam *exam, const char *path, const char *ways[WAYS])
{
    const char *user = exam->target->logins[ACCOUNT_USER].user;
    ways[0] = path;
    ways[1] = exam_format(exam, "../%s%s", user, path);
    ways[2] = exam_format(exam, "/%s%s", user, path);
    ways[3] = exam_format(exam, "/home/%s%s", user, path);
    ways[4] = exam_format(exam, "~%s%s", user, path);
    ways[5] = exam_format(exam, "/../%s%s", user, path);
}

static struct client *given_second(struct exam *exam)
{
    return given_login(exam, ACCOUNT_SECOND);
}

static void read_file(struct exam *exam)
{
    const char *path = given_file(exam, "private", private_content, strlen(private_content));
    const char *ways[WAYS];
    ways_to(exam, path, ways);
    struct client *second = given_second(exam);
    for (size_t i = 0; i < WAYS; i++) {
        struct transfer transfer = try_retrieve(second, DATA_ANY, "RETR %s", ways[i]);
        if (transfer.bytes.size && strcmp(transfer.bytes.data, private_content) == 0)
            fail(exam, "a refusal: the file is the first user's",
                 "RETR %s by the second user gives the first one's file", ways[i]);
    }
}

static void list_folder(struct exam *exam)
{
    static const char *const verbs[] = {"NLST", "LIST", "MLSD"};
    (void)given_file(exam, "ftplint-private-name", "x", 1);
    const char *ways[WAYS];
    ways_to(exam, given_folder(exam), ways);
    struct client *second = given_second(exam);
    for (size_t i = 0; i < WAYS * ELEMENTS(verbs); i++) {
        const char *way = ways[i % WAYS], *verb = verbs[i / WAYS];
        struct transfer transfer = try_retrieve(second, DATA_ANY, "%s %s", verb, way);
        if (transfer.bytes.size && strstr(transfer.bytes.data, "ftplint-private-name"))
            fail(exam, "a refusal, or an empty listing: the directory is the first user's",
                 "%s %s by the second user lists the first one's files", verb, way);
    }
}

static void change_file(struct exam *exam)
{
    const char *path = given_file(exam, "private", private_content, strlen(private_content));
    const char *ways[WAYS];
    ways_to(exam, path, ways);
    struct client *second = given_second(exam);
    struct client *first = given_session(exam);
    for (size_t i = 0; i < WAYS; i++) {
        (void)try_store(second, DATA_ANY, "x", 1, "APPE %s", ways[i]);
        if (reply_is(command(second, "RNFR %s", ways[i]), "3"))
            (void)command(second, "RNTO %s.taken", ways[i]);
        (void)command(second, "DELE %s", ways[i]);
        struct transfer now = try_retrieve(first, DATA_ANY, "RETR %s", path);
        bool same = now.bytes.size && strcmp(now.bytes.data, private_content) == 0;
        /* What the second user has made below his own folder goes again. */
        if (same && i == 0)
            (void)command(second, "DELE %s.taken", ways[i]);
        if (!same)
            fail(exam, "refusals, and the file as it was",
                 "APPE, RNFR with RNTO, or DELE of %s by the second user: the first one's file "
                 "is changed or gone",
                 ways[i]);
    }
}

/* The other's name in what is above, or in what the server tells of its sessions. */
static void names_above(struct exam *exam)
{
    static const char *const lines[] = {"NLST ..", "NLST /..", "NLST ../..", "NLST /home",
                                        "NLST ../../.."};
    const char *user = exam->target->logins[ACCOUNT_USER].user;
    struct client *second = given_second(exam);
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        struct transfer transfer = try_retrieve(second, DATA_ANY, "%s", lines[i]);
        struct lines found = split_lines(exam, transfer.bytes);
        for (size_t j = 0; j < found.count; j++) {
            const char *slash = strrchr(found.line[j], '/');
            if (strcmp(slash ? slash + 1 : found.line[j], user) == 0)
                fail(exam, "no names of other accounts",
                     "%s by the second user lists the first one's folder, \"%s\"", lines[i],
                     found.line[j]);
        }
    }
}

static void sessions(struct exam *exam)
{
    static const char *const lines[] = {"SITE WHO", "SITE USERS", "STAT", "SITE SESSIONS"};
    const char *user = exam->target->logins[ACCOUNT_USER].user;
    struct client *second = given_second(exam);
    (void)given_session(exam); /* the first one is logged in as well */
    if (strlen(user) < 4)
        skip(exam, "the first user's name is too short to be looked for");
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        const struct reply *reply = command(second, "%s", lines[i]);
        for (size_t j = 0; reply_is(reply, "2") && j < reply->count; j++)
            if (strcasestr(reply->lines[j], user))
                fail(exam, "nothing of other users' sessions",
                     "%s by the second user tells of the first: \"%s\"", lines[i], reply->lines[j]);
    }
}

/* Something that one session has said counts in that session only. */
static void rename_state(struct exam *exam)
{
    const char *path = given_file(exam, "mine", "x", 1);
    struct client *one = given_login(exam, ACCOUNT_USER);
    struct client *two = given_login(exam, ACCOUNT_USER);
    exam->given++;
    expect(one, "350", "RNFR %s", path);
    exam->given--;
    const struct reply *reply = command(two, "RNTO %s.new", path);
    if (reply_is(reply, "2"))
        fail(exam, "503: this session has sent no RNFR", "RNTO in another session than RNFR: %u %s",
             reply->code, reply->text);
}

static void restart_state(struct exam *exam)
{
    const char *path = given_file(exam, "mine", private_content, strlen(private_content));
    struct client *one = given_login(exam, ACCOUNT_USER);
    struct client *two = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(one, "REST 5");
    skip_unknown(one, reply, "REST");
    struct transfer transfer = try_retrieve(two, DATA_ANY, "RETR %s", path);
    if (reply_is(transfer.reply, "2") && transfer.bytes.size != strlen(private_content))
        fail(exam, "the whole file: this session has sent no REST",
             "after REST 5 in another session RETR gives %zu of %zu bytes", transfer.bytes.size,
             strlen(private_content));
}

static void directory_state(struct exam *exam)
{
    const char *path = given_directory(exam, "place");
    struct client *one = given_login(exam, ACCOUNT_USER);
    struct client *two = given_login(exam, ACCOUNT_USER);
    exam->given++;
    const char *before = reply_path(two, expect(two, "257", "PWD"));
    expect(one, "250 200", "CWD %s", path);
    exam->given--;
    const char *after = reply_path(two, command(two, "PWD"));
    if (before && (!after || strcmp(before, after) != 0))
        fail(exam, "the directory in which this session was",
             "after CWD in another session PWD says \"%s\"", after ? after : "");
}

/* Logs in as the second user in a session that was the first one's, by REIN or by USER. */
static void change_user(struct exam *exam)
{
    const char *by = exam->test->parameter;
    const char *path = given_file(exam, "private", private_content, strlen(private_content));
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct login *who = &exam->target->logins[ACCOUNT_SECOND];
    bool private_data = client->private_data;
    exam->given++;
    expect(client, "250 200", "CWD %s", given_folder(exam));
    exam->given--;
    if (strcmp(by, "REIN") == 0) {
        const struct reply *reply = command(client, "REIN");
        skip_unknown(client, reply, "REIN");
        if (client->wire.tls)
            skip(exam, "this run is under TLS, and what REIN does to TLS is left to the server");
    }
    const struct reply *reply = try_login(client, who->user, who->password);
    if (!reply_is(reply, "230 232"))
        skip(exam, "the session does not become another user's: %u %s", reply->code, reply->text);
    client->private_data = private_data;
    const char *const names[] = {path, "private"};
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", names[i]);
        if (transfer.bytes.size && strcmp(transfer.bytes.data, private_content) == 0)
            fail(exam, "a refusal: the session is the second user's",
                 "after %s the session is the second user's, and RETR %s gives the first one's "
                 "file",
                 by, names[i]);
    }
}

static void after_rein(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "REIN");
    skip_unknown(client, reply, "REIN");
    if (!reply_is(reply, "2"))
        skip(exam, "REIN is refused: %u %s", reply->code, reply->text);
    if (client->wire.tls)
        skip(exam, "this run is under TLS, and what REIN does to TLS is left to the server");
    reply = command(client, "CWD %s", exam->server->start);
    if (reply_is(reply, "2"))
        fail(exam, "530: REIN has ended the login", "CWD after REIN: %u %s", reply->code,
             reply->text);
}

static const struct test tests[] = {
    {
        .name = "security.isolation.read",
        .severity = SEVERITY_ERROR,
        .flags = TEST_SECOND,
        .title = "one user cannot read another's file",
        .reason = "Two accounts are two people: what one has stored is not the other's to read.",
        .remedy = "Give each account a folder and a uid of its own, and confine it to them.",
        .run = read_file,
    },
    {
        .name = "security.isolation.list",
        .severity = SEVERITY_ERROR,
        .flags = TEST_SECOND,
        .title = "one user cannot list another's directory",
        .reason = "The names of somebody's files tell as much as many a file.",
        .remedy = "Give each account a folder and a uid of its own, and confine it to them.",
        .run = list_folder,
    },
    {
        .name = "security.isolation.change",
        .severity = SEVERITY_ERROR,
        .flags = TEST_SECOND,
        .title = "one user cannot change, rename or delete another's file",
        .reason = "Two accounts are two people: what one has stored is not the other's to change.",
        .remedy = "Give each account a folder and a uid of its own, and confine it to them.",
        .run = change_file,
    },
    {
        .name = "security.isolation.names",
        .severity = SEVERITY_WARNING,
        .flags = TEST_SECOND | TEST_READ_ONLY,
        .title = "one user does not see the names of other users' folders",
        .reason = "The names of the accounts are half of what it takes to log in to them.",
        .remedy = "Make each user's folder the root of what the user sees.",
        .run = names_above,
    },
    {
        .name = "security.isolation.sessions",
        .severity = SEVERITY_WARNING,
        .flags = TEST_SECOND | TEST_READ_ONLY,
        .title = "one user is not told of another's session",
        .reason = "Who is logged in, from where and at which file is nobody else's business.",
        .remedy = "Keep SITE WHO and its kin for administrators, and in STAT to the own session.",
        .run = sessions,
    },
    {
        .name = "security.session.rnfr",
        .severity = SEVERITY_ERROR,
        .title = "RNFR in one session does not count in another",
        .reason = "A server that keeps such things once for all sessions mixes up its users.",
        .remedy = "Keep all that a command leaves behind with its session.",
        .run = rename_state,
    },
    {
        .name = "security.session.rest",
        .severity = SEVERITY_ERROR,
        .title = "REST in one session does not count in another",
        .reason = "A server that keeps such things once for all sessions mixes up its users.",
        .remedy = "Keep all that a command leaves behind with its session.",
        .run = restart_state,
    },
    {
        .name = "security.session.cwd",
        .severity = SEVERITY_ERROR,
        .title = "CWD in one session does not move another",
        .reason = "A server with one working directory for all sessions (that of its process) "
                  "stores one user's files where another one is.",
        .remedy = "Keep the directory with the session; in threads use openat and never chdir.",
        .run = directory_state,
    },
    {
        .name = "security.user-change.rein",
        .severity = SEVERITY_ERROR,
        .flags = TEST_SECOND,
        .title = "after REIN and another login nothing of the first user's is left",
        .reason = "A session that was confined for one user and serves another sees what was the "
                  "first one's.",
        .remedy = "Serve a new login by a new process, or refuse REIN by 502.",
        .run = change_user,
        .parameter = "REIN",
    },
    {
        .name = "security.user-change.user",
        .severity = SEVERITY_ERROR,
        .flags = TEST_SECOND,
        .title = "after USER with another name nothing of the first user's is left",
        .reason = "RFC 959, section 4.1.1, lets a session change its user; one that was confined "
                  "for the first and serves the second sees what was the first one's.",
        .remedy = "Refuse USER after a login by 530 or 503, or begin from nothing.",
        .run = change_user,
        .parameter = "USER",
    },
    {
        .name = "rfc959.rein.ends-login",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "REIN ends the login",
        .reason = "RFC 959, section 4.1.1: after REIN all is as if the connection had just been "
                  "made; who hands a terminal on relies on it.",
        .remedy = "Forget the user at REIN, or refuse it by 502.",
        .run = after_rein,
    },
};

const struct group group_isolation = {
    .name = "isolation",
    .title = "Users and sessions apart",
    .tests = tests,
    .count = ELEMENTS(tests),
};
