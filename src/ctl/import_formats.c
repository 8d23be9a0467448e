/* The user lists of Pure-FTPd, ProFTPD and vsftpd: see import.h. */
#include "ctl/import.h"

#include "lib/cleanup.h"
#include "lib/scan.h"
#include "lib/text.h"

#include <string.h>

enum { NOTES_MAX = 4096 };

const struct import_format import_formats[] = {
    {"puredb", import_puredb},
    {"authuserfile", import_authuserfile},
    {"vsftpd", import_vsftpd},
    {"cellftpd", import_json},
};

const struct import_format *import_format_find(const char *word)
{
    for (size_t i = 0; i < ELEMENTS(import_formats); i++)
        if (strcmp(import_formats[i].word, word) == 0)
            return &import_formats[i];
    return NULL;
}

void import_user_init(struct import_user *user)
{
    *user = (struct import_user){.owner = UINT64_MAX};
    buffer_init(&user->notes, NOTES_MAX);
    buffer_init(&user->fault, NOTES_MAX);
}

void import_user_free(struct import_user *user)
{
    rules_free(&user->rules);
    account_free(user->account);
    buffer_free(&user->notes);
    buffer_free(&user->fault);
}

/* A buffer that is full has more than anybody reads. */
static void append_words(struct buffer *buffer, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));
static void append_words(struct buffer *buffer, const char *format, va_list arguments)
{
    if (buffer_size(buffer) > 0)
        (void)buffer_append_string(buffer, "; ");
    (void)buffer_append_formatv(buffer, format, arguments);
}

void import_note(struct import_user *user, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append_words(&user->notes, format, arguments);
    va_end(arguments);
}

void import_fault(struct import_user *user, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    append_words(&user->fault, format, arguments);
    va_end(arguments);
}

char *import_line(struct import_source *source)
{
    char *line = strsep(&source->rest, "\n");
    if (!line || (!source->rest && !*line))
        return NULL;
    source->line++;
    size_t size = strlen(line);
    if (size > 0 && line[size - 1] == '\r')
        line[size - 1] = '\0';
    return line;
}

char *import_entry(struct import_source *source)
{
    char *line;
    do
        line = import_line(source);
    while (line && (!*line || *line == '#'));
    return line;
}

size_t import_fields(char *text, const char **ret, size_t maximum)
{
    size_t count = 0;
    for (char *field; (field = strsep(&text, ":")); count++)
        if (count < maximum)
            ret[count] = field;
    return count;
}

/* The fields that all lists of lines have: name:hash:uid:gid:gecos:home. */
static void take_passwd(struct import_user *user, const char *const *fields)
{
    uint64_t owner;
    user->name = fields[0];
    user->hash = fields[1];
    if (scan_u64(fields[2], UINT32_MAX - 1, &owner) == 0)
        user->owner = owner;
    if (fields[5][0] == '/')
        user->home = fields[5];
}

/* One limit. What the other server has as "nothing" is an empty field, or 0. */
static void take_rule(struct import_user *user, enum rule rule, const char *text)
{
    if (!*text || strcmp(text, "0") == 0)
        return;
    if (rule_set(&user->rules, rule, text) < 0) {
        user->locked = true;
        import_note(user, "%s \"%s\" cannot be had here", rule_key(rule), text);
    }
}

/* What lets fewer people in, and does not exist here. */
static void miss_restriction(struct import_user *user, const char *text, const char *words)
{
    if (!*text)
        return;
    user->locked = true;
    import_note(user, "%s \"%s\" cannot be had here", words, text);
}

static void miss_limit(struct import_user *user, const char *text, const char *words)
{
    if (*text && strcmp(text, "0") != 0)
        import_note(user, "%s %s is left out", words, text);
}

/* "800-1800" is from 8:00 to 18:00. */
static void take_time(struct import_user *user, const char *text)
{
    char hours[32], copy[32];
    uint64_t begin, end;
    (void)snprintf(copy, sizeof(copy), "%s", text);
    char *dash = strchr(copy, '-');
    if (!*text || !dash)
        return;
    *dash = '\0';
    if (scan_u64(copy, 2359, &begin) < 0 || scan_u64(dash + 1, 2359, &end) < 0) {
        miss_restriction(user, text, "the time");
        return;
    }
    (void)snprintf(hours, sizeof(hours), "%02u:%02u-%02u:%02u", (unsigned)begin / 100,
                   (unsigned)begin % 100, (unsigned)end / 100, (unsigned)end % 100);
    take_rule(user, RULE_hours, hours);
}

/* pure-pw(8): account:password:uid:gid:gecos:home:upload bandwidth:download bandwidth:upload
 * ratio:download ratio:connections:files:size:local addresses that may:that may not:addresses of
 * clients that may:that may not:time. The bandwidths are those of one session, in bytes. */
bool import_puredb(struct import_source *source, struct import_user *ret)
{
    enum { LEAST = 6, ALL = 18 };
    const char *fields[ALL];
    char *line = import_entry(source);
    if (!line)
        return false;
    for (size_t i = 0; i < ALL; i++)
        fields[i] = "";
    size_t count = import_fields(line, fields, ALL);
    ret->name = fields[0];
    if (count < LEAST || count > ALL) {
        import_fault(ret, "a line of pureftpd.passwd has 6 to 18 fields, this one has %zu", count);
        return true;
    }
    take_passwd(ret, fields);
    take_rule(ret, RULE_session_upload_rate, fields[6]);
    take_rule(ret, RULE_session_download_rate, fields[7]);
    miss_limit(ret, fields[8], "the upload ratio");
    miss_limit(ret, fields[9], "the download ratio");
    take_rule(ret, RULE_sessions, fields[10]);
    take_rule(ret, RULE_quota_files, fields[11]);
    take_rule(ret, RULE_quota, fields[12]);
    miss_restriction(ret, fields[13], "the list of local addresses");
    miss_restriction(ret, fields[14], "the list of refused local addresses");
    take_rule(ret, RULE_networks, fields[15]);
    miss_restriction(ret, fields[16], "the list of refused clients");
    take_time(ret, fields[17]);
    return true;
}

/* ProFTPD's, as passwd(5). */
bool import_authuserfile(struct import_source *source, struct import_user *ret)
{
    enum { FIELDS = 7 };
    const char *fields[FIELDS];
    char *line = import_entry(source);
    if (!line)
        return false;
    for (size_t i = 0; i < FIELDS; i++)
        fields[i] = "";
    size_t count = import_fields(line, fields, FIELDS);
    ret->name = fields[0];
    if (count != FIELDS)
        import_fault(ret, "a line of an AuthUserFile has 7 fields, this one has %zu", count);
    else
        take_passwd(ret, fields);
    return true;
}

/* vsftpd leaves its users to PAM. For pam_userdb there is a list for db_load: a line with a name, a
 * line with the password itself. For pam_pwdfile, lines of name:hash. The first line tells. */
bool import_vsftpd(struct import_source *source, struct import_user *ret)
{
    const char *fields[2] = {"", ""};
    char *line = import_entry(source);
    if (!line)
        return false;
    if (!source->begun)
        source->colons = strchr(line, ':') != NULL;
    source->begun = true;
    if (!source->colons) {
        ret->name = line;
        ret->clear = import_line(source);
        if (!ret->clear || !*ret->clear)
            import_fault(ret, "the line with its password is missing");
        return true;
    }
    size_t count = import_fields(line, fields, ELEMENTS(fields));
    ret->name = fields[0];
    ret->hash = fields[1];
    if (count < 2)
        import_fault(ret, "there is no hash behind the name");
    return true;
}
