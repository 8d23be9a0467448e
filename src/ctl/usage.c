/* What cellftpctl says about itself, out of its tables; and complaints. */
#include "ctl/command.h"

#include "ctl/table.h"
#include "lib/cleanup.h"

#include <stdarg.h>
#include <string.h>

enum { SYNTAX_MAX = 4096, WIDTH = 80, CONTINUED = 8, ENTRY = 23 };

const struct exit_meaning exit_meanings[] = {
    {STATUS_OK, "everything was done"},
    {STATUS_FAILED, "it failed; the reason is on the standard error output"},
    {STATUS_USAGE, "the command line is wrong, or the name is none for an account; nothing done"},
    {STATUS_NO_PERMISSION, "it must be run by root; nothing was done"},
    {STATUS_NOT_CONFIGURED, "the configuration is missing or has mistakes; nothing was done"},
    {STATUS_REFUSED, "the server runs it for a client who may not do that; nothing was done"},
};
const size_t exit_meaning_count = ELEMENTS(exit_meanings);

/* --- Pieces of a command's syntax. A buffer that is too small leaves the rest out. --- */

void command_append_name(struct buffer *buffer, const struct command *command)
{
    (void)buffer_append_format(buffer, "%s%s%s", command->noun, command->verb ? " " : "",
                               command->verb ? command->verb : "");
}

void command_append_operands(struct buffer *buffer, const struct command *command)
{
    for (size_t i = 0; i < OPERANDS_MAX && command->operands[i].kind != OPERAND_NONE; i++) {
        enum operand_number number = command->operands[i].number;
        bool optional = number == OPERAND_OPTIONAL || number == OPERAND_ANY;
        bool many = number == OPERAND_SEVERAL || number == OPERAND_ANY;
        (void)buffer_append_format(buffer, "%s%s%s%s%s", i > 0 ? " " : "", optional ? "[" : "",
                                   operand_placeholder(command->operands[i].kind),
                                   many ? "..." : "", optional ? "]" : "");
    }
}

void command_append_options(struct buffer *buffer, const struct command *command)
{
    size_t before = buffer_size(buffer);
    for (size_t i = 0; i < option_word_count; i++) {
        const struct option_word *word = &option_words[i];
        if (!(command->options & (uint64_t)word->option))
            continue;
        (void)buffer_append_format(buffer, "%s%s", buffer_size(buffer) > before ? " " : "",
                                   word->word);
        if (word->kind != OPERAND_NONE)
            (void)buffer_append_format(buffer, "=%s", operand_placeholder(word->kind));
    }
}

/* --- The usage --- */

/* "[--generate]", or of options that exclude each other "[--generate | --password-stdin]". */
static void append_choices(struct buffer *buffer, const struct command *command)
{
    uint64_t left = command->options;
    for (size_t i = 0; i < option_word_count; i++) {
        uint64_t group = (uint64_t)option_words[i].option | option_words[i].excludes;
        if (!(left & (uint64_t)option_words[i].option))
            continue;
        const char *before = " [";
        for (size_t k = i; k < option_word_count; k++) {
            const struct option_word *word = &option_words[k];
            if (!(left & group & (uint64_t)word->option))
                continue;
            (void)buffer_append_format(buffer, "%s%s", before, word->word);
            if (word->kind != OPERAND_NONE)
                (void)buffer_append_format(buffer, " %s", operand_placeholder(word->kind));
            before = " | ";
            left &= ~(uint64_t)word->option;
        }
        (void)buffer_append_string(buffer, "]");
    }
}

void command_append_syntax(struct buffer *buffer, const struct command *command)
{
    command_append_name(buffer, command);
    if (command->operands[0].kind != OPERAND_NONE)
        (void)buffer_append_string(buffer, " ");
    command_append_operands(buffer, command);
    append_choices(buffer, command);
}

/* TEXT from COLUMN on, no wider than a terminal: broken only where BETWEEN stands, which begins
 * with a space; the following lines begin at INDENT. */
static void print_wrapped(FILE *file, const char *text, const char *between, size_t column,
                          size_t indent)
{
    bool is_first = true;
    for (const char *piece = text, *next; *piece; piece = next) {
        const char *end = strstr(piece + 1, between);
        next = end ? end : piece + strlen(piece);
        if (!is_first && column + (size_t)(next - piece) > WIDTH) {
            (void)fprintf(file, "\n%*s", (int)indent, "");
            column = indent;
            piece++; /* the space */
        }
        (void)fwrite(piece, 1, (size_t)(next - piece), file);
        column += (size_t)(next - piece);
        is_first = false;
    }
    (void)fputc('\n', file);
}

static void print_syntax(FILE *file, const char *before, const struct command *command)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, SYNTAX_MAX);
    (void)buffer_append_string(&text, before);
    command_append_syntax(&text, command);
    if (buffer_append(&text, "", 1) < 0)
        return;
    print_wrapped(file, buffer_begin(&text), " [", 0, CONTINUED);
}

