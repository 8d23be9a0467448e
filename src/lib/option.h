/*
 * One option of cellftpd.conf as data: the table made from lib/options.h, and its value in and out
 * of text. Only lib/config.c and its neighbours use it. It never reads a file.
 *
 * A rule of lib/rules.h is such an option as well, but its member is one of struct rules: so what
 * holds the values is called VALUES here, and is the struct that OFFSET belongs to.
 */
#pragma once

#include "lib/buffer.h"
#include "lib/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_BOOLEAN,
    OPTION_NUMBER,
    OPTION_SIZE,
    OPTION_DURATION,
    OPTION_MODE,
    OPTION_PORTS,
    OPTION_CHOICE,
    OPTION_STRING,
    OPTION_PATH,
    OPTION_LIST,
    OPTION_LIMIT,
    OPTION_COUNT,
};

struct option {
    enum option_type type;
    const char *group;
    const char *key;
    const char *initial; /* the default as text */
    uint64_t minimum;
    uint64_t maximum;
    const char *choices; /* "utc|local" of a CHOICE, else NULL */
    const char *meaning;
    size_t offset; /* of the member in struct config, or in struct rules */
};

/* All options, those of a group together. */
size_t option_count(void);
const struct option *option_at(size_t index);

/* Sets the member of OPTION in VALUES to what TEXT says (of a LIST: to the words in it;
 * option_append_entry adds others). -EINVAL if it cannot be understood, -ERANGE if it is out of
 * range, -ENOMEM; the member is then unchanged. */
int option_set(const struct option *option, void *values, const char *text);
/* Adds TEXT to the member of OPTION, a LIST. -ERANGE if it is full. */
int option_append_entry(const struct option *option, void *values, const char *text);

/* Sets it to what SETTING says, out of a parsed file. What is wrong with it is told to REPORT, with
 * the line, in words: "what is there" does not fit; expected this. 0, -EINVAL if something was
 * told, -ENOMEM. */
struct config_setting_t;
typedef void (*setting_reporter)(void *data, unsigned line, const char *words);
int option_take(const struct option *option, void *values, const struct config_setting_t *setting,
                setting_reporter report, void *data);

/* Appends the value as it stands in a file, and what would be a good value, in words. */
int option_append_value(const struct option *option, const void *values, struct buffer *buffer);
int option_append_expected(const struct option *option, struct buffer *buffer);

/* Releases the member; it is as if it had never been set. */
void option_clear(const struct option *option, void *values);
/* The member in TO, which has none yet, becomes what it is in FROM. -ENOMEM. */
int option_copy(const struct option *option, const void *from, void *to);

/* The text of the file PATH and a zero byte to RET, which it initialises: a regular file of root or
 * of the caller that nobody else can write, and free of what libconfig would get wrong. -EINVAL
 * with *RET_PROBLEM (else NULL) and its line (0: the file itself), other negative errno. */
int config_file_read(const char *path, struct buffer *ret, unsigned *ret_line,
                     const char **ret_problem);

/* Finds what is wrong though each value alone is right. REPORT is called for each problem with the
 * options that it is about (OTHER may be NULL) and words that say what is
 * wrong and what would be right. */
typedef void (*config_report)(void *data, const struct option *about, const struct option *other,
                              const char *words);
void config_check(const struct config *config, config_report report, void *data);

/* Options by name: the one, NULL if there is none; the one whose name is nearest to GROUP.KEY
 * (GROUP is NULL for a key outside of groups); and the group whose name is nearest. */
const struct option *option_find(const char *group, const char *key);
const struct option *option_nearest(const char *group, const char *key);
bool option_group_exists(const char *group);
const char *option_nearest_group(const char *group);
