/* ctl/log_reader.h: each line once, in both directions, whatever logrotate does. */
#include "ctl/log_reader.h"

#include "lib/cleanup.h"
#include "lib/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct place {
    char path[64];
    int directory;
    struct log_reader reader;
};

enum { BASE = 1795367061 }; /* the time of line 0; one a second */

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    (void)snprintf(place->path, sizeof(place->path), "/tmp/cellftpd-reader-XXXXXX");
    assert_non_null(mkdtemp(place->path));
    place->directory = open(place->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(place->directory >= 0);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    static const char *const names[] = {"auth.log", "auth.log.1", "auth.log.2", "auth.log.3.gz"};
    struct place *place = *state;
    log_reader_close(&place->reader);
    for (size_t i = 0; i < ELEMENTS(names); i++)
        (void)unlinkat(place->directory, names[i], 0);
    (void)close(place->directory);
    int r = rmdir(place->path);
    free(place);
    return r;
}

static void append(const struct place *place, const char *name, const char *bytes, size_t size)
{
    cleanup_close int fd =
        openat(place->directory, name, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write_all(fd, bytes, size), 0);
}

/* Lines FIRST to LAST-1, each PADDING bytes longer than it must be. */
static void write_lines(const struct place *place, const char *name, unsigned first, unsigned last,
                        size_t padding)
{
    cleanup_free char *text = malloc((size_t)(last - first + 1) * (padding + 128));
    cleanup_free char *pad = malloc(padding + 1);
    size_t used = 0;
    assert_non_null(text);
    memset(pad, 'x', padding);
    pad[padding] = '\0';
    for (unsigned i = first; i < last; i++) {
        time_t when = BASE + i;
        struct tm day;
        char stamp[32];
        assert_non_null(gmtime_r(&when, &day));
        (void)strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &day);
        used += (size_t)snprintf(text + used, padding + 128, "%s.000Z auth refused user=\"%u%s\"\n",
                                 stamp, i, pad);
    }
    append(place, name, text, used);
}

static unsigned number_of(const char *line)
{
    const char *user = strstr(line, "user=\"");
    assert_non_null(user);
    return (unsigned)strtoul(user + 6, NULL, 10);
}

static void expect_forwards(struct place *place, unsigned first, unsigned last)
{
    char *line;
    for (unsigned i = first; i < last; i++) {
        assert_int_equal(log_reader_next(&place->reader, &line), 1);
        assert_int_equal(number_of(line), i);
    }
    assert_int_equal(log_reader_next(&place->reader, &line), 0);
}

static void expect_backwards(struct place *place, unsigned first, unsigned last)
{
    char *line;
    for (unsigned i = last; i-- > first;) {
        assert_int_equal(log_reader_previous(&place->reader, &line), 1);
        assert_int_equal(number_of(line), i);
    }
    assert_int_equal(log_reader_previous(&place->reader, &line), 0);
    assert_true(place->reader.oldest);
}

static void open_reader(struct place *place)
{
    log_reader_close(&place->reader);
    assert_int_equal(log_reader_open(place->directory, EVENT_FILE_auth, &place->reader), 0);
}

static void test_both_directions_over_three_files(void **state)
{
    struct place *place = *state;
    static const size_t paddings[] = {0, 7, 1000, 70000, 150000};
    for (size_t i = 0; i < ELEMENTS(paddings); i++) {
        unsigned count = paddings[i] > 1000 ? 7 : 2000;
        write_lines(place, "auth.log.2", 0, count, paddings[i]);
        write_lines(place, "auth.log.1", count, 2 * count, paddings[i]);
        write_lines(place, "auth.log", 2 * count, 3 * count, paddings[i]);
        open_reader(place);
        assert_int_equal(log_reader_seek(&place->reader, 0), 0);
        expect_forwards(place, 0, 3 * count);
        assert_int_equal(log_reader_seek_end(&place->reader), 0);
        expect_backwards(place, 0, 3 * count);
        log_reader_turn(&place->reader);
        expect_forwards(place, 0, 0);
        write_lines(place, "auth.log", 17, 18, paddings[i]);
        expect_forwards(place, 17, 18);
        assert_int_equal(unlinkat(place->directory, "auth.log", 0), 0);
        assert_int_equal(unlinkat(place->directory, "auth.log.1", 0), 0);
        assert_int_equal(unlinkat(place->directory, "auth.log.2", 0), 0);
    }
}

/* From every moment: nothing older than two seconds before it, and all that is not older. */
static void test_seek(void **state)
{
    enum { COUNT = 6000 };
    struct place *place = *state;
    write_lines(place, "auth.log.1", 0, COUNT, 50);
    write_lines(place, "auth.log", COUNT, 2 * COUNT, 50);
    append(place, "auth.log.3.gz", "", 0);
    open_reader(place);
    for (unsigned i = 0; i < 2 * COUNT; i += 37) {
        char *line;
        assert_int_equal(log_reader_seek(&place->reader, (BASE + (int64_t)i) * 1000), 0);
        assert_int_equal(log_reader_next(&place->reader, &line), 1);
        unsigned first = number_of(line);
        assert_true(first <= i);
        assert_int_equal(place->reader.oldest, i == 0);
        unsigned found = first; /* at most a block is read in vain */
        while (found < i && log_reader_next(&place->reader, &line) == 1)
            found = number_of(line);
        assert_int_equal(found, i);
        assert_true(i - first < 65536 / 100 + 10);
    }
    char *line;
    assert_int_equal(log_reader_seek(&place->reader, (BASE + INT64_C(100000)) * 1000), 0);
    unsigned rest = 0;
    while (log_reader_next(&place->reader, &line) == 1)
        rest++;
    assert_true(rest < 65536 / 100 + 10);
    assert_false(place->reader.compressed); /* .3.gz does not follow .1 */
}

