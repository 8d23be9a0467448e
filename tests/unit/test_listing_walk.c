/* session/listing*.c: the walk over many entries and folders. Security rows C03, P08, P10. */
#include "listing_fixture.h"
#include "session/listing_private.h"

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { MANY = 20000, LONG_NAME = 230, DEEP = 5000 };

static void test_names_are_of_what_can_be_used(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "socket"};
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(mkfifo("fifo", 0600), 0);
    assert_int_equal(symlink("fifo", "to-fifo"), 0);
    assert_int_equal(symlink("sub", "to-sub"), 0);
    assert_int_equal(symlink("file", "to-file"), 0);
    assert_int_equal(symlink("none", "to-none"), 0);
    assert_int_equal(symlink("to-loop", "to-loop"), 0);
    put_file("file", 0);
    put_folder("sub");
    assert_names(NULL, "file\r\nsub\r\nto-file\r\nto-sub\r\n");
    assert_names("to-*", "to-file\r\nto-sub\r\n");
    assert_names("fifo", "");
    assert_names("to-none", "");
    assert_names("to-loop", "");

    struct listing_view view = view_of(LISTING_LONG);
    cleanup_free char *text = list_view(&view, NULL);
    assert_memory_equal(text, "prw-------   1 ", 15);
    assert_non_null(strstr(text, "\r\nsrw"));
    cleanup_free char *fifo = list_view(&view, "fifo");
    assert_memory_equal(fifo, "prw-------   1 ", 15);
}

static void test_recursion(void **state)
{
    (void)state;
    static const char *const folders[] = {"b", "a", "a/z", "a/y", "a/y/deep", ".hidden"};
    for (size_t i = 0; i < ELEMENTS(folders); i++)
        put_folder(folders[i]);
    put_file("b/file", 0);
    put_file("a/y/deep/file", 0);
    put_file("c", 0);
    assert_int_equal(symlink("../..", "a/z/up"), 0);
    assert_names("-R", ".:\r\na\r\nb\r\nc\r\n"
                       "\r\n./a:\r\ny\r\nz\r\n"
                       "\r\n./a/y:\r\ndeep\r\n"
                       "\r\n./a/y/deep:\r\nfile\r\n"
                       "\r\n./a/z:\r\nup\r\n"
                       "\r\n./b:\r\nfile\r\n");
    assert_names("-R a/", "a/:\r\ny\r\nz\r\n\r\na/y:\r\ndeep\r\n\r\na/y/deep:\r\nfile\r\n"
                          "\r\na/z:\r\nup\r\n");
    assert_names("-aR a/z", "a/z:\r\nup\r\n");
    struct listing_view view = view_of(LISTING_LONG);
    cleanup_free char *text = list_view(&view, "-Ra");
    assert_non_null(strstr(text, "\r\n\r\n./.hidden:\r\ndrwxr-x---   1 "));
}

/* Folders that may not be read or entered, as somebody else than root. */
static void test_closed_folders_are_passed_over(void **state)
{
    (void)state;
    put_folder("a");
    put_folder("a/closed");
    put_folder("a/open");
    put_file("a/open/file", 0);
    put_folder("names-only"); /* names may be read, what they stand for may not */
    put_file("names-only/file", 0);
    assert_int_equal(chmod(".", 0755) | chmod("a", 0755) | chmod("a/open", 0755), 0);
    assert_int_equal(chmod("a/closed", 0) | chmod("names-only", 0444), 0);
    bool root = geteuid() == 0;
    if (root)
        assert_int_equal(seteuid(65534), 0);
    struct listing_view view = view_of(LISTING_LONG);
    int closed = list_error(&view, "a/closed");
    cleanup_free char *text = list_view(&view, "names-only");
    assert_names("-R a", "a:\r\nclosed\r\nopen\r\n\r\na/open:\r\nfile\r\n");
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(closed, -EACCES);
    assert_string_equal(text, "");
}

