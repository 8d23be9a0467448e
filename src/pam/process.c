/* The PAM process becomes what modules expect of a process: see process.h. */
#include "pam/process.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>

static void no_work(int number)
{
    (void)number;
}

/*
 * What a module expects of the process that it runs in. A signal that ends all processes of a
 * service (systemd.kill(5)) must not end this one before it has closed its session, but programs
 * that modules execute get the default back: that is what a handler does, and ignoring does not.
 */
static int become_ordinary(void)
{
    static const int numbers[] = {SIGTERM, SIGINT, SIGHUP, SIGPIPE};
    const struct sigaction action = {.sa_handler = no_work, .sa_flags = SA_RESTART};
    for (size_t i = 0; i < ELEMENTS(numbers); i++)
        if (sigaction(numbers[i], &action, NULL) < 0)
            return -errno;
    sigset_t none;
    if (sigemptyset(&none) < 0 || sigprocmask(SIG_SETMASK, &none, NULL) < 0)
        return -errno;
    /* No terminal; not in a core dump, because it knows a password. */
    if (setsid() < 0 || chdir("/") < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
        return -errno;
    (void)prctl(PR_SET_NAME, "cellftpd-pam", 0, 0, 0);
    return 0;
}

/* Rows S03, A13: nothing of the monitor's or the client's is left open. */
static int arrange_descriptors(int socket)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return -errno;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(null, fd) < 0)
            return -errno;
    if (socket != FD_SOCKET && dup3(socket, FD_SOCKET, O_CLOEXEC) < 0)
        return -errno;
    return close_range(FD_SOCKET + 1, ~0U, 0) < 0 ? -errno : 0;
}

int process_prepare(int socket, pid_t monitor)
{
    int r = arrange_descriptors(socket);
    if (r == 0)
        r = become_ordinary();
    if (r < 0)
        return r;
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return -errno;
    return getppid() == monitor ? 0 : -ESRCH;
}
