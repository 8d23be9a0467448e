/* lib/log.c: whole lines, in order, no line lost by a rotation (L05) or by a full disk (Q10), no
 * link followed (L04), no capability needed. */
#include "lib/log.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

enum { CONTENT_MAX = 1 << 20 };

static const struct event_origin origin = {NULL, "alice", "7f3a90c2d4e5f601", NULL};
static const struct event upload = {.id = EVENT_UPLOAD,
                                    .path = "/f",
                                    .bytes = EVENT_UNSET,
                                    .offset = EVENT_UNSET,
                                    .duration = EVENT_UNSET,
                                    .reply = EVENT_UNSET};
static const char tail[] = " files upload user=\"alice\" path=\"/f\" session=7f3a90c2d4e5f601\n";

/* Each test has a directory of its own, and stderr goes to a file in it. */
struct place {
    char directory[64];
    char logs[80];
    char run[80];
    struct config config; /* only the text files, to begin with */
    int stderr_before;
};

static char *in(const struct place *place, const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", place->directory, name) > 0);
    return path;
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    (void)snprintf(place->directory, sizeof(place->directory), "/tmp/cellftpd-log-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    (void)snprintf(place->logs, sizeof(place->logs), "%s/logs", place->directory);
    assert_int_equal(mkdir(place->logs, 0750), 0);
    (void)snprintf(place->run, sizeof(place->run), "%s/run", place->directory);
    assert_int_equal(mkdir(place->run, 0750), 0);
    place->config = (struct config){
        .directories_logs = place->logs, .directories_run = place->run, .logs_files = true};
    cleanup_free char *path = in(place, "stderr");
    cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    place->stderr_before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
    assert_true(place->stderr_before >= 0);
    assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    static const char *const names[] = {"logs/files.log",
                                        "logs/files.log.1",
                                        "logs/auth.log",
                                        "logs/connections.log",
                                        "logs/admin.log",
                                        "logs/files.jsonl",
                                        "logs/commands.log",
                                        "logs/connections.jsonl",
                                        "logs/xferlog",
                                        "logs/auth.jsonl",
                                        "logs/commands.jsonl",
                                        "run/log-reserve",
                                        "target",
                                        "stderr",
                                        "journal"};
    assert_int_equal(dup2(place->stderr_before, STDERR_FILENO), STDERR_FILENO);
    close(place->stderr_before);
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        cleanup_free char *path = in(place, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(place->logs);
    (void)rmdir(place->run);
    int r = rmdir(place->directory);
    free(place);
    return r;
}

/* What the file holds; "" if there is none. Valid until the next call. */
static const char *content(const struct place *place, const char *name)
{
    static char bytes[CONTENT_MAX];
    cleanup_free char *path = in(place, name);
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t size = fd >= 0 ? read(fd, bytes, sizeof(bytes) - 1) : 0;
    assert_true(size >= 0 && size < CONTENT_MAX - 1);
    bytes[size] = '\0';
    return bytes;
}

static unsigned count_lines(const char *text, const char *ending)
{
    unsigned lines = 0;
    for (const char *end; (end = strchr(text, '\n')); text = end + 1) {
        size_t length = (size_t)(end + 1 - text);
        /* "2026-11-22T17:04:21.123Z" and the rest, nothing mixed in. */
        assert_int_equal(length, 24 + strlen(ending));
        assert_memory_equal(end + 1 - strlen(ending), ending, strlen(ending));
        lines++;
    }
    assert_string_equal(text, ""); /* no half line at the end */
    return lines;
}

static void test_each_kind_has_its_file(void **state)
{
    const struct place *place = *state;
    struct log log;
    assert_int_equal(log_open(&place->config, &log), 0);
    assert_string_equal(content(place, "logs/files.log"), "");
    struct event login = EVENT_INIT(EVENT_LOGIN);
    struct event connect = EVENT_INIT(EVENT_CONNECT);
    struct event user_add = EVENT_INIT(EVENT_USER_ADD);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_int_equal(log_write(&log, &origin, &login), 0);
    assert_int_equal(log_write(&log, &origin, &connect), 0);
    assert_int_equal(log_write(&log, &origin, &user_add), 0);
    log_close(&log);
    log_close(&log); /* twice does no harm */
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), 2);
    assert_non_null(strstr(content(place, "logs/auth.log"), " auth accepted user=\"alice\" "));
    assert_non_null(strstr(content(place, "logs/connections.log"), " connections connect "));
    assert_non_null(strstr(content(place, "logs/admin.log"), " admin user-add "));
    assert_string_equal(content(place, "stderr"), "");
}

