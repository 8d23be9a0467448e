/* What operands and the values of options can be: see command.h. */
#include "ctl/command.h"

#include "ctl/date.h"
#include "ctl/log_select.h"
#include "ctl/since.h"
#include "ctl/tls.h"
#include "lib/account.h"
#include "lib/address.h"
#include "lib/cleanup.h"
#include "lib/client_certificate.h"
#include "lib/scan.h"
#include "lib/text.h"

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

static bool is_role(const char *text)
{
    return word_index(account_role_words, text) >= 0;
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
    [OPERAND_ROLE] = {"ROLE", is_role, "user, or admin, who needs TLS"},
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
    [OPERAND_NETWORK] = {"NETWORK", is_network,
                         "an IPv4 or IPv6 address, or a network as in 192.0.2.0/24"},
};
_Static_assert(ELEMENTS(kinds) == OPERAND_KIND_COUNT, "every kind has a row");

const char *operand_placeholder(enum operand_kind kind)
{
    return kinds[kind].placeholder;
}

const char *operand_expected(enum operand_kind kind)
{
    return kinds[kind].expected;
}

bool operand_check(enum operand_kind kind, const char *text)
{
    if (kinds[kind].check(text))
        return true;

    /* Only what was meant as a name is repeated: anything else may be a password in a wrong place.
     */
    cleanup_buffer struct buffer quoted;
    buffer_init(&quoted, 4096);
    if (kind == OPERAND_ACCOUNT && text_append_quoted(&quoted, text, strnlen(text, 128)) == 0)
        complain("%.*s is no name for an account; expected %s", (int)buffer_size(&quoted),
                 buffer_begin(&quoted), operand_expected(kind));
    else
        complain("%s is not right; expected %s", operand_placeholder(kind), operand_expected(kind));
    return false;
}
