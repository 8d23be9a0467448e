/* lib/log.c: whole lines, no line lost by a rotation (L05), no link followed (L04), no capability
 * needed. */
#include "lib/log.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
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
    static const char *const names[] = {
        "logs/files.log", "logs/files.log.1", "logs/auth.log", "logs/connections.log",
        "logs/admin.log", "target",           "stderr"};
    assert_int_equal(dup2(place->stderr_before, STDERR_FILENO), STDERR_FILENO);
    close(place->stderr_before);
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        cleanup_free char *path = in(place, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(place->logs);
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
    assert_int_equal(log_open(place->logs, &log), 0);
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
    mode_t before = umask(077);
    assert_int_equal(log_open(place->logs, &log), 0);
    assert_int_equal(log_write(&log, &origin, &upload), 0);
    log_close(&log);
    umask(before);

    struct stat status;
    cleanup_free char *path = in(place, "logs/files.log");
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode, S_IFREG | 0640);
    struct group *adm = getgrnam("adm");
    if (geteuid() == 0 && adm)
        assert_int_equal(status.st_gid, adm->gr_gid);

    /* What an administrator has set afterwards stays. */
    assert_int_equal(chmod(path, 0600), 0);
    assert_int_equal(log_open(place->logs, &log), 0);
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
    assert_int_equal(log_open(place->logs, &log), 0);
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
    int r = log_open(place->logs, &log);
    for (unsigned i = 0; i < count && r == 0; i++)
        r = log_write(&log, &origin, &upload);
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
    for (size_t i = 0; i < WRITERS; i++) {
        children[i] = fork();
        assert_true(children[i] >= 0);
        if (children[i] == 0)
            write_many(place, LINES);
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
    assert_int_equal(old + new, WRITERS * LINES);
}

static void test_symbolic_link_L04(void **state)
{
    const struct place *place = *state;
    cleanup_free char *path = in(place, "logs/files.log");
    cleanup_free char *target = in(place, "target");
    struct log log;
    assert_int_equal(symlink(target, path), 0);
    assert_int_equal(log_open(place->logs, &log), 0);
    assert_int_equal(log_write(&log, &origin, &upload), -ELOOP);
    assert_int_equal(access(target, F_OK), -1); /* not made through the link */
    close(open(target, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    assert_int_equal(log_write(&log, &origin, &upload), -ELOOP);
    assert_string_equal(content(place, "target"), "");

    /* The line is not lost, and whoever reads stderr learns why it is there. */
    assert_non_null(
        strstr(content(place, "stderr"), "files.log: Too many levels of symbolic links"));
    assert_non_null(strstr(content(place, "stderr"), tail));

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
    assert_int_equal(log_open(target, &log), -ENOTDIR);
}

static void test_what_is_no_file(void **state)
{
    const struct place *place = *state;
    cleanup_free char *path = in(place, "logs/files.log");
    struct log log;
    assert_int_equal(log_open(place->logs, &log), 0);
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
    assert_int_equal(log_open("/nonexistent/logs", &log), -ENOENT);
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
        int r = log_open(place->logs, &log);
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
            r = log_open(place->logs, &log);
        if (r == 0)
            r = log_write(&log, &origin, &upload); /* makes the file */
        log_close(&log);
        if (r == 0)
            r = log_open(place->logs, &log);
        if (r == 0)
            r = log_write(&log, &origin, &upload); /* appends to it */
        _exit(r == 0 ? 0 : 1);
    }
    assert_int_equal(exit_status(child), 0);
    assert_int_equal(count_lines(content(place, "logs/files.log"), tail), 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_kind_has_its_file), TEST(test_permissions),
        TEST(test_rotation_L05),           TEST(test_many_writers_and_a_rotation_L05),
        TEST(test_symbolic_link_L04),      TEST(test_what_is_no_file),
        TEST(test_without_a_directory),    TEST(test_line_that_does_not_fit),
        TEST(test_without_capabilities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
