/* TYPE, STRU, MODE, REST, RANG, OPTS, LANG, CLNT: settings, and what one command leaves for
 * the next. */
#include "lib/cleanup.h"
#include "lib/scan.h"
#include "lib/text.h"
#include "session/command.h"
#include "session/listing.h"

#include <string.h>

/* One value of a setting that RFC 959 knows. */
struct choice {
    const char *value;
    bool offered;
};

/* The row of CHOICES that ARGUMENT is; NULL if it is no value at all. */
static const struct choice *choose(const struct choice *choices, size_t count, const char *argument)
{
    for (size_t i = 0; i < count; i++)
        if (text_equal_ignoring_case(choices[i].value, argument))
            return &choices[i];
    return NULL;
}

void command_type(struct session *session, char *argument)
{
    static const struct choice types[] = {
        {"A", true},  {"A N", true},  {"A T", true},  {"I", true},    {"L 8", true},  {"L8", true},
        {"E", false}, {"E N", false}, {"A C", false}, {"E T", false}, {"E C", false},
    };
    const struct choice *type = choose(types, ELEMENTS(types), argument);
    if (!type || !type->offered) {
        bool known = type || strncasecmp(argument, "L ", 2) == 0;
        reply(session, known ? 504 : 501, "Types are A (text), I and L 8 (binary).");
        return;
    }
    session->settings.ascii = type->value[0] == 'A';
    reply(session, 200,
          session->settings.ascii ? "Type is A: text, lines end in CR LF." : "Type is I: binary.");
}

void command_stru(struct session *session, char *argument)
{
    static const struct choice structures[] = {{"F", true}, {"R", false}, {"P", false}};
    const struct choice *structure = choose(structures, ELEMENTS(structures), argument);
    if (structure && structure->offered)
        reply(session, 200, "Structure is F: plain files.");
    else
        reply(session, structure ? 504 : 501, "The only structure is F.");
}

void command_mode(struct session *session, char *argument)
{
    static const struct choice modes[] = {{"S", true}, {"B", false}, {"C", false}, {"Z", false}};
    const struct choice *mode = choose(modes, ELEMENTS(modes), argument);
    if (mode && mode->offered)
        reply(session, 200, "Mode is S: stream.");
    else
        reply(session, mode ? 504 : 501, "The only mode is S.");
}

void command_rest(struct session *session, char *argument)
{
    uint64_t offset;
    session->pending.restart = 0; /* also when this one is refused */
    session->pending.has_range = false;
    if (scan_u64(argument, INT64_MAX, &offset) < 0) {
        reply(session, 501, "REST needs a number of bytes.");
        return;
    }
    session->pending.restart = offset;
    reply(session, 350, "The next transfer begins at byte %llu.", (unsigned long long)offset);
}

/* draft-bryan-ftp-range: first and last byte, both included; "1 0" means all again. */
void command_rang(struct session *session, char *argument)
{
    char *space = strchr(argument, ' ');
    uint64_t first, last;
    session->pending.restart = 0; /* also when this one is refused */
    session->pending.has_range = false;
    if (space)
        *space = '\0';
    if (!space || scan_u64(argument, INT64_MAX - 1, &first) < 0 ||
        scan_u64(space + 1, INT64_MAX - 1, &last) < 0) {
        reply(session, 501, "RANG needs the numbers of the first and the last byte.");
        return;
    }
    struct pending *pending = &session->pending;
    if (first == 1 && last == 0) {
        reply(session, 350, "The next command means the whole file.");
        return;
    }
    if (first > last) {
        reply(session, 501, "The first byte cannot come after the last.");
        return;
    }
    pending->has_range = true;
    pending->range_start = first;
    pending->range_end = last + 1;
    reply(session, 350, "The next command means bytes %llu to %llu.", (unsigned long long)first,
          (unsigned long long)last);
}

/* --- OPTS: RFC 2389 section 4
 * ------------------------------------------------------------------------------------ */

static void opts_utf8(struct session *session, const char *value)
{
    if (!*value || text_equal_ignoring_case(value, "ON") || text_equal_ignoring_case(value, "NLST"))
        reply(session, 200, "Names are UTF-8, always.");
    else
        reply(session, text_equal_ignoring_case(value, "OFF") ? 504 : 501,
              "Names are UTF-8, always.");
}

static void opts_mlst(struct session *session, const char *value)
{
    cleanup_buffer struct buffer names;
    buffer_init(&names, 256);
    /* RFC 3659, section 7.9.2: such a request is ignored, the facts stay as they were. */
    if (strchr(value, ' ')) {
        reply(session, 501, "OPTS MLST takes facts like type;size; without spaces.");
        return;
    }
    session->settings.facts = listing_scan_facts(value);
    if (listing_append_fact_names(&names, session->settings.facts, false) < 0 ||
        buffer_append(&names, "", 1) < 0) {
        reply_error(session, 451, -ENOMEM);
        return;
    }
    const char *text = buffer_begin(&names);
    reply(session, 200, "MLST OPTS%s%s", *text ? " " : "", text);
}

static void opts_hash(struct session *session, const char *value)
{
    enum hash_algorithm algorithm = session->settings.hash;
    if (*value && hash_find(value, &algorithm) < 0) {
        reply(session, 504, "Unknown algorithm; FEAT lists those that there are.");
        return;
    }
    session->settings.hash = algorithm;
    reply(session, 200, "%s", hash_name(algorithm));
}

void command_opts(struct session *session, char *argument)
{
    static const struct {
        const char *verb;
        void (*serve)(struct session *session, const char *value);
    } options[] = {
        {"UTF8", opts_utf8}, {"UTF-8", opts_utf8}, {"MLST", opts_mlst}, {"HASH", opts_hash}};
    char *value = argument;
    const char *verb = strsep(&value, " ");
    for (size_t i = 0; i < ELEMENTS(options); i++) {
        if (text_equal_ignoring_case(options[i].verb, verb)) {
            options[i].serve(session, value ? value : "");
            return;
        }
    }
    reply(session, 501, "There are options for UTF8, MLST and HASH.");
}

/* RFC 2640 section 4. */
void command_lang(struct session *session, char *argument)
{
    if (!*argument || text_equal_ignoring_case(argument, "EN") ||
        strncasecmp(argument, "EN-", 3) == 0)
        reply(session, 200, "Replies are in English.");
    else
        reply(session, 504, "Replies are in English only.");
}

void command_clnt(struct session *session, char *argument)
{
    (void)argument; /* nothing here depends on who asks */
    reply(session, 200, "Noted.");
}
