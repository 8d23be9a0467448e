/* The catalogue: see catalogue.h. */
#include "ftplint/catalogue.h"

#include "lib/cleanup.h"
#include "lib/text.h"

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

bool test_matches(const char *pattern, const struct group *group, const struct test *test)
{
    return strcmp(pattern, group->name) == 0 || text_matches(pattern, test->name);
}

bool catalogue_matches(const char *pattern)
{
    for (size_t i = 0; i < catalogue_groups; i++)
        for (size_t j = 0; j < catalogue[i]->count; j++)
            if (test_matches(pattern, catalogue[i], &catalogue[i]->tests[j]))
                return true;
    return false;
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
