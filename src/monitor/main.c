/*
 * cellftpd: serves the one FTP connection that it was started with. Started by systemd or any other
 * inetd-style activator, once for each connection. It never listens itself and never runs in the
 * background.
 */
#include "check/check.h"
#include "lib/buffer.h"
#include "lib/cleanup.h"
#include "lib/config_last.h"
#include "lib/service.h"
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
    "usage: cellftpd --systemd [--config FILE]  serve the connection systemd passes\n"
    "       cellftpd --inetd [--config FILE]    serve the connection on descriptor 0\n"
    "       cellftpd --check [--config FILE]    check the configuration, try a cell\n"
    "       cellftpd --login-test NAME [--password-stdin] [--config FILE]\n"
    "                                           for \"cellftpctl login-test\"\n"
    "       cellftpd --help | --version\n"
    "\n"
    "  -s, --systemd      the connection comes by socket activation with Accept=yes\n"
    "  -i, --inetd        the connection is standard input, as inetd and\n"
    "                     systemd-socket-activate --accept --inetd hand it over\n"
    "      --implicit-tls  the connection begins with TLS, as on port 990\n"
    "  -c, --config FILE  instead of " CONFIG_FILE_DEFAULT "\n"
    "  -t, --check        say what is missing on this machine, and how to mend it\n"
    "      --login-test   say whether NAME could log in, a line for each step\n"
    "      --password-stdin  and whether the password on standard input is right\n"
    "  -h, --help         this text\n"
    "  -V, --version      the version\n"
    "\n"
    "See cellftpd(8) and cellftpd.conf(5).\n";

enum mode {
    MODE_NONE,
    MODE_SYSTEMD,
    MODE_INETD,
    MODE_CHECK,
    MODE_LOGIN_TEST,
    MODE_HELP,
    MODE_VERSION
};

struct arguments {
    enum mode mode;
    const char *config; /* NULL: the default */
    const char *user;   /* of --login-test */
    bool implicit_tls;
    bool password_stdin;
};

static int parse_arguments(int argc, char **argv, struct arguments *ret)
{
    static const struct option options[] = {
        {"systemd", no_argument, NULL, 's'},        {"inetd", no_argument, NULL, 'i'},
        {"implicit-tls", no_argument, NULL, 'm'},   {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 't'},          {"login-test", required_argument, NULL, 'l'},
        {"password-stdin", no_argument, NULL, 'p'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},        {NULL, 0, NULL, 0},
    };
    static const struct {
        int letter;
        enum mode mode;
    } modes[] = {{'s', MODE_SYSTEMD},    {'i', MODE_INETD}, {'t', MODE_CHECK},
                 {'l', MODE_LOGIN_TEST}, {'h', MODE_HELP},  {'V', MODE_VERSION}};
    *ret = (struct arguments){.mode = MODE_NONE};
    int letter;
    while ((letter = getopt_long(argc, argv, "sic:thV", options, NULL)) != -1) {
        if (letter == '?')
            return -EINVAL;
        if (letter == 'c')
            ret->config = optarg;
        if (letter == 'l')
            ret->user = optarg;
        ret->password_stdin |= letter == 'p';
        ret->implicit_tls |= letter == 'm';
        for (size_t i = 0; i < ELEMENTS(modes); i++)
            if (letter == modes[i].letter)
                ret->mode = modes[i].mode;
    }
    return optind == argc && ret->mode != MODE_NONE ? 0 : -EINVAL;
}

/* Takes the connection over from the descriptor FD, and puts /dev/null where it is on 0 to 2, so
 * that no library can write into the FTP stream (row S03). Of these only standard error stays what
 * it was, if it is something else. */
static int take_connection(int fd, int *ret)
{
    cleanup_close int connection = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (connection < 0)
        return -errno;
    if (fd > STDERR_FILENO)
        (void)close(fd);
    struct stat ours, other;
    if (fstat(connection, &ours) < 0)
        return -errno;
    if (!S_ISSOCK(ours.st_mode))
        return -ENOTSOCK;
    cleanup_close int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0)
        return -errno;
    for (int standard = STDIN_FILENO; standard <= STDERR_FILENO; standard++) {
        bool is_connection = fstat(standard, &other) < 0 ||
                             (ours.st_dev == other.st_dev && ours.st_ino == other.st_ino);
        if ((standard != STDERR_FILENO || is_connection) && dup2(null, standard) < 0)
            return -errno;
    }
    *ret = take_fd(&connection);
    return 0;
}

