/* Reading replies (RFC 959, section 4.2), leniently: see client.h. */
#include "ftplint/exam.h"

#include "lib/clock.h"
#include "lib/text.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

/* One line out of the input. 1, 0 at the end of the connection, -ETIMEDOUT. */
static int next_line(struct client *client, uint64_t end, char **ret, size_t *ret_size,
                     unsigned *flaws)
{
    struct buffer *input = &client->wire.input;
    size_t seen = 0; /* bytes without a line's end: a long line is not searched again and again */
    for (;;) {
        const char *begin = buffer_begin(input);
        size_t size_now = buffer_size(input);
        const char *stop = size_now > seen ? memchr(begin + seen, '\n', size_now - seen) : NULL;
        seen = size_now;
        if (stop) {
            size_t size = (size_t)(stop - begin);
            bool bare = size == 0 || stop[-1] != '\r';
            *flaws |= bare ? REPLY_BARE_LF : 0;
            size -= bare ? 0 : 1;
            if (memchr(begin, '\r', size))
                *flaws |= REPLY_BARE_CR;
            if (!text_is_utf8(begin, size))
                *flaws |= REPLY_NOT_UTF8;
            for (size_t i = 0; i < size; i++)
                if (((unsigned char)begin[i] < 0x20 && begin[i] != '\t' && begin[i] != '\r') ||
                    begin[i] == 0x7f)
                    *flaws |= REPLY_CONTROL_BYTE;
            *ret = exam_copy(client->exam, begin, size);
            *ret_size = size;
            buffer_consume(input, (size_t)(stop - begin) + 1);
            return 1;
        }
        uint64_t now = clock_msec();
        ssize_t got = wire_receive(&client->wire, now < end ? (unsigned)(end - now) : 0);
        if (got <= 0)
            return (int)got;
    }
}

static unsigned code_of(const char *line)
{
    for (int i = 0; i < 3; i++)
        if (!isdigit((unsigned char)line[i]))
            return 0;
    unsigned code = (unsigned)(line[0] - '0') * 100 + (unsigned)(line[1] - '0') * 10 +
                    (unsigned)(line[2] - '0');
    return code >= 100 && code < 600 ? code : 0;
}

static void add_line(struct exam *exam, struct reply *reply, char *line)
{
    /* Room doubles; the old array stays the exam's until its end. */
    if ((reply->count & (reply->count - 1)) == 0) {
        char **more = exam_allocate(exam, (reply->count ? reply->count * 2 : 1) * sizeof(*more));
        if (reply->count)
            memcpy(more, reply->lines, reply->count * sizeof(*more));
        reply->lines = more;
    }
    reply->lines[reply->count++] = line;
}

/* True if LINE ends the reply that began with CODE and a hyphen. */
static bool ends_reply(struct reply *reply, const char *line)
{
    unsigned code = code_of(line);
    if (code == 0 || (line[3] != ' ' && line[3] != '\0'))
        return false;
    if (code == reply->code)
        return true;
    /* Another code at the end: some servers do it, and no client would ever see an end. */
    if (line[3] == ' ') {
        reply->flaws |= REPLY_CODE_CHANGES;
        return true;
    }
    return false;
}

static int read_lines(struct client *client, struct reply *reply, uint64_t end)
{
    char *line;
    size_t size;
    int r = next_line(client, end, &line, &size, &reply->flaws);
    if (r <= 0)
        return r;
    add_line(client->exam, reply, line);
    unsigned code = code_of(line);
    if (code == 0 || (line[3] != ' ' && line[3] != '-' && line[3] != '\0'))
        return -EPROTO;
    if (line[3] == '\0')
        reply->flaws |= REPLY_CODE_ALONE;
    reply->code = code;
    reply->text = line[3] ? line + 4 : line + 3;
    if (line[3] != '-')
        return 1;
    size_t bytes = 0;
    do {
        r = next_line(client, end, &line, &size, &reply->flaws);
        if (r <= 0)
            return r;
        add_line(client->exam, reply, line);
        bytes += size;
        if (reply->count > REPLY_LINES_MAX || bytes > REPLY_BYTES_MAX)
            return -E2BIG;
    } while (!ends_reply(reply, line));
    return 1;
}

