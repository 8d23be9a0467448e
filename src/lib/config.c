/*
 * The configuration from its files: see config.h. The monitor, cellftpctl and cellftpd --check use
 * it. It never writes a file, never follows an include, and never takes a value that somebody else
 * could have written. What an option may be is the business of option.c; what a file is, of
 * config_text.c.
 */
#include "lib/config.h"

#include "lib/cleanup.h"
#include "lib/config_lists.h"
#include "lib/option.h"
#include "lib/share.h"
#include "lib/syntax.h"
#include "lib/text.h"

#include <dirent.h>
#include <errno.h>
#include <libconfig.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_BYTES_MAX = 8192, SHOWN_MAX = 128 };

struct loader {
    struct config *config;
    struct buffer *problems;
    struct config_place *places; /* one an option */
    const char *file;            /* that is being read */
    char **paths;                /* of conf.d */
    size_t path_count;
    const char **share_files; /* where each share is from */
    int result;               /* the first error */
};

/* Ends up as the result unless something worse came before. */
static void fail(struct loader *loader, int error)
{
    if (loader->result == 0 || (loader->result == -EINVAL && error != -EINVAL))
        loader->result = error;
}

/* One line of PROBLEMS: as a whole or, if there is no more room, not at all. LINE is 0 for a
 * problem with the file itself. */
static void add_problem(struct loader *loader, const char *file, unsigned line, const char *format,
                        ...) __attribute__((format(printf, 4, 5)));
static void add_problem(struct loader *loader, const char *file, unsigned line, const char *format,
                        ...)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, LINE_BYTES_MAX);
    int r = buffer_append_format(&text, "%s:", file);
    if (r >= 0 && line > 0)
        r = buffer_append_format(&text, "%u:", line);
    if (r >= 0)
        r = buffer_append_string(&text, " ");
    va_list arguments;
    va_start(arguments, format);
    if (r >= 0)
        r = buffer_append_formatv(&text, format, arguments);
    va_end(arguments);
    if (r >= 0)
        r = buffer_append_string(&text, "\n");
    if (r >= 0)
        r = buffer_append(loader->problems, buffer_begin(&text), buffer_size(&text));
    fail(loader, r == -ENOMEM ? r : -EINVAL);
}

static struct config_place *place_of(struct loader *loader, const struct option *option)
{
    return &loader->places[option - option_at(0)];
}

/* An option of which something is wrong in the file that is being read. */
struct reported {
    struct loader *loader;
    const struct option *option;
};

static void report_value(void *data, unsigned line, const char *words)
{
    const struct reported *reported = data;
    place_of(reported->loader, reported->option)->bad = true;
    add_problem(reported->loader, reported->loader->file, line, "%s.%s: %s",
                reported->option->group, reported->option->key, words);
}

static void set_place(struct loader *loader, const struct option *option, unsigned line)
{
    struct config_place *place = place_of(loader, option);
    free(place->file);
    *place = (struct config_place){.file = strdup(loader->file), .line = line};
    if (!place->file)
        fail(loader, -ENOMEM);
}

static void load_option(struct loader *loader, const struct option *option,
                        const config_setting_t *setting)
{
    set_place(loader, option, config_setting_source_line(setting));
    struct reported reported = {loader, option};
    if (option_take(option, loader->config, setting, report_value, &reported) == -ENOMEM)
        fail(loader, -ENOMEM);
}

static void load_group(struct loader *loader, const config_setting_t *group)
{
    const char *group_name = config_setting_name(group);
    for (int i = 0; i < config_setting_length(group); i++) {
        const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
        const char *name = config_setting_name(setting);
        const struct option *option = option_find(group_name, name);
        if (option) {
            load_option(loader, option, setting);
            continue;
        }
        const struct option *nearest = option_nearest(group_name, name);
        add_problem(loader, loader->file, config_setting_source_line(setting),
                    "%s.%.*s: unknown; the nearest known key is %s.%s", group_name, SHOWN_MAX, name,
                    nearest->group, nearest->key);
    }
}

/* Words of config_lists.c name what they are about. */
static void report_list(void *data, unsigned line, const char *words)
{
    struct loader *loader = data;
    add_problem(loader, loader->file, line, "%s", words);
}

static void load_list(struct loader *loader, const config_setting_t *setting)
{
    struct config *config = loader->config;
    size_t before = config->share_count;
    int r = config_list_take(config, setting, report_list, loader);
    if (r != -ENOMEM && config->share_count > before) {
        const char **files = (const char **)reallocarray((void *)loader->share_files,
                                                         config->share_count, sizeof(*files));
        if (files) {
            loader->share_files = files;
            while (before < config->share_count)
                files[before++] = loader->file;
        } else {
            r = -ENOMEM;
        }
    }
    if (r == -ENOMEM)
        fail(loader, -ENOMEM);
}

/* One of the settings outside of all groups: a group, or one of the two lists. */
static void load_outermost(struct loader *loader, const config_setting_t *setting)
{
    const char *name = config_setting_name(setting);
    unsigned line = config_setting_source_line(setting);
    bool group = config_setting_type(setting) == CONFIG_TYPE_GROUP;
    if (config_list_exists(name)) {
        load_list(loader, setting);
    } else if (group && option_group_exists(name)) {
        load_group(loader, setting);
    } else if (group) {
        add_problem(loader, loader->file, line, "%.*s: unknown; the nearest known group is %s",
                    SHOWN_MAX, name, option_nearest_group(name));
    } else if (option_group_exists(name)) {
        add_problem(loader, loader->file, line, "%s: not a group; expected %s: { ... };", name,
                    name);
    } else {
        const struct option *nearest = option_nearest(NULL, name);
        add_problem(loader, loader->file, line,
                    "%.*s: unknown; the nearest known key is %s.%s, as in %s: { %s = ...; };",
                    SHOWN_MAX, name, nearest->group, nearest->key, nearest->group, nearest->key);
    }
}

