/* cellftpctl's table of commands. The usage is printed from it and the command line is checked
 * against it. */
#include "ctl/command.h"

#include "lib/cleanup.h"

/* clang-format off */
const struct command commands[] = {
    /* noun     verb      NAME?  root?  options */
    {"user",   "add",    true,  true,  OPTION_PASSWORD_STDIN | OPTION_GENERATE | OPTION_READ_ONLY,
     "make an account and its folder", command_user_add},
    {"user",   "del",    true,  true,  OPTION_PURGE | OPTION_YES | OPTION_DRY_RUN,
     "remove an account; its folder stays unless --purge", command_user_del},
    {"user",   "passwd", true,  true,  OPTION_PASSWORD_STDIN | OPTION_GENERATE,
     "give an account a new password", command_user_passwd},
    {"user",   "list",   false, true,  OPTION_JSON,
     "all accounts, one a line", command_user_list},
    {"user",   "show",   true,  true,  OPTION_JSON,
     "one account", command_user_show},
    {"config", "check",  false, false, 0,
     "find every mistake in the configuration", command_config_check},
    {"config", "show",   false, false, 0,
     "the configuration that is in effect, with defaults", command_config_show},
};
/* clang-format on */

const size_t command_count = ELEMENTS(commands);
