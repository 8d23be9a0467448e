/*
 * cellftpctl config explain: what options mean, what they are now and where that was said. It works
 * on a configuration with mistakes, too: that is when somebody asks.
 */
#include "ctl/command.h"
#include "ctl/table.h"
#include "lib/cleanup.h"
#include "lib/option.h"

#include <string.h>

enum { TEXT_MAX = 64 * 1024, PROBLEMS_MAX = 256 * 1024, NAME_MAX_BYTES = 128 };

/* How well an option fits what was asked for; only those that fit best are shown. */
enum fit { FIT_NOT, FIT_PART, FIT_KEY, FIT_GROUP, FIT_NAME };

static void name_of(const struct option *option, char ret[NAME_MAX_BYTES])
{
    (void)snprintf(ret, NAME_MAX_BYTES, "%s.%s", option->group, option->key);
}

static enum fit fit_of(const struct option *option, const char *asked)
{
    char name[NAME_MAX_BYTES];
    name_of(option, name);
    if (!asked)
        return FIT_GROUP;
    return strcmp(name, asked) == 0            ? FIT_NAME
           : strcmp(option->group, asked) == 0 ? FIT_GROUP
           : strcmp(option->key, asked) == 0   ? FIT_KEY
           : strstr(name, asked)               ? FIT_PART
                                               : FIT_NOT;
}

struct explanation {
    const struct config *present;
    const struct config *initial;
    const struct config_place *places;
};

static void put_value(struct table *table, const struct option *option, const struct config *config)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, TEXT_MAX);
    bool good = option_append_value(option, config, &text) >= 0 && buffer_append(&text, "", 1) == 0;
    table_put(table, good ? buffer_begin(&text) : NULL);
}

static void put_expected(struct table *table, const struct option *option)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, TEXT_MAX);
    bool good = option_append_expected(option, &text) >= 0 && buffer_append(&text, "", 1) == 0;
    table_put(table, good ? buffer_begin(&text) : NULL);
}

static void put_option(struct table *table, const struct option *option,
                       const struct config_place *place, const struct explanation *explanation)
{
    char name[NAME_MAX_BYTES];
    cleanup_free char *from = NULL;
    name_of(option, name);
    if (!place->file)
        from = strdup("default");
    else if (asprintf(&from, "%s:%u%s", place->file, place->line,
                      place->bad ? " (wrong: the default is shown)" : "") < 0)
        from = NULL;
    table_put(table, name);
    table_put(table, option->meaning);
    put_value(table, option, explanation->present);
    table_put(table, from);
    put_value(table, option, explanation->initial);
    put_expected(table, option);
    table_put(table, "next connection");
}

static enum exit_status say_nearest(const char *asked)
{
    char group[NAME_MAX_BYTES];
    const char *dot = strchr(asked, '.');
    (void)snprintf(group, sizeof(group), "%.*s", dot ? (int)(dot - asked) : 0, asked);
    const struct option *nearest = option_nearest(dot ? group : NULL, dot ? dot + 1 : asked);
    complain("there is no such option; the nearest is %s.%s", nearest->group, nearest->key);
    return STATUS_FAILED;
}

static enum exit_status explain(const struct invocation *invocation,
                                const struct explanation *explanation)
{
    static const struct table_column columns[] = {
        {"OPTION", "option", TABLE_TEXT},
        {"MEANING", "meaning", TABLE_TEXT},
        {"VALUE", "value", TABLE_TEXT},
        {"FROM", "from", TABLE_TEXT},
        {"DEFAULT", "default", TABLE_TEXT},
        {"EXPECTED", "expected", TABLE_TEXT},
        {"TAKES EFFECT", "takes_effect", TABLE_TEXT},
    };
    enum fit best = FIT_NOT;
    for (size_t i = 0; i < option_count(); i++) {
        enum fit fit = fit_of(option_at(i), invocation->name);
        best = fit > best ? fit : best;
    }
    if (best == FIT_NOT)
        return say_nearest(invocation->name);

    cleanup_table struct table table;
    table_begin(&table, invocation, columns, ELEMENTS(columns),
                best == FIT_NAME ? TABLE_OF_ONE : TABLE_OF_BLOCKS);
    for (size_t i = 0; i < option_count(); i++)
        if (fit_of(option_at(i), invocation->name) == best)
            put_option(&table, option_at(i), &explanation->places[i], explanation);
    return table_end(&table);
}

enum exit_status command_config_explain(const struct invocation *invocation)
{
    cleanup_buffer struct buffer problems;
    buffer_init(&problems, PROBLEMS_MAX);
    cleanup_config struct config *present = NULL, *initial = config_default();
    struct config_place *places = NULL;
    int r = config_load_places(invocation->config_path, option_given(invocation, OPTION_CONFIG),
                               &present, &places, &problems);
    enum exit_status status = STATUS_FAILED;
    if (initial && present && places) {
        const struct explanation explanation = {present, initial, places};
        status = explain(invocation, &explanation);
    }
    config_places_free(places);
    if (r == 0 || status != STATUS_OK)
        return status;
    complain("the configuration is not right, so this is not what counts: see \"config check\"");
    return r == -EACCES || r == -EPERM ? STATUS_NO_PERMISSION : STATUS_NOT_CONFIGURED;
}