static void test_permissions(void **state)
{
    const struct place *place = *state;
    struct log log;
    const gid_t group = geteuid() == 0 ? 12345 : getegid();
    cleanup_free char *directory = in(place, "logs");
    assert_int_equal(chown(directory, (uid_t)-1, group), 0);
    assert_int_equal(chmod(directory, S_ISGID | 0750), 0); /* as tmpfiles makes it */
    mode_t before = umask(077);
    assert_int_equal(log_open(&place->config, &log), 0);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    log_close(&log);
    umask(before);

    struct stat status;
    cleanup_free char *path = in(place, "logs/files.log");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0640);
    assert_int_equal(status.st_gid, group);

    /* What an administrator has set afterwards stays. */
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(log_open(&place->config, &log), 0);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    log_close(&log);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0600);
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), 2);
}

static void test_rotation_L05(void **state)
{
    const struct place *place = *state;
    cleanup_free char *path = in(place, "logs/files.log");
    cleanup_free char *rotated = in(place, "logs/files.log.1");
    struct log log;
    assert_int_equal(log_open(&place->config, &log), 0);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_int_equal(rename(path, rotated), 0); /* logrotate, "nocreate" */
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_int_equal(count_lines(content(place, "logs/files.log.1"), tail), 1);
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), 1);

    assert_int_equal(rename(path, rotated), 0); /* logrotate, "create" */
    close(open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), 1);

    assert_int_equal(truncate(path, 0), 0); /* logrotate, "copytruncate" */
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), 1);

    assert_int_equal(unlink(path), 0);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), 1);
    log_close(&log);
}

static void write_many(const struct place *place, unsigned count)
{
    struct log log;
    int r = log_open(&place->config, &log);
    for (unsigned i = 0; i < count && r == 0; i++)
        r = log_write(&log, &origin, &upload);
    log_close(&log);
    _exit(r == 0 ? 0 : 1);
}

/* More than COUNT lines, and at least one after ROTATED has appeared: that it is in the middle must
 * not depend on who is faster. Adds how many to *TOTAL. */
static void write_past(const struct place *place, const char *rotated, unsigned count,
                       unsigned *total)
{
    struct log log;
    int r = log_open(&place->config, &log);
    for (bool last = false; r == 0 && !last; count -= count > 0) {
        last = count == 0 && access(rotated, F_OK) == 0;
        r = log_write(&log, &origin, &upload);
        (void)__atomic_add_fetch(total, 1, __ATOMIC_RELAXED);
    }
    log_close(&log);
    _exit(r == 0 ? 0 : 1);
}

