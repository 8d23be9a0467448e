/* The groups of the user: see groups.h. Runs in the PAM process only. It decides nothing. */
#include "pam/groups.h"

#include "lib/buffer.h"
#include "lib/cleanup.h"
#include "lib/rules.h"

#include <grp.h>
#include <stdlib.h>
#include <unistd.h>

/* Bytes of names: all fields of the answer together must fit into a message. */
enum { LABELS_MAX = 4096 };

size_t groups_gather(gid_t primary, gid_t ret[ACCOUNT_GROUPS_MAX], unsigned *ret_left)
{
    int count = getgroups(0, NULL);
    cleanup_free gid_t *groups = count > 0 ? calloc((size_t)count, sizeof(*groups)) : NULL;
    if (!groups || (count = getgroups(count, groups)) < 0)
        return 0;
    size_t kept = 0;
    for (int i = 0; i < count; i++) {
        bool wanted = groups[i] != 0 && groups[i] != primary;
        for (size_t j = 0; j < kept; j++)
            wanted &= ret[j] != groups[i];
        if (wanted && kept < ACCOUNT_GROUPS_MAX)
            ret[kept++] = groups[i];
        else if (wanted || groups[i] == 0)
            (*ret_left)++;
    }
    return kept;
}

/* Whether this process, by now, is in the group NAME of the system. */
static bool is_in_group(gid_t primary, const gid_t *groups, int count, const char *name)
{
    const struct group *group = getgrnam(name);
    bool in = group && group->gr_gid == primary;
    for (int i = 0; group && i < count; i++)
        in |= group->gr_gid == groups[i];
    return in;
}

void groups_put_labels(const struct config *config, gid_t primary, struct message *answer)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, LABELS_MAX);
    int count = getgroups(0, NULL);
    cleanup_free gid_t *groups = count > 0 ? calloc((size_t)count, sizeof(*groups)) : NULL;
    count = groups ? getgroups(count, groups) : 0;
    int r = 0;
    for (size_t i = 0; r >= 0 && i < config->group_count; i++)
        if (is_in_group(primary, groups, count, config->groups[i].name))
            r = buffer_append_format(&text, "%s\n", config->groups[i].name);
    for (size_t i = 0; i < config->share_count; i++)
        for (char **name = config->shares[i].groups; r >= 0 && *name; name++)
            if (is_in_group(primary, groups, count, *name))
                r = buffer_append_format(&text, "%s\n", *name);
    if (r >= 0)
        r = buffer_append(&text, "", 1);
    message_put_string(answer, r >= 0 ? buffer_begin(&text) : "");
    answer->broken |= r < 0; /* no login is better than one without its rules */
}
