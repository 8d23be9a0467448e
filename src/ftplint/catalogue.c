/* The catalogue: see catalogue.h. */
#include "ftplint/catalogue.h"

#include "lib/cleanup.h"

#include <string.h>

#define GROUP_ADDRESS(name) &group_##name,
const struct group *const catalogue[] = {GROUPS(GROUP_ADDRESS)};
const size_t catalogue_groups = ELEMENTS(catalogue);

const struct test *catalogue_find(const char *name, const struct group **ret_group)
{
    for (size_t i = 0; i < catalogue_groups; i++) {
        for (size_t j = 0; j < catalogue[i]->count; j++) {
            if (strcmp(catalogue[i]->tests[j].name, name) != 0)
                continue;
            if (ret_group)
                *ret_group = catalogue[i];
            return &catalogue[i]->tests[j];
        }
    }
    return NULL;
}

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {
        [SEVERITY_NOTE] = "note",
        [SEVERITY_WARNING] = "warning",
        [SEVERITY_ERROR] = "error",
    };
    return names[severity];
}
