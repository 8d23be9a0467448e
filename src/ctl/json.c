/* JSON out of cellftpctl: see json.h. */
#include "ctl/json.h"

#include "lib/text.h"

#include <string.h>

void json_print_string(FILE *file, const char *text)
{
    if (!text) {
        (void)fputs("null", file);
        return;
    }
    bool is_utf8 = text_is_utf8(text, strlen(text));

    (void)fputc('"', file);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            (void)fprintf(file, "\\%c", c);
        else if (c < 0x20 || c == 0x7f || (c >= 0x80 && !is_utf8))
            (void)fprintf(file, "\\u%04x", c);
        else
            (void)fputc(c, file);
    }
    (void)fputc('"', file);
}

void json_begin(struct json_object *object, FILE *file)
{
    *object = (struct json_object){.file = file};
    (void)fputc('{', file);
}

void json_member(struct json_object *object, const char *member)
{
    (void)fputs(object->begun ? ", " : "", object->file);
    object->begun = true;
    json_print_string(object->file, member);
    (void)fputs(": ", object->file);
}

void json_text(struct json_object *object, const char *member, const char *text)
{
    json_member(object, member);
    json_print_string(object->file, text);
}

void json_boolean(struct json_object *object, const char *member, bool value)
{
    json_member(object, member);
    (void)fputs(value ? "true" : "false", object->file);
}

void json_end(struct json_object *object)
{
    (void)fputc('}', object->file);
}
