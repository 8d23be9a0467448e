/*
 * A configuration file of its own, in a new temporary directory, for the tests of lib/config*.c.
 * Only those tests include it.
 */
#pragma once

#include "lib/config.h"

#include "lib/cleanup.h"
#include "lib/option.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* libconfig 1.5 loses the string that it has read last when it meets a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:strbuf_append";
}

static char directory[64];

static inline char *in_directory(const char *name)
{
    char *path = NULL;
    assert_true(asprintf(&path, "%s/%s", directory, name) > 0);
    return path;
}

static inline void write_file(const char *name, const char *text, size_t size)
{
    cleanup_free char *path = in_directory(name);
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, size), (ssize_t)size);
}

static inline void write_text(const char *name, const char *text)
{
    write_file(name, text, strlen(text));
}

static inline void remove_file(const char *name)
{
    cleanup_free char *path = in_directory(name);
    assert_int_equal(unlink(path), 0);
}

static inline int set_up(void **state)
{
    (void)state;
    (void)snprintf(directory, sizeof(directory), "/tmp/cellftpd-config-XXXXXX");
    assert_non_null(mkdtemp(directory));
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    cleanup_free char *file = in_directory("cellftpd.conf");
    cleanup_free char *drop_ins = in_directory("conf.d");
    (void)unlink(file);
    (void)rmdir(drop_ins);
    return rmdir(directory);
}

/* Loads cellftpd.conf out of the directory. PROBLEMS, with the directory's name taken away and a
 * zero byte at its end, goes to *RET_PROBLEMS; the caller frees it. */
static inline int load(struct config **ret, char **ret_problems)
{
    cleanup_free char *path = in_directory("cellftpd.conf");
    cleanup_buffer struct buffer problems;
    buffer_init(&problems, 1 << 20);
    int r = config_load(path, true, ret, &problems);
    assert_int_equal(buffer_append(&problems, "", 1), 0);
    cleanup_buffer struct buffer shortened;
    buffer_init(&shortened, 1 << 20);
    const char *from = buffer_begin(&problems);
    for (const char *found; (found = strstr(from, directory)); from = found + strlen(directory) + 1)
        assert_int_equal(buffer_append(&shortened, from, (size_t)(found - from)), 0);
    assert_int_equal(buffer_append_string(&shortened, from), 0);
    *ret_problems = strndup(buffer_size(&shortened) > 0 ? buffer_begin(&shortened) : "",
                            buffer_size(&shortened));
    assert_non_null(*ret_problems);
    return r;
}

static inline void assert_loads(const char *text, int result, const char *expected)
{
    cleanup_config struct config *config = NULL;
    cleanup_free char *problems = NULL;
    write_file("cellftpd.conf", text, strlen(text));
    int r = load(&config, &problems);
    if (strcmp(problems, expected) != 0 || r != result)
        fail_msg("%s\n%d, problems:\n%sexpected:\n%s", text, r, problems, expected);
    assert_non_null(config);
}

static inline struct config *defaults(void)
{
    struct config *config = NULL;
    cleanup_buffer struct buffer problems;
    buffer_init(&problems, 4096);
    assert_int_equal(config_load("/nonexistent/cellftpd.conf", false, &config, &problems), 0);
    assert_int_equal(buffer_size(&problems), 0);
    return config;
}

static inline char *dumped(const struct config *config)
{
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, 1 << 20);
    assert_int_equal(config_dump(config, &buffer), 0);
    char *text = strndup(buffer_begin(&buffer), buffer_size(&buffer));
    assert_non_null(text);
    return text;
}

static inline void *member(const struct option *option, struct config *config)
{
    return (char *)config + option->offset;
}

static inline void assert_same_option(const struct option *option, struct config *a,
                                      struct config *b)
{
    void *x = member(option, a);
    void *y = member(option, b);
    switch (option->type) {
    case OPTION_BOOLEAN: assert_int_equal(*(bool *)x, *(bool *)y); break;
    case OPTION_NUMBER:
    case OPTION_LIMIT:
    case OPTION_COUNT:
    case OPTION_SIZE:
    case OPTION_DURATION:
    case OPTION_MODE:
    case OPTION_CHOICE: assert_true(*(uint64_t *)x == *(uint64_t *)y); break;
    case OPTION_PORTS: assert_memory_equal(x, y, sizeof(struct port_range)); break;
    case OPTION_STRING:
    case OPTION_PATH: assert_string_equal(*(char **)x, *(char **)y); break;
    case OPTION_LIST:
        for (size_t i = 0;; i++) {
            const char *entry = (*(char ***)x)[i];
            assert_int_equal(entry == NULL, (*(char ***)y)[i] == NULL);
            if (!entry)
                break;
            assert_string_equal(entry, (*(char ***)y)[i]);
        }
        break;
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
