/* The command line of ftplint: see options.h. */
#include "ftplint/options.h"

#include "ftplint/catalogue.h"
#include "lib/cleanup.h"
#include "lib/scan.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum { HELP_INDENT = 30, CONNECTIONS_MAX = 1000 };

const char *const exit_words[] = {
    [STATUS_CLEAN] = "nothing was found, or notes only",
    [STATUS_WARNINGS] = "warnings, or tests that could not be finished",
    [STATUS_ERRORS] = "errors, or the server went away",
    [STATUS_NOT_RUN] =
        ("nothing was examined: the command line is wrong, nobody could log in, or it "
         "was interrupted"),
};

static bool complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
static bool complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)fputs("ftplint: ", stderr);
    (void)vfprintf(stderr, format, arguments);
    (void)fputs("\n", stderr);
    va_end(arguments);
    return false;
}

/* --- What each option does -------------------------------------------------------------------- */

static bool set_tls(struct options *options, const char *operand)
{
    static const char *const words[] = {
        [TLS_NONE] = "none", [TLS_EXPLICIT] = "explicit", [TLS_IMPLICIT] = "implicit"};
    for (size_t i = 0; i < ELEMENTS(words); i++) {
        if (strcmp(operand, words[i]) != 0)
            continue;
        options->target.tls = (enum target_tls)i;
        options->tls_given = true;
        return true;
    }
    return complain("--tls %s: it is none, explicit (AUTH TLS) or implicit", operand);
}

static bool set_format(struct options *options, const char *operand)
{
    static const char *const words[] = {[FORMAT_TEXT] = "text",
                                        [FORMAT_TAP] = "tap",
                                        [FORMAT_JUNIT] = "junit",
                                        [FORMAT_JSON] = "json"};
    for (size_t i = 0; i < ELEMENTS(words); i++) {
        if (strcmp(operand, words[i]) == 0) {
            options->format = (enum format)i;
            return true;
        }
    }
    return complain("--format %s: it is text, tap, junit or json", operand);
}

