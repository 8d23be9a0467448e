/*
 * One rule in and out of text: see rules.h. Everyone may use it. A rule is an option (lib/option.h)
 * whose member is in struct rules, with the range of the option that is its default; so there is
 * one parser for both, and one set of words.
 */
#include "lib/rules.h"

#include "lib/address.h"
#include "lib/cleanup.h"
#include "lib/option.h"
#include "lib/rules_row.h"
#include "lib/scan.h"

#include <errno.h>
#include <libconfig.h>
#include <stdlib.h>
#include <string.h>

/* Of WORDS together: they go to the session in one string (lib/request.h). */
enum { WORDS_MAX = 64, WORDS_BYTES_MAX = 8000, TEXT_MAX = 255 };

#define RULE_ROW(kind, name, first, about)                                                         \
    [RULE_##name] = {.type = RULE_IS_##kind,                                                       \
                     .key = #name,                                                                 \
                     .meaning = (about),                                                           \
                     .offset = offsetof(struct rules, name),                                       \
                     .initial = offsetof(struct rule_defaults, first)},
const struct rule_row rule_rows[] = {RULES(RULE_ROW)};

const char *rule_key(enum rule rule)
{
    return rule_rows[rule].key;
}

const char *rule_meaning(enum rule rule)
{
    return rule_rows[rule].meaning;
}

enum rule_type rule_type(enum rule rule)
{
    return rule_rows[rule].type;
}

enum rule rule_find(const char *key)
{
    enum rule rule = 0;
    while (rule < RULE_KIND_COUNT && strcmp(rule_rows[rule].key, key) != 0)
        rule++;
    return rule;
}

/* RULE as an option, whose values are a struct rules; without their limits, which need a search:
 * for values that are good. */
static struct option bare_option(enum rule rule)
{
    static const enum option_type types[] = {
        [RULE_IS_LIMIT] = OPTION_LIMIT,  [RULE_IS_COUNT] = OPTION_COUNT,
        [RULE_IS_FLAG] = OPTION_BOOLEAN, [RULE_IS_WORDS] = OPTION_LIST,
        [RULE_IS_TEXT] = OPTION_STRING,
    };
    const struct rule_row *row = &rule_rows[rule];
    return (struct option){
        .type = types[row->type],
        .key = row->key,
        .meaning = row->meaning,
        .offset = row->offset,
        .minimum = row->type == RULE_IS_TEXT ? 1 : 0,
        .maximum = row->type == RULE_IS_WORDS ? WORDS_MAX : TEXT_MAX,
    };
}

static struct option rule_option(enum rule rule)
{
    struct option option = bare_option(rule);
    for (size_t i = 0; i < option_count(); i++)
        if (option_at(i)->offset == rule_rows[rule].initial) {
            option.minimum = option_at(i)->minimum;
            option.maximum = option_at(i)->maximum;
        }
    return option;
}

int rule_copy(const struct rules *from, enum rule rule, struct rules *to)
{
    struct option option = bare_option(rule);
    return option_copy(&option, from, to);
}

/* What is wrong with a rule that its type alone cannot tell; NULL if nothing is. */
static const char *fault_of(const struct rules *rules, enum rule rule)
{
    if (rule == RULE_hours && !hours_are_good(rules->hours))
        return "expected days, times or both, as in \"mon-fri 08:00-18:00, sat 09:00-12:00\"";
    if (rule_rows[rule].type != RULE_IS_WORDS)
        return NULL;
    char *const *words = *(char *const *const *)((const char *)rules + rule_rows[rule].offset);
    size_t size = 0;
    for (size_t i = 0; words[i]; i++) {
        struct network network;
        size += strlen(words[i]) + 1;
        if (rule == RULE_networks && network_parse(words[i], &network) < 0)
            return "expected networks or addresses, as in [ \"192.0.2.0/24\", \"2001:db8::/32\" ]";
    }
    return size > WORDS_BYTES_MAX ? "expected fewer: no more than 8000 bytes in all" : NULL;
}

static void keep(struct rules *rules, enum rule rule, struct rules *read)
{
    rule_clear(rules, rule);
    const struct rule_row *row = &rule_rows[rule];
    static const size_t sizes[] = {
        [RULE_IS_LIMIT] = sizeof(uint64_t), [RULE_IS_COUNT] = sizeof(uint64_t),
        [RULE_IS_FLAG] = sizeof(bool),      [RULE_IS_WORDS] = sizeof(char **),
        [RULE_IS_TEXT] = sizeof(char *),
    };
    memcpy((char *)rules + row->offset, (char *)read + row->offset, sizes[row->type]);
    rules->set |= UINT32_C(1) << rule;
}

