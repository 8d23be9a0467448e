/* Removing what ftplint made on the server: see runner.h. */
#include "ftplint/runner.h"

#include <stdio.h>
#include <string.h>

enum {
    DEPTH_MAX = 200,
    ROUNDS = 3,
    CLEAN_LIMIT = 60000,
};

/* One name in a directory, from MLSD or NLST. */
static const char *name_of(char *line, bool facts)
{
    if (facts) {
        char *space = strchr(line, ' ');
        return space ? space + 1 : "";
    }
    /* NLST of a directory gives names or paths (RFC 959, section 4.1.3). */
    char *slash = strrchr(line, '/');
    return slash ? slash + 1 : line;
}

static bool is_dots(const char *name)
{
    return *name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Deletes what is in the directory that the session is in, then the directory. Recursion follows
 * the tree that the tests have built, at most DEPTH_MAX deep. */
static void empty_directory(struct exam *exam, struct client *client, unsigned depth)
{
    bool facts = server_feature(exam->server, "MLST") != NULL;
    struct transfer transfer = try_retrieve(client, DATA_ANY, "%s", facts ? "MLSD" : "NLST -a");
    struct lines lines = split_lines(exam, transfer.bytes);
    for (size_t i = 0; i < lines.count; i++) {
        bool own = facts && (strcasestr(lines.line[i], "type=cdir;") ||
                             strcasestr(lines.line[i], "type=pdir;"));
        const char *name = name_of(lines.line[i], facts);
        if (own || is_dots(name) || reply_is(command(client, "DELE %s", name), "2"))
            continue;
        if (reply_is(command(client, "RMD %s", name), "2") || depth == DEPTH_MAX)
            continue;
        (void)command(client, "SITE CHMOD 755 %s", name);
        if (!reply_is(command(client, "CWD %s", name), "2"))
            continue;
        empty_directory(exam, client, depth + 1);
        (void)command(client, "CDUP");
        (void)command(client, "RMD %s", name);
    }
}

static void clean(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    for (int round = 0; round < ROUNDS; round++) {
        if (reply_is(command(client, "RMD %s", exam->server->folder), "2"))
            return;
        if (!reply_is(command(client, "CWD %s", exam->server->folder), "2"))
            fail(exam, "", "%s cannot be entered", exam->server->folder);
        empty_directory(exam, client, 0);
        (void)command(client, "CWD %s", exam->server->start);
    }
    const struct reply *reply = command(client, "RMD %s", exam->server->folder);
    if (!reply_is(reply, "2"))
        fail(exam, "", "%s: %u %s", exam->server->folder, reply->code, reply->text);
}

void server_clean(const struct target *target, struct server *server, struct dialogue *dialogue,
                  char *ret, size_t size)
{
    static const struct test test = {.name = "ftplint.clean", .run = clean};
    struct target patient = *target;
    struct result result;
    *ret = '\0';
    if (!server->folder)
        return;
    patient.test_limit = CLEAN_LIMIT;
    session_drop(server);
    exam_run(&test, &patient, server, dialogue, &result);
    if (result.outcome != OUTCOME_PASSED)
        (void)snprintf(ret, size, "%s (%.150s)", server->folder, result.got);
}