static void load_text(struct loader *loader, const char *text)
{
    config_t parsed;
    config_init(&parsed);
    if (config_read_string(&parsed, text) != CONFIG_TRUE) {
        const char *error = config_error_text(&parsed);
        add_problem(loader, loader->file,
                    syntax_error_line(text, (unsigned)config_error_line(&parsed)), "%s",
                    error ? error : "cannot be understood");
    } else {
        const config_setting_t *root = config_root_setting(&parsed);
        for (int i = 0; i < config_setting_length(root); i++)
            load_outermost(loader, config_setting_get_elem(root, (unsigned)i));
    }
    config_destroy(&parsed);
}

static void load_file(struct loader *loader, const char *path, bool required)
{
    cleanup_buffer struct buffer text;
    unsigned line;
    const char *problem;
    loader->file = path;
    int r = config_file_read(path, &text, &line, &problem);
    if (problem) {
        add_problem(loader, path, line, "%s", problem);
    } else if (r >= 0) {
        load_text(loader, buffer_begin(&text));
    } else if (r != -ENOENT || required) {
        add_problem(loader, path, 0, "%s", strerror(-r));
        fail(loader, r);
    }
}

/* What counts in conf.d: NAME.conf, not what an editor or a package manager leaves beside it. */
static int is_drop_in(const struct dirent *entry)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    static const char suffix[] = ".conf";
    const char *name = entry->d_name;
    size_t length = strlen(name);
    return name[0] != '.' && length >= sizeof(suffix) && strspn(name, allowed) == length &&
           strcmp(name + length - (sizeof(suffix) - 1), suffix) == 0;
}

/* In the order of the bytes: alphasort() would ask the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

/* Reads the files of conf.d beside PATH. Their paths stay in the loader: problems that are found
 * later name them. */
static void load_drop_ins(struct loader *loader, const char *path)
{
    cleanup_free char *directory = NULL;
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) + 1 : 0;
    if (asprintf(&directory, "%.*sconf.d", length, path) < 0) {
        directory = NULL;
        fail(loader, -ENOMEM);
        return;
    }

    struct dirent **names = NULL;
    int count = scandir(directory, &names, is_drop_in, compare_names);
    if (count < 0 && errno != ENOENT) {
        int error = errno;
        add_problem(loader, directory, 0, "%s", strerror(error));
        fail(loader, -error);
    }
    loader->paths = calloc(count > 0 ? (size_t)count : 1, sizeof(*loader->paths));
    for (int i = 0; i < count; i++) {
        char *file = NULL;
        if (!loader->paths || asprintf(&file, "%s/%s", directory, names[i]->d_name) < 0) {
            fail(loader, -ENOMEM);
        } else {
            loader->paths[loader->path_count++] = file;
            load_file(loader, file, true);
        }
        free(names[i]);
    }
    free((void *)names);
}

/* A problem that config_check found: it is told where one of its two options was set last. With a
 * value that was already found wrong, the comparison says nothing. */
static void report(void *data, const struct option *about, const struct option *other,
                   const char *words)
{
    struct loader *loader = data;
    const struct config_place *place = place_of(loader, about);
    bool bad = place->bad || (other && place_of(loader, other)->bad);
    if (!place->file && other)
        place = place_of(loader, other);
    if (!bad)
        add_problem(loader, place->file, place->line, "%s.%s: %s", about->group, about->key, words);
}

/* What users can never be shown, which depends on the directories of all files. */
static void check_shares(struct loader *loader)
{
    char words[SHARE_WORDS_MAX];
    for (size_t i = 0; i < loader->config->share_count; i++) {
        const struct share *share = &loader->config->shares[i];
        if (share_check(loader->config, share, words) < 0)
            add_problem(loader, loader->share_files[i], share->line, "shares: %s", words);
    }
}

struct config *config_default(void)
{
    struct config *config = calloc(1, sizeof(*config));
    for (size_t i = 0; config && i < option_count(); i++)
        if (option_set(option_at(i), config, option_at(i)->initial) < 0) {
            config_free(config);
            return NULL;
        }
    return config;
}

int config_load_places(const char *path, bool required, struct config **ret,
                       struct config_place **ret_places, struct buffer *problems)
{
    *ret = config_default();
    *ret_places = calloc(option_count(), sizeof(**ret_places));
    struct loader loader = {.config = *ret, .problems = problems, .places = *ret_places};
    if (!*ret || !*ret_places) {
        add_problem(&loader, path, 0, "%s", strerror(ENOMEM));
        return -ENOMEM;
    }

    load_file(&loader, path, required);
    load_drop_ins(&loader, path);
    config_check(*ret, report, &loader);
    if (loader.result != -ENOMEM)
        check_shares(&loader);

    for (size_t i = 0; i < loader.path_count; i++)
        free(loader.paths[i]);
    free((void *)loader.paths);
    free((void *)loader.share_files);
    return loader.result;
}

int config_load(const char *path, bool required, struct config **ret, struct buffer *problems)
{
    struct config_place *places;
    int r = config_load_places(path, required, ret, &places, problems);
    config_places_free(places);
    return r;
}

void config_places_free(struct config_place *places)
{
    for (size_t i = 0; places && i < option_count(); i++)
        free(places[i].file);
    free(places);
}

void config_free(struct config *config)
{
    for (size_t i = 0; config && i < option_count(); i++)
        option_clear(option_at(i), config);
    if (config)
        config_lists_free(config);
    free(config);
}
