/* lib/config.c and config_file.c: what is in the files, and nothing else, becomes the
 * configuration. */
#include "config_fixture.h"

#include "lib/clock.h"

#include <inttypes.h>

#define ATTEMPTS "a number from 1 to 20, without quotes\n"

static void test_defaults(void **state)
{
    (void)state;
    cleanup_config struct config *config = defaults();
    assert_string_equal(config->server_banner, "FTP server ready.");
    assert_string_equal(config->directories_homes, "/srv/ftp");
    assert_int_equal(config->accounts_uid_min, 1900000000);
    assert_int_equal(config->login_attempts, 3);
    assert_int_equal(config->login_deadline, 60000);
    assert_int_equal(config->session_idle, 300000);
    assert_int_equal(config->passive_ports.first, 50000);
    assert_int_equal(config->passive_ports.last, 50999);
    assert_non_null(config->passive_networks);
    assert_null(config->passive_networks[0]);
    assert_true(config->active_enabled);
    assert_false(config->active_port_20);
    assert_int_equal(config->files_mode, 0640);
    assert_int_equal(config->files_list_time, LIST_TIME_UTC);
}

static void test_missing_file(void **state)
{
    (void)state;
    cleanup_config struct config *config = NULL;
    cleanup_free char *problems = NULL;
    assert_int_equal(load(&config, &problems), -ENOENT);
    assert_string_equal(problems, "cellftpd.conf: No such file or directory\n");
    assert_non_null(config);
}

static void test_values(void **state)
{
    (void)state;
    static const char text[] =
        "# a comment\n"
        "server: { banner = \"Gr\xc3\xbc\xc3\x9f \\\"Gott\\\" \\\\o/\"; };\n"
        "directories: { homes = \"/data/ftp\"; };\n"
        "accounts: { uid_min = 3000000000; uid_max = 4294967294L; };\n"
        "login: { attempts = 20; deadline = \"90 s\"; delay = 2; }\n"
        "passive: { ports = \"2000-2000\"; address = \"192.0.2.1\";\n"
        "  networks = [ \"10.0.0.0/8=10.0.0.1\", \"192.0.2.3=auto\" ]; };\n"
        "active: { enabled = false; port_20 = TRUE; };\n"
        "files: { mode = \"600\"; list_time = \"local\"; deny_names = [ \"*.exe\" ]; };\n";
    cleanup_config struct config *config = NULL;
    cleanup_free char *problems = NULL;
    write_file("cellftpd.conf", text, strlen(text));
    assert_int_equal(load(&config, &problems), 0);
    assert_string_equal(problems, "");
    assert_string_equal(config->server_banner, "Gr\xc3\xbc\xc3\x9f \"Gott\" \\o/");
    assert_string_equal(config->directories_homes, "/data/ftp");
    assert_true(config->accounts_uid_min == 3000000000);
    assert_true(config->accounts_uid_max == 4294967294);
    assert_int_equal(config->login_attempts, 20);
    assert_int_equal(config->login_deadline, 90000);
    assert_int_equal(config->login_delay, 2000); /* a bare number means seconds */
    assert_int_equal(config->passive_ports.first, 2000);
    assert_int_equal(config->passive_ports.last, 2000);
    assert_string_equal(config->passive_address, "192.0.2.1");
    assert_string_equal(config->passive_networks[0], "10.0.0.0/8=10.0.0.1");
    assert_string_equal(config->passive_networks[1], "192.0.2.3=auto");
    assert_null(config->passive_networks[2]);
    assert_false(config->active_enabled);
    assert_true(config->active_port_20);
    assert_int_equal(config->files_mode, 0600);
    assert_int_equal(config->files_list_time, LIST_TIME_LOCAL);
    assert_string_equal(config->files_deny_names[0], "*.exe");
    assert_int_equal(config->limits_connections, 1000); /* untouched */
}