const struct reply *try_reply(struct client *client, unsigned milliseconds)
{
    exam_go_on(client->exam);
    struct reply *reply = exam_allocate(client->exam, sizeof(*reply));
    uint64_t begun = clock_msec();
    int r = read_lines(client, reply, begun + milliseconds);
    reply->waited = clock_msec() - begun;
    if (!reply->text)
        reply->text = "";
    if (r == 1) {
        client->answered = reply->code;
        return reply;
    }
    reply->code = 0;
    reply->error = r < 0 ? r : client->wire.end == WIRE_RESET ? -ECONNRESET : -EPIPE;
    return reply;
}

/* What did not come, in words. */
static const char *awaited(struct client *client)
{
    if (client->answered >= 200)
        return "a further reply";
    const char *which = client->answered ? "the final reply" : "a reply";
    return *client->asked ? exam_format(client->exam, "%s to %s", which, client->asked) : which;
}

/* Ends the test: there is no reply. */
static _Noreturn void no_reply(struct client *client, const struct reply *reply)
{
    struct exam *exam = client->exam;
    const char *expected = awaited(client);
    switch (reply->error) {
    case -ETIMEDOUT:
        exam->result.timed_out = true;
        fail(exam, expected, "no reply within %llu ms", (unsigned long long)reply->waited);
    case -EPIPE: fail(exam, expected, "the server closed the control connection");
    case -ECONNRESET: fail(exam, expected, "the server reset the control connection");
    case -ENOBUFS:
        fail(exam, expected, "more than %d MiB without the end of a line", WIRE_INPUT_MAX >> 20);
    case -E2BIG:
        fail(exam, exam_format(exam, "%s, and its last line", expected),
             "%zu lines, and no last one", reply->count);
    case -EPROTO:
        fail(exam, "a reply: three digits, then a space or a hyphen (RFC 959, section 4.2)",
             "\"%s\"", reply->count ? reply->lines[reply->count - 1] : "");
    default: fail(exam, expected, "%s", strerror(-reply->error));
    }
}

const struct reply *read_reply(struct client *client)
{
    const struct reply *reply = try_reply(client, exam_patience(client->exam));
    if (reply->code == 0)
        no_reply(client, reply);
    return reply;
}

const struct reply *read_final(struct client *client)
{
    const struct reply *reply = read_reply(client);
    while (reply->code < 200)
        reply = read_reply(client);
    return reply;
}

bool reply_is(const struct reply *reply, const char *codes)
{
    char digits[4] = {(char)('0' + reply->code / 100), (char)('0' + reply->code / 10 % 10),
                      (char)('0' + reply->code % 10), '\0'};
    for (const char *at = codes; *at && *at != '|';) {
        size_t size = strcspn(at, " |");
        if (size > 0 && size <= 3 && strncmp(digits, at, size) == 0)
            return true;
        at += size;
        at += strspn(at, " ");
    }
    return false;
}

bool reply_is_unknown(const struct reply *reply)
{
    return reply_is(reply, "500 502 504");
}

void skip_unknown(struct client *client, const struct reply *reply, const char *verb)
{
    if (reply_is_unknown(reply))
        skip(client->exam, "the server does not know %s: %u %s", verb, reply->code, reply->text);
}

/* "250 or 226", "200: words", "5xx, a refusal: words". */
static const char *describe_codes(struct exam *exam, const char *codes)
{
    const char *words = strchr(codes, '|');
    const char *end = words ? words : codes + strlen(codes);
    char *text = exam_format(exam, "%s", "");
    for (const char *at = codes; at < end;) {
        size_t size = strcspn(at, " |");
        const char *rest = size == 1 ? "xx" : size == 2 ? "x" : "";
        text = exam_format(exam, "%s%s%.*s%s", text, *text ? " or " : "", (int)size, at, rest);
        at += size;
        at += strspn(at, " ");
    }
    if (!words)
        return text;
    return exam_format(exam, strstr(words, ": ") ? "%s, %s" : "%s: %s", text, words + 1);
}

