/*
 * cellftpctl login-test: whether a user could log in. The work needs what the server does, so the
 * server does it: the cellftpd beside this program is executed (program.h), and its answers are
 * made readable here. The password, if there is one, goes through a pipe.
 */
#include "ctl/command.h"
#include "ctl/program.h"
#include "ctl/table.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/password.h"
#include "lib/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { ANSWER_MAX = 1024 * 1024, FIELDS = 4 };

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
    int r = program_server(path);
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
    const char *arguments[8] = {path, "--login-test", invocation->name};
    size_t count = 3;
    if (option_given(invocation, OPTION_CONFIG)) {
        arguments[count++] = "--config";
        arguments[count++] = invocation->config_path;
    }
    if (option_given(invocation, OPTION_PASSWORD_STDIN))
        arguments[count] = "--password-stdin";
    r = program_run(path, arguments, password, &answer, &status);
    explicit_bzero(password, sizeof(password));
    if (r < 0 && r != -EPIPE) {
        complain("cannot run %s: %s", path, strerror(-r));
        return STATUS_FAILED;
    }
    return print_steps(invocation, &answer, status);
}
