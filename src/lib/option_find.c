/*
 * Options by name, also by a name that was mistyped: see option.h. Only lib/config.c and its
 * neighbours use it.
 */
#include "lib/option.h"

#include "lib/text.h"

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
        size_t distance = text_distance(wanted, name);
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
        size_t distance = text_distance(group, option_at(i)->group);
        if (distance < least) {
            least = distance;
            nearest = option_at(i)->group;
        }
    }
    return nearest;
}