static int exit_status(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

/* Four writers, and a rotation in the middle: every line is there once, and whole. */
static void test_many_writers_and_a_rotation_L05(void **state)
{
    const struct place *place = *state;
    enum { WRITERS = 4, LINES = 1000 };
    cleanup_free char *path = in(place, "logs/files.log");
    cleanup_free char *rotated = in(place, "logs/files.log.1");
    pid_t children[WRITERS];
    unsigned *total =
        mmap(NULL, sizeof(*total), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(total != MAP_FAILED);
    for (size_t i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            write_past(place, rotated, LINES, total);
    }
    struct stat status;
    while (stat(path, &status) < 0 || status.st_size < 10000)
        usleep(100);
    assert_int_equal(rename(path, rotated), 0);
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(exit_status(children[i]), 0);
    unsigned old = count_lines(content(place, "logs/files.log.1"), tail);
    unsigned new = count_lines(content(place, "logs/files.log"), tail);
    assert_true(old > 0 && new > 0);
    assert_true(*total >= WRITERS * LINES);
    assert_int_equal(old + new, *total);
    assert_int_equal(munmap(total, sizeof(*total)), 0);
}

static void test_symbolic_link_L04(void **state)
{
    const struct place *place = *state;
    cleanup_free char *path = in(place, "logs/files.log");
    cleanup_free char *target = in(place, "target");
    struct log log;
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(log_open(&place->config, &log), 0);
    assert_int_equal(log_write(&log, &origin, &upload), -ELOOP);
    assert_int_equal(access(target, F_OK), -1); /* not made through the link */
    close(open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    assert_int_equal(log_write(&log, &origin, &upload), -ELOOP);
    assert_string_equal(content(place, "target"), "");

    /* The lines are not lost, and whoever reads stderr learns why they are there: once. */
    static const char cause[] = "files.log: Too many levels of symbolic links";
    const char *said = strstr(content(place, "stderr"), cause);
    assert_non_null(said);
    assert_null(strstr(said + 1, cause));
    said = strstr(said, tail);
    assert_non_null(said);
    assert_non_null(strstr(said + 1, tail));

    /* It also works again as soon as the cause is gone, and notices a link that comes later. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), 1);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(log_write(&log, &origin, &upload), -ELOOP);
    assert_string_equal(content(place, "target"), "");

    /* Not even to the file that is open already. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    cleanup_free char *rotated = in(place, "logs/files.log.1");
    assert_int_equal(rename(path, rotated), 0);
    assert_int_equal(symlink(rotated, path), 0);
    assert_int_equal(log_write(&log, &origin, &upload), -ELOOP);
    log_close(&log);

    /* Nor is the directory itself a link. */
    assert_int_equal(unlink(path), 0);
    assert_int_equal(unlink(target), 0);
    assert_int_equal(symlink(place->logs, target), 0);
    const struct config elsewhere = {.directories_logs = target, .logs_files = true};
    assert_int_equal(log_open(&elsewhere, &log), -ENOTDIR);
}

static void test_what_is_no_file(void **state)
{
    const struct place *place = *state;
    cleanup_free char *path = in(place, "logs/files.log");
    struct log log;
    assert_int_equal(log_open(&place->config, &log), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(log_write(&log, &origin, &upload), -ENXIO); /* and does not hang */
    cleanup_close int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    assert_int_equal(log_write(&log, &origin, &upload), -EINVAL);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(log_write(&log, &origin, &upload), -EISDIR);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    log_close(&log);
}

static void test_without_a_directory(void **state)
{
    const struct place *place = *state;
    struct log log;
    static char nowhere[] = "/nonexistent/logs";
    const struct config config = {.directories_logs = nowhere, .logs_files = true};
    assert_int_equal(log_open(&config, &log), -ENOENT);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_int_equal(count_lines(content(place, "stderr"), tail), 1);
    log_close(&log);
}

/* As on a full disk: the file takes only a part of the line. */
static void test_line_that_does_not_fit(void **state)
{
    const struct place *place = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {100, 100};
        struct log log;
        (void)signal(SIGXFSZ, SIG_IGN);
        int r = log_open(&place->config, &log);
        if (r == 0)
            r = log_write(&log, &origin, &upload);
        /* stderr is a pipe to nobody's limit: a file would be cut as well. */
        cleanup_close int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(null, STDERR_FILENO);
        if (r == 0 && setrlimit(RLIMIT_FSIZE, &limit) == 0)
            r = log_write(&log, &origin, &upload) == -ENOSPC ? 0 : 1;
        _exit(r == 0 ? 0 : 1);
    }
    assert_int_equal(exit_status(child), 0);
    const char *text = content(place, "logs/files.log");
    assert_int_equal(strlen(text), 100); /* there really was no room */
}

/* The monitor ends up as uid 0 without any capability: a file of root's in a directory of root's is
 * enough. */
static void test_without_capabilities(void **state)
{
    const struct place *place = *state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
        struct __user_cap_data_struct none[2] = {{0}, {0}};
        struct log log;
        long r = syscall(SYS_capset, &header, none);
        if (r == 0 && access("/proc/1/root", F_OK) == 0)
            r = 1; /* the capabilities are not gone */
        if (r == 0)
            r = log_open(&place->config, &log);
        if (r == 0)
            r = log_write(&log, &origin, &upload); /* makes the file */
        log_close(&log);
        if (r == 0)
            r = log_open(&place->config, &log);
        if (r == 0)
            r = log_write(&log, &origin, &upload); /* appends to it */
        _exit(r == 0 ? 0 : 1);
    }
    assert_int_equal(exit_status(child), 0);
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), 2);
}

/* --- Other forms, and where events go --- */

static const struct event command = {.id = EVENT_COMMAND,
                                     .command = "NOOP",
                                     .bytes = EVENT_UNSET,
                                     .offset = EVENT_UNSET,
                                     .duration = EVENT_UNSET,
                                     .reply = 200};

