/* cellftpctl's table of options: see command.h. Which command knows which is in commands.c. */
#include "ctl/command.h"

#include "lib/cleanup.h"

/* clang-format off */
const struct option_word option_words[] = {
    {OPTION_CONFIG,         "--config",         'c', OPERAND_FILE, 0,
     "read this configuration, which must exist"},
    {OPTION_HELP,           "--help",           'h', OPERAND_NONE, 0,
     "say how it is used"},
    {OPTION_VERSION,        "--version",        'V', OPERAND_NONE, 0,
     "print the version"},
    {OPTION_PASSWORD_STDIN, "--password-stdin", 0,   OPERAND_NONE, OPTION_GENERATE,
     "read the password from the standard input, all of its first line"},
    {OPTION_GENERATE,       "--generate",       0,   OPERAND_NONE, OPTION_PASSWORD_STDIN,
     "make a password up and print it on the standard output"},
    {OPTION_READ_ONLY,      "--read-only",      0,   OPERAND_NONE, OPTION_READ_WRITE,
     "the user may read and list, and change nothing"},
    {OPTION_READ_WRITE,     "--read-write",     0,   OPERAND_NONE, OPTION_READ_ONLY,
     "the user may read and write"},
    {OPTION_EXPIRES,        "--expires",        0,   OPERAND_DATE, 0,
     "until when the user can log in"},
    {OPTION_LOCKED,         "--locked",         0,   OPERAND_NONE, OPTION_UNLOCKED,
     "the user cannot log in"},
    {OPTION_UNLOCKED,       "--unlocked",       0,   OPERAND_NONE, OPTION_LOCKED,
     "the user can log in"},
    {OPTION_PURGE,          "--purge",          0,   OPERAND_NONE, 0,
     "remove the folder and everything in it as well"},
    {OPTION_YES,            "--yes",            0,   OPERAND_NONE, 0,
     "do not ask before something is destroyed"},
    {OPTION_DRY_RUN,        "--dry-run",        0,   OPERAND_NONE, 0,
     "only say what would be done"},
    {OPTION_JSON,           "--json",           0,   OPERAND_NONE, 0,
     "print JSON"},
};
/* clang-format on */

const size_t option_word_count = ELEMENTS(option_words);

const char *option_value(const struct invocation *invocation, enum ctl_option option)
{
    return option_given(invocation, option) ? invocation->values[__builtin_ctz((unsigned)option)]
                                            : NULL;
}
