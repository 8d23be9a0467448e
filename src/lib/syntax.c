/* The text of libconfig files: see syntax.h. */
#include "lib/syntax.h"

#include "lib/buffer.h"

#include <libconfig.h>
#include <string.h>

enum { TEXT_MAX = 1024 * 1024, DEPTH_MAX = 64 };

const char *syntax_skip_quoted(const char *text)
{
    if (*text == '"') {
        for (text++; *text != '\0' && *text != '"'; text++)
            if (*text == '\\' && text[1] != '\0')
                text++;
        return *text == '"' ? text + 1 : NULL;
    }
    if (*text == '#' || (text[0] == '/' && text[1] == '/'))
        return strchrnul(text, '\n');
    if (text[0] == '/' && text[1] == '*') {
        const char *end = strstr(text + 2, "*/");
        return end ? end + 2 : NULL;
    }
    return text;
}

static const char *find_line(const char *text, unsigned line)
{
    for (; line > 1 && *text; text++)
        line -= *text == '\n';
    return text;
}

/* What closes the groups and lists that are open at the end of TEXT, and the line of its last
 * token. A comment that does not end there, and a comma at the end, are taken off. False if it
 * cannot be said. */
static bool survey(char *text, char ret_closers[DEPTH_MAX + 1], unsigned *ret_line)
{
    static const char openers[] = "{[(";
    static const char closers[] = "}])";
    size_t depth = 0;
    unsigned line = 1;
    char *comma = NULL; /* the last token, if it is one: nothing may close behind it */
    *ret_line = 0;
    while (*text) {
        const char *end = syntax_skip_quoted(text);
        if (!end && *text == '/')
            break;
        if (!end)
            return false;
        bool is_comment = end != text && *text != '"';
        const char *opener = strchr(openers, *text);
        if (end == text)
            end++;
        if (opener && depth == DEPTH_MAX)
            return false;
        if (opener)
            ret_closers[DEPTH_MAX - ++depth] = closers[opener - openers];
        else if (strchr(closers, *text) &&
                 (depth == 0 || ret_closers[DEPTH_MAX - depth--] != *text))
            return false;
        if (!is_comment && !strchr(" \t\r\n\f", *text)) {
            *ret_line = line;
            comma = *text == ',' ? text : NULL;
        }
        for (; text < end; text++)
            line += *text == '\n';
    }
    *text = '\0';
    if (comma)
        *comma = ' ';
    memmove(ret_closers, ret_closers + DEPTH_MAX - depth, depth);
    ret_closers[depth] = '\0';
    return *ret_line > 0;
}

unsigned syntax_error_line(const char *text, unsigned reported)
{
    char closers[DEPTH_MAX + 1];
    unsigned last;
    cleanup_buffer struct buffer before;
    buffer_init(&before, TEXT_MAX);
    size_t size = (size_t)(find_line(text, reported) - text);
    if (buffer_append(&before, text, size) < 0 || buffer_append(&before, "", 1) < 0 ||
        !survey(before.data + before.start, closers, &last))
        return reported;

    /* If what stands before that line is good as soon as its groups are closed, the mistake is not
     * there. */
    before.end = before.start + strlen(buffer_begin(&before));
    if (buffer_append(&before, closers, strlen(closers) + 1) < 0)
        return reported;
    config_t parsed;
    config_init(&parsed);
    bool is_good = config_read_string(&parsed, buffer_begin(&before)) == CONFIG_TRUE;
    config_destroy(&parsed);
    return is_good ? reported : last;
}
