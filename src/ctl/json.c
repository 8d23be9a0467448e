/* JSON out of cellftpctl: see json.h. */
#include "ctl/json.h"

#include "lib/cleanup.h"
#include "lib/json.h"

#include <string.h>

enum { TEXT_MAX = 64 * 1024 * 1024 };

void json_print_string(FILE *file, const char *text)
{
    cleanup_buffer struct buffer string;
    buffer_init(&string, TEXT_MAX);
    if (text && json_append_string(&string, text, strlen(text)) == 0)
        (void)fwrite(buffer_begin(&string), 1, buffer_size(&string), file);
    else /* nor does it fit into memory: no reader takes that for a text */
        (void)fputs("null", file);
}

void json_begin(struct json_object *object, FILE *file)
{
    *object = (struct json_object){.file = file};
    (void)fputc('{', file);
}

static void separate(struct json_object *object)
{
    if (object->begun)
        (void)fputc(',', object->file);
    object->begun = true;
}

void json_member(struct json_object *object, const char *member)
{
    separate(object);
    (void)fprintf(object->file, "\"%s\":", member);
}

void json_text(struct json_object *object, const char *member, const char *text)
{
    cleanup_buffer struct buffer whole;
    buffer_init(&whole, TEXT_MAX);
    if (!text || json_append_member(&whole, member, text) < 0) {
        json_bare(object, member, "null");
        return;
    }
    separate(object);
    (void)fwrite(buffer_begin(&whole), 1, buffer_size(&whole), object->file);
}

void json_bare(struct json_object *object, const char *member, const char *value)
{
    json_member(object, member);
    (void)fputs(value, object->file);
}

void json_end(struct json_object *object)
{
    (void)fputc('}', object->file);
}