int rule_take(struct rules *rules, enum rule rule, const struct config_setting_t *setting,
              void (*report)(void *data, unsigned line, const char *words), void *data)
{
    struct option option = rule_option(rule);
    struct rules read = {0};
    int r = option_take(&option, &read, setting, report, data);
    const char *fault = r == 0 ? fault_of(&read, rule) : NULL;
    if (fault) {
        report(data, config_setting_source_line(setting), fault);
        r = -EINVAL;
    }
    if (r < 0)
        option_clear(&option, &read);
    else
        keep(rules, rule, &read);
    return r;
}

/* The words of a command line, one after the other. */
static int set_words(const struct option *option, struct rules *read, const char *text)
{
    int r = option_set(option, read, "");
    while (r == 0 && *text) {
        size_t size = strcspn(text, ", ");
        cleanup_free char *word = strndup(text, size);
        if (!word)
            return -ENOMEM;
        if (size > 0)
            r = option_append_entry(option, read, word);
        text += size + (text[size] != '\0');
    }
    return r;
}

int rule_set(struct rules *rules, enum rule rule, const char *text)
{
    struct option option = rule_option(rule);
    struct rules read = {0};
    int r = option.type == OPTION_LIST ? set_words(&option, &read, text)
                                       : option_set(&option, &read, text);
    if (r == 0 && fault_of(&read, rule))
        r = -EINVAL;
    if (r < 0)
        option_clear(&option, &read);
    else
        keep(rules, rule, &read);
    return r;
}

void rule_clear(struct rules *rules, enum rule rule)
{
    struct option option = bare_option(rule);
    option_clear(&option, rules);
    rules->set &= ~(UINT32_C(1) << rule);
}

int rule_append_value(const struct rules *rules, enum rule rule, struct buffer *buffer)
{
    struct option option = bare_option(rule);
    return option_append_value(&option, rules, buffer);
}

static const void *member(const struct rules *rules, enum rule rule)
{
    return (const char *)rules + rule_rows[rule].offset;
}

uint64_t rule_number(const struct rules *rules, enum rule rule)
{
    return *(const uint64_t *)member(rules, rule);
}

bool rule_is_nothing(const struct rules *rules, enum rule rule)
{
    switch (rule_rows[rule].type) {
    case RULE_IS_FLAG: return false;
    case RULE_IS_TEXT: return *(char *const *)member(rules, rule) == NULL;
    case RULE_IS_WORDS: {
        char *const *words = *(char *const *const *)member(rules, rule);
        return !words || !words[0];
    }
    default: return rule_number(rules, rule) == NO_LIMIT;
    }
}

int rule_append_plain(const struct rules *rules, enum rule rule, struct buffer *buffer)
{
    char size[32];
    if (rule_is_nothing(rules, rule))
        return rule_rows[rule].type <= RULE_IS_COUNT ? buffer_append_string(buffer, "none") : 0;
    switch (rule_rows[rule].type) {
    case RULE_IS_LIMIT:
        format_size(rule_number(rules, rule), size, sizeof(size));
        return buffer_append_string(buffer, size);
    case RULE_IS_TEXT: return buffer_append_string(buffer, *(char *const *)member(rules, rule));
    case RULE_IS_WORDS: {
        char *const *words = *(char *const *const *)member(rules, rule);
        int r = 0;
        for (size_t i = 0; r >= 0 && words[i]; i++)
            r = buffer_append_format(buffer, "%s%s", i > 0 ? "," : "", words[i]);
        return r;
    }
    default: return rule_append_value(rules, rule, buffer);
    }
}

int rule_append_expected(enum rule rule, struct buffer *buffer)
{
    if (rule == RULE_hours)
        return buffer_append_string(
            buffer, "days, times or both, as in \"mon-fri 08:00-18:00, sat 09:00-12:00\"");
    if (rule == RULE_networks)
        return buffer_append_string(
            buffer, "networks or addresses, as in [ \"192.0.2.0/24\", \"2001:db8::/32\" ]");
    struct option option = rule_option(rule);
    return option_append_expected(&option, buffer);
}

void rules_free(struct rules *rules)
{
    for (enum rule rule = 0; rule < RULE_KIND_COUNT; rule++)
        if (rule_is_given(rules, rule))
            rule_clear(rules, rule);
}

int rules_copy(const struct rules *from, struct rules *to)
{
    for (enum rule rule = 0; rule < RULE_KIND_COUNT; rule++) {
        if (!rule_is_given(from, rule))
            continue;
        struct rules read = {0};
        if (rule_copy(from, rule, &read) < 0)
            return -ENOMEM;
        keep(to, rule, &read);
    }
    return 0;
}