static void test_p08_deep_tree(void **state)
{
    (void)state;
    cleanup_close int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (unsigned i = 0; i < DEEP; i++) {
        assert_int_equal(mkdirat(fd, "d", 0700), 0);
        int next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(next >= 0);
        close_fd(fd);
        fd = next;
    }
    for (int format = LISTING_LONG; format <= LISTING_NAMES; format++) {
        struct listing_view view = view_of((enum listing_format)format);
        cleanup_free char *text = list_view(&view, "-R");
        unsigned headers = 0;
        for (const char *at = text; (at = strstr(at, ":\r\n")); at++)
            headers++;
        assert_int_equal(headers, LISTING_DEPTH_MAX + 1);
    }
}

/* A listing is the same however it is cut, and lines are never cut. */
static void test_pieces(void **state)
{
    (void)state;
    char name[32];
    for (unsigned i = 0; i < 300; i++) {
        (void)snprintf(name, sizeof(name), "file%u", i);
        put_file(name, i);
    }
    put_folder("sub");
    put_file("sub/x", 0);
    for (int format = LISTING_LONG; format <= LISTING_FACTS; format++) {
        struct listing_view view = view_of((enum listing_format)format);
        view.recursive = true;
        cleanup_free char *whole = list_view(&view, NULL);
        for (size_t size = 1; size < 5000; size = 3 * size + 1) {
            uint64_t count;
            int error;
            cleanup_free char *text = list_in_pieces(&view, NULL, size, &count, &error);
            assert_string_equal(text, whole);
            assert_int_equal(count, format == LISTING_FACTS ? 301 : 302);
        }
    }
}

static void test_output_that_is_full(void **state)
{
    (void)state;
    struct listing *listing;
    cleanup_buffer struct buffer out;
    struct listing_view view = view_of(LISTING_NAMES);
    put_file("aaaaaa", 0);
    put_file("bbbbbb", 0);
    buffer_init(&out, 12);
    assert_int_equal(listing_open(&view, NULL, &listing), 0);
    assert_int_equal(listing_fill(listing, &out, 1000), 1);
    assert_int_equal(buffer_size(&out), 8);
    assert_int_equal(listing_fill(listing, &out, 1000), 1);
    assert_int_equal(listing_count(listing), 1);
    buffer_clear(&out);
    assert_int_equal(listing_fill(listing, &out, 1000), 0);
    assert_memory_equal(buffer_begin(&out), "bbbbbb\r\n", 8);
    assert_int_equal(listing_count(listing), 2);
    listing_free(listing);

    buffer_free(&out);
    buffer_init(&out, 7);
    assert_int_equal(listing_open(&view, NULL, &listing), 0);
    assert_int_equal(listing_fill(listing, &out, 1000), -ENOBUFS);
    listing_free(listing);
}

static void test_entry_that_is_gone_when_its_line_comes(void **state)
{
    (void)state;
    struct listing *listing;
    cleanup_buffer struct buffer out;
    struct listing_view view = view_of(LISTING_LONG);
    buffer_init(&out, 1000);
    put_file("a", 0);
    put_file("b", 0);
    assert_int_equal(listing_open(&view, NULL, &listing), 0);
    assert_int_equal(unlink("a"), 0);
    assert_int_equal(listing_fill(listing, &out, 1000), 0);
    assert_int_equal(listing_count(listing), 1);
    assert_memory_equal(buffer_begin(&out) + buffer_size(&out) - 4, " b\r\n", 4);
    listing_free(listing);
}

/* A folder that is exchanged for a link between being read and being entered. */
static void test_c03_exchanged_folder_is_not_followed(void **state)
{
    (void)state;
    struct listing *listing;
    cleanup_buffer struct buffer out;
    struct listing_view view = view_of(LISTING_NAMES);
    view.recursive = true;
    buffer_init(&out, 1000);
    put_folder("a");
    put_folder("a/b");
    put_folder("other");
    put_folder("other/b");
    put_file("other/b/stolen", 0);
    assert_int_equal(listing_open(&view, NULL, &listing), 0);
    assert_int_equal(listing_fill(listing, &out, strlen(".:\r\na\r\nother\r\n\r\n./a:\r\nb\r\n")),
                     1);
    assert_int_equal(rename("a", "away"), 0);
    assert_int_equal(symlink("other", "a"), 0);
    assert_int_equal(listing_fill(listing, &out, 1000), 0);
    static const char expected[] = ".:\r\na\r\nother\r\n\r\n./a:\r\nb\r\n"
                                   "\r\n./other:\r\nb\r\n\r\n./other/b:\r\nstolen\r\n";
    assert_int_equal(buffer_size(&out), strlen(expected));
    assert_memory_equal(buffer_begin(&out), expected, strlen(expected));
    listing_free(listing);
}

