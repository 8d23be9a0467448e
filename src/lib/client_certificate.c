/* A client's certificate between the processes, and what it is worth: see client_certificate.h. */
#include "lib/client_certificate.h"

#include "lib/cleanup.h"
#include "lib/text.h"

#include <errno.h>
#include <string.h>

static const char *const verdict_words[] = {
#define CLIENT_VERDICT_WORD(name, word) [CLIENT_##name] = (word),
    CLIENT_VERDICTS(CLIENT_VERDICT_WORD)
#undef CLIENT_VERDICT_WORD
};

const char *client_verdict_word(enum client_verdict verdict)
{
    return verdict_words[verdict];
}

static bool is_printable(const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length;) {
        struct text_character character = text_character(text + i, length - i);
        if (!character.printable)
            return false;
        i += character.size;
    }
    return true;
}

void client_certificate_refuse_names(struct client_certificate *certificate)
{
    bool good = is_printable(certificate->common_name);
    for (size_t i = 0; i < certificate->email_count; i++)
        good = good && is_printable(certificate->emails[i]);
    for (size_t i = 0; i < certificate->host_count; i++)
        good = good && is_printable(certificate->hosts[i]);
    if (good)
        return;
    certificate->verdict = CLIENT_NAME;
    certificate->common_name[0] = '\0';
    certificate->email_count = certificate->host_count = 0;
    (void)snprintf(certificate->words, sizeof(certificate->words),
                   "a name in the certificate cannot be printed");
}

/* --- in and out of a message --- */

void client_question_put(struct message *message, const struct client_question *question)
{
    message_begin(message, CLIENT_QUESTION);
    message_put_bytes(message, question->messages, question->messages_size);
    message_put_bytes(message, question->signed_hash, question->signed_size);
    message_put_bytes(message, question->challenge, sizeof(question->challenge));
    message_put_bytes(message, question->chain_hash, sizeof(question->chain_hash));
}

static size_t get_bytes(struct message *message, uint8_t *ret, size_t maximum)
{
    size_t size;
    const uint8_t *bytes = message_get_bytes(message, maximum, &size);
    memcpy(ret, bytes, size);
    return size;
}

int client_question_get(struct message *message, struct client_question *ret)
{
    *ret = (struct client_question){.messages = NULL};
    ret->messages = message_get_bytes(message, CLIENT_MESSAGES_MAX, &ret->messages_size);
    ret->signed_size = get_bytes(message, ret->signed_hash, sizeof(ret->signed_hash));
    bool whole =
        get_bytes(message, ret->challenge, sizeof(ret->challenge)) == sizeof(ret->challenge) &&
        get_bytes(message, ret->chain_hash, sizeof(ret->chain_hash)) == sizeof(ret->chain_hash);
    return message->type == CLIENT_QUESTION && whole && message_end(message) ? 0 : -EBADMSG;
}

void client_certificate_put(struct message *message, const struct client_certificate *certificate)
{
    message_put_u32(message, certificate->verdict);
    message_put_string(message, certificate->words);
    message_put_string(message, certificate->subject);
    message_put_string(message, certificate->fingerprint);
    message_put_string(message, certificate->common_name);
    message_put_u32(message, (uint32_t)certificate->email_count);
    for (size_t i = 0; i < certificate->email_count; i++)
        message_put_string(message, certificate->emails[i]);
    message_put_u32(message, (uint32_t)certificate->host_count);
    for (size_t i = 0; i < certificate->host_count; i++)
        message_put_string(message, certificate->hosts[i]);
}

/* Printable UTF-8, of SIZE bytes with its end. */
static void get_text(struct message *message, char *ret, size_t size)
{
    const char *text = message_get_string(message, size - 1);
    if (!is_printable(text))
        message->broken = true;
    (void)snprintf(ret, size, "%s", text);
}

static size_t get_names(struct message *message, char names[][CLIENT_NAME_MAX + 1])
{
    size_t count = message_get_u32(message);
    if (count > CLIENT_NAMES_MAX)
        message->broken = true;
    for (size_t i = 0; i < count && !message->broken; i++) {
        get_text(message, names[i], CLIENT_NAME_MAX + 1);
        if (!*names[i])
            message->broken = true;
    }
    return count;
}

static bool is_fingerprint(const char *text)
{
    return strlen(text) == CLIENT_FINGERPRINT_SIZE &&
           strspn(text, "0123456789abcdef") == CLIENT_FINGERPRINT_SIZE;
}

int client_certificate_get(struct message *message, struct client_certificate *ret)
{
    *ret = (struct client_certificate){.verdict = message_get_u32(message)};
    get_text(message, ret->words, sizeof(ret->words));
    get_text(message, ret->subject, sizeof(ret->subject));
    get_text(message, ret->fingerprint, sizeof(ret->fingerprint));
    get_text(message, ret->common_name, sizeof(ret->common_name));
    ret->email_count = get_names(message, ret->emails);
    ret->host_count = get_names(message, ret->hosts);
    bool good = message_end(message) && ret->verdict < CLIENT_VERDICT_COUNT &&
                (ret->verdict != CLIENT_GOOD || is_fingerprint(ret->fingerprint));
    if (good)
        return 0;
    *ret = (struct client_certificate){.verdict = CLIENT_SILENT};
    return -EBADMSG;
}

