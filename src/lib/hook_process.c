/* The process of a hook: see hook_process.h. */
#include "lib/hook_process.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { LAST_CHANCE = 2000 /* milliseconds from SIGTERM on */ };

/* From the rights of the caller to those of hooks.user, for good. */
static int become(const struct hook_program *program)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        setgroups(program->group_count, program->groups) < 0 ||
        setresgid(program->gid, program->gid, program->gid) < 0 ||
        setresuid(program->uid, program->uid, program->uid) < 0)
        return -errno;
    uid_t uids[3];
    gid_t gids[3];
    if (getresuid(&uids[0], &uids[1], &uids[2]) < 0 || getresgid(&gids[0], &gids[1], &gids[2]) < 0)
        return -errno;
    for (int i = 0; i < 3; i++)
        if (uids[i] != program->uid || gids[i] != program->gid)
            return -EPERM;
    return setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0 ? -EPERM : 0;
}

/* The child. It has nothing of its parent's: no descriptor, no signal that is blocked or ignored,
 * no group of processes. Returns only if that fails. */
static int execute(const struct hook_program *program, int output)
{
    cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 ||
        dup2(output, STDERR_FILENO) < 0 ||
        close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
        return -errno;
    sigset_t none;
    (void)sigemptyset(&none);
    for (int number = 1; number < NSIG; number++)
        (void)signal(number, SIG_DFL);
    (void)umask(077);
    if (sigprocmask(SIG_SETMASK, &none, NULL) < 0 || setsid() < 0 || chdir("/") < 0)
        return -errno;
    int r = become(program);
    /* After the change of the uid, which would clear it: it dies with whoever looks after it. */
    if (r < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
        return r < 0 ? r : -errno;
    char name[PATH_MAX];
    (void)snprintf(name, sizeof(name), "%s", program->path);
    char *const arguments[] = {name, NULL};
    (void)execve(program->path, arguments, program->environment);
    return -errno;
}

/* A process that is being run. */
struct run {
    pid_t pid;
    int process; /* pidfd */
    int output;  /* of what it writes */
    char said[HOOK_OUTPUT_MAX];
    size_t said_size;
};

/* *RET_ERROR is why the program could not be executed, 0 if it is. */
static int start(const struct hook_program *program, struct run *ret, int *ret_error)
{
    int output[2], failure[2];
    if (pipe2(output, O_CLOEXEC) < 0)
        return -errno;
    cleanup_close int read_output = output[0], write_output = output[1];
    if (pipe2(failure, O_CLOEXEC) < 0)
        return -errno;
    cleanup_close int read_failure = failure[0], write_failure = failure[1];
    if (fcntl(read_output, F_SETFL, O_NONBLOCK) < 0)
        return -errno;
    pid_t pid = fork();
    if (pid < 0)
        return -errno;
    if (pid == 0) {
        int error = execute(program, write_output);
        (void)!write(write_failure, &error, sizeof(error));
        _exit(127);
    }
    write_failure = close_fd(write_failure);
    *ret_error = 0;
    if (read(read_failure, ret_error, sizeof(*ret_error)) != (ssize_t)sizeof(*ret_error))
        *ret_error = 0; /* closed by the execution */
    int process = pidfd_open(pid, 0);
    if (process < 0) {
        int r = -errno;
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
        return r;
    }
    *ret = (struct run){.pid = pid, .process = process, .output = take_fd(&read_output)};
    return 0;
}

/* Reads what it has written, once, and keeps the last of it. False when nothing more will come. */
static bool listen_to(struct run *run)
{
    char bytes[HOOK_OUTPUT_MAX];
    ssize_t size = read(run->output, bytes, sizeof(bytes));
    if (size <= 0)
        return size < 0 && (errno == EAGAIN || errno == EINTR);
    size_t new_size = (size_t)size;
    size_t room = sizeof(run->said) - new_size;
    size_t kept = run->said_size < room ? run->said_size : room;
    memmove(run->said, run->said + run->said_size - kept, kept);
    memcpy(run->said + kept, bytes, new_size);
    run->said_size = kept + new_size;
    return true;
}

/* Until it has ended, DEADLINE (clock_msec) has come, or STOP is readable. */
static enum hook_problem watch(struct run *run, uint64_t deadline, int stop)
{
    bool listens = true;
    for (;;) {
        uint64_t now = clock_msec();
        if (now >= deadline)
            return HOOK_PROBLEM_TIMEOUT;
        struct pollfd watched[] = {
            {.fd = run->process, .events = POLLIN},
            {.fd = listens ? run->output : -1, .events = POLLIN},
            {.fd = stop, .events = POLLIN},
        };
        uint64_t left = deadline - now;
        int r = poll(watched, ELEMENTS(watched), left < INT32_MAX ? (int)left : INT32_MAX);
        if (r < 0 && errno != EINTR)
            return HOOK_PROBLEM_STOPPED;
        if (r > 0 && watched[1].revents)
            listens = listen_to(run);
        if (r > 0 && watched[0].revents)
            return HOOK_FINE;
        if (r > 0 && watched[2].revents)
            return HOOK_PROBLEM_STOPPED;
    }
}

/* Ends its group of processes and releases everything. Returns the wait status. As long as the
 * first of the group is not waited for, its number is nobody else's. */
static int end(struct run *run, bool gently)
{
    int status = 0;
    if (gently) {
        (void)kill(-run->pid, SIGTERM);
        (void)watch(run, clock_msec() + LAST_CHANCE, -1);
    }
    (void)kill(-run->pid, SIGKILL);
    (void)kill(run->pid, SIGKILL); /* if it never came to be a group */
    (void)waitpid(run->pid, &status, 0);
    /* What is in the pipe now, and not what one that got away may write for ever. */
    for (int i = 0; i < 64 && listen_to(run); i++)
        ;
    run->process = close_fd(run->process);
    run->output = close_fd(run->output);
    return status;
}

static enum hook_problem judge(enum hook_problem problem, int status, char how[64])
{
    if (problem != HOOK_FINE)
        (void)snprintf(how, 64, "%s",
                       problem == HOOK_PROBLEM_TIMEOUT ? "ended after hooks.timeout"
                                                       : "ended, as the server stops");
    else if (WIFSIGNALED(status))
        (void)snprintf(how, 64, "killed by signal %d", WTERMSIG(status));
    else
        (void)snprintf(how, 64, "exit status %d", WEXITSTATUS(status));
    if (problem != HOOK_FINE)
        return problem;
    return WIFSIGNALED(status)        ? HOOK_PROBLEM_KILLED
           : WEXITSTATUS(status) != 0 ? HOOK_PROBLEM_EXIT_STATUS
                                      : HOOK_FINE;
}

enum hook_problem hook_process_run(const struct hook_program *program, uint64_t timeout, int stop,
                                   char detail[HOOK_DETAIL_MAX])
{
    struct run run;
    int error = 0;
    int r = start(program, &run, &error);
    if (r < 0) {
        (void)snprintf(detail, HOOK_DETAIL_MAX, "%.512s: %s", program->path, strerror(-r));
        return HOOK_PROBLEM_CANNOT_RUN;
    }
    enum hook_problem problem = watch(&run, clock_msec() + timeout, stop);
    int status = end(&run, problem != HOOK_FINE);
    if (error < 0) {
        (void)snprintf(detail, HOOK_DETAIL_MAX, "%.512s: %s%s", program->path, strerror(-error),
                       error == -EACCES    ? "; hooks.user must be allowed to execute it"
                       : error == -ENOEXEC ? "; a script begins with #! and its interpreter"
                                           : "");
        return HOOK_PROBLEM_CANNOT_RUN;
    }
    char how[64];
    problem = judge(problem, status, how);
    while (run.said_size > 0 && run.said[run.said_size - 1] == '\n')
        run.said_size--;
    (void)snprintf(detail, HOOK_DETAIL_MAX, "%.512s: %s%s%.*s", program->path, how,
                   run.said_size > 0 ? ": " : "", (int)run.said_size, run.said);
    return problem;
}
