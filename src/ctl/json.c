/* JSON out of cellftpctl: see json.h. */
#include "ctl/json.h"

#include "lib/text.h"

#include <string.h>

void json_print_string(FILE *file, const char *text)
{
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
