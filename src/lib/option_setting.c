/*
 * The value of an option out of a parsed file: see option_take in option.h. Only lib/config.c and
 * its neighbours use it. It never takes a value in a form that could be meant as something else: a
 * truth value in quotes would look like a text that is there.
 */
#include "lib/option.h"

#include "lib/cleanup.h"
#include "lib/text.h"

#include <errno.h>
#include <libconfig.h>
#include <stdio.h>
#include <string.h>

enum { WORDS_MAX = 4096, SHOWN_MAX = 128 };

/* What stands in the file, in words that fit into a line. */
static int append_found(struct buffer *buffer, const config_setting_t *setting)
{
    const char *text;
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_STRING:
        text = config_setting_get_string(setting);
        return text_append_quoted(buffer, text, strnlen(text, SHOWN_MAX));
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        return buffer_append_format(buffer, "%lld", config_setting_get_int64(setting));
    case CONFIG_TYPE_BOOL:
        return buffer_append_string(buffer, config_setting_get_bool(setting) ? "true" : "false");
    case CONFIG_TYPE_FLOAT: return buffer_append_string(buffer, "a decimal fraction");
    case CONFIG_TYPE_GROUP: return buffer_append_string(buffer, "a group");
    case CONFIG_TYPE_ARRAY: return buffer_append_string(buffer, "an array");
    default: return buffer_append_string(buffer, "a list in round brackets");
    }
}

/* Tells what is wrong with SETTING, for which ERROR is a word. */
static int refuse(const struct option *option, const config_setting_t *setting, int error,
                  setting_reporter report, void *data)
{
    if (error == -ENOMEM)
        return error;
    cleanup_buffer struct buffer words;
    buffer_init(&words, WORDS_MAX);
    int r = append_found(&words, setting);
    if (r >= 0)
        r = buffer_append_string(&words, error == -ERANGE ? " is out of range; expected "
                                                          : " does not fit; expected ");
    if (r >= 0)
        r = option_append_expected(option, &words);
    if (r >= 0)
        r = buffer_append(&words, "", 1);
    if (r < 0)
        return -ENOMEM;
    report(data, config_setting_source_line(setting), buffer_begin(&words));
    return -EINVAL;
}

/* The value as text, if the option may be written in this form; else NULL. A number in quotes is
 * refused where it has no unit, a truth value in quotes always. */
static const char *setting_text(const struct option *option, const config_setting_t *setting,
                                char *number, size_t size)
{
    bool counts = option->type == OPTION_NUMBER || option->type == OPTION_SIZE ||
                  option->type == OPTION_DURATION || option->type == OPTION_LIMIT ||
                  option->type == OPTION_COUNT;
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_BOOL:
        if (option->type != OPTION_BOOLEAN)
            return NULL;
        return config_setting_get_bool(setting) ? "true" : "false";
    case CONFIG_TYPE_INT:
    case CONFIG_TYPE_INT64:
        if (!counts)
            return NULL;
        (void)snprintf(number, size, "%lld", config_setting_get_int64(setting));
        return number;
    case CONFIG_TYPE_STRING:
        if (option->type == OPTION_BOOLEAN || option->type == OPTION_NUMBER ||
            option->type == OPTION_LIST)
            return NULL;
        if (option->type == OPTION_COUNT && strcmp(config_setting_get_string(setting), "none") != 0)
            return NULL;
        return config_setting_get_string(setting);
    default: return NULL;
    }
}

static int take_list(const struct option *option, void *values, const config_setting_t *setting,
                     setting_reporter report, void *data)
{
    int r = option_set(option, values, "");
    if (r < 0 || config_setting_type(setting) != CONFIG_TYPE_ARRAY)
        return refuse(option, setting, r, report, data);
    int result = 0;
    for (int i = 0; i < config_setting_length(setting) && result != -ENOMEM; i++) {
        const config_setting_t *entry = config_setting_get_elem(setting, (unsigned)i);
        r = -EINVAL;
        if (config_setting_type(entry) == CONFIG_TYPE_STRING)
            r = option_append_entry(option, values, config_setting_get_string(entry));
        if (r < 0)
            result = refuse(option, entry, r, report, data);
    }
    return result;
}

int option_take(const struct option *option, void *values, const struct config_setting_t *setting,
                setting_reporter report, void *data)
{
    if (option->type == OPTION_LIST)
        return take_list(option, values, setting, report, data);
    char number[32];
    const char *text = setting_text(option, setting, number, sizeof(number));
    int r = text ? option_set(option, values, text) : -EINVAL;
    if (text && text[0] == '-' && text == number)
        r = -ERANGE; /* no scanner knows a sign */
    return r < 0 ? refuse(option, setting, r, report, data) : 0;
}
