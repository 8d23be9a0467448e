/* cellftpctl's table of commands: see command.h. */
#include "ctl/command.h"

#include "lib/cleanup.h"

/* clang-format off */
#define NOTHING {{OPERAND_NONE, OPERAND_ONE}}
#define ACCOUNT {{OPERAND_ACCOUNT, OPERAND_ONE}}
#define ANYBODY {{OPERAND_WHO, OPERAND_ANY}}

const struct command commands[] = {
    /* noun     verb      operands  needs         options */
    {"user",   "add",    ACCOUNT,  NEEDS_ROOT,
     OPTION_PASSWORD_STDIN | OPTION_GENERATE | OPTION_READ_ONLY,
     "make an account and its folder", command_user_add},
    {"user",   "del",    ACCOUNT,  NEEDS_ROOT,    OPTION_PURGE | OPTION_YES | OPTION_DRY_RUN,
     "remove an account; its folder stays unless --purge", command_user_del},
    {"user",   "passwd", ACCOUNT,  NEEDS_ROOT,    OPTION_PASSWORD_STDIN | OPTION_GENERATE,
     "give an account a new password", command_user_passwd},
    {"user",   "list",   NOTHING,  NEEDS_ROOT,    OPTION_JSON,
     "all accounts, one a line", command_user_list},
    {"user",   "show",   ACCOUNT,  NEEDS_ROOT,    OPTION_JSON,
     "one account", command_user_show},
    {"who",    NULL,     NOTHING,  NEEDS_ROOT,    OPTION_JSON | OPTION_USER | OPTION_ADDRESS,
     "who is connected, and what they do", command_who},
    {"kick",   NULL,     ANYBODY,  NEEDS_ROOT,
     OPTION_JSON | OPTION_DRY_RUN | OPTION_USER | OPTION_ADDRESS,
     "end sessions, in the middle of a transfer too", command_kick},
    {"drain",  NULL,     NOTHING,  NEEDS_ROOT,
     OPTION_JSON | OPTION_DRY_RUN | OPTION_TIMEOUT | OPTION_NOW | OPTION_END,
     "refuse new connections, and wait until the present ones have ended", command_drain},
    {"config", "check",  NOTHING,  NEEDS_NOTHING, OPTION_JSON,
     "find every mistake in the configuration", command_config_check},
    {"config", "show",   NOTHING,  NEEDS_CONFIG,  OPTION_JSON,
     "the configuration that is in effect, with defaults", command_config_show},
    {"commands", NULL,   NOTHING,  NEEDS_NOTHING, OPTION_JSON,
     "all commands with their operands and options", command_commands},
};
/* clang-format on */

const size_t command_count = ELEMENTS(commands);
