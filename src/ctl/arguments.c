/* cellftpctl's command line, read against the tables of commands and options. It changes nothing
 * and opens nothing. */
#include "ctl/command.h"

#include "lib/cleanup.h"
#include "lib/text.h"

#include <errno.h>
#include <string.h>

/* --- Words and options, in any order --- */

static int refuse_option(const char *argument, int position)
{
    const char *nearest = NULL;
    size_t least = 3; /* what is further away is no typing error */
    for (size_t i = 0; i < option_word_count; i++) {
        size_t distance = text_distance(argument, option_words[i].word);
        if (distance < least) {
            least = distance;
            nearest = option_words[i].word;
        }
    }
    if (nearest)
        complain("argument %d is an unknown option; did you mean %s?", position, nearest);
    else
        complain("argument %d is an unknown option; see \"cellftpctl --help\"", position);
    return -EINVAL;
}

/* The row of ARGUMENT, an option, and the value that is in it ("--user=alice", "-cFILE"). */
static const struct option_word *find_option(const char *argument, const char **ret_value)
{
    size_t size = strcspn(argument, "=");
    for (size_t i = 0; i < option_word_count; i++) {
        const struct option_word *word = &option_words[i];
        if (strlen(word->word) == size && strncmp(word->word, argument, size) == 0) {
            *ret_value = argument[size] == '=' ? argument + size + 1 : NULL;
            return word;
        }
        if (word->letter && argument[1] == word->letter) {
            *ret_value = argument[2] != '\0' ? argument + 2 : NULL;
            return word;
        }
    }
    return NULL;
}

/* Takes the option at *INDEX, and the argument behind it if that is its value. */
static int take_option(int count, char *const *arguments, int *index, struct invocation *invocation)
{
    int position = *index;
    const char *value = NULL;
    const struct option_word *word = find_option(arguments[position], &value);
    if (!word)
        return refuse_option(arguments[position], position);
    if (word->kind == OPERAND_NONE) {
        if (value) {
            complain("%s takes no value", word->word);
            return -EINVAL;
        }
        invocation->options |= (uint64_t)word->option;
        return 0;
    }
    if (!value && position + 1 < count)
        value = arguments[++*index];
    /* An empty word is a value where it removes a key; elsewhere it is a variable that was not set.
     */
    if (!value || (value[0] == '\0' && word->kind != OPERAND_CERTIFICATE_NAME)) {
        complain("%s needs %s", word->word, operand_expected(word->kind));
        return -EINVAL;
    }
    if (option_given(invocation, word->option) && !(OPTIONS_THAT_REPEAT & (uint64_t)word->option)) {
        complain("%s was given twice", word->word);
        return -EINVAL;
    }
    if (!operand_check(word->kind, word->word, value))
        return -EINVAL;
    if (invocation->value_count == WORDS_MAX) {
        complain("there are too many options");
        return -EINVAL;
    }
    invocation->options |= (uint64_t)word->option;
    invocation->values[invocation->value_count].option = word->option;
    invocation->values[invocation->value_count++].value = value;
    return 0;
}

