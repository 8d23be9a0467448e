/* session/listing*.c: LIST and NLST. Security rows C05, C06, C17, C18, E02, P07, P09. */
#include "listing_fixture.h"
#include "session/names.h"

#include <time.h>

enum { DAY = 86400 };

/* The line of LIST about NAME, without its end. */
static char *long_line_of(const struct listing_view *view, const char *name)
{
    char *text = list_view(view, name);
    size_t size = strlen(text);
    assert_true(size > 2);
    assert_string_equal(text + size - 2, "\r\n");
    text[size - 2] = '\0';
    assert_null(strchr(text, '\r'));
    return text;
}

static void assert_long_line(const struct listing_view *view, const char *name,
                             const char *expected)
{
    cleanup_free char *line = long_line_of(view, name);
    assert_string_equal(line, expected);
}

static void test_long_line(void **state)
{
    (void)state;
    struct listing_view view = view_of(LISTING_LONG);
    put_file("name", 12345);
    assert_int_equal(chown("name", getuid(), getuid()), 0);
    set_time("name", 981207296); /* 2001-02-03 13:34:56 UTC */
    assert_long_line(&view, "name",
                     "-rw-r-----   1 alice    alice         12345 Feb  3  2001 name");

    assert_int_equal(link("name", "other name"), 0);
    assert_int_equal(truncate("name", 1234567890123), 0);
    set_time("name", 981207296);
    view.owner = "a-long-user-name";
    assert_long_line(&view, "other name",
                     "-rw-r-----   2 a-long-user-name a-long-user-name 1234567890123 "
                     "Feb  3  2001 other name");

    put_file("name2", 0);
    set_time("name2", 1000000000);
    cleanup_free char *both = list_view(&view, "name*");
    assert_non_null(strstr(both, " Feb  3  2001 name\r\n"));
    assert_non_null(strstr(both, " Sep  9  2001 name2\r\n"));

    view.uid = getuid() + 1;
    assert_long_line(&view, "./name",
                     "-rw-r-----   2 other    other    1234567890123 Feb  3  2001 ./name");
    view.uid = getuid();
    view.owner = "two words\r\n";
    assert_long_line(&view, "name",
                     "-rw-r-----   2 two?words?? two?words?? 1234567890123 Feb  3  2001 name");
}

static void test_modes(void **state)
{
    (void)state;
    static const struct {
        mode_t mode;
        const char *text;
    } modes[] = {
        {0, "----------"},     {0777, "-rwxrwxrwx"},  {0421, "-r---w---x"},
        {04755, "-rwsr-xr-x"}, {04644, "-rwSr--r--"}, {02755, "-rwxr-sr-x"},
        {02644, "-rw-r-Sr--"}, {01777, "-rwxrwxrwt"}, {01666, "-rw-rw-rwT"},
    };
    struct listing_view view = view_of(LISTING_LONG);
    put_file("f", 0);
    for (size_t i = 0; i < ELEMENTS(modes); i++) {
        assert_int_equal(chmod("f", modes[i].mode), 0);
        cleanup_free char *line = long_line_of(&view, "f");
        line[10] = '\0';
        assert_string_equal(line, modes[i].text);
    }
}

/* The date column of the only file in the present directory. */
static void assert_date(const struct listing_view *view, time_t seconds, bool recent,
                        const struct tm *expected)
{
    char text[32];
    set_time("f", seconds);
    cleanup_free char *line = long_line_of(view, "f");
    size_t size = recent ? strftime(text, sizeof(text), "%b %e %H:%M", expected)
                         : strftime(text, sizeof(text), "%b %e  %Y", expected);
    assert_int_equal(size, 12);
    assert_memory_equal(line + strlen(line) - strlen(" f") - 12, text, 12);
}

