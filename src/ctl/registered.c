/*
 * The hook after an account was made: see hook.h. cellftpctl does not wait for it: a process of its
 * own runs it, and logs what went wrong.
 */
#include "ctl/actor.h"
#include "ctl/record.h"
#include "ctl/user.h"
#include "lib/cleanup.h"
#include "lib/hook.h"

#include <fcntl.h>
#include <string.h>

/*
 * Rights before and after: those of root, who has run cellftpctl. What is executed has those of
 * hooks.user, which hook_run() sees to and verifies.
 */
_Noreturn static void run_hook(const struct invocation *invocation, const struct account *account)
{
    int null = open("/dev/null", O_RDWR);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (null < 0 || dup2(null, fd) < 0)
            _exit(1);
    /* Whoever reads what cellftpctl writes, or waits for a lock of it, must not wait for this. */
    if (close_range(STDERR_FILENO + 1, ~0U, 0) < 0 || setsid() < 0)
        _exit(1);
    const struct hook_facts facts = {
        .kind = HOOK_REGISTRATION,
        .user = account->name,
        .file = account->home,
        .bytes = EVENT_UNSET,
    };
    char detail[HOOK_DETAIL_MAX];
    enum hook_problem problem = hook_run(invocation->config, &facts, -1, detail);
    struct event event = hook_event(problem, &facts, detail);
    if (problem != HOOK_FINE)
        record(invocation, (struct event_origin){.user = account->name}, &event);
    _exit(0);
}

void user_registered(const struct invocation *invocation, const struct account *account)
{
    /* What a client has asked for the monitor runs (monitor/hook.c): behind an administrator's the
     * right to become hooks.user is gone here, and systemd ends what is left of a connection's unit
     * when its monitor has ended. */
    if (actor_role() != ACTOR_HERE || !hook_program(invocation->config, HOOK_REGISTRATION))
        return;
    (void)fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        run_hook(invocation, account);
    if (pid < 0)
        complain("cannot run hooks.registration: %s", strerror(errno));
}