/* The configuration that counts for this connection: the present one or, if that is wrong, the last
 * good one. PROBLEMS has what is wrong. NULL if there is none. */
static struct config *choose_config(const char *file, bool required, struct buffer *problems)
{
    cleanup_config struct config *config = NULL;
    if (config_load(file, required, &config, problems) == 0) {
        /* Best effort: the run directory may not be there yet, and is not needed for serving. */
        (void)config_remember(config, file);
        return take_pointer(config);
    }
    cleanup_config struct config *last = NULL;
    return config && config_recall(config, file, &last) == 0 ? take_pointer(last) : NULL;
}

static int serve(const struct arguments *arguments)
{
    const char *config_file = arguments->config;
    int descriptor = arguments->mode == MODE_SYSTEMD ? service_connection() : STDIN_FILENO;
    cleanup_close int connection = -1;
    int r = descriptor < 0 ? descriptor : take_connection(descriptor, &connection);
    if (r < 0) {
        fprintf(
            stderr,
            "cellftpd: no connection was passed: %s\n"
            "It is started once for each connection: by systemd (Accept=yes), or for example by\n"
            "systemd-socket-activate --accept --inetd -l 2121 cellftpd --inetd\n",
            strerror(-r));
        return EXIT_USAGE;
    }
    cleanup_buffer struct buffer problems;
    buffer_init(&problems, 65536);
    cleanup_config struct config *config =
        choose_config(config_file ? config_file : CONFIG_FILE_DEFAULT, config_file, &problems);
    if (!config) {
        fprintf(stderr, "cellftpd: the configuration is wrong:\n%.*s", (int)buffer_size(&problems),
                buffer_begin(&problems));
        static const char reply[] = "421 Service not available.\r\n";
        if (!arguments->implicit_tls)
            (void)send(connection, reply, strlen(reply), MSG_DONTWAIT | MSG_NOSIGNAL);
        return EXIT_NOT_CONFIGURED;
    }
    /* The C library reads the time zone's file once, at the first use of any time. If the session
     * is to know the zone, now, and not in the cell, where the file would be one that the user has
     * uploaded (row C08). A session that is not becomes UTC itself (session/run.c), and the
     * monitor, which stays outside, reads the zone when it writes its first line into xferlog. */
    if (config->files_list_time == LIST_TIME_LOCAL)
        tzset();
    (void)buffer_append(&problems, "", 1);
    return monitor_serve(config, config_file,
                         buffer_size(&problems) > 1 ? buffer_begin(&problems) : NULL,
                         arguments->implicit_tls ? SESSION_NEW_IMPLICIT : SESSION_NEW,
                         take_fd(&connection)) == 0
               ? EXIT_OK
               : EXIT_FAILED;
}

/* All of standard input up to the first newline is the password. */
static int test_login(const struct arguments *arguments)
{
    char password[REQUEST_PASSWORD_MAX + 1] = "";
    size_t size = 0;
    ssize_t got = 1;
    while (arguments->password_stdin && got > 0 && size < sizeof(password) - 1) {
        got = read(STDIN_FILENO, password + size, sizeof(password) - 1 - size);
        size += got > 0 ? (size_t)got : 0;
    }
    password[strcspn(password, "\n")] = '\0';
    int status =
        login_test(arguments->config, arguments->user, arguments->password_stdin ? password : NULL);
    explicit_bzero(password, sizeof(password));
    return status;
}

int main(int argc, char **argv)
{
    struct arguments arguments;
    if (parse_arguments(argc, argv, &arguments) < 0) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN);
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
    if (arguments.mode == MODE_CHECK)
        return check(arguments.config);
    if (arguments.mode == MODE_LOGIN_TEST)
        return test_login(&arguments);
    return serve(&arguments);
}