static void test_unfinished_line(void **state)
{
    struct place *place = *state;
    write_lines(place, "auth.log", 0, 3, 0);
    append(place, "auth.log", "2026-11-22T", 11);
    open_reader(place);
    assert_int_equal(log_reader_seek_end(&place->reader), 0);
    expect_backwards(place, 0, 3);
    log_reader_turn(&place->reader);
    expect_forwards(place, 3, 3);
    static const char rest[] = "17:04:21.000Z auth refused user=\"3\"\n";
    append(place, "auth.log", rest, sizeof(rest) - 1);
    expect_forwards(place, 3, 4);
    assert_int_equal(log_reader_seek_end(&place->reader), 0);
    expect_backwards(place, 0, 4);
}

static void test_nothing_yet(void **state)
{
    struct place *place = *state;
    open_reader(place);
    assert_int_equal(log_reader_seek_end(&place->reader), 0);
    expect_backwards(place, 0, 0);
    log_reader_turn(&place->reader);
    expect_forwards(place, 0, 0);
    write_lines(place, "auth.log", 0, 3, 0);
    expect_forwards(place, 0, 3);
    assert_int_equal(unlinkat(place->directory, "auth.log", 0), 0);
    append(place, "auth.log", "no newline", 10);
    open_reader(place);
    assert_int_equal(log_reader_seek_end(&place->reader), 0);
    expect_backwards(place, 0, 0);
    assert_int_equal(log_reader_seek(&place->reader, 0), 0);
    expect_forwards(place, 0, 0);
}

static void rotate(const struct place *place)
{
    assert_int_equal(renameat(place->directory, "auth.log", place->directory, "auth.log.1"), 0);
}

/* A writer that had the file open before it was moved is not cut off either. */
static void test_rotation_while_following(void **state)
{
    struct place *place = *state;
    write_lines(place, "auth.log", 0, 3, 0);
    open_reader(place);
    assert_int_equal(log_reader_seek_end(&place->reader), 0);
    log_reader_turn(&place->reader);
    for (unsigned i = 3; i < 60; i += 3) {
        rotate(place);
        write_lines(place, "auth.log.1", i, i + 1, 0);
        expect_forwards(place, i, i + 1);
        write_lines(place, "auth.log", i + 2, i + 3, 0);
        write_lines(place, "auth.log.1", i + 1, i + 2, 0);
        expect_forwards(place, i + 1, i + 2);
        expect_forwards(place, i + 2, i + 3);
    }
}

static void test_truncation_while_following(void **state)
{
    struct place *place = *state;
    write_lines(place, "auth.log", 0, 3, 0);
    open_reader(place);
    assert_int_equal(log_reader_seek_end(&place->reader), 0);
    log_reader_turn(&place->reader);
    cleanup_close int fd = openat(place->directory, "auth.log", O_WRONLY | O_CLOEXEC);
    assert_int_equal(ftruncate(fd, 0), 0);
    write_lines(place, "auth.log", 3, 4, 0);
    expect_forwards(place, 3, 4);
}

/* A file of zeroes, or a line without an end: skipped, in bounded memory. */
static void test_line_that_is_too_long(void **state)
{
    enum { LONG = 3 * 1024 * 1024 };
    struct place *place = *state;
    cleanup_free char *junk = malloc(LONG);
    assert_non_null(junk);
    memset(junk, 'j', LONG);
    write_lines(place, "auth.log", 0, 3, 0);
    append(place, "auth.log", junk, LONG);
    append(place, "auth.log", "\n", 1);
    write_lines(place, "auth.log", 3, 6, 0);
    open_reader(place);
    assert_int_equal(log_reader_seek(&place->reader, 0), 0);
    expect_forwards(place, 0, 6);
    assert_int_equal(log_reader_seek_end(&place->reader), 0);
    expect_backwards(place, 0, 6);
    assert_int_equal(log_reader_seek(&place->reader, (BASE + INT64_C(5)) * 1000), 0);
    char *line;
    assert_int_equal(log_reader_next(&place->reader, &line), 1);
    assert_true(place->reader.block.allocated <= 1024 * 1024);
}

#define READER_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        READER_TEST(test_both_directions_over_three_files),
        READER_TEST(test_seek),
        READER_TEST(test_unfinished_line),
        READER_TEST(test_nothing_yet),
        READER_TEST(test_rotation_while_following),
        READER_TEST(test_truncation_while_following),
        READER_TEST(test_line_that_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
