/*
 * cellftpctl, the administrator's tool: accounts and configuration. Run by root, or with sudo. It
 * never takes a password as an argument or from the environment, and never prints one but a
 * generated one.
 */
#include "ctl/command.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

enum { PROBLEMS_MAX = 256 * 1024 };

static enum exit_status print_about(const struct invocation *invocation)
{
    if (invocation->options & OPTION_VERSION) {
        (void)puts("cellftpctl " CELLFTPD_VERSION);
        return STATUS_OK;
    }
    return usage_print(stdout, invocation->noun, invocation->verb) ? STATUS_OK : STATUS_USAGE;
}

static enum exit_status load_config(const struct invocation *invocation, struct config **ret)
{
    cleanup_buffer struct buffer problems;
    buffer_init(&problems, PROBLEMS_MAX);
    int r = config_load(invocation->config_path, invocation->config_named, ret, &problems);
    if (r == 0)
        return STATUS_OK;

    if (buffer_size(&problems) > 0)
        (void)fwrite(buffer_begin(&problems), 1, buffer_size(&problems), stderr);
    if (r == -EINVAL)
        complain("the configuration has mistakes; nothing was done");
    else
        complain("cannot read the configuration %s: %s", invocation->config_path, strerror(-r));
    return r == -EACCES || r == -EPERM ? STATUS_NO_PERMISSION : STATUS_NOT_CONFIGURED;
}

static enum exit_status run(struct invocation *invocation)
{
    const struct command *command = invocation->command;
    if (command->needs_root && geteuid() != 0) {
        complain("\"%s %s\" must be run by root; try sudo", command->noun, command->verb);
        return STATUS_NO_PERMISSION;
    }

    cleanup_config struct config *config = NULL;
    enum exit_status status = load_config(invocation, &config);
    if (status != STATUS_OK)
        return status;
    invocation->config = config;
    return command->run(invocation);
}

int main(int count, char **arguments)
{
    struct invocation invocation;
    (void)umask(S_IWGRP | S_IRWXO); /* 0640 for a log file that we are the first to write */
    if (arguments_read(count, arguments, &invocation) < 0)
        return STATUS_USAGE;

    enum exit_status status = invocation.options & (OPTION_HELP | OPTION_VERSION)
                                  ? print_about(&invocation)
                                  : run(&invocation);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        complain("cannot write the output: %s", strerror(errno));
        return status == STATUS_OK ? STATUS_FAILED : (int)status;
    }
    return (int)status;
}
