/* What operands and the values of options can be: see command.h. */
#include "ctl/command.h"

#include "ctl/date.h"
#include "ctl/import.h"
#include "ctl/log_select.h"
#include "ctl/since.h"
#include "ctl/tls.h"
#include "lib/account.h"
#include "lib/address.h"
#include "lib/cleanup.h"
#include "lib/client_certificate.h"
#include "lib/config_lists.h"
#include "lib/scan.h"
#include "lib/text.h"
#include "lib/words.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

enum { USER_MAX = 128, SESSION_DIGITS = 16 };

int word_index(const char *const *words, const char *text)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(words[i], text) == 0)
            return i;
    return -1;
}

static bool is_account(const char *text)
{
    return account_check_name(text) == 0;
}

static bool is_user(const char *text)
{
    size_t size = strnlen(text, USER_MAX + 1);
    return size > 0 && size <= USER_MAX && text_is_plain(text, size) && text_is_utf8(text, size);
}

static bool is_session(const char *text)
{
    return strlen(text) == SESSION_DIGITS && strspn(text, "0123456789abcdef") == SESSION_DIGITS;
}

static bool is_key(const char *text)
{
    return strlen(text) < USER_MAX && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_.") > 0 &&
           text_is_plain(text, strlen(text));
}

static bool is_address(const char *text)
{
    struct address ignored;
    return address_parse(text, &ignored) == 0;
}

static bool is_network(const char *text)
{
    struct network ignored;
    return network_parse(text, &ignored) == 0;
}

static bool is_date(const char *text)
{
    time_t ignored;
    return date_parse(text, time(NULL), &ignored) == 0;
}

static bool is_duration(const char *text)
{
    uint64_t ignored;
    return scan_duration(text, &ignored) == 0;
}

static bool is_number(const char *text)
{
    uint64_t ignored;
    return scan_u64(text, UINT32_MAX, &ignored) == 0;
}

static bool is_time(const char *text)
{
    time_t ignored;
    return since_parse(text, time(NULL), &ignored) == 0;
}

static bool is_logs(const char *text)
{
    unsigned ignored;
    return logs_parse(text, &ignored) == 0;
}

static bool is_tls(const char *text)
{
    return word_index(account_tls_words, text) >= 0;
}

static bool is_default(const char *text)
{
    return strcmp(text, "default") == 0;
}

static bool is_role(const char *text)
{
    return word_index(account_role_words, text) >= 0 || is_default(text);
}

static bool is_groups(const char *text)
{
    char **names = NULL;
    if (words_split(text, ", ", &names) < 0)
        return false;
    size_t count = 0;
    bool good = names[0] != NULL;
    while (good && names[count])
        good = group_name_is_good(names[count++]) && count <= ACCOUNT_LABELS_MAX;
    words_free(names);
    return good;
}

static bool is_rule(enum rule rule, const char *text)
{
    struct rules ignored = {0};
    bool good = is_default(text) || rule_set(&ignored, rule, text) == 0;
    rules_free(&ignored);
    return good;
}

static bool is_certificate(const char *text)
{
    return word_index(account_certificate_words, text) >= 0;
}

static bool is_certificate_name(const char *text)
{
    return *text == '\0' || !client_certificate_name_fault(text);
}

bool host_is_good(const char *text)
{
    size_t size = strnlen(text, TLS_NAME_MAX + 1);
    return size > 0 && size <= TLS_NAME_MAX &&
           strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == size && text[0] != '.' &&
           text[0] != '-' && text[size - 1] != '.' && !strstr(text, "..");
}

/* In capitals too, and with an asterisk as the first label. */
static bool is_subject(const char *text)
{
    char lower[TLS_NAME_MAX + 1] = "";
    size_t size = strnlen(text, sizeof(lower));
    if (is_address(text) && !strchr(text, '%'))
        return true;
    if (size == sizeof(lower))
        return false;
    for (size_t i = 0; i <= size; i++)
        lower[i] = (char)tolower((unsigned char)text[i]);
    return host_is_good(strncmp(lower, "*.", 2) == 0 ? lower + 2 : lower);
}

static bool is_key_type(const char *text)
{
    return word_index(tls_key_types, text) >= 0;
}

static bool is_format(const char *text)
{
    return import_format_find(text) != NULL;
}

static bool is_file(const char *text)
{
    return text[0] != '\0';
}

