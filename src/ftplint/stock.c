/* Folders that tests share: see stock.h. */
#include "ftplint/stock.h"

#include <stdlib.h>
#include <string.h>

const struct stock_entry stock_entries[STOCK_COUNT] = {
    {.name = STOCK_FILE, .size = STOCK_FILE_SIZE},
    {.name = STOCK_OTHER, .size = 17},
    {.name = STOCK_EMPTY, .size = 0},
    {.name = "two words.txt", .size = 1},
    {.name = STOCK_FOLDER, .directory = true},
};

/* A new folder beside those of the tests. */
static const char *make_folder(struct exam *exam, const char *name)
{
    struct client *client = given_session(exam);
    if (!exam->server->folder)
        blocked(exam, "the user may not make a directory");
    const char *path =
        exam_format(exam, "%s/%s-%u", exam->server->folder, name, ++exam->server->folders);
    expect(client, "257 250", "MKD %s", path);
    return path;
}

/* Becomes known when it is whole, so that a later test tries again after a failure. */
static void keep(struct exam *exam, char **ret, const char *path)
{
    *ret = strdup(path);
    if (!*ret)
        blocked(exam, "no memory");
}

const char *given_stock(struct exam *exam)
{
    struct server *server = exam->server;
    if (server->stock)
        return server->stock;
    exam->given++;
    const char *path = make_folder(exam, "stock");
    struct client *client = given_session(exam);
    for (unsigned i = 0; i < STOCK_COUNT; i++) {
        const struct stock_entry *entry = &stock_entries[i];
        struct bytes content = exam_content(exam, entry->size, i);
        if (entry->directory)
            expect(client, "257 250", "MKD %s/%s", path, entry->name);
        else
            store(client, content.data, content.size, "STOR %s/%s", path, entry->name);
    }
    keep(exam, &server->stock, path);
    exam->given--;
    return server->stock;
}

const char *stock_path(struct exam *exam, const char *name)
{
    return exam_format(exam, "%s/%s", given_stock(exam), name);
}

struct client *given_stock_session(struct exam *exam)
{
    exam->given++;
    const char *path = given_stock(exam);
    struct client *client = given_session(exam);
    expect(client, "250 200", "CWD %s", path);
    exam->given--;
    return client;
}

const struct stock_entry *stock_find(const char *name)
{
    for (size_t i = 0; i < STOCK_COUNT; i++)
        if (strcmp(stock_entries[i].name, name) == 0)
            return &stock_entries[i];
    return NULL;
}

const char *crowd_name(struct exam *exam, unsigned number)
{
    return exam_format(exam, "entry-%05u", number);
}

void given_each(struct client *client, const char *verb, const char *folder, unsigned first,
                unsigned count)
{
    enum { AT_ONCE = 50 };
    struct exam *exam = client->exam;
    exam->given++;
    for (unsigned begin = first; begin < first + count; begin += AT_ONCE) {
        unsigned end = begin + AT_ONCE < first + count ? begin + AT_ONCE : first + count;
        struct buffer lines;
        buffer_init(&lines, 1 << 20);
        int r = 0;
        for (unsigned i = begin; i < end && r == 0; i++)
            r = buffer_append_format(&lines, "%s %s/%s\r\n", verb, folder, crowd_name(exam, i));
        const char *whole =
            r == 0 ? exam_copy(exam, buffer_begin(&lines), buffer_size(&lines)) : "";
        buffer_free(&lines);
        send_bytes(client, whole, strlen(whole));
        for (unsigned i = begin; i < end && r == 0; i++)
            expect_next(client, "2");
    }
    exam->given--;
}

const char *given_crowd(struct exam *exam)
{
    struct server *server = exam->server;
    if (server->crowd)
        return server->crowd;
    exam->given++;
    const char *path = make_folder(exam, "crowd");
    given_each(given_session(exam), "MKD", path, 0, CROWD_COUNT);
    keep(exam, &server->crowd, path);
    exam->given--;
    return server->crowd;
}
