/*
 * The control connection: bytes in, lines out of them, replies out, in clear or under TLS. The only
 * reader and the only writer of it. It never holds more than its two buffers and what TLS keeps for
 * it (lib/tls.h), whatever a client sends or does not read.
 */
#include "lib/text.h"
#include "session/session.h"

#include <errno.h>
#include <string.h>

enum {
    OUTPUT_MAX = 1 << 20,
    /* Telnet, RFC 854. */
    TELNET_FIRST_COMMAND = 240,
    TELNET_WILL = 251,
    TELNET_DONT = 254,
    TELNET_BYTE_IAC = 255,
};

void control_init(struct control *control, int fd)
{
    *control = (struct control){.telnet = TELNET_DATA};
    connection_init(&control->connection, fd);
    buffer_init(&control->input, CONTROL_INPUT_MAX);
    buffer_init(&control->output, OUTPUT_MAX);
}

void control_free(struct control *control)
{
    connection_close(&control->connection);
    buffer_free(&control->input);
    buffer_free(&control->output);
}

/* Takes telnet's own bytes out of SIZE bytes at BYTES, in place; returns how many are left. Options
 * are ignored, which RFC 1123 section 4.1.2.12 allows; IAC IAC is one byte 255; of IAC before
 * anything that is no command the IAC goes. */
static size_t strip_telnet(struct control *control, unsigned char *bytes, size_t size)
{
    size_t kept = 0;
    for (size_t i = 0; i < size; i++) {
        unsigned char byte = bytes[i];
        switch (control->telnet) {
        case TELNET_DATA:
            if (byte == TELNET_BYTE_IAC)
                control->telnet = TELNET_IAC;
            else
                bytes[kept++] = byte;
            break;
        case TELNET_IAC:
            control->telnet =
                byte >= TELNET_WILL && byte <= TELNET_DONT ? TELNET_OPTION : TELNET_DATA;
            if (byte == TELNET_BYTE_IAC || byte < TELNET_FIRST_COMMAND)
                bytes[kept++] = byte;
            break;
        case TELNET_OPTION: control->telnet = TELNET_DATA; break;
        }
    }
    return kept;
}

/* Drops what belongs to a line that is too long, up to its end. */
static void discard(struct control *control)
{
    const char *begin = buffer_begin(&control->input);
    const char *end = memchr(begin, '\n', buffer_size(&control->input));
    size_t size = end ? (size_t)(end - begin) : buffer_size(&control->input);
    control->discarded += size;
    buffer_consume(&control->input, size);
}

static void fail(struct control *control, int error)
{
    control->failed = true;
    control->error = error;
}

static size_t room_in(const struct control *control)
{
    return CONTROL_INPUT_MAX - buffer_size(&control->input);
}

/* What was read into ROOM: SIZE bytes, the end, or an error. */
static void take(struct control *control, char *room, ssize_t size)
{
    if (size > 0)
        buffer_commit(&control->input, strip_telnet(control, (unsigned char *)room, (size_t)size));
    else if (size == 0 || size == -ECONNABORTED)
        control->ended = true;
    else if (size != -EAGAIN && size != -EINTR)
        fail(control, (int)size);
    control->cut = size == -ECONNABORTED;
    if (control->discarding)
        discard(control);
}

void control_read(struct control *control)
{
    do { /* one record of TLS may not fit, and poll(2) says nothing of what it left */
        char *room;
        size_t space = room_in(control);
        if (space == 0 || control->ended || control->failed ||
            buffer_reserve(&control->input, space, &room) < 0)
            return;
        take(control, room, connection_read(&control->connection, room, space));
    } while (control_has_unread(control));
}

bool control_has_unread(const struct control *control)
{
    return !control->ended && !control->failed && room_in(control) > 0 &&
           connection_pending(&control->connection);
}

void control_write(struct control *control)
{
    while (buffer_size(&control->output) > 0 && !control->failed) {
        ssize_t size = connection_write(&control->connection, buffer_begin(&control->output),
                                        buffer_size(&control->output));
        if (size == -EINTR)
            continue;
        if (size == -EAGAIN)
            break;
        if (size < 0)
            fail(control, (int)size);
        else
            buffer_consume(&control->output, (size_t)size);
    }
    if (control->failed)
        return;
    int r = connection_flush(&control->connection);
    control->unflushed = r == -EAGAIN;
    if (r < 0 && r != -EAGAIN)
        fail(control, r);
}

bool control_has_unwritten(const struct control *control)
{
    return buffer_size(&control->output) > 0 || control->unflushed;
}

bool control_finish(struct control *control)
{
    if (control->finished || control->failed)
        return true;
    int r = connection_finish(&control->connection);
    control->finished = r == 0;
    control->unflushed = r == -EAGAIN;
    if (r < 0 && r != -EAGAIN)
        fail(control, r);
    return !control->unflushed;
}

int control_line(struct control *control, char **ret, size_t *ret_size)
{
    size_t available = buffer_size(&control->input);
    if (available == 0)
        return 0;
    char *begin = control->input.data + control->input.start;
    char *end = memchr(begin, '\n', available);
    size_t size = end ? (size_t)(end - begin) : available;

    if (control->discarding) {
        if (!end)
            return 0;
        control->discarding = false;
        control->discarded = 0;
        buffer_consume(&control->input, size + 1);
        return -EMSGSIZE;
    }
    if (size > CONTROL_LINE_MAX) {
        control->discarding = true;
        discard(control);
        return control_line(control, ret, ret_size);
    }
    if (!end)
        return 0;
    buffer_consume(&control->input,
                   size + 1); /* the bytes stay where they are until the next read */
    if (size > 0 && begin[size - 1] == '\r')
        size--;
    begin[size] = '\0';
    *ret = begin;
    *ret_size = size;
    return 1;
}

bool control_has_line(const struct control *control)
{
    size_t size = buffer_size(&control->input);
    return size > 0 &&
           (memchr(buffer_begin(&control->input), '\n', size) || size > CONTROL_LINE_MAX);
}

static bool line_is(const char *line, size_t size, const char *verb, bool with_argument)
{
    size_t length = strlen(verb);
    if (size < length || strncasecmp(line, verb, length) != 0)
        return false;
    return size == length || line[length] == '\r' || (with_argument && line[length] == ' ');
}

bool control_waits_for(const struct control *control, const char *verb)
{
    const char *line = buffer_begin(&control->input);
    size_t left = buffer_size(&control->input);
    const char *end;
    while (left > 0 && (end = memchr(line, '\n', left))) {
        size_t size = (size_t)(end - line);
        if (line_is(line, size, verb, false))
            return true;
        left -= size + 1;
        line = end + 1;
    }
    return false;
}

bool control_next_is(const struct control *control, const char *const *verbs)
{
    size_t left = buffer_size(&control->input);
    const char *line = buffer_begin(&control->input);
    const char *end = left > 0 ? memchr(line, '\n', left) : NULL;
    if (!end)
        return false;
    for (; *verbs; verbs++)
        if (line_is(line, (size_t)(end - line), *verbs, true))
            return true;
    return false;
}