static const struct {
    const char *placeholder;
    bool (*check)(const char *text);
    const char *expected;
} kinds[] = {
    [OPERAND_ACCOUNT] = {"NAME", is_account,
                         "an account's name: 1 to 32 of a-z 0-9 . _ -, beginning with a letter or "
                         "a digit, not ending with a dot"},
    [OPERAND_USER] = {"NAME", is_user, "the name of a user, of any kind"},
    [OPERAND_SESSION] = {"SESSION", is_session, "a session as in the logs: 16 hexadecimal digits"},
    [OPERAND_WHO] = {"WHO", is_user,
                     "a session (16 hexadecimal digits), an address, or the name of a user"},
    [OPERAND_KEY] = {"KEY", is_key, "an option of the configuration: GROUP.KEY, or a part of it"},
    [OPERAND_ADDRESS] = {"ADDRESS", is_address, "an IPv4 or IPv6 address"},
    [OPERAND_DATE] = {"DATE", is_date,
                      "YYYY-MM-DD (to the end of that day, UTC), YYYY-MM-DDTHH:MM:SSZ, a time from "
                      "now as in 30d, or never"},
    [OPERAND_DURATION] = {"TIME", is_duration, "a time as in 30s, 5min, 1h, 2d"},
    [OPERAND_NUMBER] = {"NUMBER", is_number, "a number"},
    [OPERAND_TIME] = {"TIME", is_time,
                      "a time ago as in 90s, 1h, 2d, or today, yesterday, YYYY-MM-DD, "
                      "YYYY-MM-DDTHH:MM:SS; local time, or UTC with a Z behind it"},
    [OPERAND_LOGS] = {"LOG", is_logs,
                      "connections, auth, files, admin, commands, or several with commas between"},
    [OPERAND_TLS] = {"WHEN", is_tls,
                     "default (as tls.required is), required, or optional for a device without "
                     "TLS"},
    [OPERAND_ROLE] = {"ROLE", is_role,
                      "user, admin, who needs TLS, or default (as the groups have it)"},
    [OPERAND_CERTIFICATE] = {"RULE", is_certificate,
                             "default (as tls.client_certificates and tls.client_login are), no, "
                             "factor (besides the password), or instead (of it)"},
    [OPERAND_CERTIFICATE_NAME] = {"CERTIFICATE", is_certificate_name,
                                  "a common name, email:ADDRESS, dns:HOST, sha256: and a "
                                  "fingerprint, or \"\" for the account's name"},
    [OPERAND_HOST] = {"HOST", host_is_good,
                      "a host name in lower case, which has a directory in tls.hosts"},
    [OPERAND_SUBJECT] = {"HOST", is_subject, "a host name, or an IPv4 or IPv6 address"},
    [OPERAND_KEY_TYPE] = {"TYPE", is_key_type, "ecdsa, rsa or ed25519"},
    [OPERAND_FILE] = {"FILE", is_file, "the name of a file"},
    [OPERAND_FORMAT] = {"FORMAT", is_format, "puredb, authuserfile, vsftpd or cellftpd"},
    [OPERAND_NETWORK] = {"NETWORK", is_network,
                         "an IPv4 or IPv6 address, or a network as in 192.0.2.0/24"},
    [OPERAND_GROUPS] = {"GROUP", is_groups,
                        "names of groups of cellftpd.conf with commas between, or default (none)"},
};
_Static_assert(ELEMENTS(kinds) == OPERAND_RULE, "every kind has a row");

/* The value of a rule, by its type. */
static const struct {
    const char *placeholder;
    const char *expected;
} rule_kinds[] = {
    [RULE_IS_LIMIT] = {"SIZE", "a size as in 500M, 10GiB, \"1 TB\", or none, or default (as the "
                               "groups or the server have it)"},
    [RULE_IS_COUNT] = {"COUNT", "a number, or none, or default (as the groups or the server have "
                                "it)"},
    [RULE_IS_FLAG] = {"FLAG", "true, false, or default (as the groups have it)"},
    [RULE_IS_WORDS] = {"LIST", "words with commas between, or default (as the groups or the server "
                               "have it)"},
    [RULE_IS_TEXT] = {"HOURS", "days, times or both, as in \"mon-fri 08:00-18:00, sat\", or "
                               "default (as the groups have it)"},
};

const char *operand_placeholder(enum operand_kind kind)
{
    return kind >= OPERAND_RULE ? rule_kinds[rule_type(kind - OPERAND_RULE)].placeholder
                                : kinds[kind].placeholder;
}

const char *operand_expected(enum operand_kind kind)
{
    if (kind == OPERAND_RULE + RULE_networks)
        return "networks or addresses with commas between, as in 192.0.2.0/24,2001:db8::/32, or "
               "default (as the groups have it)";
    return kind >= OPERAND_RULE ? rule_kinds[rule_type(kind - OPERAND_RULE)].expected
                                : kinds[kind].expected;
}

bool operand_check(enum operand_kind kind, const char *option, const char *text)
{
    if (kind >= OPERAND_RULE ? is_rule(kind - OPERAND_RULE, text) : kinds[kind].check(text))
        return true;

    /* Only what was meant as a name is repeated: anything else may be a password in a wrong place.
     */
    cleanup_buffer struct buffer quoted;
    buffer_init(&quoted, 4096);
    if (kind == OPERAND_ACCOUNT && text_append_quoted(&quoted, text, strnlen(text, 128)) == 0)
        complain("%.*s is no name for an account; expected %s", (int)buffer_size(&quoted),
                 buffer_begin(&quoted), operand_expected(kind));
    else
        complain("%s%s%s is not right; expected %s", option ? option : "", option ? " " : "",
                 operand_placeholder(kind), operand_expected(kind));
    return false;
}
