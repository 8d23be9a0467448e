/* lib/config_lists.c: groups and shares of cellftpd.conf. */
#include "config_fixture.h"

#include "lib/rules.h"

static void test_groups_and_shares(void **state)
{
    (void)state;
    cleanup_config struct config *config = NULL;
    cleanup_free char *problems = NULL;
    write_text("cellftpd.conf",
               "groups = (\n"
               "  { name = \"staff\"; quota = \"10G\"; role = \"admin\"; sessions = 3; },\n"
               "  { name = \"guests\"; read_only = true; networks = [ \"127.0.0.0/8\" ];\n"
               "    hours = \"mon-fri\"; quota = 0; }\n"
               ");\n"
               "shares = ( { path = \"/srv/common\"; at = \"common\"; },\n"
               "  { path = \"/srv/b\"; at = \"b/c\"; read_only = false; users = [ \"alice\" ];\n"
               "    groups = [ \"staff\" ]; } );\n");
    if (load(&config, &problems) != 0)
        fail_msg("%s", problems);
    assert_int_equal(config->group_count, 2);
    const struct group_rules *staff = &config->groups[0], *guests = &config->groups[1];
    assert_string_equal(staff->name, "staff");
    assert_true(staff->sets_role && staff->admin && !staff->sets_read_only);
    assert_true(staff->rules.quota == UINT64_C(10) << 30 && staff->rules.sessions == 3);
    assert_false(RULES_HAVE(&staff->rules, hours));
    assert_true(guests->sets_read_only && guests->read_only && !guests->sets_role);
    assert_true(guests->rules.quota == 0 && RULES_HAVE(&guests->rules, quota));
    assert_string_equal(guests->rules.networks[0], "127.0.0.0/8");
    assert_int_equal(config->share_count, 2);
    const struct share *first = &config->shares[0], *second = &config->shares[1];
    assert_true(first->read_only && !first->users[0] && !first->groups[0]);
    assert_string_equal(second->path, "/srv/b");
    assert_string_equal(second->at, "b/c");
    assert_true(!second->read_only);
    assert_string_equal(second->users[0], "alice");
    assert_string_equal(second->groups[0], "staff");

    /* What is printed is read back as the same. */
    cleanup_free char *text = dumped(config), *again = NULL, *none = NULL;
    cleanup_config struct config *back = NULL;
    write_text("cellftpd.conf", text);
    if (load(&back, &none) != 0)
        fail_msg("%s", none);
    again = dumped(back);
    assert_string_equal(text, again);
    assert_int_equal(back->group_count, 2);
    assert_int_equal(back->share_count, 2);
}

static void test_conf_d_adds_to_them(void **state)
{
    (void)state;
    cleanup_free char *drop_ins = in_directory("conf.d");
    assert_int_equal(mkdir(drop_ins, 0755), 0);
    write_text("cellftpd.conf", "groups = ( { name = \"a\"; } );\n");
    write_text("conf.d/10.conf", "groups = ( { name = \"b\"; } );\n"
                                 "shares = ( { path = \"/x\"; at = \"x\"; } );\n");
    write_text("conf.d/20.conf", "groups = ( { name = \"c\"; },\n{ name = \"a\"; } );\n"
                                 "shares = ( );\n");
    cleanup_config struct config *config = NULL;
    cleanup_free char *problems = NULL;
    assert_int_equal(load(&config, &problems), -EINVAL);
    assert_string_equal(problems, "conf.d/20.conf:2: groups: there is a group \"a\" already; "
                                  "expected each once\n");
    assert_int_equal(config->group_count, 3);
    assert_string_equal(config->groups[1].name, "b");
    assert_int_equal(config->share_count, 1);
    remove_file("conf.d/10.conf");
    remove_file("conf.d/20.conf");
}

/* What a share must not be is told where the share is, whatever file the directories are in. */
static void test_problems_of_shares_have_a_place(void **state)
{
    (void)state;
    cleanup_free char *drop_ins = in_directory("conf.d");
    assert_true(mkdir(drop_ins, 0755) == 0 || errno == EEXIST);
    write_text("cellftpd.conf", "shares = ( { path = \"/x\"; at = \"x\"; } );\n");
    write_text("conf.d/10.conf", "shares = ( { path = \"/y\"; at = \"y\"; },\n"
                                 "{ path = \"/etc\"; at = \"z\"; } );\n");
    cleanup_config struct config *config = NULL;
    cleanup_free char *problems = NULL;
    assert_int_equal(load(&config, &problems), -EINVAL);
    assert_string_equal(problems, "conf.d/10.conf:2: shares: path \"/etc\" is in /etc, which is "
                                  "the system's: share another directory, with a copy of what "
                                  "is wanted\n");
    remove_file("conf.d/10.conf");
}