static int take_all(int count, char *const *arguments, struct invocation *ret)
{
    bool only_words = false;
    for (int i = 1; i < count; i++) {
        int r = 0;
        if (!only_words && strcmp(arguments[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && arguments[i][0] == '-') {
            r = take_option(count, arguments, &i, ret);
        } else if (ret->word_count < WORDS_MAX) {
            ret->words[ret->word_count++] = arguments[i];
        } else {
            complain("there are too many arguments");
            r = -EINVAL;
        }
        if (r < 0)
            return r;
    }
    return 0;
}

/* --- The command --- */

const struct command *command_find(const struct invocation *invocation)
{
    for (size_t i = 0; i < command_count; i++) {
        const char *const *words = invocation->words;
        size_t needed = commands[i].verb ? 2 : 1;
        if (invocation->word_count >= needed && strcmp(commands[i].noun, words[0]) == 0 &&
            (!commands[i].verb || strcmp(commands[i].verb, words[1]) == 0))
            return &commands[i];
    }
    return NULL;
}

/* How far the words are from COMMAND. */
static size_t distance_to(const struct invocation *invocation, const struct command *command)
{
    size_t distance = text_distance(invocation->words[0], command->noun);
    if (command->verb)
        distance += text_distance(invocation->words[1] ? invocation->words[1] : "", command->verb);
    return distance;
}

static int refuse_command(const struct invocation *invocation)
{
    cleanup_buffer struct buffer name;
    buffer_init(&name, 256);
    const struct command *nearest = NULL;
    size_t least = 4;
    for (size_t i = 0; i < command_count; i++) {
        size_t distance = distance_to(invocation, &commands[i]);
        if (distance < least) {
            least = distance;
            nearest = &commands[i];
        }
    }
    if (nearest)
        command_append_name(&name, nearest);
    if (buffer_size(&name) > 0)
        complain("there is no such command; did you mean \"%.*s\"?", (int)buffer_size(&name),
                 buffer_begin(&name));
    else
        complain("there is no such command; see \"cellftpctl --help\"");
    return -EINVAL;
}

static bool is_noun(const char *word)
{
    for (size_t i = 0; i < command_count; i++)
        if (commands[i].verb && strcmp(commands[i].noun, word) == 0)
            return true;
    return false;
}

static int find_command(struct invocation *invocation)
{
    if (invocation->word_count == 0 ||
        (invocation->word_count == 1 && is_noun(invocation->words[0]))) {
        (void)usage_print(stderr, invocation);
        return -EINVAL;
    }
    invocation->command = command_find(invocation);
    if (!invocation->command)
        return refuse_command(invocation);
    size_t own = invocation->command->verb ? 2 : 1;
    invocation->operands = invocation->words + own;
    invocation->operand_count = invocation->word_count - own;
    invocation->name = invocation->operand_count > 0 ? invocation->operands[0] : NULL;
    return 0;
}

static int check_options(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    for (size_t i = 0; i < option_word_count; i++) {
        const struct option_word *word = &option_words[i];
        if (!option_given(invocation, word->option))
            continue;
        if (!((command->options | OPTIONS_OF_ALL) & (uint64_t)word->option)) {
            complain("\"%s%s%s\" has no option %s", command->noun, command->verb ? " " : "",
                     command->verb ? command->verb : "", word->word);
            return -EINVAL;
        }
        for (size_t k = 0; k < option_word_count; k++)
            if (word->excludes & invocation->options & (uint64_t)option_words[k].option) {
                complain("%s and %s exclude each other", word->word, option_words[k].word);
                return -EINVAL;
            }
    }
    return 0;
}

/* Operands are checked here, before anything is opened: whatever else is wrong, a bad name is the
 * caller's mistake and nothing happens (CVE_TESTS L09). */
static int check_operands(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    size_t taken = 0;
    for (size_t i = 0; i < OPERANDS_MAX && command->operands[i].kind != OPERAND_NONE; i++) {
        const struct operand *operand = &command->operands[i];
        size_t left = invocation->operand_count - taken;
        bool many = operand->number == OPERAND_SEVERAL || operand->number == OPERAND_ANY;
        if (left == 0 && (operand->number == OPERAND_ONE || operand->number == OPERAND_SEVERAL)) {
            complain("%s is missing: %s", operand_placeholder(operand->kind),
                     operand_expected(operand->kind));
            return -EINVAL;
        }
        size_t takes = many ? left : left > 0;
        for (; takes > 0; takes--)
            if (!operand_check(operand->kind, NULL, invocation->operands[taken++]))
                return -EINVAL;
    }
    if (taken == invocation->operand_count)
        return 0;
    complain("there is one argument too many%s",
             command->options & OPTION_PASSWORD_STDIN
                 ? "; a password is never an argument: it is asked for, or read with "
                   "--password-stdin"
                 : "");
    return -EINVAL;
}

int arguments_read(int count, char *const *arguments, struct invocation *ret)
{
    *ret = (struct invocation){.config_path = CONFIG_FILE_DEFAULT};
    int r = take_all(count, arguments, ret);
    if (r < 0 || option_given(ret, OPTION_HELP) || option_given(ret, OPTION_VERSION))
        return r;
    if (option_given(ret, OPTION_CONFIG))
        ret->config_path = option_value(ret, OPTION_CONFIG);
    r = find_command(ret);
    if (r == 0)
        r = check_options(ret);
    if (r == 0)
        r = check_operands(ret);
    return r;
}