static void test_every_form_has_the_same_time(void **state)
{
    struct place *place = *state;
    place->config.logs_json = place->config.logs_xferlog = true;
    struct log log;
    struct event mkdir_event = EVENT_INIT(EVENT_MKDIR);
    assert_int_equal(setenv("TZ", "UTC0", 1), 0);
    tzset();
    assert_int_equal(log_open(&place->config, &log), 0);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_int_equal(log_write(&log, &origin, &mkdir_event), 0); /* no transfer */
    log_close(&log);

    char time[32] = "";
    memcpy(time, content(place, "logs/files.log"), 24);
    char expected[256];
    (void)snprintf(expected, sizeof(expected),
                   "{\"time\":\"%s\",\"log\":\"files\",\"event\":\"upload\",\"user\":\"alice\","
                   "\"path\":\"/f\",\"session\":\"7f3a90c2d4e5f601\"}\n",
                   time);
    const char *json = content(place, "logs/files.jsonl");
    assert_memory_equal(json, expected, strlen(expected));
    assert_non_null(strstr(json + strlen(expected), "\"event\":\"mkdir\""));

    const char *line = content(place, "logs/xferlog");
    assert_int_equal(strncmp(line + 11, time + 11, 8), 0); /* 17:04:21 */
    assert_string_equal(line + 24, " 1 _ 0 /f b _ i r alice ftp 0 * c\n");
    assert_string_equal(content(place, "stderr"), "");
}

static void test_commands_only_if_wanted(void **state)
{
    struct place *place = *state;
    struct log log;
    assert_int_equal(log_open(&place->config, &log), 0);
    assert_int_equal(log_write(&log, &origin, &command), 0);
    log_close(&log);
    assert_string_equal(content(place, "logs/commands.log"), "");
    place->config.logs_commands = true;
    assert_int_equal(log_open(&place->config, &log), 0);
    assert_int_equal(log_write(&log, &origin, &command), 0);
    log_close(&log);
    assert_non_null(strstr(content(place, "logs/commands.log"), " command=NOOP reply=200 "));
}

/* A socket that stands for the journal's; its path is put into LOG. */
static int journal_for(const struct place *place, struct log *log)
{
    static char path[80];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(path, sizeof(path), "%s/journal", place->directory);
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(fd >= 0);
    (void)unlink(path);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    log->journal.path = path;
    return fd;
}

/* Takes one record; false if there is none. */
static bool receive(int journal, char ret[4096])
{
    ssize_t size = recv(journal, ret, 4095, 0);
    ret[size < 0 ? 0 : size] = '\0';
    return size > 0;
}

static void test_journal(void **state)
{
    struct place *place = *state;
    struct log log;
    char record[4096];
    place->config.logs_journal = place->config.logs_commands = true;
    assert_int_equal(log_open(&place->config, &log), 0);
    assert_string_equal(log.journal.path, "/run/systemd/journal/socket");
    cleanup_close int journal = journal_for(place, &log);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_true(receive(journal, record));
    assert_int_equal(
        strncmp(record, "MESSAGE=files upload user=\"alice\" path=\"/f\" session=", 52), 0);
    assert_non_null(strstr(record, "\nFTP_EVENT=files-upload\n"));
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), 1);

    /* Commands would use up what journald takes from one unit: where there are files, only those.
     */
    assert_int_equal(log_write(&log, &origin, &command), 0);
    assert_false(receive(journal, record));
    log_close(&log);
    place->config.logs_files = false;
    assert_int_equal(log_open(&place->config, &log), 0);
    assert_int_equal(log.directory, -1);
    log.journal.path = (const char[]){""};
    cleanup_close int again = journal_for(place, &log);
    assert_int_equal(log_write(&log, &origin, &command), 0);
    assert_true(receive(again, record));
    log_close(&log);
    assert_string_equal(content(place, "stderr"), "");
}