static void test_every_problem_is_told(void **state)
{
    (void)state;
#define NAME "\"...\" of at most 64 bytes, without spaces, commas, colons and slashes\n"
    static const struct {
        const char *text, *problems;
    } rows[] = {
        {"groups: { };",
         "cellftpd.conf:1: groups: not a list; expected groups = ( { ... }, { ... } "
         ");\n"},
        {"shares = [ 1 ];",
         "cellftpd.conf:1: shares: not a list; expected shares = ( { ... }, { ... } );\n"},
        {"groups = (\n5,\n{ });",
         "cellftpd.conf:2: groups: not a group of settings; expected { ... }\n"
         "cellftpd.conf:3: groups: a group needs a name = " NAME},
        {"groups = ( { name = \"a b\"; } );",
         "cellftpd.conf:1: groups: a group needs a name = " NAME},
        {"groups = ( { name = 5; } );", "cellftpd.conf:1: groups: a group needs a name = " NAME},
        {"groups = ( { name = \"a\";\nquota = -1;\nsessions = \"3\";\nhours = \"always\"; } );",
         "cellftpd.conf:2: groups.a.quota: -1 is out of range; expected \"none\", or a size from "
         "\"0 B\" to \"1048576 TiB\"\n"
         "cellftpd.conf:3: groups.a.sessions: \"3\" does not fit; expected \"none\", or a number "
         "from 1 to 4096 without quotes\n"
         "cellftpd.conf:4: groups.a.hours: expected days, times or both, as in \"mon-fri "
         "08:00-18:00, sat 09:00-12:00\"\n"},
        {"groups = ( { name = \"a\"; role = \"boss\";\nread_only = \"yes\";\nnetworks = [ \"x\" ];"
         "} );",
         "cellftpd.conf:1: groups.a.role: does not fit; expected \"user\" or \"admin\"\n"
         "cellftpd.conf:2: groups.a.read_only: \"yes\" does not fit; expected true or false, "
         "without quotes\n"
         "cellftpd.conf:3: groups.a.networks: expected networks or addresses, as in [ "
         "\"192.0.2.0/24\", \"2001:db8::/32\" ]\n"},
        {"groups = ( { name = \"a\"; qouta = 5; } );",
         "cellftpd.conf:1: groups.a.qouta: unknown; a group has name, role, read_only and the "
         "rules, which are in cellftpd.conf(5) under GROUPS AND SHARES\n"},
        {"shares = ( { path = \"/a\"; } );",
         "cellftpd.conf:1: shares: a share needs path = \"/a/folder/of/the/host\" and at = "
         "\"its/place\"\n"},
        {"shares = ( { path = \"a\";\nat = \"x\"; } );",
         "cellftpd.conf:1: shares.path: \"a\" does not fit; expected an absolute path in quotes, "
         "without \"..\"\n"},
        {"shares = ( { path = \"/a\"; at = \"x\"; colour = 1; } );",
         "cellftpd.conf:1: shares.colour: unknown; a share has path, at, read_only, users and "
         "groups\n"},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_loads(rows[i].text, -EINVAL, rows[i].problems);
    static const char *const places[] = {"", "/x", "x/", "x//y", ".", "..", "a/../b", "a/."};
    for (size_t i = 0; i < ELEMENTS(places); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "shares = ( { path = \"/a\"; at = \"%s\"; } );",
                       places[i]);
        assert_loads(text, -EINVAL,
                     "cellftpd.conf:1: shares.at: does not fit; expected a path below the user's "
                     "folder in quotes, without a slash in front and without \".\" and \"..\", as "
                     "in \"common\"\n");
    }
}

/* Whatever is cut off or changed, it is read or refused, and nothing is lost or read twice. */
static void test_damaged_lists(void **state)
{
    (void)state;
    static const char good[] =
        "groups = ( { name = \"a\"; quota = \"1G\"; networks = [ \"127.0.0.1\" ]; } );\n"
        "shares = ( { path = \"/x\"; at = \"x\"; users = [ \"u\" ]; } );\n";
    srand(1);
    for (size_t i = 0; i < 2000; i++) {
        char text[sizeof(good)];
        memcpy(text, good, sizeof(good));
        size_t size = i < sizeof(good) ? i : sizeof(good) - 1;
        if (i >= sizeof(good))
            text[(size_t)rand() % size] ^= (char)(1 << rand() % 7);
        write_file("cellftpd.conf", text, size);
        cleanup_config struct config *config = NULL;
        cleanup_free char *problems = NULL;
        int r = load(&config, &problems);
        assert_true(r == 0 || r == -EINVAL);
        assert_int_equal(r == 0, *problems == '\0');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_groups_and_shares),
        TEST(test_conf_d_adds_to_them),
        TEST(test_problems_of_shares_have_a_place),
        TEST(test_every_problem_is_told),
        TEST(test_damaged_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
