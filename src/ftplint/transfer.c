/* Whole transfers: see data.h. */
#include "ftplint/exam.h"

#include <string.h>

/* Sends the command and reads its first reply; true if the transfer has begun. */
static bool begin(struct client *client, enum data_mode mode, const char *line,
                  struct transfer *transfer)
{
    struct data *data = data_open(client, mode);
    transfer->data = data;
    const struct reply *reply = command(client, "%s", line);
    if (!reply_is(reply, "1")) {
        transfer->reply = reply;
        wire_close(&data->wire);
        return false;
    }
    transfer->preliminary = reply;
    data_ready(data);
    return true;
}

struct data *given_transfer(struct client *client, const char *format, ...)
{
    struct exam *exam = client->exam;
    struct transfer transfer = {.preliminary = NULL};
    exam->given++;
    va_list arguments;
    va_start(arguments, format);
    const char *line = exam_formatv(exam, format, arguments);
    va_end(arguments);
    if (!begin(client, DATA_ANY, line, &transfer))
        expect_code(client, transfer.reply, "125 150");
    exam->given--;
    return transfer.data;
}

struct data *try_transfer(struct client *client, enum data_mode mode,
                          const struct reply **ret_reply, const char *format, ...)
{
    struct transfer transfer = {.preliminary = NULL};
    va_list arguments;
    va_start(arguments, format);
    const char *line = exam_formatv(client->exam, format, arguments);
    va_end(arguments);
    bool begun = begin(client, mode, line, &transfer);
    *ret_reply = begun ? transfer.preliminary : transfer.reply;
    return begun ? transfer.data : NULL;
}

static struct transfer retrieve_line(struct client *client, enum data_mode mode, const char *line)
{
    struct transfer transfer = {.preliminary = NULL};
    if (!begin(client, mode, line, &transfer))
        return transfer;
    struct data *data = transfer.data;
    transfer.bytes = data_read(data, 0);
    /* Some servers (ProFTPD) do not reply before this side has closed as well. */
    enum wire_end end = data->wire.end;
    wire_close(&data->wire);
    transfer.reply = read_reply(client);
    transfer.end = end;
    return transfer;
}

struct transfer try_retrieve(struct client *client, enum data_mode mode, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *line = exam_formatv(client->exam, format, arguments);
    va_end(arguments);
    return retrieve_line(client, mode, line);
}

static struct transfer store_line(struct client *client, enum data_mode mode, const void *bytes,
                                  size_t size, const char *line)
{
    struct transfer transfer = {.preliminary = NULL};
    if (!begin(client, mode, line, &transfer))
        return transfer;
    struct data *data = transfer.data;
    /* A server that refuses midway closes early: its reply tells, not the broken connection. */
    (void)wire_send(&data->wire, bytes, size, false, exam_patience(client->exam));
    data_end(data);
    transfer.end = data->wire.end;
    transfer.reply = read_reply(client);
    return transfer;
}

struct transfer try_store(struct client *client, enum data_mode mode, const void *bytes,
                          size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *line = exam_formatv(client->exam, format, arguments);
    va_end(arguments);
    return store_line(client, mode, bytes, size, line);
}

static void judge(struct client *client, const struct transfer *transfer)
{
    if (!transfer->preliminary)
        expect_code(client, transfer->reply, "125 150");
    expect_code(client, transfer->preliminary, "125 150");
    expect_code(client, transfer->reply, "226 250");
}

static struct bytes retrieve_whole(struct client *client, const char *line)
{
    struct transfer transfer = retrieve_line(client, DATA_ANY, line);
    judge(client, &transfer);
    if (transfer.end == WIRE_TRUNCATED)
        fail(client->exam, "close_notify at the end of the data (RFC 8446, section 6.1)",
             "the end of the connection without it");
    return transfer.bytes;
}

struct bytes retrieve(struct client *client, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *line = exam_formatv(client->exam, format, arguments);
    va_end(arguments);
    return retrieve_whole(client, line);
}

void store(struct client *client, const void *bytes, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *line = exam_formatv(client->exam, format, arguments);
    va_end(arguments);
    struct transfer transfer = store_line(client, DATA_ANY, bytes, size, line);
    judge(client, &transfer);
}

struct lines split_lines(struct exam *exam, struct bytes bytes)
{
    struct lines lines = {.count = 0};
    size_t most = 1;
    for (size_t i = 0; i < bytes.size; i++)
        most += bytes.data[i] == '\n';
    lines.line = exam_allocate(exam, most * sizeof(*lines.line));
    char *text = exam_copy(exam, bytes.data, bytes.size);
    for (size_t at = 0; at < bytes.size;) {
        const char *stop = memchr(bytes.data + at, '\n', bytes.size - at);
        size_t size = stop ? (size_t)(stop - bytes.data) - at : bytes.size - at;
        bool bare = size == 0 || bytes.data[at + size - 1] != '\r';
        lines.bare += bare;
        text[at + (bare ? size : size - 1)] = '\0';
        lines.line[lines.count++] = text + at;
        at += size + 1;
    }
    return lines;
}

struct lines list_lines(struct client *client, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *line = exam_formatv(client->exam, format, arguments);
    va_end(arguments);
    return split_lines(client->exam, retrieve_whole(client, line));
}
