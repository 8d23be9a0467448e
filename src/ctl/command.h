/*
 * cellftpctl: what a command, an operand and an option are, and what one invocation consists of.
 * Only src/ctl includes it. Everything that is known of them stands in the tables of commands.c,
 * operand.c, options.c and usage.c, from which the usage, the completion, the check of the manual
 * and the check of the command line are made.
 */
#pragma once

#include "lib/config.h"
#include "lib/rules.h"

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
    STATUS_REFUSED = 77, /* sysexits.h: EX_NOPERM */
};

struct exit_meaning {
    enum exit_status status;
    const char *meaning;
};
extern const struct exit_meaning exit_meanings[];
extern const size_t exit_meaning_count;

/* --- Operands, and the values of options --- */

enum operand_kind {
    OPERAND_NONE,
    OPERAND_ACCOUNT,  /* the name of a local account */
    OPERAND_USER,     /* the name of anybody who can log in, PAM's users too */
    OPERAND_SESSION,  /* as in the logs */
    OPERAND_WHO,      /* a session, an address or a user */
    OPERAND_KEY,      /* an option of the configuration */
    OPERAND_ADDRESS,  /* IPv4 or IPv6 */
    OPERAND_DATE,     /* when an account expires, or never */
    OPERAND_DURATION, /* scan_duration() takes it */
    OPERAND_NUMBER,   /* scan_u64() takes it */
    OPERAND_TIME,     /* since_parse() takes it */
    OPERAND_LOGS,     /* logs_parse() takes it */
    OPERAND_TLS,      /* whether an account needs TLS */
    OPERAND_ROLE,
    OPERAND_CERTIFICATE,
    OPERAND_CERTIFICATE_NAME,
    OPERAND_HOST,    /* host_is_good() takes it */
    OPERAND_SUBJECT, /* what a certificate can be for */
    OPERAND_KEY_TYPE,
    OPERAND_FILE,
    OPERAND_FORMAT,
    OPERAND_NETWORK, /* network_parse() takes it */
    OPERAND_GROUPS,  /* of cellftpd.conf, or default */
    OPERAND_RULE,    /* OPERAND_RULE + RULE_quota: rule_set() takes it, or default */
    OPERAND_KIND_COUNT = OPERAND_RULE + RULE_KIND_COUNT,
};

enum operand_number {
    OPERAND_ONE,
    OPERAND_OPTIONAL,
    OPERAND_SEVERAL, /* one or more */
    OPERAND_ANY,     /* none or more */
};

struct operand {
    enum operand_kind kind;
    enum operand_number number; /* only the last one may be another than OPERAND_ONE */
};

/* "NAME", and what it must be, in words. */
const char *operand_placeholder(enum operand_kind kind);
const char *operand_expected(enum operand_kind kind);
/* Whether TEXT can be one; says on stderr what would be right, and of which OPTION, if it is the
 * value of one and not NULL. Nothing is opened. */
bool operand_check(enum operand_kind kind, const char *option, const char *text);
/* Where TEXT stands in WORDS, which end with NULL; -1 if it is none of them. */
int word_index(const char *const *words, const char *text);
/* Whether TEXT is a host name as it stands in a path below tls.hosts: of a-z 0-9 . -, in labels
 * that are not empty (RFC 1123 section 2.1). */
bool host_is_good(const char *text);

/* --- Options --- */

