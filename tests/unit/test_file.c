/* lib/file.c: directories without symbolic links on the way, and writes that are complete. */
#include "lib/file.h"

#include "lib/cleanup.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <cmocka.h>

static void test_directory_open(void **state)
{
    (void)state;
    char root[] = "/tmp/cellftpd-file-XXXXXX";
    char original[4096];
    assert_non_null(mkdtemp(root));
    assert_non_null(getcwd(original, sizeof(original)));
    assert_int_equal(chdir(root), 0);
    assert_int_equal(mkdir("real", 0700), 0);
    assert_int_equal(mkdir("real/sub", 0700), 0);
    assert_int_equal(mknod("real/file", S_IFREG | 0600, 0), 0);
    assert_int_equal(symlink("real", "link"), 0);
    assert_int_equal(symlink("sub", "real/link"), 0);

    static const struct {
        const char *path;
        int result; /* 0: it opens */
    } rows[] = {
        {"real", 0},
        {"real/", 0},
        {"real/sub", 0},
        {"real//sub/", 0},
        {"link", -ELOOP},
        {"link/", -ELOOP},
        {"link/sub", -ELOOP},
        {"real/link", -ELOOP},
        {"real/link/..", -ELOOP},
        {"real/file", -ENOTDIR},
        {"missing", -ENOENT},
        {"missing/sub", -ENOENT},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        static const int flags[] = {O_RDONLY, O_PATH};
        for (size_t j = 0; j < ELEMENTS(flags); j++) {
            char path[4096];
            (void)snprintf(path, sizeof(path), "%s/%s", root, rows[i].path);
            cleanup_close int fd = directory_open(path, flags[j]);
            if (rows[i].result < 0) {
                assert_int_equal(fd, rows[i].result);
                continue;
            }
            struct stat opened;
            struct stat named;
            assert_true(fd >= 0);
            assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
            assert_int_equal(fcntl(fd, F_GETFL) & O_PATH, flags[j] & O_PATH);
            assert_int_equal(fstat(fd, &opened), 0);
            assert_int_equal(stat(path, &named), 0);
            assert_int_equal(opened.st_ino, named.st_ino);
        }
    }
    assert_int_equal(directory_open("real", O_RDONLY), -EINVAL); /* relative to what? */
    assert_int_equal(directory_open("", O_RDONLY), -EINVAL);

    static const char *const made[] = {"real/link", "link", "real/file"};
    for (size_t i = 0; i < ELEMENTS(made); i++)
        assert_int_equal(unlink(made[i]), 0);
    assert_int_equal(rmdir("real/sub"), 0);
    assert_int_equal(rmdir("real"), 0);
    assert_int_equal(chdir(original), 0);
    assert_int_equal(rmdir(root), 0);
}

static void ignore(int number)
{
    (void)number;
}

/* Far more than a pipe holds, in many short writes, and with signals that interrupt them. */
static void test_write_all(void **state)
{
    (void)state;
    enum { SIZE = 3000001 };
    cleanup_free unsigned char *bytes = malloc(SIZE);
    assert_non_null(bytes);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 251);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct sigaction action = {.sa_handler = ignore}; /* no SA_RESTART */
    assert_int_equal(sigaction(SIGALRM, &action, NULL), 0);

    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)close(ends[0]);
        (void)ualarm(500, 500);
        _exit(write_all(ends[1], bytes, SIZE) == 0 ? 0 : 1);
    }
    (void)close(ends[1]);
    for (size_t at = 0; at < SIZE;) {
        unsigned char part[7001];
        ssize_t size = read(ends[0], part, sizeof(part));
        assert_true(size > 0);
        assert_memory_equal(part, bytes + at, (size_t)size);
        at += (size_t)size;
    }
    unsigned char more;
    assert_int_equal(read(ends[0], &more, 1), 0);
    (void)close(ends[0]);
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_write_all_fails(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    void (*before)(int) = signal(SIGPIPE, SIG_IGN);
    (void)close(ends[0]);
    assert_int_equal(write_all(ends[1], "x", 1), -EPIPE);
    assert_int_equal(write_all(ends[1], "x", 0), 0);
    (void)close(ends[1]);
    (void)signal(SIGPIPE, before);
    assert_int_equal(write_all(-1, "x", 1), -EBADF);
    cleanup_close int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_int_equal(write_all(full, "x", 1), -ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_directory_open),
        cmocka_unit_test(test_write_all),
        cmocka_unit_test(test_write_all_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
