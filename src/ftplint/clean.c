/* Removing what ftplint made on the server: see runner.h. */
#include "ftplint/identity.h"
#include "ftplint/runner.h"

#include "lib/cleanup.h"
#include "lib/tree.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum {
    DEPTH_MAX = 100,
    ROUNDS = 3,
    CLEAN_LIMIT = 60000,
    PATH_WORDS_MAX = 8192,
};

/* One name in a directory, from MLSD or NLST; NULL for what is not to be touched. What a server
 * lists is not believed: only a name that cannot lead anywhere else is sent back to it. */
static const char *name_of(struct exam *exam, const char *line, bool facts)
{
    const char *name = line;
    if (facts) {
        const char *space = strchr(line, ' ');
        name = space ? space + 1 : "";
        const char *before = exam_format(exam, "%.*s", (int)(name - line), line);
        if (!space || strcasestr(before, "type=cdir;") || strcasestr(before, "type=pdir;"))
            return NULL;
    } else if (strrchr(line, '/')) {
        /* NLST gives names or paths (RFC 959, section 4.1.3). */
        name = strrchr(line, '/') + 1;
    }
    /* Behind a bare CR some servers would read another command. */
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strpbrk(name, "/\r"))
        return NULL;
    return exam_format(exam, "%s", name);
}

/* Goes into the directory PATH. False if that is not where the session then is: a link. What a link
 * points to is not ours, neither to be emptied nor to get other rights. */
static bool enter(struct client *client, const char *line, bool facts, const char *path)
{
    if (facts && !strcasestr(line, "type=dir;"))
        return false;
    bool inside = reply_is(command(client, "CWD %s", path), "2");
    if (!inside && facts) {
        (void)command(client, "SITE CHMOD 755 %s", path);
        inside = reply_is(command(client, "CWD %s", path), "2");
    }
    if (!inside)
        return false;
    const struct reply *reply = command(client, "PWD");
    const char *present = reply->code == 257 ? reply_path(client, reply) : NULL;
    return present && strcmp(present, path) == 0;
}

/* Deletes what is in the directory PATH, in which the session is. Recursion follows the tree that
 * the tests have built, at most DEPTH_MAX deep. */
static void empty_directory(struct exam *exam, struct client *client, const char *path,
                            unsigned depth)
{
    bool facts = server_feature(exam->server, "MLST") != NULL;
    struct transfer transfer = try_retrieve(client, DATA_ANY, "%s", facts ? "MLSD" : "NLST -a");
    struct lines lines = split_lines(exam, transfer.bytes);
    for (size_t i = 0; i < lines.count; i++) {
        const char *name = name_of(exam, lines.line[i], facts);
        if (!name)
            continue;
        const char *inner = exam_format(exam, "%s/%s", path, name);
        if (reply_is(command(client, "DELE %s", inner), "2") ||
            reply_is(command(client, "RMD %s", inner), "2") || depth == DEPTH_MAX)
            continue;
        if (enter(client, lines.line[i], facts, inner)) {
            (void)command(client, "SITE CHMOD 755 %s", inner);
            empty_directory(exam, client, inner, depth + 1);
        }
        (void)command(client, "CWD %s", path);
        (void)command(client, "RMD %s", inner);
    }
}

static void clean(struct exam *exam)
{
    const char *folder = exam->server->folder;
    struct client *client = given_session(exam);
    (void)command(client, "CWD %s", exam->server->start);
    for (int round = 0; round < ROUNDS; round++) {
        if (reply_is(command(client, "RMD %s", folder), "2"))
            return;
        if (!reply_is(command(client, "CWD %s", folder), "2"))
            fail(exam, "", "it cannot be entered");
        empty_directory(exam, client, folder, 0);
        (void)command(client, "CWD %s", exam->server->start);
    }
    const struct reply *reply = command(client, "RMD %s", folder);
    if (!reply_is(reply, "2"))
        fail(exam, "", "%u %s", reply->code, reply->text);
}

/* On this machine, what FTP cannot remove: names with a line's end in them. No link is followed,
 * and it is done with the rights of the folder's owner: he may have put there what is not his. */
static bool clean_local(const struct target *target, const char *folder)
{
    const struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
    };
    /* --local is where the login leads: see local_path(). The name is ours, whatever is before it.
     */
    const char *inner = path_name(folder);
    cleanup_close int home = open(target->local, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (home < 0)
        return false;
    cleanup_close int directory = (int)syscall(SYS_openat2, home, inner, &how, sizeof(how));
    cleanup_buffer struct buffer problem;
    struct stat found;
    buffer_init(&problem, 1 << 10);
    if (directory < 0 || fstat(directory, &found) < 0 || !act_as(found.st_uid, found.st_gid))
        return false;
    bool removed = tree_empty(directory, &problem) == 0 && unlinkat(home, inner, AT_REMOVEDIR) == 0;
    return act_as_self() && removed;
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
    /* By the session that there is: guesses may have brought a ban, with which there is no other.
     * It is given up if that fails, and another one tried. */
    bool again = server->session != NULL;
    exam_run(&test, &patient, server, dialogue, &result);
    if (result.outcome != OUTCOME_PASSED && again)
        exam_run(&test, &patient, server, dialogue, &result);
    if (result.outcome == OUTCOME_PASSED || (target->local && clean_local(target, server->folder)))
        return;
    char words[PATH_WORDS_MAX];
    (void)snprintf(words, sizeof(words), "%s (%.150s)", server->folder, result.got);
    dialogue_hide(dialogue, words, strlen(words));
    (void)snprintf(ret, size, "%s", words);
}