static void test_dates(void **state)
{
    (void)state;
    static const long ages[] = {-2 * DAY, -3600,     -120,      0,         60,        3600,
                                30 * DAY, 181 * DAY, 184 * DAY, 366 * DAY, 5000 * DAY};
    struct listing_view view = view_of(LISTING_LONG);
    time_t now = time(NULL);
    put_file("f", 0);
    for (size_t i = 0; i < ELEMENTS(ages); i++) {
        struct tm when;
        time_t seconds = now - ages[i];
        bool recent = ages[i] >= 0 && ages[i] <= 181 * DAY;
        view.local_time = false;
        assert_date(&view, seconds, recent, gmtime_r(&seconds, &when));
        view.local_time = true;
        assert_date(&view, seconds, recent, localtime_r(&seconds, &when));
    }
}

static void test_order_and_hidden_names(void **state)
{
    (void)state;
    static const char *const names[] = {"b",        "B",  "a",    "a b", ".profile",
                                        "\xc3\xa4", "a!", "\xff", "-la", "ab"};
    for (size_t i = 0; i < ELEMENTS(names); i++)
        put_file(names[i], 0);
    assert_names(NULL, "-la\r\nB\r\na\r\na b\r\na!\r\nab\r\nb\r\n\xc3\xa4\r\n\xff\r\n");
    assert_names("-a", "-la\r\n.profile\r\nB\r\na\r\na b\r\na!\r\nab\r\nb\r\n\xc3\xa4\r\n\xff\r\n");
    assert_names(".profile", ".profile\r\n");
    assert_names("./-la", "./-la\r\n");
    assert_names("-- -la", "-la\r\n");
}

static void test_c06_parent_is_shown_as_the_folder_itself(void **state)
{
    (void)state;
    struct listing_view view = view_of(LISTING_LONG);
    put_folder("sub");
    put_folder("sub/inner");
    set_time("sub", 1000000000);
    cleanup_free char *text = list_view(&view, "-a sub");
    char *second = strstr(text, "\r\n") + 2;
    size_t columns = (size_t)(second - text) - strlen(".\r\n");
    assert_memory_equal(text, "drwxr-x---   1 ", 15);
    assert_memory_equal(text + columns, ".\r\n", 3);
    assert_memory_equal(second, text, columns);
    assert_memory_equal(second + columns, "..\r\n", 4);

    assert_names("-a sub", "inner\r\n");
}

static void test_c05_link_targets(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        const char *shown;
    } links[] = {
        {"sub/file", "l -> sub/file"},
        {"missing", "l -> missing"},
        {"/etc/passwd", "l"},
        {"/", "l"},
        {"//x", "l"},
        {"a\nb", "l"},
        {"a\x1b[m", "l"},
        {"sub/secret", "l"},
        {"secret/x", "l"},
        {NAME_TEMPORARY_PREFIX "1", "l"},
        {"l", "l -> l"},
    };
    char secret[] = "secret";
    char *const rules[] = {secret, NULL};
    struct listing_view view = view_of(LISTING_LONG);
    view.deny_names = rules;
    for (size_t i = 0; i < ELEMENTS(links); i++) {
        assert_int_equal(symlink(links[i].target, "l"), 0);
        cleanup_free char *line = long_line_of(&view, "");
        assert_int_equal(line[0], 'l');
        assert_string_equal(strstr(line, " l") + 1, links[i].shown);
        assert_int_equal(unlink("l"), 0);
    }
}

static void test_e02_no_control_byte_ever(void **state)
{
    (void)state;
    static const char *const names[] = {"x\r\n226 ok", "\x1b[2J", "\t", "\x7f", " lead", "213 End"};
    for (size_t i = 0; i < ELEMENTS(names); i++)
        put_file(names[i], 0);
    assert_names("", "?\r\n?[2J\r\n lead\r\n213 End\r\nx??226 ok\r\n?\r\n");

    put_folder("evil\r\ndir");
    put_folder("evil\r\ndir/in\nside");
    for (int format = LISTING_LONG; format <= LISTING_FACTS; format++) {
        struct listing_view view = view_of((enum listing_format)format);
        view.recursive = true;
        cleanup_free char *text = list_view(&view, NULL);
        size_t size = strlen(text);
        for (size_t at = 0; at < size; at++) {
            if (text[at] == '\r' && text[at + 1] == '\n')
                at++;
            else
                assert_true((unsigned char)text[at] >= ' ' && text[at] != '\x7f');
        }
    }
}

