/* What is in the user's folder now: see presence.h. */
#include "ftplint/presence.h"

#include "lib/text.h"

#include <string.h>

/* What follows the last slash. */
static const char *last_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The directory that PATH is in. */
static const char *directory_of(struct exam *exam, const char *path)
{
    size_t size = (size_t)(last_name(path) - path);
    return size > 1 ? exam_copy(exam, path, size - 1) : "/";
}

/* What a listing of bare names or (FACTS) of facts and names tells, without "." and "..". */
static struct lines names_of(struct exam *exam, struct bytes bytes, bool facts)
{
    struct lines lines = split_lines(exam, bytes);
    size_t kept = 0;
    for (size_t i = 0; i < lines.count; i++) {
        char *name = lines.line[i];
        /* RFC 3659, section 7.2: facts hold no space, one space, the name. */
        char *space = facts ? strchr(name, ' ') : NULL;
        if (space)
            name = space + 1;
        name += last_name(name) - name;
        if (*name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0)
            lines.line[kept++] = name;
    }
    lines.count = kept;
    return lines;
}

/* A transfer that is begun and breaks off tells nothing of what is there: that is a finding of the
 * tests of transfers. A refusal does. */
static struct transfer look(struct exam *exam, const char *verb, const char *path)
{
    exam->given++;
    struct client *client = given_session(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "%s %s", verb, path);
    if (transfer.preliminary && !reply_is(transfer.reply, "550 450"))
        expect_code(client, transfer.reply, "2");
    exam->given--;
    return transfer;
}

static struct lines names_by(struct exam *exam, const char *verb, const char *directory)
{
    /* An empty directory is 226 with nothing, or 450 or 550 with servers that find no file in it:
     * no bytes either way. */
    return names_of(exam, look(exam, verb, directory).bytes, strcmp(verb, "MLSD") == 0);
}

struct lines names_in(struct exam *exam, const char *directory)
{
    return names_by(exam, server_feature(exam->server, "MLST") ? "MLSD" : "NLST", directory);
}

static bool among(struct lines lines, const char *name)
{
    for (size_t i = 0; i < lines.count; i++)
        if (strcmp(lines.line[i], name) == 0)
            return true;
    return false;
}

bool is_listed(struct exam *exam, const char *directory, const char *name)
{
    if (among(names_in(exam, directory), name))
        return true;
    return server_feature(exam->server, "MLST") && among(names_by(exam, "NLST", directory), name);
}

bool is_there(struct exam *exam, const char *path)
{
    return exists(exam, path) || is_listed(exam, directory_of(exam, path), last_name(path));
}

bool is_gone(struct exam *exam, const char *path)
{
    return !exists(exam, path) || !among(names_in(exam, directory_of(exam, path)), last_name(path));
}

static bool is_text(struct transfer transfer, const char *text)
{
    return reply_is(transfer.reply, "2") && transfer.bytes.size == strlen(text) &&
           memcmp(transfer.bytes.data, text, transfer.bytes.size) == 0;
}

bool holds(struct exam *exam, const char *path, const char *text)
{
    return is_text(look(exam, "RETR", path), text);
}

void expect_there(struct exam *exam, const char *path, const char *since)
{
    if (!is_there(exam, path))
        fail(exam, exam_format(exam, "that %s is there %s", shown(exam, last_name(path)), since),
             "it is not found, and the directory holds %s",
             shown_lines(exam, names_in(exam, directory_of(exam, path))));
}

void expect_gone(struct exam *exam, const char *path, const char *since)
{
    if (!is_gone(exam, path))
        fail(exam, exam_format(exam, "that %s is gone %s", shown(exam, last_name(path)), since),
             "it is still there");
}

void expect_holds(struct exam *exam, const char *path, const char *text, const char *since)
{
    struct transfer transfer = look(exam, "RETR", path);
    const char *expected = exam_format(exam, "that the file %s holds \"%s\" %s",
                                       shown(exam, last_name(path)), text, since);
    if (!reply_is(transfer.reply, "2"))
        fail(exam, expected, "%u %s (to RETR)", transfer.reply->code, transfer.reply->text);
    if (!is_text(transfer, text))
        fail(exam, expected, "%zu bytes: %s", transfer.bytes.size,
             shown(exam, transfer.bytes.data));
}

const char *given_text(struct exam *exam, const char *name, const char *text)
{
    return given_file(exam, name, text, strlen(text));
}

void given_place(struct client *client, const char *path)
{
    client->exam->given++;
    expect(client, "250 200", "CWD %s", path);
    client->exam->given--;
}

const char *present_path(struct client *client)
{
    struct exam *exam = client->exam;
    exam->given++;
    const char *path = reply_path(client, expect(client, "257", "PWD"));
    if (!path)
        blocked(exam, "PWD tells no path in double quotes");
    exam->given--;
    return path;
}

enum { SHOWN_MAX = 120 };

const char *shown(struct exam *exam, const char *name)
{
    struct buffer buffer;
    buffer_init(&buffer, SHOWN_MAX * 8);
    size_t size = strlen(name);
    /* Enough room for the longest escape of each byte: it cannot fail but for want of memory. */
    int r = text_append_quoted(&buffer, name, size < SHOWN_MAX ? size : SHOWN_MAX);
    const char *text = r < 0 ? "" : exam_copy(exam, buffer_begin(&buffer), buffer_size(&buffer));
    buffer_free(&buffer);
    return size <= SHOWN_MAX ? text : exam_format(exam, "%s... (%zu bytes in all)", text, size);
}

const char *shown_lines(struct exam *exam, struct lines lines)
{
    const char *text = lines.count ? "" : "nothing";
    for (size_t i = 0; i < lines.count; i++) {
        if (strlen(text) > 400)
            return exam_format(exam, "%s, and %zu more", text, lines.count - i);
        text = exam_format(exam, "%s%s%s", text, i ? ", " : "", shown(exam, lines.line[i]));
    }
    return text;
}