void refuse_code(struct client *client, const struct reply *reply, const char *codes,
                 const char *to)
{
    const char *expected = describe_codes(client->exam, codes);
    fail(client->exam, expected, "%u %s%s", reply->code, reply->text, to);
}

void expect_code(struct client *client, const struct reply *reply, const char *codes)
{
    if (reply_is(reply, codes))
        return;
    refuse_code(client, reply, codes, "");
}

const struct reply *expect_next(struct client *client, const char *codes)
{
    const struct reply *reply = read_reply(client);
    expect_code(client, reply, codes);
    return reply;
}

const char *reply_flaw_text(enum reply_flaw flaw)
{
    switch (flaw) {
    case REPLY_BARE_LF: return "a line that ends in LF without CR";
    case REPLY_CODE_ALONE: return "a code with neither a space nor a hyphen behind it";
    case REPLY_CODE_CHANGES: return "a last line with another code than the first line's";
    case REPLY_CONTROL_BYTE: return "a control character in the text";
    case REPLY_NOT_UTF8: return "bytes that are not UTF-8";
    case REPLY_BARE_CR: return "CR in the middle of a line";
    }
    return "";
}

static const char *without_flaw(enum reply_flaw flaw)
{
    switch (flaw) {
    case REPLY_BARE_LF: return "lines that end in CR LF";
    case REPLY_CODE_ALONE: return "a space or a hyphen behind the code";
    case REPLY_CODE_CHANGES: return "the same code in the first and in the last line";
    case REPLY_CONTROL_BYTE: return "text without control characters";
    case REPLY_NOT_UTF8: return "text in UTF-8";
    case REPLY_BARE_CR: return "no CR but before LF, at the end of a line";
    }
    return "";
}

/* The first line of REPLY that has FLAW, as far as its text shows it; otherwise the first one. */
static const char *flawed_line(const struct reply *reply, enum reply_flaw flaw)
{
    if (flaw == REPLY_CODE_CHANGES)
        return reply->lines[reply->count - 1];
    for (size_t i = 0; i < reply->count; i++) {
        const char *line = reply->lines[i];
        bool flawed = flaw == REPLY_BARE_CR
                          ? strchr(line, '\r') != NULL
                          : flaw == REPLY_NOT_UTF8 && !text_is_utf8(line, strlen(line));
        for (const char *at = line; flaw == REPLY_CONTROL_BYTE && *at; at++)
            flawed |= ((unsigned char)*at < 0x20 && *at != '\t' && *at != '\r') || *at == 0x7f;
        if (flawed)
            return line;
    }
    return reply->lines[0];
}

void expect_flawless(struct client *client, const char *what, const struct reply *reply,
                     unsigned flaws)
{
    for (unsigned flaw = 1; flaw <= REPLY_BARE_CR; flaw <<= 1) {
        if (!(reply->flaws & flaws & flaw))
            continue;
        fail(client->exam, without_flaw((enum reply_flaw)flaw), "%s has %s: \"%s\"", what,
             reply_flaw_text((enum reply_flaw)flaw), flawed_line(reply, (enum reply_flaw)flaw));
    }
}

const char *reply_path(struct client *client, const struct reply *reply)
{
    const char *at = strchr(reply->text, '"');
    if (!at)
        return NULL;
    char *path = exam_allocate(client->exam, strlen(at));
    size_t size = 0;
    for (at++; *at; at++) {
        if (*at == '"' && *++at != '"')
            return path;
        path[size++] = *at;
    }
    return NULL; /* the quote is never closed */
}
