/* What the commands about accounts share: see user.h. */
#include "ctl/user.h"

#include "ctl/record.h"
#include "lib/account_homes.h"
#include "lib/system_user.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>

enum exit_status user_explain(const struct invocation *invocation, int error,
                              const struct buffer *problem)
{
    if (buffer_size(problem) > 0)
        complain("user \"%s\": %.*s", invocation->name, (int)buffer_size(problem),
                 buffer_begin(problem));
    else if (error == -ENOENT && system_user_name_is_good(invocation->name) &&
             getpwnam(invocation->name))
        complain("\"%s\" is no account of cellftpd but a user of the system: \"passwd --lock\" and "
                 "/etc/ftpusers keep it out, \"kick\" ends its sessions",
                 invocation->name);
    else if (error == -ENOENT)
        complain("user \"%s\" does not exist; \"user list\" shows those that do", invocation->name);
    else
        complain("user \"%s\": %s", invocation->name, strerror(-error));
    return STATUS_FAILED;
}

enum exit_status user_refuse(const struct invocation *invocation, const char *words)
{
    complain("user \"%s\" is not changed: %s", invocation->name, words);
    return STATUS_REFUSED;
}

enum exit_status user_load(const struct invocation *invocation, struct account **ret)
{
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = account_load(invocation->config, invocation->name, ret, &problem);
    return r < 0 ? user_explain(invocation, r, &problem) : STATUS_OK;
}

void user_prepare_homes(const struct invocation *invocation, const struct account *account)
{
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    if (account->role == ACCOUNT_ADMIN && account_homes_prepare(invocation->config, &problem) < 0)
        complain("warning: %.*s", (int)buffer_size(&problem), buffer_begin(&problem));
}

void user_log(const struct invocation *invocation, enum event_id id, const char *detail)
{
    struct event event = EVENT_INIT(id);
    event.detail = detail;
    record(invocation, (struct event_origin){.user = invocation->name}, &event);
}