/* TEXT has a line that ends with each of the numbered names, once. */
static void assert_each_once(const char *text)
{
    cleanup_free unsigned char *seen = calloc(MANY, 1);
    unsigned found = 0;
    assert_non_null(seen);
    for (const char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        if (end - line <= LONG_NAME) /* a header, or one of the folders */
            continue;
        unsigned long number = strtoul(end - 10, NULL, 10);
        assert_in_range(number, 0, MANY - 1);
        assert_int_equal(seen[number], 0);
        seen[number] = 1;
        found++;
    }
    assert_int_equal(found, MANY);
}

/* More names than are kept in memory: not sorted, but all there, once, and their folders visited.
 */
static void test_p10_more_than_can_be_sorted(void **state)
{
    (void)state;
    char name[LONG_NAME + 1];
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(name, sizeof(name), "%0*u", LONG_NAME, i);
        put_file(name, 0);
    }
    struct listing_view names = view_of(LISTING_NAMES);
    struct directory directory;
    int fd = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    directory_init(&directory);
    assert_int_equal(directory_begin(&directory, fd, &names, NULL, true), 0);
    assert_false(directory.sorted);
    assert_int_equal(directory.names_allocated + directory.order_allocated, 0);
    directory_free(&directory);

    put_folder("sub");
    put_file("sub/x", 0);
    put_folder("sub/y");
    for (int format = LISTING_LONG; format <= LISTING_FACTS; format++) {
        struct listing_view view = view_of((enum listing_format)format);
        uint64_t count;
        int error;
        view.recursive = true;
        cleanup_free char *text = list_in_pieces(&view, NULL, 100000, &count, &error);
        assert_int_equal(error, 0);
        assert_int_equal(count, format == LISTING_FACTS ? MANY + 1 : MANY + 3);
        assert_each_once(text);
        if (format == LISTING_NAMES)
            assert_non_null(strstr(text, "\r\n\r\n./sub:\r\nx\r\ny\r\n\r\n./sub/y:\r\n"));
    }
}

/* The folders still to be visited take so much memory and no more, whatever is pushed. */
static void test_p08_pending_folders_are_bounded(void **state)
{
    (void)state;
    struct pending pending = {0};
    char path[PATH_MAX];
    char long_path[PATH_MAX];
    unsigned depth;
    assert_false(pending_pop(&pending, path, &depth));
    assert_int_equal(pending_push(&pending, "", "first", 1), 0);
    assert_int_equal(pending_push(&pending, "a/b", "second", 3), 0);
    memset(long_path, 'x', sizeof(long_path));
    long_path[PATH_MAX - 1] = '\0';
    assert_int_equal(pending_push(&pending, "a", long_path, 4), 0); /* longer than a path is */
    for (unsigned i = 0; i < 2000; i++)
        assert_int_equal(pending_push(&pending, "", long_path, 5), 0);
    assert_true(pending.end <= LISTING_PENDING_MAX);
    assert_true(pending.allocated <= LISTING_PENDING_MAX);
    unsigned popped = 0;
    while (pending_pop(&pending, path, &depth) && depth == 5) {
        assert_string_equal(path, long_path);
        popped++;
    }
    assert_in_range(popped, 1000, LISTING_PENDING_MAX / (PATH_MAX - 1));
    assert_string_equal(path, "a/b/second");
    assert_int_equal(depth, 3);
    assert_true(pending_pop(&pending, path, &depth));
    assert_string_equal(path, "first");
    assert_int_equal(depth, 1);
    assert_false(pending_pop(&pending, path, &depth));
    pending_free(&pending);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names_are_of_what_can_be_used, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_recursion, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_closed_folders_are_passed_over, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_p08_deep_tree, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_pieces, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_output_that_is_full, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_entry_that_is_gone_when_its_line_comes, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_c03_exchanged_folder_is_not_followed, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test(test_p08_pending_folders_are_bounded),
        cmocka_unit_test_setup_teardown(test_p10_more_than_can_be_sorted, fixture_enter,
                                        fixture_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
