/* Who runs cellftpctl: see actor.h. */
#include "ctl/actor.h"

#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A name that can be nothing else in a log line. */
static bool is_plain_name(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strlen(name);
    return size > 0 && size < ACTOR_MAX && name[0] != '-' && strspn(name, allowed) == size;
}

void actor_name(char ret[ACTOR_MAX])
{
    /* Anybody can set the variable, but only root is believed: he could write the log himself. */
    const char *sudo = getuid() == 0 ? getenv("SUDO_USER") : NULL;
    const struct passwd *entry = NULL;
    if (!sudo || !is_plain_name(sudo))
        entry = getpwuid(getuid());

    if (sudo && is_plain_name(sudo))
        (void)snprintf(ret, ACTOR_MAX, "%s", sudo);
    else if (entry && is_plain_name(entry->pw_name))
        (void)snprintf(ret, ACTOR_MAX, "%s", entry->pw_name);
    else
        (void)snprintf(ret, ACTOR_MAX, "uid-%u", getuid());
}