static void test_empty_files(void **state)
{
    (void)state;
    assert_loads("", 0, "");
    assert_loads("# nothing\n/* @include \"x\" 0x10 */\n// 1\n", 0, "");
    assert_loads("login: { };\n", 0, "");
}

static void test_file_itself(void **state)
{
    (void)state;
    cleanup_free char *path = in_directory("cellftpd.conf");
    static const char zero[] = "login: { attempts = 5; };\n\0login: { attempts = 6; };\n";
    cleanup_config struct config *config = NULL;
    cleanup_free char *problems = NULL;
    write_file("cellftpd.conf", zero, sizeof(zero) - 1);
    assert_int_equal(load(&config, &problems), -EINVAL);
    assert_string_equal(problems, "cellftpd.conf:2: a zero byte; this is not a text file\n");

    static const mode_t modes[] = {0660, 0606, 0620, 0602, 0666};
    for (size_t i = 0; i < ELEMENTS(modes); i++) {
        write_file("cellftpd.conf", "", 0);
        assert_int_equal(chmod(path, modes[i]), 0);
        cleanup_config struct config *other = NULL;
        cleanup_free char *said = NULL;
        assert_int_equal(load(&other, &said), -EINVAL);
        assert_string_equal(said, "cellftpd.conf: writable by others than its owner; expected the "
                                  "permissions 0644\n");
    }
    assert_int_equal(chmod(path, 0644), 0);
    assert_loads("", 0, "");

    if (geteuid() == 0) { /* only root can give a file away */
        assert_int_equal(chown(path, 65534, 0), 0);
        assert_loads("", -EINVAL, "cellftpd.conf: owned by another user; expected root\n");
    }
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mkfifo(path, 0600), 0);
    cleanup_config struct config *fifo = NULL;
    cleanup_free char *fifo_problems = NULL;
    assert_int_equal(load(&fifo, &fifo_problems), -EINVAL); /* and does not hang */
    assert_string_equal(fifo_problems, "cellftpd.conf: not a regular file\n");
    assert_int_equal(unlink(path), 0);

    assert_int_equal(mkdir(path, 0700), 0);
    cleanup_config struct config *folder = NULL;
    cleanup_free char *folder_problems = NULL;
    assert_int_equal(load(&folder, &folder_problems), -EINVAL);
    assert_string_equal(folder_problems, "cellftpd.conf: not a regular file\n");
    assert_int_equal(rmdir(path), 0);

    char *large = malloc(300000);
    assert_non_null(large);
    memset(large, '\n', 300000);
    write_file("cellftpd.conf", large, 300000);
    free(large);
    cleanup_config struct config *huge = NULL;
    cleanup_free char *huge_problems = NULL;
    assert_int_equal(load(&huge, &huge_problems), -EFBIG);
    assert_string_equal(huge_problems, "cellftpd.conf: File too large\n");
}

