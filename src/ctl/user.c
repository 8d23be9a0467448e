/* What the commands about accounts share: see user.h. */
#include "ctl/user.h"

#include <errno.h>
#include <string.h>

enum exit_status user_explain(const struct invocation *invocation, int error,
                              const struct buffer *problem)
{
    if (error == -ENOENT)
        complain("user \"%s\" does not exist; \"user list\" shows those that do", invocation->name);
    else if (buffer_size(problem) > 0)
        complain("user \"%s\": %.*s", invocation->name, (int)buffer_size(problem),
                 buffer_begin(problem));
    else
        complain("user \"%s\": %s", invocation->name, strerror(-error));
    return STATUS_FAILED;
}

enum exit_status user_load(const struct invocation *invocation, struct account **ret)
{
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = account_load(invocation->config, invocation->name, ret, &problem);
    return r < 0 ? user_explain(invocation, r, &problem) : STATUS_OK;
}