/* What no file took is in the journal, and then not on stderr, too; only the cause is. */
static void test_files_fail_and_the_journal_is_there(void **state)
{
    struct place *place = *state;
    struct log log;
    char record[4096];
    cleanup_free char *path = in(place, "logs/files.log");
    assert_int_equal(mkdir(path, 0700), 0);
    place->config.logs_journal = true;
    assert_int_equal(log_open(&place->config, &log), 0);
    cleanup_close int journal = journal_for(place, &log);
    assert_int_equal(log_write(&log, &origin, &upload), -EISDIR);
    assert_true(receive(journal, record));
    assert_non_null(strstr(content(place, "stderr"), "files.log: Is a directory"));
    assert_null(strstr(content(place, "stderr"), "alice"));
    log_close(&log);
    assert_int_equal(rmdir(path), 0);
}

static void test_without_a_journal(void **state)
{
    struct place *place = *state;
    struct log log;
    place->config.logs_journal = true;
    assert_int_equal(log_open(&place->config, &log), 0);
    log.journal.path = "/nonexistent/socket";
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    log_close(&log);
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), 1);
    assert_string_equal(content(place, "stderr"), ""); /* nothing is said */

    /* With the journal as the only place and no journal there, stderr is the last one. */
    place->config.logs_files = false;
    assert_int_equal(log_open(&place->config, &log), 0);
    log.journal.path = "/nonexistent/socket";
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    log_close(&log);
    assert_int_equal(count_lines(content(place, "stderr"), tail), 1);

    /* Who switches everything off wants nothing. */
    place->config.logs_journal = false;
    assert_int_equal(log_open(&place->config, &log), 0);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    log_close(&log);
    assert_int_equal(count_lines(content(place, "stderr"), tail), 1);
}

static unsigned count(const char *text, const char *what)
{
    unsigned found = 0;
    for (; (text = strstr(text, what)); text++)
        found++;
    return found;
}

/* A journald that takes nothing costs one short wait; that, and how much it missed, is said. */
static void test_stopped_journal(void **state)
{
    struct place *place = *state;
    struct log log;
    char record[4096];
    place->config.logs_journal = true;
    assert_int_equal(log_open(&place->config, &log), 0);
    cleanup_close int journal = journal_for(place, &log);
    uint64_t before = clock_msec();
    unsigned written = 0;
    for (; log.journal.lost == 0; written++)
        assert_int_equal(log_write(&log, &origin, &upload), 0);
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_true(clock_msec() - before < 20 * JOURNAL_PATIENCE);
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), written + 20);
    const char *connections = content(place, "logs/connections.log");
    assert_int_equal(count(connections, " log-incomplete reason=journal "), 1);

    for (unsigned i = 1; i < written; i++)
        assert_true(receive(journal, record));
    assert_false(receive(journal, record));
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_true(receive(journal, record)); /* the upload */
    assert_true(receive(journal, record));
    assert_non_null(strstr(record, "MESSAGE=connections log-complete reason=journal"));
    /* 21 uploads, and the event that says that events are missing. */
    assert_non_null(
        strstr(record, "detail=\"22 events of this session are in the log files only\""));
    log_close(&log);
}

/* --- Order --- */

/* Eight writers: the times in a file never go back. */
static void test_times_never_go_back(void **state)
{
    struct place *place = *state;
    enum { WRITERS = 8, LINES = 500 };
    place->config.logs_json = true;
    pid_t children[WRITERS];
    for (size_t i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            write_many(place, LINES);
    }
    for (size_t i = 0; i < WRITERS; i++)
        assert_int_equal(exit_status(children[i]), 0);
    static const struct {
        const char *name;
        size_t skip;
    } files[] = {{"logs/files.log", 0}, {"logs/files.jsonl", strlen("{\"time\":\"")}};
    for (size_t i = 0; i < ELEMENTS(files); i++) {
        char last[25] = "";
        unsigned lines = 0;
        const char *text = content(place, files[i].name);
        for (const char *end; (end = strchr(text, '\n')); text = end + 1, lines++) {
            assert_true(strncmp(last, text + files[i].skip, 24) <= 0);
            memcpy(last, text + files[i].skip, 24);
        }
        assert_int_equal(lines, WRITERS * LINES);
    }
}

/* One that is stopped while it has the lock delays the others once, and stops nobody. */
static void test_lock_that_is_never_released(void **state)
{
    const struct place *place = *state;
    struct log log;
    cleanup_close int held = open(place->logs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(flock(held, LOCK_EX), 0);
    assert_int_equal(log_open(&place->config, &log), 0);
    uint64_t before = clock_msec();
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_true(clock_msec() - before >= LOG_LOCK_PATIENCE);
    before = clock_msec();
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_true(clock_msec() - before < 10 * LOG_LOCK_PATIENCE);
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), 21);

    /* A lock that others have is left to them, ours is given back. */
    assert_int_equal(flock(held, LOCK_UN), 0);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_int_equal(flock(held, LOCK_EX | LOCK_NB), 0);
    log_close(&log);
}

