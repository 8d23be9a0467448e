/* What is known of the server: see server.h. */
#include "ftplint/server.h"

#include "ftplint/client.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What stands behind WORD in LINE, NULL if LINE does not begin with it. */
static const char *behind(const char *line, const char *word, size_t size)
{
    if (strncasecmp(line, word, size) != 0 || (line[size] != '\0' && line[size] != ' '))
        return NULL;
    return line[size] == ' ' ? line + size + 1 : "";
}

const char *server_feature(const struct server *server, const char *feature)
{
    size_t size = strcspn(feature, " ");
    for (size_t i = 0; i < server->count; i++) {
        const char *rest = behind(server->features[i], feature, size);
        if (!rest)
            continue;
        if (feature[size] == '\0' || behind(rest, feature + size + 1, strlen(feature + size + 1)))
            return rest;
    }
    return NULL;
}

void session_drop(struct server *server)
{
    if (server->session)
        client_free(server->session);
    server->session = NULL;
}

void server_free(struct server *server)
{
    session_drop(server);
    for (size_t i = 0; i < server->count; i++)
        free(server->features[i]);
    free(server->greeting);
    free(server->system);
    free(server->start);
    free(server->folder);
    free(server->stock);
    free(server->crowd);
    *server = (struct server){0};
}
