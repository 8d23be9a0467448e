/* cellftpctl's table of options: see command.h. Which command knows which is in commands.c. */
#include "ctl/command.h"

#include "lib/cleanup.h"

/* The word of each rule. */
#define WORD_quota                 "--quota"
#define WORD_quota_files           "--quota-files"
#define WORD_sessions              "--sessions"
#define WORD_upload_rate           "--upload-rate"
#define WORD_download_rate         "--download-rate"
#define WORD_session_upload_rate   "--session-upload-rate"
#define WORD_session_download_rate "--session-download-rate"
#define WORD_upload_only           "--upload-only"
#define WORD_networks              "--networks"
#define WORD_hours                 "--hours"
#define WORD_deny_names            "--deny-names"
#define WORD_allow_names           "--allow-names"
#define RULE_OPTION(type, key, initial, about)                                                     \
    {.word = WORD_##key,                                                                           \
     .option = (enum ctl_option)((long long)OPTION_RULE << RULE_##key),                            \
     .kind = (enum operand_kind)(OPERAND_RULE + RULE_##key),                                       \
     .meaning = (about)},

/* clang-format off */
const struct option_word option_words[] = {
    {"--config",        OPTION_CONFIG,          OPERAND_FILE,    0, 'c',
     "read this configuration, which must exist"},
    {"--help",          OPTION_HELP,            OPERAND_NONE,    0, 'h',
     "say how it is used"},
    {"--version",       OPTION_VERSION,         OPERAND_NONE,    0, 'V',
     "print the version"},
    {"--password-stdin", OPTION_PASSWORD_STDIN,  OPERAND_NONE,    OPTION_GENERATE, 0,
     "read the password from the standard input, all of its first line"},
    {"--generate",      OPTION_GENERATE,        OPERAND_NONE,    OPTION_PASSWORD_STDIN, 0,
     "make a password up and print it on the standard output"},
    {"--read-only",     OPTION_READ_ONLY,       OPERAND_NONE,    OPTION_READ_WRITE, 0,
     "the user may read and list, and change nothing"},
    {"--read-write",    OPTION_READ_WRITE,      OPERAND_NONE,    OPTION_READ_ONLY, 0,
     "the user may read and write"},
    {"--expires",       OPTION_EXPIRES,         OPERAND_DATE,    0, 0,
     "until when the user can log in"},
    {"--locked",        OPTION_LOCKED,          OPERAND_NONE,    OPTION_UNLOCKED, 0,
     "the user cannot log in"},
    {"--unlocked",      OPTION_UNLOCKED,        OPERAND_NONE,    OPTION_LOCKED, 0,
     "the user can log in"},
    {"--tls",           OPTION_TLS,             OPERAND_TLS,     0, 0,
     "whether the password may come in clear"},
    {"--role",          OPTION_ROLE,            OPERAND_ROLE,    0, 0,
     "what the account is for"},
    {"--certificate",   OPTION_CERTIFICATE,     OPERAND_CERTIFICATE, 0, 0,
     "whether a client's certificate is needed, or enough"},
    {"--certificate-name", OPTION_CERTIFICATE_NAME, OPERAND_CERTIFICATE_NAME, 0, 0,
     "whose certificate is the account's"},
    {"--purge",         OPTION_PURGE,           OPERAND_NONE,    0, 0,
     "remove the folder and everything in it as well"},
    {"--yes",           OPTION_YES,             OPERAND_NONE,    0, 0,
     "do not ask before something is destroyed"},
    {"--dry-run",       OPTION_DRY_RUN,         OPERAND_NONE,    0, 0,
     "only say what would be done"},
    {"--json",          OPTION_JSON,            OPERAND_NONE,    0, 0,
     "print JSON"},
    {"--user",          OPTION_USER,            OPERAND_USER,    0, 0,
     "only what this user does"},
    {"--address",       OPTION_ADDRESS,         OPERAND_ADDRESS, 0, 0,
     "only what comes from this address"},
    {"--timeout",       OPTION_TIMEOUT,         OPERAND_DURATION, OPTION_NOW | OPTION_END, 0,
     "wait so long for sessions to end, then end them"},
    {"--now",           OPTION_NOW,             OPERAND_NONE,    OPTION_TIMEOUT | OPTION_END, 0,
     "end all sessions at once"},
    {"--end",           OPTION_END,             OPERAND_NONE,    OPTION_TIMEOUT | OPTION_NOW, 0,
     "let connections in again"},
    {"--session",       OPTION_SESSION,         OPERAND_SESSION, 0, 0,
     "only what belongs to this session"},
    {"--kind",          OPTION_KIND,            OPERAND_LOGS,    0, 0,
     "only these logs"},
    {"--since",         OPTION_SINCE,           OPERAND_TIME,    0, 0,
     "only what has happened since then"},
    {"--lines",         OPTION_LINES,           OPERAND_NUMBER,  0, 'n',
     "only the last so many lines"},
    {"--follow",        OPTION_FOLLOW,          OPERAND_NONE,    0, 'f',
     "go on with what comes"},
    {"--all",           OPTION_ALL,             OPERAND_NONE,    0, 0,
     "all of them"},
    {"--name",          OPTION_NAME,            OPERAND_SUBJECT, 0, 0,
     "a name or address by which clients call the server; several times"},
    {"--type",          OPTION_TYPE,            OPERAND_KEY_TYPE, 0, 0,
     "which kind of key"},
    {"--days",          OPTION_DAYS,            OPERAND_NUMBER,  0, 0,
     "until it expires"},
    {"--from",          OPTION_FROM,            OPERAND_FORMAT,  0, 0,
     "of which server the file is"},
    {"--keep-homes",    OPTION_KEEP_HOMES,      OPERAND_NONE,    0, 0,
     "the users keep their folders, which become theirs"},
    {"--for",           OPTION_FOR,             OPERAND_DURATION, 0, 0,
     "how long; without it, until it is taken back"},
    {"--force",         OPTION_FORCE,           OPERAND_NONE,    0, 0,
     "replace what is there"},
    RULES(RULE_OPTION)
    {"--groups",        OPTION_GROUPS,          OPERAND_GROUPS,  0, 0,
     "groups of cellftpd.conf whose rules hold for the user"},
    {"--files",         OPTION_FILES,           OPERAND_RULE + RULE_quota_files, 0, 0,
     "how many files and directories may be stored"},
};
/* clang-format on */

const size_t option_word_count = ELEMENTS(option_words);

const char *option_value_at(const struct invocation *invocation, enum ctl_option option,
                            size_t index)
{
    for (size_t i = 0; i < invocation->value_count; i++)
        if (invocation->values[i].option == option && index-- == 0)
            return invocation->values[i].value;
    return NULL;
}

const char *option_value(const struct invocation *invocation, enum ctl_option option)
{
    return option_value_at(invocation, option, 0);
}
