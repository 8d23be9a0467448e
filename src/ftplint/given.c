/* What tests need made: folders, files, features. See exam.h. */
#include "ftplint/exam.h"

#include <string.h>

const char *given_folder(struct exam *exam)
{
    if (exam->folder)
        return exam->folder;
    exam->given++;
    struct client *client = given_session(exam);
    if (!exam->server->folder)
        blocked(exam, "the user may not make a directory");
    const char *folder = exam_format(exam, "%s/%u", exam->server->folder, ++exam->server->folders);
    expect(client, "257 250", "MKD %s", folder);
    exam->folder = folder;
    exam->given--;
    return folder;
}

const char *own_path(struct exam *exam, const char *name)
{
    return exam_format(exam, "%s/%s", given_folder(exam), name);
}

const char *given_file(struct exam *exam, const char *name, const void *content, size_t size)
{
    exam->given++;
    const char *path = own_path(exam, name);
    store(given_session(exam), content ? content : "", size, "STOR %s", path);
    exam->given--;
    return path;
}

const char *given_directory(struct exam *exam, const char *name)
{
    exam->given++;
    const char *path = own_path(exam, name);
    expect(given_session(exam), "257 250", "MKD %s", path);
    exam->given--;
    return path;
}

const char *local_path(struct exam *exam, const char *path)
{
    if (!exam->target->local)
        skip(exam, "the user's folder on this machine is not known (--local)");
    /* --local names the folder to which the login leads, which need not be the server's root. */
    const char *start = exam->server->start ? exam->server->start : "/";
    size_t size = strcmp(start, "/") == 0 ? 0 : strlen(start);
    if (strncmp(path, start, size) != 0)
        skip(exam, "%s is not below the user's first folder, %s", path, start);
    return exam_format(exam, "%s/%s", exam->target->local, path + size + strspn(path + size, "/"));
}

const char *path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool exists(struct exam *exam, const char *path)
{
    exam->given++;
    struct client *client = given_session(exam);
    bool found;
    if (server_feature(exam->server, "MLST")) {
        found = reply_is(command(client, "MLST %s", path), "2");
    } else if (reply_is(command(client, "SIZE %s", path), "2")) {
        found = true;
    } else {
        const char *name = path_name(path);
        struct transfer transfer = try_retrieve(client, DATA_ANY, "NLST %.*s",
                                                (int)(name - path > 1 ? name - path - 1 : 1), path);
        struct lines lines = split_lines(exam, transfer.bytes);
        found = false;
        for (size_t i = 0; i < lines.count; i++)
            found = found || strcmp(path_name(lines.line[i]), name) == 0;
    }
    exam->given--;
    return found;
}

void needs_feature(struct exam *exam, const char *feature)
{
    if (!server_feature(exam->server, feature))
        skip(exam, "the server does not announce %s in FEAT", feature);
}