enum ctl_option {
    OPTION_CONFIG = 1 << 0,
    OPTION_HELP = 1 << 1,
    OPTION_VERSION = 1 << 2,
    OPTION_JSON = 1 << 3,
    OPTION_DRY_RUN = 1 << 4,
    OPTION_YES = 1 << 5,
    OPTION_PASSWORD_STDIN = 1 << 6,
    OPTION_GENERATE = 1 << 7,
    OPTION_READ_ONLY = 1 << 8,
    OPTION_PURGE = 1 << 9,
    OPTION_READ_WRITE = 1 << 10,
    OPTION_EXPIRES = 1 << 11,
    OPTION_LOCKED = 1 << 12,
    OPTION_UNLOCKED = 1 << 13,
    OPTION_TLS = 1 << 14,
    OPTION_ROLE = 1 << 15,
    OPTION_USER = 1 << 16,
    OPTION_ADDRESS = 1 << 17,
    OPTION_TIMEOUT = 1 << 18,
    OPTION_NOW = 1 << 19,
    OPTION_END = 1 << 20,
    OPTION_SESSION = 1 << 21,
    OPTION_KIND = 1 << 22,
    OPTION_SINCE = 1 << 23,
    OPTION_LINES = 1 << 24,
    OPTION_FOLLOW = 1 << 25,
    OPTION_ALL = 1 << 26,
    OPTION_NAME = 1 << 27,
    OPTION_TYPE = 1 << 28,
    OPTION_DAYS = 1 << 29,
    OPTION_FORCE = 1 << 30,
    OPTION_CERTIFICATE = 1LL << 31,
    OPTION_CERTIFICATE_NAME = 1LL << 32,
    OPTION_RULE = 1LL << 33, /* OPTION_RULE << RULE_quota: one for each rule */
    OPTION_GROUPS = 1LL << 45,
    OPTION_FILES = 1LL << 48,
    OPTION_FOR = 1LL << 52,
    OPTION_FROM = 1LL << 54,
    OPTION_KEEP_HOMES = 1LL << 55,
};
_Static_assert(RULE_KIND_COUNT <= 12, "options of rules do not reach OPTION_GROUPS");
static inline enum ctl_option option_of_rule(enum rule rule)
{
    return (enum ctl_option)((long long)OPTION_RULE << rule);
}
#define OPTIONS_OF_RULES                                                                           \
    ((uint64_t)OPTION_RULE * ((UINT64_C(1) << RULE_KIND_COUNT) - 1) | OPTION_GROUPS)
#define OPTIONS_OF_ALL      ((uint64_t)(OPTION_CONFIG | OPTION_HELP | OPTION_VERSION))
/* Those that can be given several times. */
#define OPTIONS_THAT_REPEAT ((uint64_t)OPTION_NAME)

struct option_word {
    const char *word; /* "--json" */
    enum ctl_option option;
    enum operand_kind kind; /* of its value; OPERAND_NONE if it takes none */
    uint64_t excludes;      /* options that cannot stand beside it */
    char letter;            /* 'h' of "-h", or 0 */
    const char *meaning;
};
extern const struct option_word option_words[];
extern const size_t option_word_count;

/* --- Commands --- */

enum { OPERANDS_MAX = 3, WORDS_MAX = 64 };

enum command_needs {
    NEEDS_CONFIG,  /* anybody may run it who may read the configuration */
    NEEDS_ROOT,    /* the same, and root: else STATUS_NO_PERMISSION before it does anything */
    NEEDS_NOTHING, /* it runs without a configuration, or reads it itself */
    /* As NEEDS_CONFIG and NEEDS_ROOT. But where the configuration has mistakes, the last good one
     * serves, as it does for connections: what they do can be seen and ended at any time. */
    NEEDS_LOGS,
    NEEDS_SERVER,
};

struct invocation;

struct command {
    const char *noun;
    const char *verb; /* NULL for a command of one word */
    struct operand operands[OPERANDS_MAX];
    enum command_needs needs;
    uint64_t options; /* those of enum ctl_option that it knows, besides OPTIONS_OF_ALL */
    const char *help;
    enum exit_status (*run)(const struct invocation *invocation);
};
extern const struct command commands[];
extern const size_t command_count;

static inline bool command_needs_root(const struct command *command)
{
    return command->needs == NEEDS_ROOT || command->needs == NEEDS_SERVER;
}

struct invocation {
    const char *words[WORDS_MAX]; /* all that is no option, as given */
    size_t word_count;
    const struct command *command;
    const char *const *operands; /* those of WORDS behind the command, each checked */
    size_t operand_count;
    const char *name; /* the first operand, NULL if there is none */
    uint64_t options;
    struct {
        enum ctl_option option;
        const char *value;
    } values[WORDS_MAX]; /* see option_value */
    size_t value_count;
    const char *config_path;
    const struct config *config; /* NULL for a command that NEEDS_NOTHING */
};

