/* Running a hook: see hook.h. */
#include "lib/hook.h"

#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/local_user.h"

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

enum { GROUPS_MAX = 64, FACTS_MAX = 10, LAST_CHANCE = 2000 /* milliseconds from SIGTERM on */ };

struct program {
    const char *path;
    uid_t uid;
    gid_t gid;
    gid_t groups[GROUPS_MAX];
    size_t group_count;
    char *environment[FACTS_MAX];
};

static const char *const words_of_kinds[] = {
#define HOOK_WORD(name, word) [HOOK_##name] = #word,
    HOOKS(HOOK_WORD)
#undef HOOK_WORD
};
static const char *const words_of_problems[] = {
#define HOOK_PROBLEM_WORD(name, word) [HOOK_PROBLEM_##name] = word,
    HOOK_PROBLEMS(HOOK_PROBLEM_WORD)
#undef HOOK_PROBLEM_WORD
};

const char *hook_word(enum hook_kind kind)
{
    return words_of_kinds[kind];
}

const char *hook_problem_word(enum hook_problem problem)
{
    return words_of_problems[problem];
}

const char *hook_program(const struct config *config, enum hook_kind kind)
{
    const char *programs[] = {
#define HOOK_PROGRAM(name, word) [HOOK_##name] = config->hooks_##word,
        HOOKS(HOOK_PROGRAM)
#undef HOOK_PROGRAM
    };
    return programs[kind] && *programs[kind] ? programs[kind] : NULL;
}

__attribute__((format(printf, 3, 4))) static int refuse(int error, char words[HOOK_WORDS_MAX],
                                                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(words, HOOK_WORDS_MAX, format, arguments);
    va_end(arguments);
    return error;
}

/* Nobody but root can put anything else at PATH, which has no symbolic link in it. Where a
 * directory is sticky, others cannot touch what is root's in it. */
static int check_owners(const char *path, char words[HOOK_WORDS_MAX])
{
    char part[PATH_MAX];
    (void)snprintf(part, sizeof(part), "%s", path);
    for (;;) {
        struct stat status;
        if (lstat(*part ? part : "/", &status) < 0)
            return refuse(-errno, words, "%.300s: %s", part, strerror(errno));
        bool safe = status.st_uid == 0 && (!(status.st_mode & (S_IWGRP | S_IWOTH)) ||
                                           (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX)));
        if (!safe)
            return refuse(-EPERM, words,
                          "%.300s can be changed by others than root: chown root, "
                          "chmod go-w",
                          *part ? part : "/");
        if (!*part)
            return 0;
        *strrchr(part, '/') = '\0';
    }
}

static int check_program(const char *path, char words[HOOK_WORDS_MAX])
{
    if (path[0] != '/')
        return refuse(-EINVAL, words, "%.300s: expected an absolute path, without arguments", path);
    cleanup_free char *real = realpath(path, NULL);
    struct stat status;
    if (!real || stat(real, &status) < 0)
        return refuse(-errno, words, "%.300s: %s; install it, or change the option", path,
                      strerror(errno));
    if (!S_ISREG(status.st_mode) || !(status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
        return refuse(-EACCES, words, "%.300s is no program: chmod +x", path);
    return check_owners(real, words);
}

static int find_user(const struct config *config, struct program *ret, char words[HOOK_WORDS_MAX])
{
    int r = local_user_find(config->hooks_user, &ret->uid, &ret->gid);
    if (r < 0)
        return refuse(
            r, words, "hooks.user \"%s\": %s", config->hooks_user,
            r == -ESRCH   ? "there is no such user in /etc/passwd: make it, useradd --system"
            : r == -EPERM ? "hooks never run as root: name a system user that has the rights "
                            "they need"
                          : strerror(-r));
    int count = local_user_groups(config->hooks_user, ret->groups, GROUPS_MAX);
    if (count < 0)
        return refuse(count, words, "/etc/group: %s", strerror(-count));
    ret->group_count = (size_t)count;
    return 0;
}

int hook_check(const struct config *config, enum hook_kind kind, char words[HOOK_WORDS_MAX])
{
    struct program program;
    const char *path = hook_program(config, kind);
    if (!path)
        return 0;
    int r = check_program(path, words);
    return r < 0 ? r : find_user(config, &program, words);
}

static int add_fact(struct program *program, size_t *count, const char *name, const char *value)
{
    if (!value)
        return 0;
    char *fact = NULL;
    if (asprintf(&fact, "%s=%s", name, value) < 0)
        return -ENOMEM;
    program->environment[(*count)++] = fact;
    return 0;
}

static int add_facts(struct program *program, const struct hook_facts *facts)
{
    char bytes[32];
    (void)snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)facts->bytes);
    const struct {
        const char *name, *value;
    } all[] = {
        {"PATH", "/usr/local/bin:/usr/bin:/bin"},
        {"CELLFTPD_EVENT", hook_word(facts->kind)},
        {"CELLFTPD_USER", facts->user},
        {"CELLFTPD_PATH", facts->path},
        {"CELLFTPD_FILE", facts->file},
        {"CELLFTPD_BYTES", facts->bytes == EVENT_UNSET ? NULL : bytes},
        {"CELLFTPD_CLIENT", facts->client},
        {"CELLFTPD_SESSION", facts->session},
    };
    size_t count = 0;
    int r = 0;
    for (size_t i = 0; r == 0 && i < ELEMENTS(all); i++)
        r = add_fact(program, &count, all[i].name, all[i].value);
    return r;
}

static void program_clear(struct program *program)
{
    for (size_t i = 0; i < FACTS_MAX; i++)
        free(program->environment[i]);
}

/* From the rights of the caller to those of hooks.user, for good. */
static int become(const struct program *program)
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
static int execute(const struct program *program, int output)
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
static int start(const struct program *program, struct run *ret, int *ret_error)
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

static enum hook_problem run_program(const struct config *config, const struct program *program,
                                     int stop, char detail[HOOK_DETAIL_MAX])
{
    struct run run;
    int error = 0;
    int r = start(program, &run, &error);
    if (r < 0) {
        (void)snprintf(detail, HOOK_DETAIL_MAX, "%.512s: %s", program->path, strerror(-r));
        return HOOK_PROBLEM_CANNOT_RUN;
    }
    enum hook_problem problem = watch(&run, clock_msec() + config->hooks_timeout, stop);
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

enum hook_problem hook_run(const struct config *config, const struct hook_facts *facts, int stop,
                           char detail[HOOK_DETAIL_MAX])
{
    char words[HOOK_WORDS_MAX];
    __attribute__((cleanup(program_clear))) struct program program = {
        .path = hook_program(config, facts->kind)};
    detail[0] = '\0';
    if (!program.path)
        return HOOK_FINE;
    int r = check_program(program.path, words);
    if (r == 0)
        r = find_user(config, &program, words);
    if (r == 0 && add_facts(&program, facts) < 0)
        r = refuse(-ENOMEM, words, "%s", strerror(ENOMEM));
    if (r < 0) {
        (void)snprintf(detail, HOOK_DETAIL_MAX, "%s", words);
        return HOOK_PROBLEM_CANNOT_RUN;
    }
    return run_program(config, &program, stop, detail);
}

struct event hook_event(enum hook_problem problem, const struct hook_facts *facts,
                        const char *detail)
{
    struct event event = EVENT_INIT(EVENT_HOOK_FAILED);
    event.path = facts->path;
    event.reason = hook_problem_word(problem);
    event.detail = detail;
    return event;
}
