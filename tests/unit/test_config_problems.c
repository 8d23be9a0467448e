/*
 * lib/config.c, config_check.c, option.c: whatever is wrong in a configuration is said with its
 * place and what would be right, all of it in one run (row L13).
 */
#include "config_fixture.h"

#define ORDER "does not fit; expected \"local\", \"pam\" or both, each once\n"
#define SERVICE                                                                                    \
    "does not fit; expected the name of a file in /etc/pam.d, in lower case and without a slash\n"
#define ATTEMPTS "a number from 1 to 20, without quotes\n"
#define DEADLINE "a time from \"1 s\" to \"1 h\"\n"

static void test_one_problem(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *problem;
    } rows[] = {
        /* names */
        {"login: {\n  attemps = 3;\n};\n",
         "cellftpd.conf:2: login.attemps: unknown; the nearest known key is login.attempts\n"},
        {"directories: { delay = 3; };",
         "cellftpd.conf:1: directories.delay: unknown; the nearest known key is login.delay\n"},
        {"\n\nlogn: { attempts = 3; };",
         "cellftpd.conf:3: logn: unknown; the nearest known group is login\n"},
        {"attempts = 3;",
         "cellftpd.conf:1: attempts: unknown; the nearest known key is login.attempts, "
         "as in login: { attempts = ...; };\n"},
        {"login = 3;", "cellftpd.conf:1: login: not a group; expected login: { ... };\n"},
        {"login: { Attempts = 3; };",
         "cellftpd.conf:1: login.Attempts: unknown; the nearest known key is login.attempts\n"},
        /* numbers */
        {"login: { attempts = 0; };",
         "cellftpd.conf:1: login.attempts: 0 is out of range; expected " ATTEMPTS},
        {"login: { attempts = 21; };",
         "cellftpd.conf:1: login.attempts: 21 is out of range; expected " ATTEMPTS},
        {"login: { attempts = -1; };",
         "cellftpd.conf:1: login.attempts: -1 is out of range; expected " ATTEMPTS},
        /* libconfig 1.5 alone would make 3 of this */
        {"login: { attempts = 4294967299; };",
         "cellftpd.conf:1: login.attempts: 4294967299 is out of range; expected " ATTEMPTS},
        {"login: { attempts = 99999999999999999999; };",
         "cellftpd.conf:1: login.attempts: 9223372036854775807 is out of range; "
         "expected " ATTEMPTS},
        {"login: {\n attempts = 0x5; };",
         "cellftpd.conf:2: a hexadecimal number; write it in decimal digits\n"},
        {"login: { attempts = \"3\"; };",
         "cellftpd.conf:1: login.attempts: \"3\" does not fit; expected " ATTEMPTS},
        {"login: { attempts = 3.0; };",
         "cellftpd.conf:1: login.attempts: a decimal fraction does not fit; expected " ATTEMPTS},
        {"login: { attempts = true; };",
         "cellftpd.conf:1: login.attempts: true does not fit; expected " ATTEMPTS},
        {"login: { attempts = [ 3 ]; };",
         "cellftpd.conf:1: login.attempts: an array does not fit; expected " ATTEMPTS},
        {"login: { attempts = ( 3 ); };", "cellftpd.conf:1: login.attempts: a list in round "
                                          "brackets does not fit; expected " ATTEMPTS},
        {"login: { attempts: { }; };",
         "cellftpd.conf:1: login.attempts: a group does not fit; expected " ATTEMPTS},
        /* times */
        {"login: { deadline = \"61 min\"; };",
         "cellftpd.conf:1: login.deadline: \"61 min\" is out of range; expected " DEADLINE},
        {"login: { deadline = \"1 minute\"; };",
         "cellftpd.conf:1: login.deadline: \"1 minute\" does not fit; expected " DEADLINE},
        {"login: { deadline = 3601; };",
         "cellftpd.conf:1: login.deadline: 3601 is out of range; expected " DEADLINE},
        {"login: { deadline = -5; };",
         "cellftpd.conf:1: login.deadline: -5 is out of range; expected " DEADLINE},
        /* truth values */
        {"active: { enabled = \"false\"; };",
         "cellftpd.conf:1: active.enabled: \"false\" does not fit; "
         "expected true or false, without quotes\n"},
        {"active: { enabled = 0; };", "cellftpd.conf:1: active.enabled: 0 does not fit; "
                                      "expected true or false, without quotes\n"},
        /* permissions: 0640 without quotes would be six hundred and forty */
        {"files: { mode = 0640; };",
         "cellftpd.conf:1: files.mode: 640 does not fit; expected octal "
         "permissions in quotes, at least \"0000\", at most \"0666\"\n"},
        {"files: { mode = \"0755\"; };",
         "cellftpd.conf:1: files.mode: \"0755\" is out of range; expected octal "
         "permissions in quotes, at least \"0000\", at most \"0666\"\n"},
        {"files: { mode = \"0601\"; };",
         "cellftpd.conf:1: files.mode: \"0601\" is out of range; expected octal "
         "permissions in quotes, at least \"0000\", at most \"0666\"\n"},
        {"files: { directory_mode = \"0077\"; };",
         "cellftpd.conf:1: files.directory_mode: \"0077\" is out of range; expected octal "
         "permissions in "
         "quotes, at least \"0700\", at most \"0777\"\n"},
        /* ports */
        {"passive: { ports = \"2000-1999\"; };",
         "cellftpd.conf:1: passive.ports: \"2000-1999\" is out of range; expected a range within "
         "\"1024-65535\", in quotes, the smaller port first\n"},
        {"passive: { ports = \"1023-2000\"; };",
         "cellftpd.conf:1: passive.ports: \"1023-2000\" is out of range; expected a range within "
         "\"1024-65535\", in quotes, the smaller port first\n"},
        {"passive: { ports = \"2000-65536\"; };",
         "cellftpd.conf:1: passive.ports: \"2000-65536\" is out of range; expected a range within "
         "\"1024-65535\", in quotes, the smaller port first\n"},
        {"passive: { ports = \"2000\"; };",
         "cellftpd.conf:1: passive.ports: \"2000\" does not fit; expected a range within "
         "\"1024-65535\", in quotes, the smaller port first\n"},
        {"passive: { ports = \"2000-3000-4000\"; };",
         "cellftpd.conf:1: passive.ports: \"2000-3000-4000\" does not fit; expected a range within "
         "\"1024-65535\", in quotes, the smaller port first\n"},
        /* words */
        {"files: { list_time = \"UTC\"; };", "cellftpd.conf:1: files.list_time: \"UTC\" does not "
                                             "fit; expected one of \"utc\", \"local\"\n"},
        {"files: { list_time = \"utc|local\"; };",
         "cellftpd.conf:1: files.list_time: \"utc|local\" does not fit; expected one of \"utc\", "
         "\"local\"\n"},
        /* texts: a banner must not be able to forge a reply */
        {"server: { banner = \"\"; };",
         "cellftpd.conf:1: server.banner: \"\" is out of range; expected "
         "a text in quotes, 1 to 200 bytes of UTF-8 in one line\n"},
        {"server: { banner = \"a\\r\\n230 b\"; };",
         "cellftpd.conf:1: server.banner: \"a\\x0d\\x0a230 b\" does not fit; expected "
         "a text in quotes, 1 to 200 bytes of UTF-8 in one line\n"},
        {"server: { banner = \"a\\xff\"; };",
         "cellftpd.conf:1: server.banner: \"a\\xff\" does not fit; expected "
         "a text in quotes, 1 to 200 bytes of UTF-8 in one line\n"},
        /* paths */
        {"directories: { homes = \"srv/ftp\"; };",
         "cellftpd.conf:1: directories.homes: \"srv/ftp\" does not fit; expected an absolute path "
         "in quotes, "
         "without \"..\"\n"},
        {"directories: { homes = \"\"; };", "cellftpd.conf:1: directories.homes: \"\" does not "
                                            "fit; expected an absolute path in quotes, "
                                            "without \"..\"\n"},
        {"directories: { homes = \"/srv/../etc\"; };",
         "cellftpd.conf:1: directories.homes: \"/srv/../etc\" does not fit; expected an absolute "
         "path in "
         "quotes, without \"..\"\n"},
        {"directories: { homes = \"/srv/..\"; };",
         "cellftpd.conf:1: directories.homes: \"/srv/..\" does not fit; expected an absolute path "
         "in "
         "quotes, without \"..\"\n"},
        /* lists */
        {"files: { deny_names = \"*.exe\"; };", "cellftpd.conf:1: files.deny_names: \"*.exe\" does "
                                                "not fit; expected up to 64 texts, as in "
                                                "[ \"a\", \"b\" ]\n"},
        {"files: { deny_names = [ \"a\",\n\"\" ]; };",
         "cellftpd.conf:2: files.deny_names: \"\" does not fit; expected up to 64 texts, as in "
         "[ \"a\", \"b\" ]\n"},
        {"files: { deny_names = [ 1 ]; };",
         "cellftpd.conf:1: files.deny_names: 1 does not fit; expected up to 64 texts, as in "
         "[ \"a\", \"b\" ]\n"},
        /* each alone is right */
        {"accounts: {\n uid_min = 5000;\n uid_max = 4999; };",
         "cellftpd.conf:2: accounts.uid_min: accounts.uid_min is larger than accounts.uid_max; "
         "expected the "
         "same or less\n"},
        {"accounts: {\n\n uid_max = 199999; };",
         "cellftpd.conf:3: accounts.uid_min: accounts.uid_min is larger than accounts.uid_max; "
         "expected the "
         "same or less\n"},
        {"session: { idle = \"2 h\"; };", "cellftpd.conf:1: session.idle: session.idle is larger "
                                          "than session.idle_max; expected the same or "
                                          "less\n"},
        {"auth: { order = [ ]; };", "cellftpd.conf:1: auth.order: " ORDER},
        {"auth: { order = [ \"pam\", \"pam\" ]; };", "cellftpd.conf:1: auth.order: " ORDER},
        {"auth: { order = [ \"PAM\" ]; };", "cellftpd.conf:1: auth.order: " ORDER},
        {"pam: { service = \"../x\"; };", "cellftpd.conf:1: pam.service: " SERVICE},
        {"pam: { service = \"Cellftpd\"; };", "cellftpd.conf:1: pam.service: " SERVICE},
        /* a value that is wrong in itself is not compared as well */
        {"accounts: { uid_min = 999; uid_max = 1000; };",
         "cellftpd.conf:1: accounts.uid_min: 999 is out of range; expected a number from 1000 to "
         "4294967294, "
         "without quotes\n"},
        {"passive: { address = \"::1\"; };", "cellftpd.conf:1: passive.address: \"::1\" does not "
                                             "fit; expected \"auto\" or an IPv4 address\n"},
        {"passive: { address = \"0.0.0.0\"; };",
         "cellftpd.conf:1: passive.address: \"0.0.0.0\" does not fit; expected \"auto\" or an IPv4 "
         "address\n"},
        {"passive: { address = \"ftp.example.org\"; };",
         "cellftpd.conf:1: passive.address: \"ftp.example.org\" does not fit; expected \"auto\" or "
         "an IPv4 "
         "address\n"},
        {"passive: { networks = [ \"10.0.0.0/8=10.0.0.1\", \"10.0.0.0/33=10.0.0.1\" ]; };",
         "cellftpd.conf:1: passive.networks: \"10.0.0.0/33=10.0.0.1\" does not fit; expected "
         "NETWORK=ADDRESS, "
         "as in \"10.0.0.0/8=auto\"\n"},
        {"passive: { networks = [ \"10.0.0.0/8\" ]; };",
         "cellftpd.conf:1: passive.networks: \"10.0.0.0/8\" does not fit; expected "
         "NETWORK=ADDRESS, as in \"10.0.0.0/8=auto\"\n"},
        {"passive: { networks = [ \"10.0.0.0/8=2001:db8::1\" ]; };",
         "cellftpd.conf:1: passive.networks: \"10.0.0.0/8=2001:db8::1\" does not fit; expected "
         "NETWORK=ADDRESS, as in \"10.0.0.0/8=auto\"\n"},
        /* not a configuration at all */
        {"login: {\n attempts = 3\n", "cellftpd.conf:3: syntax error\n"},
        {"login: { attempts = 3; attempts = 4; };", "cellftpd.conf:1: duplicate setting name\n"},
        {"login.attempts = 3;", "cellftpd.conf:1: syntax error\n"},
        {"\n\"", "cellftpd.conf:2: a string that never ends\n"},
        {"login: { };\n/* attempts = 5;\n", "cellftpd.conf:2: a comment that never ends\n"},
        {"login: { };\n  @include \"/etc/passwd\"\n",
         "cellftpd.conf:2: @include is not followed; put the file into conf.d instead\n"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_loads(rows[i].text, -EINVAL, rows[i].problem);
}

static void test_all_problems_in_one_run(void **state)
{
    (void)state;
    assert_loads(
        "login: {\n"
        "    attempts = 0;\n"
        "    attemps = 3;\n"
        "    deadline = \"1 h\";\n"
        "};\n"
        "logins: { };\n"
        "session: { idle = 7200; };\n",
        -EINVAL,
        "cellftpd.conf:2: login.attempts: 0 is out of range; expected " ATTEMPTS
        "cellftpd.conf:3: login.attemps: unknown; the nearest known key is login.attempts\n"
        "cellftpd.conf:6: logins: unknown; the nearest known group is login\n"
        "cellftpd.conf:7: session.idle: session.idle is larger than session.idle_max; expected the "
        "same or less\n");
}

static void test_long_values(void **state)
{
    (void)state;
    enum { LONG = 6000 };
    char *text = malloc(LONG + 100);
    assert_non_null(text);
    static const char *const forms[] = {"server: { banner = \"%s\"; };",
                                        "directories: { homes = \"/%s\"; };",
                                        "files: { deny_names = [ \"%s\" ]; };",
                                        "login: { %s = 1; };",
                                        "%s: { };",
                                        "login: { attempts = %s; };"};
    for (size_t i = 0; i < ELEMENTS(forms); i++) {
        char *run = malloc(LONG + 1);
        assert_non_null(run);
        memset(run, i == 5 ? '1' : 'x', LONG);
        run[LONG] = '\0';
        cleanup_buffer struct buffer file;
        buffer_init(&file, 2 * LONG);
        const char *hole = strstr(forms[i], "%s");
        assert_int_equal(buffer_append(&file, forms[i], (size_t)(hole - forms[i])), 0);
        assert_int_equal(buffer_append_string(&file, run), 0);
        assert_int_equal(buffer_append_string(&file, hole + 2), 0);
        free(run);

        cleanup_config struct config *config = NULL;
        cleanup_free char *problems = NULL;
        write_file("cellftpd.conf", buffer_begin(&file), buffer_size(&file));
        assert_int_equal(load(&config, &problems), -EINVAL);
        assert_true(strlen(problems) > 20 &&
                    strlen(problems) < 500); /* said, but not all of it repeated */
        assert_ptr_equal(strchr(problems, '\n'), problems + strlen(problems) - 1);
    }
    free(text);
}

static void test_list_is_full(void **state)
{
    (void)state;
    for (unsigned count = 64; count <= 65; count++) {
        cleanup_buffer struct buffer file;
        buffer_init(&file, 10000);
        assert_int_equal(buffer_append_string(&file, "files: { deny_names = [ \"0\""), 0);
        for (unsigned i = 1; i < count; i++)
            assert_int_equal(buffer_append_format(&file, ", \"%u\"", i), 0);
        assert_int_equal(buffer_append_string(&file, " ]; };"), 0);
        cleanup_config struct config *config = NULL;
        cleanup_free char *problems = NULL;
        write_file("cellftpd.conf", buffer_begin(&file), buffer_size(&file));
        assert_int_equal(load(&config, &problems), count == 64 ? 0 : -EINVAL);
        if (count == 64)
            assert_string_equal(config->files_deny_names[63], "63");
        else
            assert_non_null(strstr(problems, "files.deny_names: \"64\" is out of range"));
    }
}

static void test_problems_have_a_limit(void **state)
{
    (void)state;
    cleanup_free char *path = in_directory("cellftpd.conf");
    cleanup_config struct config *config = NULL;
    cleanup_buffer struct buffer problems;
    write_text("cellftpd.conf", "aaa: { };\nbbb: { };\nccc: { };\n");
    buffer_init(&problems, 150);
    assert_int_equal(config_load(path, true, &config, &problems), -EINVAL);
    assert_true(buffer_size(&problems) > 0);
    assert_int_equal(buffer_begin(&problems)[buffer_size(&problems) - 1], '\n'); /* whole lines */
}

/* Every beginning of a good file: no crash, no leak, and never success with another value than
 * before or after. */
static void test_every_truncation_and_flip(void **state)
{
    (void)state;
    static const char text[] = "login: { attempts = 12; delay = \"2 s\"; }; # x\n"
                               "files: { deny_names = [ \"a\\\"\" ]; /* y */ };\n";
    for (size_t size = 0; size < sizeof(text); size++) {
        cleanup_config struct config *config = NULL;
        cleanup_free char *problems = NULL;
        write_file("cellftpd.conf", text, size);
        int r = load(&config, &problems);
        assert_true(r == 0 || r == -EINVAL);
        assert_int_equal(r == 0, *problems == '\0');
        assert_true(config->login_attempts == 3 || config->login_attempts == 12);
    }
    for (size_t bit = 0; bit < (sizeof(text) - 1) * 8; bit++) {
        char flipped[sizeof(text)];
        cleanup_config struct config *config = NULL;
        cleanup_free char *problems = NULL;
        memcpy(flipped, text, sizeof(text));
        flipped[bit / 8] = (char)(flipped[bit / 8] ^ 1 << bit % 8);
        write_file("cellftpd.conf", flipped, sizeof(text) - 1);
        int r = load(&config, &problems);
        assert_true(r == 0 || r == -EINVAL);
        assert_int_equal(r == 0, *problems == '\0');
        assert_in_range(config->login_attempts, 1, 20);
        assert_in_range(config->login_delay, 0, 30000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_one_problem),           TEST(test_all_problems_in_one_run),
        TEST(test_long_values),           TEST(test_list_is_full),
        TEST(test_problems_have_a_limit), TEST(test_every_truncation_and_flip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