static void test_p09_options(void **state)
{
    (void)state;
    struct listing_view view = view_of(LISTING_LONG);
    put_file("1000000000", 0);
    put_file(".hidden", 0);
    put_folder("sub");
    put_file("sub/x", 0);
    cleanup_free char *plain = list_view(&view, NULL);
    for (char letter = '!'; letter <= '~'; letter++) {
        char option[] = {'-', letter, '\0'};
        cleanup_free char *text = list_view(&view, option);
        if (letter == 'a')
            assert_non_null(strstr(text, " .hidden\r\n"));
        else if (letter == 'R')
            assert_non_null(strstr(text, "\r\n./sub:\r\n"));
        else
            assert_string_equal(text, plain);
    }
    assert_names("-w 1000000000", "1000000000\r\n");
    assert_names("-w1000000000", "1000000000\r\nsub\r\n");
    assert_int_equal(list_error(&view, "-w 999"), -ENOENT);
    assert_int_equal(list_error(&view, "-"), -ENOENT);

    char many[3 * 200 + 4] = "";
    for (size_t i = 0; i < 200; i++)
        memcpy(many + 3 * i, "-l ", 3);
    memcpy(many + 600, "sub", 4);
    assert_names(many, "x\r\n");
    char long_group[5000];
    memset(long_group, 'l', sizeof(long_group));
    long_group[0] = '-';
    long_group[sizeof(long_group) - 1] = '\0';
    assert_names(long_group, "1000000000\r\nsub\r\n");

    view.format = LISTING_FACTS;
    assert_int_equal(list_error(&view, "-a"), -ENOENT);
}

static void test_paths(void **state)
{
    (void)state;
    struct listing_view view = view_of(LISTING_LONG);
    char missing[PATH_MAX + 10];
    memset(missing, 'x', sizeof(missing));
    missing[sizeof(missing) - 1] = '\0';
    put_folder("sub");
    put_file("sub/file", 3);
    assert_int_equal(symlink("sub", "link"), 0);
    assert_int_equal(symlink("sub/file", "filelink"), 0);
    assert_names("sub", "file\r\n");
    assert_names("link", "file\r\n");
    assert_names("sub/../sub/", "file\r\n");
    assert_names("sub/file", "sub/file\r\n");
    assert_names("filelink", "filelink\r\n");
    assert_int_equal(list_error(&view, "sub/none"), -ENOENT);
    assert_int_equal(list_error(&view, "sub/file/"), -ENOTDIR);
    assert_int_equal(list_error(&view, "sub/file/x"), -ENOTDIR);
    assert_int_equal(list_error(&view, missing), -ENAMETOOLONG);
    missing[300] = '\0';
    assert_int_equal(list_error(&view, missing), -ENAMETOOLONG);
}

static void test_c17_c18_names_that_do_not_exist(void **state)
{
    (void)state;
    static const char *const paths[] = {"secret",
                                        ".//secret",
                                        "a/../secret",
                                        "secret/",
                                        "secret/inner",
                                        "a/secret",
                                        "a//./secret",
                                        "secret/..",
                                        "secret/*",
                                        NAME_TEMPORARY_PREFIX "1",
                                        "a/" NAME_TEMPORARY_PREFIX "1"};
    char rule[] = "secre?";
    char *const rules[] = {rule, NULL};
    put_folder("a");
    put_folder("secret");
    put_folder("secret/inner");
    put_file("a/secret", 0);
    put_file("secrets", 0);
    put_file("secre?", 0);
    put_file(NAME_TEMPORARY_PREFIX "1", 0);
    put_file("a/" NAME_TEMPORARY_PREFIX "1", 0);
    for (int format = LISTING_LONG; format <= LISTING_FACTS; format++) {
        struct listing_view view = view_of((enum listing_format)format);
        view.deny_names = rules;
        view.all = true;
        view.recursive = true;
        for (size_t i = 0; i < ELEMENTS(paths); i++)
            assert_int_equal(list_error(&view, paths[i]), -ENOENT);
        cleanup_free char *text = list_view(&view, NULL);
        assert_null(strstr(text, "secret\r"));
        assert_null(strstr(text, "secret:"));
        assert_null(strstr(text, "inner"));
        assert_null(strstr(text, NAME_TEMPORARY_PREFIX));
        assert_non_null(strstr(text, "secrets\r\n"));
    }
    struct listing_view view = view_of(LISTING_NAMES);
    view.deny_names = rules;
    cleanup_free char *text = list_view(&view, "s?cre*");
    assert_string_equal(text, "secrets\r\n");
    cleanup_free char *denied_pattern = list_view(&view, "secre?");
    assert_string_equal(denied_pattern, "");
}

