/*
 * Options by name, also by a name that was mistyped: see option.h. Only lib/config.c and its
 * neighbours use it.
 */
#include "lib/option.h"

#include <stdio.h>
#include <string.h>

enum { NAME_BYTES_MAX = 64 }; /* of a name that is compared; what is longer is cut */

const struct option *option_find(const char *group, const char *key)
{
    for (size_t i = 0; i < option_count(); i++) {
        const struct option *option = option_at(i);
        if (strcmp(option->group, group) == 0 && strcmp(option->key, key) == 0)
            return option;
    }
    return NULL;
}

bool option_group_exists(const char *group)
{
    for (size_t i = 0; i < option_count(); i++)
        if (strcmp(option_at(i)->group, group) == 0)
            return true;
    return false;
}

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Levenshtein's distance: how many letters must be put in, taken out or replaced. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t length_b = strnlen(b, NAME_BYTES_MAX);
    size_t row[NAME_BYTES_MAX + 1];
    for (size_t k = 0; k <= length_b; k++)
        row[k] = k;
    for (size_t i = 0; i < NAME_BYTES_MAX && a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t k = 0; k < length_b; k++) {
            size_t above = row[k + 1];
            row[k + 1] = smallest(above + 1, row[k] + 1, diagonal + (a[i] != b[k] ? 1 : 0));
            diagonal = above;
        }
    }
    return row[length_b];
}

const struct option *option_nearest(const char *group, const char *key)
{
    char wanted[NAME_BYTES_MAX];
    (void)snprintf(wanted, sizeof(wanted), "%s%s%s", group ? group : "", group ? "." : "", key);

    const struct option *nearest = option_at(0);
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < option_count(); i++) {
        const struct option *option = option_at(i);
        char name[NAME_BYTES_MAX];
        (void)snprintf(name, sizeof(name), "%s.%s", option->group, option->key);
        size_t distance = edit_distance(wanted, name);
        /* The right key in the wrong group is a near miss however different the groups are. */
        if (strcmp(option->key, key) == 0 && distance > 1)
            distance = 1;
        if (distance < least) {
            least = distance;
            nearest = option;
        }
    }
    return nearest;
}

const char *option_nearest_group(const char *group)
{
    const char *nearest = option_at(0)->group;
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < option_count(); i++) {
        size_t distance = edit_distance(group, option_at(i)->group);
        if (distance < least) {
            least = distance;
            nearest = option_at(i)->group;
        }
    }
    return nearest;
}