static inline bool option_given(const struct invocation *invocation, enum ctl_option option)
{
    return (invocation->options & (uint64_t)option) != 0;
}

/* The value of an option, checked; NULL if the option was not given. */
const char *option_value(const struct invocation *invocation, enum ctl_option option);
/* The value number INDEX of an option that repeats; NULL if there are not so many. */
const char *option_value_at(const struct invocation *invocation, enum ctl_option option,
                            size_t index);

/* Reads the command line. 0, or -EINVAL after having said why on stderr; never repeats an argument
 * that it does not know, because that may be a password. */
int arguments_read(int count, char *const *arguments, struct invocation *ret);

/* The command that the words of INVOCATION begin with; NULL. */
const struct command *command_find(const struct invocation *invocation);

/* Loads the configuration that INVOCATION names; what is wrong goes to PROBLEMS. */
enum exit_status config_of(const struct invocation *invocation, struct config **ret,
                           struct buffer *problems);

/* "user add"; "[NAME...]"; "--purge --expires=DATE" */
void command_append_name(struct buffer *buffer, const struct command *command);
void command_append_operands(struct buffer *buffer, const struct command *command);
void command_append_options(struct buffer *buffer, const struct command *command);
/* "user passwd NAME [--password-stdin | --generate] [--json]" */
void command_append_syntax(struct buffer *buffer, const struct command *command);

/* Prints the commands (all, those of a noun, or one with all there is to say about it) that the
 * words of INVOCATION name. False if there is none. */
bool usage_print(FILE *file, const struct invocation *invocation);

/* A line on stderr that begins with "cellftpctl: ". */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The commands themselves. */
enum exit_status command_user_add(const struct invocation *invocation);
enum exit_status command_user_del(const struct invocation *invocation);
enum exit_status command_user_passwd(const struct invocation *invocation);
enum exit_status command_user_lock(const struct invocation *invocation);
enum exit_status command_user_unlock(const struct invocation *invocation);
enum exit_status command_user_mod(const struct invocation *invocation);
enum exit_status command_user_expire(const struct invocation *invocation);
enum exit_status command_user_ensure(const struct invocation *invocation);
enum exit_status command_user_list(const struct invocation *invocation);
enum exit_status command_user_show(const struct invocation *invocation);
enum exit_status command_config_check(const struct invocation *invocation);
enum exit_status command_config_show(const struct invocation *invocation);
enum exit_status command_who(const struct invocation *invocation);
enum exit_status command_kick(const struct invocation *invocation);
enum exit_status command_drain(const struct invocation *invocation);
enum exit_status command_log(const struct invocation *invocation);
enum exit_status command_config_explain(const struct invocation *invocation);
enum exit_status command_throttle_list(const struct invocation *invocation);
enum exit_status command_throttle_clear(const struct invocation *invocation);
enum exit_status command_ban_list(const struct invocation *invocation);
enum exit_status command_ban_add(const struct invocation *invocation);
enum exit_status command_ban_del(const struct invocation *invocation);
enum exit_status command_login_test(const struct invocation *invocation);
enum exit_status command_tls_self_signed(const struct invocation *invocation);
enum exit_status command_tls_show(const struct invocation *invocation);
enum exit_status command_tls_check(const struct invocation *invocation);
enum exit_status command_share_list(const struct invocation *invocation);
enum exit_status command_import(const struct invocation *invocation);
enum exit_status command_export(const struct invocation *invocation);
enum exit_status command_backup(const struct invocation *invocation);
enum exit_status command_restore(const struct invocation *invocation);
enum exit_status command_quota_show(const struct invocation *invocation);
enum exit_status command_quota_set(const struct invocation *invocation);
enum exit_status command_quota_check(const struct invocation *invocation);
enum exit_status command_quota_recount(const struct invocation *invocation);
enum exit_status command_doctor(const struct invocation *invocation);
enum exit_status command_commands(const struct invocation *invocation);
