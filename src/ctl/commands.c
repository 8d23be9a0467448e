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
     OPTION_PASSWORD_STDIN | OPTION_GENERATE | OPTION_READ_ONLY | OPTION_EXPIRES | OPTION_TLS | OPTION_ROLE |
     OPTION_CERTIFICATE | OPTION_CERTIFICATE_NAME | OPTIONS_OF_RULES | OPTION_JSON,
     "make an account and its folder", command_user_add},
    {"user",   "ensure", ACCOUNT,  NEEDS_ROOT,
     OPTION_PASSWORD_STDIN | OPTION_GENERATE | OPTION_READ_ONLY | OPTION_READ_WRITE | OPTION_EXPIRES |
     OPTION_LOCKED | OPTION_UNLOCKED | OPTION_TLS | OPTION_ROLE | OPTION_CERTIFICATE |
     OPTION_CERTIFICATE_NAME | OPTIONS_OF_RULES | OPTION_DRY_RUN | OPTION_JSON,
     "make an account, or change it, so that it is as asked", command_user_ensure},
    {"user",   "mod",    ACCOUNT,  NEEDS_ROOT,
     OPTION_READ_ONLY | OPTION_READ_WRITE | OPTION_EXPIRES | OPTION_TLS | OPTION_ROLE |
     OPTION_CERTIFICATE | OPTION_CERTIFICATE_NAME | OPTIONS_OF_RULES | OPTION_DRY_RUN |
     OPTION_JSON,
     "change what an account may do", command_user_mod},
    {"user",   "expire", {{OPERAND_ACCOUNT, OPERAND_ONE}, {OPERAND_DATE, OPERAND_ONE}}, NEEDS_ROOT,
     OPTION_DRY_RUN | OPTION_JSON,
     "set until when an account can log in", command_user_expire},
    {"user",   "lock",   ACCOUNT,  NEEDS_SERVER,  OPTION_DRY_RUN | OPTION_JSON,
     "let an account log in no more, and end its sessions", command_user_lock},
    {"user",   "unlock", ACCOUNT,  NEEDS_ROOT,    OPTION_DRY_RUN | OPTION_JSON,
     "let a locked account log in again", command_user_unlock},
    {"user",   "passwd", ACCOUNT,  NEEDS_ROOT,
     OPTION_PASSWORD_STDIN | OPTION_GENERATE | OPTION_JSON,
     "give an account a new password", command_user_passwd},
    {"user",   "del",    ACCOUNT,  NEEDS_ROOT,
     OPTION_PURGE | OPTION_YES | OPTION_DRY_RUN | OPTION_JSON,
     "remove an account; its folder stays unless --purge", command_user_del},
    {"user",   "list",   NOTHING,  NEEDS_ROOT,    OPTION_JSON,
     "all accounts, one a line", command_user_list},
    {"user",   "show",   ACCOUNT,  NEEDS_ROOT,    OPTION_JSON,
     "one account", command_user_show},
    {"who",    NULL,     NOTHING,  NEEDS_SERVER,  OPTION_JSON | OPTION_USER | OPTION_ADDRESS,
     "who is connected, and what they do", command_who},
    {"kick",   NULL,     ANYBODY,  NEEDS_SERVER,
     OPTION_JSON | OPTION_DRY_RUN | OPTION_USER | OPTION_ADDRESS,
     "end sessions, in the middle of a transfer too", command_kick},
    {"drain",  NULL,     NOTHING,  NEEDS_SERVER,
     OPTION_JSON | OPTION_DRY_RUN | OPTION_TIMEOUT | OPTION_NOW | OPTION_END,
     "refuse new connections, and wait until the present ones have ended", command_drain},
    {"log",    NULL,     NOTHING,  NEEDS_LOGS,
     OPTION_JSON | OPTION_USER | OPTION_SESSION | OPTION_ADDRESS | OPTION_KIND | OPTION_SINCE |
         OPTION_LINES | OPTION_FOLLOW,
     "what has happened, out of all log files in the order of time", command_log},
    {"config", "check",  NOTHING,  NEEDS_NOTHING, OPTION_JSON,
     "find every mistake in the configuration", command_config_check},
    {"config", "show",   NOTHING,  NEEDS_CONFIG,  OPTION_JSON,
     "the configuration that is in effect, with defaults", command_config_show},
    {"config", "explain", {{OPERAND_KEY, OPERAND_OPTIONAL}}, NEEDS_NOTHING, OPTION_JSON,
     "what an option means and may be, what it is now, and where that comes from",
     command_config_explain},
    {"throttle", "list", NOTHING,  NEEDS_SERVER,  OPTION_JSON,
     "addresses that logins have failed from, and those that are refused", command_throttle_list},
    {"throttle", "clear", {{OPERAND_ADDRESS, OPERAND_OPTIONAL}}, NEEDS_SERVER,
     OPTION_ALL | OPTION_DRY_RUN | OPTION_JSON,
     "forget the failed logins of an address, and let it in again", command_throttle_clear},
    {"ban",    "list",   NOTHING,  NEEDS_SERVER,  OPTION_JSON,
     "networks that no connection is taken from", command_ban_list},
    {"ban",    "add",    {{OPERAND_NETWORK, OPERAND_ONE}}, NEEDS_SERVER,
     OPTION_FOR | OPTION_DRY_RUN | OPTION_JSON,
     "take no connection from a network any more, and end its sessions", command_ban_add},
    {"ban",    "del",    {{OPERAND_NETWORK, OPERAND_ONE}}, NEEDS_SERVER,
     OPTION_DRY_RUN | OPTION_JSON,
     "take connections from a network again", command_ban_del},
    {"login-test", NULL, {{OPERAND_USER, OPERAND_ONE}}, NEEDS_ROOT,
     OPTION_PASSWORD_STDIN | OPTION_JSON,
     "go through all that a login of a user takes, and say what is missing", command_login_test},
    {"tls",    "self-signed", {{OPERAND_HOST, OPERAND_OPTIONAL}}, NEEDS_ROOT,
     OPTION_NAME | OPTION_TYPE | OPTION_DAYS | OPTION_FORCE | OPTION_DRY_RUN,
     "make a key and a certificate that no CA has signed", command_tls_self_signed},
    {"tls",    "show",   {{OPERAND_HOST, OPERAND_OPTIONAL}}, NEEDS_CONFIG, OPTION_JSON,
     "the certificates that the server has, and until when", command_tls_show},
    {"tls",    "check",  {{OPERAND_HOST, OPERAND_OPTIONAL}}, NEEDS_ROOT, OPTION_NAME | OPTION_JSON,
     "find everything that is wrong with certificates, keys and ciphers", command_tls_check},
    {"commands", NULL,   NOTHING,  NEEDS_NOTHING, OPTION_JSON,
     "all commands with their operands and options", command_commands},
};
/* clang-format on */

const size_t command_count = ELEMENTS(commands);
