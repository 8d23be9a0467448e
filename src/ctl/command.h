/*
 * cellftpctl: what a command is, and what one invocation of it consists of. Only src/ctl includes
 * it.
 */
#pragma once

#include "lib/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* As far as it goes the list of LSB and systemd.exec(5). */
enum exit_status {
    STATUS_OK = 0,
    STATUS_FAILED = 1,
    STATUS_USAGE = 2,
    STATUS_NO_PERMISSION = 4,
    STATUS_NOT_CONFIGURED = 6,
};

enum option {
    OPTION_PASSWORD_STDIN = 1 << 0,
    OPTION_GENERATE = 1 << 1,
    OPTION_READ_ONLY = 1 << 2,
    OPTION_PURGE = 1 << 3,
    OPTION_YES = 1 << 4,
    OPTION_DRY_RUN = 1 << 5,
    OPTION_JSON = 1 << 6,
    OPTION_HELP = 1 << 7,
    OPTION_VERSION = 1 << 8,
};

struct invocation;

struct command {
    const char *noun;
    const char *verb;
    bool takes_name;  /* the one operand, NAME: an account's */
    bool needs_root;  /* else it fails with STATUS_NO_PERMISSION before it does anything */
    unsigned options; /* those of enum option that it knows, besides help and version */
    const char *help;
    enum exit_status (*run)(const struct invocation *invocation);
};

struct invocation {
    const char *noun; /* as given, NULL if not */
    const char *verb;
    const char *name; /* a good account name if the command takes one */
    unsigned options;
    const char *config_path;
    bool config_named; /* --config was given */
    const struct command *command;
    const struct config *config;
};

extern const struct command commands[];
extern const size_t command_count;

/* The words of OPTION, "--json". */
const char *option_word(enum option option);

/* Reads the command line. 0, or -EINVAL after having said why on stderr; never repeats an argument
 * that it does not know, because that may be a password. */
int arguments_read(int count, char *const *arguments, struct invocation *ret);

/* Prints the commands (all, those of NOUN, or the one of NOUN and VERB) as the table has them.
 * False if there is none. */
bool usage_print(FILE *file, const char *noun, const char *verb);

/* A line on stderr that begins with "cellftpctl: ". */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The commands themselves. */
enum exit_status command_user_add(const struct invocation *invocation);
enum exit_status command_user_del(const struct invocation *invocation);
enum exit_status command_user_passwd(const struct invocation *invocation);
enum exit_status command_user_list(const struct invocation *invocation);
enum exit_status command_user_show(const struct invocation *invocation);
enum exit_status command_config_check(const struct invocation *invocation);
enum exit_status command_config_show(const struct invocation *invocation);
