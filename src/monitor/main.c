/*
 * cellftpd: serves the one FTP connection that it was started with. Started by systemd or any other
 * inetd-style activator, once for each connection. It never listens itself and never runs in the
 * background.
 */
#include "lib/buffer.h"
#include "lib/cleanup.h"
#include "lib/config.h"
#include "monitor/check.h"
#include "monitor/monitor.h"

#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

/* Exit codes, as cellftpd(8) documents them. */
enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_NO_PERMISSION = 4,
    EXIT_NOT_CONFIGURED = 6
};

static const char usage[] =
    "usage: cellftpd --inetd [--config FILE]   serve the connection on descriptor 0\n"
    "       cellftpd --check [--config FILE]   check the configuration and build a cell on trial\n"
    "       cellftpd --help | --version\n"
    "\n"
    "  -i, --inetd        the connection is standard input, as inetd and\n"
    "                     systemd-socket-activate --accept --inetd hand it over\n"
    "  -c, --config FILE  instead of " CONFIG_FILE_DEFAULT "\n"
    "  -t, --check        say what is missing on this machine, and how to mend it\n"
    "  -h, --help         this text\n"
    "  -V, --version      the version\n"
    "\n"
    "See cellftpd(8) and cellftpd.conf(5).\n";

enum mode { MODE_NONE, MODE_INETD, MODE_CHECK, MODE_HELP, MODE_VERSION };

struct arguments {
    enum mode mode;
    const char *config; /* NULL: the default */
};

static int parse_arguments(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {
        {"inetd", no_argument, NULL, 'i'},   {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 't'},   {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'}, {NULL, 0, NULL, 0},
    };
    static const struct {
        int letter;
        enum mode mode;
    } modes[] = {{'i', MODE_INETD}, {'t', MODE_CHECK}, {'h', MODE_HELP}, {'V', MODE_VERSION}};
    *ret = (struct arguments){.mode = MODE_NONE};
    int letter;
    while ((letter = getopt_long(argc, argv, "ic:thV", options, NULL)) != -1) {
        if (letter == '?')
            return -EINVAL;
        if (letter == 'c')
            ret->config = optarg;
        for (size_t i = 0; i < ELEMENTS(modes); i++)
            if (letter == modes[i].letter)
                ret->mode = modes[i].mode;
    }
    return optind == argc && ret->mode != MODE_NONE ? 0 : -EINVAL;
}

/* Takes the connection off standard input and puts /dev/null there, so that no library can write
 * into the FTP stream. Standard error goes as well where it is the connection. */
static int take_connection(int *ret)
{
    cleanup_close int connection = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (connection < 0)
        return -errno;
    struct stat ours, other;
    if (fstat(connection, &ours) < 0)
        return -errno;
    if (!S_ISSOCK(ours.st_mode))
        return -ENOTSOCK;
    cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return -errno;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        bool is_connection =
            fstat(fd, &other) < 0 || (ours.st_dev == other.st_dev && ours.st_ino == other.st_ino);
        if ((fd != STDERR_FILENO || is_connection) && dup2(null, fd) < 0)
            return -errno;
    }
    *ret = take_fd(&connection);
    return 0;
}

static int serve(const char *config_file)
{
    cleanup_close int connection = -1;
    int r = take_connection(&connection);
    if (r < 0) {
        fprintf(stderr,
                "cellftpd: no connection on descriptor 0: %s\n"
                "It is started once for each connection, for example by\n"
                "systemd-socket-activate --accept --inetd -l 2121 cellftpd --inetd\n",
                strerror(-r));
        return EXIT_USAGE;
    }
    cleanup_buffer struct buffer problems;
    buffer_init(&problems, 65536);
    cleanup_config struct config *config = NULL;
    r = config_load(config_file ? config_file : CONFIG_FILE_DEFAULT, config_file != NULL, &config,
                    &problems);
    if (r < 0) {
        static const char reply[] = "421 Service not available.\r\n";
        (void)send(connection, reply, strlen(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
        fprintf(stderr, "cellftpd: the configuration is wrong:\n%.*s", (int)buffer_size(&problems),
                buffer_size(&problems) > 0 ? buffer_begin(&problems) : "");
        return EXIT_NOT_CONFIGURED;
    }
    /* The C library reads the time zone's file once, at the first use of any time. Now, and not in
     * the cell, where the file would be one that the user has uploaded (row C08). */
    if (config->files_list_time == LIST_TIME_UTC && setenv("TZ", "UTC0", 1) < 0)
        return EXIT_FAILED;
    tzset();
    return monitor_serve(config, take_fd(&connection)) == 0 ? EXIT_OK : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    if (parse_arguments(argc, argv, &arguments) < 0) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is an error, not an end */
    (void)umask(077);
    switch (arguments.mode) {
    case MODE_HELP: fputs(usage, stdout); return EXIT_OK;
    case MODE_VERSION: puts("cellftpd " CELLFTPD_VERSION); return EXIT_OK;
    default: break;
    }
    if (geteuid() != 0) {
        fputs("cellftpd: must be started as root: it gives up its rights itself\n", stderr);
        return EXIT_NO_PERMISSION;
    }
    return arguments.mode == MODE_CHECK ? check(arguments.config) : serve(arguments.config);
}
