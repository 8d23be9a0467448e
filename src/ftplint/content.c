/* What files hold: see content.h. */
#include "ftplint/content.h"

#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    READABLE_MAX = 48,
    UNDER_WAY = 100, /* milliseconds */
};

const char *readable(struct exam *exam, const void *bytes, size_t size)
{
    size_t shown = size < READABLE_MAX ? size : READABLE_MAX;
    char *text = exam_allocate(exam, shown * 4 + 8);
    char *at = text;
    *at++ = '"';
    for (size_t i = 0; i < shown; i++) {
        unsigned char byte = ((const unsigned char *)bytes)[i];
        if (byte == '\r' || byte == '\n') {
            *at++ = '\\';
            *at++ = byte == '\r' ? 'r' : 'n';
        } else if (isprint(byte)) {
            *at++ = (char)byte;
        } else {
            at += snprintf(at, 5, "\\x%02x", byte);
        }
    }
    (void)snprintf(at, 5, "%s", shown < size ? "\"..." : "\"");
    return text;
}

struct bytes bytes_of(const char *text)
{
    return (struct bytes){.data = text, .size = strlen(text)};
}

struct bytes bytes_behind(struct bytes bytes, size_t offset)
{
    return (struct bytes){.data = bytes.data + offset, .size = bytes.size - offset};
}

/* BYTES, whose first AT are as the other side's. */
static const char *told_from(struct exam *exam, struct bytes bytes, size_t at)
{
    if (at == bytes.size)
        return exam_format(exam, "%zu bytes and no more", bytes.size);
    const char *shown = readable(exam, bytes.data + at, bytes.size - at);
    return at ? exam_format(exam, "%zu bytes; behind the first %zu stands %s", bytes.size, at,
                            shown)
              : exam_format(exam, "%zu bytes that begin with %s", bytes.size, shown);
}

void same_bytes(struct exam *exam, const char *what, struct bytes want, struct bytes got)
{
    size_t most = want.size < got.size ? want.size : got.size;
    size_t at = 0;
    while (at < most && want.data[at] == got.data[at])
        at++;
    if (at == want.size && at == got.size)
        return;
    const char *expected = told_from(exam, want, at);
    fail(exam, exam_format(exam, "%s: %s", what, expected), "%s", told_from(exam, got, at));
}

struct bytes given_retrieved(struct client *client, const char *path)
{
    client->exam->given++;
    struct bytes bytes = retrieve(client, "RETR %s", path);
    client->exam->given--;
    return bytes;
}

void given_stored(struct client *client, struct bytes content, const char *path)
{
    client->exam->given++;
    store(client, content.data, content.size, "STOR %s", path);
    client->exam->given--;
}

const struct reply *given_reply(struct client *client, const char *codes, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *line = exam_formatv(client->exam, format, arguments);
    va_end(arguments);
    client->exam->given++;
    const struct reply *reply = expect(client, codes, "%s", line);
    client->exam->given--;
    return reply;
}

void given_restart(struct client *client, unsigned long long offset)
{
    (void)given_reply(client, "350", "REST %llu", offset);
}

void forget_restart(struct client *client)
{
    (void)command(client, "REST 0");
}

const char *given_large_file(struct exam *exam)
{
    exam->given++;
    struct client *client = given_session(exam);
    if (!exam->server->folder)
        blocked(exam, "the user may not make a directory");
    const char *path = exam_format(exam, "%s/large", exam->server->folder);
    if (!exists(exam, path)) {
        struct bytes content = exam_content(exam, LARGE_FILE_SIZE, 6);
        store(client, content.data, content.size, "STOR %s", path);
    }
    exam->given--;
    return path;
}

struct data *given_download(struct client *client)
{
    struct data *data = given_transfer(client, "RETR %s", given_large_file(client->exam));
    client->exam->given++;
    (void)data_read(data, 1000);
    client->exam->given--;
    return data;
}

struct data *given_stalled_download(struct client *client)
{
    struct data *data = given_download(client);
    client->exam->given++;
    expect_silence(client, 200);
    client->exam->given--;
    return data;
}

struct bytes rest_of(struct data *data)
{
    struct bytes bytes = data_read(data, 0);
    wire_close(&data->wire);
    return bytes;
}

struct data *given_upload(struct client *client, size_t size, const char *path)
{
    struct data *data = given_transfer(client, "STOR %s", path);
    client->exam->given++;
    struct bytes content = exam_content(client->exam, size, 5);
    data_send(data, content.data, content.size);
    client->exam->given--;
    /* Nothing tells when the server has begun to read: what comes next is to come in the middle. */
    (void)poll(NULL, 0, size ? UNDER_WAY : 0);
    return data;
}

void expect_refused(struct client *client, const struct transfer *transfer, const char *codes)
{
    if (reply_is(transfer->reply, "2"))
        fail(client->exam, "a refusal: 4xx or 5xx", "%u %s", transfer->reply->code,
             transfer->reply->text);
    expect_code(client, transfer->reply, codes);
}
