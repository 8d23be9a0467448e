/* Which names exist for a user: see names.h. Asks lib/text.h about patterns and nothing else. */
#include "session/names.h"

#include "lib/text.h"

#include <string.h>

bool name_exists_for_user(const char *name, char *const *deny)
{
    /* A way to a place, not a name in it: the pattern ".*" is meant for hidden files and must not
     * take "CDUP" away. */
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return true;
    if (name_is_temporary(name))
        return false;
    for (; deny && *deny; deny++)
        if (text_matches(*deny, name))
            return false;
    return true;
}
