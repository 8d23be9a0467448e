/*
 * cellftpctl login-test: whether a user could log in. The work needs what the server does, so the
 * server does it: the cellftpd beside this program is executed, and its answers are made readable
 * here. Never a shell; an empty environment; the password, if there is one, through a pipe.
 */
#include "ctl/command.h"
#include "ctl/prompt.h"
#include "ctl/table.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/password.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { ANSWER_MAX = 1024 * 1024, FIELDS = 4 };

/* The server that was installed with this program. */
static int find_server(char ret[PATH_MAX])
{
    ssize_t size = readlink("/proc/self/exe", ret, PATH_MAX - sizeof("/cellftpd"));
    if (size < 0)
        return -errno;
    ret[size] = '\0';
    char *slash = strrchr(ret, '/');
    if (!slash)
        return -ENOENT;
    memcpy(slash, "/cellftpd", sizeof("/cellftpd"));
    return access(ret, X_OK) < 0 ? -errno : 0;
}

/* In the child: becomes the server. Rights before and after: root's, as this program was started;
 * the server gives them up itself (monitor/capabilities.h). */
static _Noreturn void become_server(const struct invocation *invocation, const char *path,
                                    int input, int output)
{
    const char *arguments[8] = {path, "--login-test", invocation->name};
    size_t count = 3;
    if (option_given(invocation, OPTION_CONFIG)) {
        arguments[count++] = "--config";
        arguments[count++] = invocation->config_path;
    }
    if (option_given(invocation, OPTION_PASSWORD_STDIN))
        arguments[count++] = "--password-stdin";
    char *const environment[] = {NULL};
    if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0)
        (void)execve(path, (char *const *)(uintptr_t)arguments, environment);
    _exit(127);
}

/* Runs it; what it prints goes to ANSWER, its wait status to *RET_STATUS. */
static int run_server(const struct invocation *invocation, const char *path, const char *password,
                      struct buffer *answer, int *ret_status)
{
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) < 0)
        return -errno;
    cleanup_close int to_read = to[0], to_write = to[1];
    if (pipe2(from, O_CLOEXEC) < 0)
        return -errno;
    cleanup_close int from_read = from[0], from_write = from[1];
    pid_t child = fork();
    if (child < 0)
        return -errno;
    if (child == 0)
        become_server(invocation, path, to_read, from_write);
    from_write = close_fd(from_write);
    to_read = close_fd(to_read);
    int r = write_all(to_write, password, strlen(password)); /* a pipe holds that much */
    to_write = close_fd(to_write);
    ssize_t got = 1;
    while (r >= 0 && got > 0) {
        char *room;
        r = buffer_reserve(answer, 4096, &room);
        got = r < 0 ? 0 : read(from_read, room, 4096);
        if (got > 0)
            buffer_commit(answer, (size_t)got);
    }
    from_read = close_fd(from_read);
    if (waitpid(child, ret_status, 0) < 0)
        return -errno;
    return r < 0 ? r : got < 0 ? -EIO : 0;
}

/* A line "ok\tstep\tfound\tremedy". False if it is none. */
static bool print_step(struct table *table, char *line, char *ret_failed, size_t size)
{
    char *fields[FIELDS];
    for (size_t i = 0; i < FIELDS; i++) {
        fields[i] = strsep(&line, "\t");
        if (!fields[i])
            return false;
    }
    if (strcmp(fields[0], "failed") == 0 && !*ret_failed)
        (void)snprintf(ret_failed, size, "%s: %s; %s", fields[1], fields[2], fields[3]);
    for (size_t i = 0; i < FIELDS; i++)
        table_put(table, *fields[i] ? fields[i] : NULL);
    return true;
}

static enum exit_status print_steps(const struct invocation *invocation, struct buffer *answer,
                                    int status)
{
    static const struct table_column columns[FIELDS] = {
        {"RESULT", "result", TABLE_TEXT},
        {"STEP", "step", TABLE_TEXT},
        {"FOUND", "found", TABLE_TEXT},
        {"REMEDY", "remedy", TABLE_TEXT},
    };
    char failed[1024] = "";
    cleanup_table struct table table;
    table_begin(&table, invocation, columns, FIELDS, TABLE_OF_MANY);
    char *rest = buffer_append(answer, "", 1) == 0 ? answer->data + answer->start : NULL;
    bool good = true;
    for (char *line = strsep(&rest, "\n"); good && line && *line; line = strsep(&rest, "\n"))
        good = print_step(&table, line, failed, sizeof(failed));
    enum exit_status printed = table_end(&table);
    bool finished =
        WIFEXITED(status) && WEXITSTATUS(status) == (*failed ? STATUS_FAILED : STATUS_OK);
    if (!good || !finished) {
        complain("cellftpd --login-test has not come to its end; see cellftpd --check");
        return STATUS_FAILED;
    }
    if (*failed)
        complain("%s cannot log in: %s", invocation->name, failed);
    return *failed ? STATUS_FAILED : printed;
}

enum exit_status command_login_test(const struct invocation *invocation)
{
    char path[PATH_MAX], password[PASSWORD_MAX] = "";
    int r = find_server(path);
    if (r < 0) {
        complain("cannot find cellftpd beside this program: %s", strerror(-r));
        return STATUS_FAILED;
    }
    if (option_given(invocation, OPTION_PASSWORD_STDIN))
        r = read_secret(STDIN_FILENO, password, sizeof(password));
    if (r < 0) {
        complain("cannot read the password: %s", strerror(-r));
        return STATUS_FAILED;
    }
    cleanup_buffer struct buffer answer;
    buffer_init(&answer, ANSWER_MAX);
    int status = 0;
    (void)signal(SIGPIPE, SIG_IGN); /* it may end before it has read the password */
    r = run_server(invocation, path, password, &answer, &status);
    explicit_bzero(password, sizeof(password));
    if (r < 0 && r != -EPIPE) {
        complain("cannot run %s: %s", path, strerror(-r));
        return STATUS_FAILED;
    }
    return print_steps(invocation, &answer, status);
}