/* --- Free space --- */

static const uint64_t more_than_any_disk = UINT64_MAX / 2;

static void test_reserve_keeps_what_matters_Q10(void **state)
{
    struct place *place = *state;
    struct log log;
    struct event login = EVENT_INIT(EVENT_LOGIN);
    struct event refused = EVENT_INIT(EVENT_LOGIN_REFUSED);
    struct event attack = EVENT_INIT(EVENT_ATTACK);
    struct event connect = EVENT_INIT(EVENT_CONNECT);
    struct event abuse = EVENT_INIT(EVENT_PROTOCOL_ABUSE);
    struct event user_add = EVENT_INIT(EVENT_USER_ADD);
    const struct event *events[] = {&login, &refused,  &attack, &connect,
                                    &abuse, &user_add, &upload};
    place->config.logs_reserve = more_than_any_disk;
    place->config.logs_xferlog = true;
    for (unsigned round = 0; round < 2; round++) { /* as two processes */
        assert_int_equal(log_open(&place->config, &log), 0);
        for (size_t i = 0; i < ELEMENTS(events); i++)
            assert_int_equal(log_write(&log, &origin, events[i]), 0);
        log_close(&log);
    }
    assert_int_equal(count(content(place, "logs/auth.log"), " auth accepted "), 2);
    assert_int_equal(count(content(place, "logs/auth.log"), " auth refused "), 2);
    assert_int_equal(count(content(place, "logs/admin.log"), " user-add "), 2);
    const char *connections = content(place, "logs/connections.log");
    assert_int_equal(count(connections, " attack "), 2);
    assert_int_equal(count(connections, " connect "), 0);
    assert_int_equal(count(connections, " protocol-abuse "), 0);
    assert_int_equal(count(connections, " log-incomplete reason=reserve "), 1); /* of both */
    assert_string_equal(content(place, "logs/files.log"), "");
    assert_string_equal(content(place, "logs/xferlog"), "");

    place->config.logs_reserve = 1;
    for (unsigned round = 0; round < 2; round++) {
        assert_int_equal(log_open(&place->config, &log), 0);
        assert_int_equal(log_write(&log, &origin, &upload), 0);
        log_close(&log);
    }
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), 2);
    assert_int_equal(count(content(place, "logs/connections.log"), " log-complete reason=reserve "),
                     1);
    assert_string_equal(content(place, "stderr"), "");
}

/* In one process: looked at now and then, not with every line. */
static void test_reserve_is_looked_at_again_Q10(void **state)
{
    struct place *place = *state;
    struct log log;
    place->config.logs_reserve = 1;
    assert_int_equal(log_open(&place->config, &log), 0);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    place->config.logs_reserve = more_than_any_disk;
    unsigned lines = 1;
    for (; !log.short_of_space; lines++) {
        assert_int_equal(log_write(&log, &origin, &upload), 0);
        assert_true(lines * (24 + strlen(tail)) < 2 * LOG_SPACE_BYTES);
    }
    assert_true(lines > 2 || log.space_checked == 0);
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), lines - 1);
    place->config.logs_reserve = 1;
    log.space_checked -= LOG_SPACE_INTERVAL; /* the time is over */
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), lines);
    log_close(&log);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_kind_has_its_file),
        TEST(test_permissions),
        TEST(test_rotation_L05),
        TEST(test_many_writers_and_a_rotation_L05),
        TEST(test_symbolic_link_L04),
        TEST(test_what_is_no_file),
        TEST(test_without_a_directory),
        TEST(test_line_that_does_not_fit),
        TEST(test_without_capabilities),
        TEST(test_every_form_has_the_same_time),
        TEST(test_commands_only_if_wanted),
        TEST(test_journal),
        TEST(test_files_fail_and_the_journal_is_there),
        TEST(test_without_a_journal),
        TEST(test_stopped_journal),
        TEST(test_times_never_go_back),
        TEST(test_lock_that_is_never_released),
        TEST(test_reserve_keeps_what_matters_Q10),
        TEST(test_reserve_is_looked_at_again_Q10),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
