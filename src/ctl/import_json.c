/*
 * What cellftpctl export has written: a JSON object a line, with the name and the keys of a record.
 * It is made into the text of a record, and that is read as every record is: nothing that a record
 * could not have gets in. See import.h.
 */
#include "ctl/import.h"

#include "lib/cleanup.h"

#include <string.h>

enum { RECORD_MAX = 65536, PROBLEM_MAX = 8192, CODE_MAX = 0x10ffff };

struct json {
    const char *at;
    struct buffer *record; /* what it becomes */
    bool failed;
};

static void append(struct json *json, const char *bytes, size_t size)
{
    json->failed = json->failed || buffer_append(json->record, bytes, size) < 0;
}

static void skip_spaces(struct json *json)
{
    json->at += strspn(json->at, " \t\r");
}

static bool take(struct json *json, char c)
{
    skip_spaces(json);
    if (*json->at != c)
        return false;
    json->at++;
    return true;
}

static unsigned take_hex(struct json *json)
{
    static const char hex[] = "0123456789abcdef0123456789ABCDEF";
    unsigned code = 0;
    for (int i = 0; i < 4; i++, json->at++) {
        const char *digit = *json->at ? strchr(hex, *json->at) : NULL;
        if (!digit) {
            json->failed = true;
            return 0;
        }
        code = code << 4 | ((unsigned)(digit - hex) & 15);
    }
    return code;
}

static size_t put_utf8(uint32_t code, char ret[4])
{
    if (code < 0x80) {
        ret[0] = (char)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--, code >>= 6)
        ret[i] = (char)(0x80 | (code & 0x3f));
    ret[0] = (char)((0xf0u << (4 - size)) | code);
    return size;
}

/* What stands behind a backslash, into RET. */
static size_t take_escape(struct json *json, char ret[4])
{
    static const char letters[] = "\"\\/bfnrt", bytes[] = "\"\\/\b\f\n\r\t";
    char letter = *json->at++;
    const char *found = letter ? strchr(letters, letter) : NULL;
    if (found) {
        ret[0] = bytes[found - letters];
        return 1;
    }
    uint32_t code = letter == 'u' ? take_hex(json) : 0;
    if (code >= 0xd800 && code < 0xdc00 && json->at[0] == '\\' && json->at[1] == 'u') {
        json->at += 2;
        code = 0x10000 + ((code - 0xd800) << 10) + (take_hex(json) - 0xdc00);
    }
    if (code == 0 || code > CODE_MAX)
        json->failed = true;
    return json->failed ? 0 : put_utf8(code, ret);
}

/* A string, into TEXT. */
static void take_string(struct json *json, struct buffer *text)
{
    json->failed = json->failed || !take(json, '"');
    while (!json->failed && *json->at != '"') {
        char bytes[4] = {*json->at++};
        size_t size = 1;
        if (bytes[0] == '\0')
            json->failed = true;
        else if (bytes[0] == '\\')
            size = take_escape(json, bytes);
        json->failed = json->failed || buffer_append(text, bytes, size) < 0;
    }
    if (!json->failed)
        json->at++;
}

/* A string as libconfig writes it. */
static void convert_string(struct json *json)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, RECORD_MAX);
    take_string(json, &text);
    append(json, "\"", 1);
    for (size_t i = 0; i < buffer_size(&text); i++) {
        const char *byte = buffer_begin(&text) + i;
        if (*byte == '"' || *byte == '\\')
            append(json, "\\", 1);
        append(json, byte, 1);
    }
    append(json, "\"", 1);
}

/* A number, true or false. Those that an int has no room for get the letter that libconfig wants.
 */
static void convert_word(struct json *json)
{
    enum { DIGITS_OF_INT = 9 };
    size_t size = strspn(json->at, "-0123456789truefalse");
    json->failed = json->failed || size == 0;
    append(json, json->at, size);
    if (size > DIGITS_OF_INT && strspn(json->at, "0123456789") == size)
        append(json, "L", 1);
    json->at += size;
}

static void convert_list(struct json *json)
{
    append(json, "[", 1);
    json->at++;
    while (!json->failed && !take(json, ']')) {
        skip_spaces(json);
        convert_string(json);
        if (take(json, ','))
            append(json, ",", 1);
    }
    append(json, "]", 1);
}

static void convert_value(struct json *json)
{
    skip_spaces(json);
    if (*json->at == '"')
        convert_string(json);
    else if (*json->at == '[')
        convert_list(json);
    else
        convert_word(json);
}

/* One member; "name" goes to NAME. A key that is none of a record's is found by the record's own
 * reader. */
static void convert_member(struct json *json, struct buffer *name)
{
    cleanup_buffer struct buffer key;
    buffer_init(&key, 256);
    take_string(json, &key);
    json->failed = json->failed || !take(json, ':');
    if (json->failed)
        return;
    if (buffer_size(&key) == 4 && memcmp(buffer_begin(&key), "name", 4) == 0) {
        take_string(json, name);
        return;
    }
    append(json, buffer_begin(&key), buffer_size(&key));
    append(json, " = ", 3);
    convert_value(json);
    append(json, ";\n", 2);
}

static bool convert(const char *line, struct buffer *record, struct buffer *name)
{
    struct json json = {.at = line, .record = record, .failed = false};
    if (!take(&json, '{'))
        return false;
    while (!json.failed && !take(&json, '}')) {
        skip_spaces(&json);
        convert_member(&json, name);
        if (!take(&json, ',') && *json.at != '}')
            return false;
    }
    skip_spaces(&json);
    append(&json, "", 1);
    return !json.failed && *json.at == '\0' && buffer_append(name, "", 1) == 0;
}

bool import_json(struct import_source *source, struct import_user *ret)
{
    cleanup_buffer struct buffer record;
    cleanup_buffer struct buffer name;
    cleanup_buffer struct buffer problem;
    buffer_init(&record, RECORD_MAX);
    buffer_init(&name, 256);
    buffer_init(&problem, PROBLEM_MAX);
    char *line = import_entry(source);
    if (!line)
        return false;
    ret->name = "?";
    if (!convert(line, &record, &name)) {
        import_fault(ret, "line %u is no object as \"export\" writes it", source->line);
        return true;
    }
    int r = account_parse(source->config, buffer_begin(&name), buffer_begin(&record), &ret->account,
                          &problem);
    if (r < 0) {
        import_fault(ret, "line %u: %s%.*s", source->line,
                     buffer_size(&problem) == 0 ? strerror(-r) : "", (int)buffer_size(&problem),
                     buffer_begin(&problem));
        return true;
    }
    ret->name = ret->account->name;
    ret->hash = ret->account->password;
    ret->home = ret->account->home;
    return true;
}
