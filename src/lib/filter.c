/* The session's seccomp filters: see filter.h. The programs come from the build (filter_build.c).
 */
#include "lib/filter.h"
#include "filter_program.h"
#include "lib/cleanup.h"

#include <linux/seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>

static const struct {
    const struct sock_filter *instructions;
    unsigned short count;
} programs[3][2] = {
    [FILTER_LOGIN] = {{filter_login, ELEMENTS(filter_login)},
                      {filter_login_kernel_tls, ELEMENTS(filter_login_kernel_tls)}},
    [FILTER_SESSION] = {{filter_session, ELEMENTS(filter_session)},
                        {filter_session_kernel_tls, ELEMENTS(filter_session_kernel_tls)}},
    [FILTER_SESSION_ADMIN] = {{filter_admin, ELEMENTS(filter_admin)},
                              {filter_admin_kernel_tls, ELEMENTS(filter_admin_kernel_tls)}},
};

int filter_install(enum filter_stage stage, bool kernel_tls)
{
    struct sock_fprog program = {
        .len = programs[stage][kernel_tls].count,
        /* The kernel only reads it; its interface has no const. */
        .filter = (struct sock_filter *)(uintptr_t)programs[stage][kernel_tls].instructions,
    };
    long fd =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    return fd < 0 ? -errno : (int)fd;
}

const char *filter_call_name(int number)
{
    if (number < 0 || (size_t)number >= ELEMENTS(filter_names) || !filter_names[number])
        return "?";
    return filter_names[number];
}

bool filter_means_compromise(int number)
{
    const char *name = filter_call_name(number);
    for (size_t i = 0; i < ELEMENTS(filter_compromise); i++)
        if (strcmp(filter_compromise[i], name) == 0)
            return true;
    return false;
}
