/* JSON strings: see json.h. */
#include "lib/json.h"

#include "lib/text.h"

#include <string.h>

enum { ESCAPE = 6 }; /* \uXXXX; no character outside of the BMP has to be escaped */

static size_t write_escape(char *ret, uint32_t code)
{
    static const char digits[] = "0123456789abcdef";
    memcpy(ret, "\\u", 2);
    for (unsigned i = 0; i < 4; i++)
        ret[2 + i] = digits[code >> (12 - 4 * i) & 15];
    return ESCAPE;
}

int json_append_string(struct buffer *buffer, const char *bytes, size_t size)
{
    char *room;
    int r = buffer_reserve(buffer, ESCAPE * size + 2, &room);
    if (r < 0)
        return r;
    size_t used = 0;
    room[used++] = '"';
    for (size_t i = 0; i < size;) {
        struct text_character character = text_character(bytes + i, size - i);
        if (!character.valid) {
            used += write_escape(room + used, 0xfffd);
        } else if (!character.printable) {
            used += write_escape(room + used, character.code);
        } else {
            if (character.code == '"' || character.code == '\\')
                room[used++] = '\\';
            memcpy(room + used, bytes + i, character.size);
            used += character.size;
        }
        i += character.size;
    }
    room[used++] = '"';
    buffer_commit(buffer, used);
    return 0;
}

int json_append_member(struct buffer *buffer, const char *name, const char *text)
{
    size_t size = strlen(text);
    int r = buffer_append_format(buffer, "\"%s\":", name);
    if (r >= 0)
        r = json_append_string(buffer, text, size);
    if (r < 0 || text_is_utf8(text, size))
        return r;
    r = buffer_append_format(buffer, ",\"%s_hex\":\"", name);
    for (size_t i = 0; i < size && r >= 0; i++)
        r = buffer_append_format(buffer, "%02x", (unsigned char)text[i]);
    return r < 0 ? r : buffer_append_string(buffer, "\"");
}
