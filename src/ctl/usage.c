/* What cellftpctl says about itself: usage out of the table of commands, and complaints. */
#include "ctl/command.h"

#include <stdarg.h>
#include <string.h>

static void print_command(FILE *file, const struct command *command)
{
    char syntax[256];
    size_t used = 0;
    int r = snprintf(syntax, sizeof(syntax), "%s %s%s", command->noun, command->verb,
                     command->takes_name ? " NAME" : "");
    used += r > 0 ? (size_t)r : 0;
    for (unsigned bit = 1; bit != 0 && bit <= command->options; bit <<= 1) {
        if (!(command->options & bit) || used >= sizeof(syntax))
            continue;
        r = snprintf(syntax + used, sizeof(syntax) - used, " [%s]", option_word(bit));
        used += r > 0 ? (size_t)r : 0;
    }
    (void)fprintf(file, "  %s\n      %s\n", syntax, command->help);
}

bool usage_print(FILE *file, const char *noun, const char *verb)
{
    bool found = false;
    for (size_t i = 0; i < command_count; i++) {
        if ((noun && strcmp(noun, commands[i].noun) != 0) ||
            (verb && strcmp(verb, commands[i].verb) != 0))
            continue;
        if (!found)
            (void)fputs("usage: cellftpctl [--config FILE] COMMAND\n", file);
        found = true;
        print_command(file, &commands[i]);
    }
    if (!found)
        complain("there is no such command; see \"cellftpctl --help\"");
    else if (!noun)
        (void)fputs("  --help, --version\n      also behind any command\n", file);
    return found;
}

void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("cellftpctl: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputc('\n', stderr);
    va_end(arguments);
}