/* --- whose it is --- */

enum name_kind { NAME_COMMON, NAME_EMAIL, NAME_HOST, NAME_FINGERPRINT };
static const struct {
    const char *prefix;
    enum name_kind kind;
} name_kinds[] = {
    {"cn:", NAME_COMMON},
    {"email:", NAME_EMAIL},
    {"dns:", NAME_HOST},
    {"sha256:", NAME_FINGERPRINT},
};

/* What kind of name TEXT is; *RET is what follows the prefix. */
static enum name_kind kind_of(const char *text, const char **ret)
{
    for (size_t i = 0; i < ELEMENTS(name_kinds); i++) {
        size_t size = strlen(name_kinds[i].prefix);
        if (strncmp(text, name_kinds[i].prefix, size) == 0) {
            *ret = text + size;
            return name_kinds[i].kind;
        }
    }
    *ret = text;
    return NAME_COMMON;
}

/* The digits of a fingerprint as openssl(1) prints it, "AB:CD:...", or without the colons. */
static bool read_fingerprint(const char *text, char ret[CLIENT_FINGERPRINT_SIZE + 1])
{
    size_t size = 0;
    for (; *text; text++) {
        if (*text == ':')
            continue;
        if (size == CLIENT_FINGERPRINT_SIZE)
            return false;
        ret[size++] = *text >= 'A' && *text <= 'F' ? (char)(*text - 'A' + 'a') : *text;
    }
    ret[size] = '\0';
    return is_fingerprint(ret);
}

/* The host of an address may be written in either case, what stands before it may not (RFC 5321
 * section 2.4). */
static bool is_same_email(const char *a, const char *b)
{
    const char *at_a = strrchr(a, '@'), *at_b = strrchr(b, '@');
    return at_a && at_b && at_a - a == at_b - b && strncmp(a, b, (size_t)(at_a - a)) == 0 &&
           text_equal_ignoring_case(at_a, at_b);
}

bool client_certificate_is_for(const struct client_certificate *certificate, const char *wanted,
                               const char *name)
{
    const char *text = name;
    char digits[CLIENT_FINGERPRINT_SIZE + 1];
    switch (wanted ? kind_of(wanted, &text) : NAME_COMMON) {
    case NAME_EMAIL:
        for (size_t i = 0; i < certificate->email_count; i++)
            if (is_same_email(certificate->emails[i], text))
                return true;
        return false;
    case NAME_HOST:
        for (size_t i = 0; i < certificate->host_count; i++)
            if (text_equal_ignoring_case(certificate->hosts[i], text))
                return true;
        return false;
    case NAME_FINGERPRINT:
        return read_fingerprint(text, digits) && strcmp(certificate->fingerprint, digits) == 0;
    default: return *text && strcmp(certificate->common_name, text) == 0;
    }
}

const char *client_certificate_name_fault(const char *text)
{
    const char *name;
    char digits[CLIENT_FINGERPRINT_SIZE + 1];
    enum name_kind kind = kind_of(text, &name);
    size_t size = strlen(name);
    if (kind == NAME_FINGERPRINT)
        return read_fingerprint(name, digits)
                   ? NULL
                   : "a fingerprint after \"sha256:\" must have 64 hexadecimal digits";
    if (size == 0 || size > CLIENT_NAME_MAX)
        return "a name in a certificate must have 1 to 128 bytes";
    if (!text_is_plain(name, size) || !text_is_utf8(name, size))
        return "must be UTF-8 without a control character";
    if (kind == NAME_EMAIL && !strchr(name, '@'))
        return "an address after \"email:\" must have an \"@\"";
    return NULL;
}

/* --- what it is worth --- */

enum client_rule client_rule(const struct config *config, const struct account *account)
{
    bool required = config->tls_client_certificates == CLIENT_CERTIFICATES_REQUIRED;
    bool instead = config->tls_client_login == CLIENT_LOGIN_INSTEAD && account->password;
    switch (account->certificate) {
    case ACCOUNT_CERTIFICATE_NO: return required ? CLIENT_RULE_ANY : CLIENT_RULE_NONE;
    case ACCOUNT_CERTIFICATE_FACTOR: return CLIENT_RULE_FACTOR;
    case ACCOUNT_CERTIFICATE_INSTEAD: return CLIENT_RULE_INSTEAD;
    default: break;
    }
    if (required)
        return instead ? CLIENT_RULE_INSTEAD : CLIENT_RULE_FACTOR;
    return instead && config->tls_client_certificates == CLIENT_CERTIFICATES_OPTIONAL
               ? CLIENT_RULE_MAY
               : CLIENT_RULE_NONE;
}

const char *client_judge(const struct config *config, const struct account *account,
                         const struct client_certificate *certificate, bool password_fits)
{
    enum client_rule rule = client_rule(config, account);
    bool own = certificate &&
               client_certificate_is_for(certificate, account->certificate_name, account->name);
    bool enough = rule == CLIENT_RULE_INSTEAD || (rule == CLIENT_RULE_MAY && own);
    if (!password_fits && !enough)
        return "bad-password";
    if (rule == CLIENT_RULE_NONE || rule == CLIENT_RULE_MAY)
        return NULL;
    if (!certificate)
        return "no-certificate";
    return own || rule == CLIENT_RULE_ANY ? NULL : "other-certificate";
}