static bool set_color(struct options *options, const char *operand)
{
    static const char *const words[] = {
        [COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"};
    for (size_t i = 0; i < ELEMENTS(words); i++) {
        if (strcmp(operand, words[i]) == 0) {
            options->color = (enum color)i;
            return true;
        }
    }
    return complain("--color %s: it is auto, always or never", operand);
}

static bool set_milliseconds(const char *word, const char *operand, uint64_t most, unsigned *ret)
{
    uint64_t value;
    if (scan_duration(operand, &value) < 0 || value == 0 || value > most)
        return complain("%s %s: it is a time like \"5 s\" or \"500 ms\", at most %llu s", word,
                        operand, (unsigned long long)(most / 1000));
    *ret = (unsigned)value;
    return true;
}

static bool set_timeout(struct options *options, const char *operand)
{
    return set_milliseconds("--timeout", operand, 300000, &options->target.timeout);
}

static bool set_limit(struct options *options, const char *operand)
{
    return set_milliseconds("--limit", operand, 86400000, &options->limit);
}

static bool set_connections(struct options *options, const char *operand)
{
    uint64_t value;
    if (scan_u64(operand, CONNECTIONS_MAX, &value) < 0 || value < 2)
        return complain("--connections %s: it is a number from 2 to %d", operand, CONNECTIONS_MAX);
    options->target.connections = (unsigned)value;
    options->connections_given = true;
    return true;
}

/* "a,b": adds both; the words stay in argv. */
static bool add_patterns(const char *word, struct patterns *patterns, const char *operand)
{
    if (*operand == '\0')
        return complain("%s: which tests?", word); /* not: all of them */
    for (const char *at = operand; *at;) {
        size_t size = strcspn(at, ",");
        if (patterns->count == PATTERNS_MAX)
            return complain("%s: more than %d patterns", word, PATTERNS_MAX);
        char *pattern = strndup(at, size);
        if (!pattern)
            return complain("no memory");
        if (!catalogue_matches(pattern)) {
            complain("%s %s: no test and no group is called so; --list shows them", word, pattern);
            free(pattern);
            return false;
        }
        patterns->pattern[patterns->count++] = pattern;
        at += size;
        at += *at == ',';
    }
    return true;
}

static bool add_only(struct options *options, const char *operand)
{
    return add_patterns("--only", &options->only, operand);
}

static bool add_skip(struct options *options, const char *operand)
{
    return add_patterns("--skip", &options->skip, operand);
}

static bool set_explain(struct options *options, const char *operand)
{
    options->action = ACTION_EXPLAIN;
    options->explain = operand;
    return true;
}

#define SETTER(name, statement)                                                                    \
    static bool set_##name(struct options *options, const char *operand)                           \
    {                                                                                              \
        (void)operand;                                                                             \
        statement;                                                                                 \
        return true;                                                                               \
    }
SETTER(user, options->user = operand)
SETTER(user2, options->user2 = operand)
SETTER(admin, options->admin = operand)
SETTER(password_file, options->password_files[ACCOUNT_USER] = operand)
SETTER(password2_file, options->password_files[ACCOUNT_SECOND] = operand)
SETTER(admin_password_file, options->password_files[ACCOUNT_ADMIN] = operand)
SETTER(netrc, options->netrc = operand)
SETTER(authorities, options->target.authorities = operand)
SETTER(certificate, options->target.certificate = operand)
SETTER(local, options->target.local = operand)
SETTER(baseline, options->baseline = operand)
SETTER(write_baseline, options->write_baseline = operand)
SETTER(output, options->output = operand)
SETTER(destructive, options->target.destructive = true)
SETTER(quick, options->target.quick = true)
SETTER(verbose, options->verbose = true)
SETTER(quiet, options->quiet = true)
SETTER(ipv4, options->family = AF_INET)
SETTER(ipv6, options->family = AF_INET6)
SETTER(list, options->action = ACTION_LIST)
SETTER(manual, options->action = ACTION_MANUAL)
SETTER(help, options->action = ACTION_HELP)
SETTER(version, options->action = ACTION_VERSION)

const struct option_row option_rows[] = {
    {"--tls", 0, "KIND", "none, explicit (AUTH TLS) or implicit", set_tls},
    {"--user", 'u', "NAME", "log in as NAME, whatever user the URL names", set_user},
    {"--user2", 0, "NAME", "a second account, for tests of what two users can do to each other",
     set_user2},
    {"--admin", 0, "NAME", "the server's administrator, for the tests of administration",
     set_admin},
    {"--password-file", 0, "FILE", "its first line is the password; - is the standard input",
     set_password_file},
    {"--password2-file", 0, "FILE", "the same for --user2", set_password2_file},
    {"--admin-password-file", 0, "FILE", "the same for --admin", set_admin_password_file},
    {"--netrc", 0, "FILE", "passwords from FILE, not from ~/.netrc", set_netrc},
    {"--ca", 0, "FILE", "authorities to trust (PEM), instead of the system's", set_authorities},
    {"--certificate", 0, "FILE",
     "a client's certificate and key (PEM), for servers that ask for them", set_certificate},
    {"--local", 0, "DIRECTORY", "the user's folder on this machine, for tests with links, pipes...",
     set_local},
    {"--only", 0, "PATTERN", "only these tests: names, groups or patterns with *, commas between",
     add_only},
    {"--skip", 0, "PATTERN", "not these", add_skip},
    {"--destructive", 0, NULL,
     "also tests that load the server, lock accounts or reach beyond ftplint's folder",
     set_destructive},
    {"--quick", 0, NULL, "no test that takes more than about three seconds", set_quick},
    {"--timeout", 0, "TIME", "how long one answer may take (10 s)", set_timeout},
    {"--limit", 0, "TIME", "how long the whole run may take (15 min)", set_limit},
    {"--connections", 0, "NUMBER",
     "connections that are open at once, at most (10; 1000 if --destructive)", set_connections},
    {"--baseline", 0, "FILE", "report only what is not in FILE", set_baseline},
    {"--write-baseline", 0, "FILE", "write what was found to FILE, for --baseline",
     set_write_baseline},
    {"--format", 'f', "FORMAT", "text, tap, junit or json", set_format},
    {"--output", 'o', "FILE", "write the report to FILE", set_output},
    {"--verbose", 'v', NULL, "show every test and every byte of the dialogue", set_verbose},
    {"--quiet", 'q', NULL, "only findings: no heading, no progress, no summary", set_quiet},
    {"--color", 0, "WHEN", "auto, always or never", set_color},
    {"--ipv4", '4', NULL, "only IPv4", set_ipv4},
    {"--ipv6", '6', NULL, "only IPv6", set_ipv6},
    {"--list", 'l', NULL, "print the tests that would be run, and run none", set_list},
    {"--explain", 'e', "TEST", "print all about a test, and run none", set_explain},
    {"--manual", 0, NULL, "print the catalogue as a part of the manual, mdoc(7)", set_manual},
    {"--help", 'h', NULL, "say how it is used", set_help},
    {"--version", 'V', NULL, "print the version", set_version},
};
const size_t option_rows_count = ELEMENTS(option_rows);

void options_print_help(void)
{
    (void)printf(
        "ftplint: finds what is wrong with an FTP server\n\n"
        "  ftplint [OPTION]... ftp://[USER@]HOST[:PORT]/[DIRECTORY]\n"
        "  ftplint [OPTION]... ftps://...      (TLS from the first byte; ftpes://: AUTH TLS)\n"
        "  ftplint --list | --explain TEST\n\n"
        "For example, to examine a server with AUTH TLS as alice, whose password is asked for:\n\n"
        "  ftplint --tls explicit ftp://alice@ftp.example.org/\n\n"
        "The password may also come from FTPLINT_PASSWORD or ~/.netrc. See ftplint(1).\n\n");
    for (size_t i = 0; i < option_rows_count; i++) {
        const struct option_row *row = &option_rows[i];
        char left[64];
        char letter[] = {'-', row->letter, ',', ' ', '\0'};
        (void)snprintf(left, sizeof(left), "%s%s%s%s", row->letter ? letter : "    ", row->word,
                       row->operand ? " " : "", row->operand ? row->operand : "");
        (void)printf("  %-*s %s\n", HELP_INDENT, left, row->meaning);
    }
    (void)printf("\nExit status:\n");
    for (int i = STATUS_CLEAN; i <= STATUS_NOT_RUN; i++)
        (void)printf("  %d  %s\n", i, exit_words[i]);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static const struct option_row *find_word(const char *argument, size_t size)
{
    for (size_t i = 0; i < option_rows_count; i++)
        if (strlen(option_rows[i].word) == size &&
            strncmp(option_rows[i].word, argument, size) == 0)
            return &option_rows[i];
    return NULL;
}

static const struct option_row *find_letter(char letter)
{
    for (size_t i = 0; letter && i < option_rows_count; i++)
        if (option_rows[i].letter == letter)
            return &option_rows[i];
    return NULL;
}

/* One option at argv[*index]; steps over its operand. */
static bool read_option(struct options *options, int argc, char **argv, int *index)
{
    const char *argument = argv[*index];
    bool is_word = argument[1] == '-';
    const char *equals = is_word ? strchr(argument, '=') : NULL;
    const struct option_row *row =
        is_word ? find_word(argument, equals ? (size_t)(equals - argument) : strlen(argument))
                : find_letter(argument[2] == '\0' ? argument[1] : '\0');
    if (!row)
        return complain("%s: there is no such option; --help shows them", argument);
    if (!row->operand)
        return equals ? complain("%s takes no operand", row->word) : row->apply(options, NULL);
    const char *operand = equals ? equals + 1 : ++*index < argc ? argv[*index] : NULL;
    if (!operand)
        return complain("%s needs an operand: %s", row->word, row->operand);
    return row->apply(options, operand);
}

char *options_keep(struct options *options, char *text)
{
    if (!text)
        return NULL;
    options->kept_sizes[options->kept_count] = strlen(text);
    return options->kept[options->kept_count++] = text;
}

void options_free(struct options *options)
{
    struct patterns *const all[] = {&options->only, &options->skip};
    for (size_t i = 0; i < ELEMENTS(all); i++)
        while (all[i]->count > 0)
            free(all[i]->pattern[--all[i]->count]);
    while (options->kept_count > 0) {
        size_t last = --options->kept_count;
        explicit_bzero(options->kept[last], options->kept_sizes[last]);
        free(options->kept[last]);
    }
}

bool options_read(struct options *ret, int argc, char **argv)
{
    *ret = (struct options){
        .limit = 900000,
        .family = AF_UNSPEC,
        .target = {.timeout = 10000, .test_limit = 60000, .connections = 10},
    };
    bool words_only = false;
    for (int i = 1; i < argc; i++) {
        if (!words_only && strcmp(argv[i], "--") == 0) {
            words_only = true;
        } else if (!words_only && argv[i][0] == '-' && argv[i][1]) {
            if (!read_option(ret, argc, argv, &i))
                return false;
        } else if (ret->url) {
            return complain("one server at a time");
        } else {
            ret->url = argv[i];
        }
    }
    if (ret->target.destructive && !ret->connections_given)
        ret->target.connections = CONNECTIONS_MAX;
    /* A test has to see that an answer does not come, and a second one. */
    if (ret->target.test_limit < 3 * ret->target.timeout)
        ret->target.test_limit = 3 * ret->target.timeout;
    if (ret->action == ACTION_RUN && !ret->url)
        return complain("which server? ftplint ftp://USER@HOST:PORT/ (--help says more)");
    return true;
}