static void test_patterns(void **state)
{
    (void)state;
    put_folder("sub");
    put_file("sub/a.txt", 0);
    put_file("sub/b.txt", 0);
    put_file("sub/.c.txt", 0);
    put_file("a1", 0);
    put_file("a[1]", 0);
    put_file("[", 0);
    assert_names("sub/*.txt", "sub/a.txt\r\nsub/b.txt\r\n");
    assert_names("-a sub/*.txt", "sub/.c.txt\r\nsub/a.txt\r\nsub/b.txt\r\n");
    assert_names("sub/.*", "sub/.c.txt\r\n");
    assert_names("-R s*", "sub\r\n");
    assert_names("./a?", "./a1\r\n");
    assert_names("*x*", "");
    /* Whatever is really called so is meant. */
    assert_names("a[1]", "a[1]\r\n");
    assert_names("[", "[\r\n");
    struct listing_view view = view_of(LISTING_LONG);
    assert_int_equal(list_error(&view, "none/*"), -ENOENT);
    cleanup_free char *text = list_view(&view, "-la sub/a*");
    assert_non_null(strstr(text, " sub/a.txt\r\n"));
    assert_null(strstr(text, " ."));

    view.format = LISTING_FACTS;
    assert_int_equal(list_error(&view, "sub/*"), -ENOENT);
}

/* Each of these made some server's CPU or heap explode. */
static void test_p07_glob_bombs(void **state)
{
    (void)state;
    static const char *const bombs[] = {"{a,b,c}{a,b,c}{a,b,c}{a,b,c}{a,b,c}{a,b,c}{a,b,c}{a,b,c}",
                                        "*/../*/../*", "~{", "~root"};
    struct listing_view view = view_of(LISTING_NAMES);
    put_folder("sub");
    for (size_t i = 0; i < ELEMENTS(bombs); i++)
        assert_int_equal(list_error(&view, bombs[i]), -ENOENT);
    assert_names("[[[[", "");

    char pattern[400];
    char name[NAME_MAX + 1];
    memset(pattern, '*', 60);
    memcpy(pattern + 60, "b", 2);
    memset(name, 'a', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (char c = 'a'; c <= 'z'; c++) {
        name[NAME_MAX - 1] = c;
        put_file(name, 0);
    }
    cleanup_free char *found = list_view(&view, pattern);
    assert_int_equal(strlen(found), NAME_MAX + strlen("\r\nsub\r\n"));
    memset(pattern, '*', sizeof(pattern));
    pattern[NAME_MAX + 1] = '\0';
    char everything[] = "*";
    char *const rules[] = {everything, NULL};
    view.deny_names = rules; /* so that the kernel is not asked about the pattern as a name */
    assert_int_equal(list_error(&view, pattern), -ENAMETOOLONG);
}

int main(void)
{
    /* Two hours and a half ahead of UTC, without summer time. */
    if (setenv("TZ", "TST-2:30", 1) < 0)
        return 1;
    tzset();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_long_line, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_modes, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_dates, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_order_and_hidden_names, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_c06_parent_is_shown_as_the_folder_itself,
                                        fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_c05_link_targets, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_e02_no_control_byte_ever, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_p09_options, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_paths, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_c17_c18_names_that_do_not_exist, fixture_enter,
                                        fixture_leave),
        cmocka_unit_test_setup_teardown(test_patterns, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_p07_glob_bombs, fixture_enter, fixture_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
