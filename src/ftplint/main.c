/* ftplint's beginning: reads the command line and does what it says. */
#include "ftplint/baseline.h"
#include "ftplint/manual.h"
#include "ftplint/runner.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

static enum exit_status run(struct options *options)
{
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = 0};
    struct report report;
    struct baseline baseline;
    /* Passwords are in memory from here on. */
    (void)setrlimit(RLIMIT_CORE, &none);
    if (!target_read(options) || !credentials_read(options))
        return STATUS_NOT_RUN;
    if (!baseline_open(&baseline, options->baseline, options->write_baseline) ||
        !report_open(&report, options)) {
        (void)baseline_close(&baseline, false);
        return STATUS_NOT_RUN;
    }
    enum exit_status status = run_all(options, &report, &baseline);
    bool told = report_close(&report);
    return baseline_close(&baseline, status != STATUS_NOT_RUN) && told ? status : STATUS_NOT_RUN;
}

/* What the command line asks for. */
static enum exit_status act(struct options *options)
{
    switch (options->action) {
    case ACTION_LIST: print_list(options); break;
    case ACTION_EXPLAIN:
        if (!print_explanation(options->explain))
            return STATUS_NOT_RUN;
        break;
    case ACTION_MANUAL: print_manual(); break;
    case ACTION_HELP: options_print_help(); break;
    case ACTION_VERSION: (void)puts("ftplint " CELLFTPD_VERSION); break;
    default: return run(options);
    }
    if (fflush(stdout) == 0)
        return STATUS_CLEAN;
    perror("ftplint");
    return STATUS_NOT_RUN;
}

/* A connection would get the number of a standard stream that is closed, and what we say would go
 * to the server. To write to these fails. */
static bool fill_streams(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && fd <= STDERR_FILENO);
    return fd >= 0 && close(fd) == 0;
}

int main(int argc, char **argv)
{
    struct options options;
    if (!fill_streams())
        return (int)STATUS_NOT_RUN;
    bool read = options_read(&options, argc, argv);
    enum exit_status status = read ? act(&options) : STATUS_NOT_RUN;
    options_free(&options);
    return (int)status;
}