/* "  NAME   MEANING", the second with "WHAT: " in front unless that is NULL. */
static void print_entry(FILE *file, const char *name, const char *what, const char *meaning)
{
    int start = fprintf(file, "  %-20s %s%s", name, what ? what : "", what ? ": " : "");
    print_wrapped(file, meaning, " ", start > 0 ? (size_t)start : 0, ENTRY);
}

static void print_option(FILE *file, const struct option_word *word)
{
    char text[64];
    (void)snprintf(text, sizeof(text), "%s%.1s%s%s%s%s", word->letter ? "-" : "",
                   word->letter ? &word->letter : "", word->letter ? ", " : "", word->word,
                   word->kind != OPERAND_NONE ? " " : "",
                   word->kind != OPERAND_NONE ? operand_placeholder(word->kind) : "");
    print_entry(file, text, NULL, word->meaning);
    if (word->kind != OPERAND_NONE && word->kind != OPERAND_FILE)
        print_entry(file, "", operand_placeholder(word->kind), operand_expected(word->kind));
}

static void print_options(FILE *file, uint64_t options)
{
    (void)fputs("\noptions:\n", file);
    for (size_t i = 0; i < option_word_count; i++)
        if (options & (uint64_t)option_words[i].option)
            print_option(file, &option_words[i]);
}

static void print_statuses(FILE *file, const struct command *command)
{
    (void)fputs("\nexit status:\n", file);
    for (size_t i = 0; i < exit_meaning_count; i++) {
        enum exit_status status = exit_meanings[i].status;
        if (status == STATUS_REFUSED && command && !command_needs_root(command))
            continue;
        if (command && ((status == STATUS_NO_PERMISSION && !command_needs_root(command)) ||
                        (status == STATUS_NOT_CONFIGURED && command->needs == NEEDS_NOTHING &&
                         strcmp(command->noun, "config") != 0)))
            continue;
        (void)fprintf(file, "  %d  %s\n", (int)status, exit_meanings[i].meaning);
    }
}

static void print_command(FILE *file, const struct command *command)
{
    print_syntax(file, "usage: cellftpctl ", command);
    (void)fprintf(file, "  %s\n", command->help);
    if (command->operands[0].kind != OPERAND_NONE)
        (void)fputs("\n", file);
    for (size_t i = 0; i < OPERANDS_MAX && command->operands[i].kind != OPERAND_NONE; i++)
        print_entry(file, operand_placeholder(command->operands[i].kind), NULL,
                    operand_expected(command->operands[i].kind));
    print_options(file, command->options | OPTIONS_OF_ALL);
    print_statuses(file, command);
}

bool usage_print(FILE *file, const struct invocation *invocation)
{
    const struct command *command = command_find(invocation);
    if (command) {
        print_command(file, command);
        return true;
    }

    const char *noun = invocation->words[0];
    bool found = false;
    for (size_t i = 0; i < command_count && invocation->word_count <= 1; i++) {
        if (noun && strcmp(noun, commands[i].noun) != 0)
            continue;
        if (!found)
            (void)fputs("usage: cellftpctl [OPTION...] COMMAND\n\n", file);
        found = true;
        print_syntax(file, "  ", &commands[i]);
        (void)fprintf(file, "      %s\n", commands[i].help);
    }
    if (!found) {
        complain("there is no such command; see \"cellftpctl --help\"");
        return false;
    }
    print_options(file, OPTIONS_OF_ALL);
    (void)fputs("\nCOMMAND --help says more about one of them.\n", file);
    return true;
}

enum exit_status command_commands(const struct invocation *invocation)
{
    static const struct table_column columns[] = {
        {"COMMAND", "command", TABLE_TEXT},
        {"OPERANDS", "operands", TABLE_TEXT},
        {"OPTIONS", "options", TABLE_TEXT},
        {"MEANING", "meaning", TABLE_TEXT},
    };
    void (*const pieces[])(struct buffer * buffer, const struct command *command) = {
        command_append_name, command_append_operands, command_append_options};

    cleanup_table struct table table;
    table_begin(&table, invocation, columns, ELEMENTS(columns), TABLE_OF_MANY);
    for (size_t i = 0; i < command_count; i++) {
        for (size_t k = 0; k < ELEMENTS(pieces); k++) {
            cleanup_buffer struct buffer text;
            buffer_init(&text, SYNTAX_MAX);
            pieces[k](&text, &commands[i]);
            (void)buffer_append(&text, "", 1);
            table_put(&table, buffer_begin(&text)[0] != '\0' ? buffer_begin(&text) : NULL);
        }
        table_put(&table, commands[i].help);
    }
    return table_end(&table);
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
