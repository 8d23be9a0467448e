/* Who runs cellftpctl: see actor.h. */
#include "ctl/actor.h"

#include "lib/account.h"
#include "lib/cleanup.h"
#include "lib/text.h"

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

/* A variable of the server's. Anybody can set it, but only root is believed: he could write the log
 * himself. */
static const char *variable(const char *name)
{
    return getuid() == 0 ? getenv(name) : NULL;
}

enum actor_role actor_role(void)
{
    const char *role = variable("CELLFTPCTL_ROLE");
    return !role                        ? ACTOR_HERE
           : strcmp(role, "admin") == 0 ? ACTOR_ADMIN
           : strcmp(role, "user") == 0  ? ACTOR_USER
                                        : ACTOR_STRANGER;
}

const char *actor_session(void)
{
    const char *session = variable("CELLFTPCTL_SESSION");
    return session && strlen(session) == 16 && strspn(session, "0123456789abcdef") == 16 ? session
                                                                                         : NULL;
}

const char *actor_refusal(const struct invocation *invocation, const char *name)
{
    if (actor_role() == ACTOR_HERE)
        return NULL;
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, 16384);
    int r = account_load(invocation->config, name, &account, &problem);
    if (r == -ENOENT)
        return NULL;
    if (r < 0)
        return "its record is damaged; mend it on the server";
    if (rules_resolve(invocation->config, account) < 0)
        return "there is no memory left";
    return account->role == ACCOUNT_ADMIN
               ? "it is an administrator's; those are changed on the server only"
               : NULL;
}

void actor_name(char ret[ACTOR_MAX])
{
    const char *actor = variable("CELLFTPCTL_ACTOR");
    if (actor && *actor && strlen(actor) < ACTOR_MAX && text_is_plain(actor, strlen(actor))) {
        (void)snprintf(ret, ACTOR_MAX, "%s", actor);
        return;
    }
    const char *sudo = variable("SUDO_USER");
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
