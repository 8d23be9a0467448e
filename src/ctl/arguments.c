/* cellftpctl's command line, read against the table of commands. It changes nothing and opens
 * nothing. */
#include "ctl/command.h"

#include "lib/account.h"
#include "lib/cleanup.h"
#include "lib/text.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *word;
    enum option option;
} option_words[] = {
    {"--password-stdin", OPTION_PASSWORD_STDIN},
    {"--generate", OPTION_GENERATE},
    {"--read-only", OPTION_READ_ONLY},
    {"--purge", OPTION_PURGE},
    {"--yes", OPTION_YES},
    {"--dry-run", OPTION_DRY_RUN},
    {"--json", OPTION_JSON},
    {"--help", OPTION_HELP},
    {"-h", OPTION_HELP},
    {"--version", OPTION_VERSION},
};

const char *option_word(enum option option)
{
    for (size_t i = 0; i < ELEMENTS(option_words); i++)
        if (option_words[i].option == option)
            return option_words[i].word;
    return NULL;
}

static int take_option(const char *argument, int position, struct invocation *invocation)
{
    for (size_t i = 0; i < ELEMENTS(option_words); i++)
        if (strcmp(option_words[i].word, argument) == 0) {
            invocation->options |= option_words[i].option;
            return 0;
        }
    complain("argument %d is an unknown option; see \"cellftpctl --help\"", position);
    return -EINVAL;
}

static int take_word(const char *argument, int position, struct invocation *invocation)
{
    const char **words[] = {&invocation->noun, &invocation->verb, &invocation->name};
    for (size_t i = 0; i < ELEMENTS(words); i++)
        if (!*words[i]) {
            *words[i] = argument;
            return 0;
        }
    complain(
        "argument %d is one too many; a password is never an argument: it is asked for, or read "
        "with --password-stdin",
        position);
    return -EINVAL;
}

static int take_all(int count, char *const *arguments, struct invocation *ret)
{
    static const char config[] = "--config";
    bool only_words = false;

    for (int i = 1; i < count; i++) {
        const char *argument = arguments[i];
        int r = 0;
        if (only_words || argument[0] != '-') {
            r = take_word(argument, i, ret);
        } else if (strcmp(argument, "--") == 0) {
            only_words = true;
        } else if (strcmp(argument, config) == 0) {
            ret->config_named = true;
            ret->config_path = i + 1 < count ? arguments[++i] : "";
        } else if (strncmp(argument, "--config=", sizeof(config)) == 0) {
            ret->config_named = true;
            ret->config_path = argument + sizeof(config);
        } else {
            r = take_option(argument, i, ret);
        }
        if (r < 0)
            return r;
    }
    if (ret->config_path[0] == '\0') {
        complain("--config needs the name of a file");
        return -EINVAL;
    }
    return 0;
}

static int find_command(struct invocation *invocation)
{
    if (!invocation->noun || !invocation->verb) {
        (void)usage_print(stderr, invocation->noun, NULL);
        return -EINVAL;
    }
    for (size_t i = 0; i < command_count; i++)
        if (strcmp(commands[i].noun, invocation->noun) == 0 &&
            strcmp(commands[i].verb, invocation->verb) == 0) {
            invocation->command = &commands[i];
            return 0;
        }
    complain("there is no such command; see \"cellftpctl --help\"");
    return -EINVAL;
}

static int check_options(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    unsigned unknown = invocation->options & ~command->options;
    for (size_t i = 0; i < ELEMENTS(option_words); i++)
        if (unknown & option_words[i].option) {
            complain("\"%s %s\" has no option %s", command->noun, command->verb,
                     option_words[i].word);
            return -EINVAL;
        }
    unsigned sources = OPTION_PASSWORD_STDIN | OPTION_GENERATE;
    if ((invocation->options & sources) == sources) {
        complain("--password-stdin and --generate exclude each other");
        return -EINVAL;
    }
    return 0;
}

/* Account names are checked here, before anything is opened: whatever else is wrong, a bad name is
 * the caller's mistake and nothing happens (CVE_TESTS L09). */
static int check_name(const struct invocation *invocation)
{
    const struct command *command = invocation->command;
    if (!command->takes_name) {
        if (!invocation->name)
            return 0;
        complain("\"%s %s\" takes no argument", command->noun, command->verb);
        return -EINVAL;
    }
    if (!invocation->name) {
        complain("\"%s %s\" needs the name of an account", command->noun, command->verb);
        return -EINVAL;
    }
    if (account_check_name(invocation->name) == 0)
        return 0;

    cleanup_buffer struct buffer quoted;
    buffer_init(&quoted, 4096);
    if (text_append_quoted(&quoted, invocation->name, strnlen(invocation->name, 128)) < 0)
        buffer_clear(&quoted);
    complain(
        "%.*s is no name for an account: 1 to %d of a-z 0-9 . _ -, beginning with a letter or a "
        "digit, not ending with a dot",
        (int)buffer_size(&quoted), buffer_size(&quoted) > 0 ? buffer_begin(&quoted) : "",
        ACCOUNT_NAME_MAX);
    return -EINVAL;
}

int arguments_read(int count, char *const *arguments, struct invocation *ret)
{
    *ret = (struct invocation){.config_path = CONFIG_FILE_DEFAULT};
    int r = take_all(count, arguments, ret);
    if (r < 0 || (ret->options & (OPTION_HELP | OPTION_VERSION)))
        return r;
    r = find_command(ret);
    if (r == 0)
        r = check_options(ret);
    if (r == 0)
        r = check_name(ret);
    return r;
}
