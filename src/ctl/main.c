/*
 * cellftpctl, the administrator's tool: accounts, sessions and configuration. Run by root, or with
 * sudo. It never takes a password as an argument or from the environment, and never prints one but
 * a generated one.
 */
#include "ctl/command.h"

#include "lib/cleanup.h"
#include "lib/config_last.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { PROBLEMS_MAX = 256 * 1024 };

static enum exit_status print_about(const struct invocation *invocation)
{
    if (option_given(invocation, OPTION_VERSION)) {
        (void)puts("cellftpctl " CELLFTPD_VERSION);
        return STATUS_OK;
    }
    return usage_print(stdout, invocation) ? STATUS_OK : STATUS_USAGE;
}

static bool follows_server(const struct command *command)
{
    return command->needs == NEEDS_LOGS || command->needs == NEEDS_SERVER;
}

static enum exit_status run_configured(struct invocation *invocation)
{
    cleanup_config struct config *config = NULL, *last = NULL;
    cleanup_buffer struct buffer problems;
    buffer_init(&problems, PROBLEMS_MAX);
    enum exit_status status = config_of(invocation, &config, &problems);
    if (status != STATUS_OK) {
        if (buffer_size(&problems) > 0)
            (void)fwrite(buffer_begin(&problems), 1, buffer_size(&problems), stderr);
        if (!config || !follows_server(invocation->command) ||
            config_recall(config, invocation->config_path, &last) < 0) {
            complain("the configuration has mistakes or cannot be read; nothing was done");
            return status;
        }
        complain("the configuration has mistakes; the last good one is used");
    }
    invocation->config = last ? last : config;
    return invocation->command->run(invocation);
}

static enum exit_status run(struct invocation *invocation)
{
    const struct command *command = invocation->command;
    if (command->needs == NEEDS_NOTHING)
        return command->run(invocation);
    if (command_needs_root(command) && geteuid() != 0) {
        complain("\"%s%s%s\" must be run by root; try sudo", command->noun,
                 command->verb ? " " : "", command->verb ? command->verb : "");
        return STATUS_NO_PERMISSION;
    }
    return run_configured(invocation);
}

int main(int count, char **arguments)
{
    struct invocation invocation;
    (void)umask(S_IWGRP | S_IRWXO); /* 0640 for a log file that we are the first to write */
    if (arguments_read(count, arguments, &invocation) < 0)
        return STATUS_USAGE;

    bool asked =
        option_given(&invocation, OPTION_HELP) || option_given(&invocation, OPTION_VERSION);
    enum exit_status status = asked ? print_about(&invocation) : run(&invocation);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("cannot write the output: %s", strerror(errno));
        return status == STATUS_OK ? STATUS_FAILED : (int)status;
    }
    return (int)status;
}