static void test_drop_ins(void **state)
{
    (void)state;
    static const char *const unread[] = {"conf.d/README",   "conf.d/30.conf.dpkg-old",
                                         "conf.d/40.conf~", "conf.d/.50.conf",
                                         "conf.d/.conf",    "conf.d/a b.conf"};
    cleanup_free char *drop_ins = in_directory("conf.d");
    assert_int_equal(mkdir(drop_ins, 0755), 0);
    write_text("cellftpd.conf",
               "login: { attempts = 4; bad_commands = 4; }; limits: { waiting = 4; };");
    write_text("conf.d/20.conf", "login: { attempts = 6; };");
    write_text("conf.d/10.conf", "login: { attempts = 5; bad_commands = 5; };");
    for (size_t i = 0; i < ELEMENTS(unread); i++)
        write_text(unread[i], "nonsense");
    {
        cleanup_config struct config *config = NULL;
        cleanup_free char *problems = NULL;
        int r = load(&config, &problems);
        assert_string_equal(problems, "");
        assert_int_equal(r, 0);
        assert_int_equal(config->login_attempts, 6);
        assert_int_equal(config->login_bad_commands, 5);
        assert_int_equal(config->limits_waiting, 4);
    }
    /* A list replaces the one before. Problems name the file, those between files the last of them.
     */
    write_text("conf.d/10.conf",
               "files: { deny_names = [ \"a\", \"b\" ]; };\naccounts: { uid_min = 7000; };");
    write_text("conf.d/20.conf", "files: { deny_names = [ \"c\" ]; };\nlogin: { attempts = 0; };");
    write_text("conf.d/30.conf", "accounts: { uid_max = 6999; };");
    {
        cleanup_config struct config *config = NULL;
        cleanup_free char *problems = NULL;
        assert_int_equal(load(&config, &problems), -EINVAL);
        assert_string_equal(
            problems, "conf.d/20.conf:2: login.attempts: 0 is out of range; expected " ATTEMPTS
                      "conf.d/10.conf:2: accounts.uid_min: accounts.uid_min is larger than "
                      "accounts.uid_max; expected the same or less\n");
        assert_string_equal(config->files_deny_names[0], "c");
        assert_null(config->files_deny_names[1]);
    }
    /* The same care as with the file itself. */
    cleanup_free char *third = in_directory("conf.d/30.conf");
    write_text("conf.d/10.conf", "");
    write_text("conf.d/20.conf", "");
    assert_int_equal(chmod(third, 0622), 0);
    {
        cleanup_config struct config *config = NULL;
        cleanup_free char *problems = NULL;
        assert_int_equal(load(&config, &problems), -EINVAL);
        assert_string_equal(problems,
                            "conf.d/30.conf: writable by others than its owner; expected the "
                            "permissions 0644\n");
    }
    /* A link to nowhere is a file that was meant and is not there. */
    assert_int_equal(unlink(third), 0);
    assert_int_equal(symlink("/nonexistent", third), 0);
    {
        cleanup_config struct config *config = NULL;
        cleanup_free char *problems = NULL;
        assert_int_equal(load(&config, &problems), -ENOENT);
        assert_string_equal(problems, "conf.d/30.conf: No such file or directory\n");
    }
    for (size_t i = 0; i < ELEMENTS(unread); i++)
        remove_file(unread[i]);
    remove_file("conf.d/10.conf");
    remove_file("conf.d/20.conf");
    remove_file("conf.d/30.conf");
}

/* The file that is installed says what would be so without it. Tests run in the source directory.
 */
static void test_installed_file_equals_the_defaults(void **state)
{
    (void)state;
    char text[16384];
    cleanup_close int fd = open("etc/cellftpd.conf", O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    ssize_t size = read(fd, text, sizeof(text));
    assert_true(size > 0 && size < (ssize_t)sizeof(text));
    write_file("cellftpd.conf", text, (size_t)size);

    cleanup_config struct config *config = NULL;
    cleanup_config struct config *initial = defaults();
    cleanup_free char *problems = NULL;
    int r = load(&config, &problems);
    assert_string_equal(problems, "");
    assert_int_equal(r, 0);
    for (size_t i = 0; i < option_count(); i++)
        assert_same_option(option_at(i), config, initial);
}

/* Every connection loads it. The bound is far above what it takes, for sanitizers and busy
 * machines. */
static void test_loading_is_fast(void **state)
{
    (void)state;
    cleanup_config struct config *config = defaults();
    cleanup_free char *text = dumped(config);
    write_file("cellftpd.conf", text, strlen(text));
    uint64_t before = clock_usec();
    for (unsigned i = 0; i < 100; i++) {
        cleanup_config struct config *again = NULL;
        cleanup_free char *problems = NULL;
        assert_int_equal(load(&again, &problems), 0);
    }
    uint64_t each = (clock_usec() - before) / 100;
    print_message("one load of all options: %" PRIu64 " us\n", each);
    assert_true(each < 20000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),
        TEST(test_missing_file),
        TEST(test_values),
        TEST(test_empty_files),
        TEST(test_file_itself),
        TEST(test_drop_ins),
        TEST(test_installed_file_equals_the_defaults),
        TEST(test_loading_is_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
