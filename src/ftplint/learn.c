/* What is learnt of the server before the tests: see server.h. */
#include "ftplint/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum {
    WORDS_MAX = 1024, /* of what a server says of itself: reports repeat it */
    PATH_LENGTH_MAX = 4096,
};

/* Without the password, which a server may say back to whoever asks. */
static char *keep(const struct exam *exam, const char *text)
{
    char *copy = strdup(text);
    size_t size = copy ? strlen(copy) : 0;
    if (!copy)
        return NULL;
    dialogue_hide(exam->dialogue, copy, size);
    copy[size < WORDS_MAX ? size : WORDS_MAX] = '\0';
    return copy;
}

static void learn_features(struct exam *exam, const struct reply *reply)
{
    struct server *server = exam->server;
    server->has_feat = reply_is(reply, "211") && reply->count > 1;
    for (size_t i = 1; server->has_feat && i + 1 < reply->count; i++) {
        const char *line = reply->lines[i] + strspn(reply->lines[i], " ");
        if (strncasecmp(line, "AUTH", 4) == 0 && strcasestr(line, "TLS"))
            server->offers_tls = true;
        /* Before the login some servers tell less than after it: what is told twice stands once. */
        bool known = false;
        for (size_t j = 0; j < server->count; j++)
            known = known || strcmp(server->features[j], line) == 0;
        char *feature = known || server->count == SERVER_FEATURES_MAX ? NULL : keep(exam, line);
        if (feature)
            server->features[server->count++] = feature;
    }
}

static void learn(struct exam *exam)
{
    struct server *server = exam->server;
    struct client *client = given_connection(exam);
    exam->given++;
    server->offers_tls = exam->target->tls != TLS_NONE;
    server->greeting = keep(exam, client->greeting->text);
    learn_features(exam, command(client, "FEAT"));
    login(client, ACCOUNT_USER);
    learn_features(exam, command(client, "FEAT"));
    const struct reply *reply = command(client, "SYST");
    server->system = keep(exam, reply->code == 215 ? reply->text : "");
    if (exam->target->path)
        expect(client, "250|the URL's directory exists", "CWD %s", exam->target->path);
    const char *start = reply_path(client, expect(client, "257", "PWD"));
    if (!start)
        blocked(exam, "PWD tells no path in quotes");
    if (strlen(start) > PATH_LENGTH_MAX)
        blocked(exam, "PWD tells a path of %zu bytes", strlen(start));
    server->start = strdup(start);

    uint32_t number;
    if (getrandom(&number, sizeof(number), 0) != sizeof(number))
        blocked(exam, "no random numbers");
    const char *folder = exam_format(exam, "%s/ftplint-%08x", strcmp(start, "/") == 0 ? "" : start,
                                     (unsigned)number);
    /* Known before it is made: if no answer comes, it is there all the same and is to be removed.
     */
    server->folder = strdup(folder);
    server->may_write = reply_is(command(client, "MKD %s", folder), "257 250");
    if (!server->may_write) {
        free(server->folder);
        server->folder = NULL;
    }
    server->learnt = true;
}

void server_learn(const struct target *target, struct server *server, struct dialogue *dialogue,
                  struct result *ret)
{
    static const struct test test = {.name = "ftplint.learn", .run = learn};
    exam_run(&test, target, server, dialogue, ret);
}
