/* src/ftplint/listing.c and facts.c: how lines of LIST and of MLSD are read, and what is none. */
#include "ftplint/facts.h"
#include "ftplint/listing.h"
#include "ftplint/runner.h"
#include "lib/cleanup.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

struct row {
    const char *line;
    const char *name; /* NULL: no line of a listing */
    uint64_t size;
    enum list_time precision;
    bool directory;
    bool link;
};

static const struct row rows[] = {
    {"-rw-r--r--   1 alice    users        4321 Nov 23 08:13 name", "name", 4321,
     .precision = LIST_TIME_MINUTE},
    {"drwxr-xr-x   2 alice    users        4096 Feb  3  2001 a  b ", "a  b ", 4096,
     .precision = LIST_TIME_DAY, .directory = true},
    {"-rw-r--r-- 1 1 1 0 Feb 3 2001  leading", " leading", 0, .precision = LIST_TIME_DAY},
    {"lrwxrwxrwx 1 a b 7 Feb 3 2001 from -> to", "from", 7, .precision = LIST_TIME_DAY,
     .link = true},
    {"-rw-r--r-- 1 a 17 May 06 07:08 no group", "no group", 17, .precision = LIST_TIME_MINUTE},
    {"-rw-rw----+ 1 a b 17 may 6 7:08 x", "x", 17, .precision = LIST_TIME_MINUTE},
    {"-rw-r--r-- 1 May 12 13 Jun 14 2001 x", "x", 13, .precision = LIST_TIME_DAY},
    {"11-23-26  08:13AM       <DIR>          a b", "a b", 0, .precision = LIST_TIME_MINUTE,
     .directory = true},
    {"11-23-2026  08:13PM                 4321 a b", "a b", 4321, .precision = LIST_TIME_MINUTE},
    {"+i8388621.48594,m825718503,r,s280,\tdjb.html", "djb.html", 280,
     .precision = LIST_TIME_MINUTE},
    {"+/,\tfolder", "folder", 0, .precision = LIST_TIME_NONE, .directory = true},
    {.line = ""},
    {.line = "total 12"},
    {.line = "name"},
    {.line = "-rw-r--r-- 1 a b 4321 Nov 23 08:13"},
    {.line = "-rw-r--r-- 1 a b 4321 Nov 23 25:13 x"},
    {.line = "-rw-r--r-- 1 a b 4321 Nov -3 08:13 x"},
    {.line = "13-23-26  08:13AM       <DIR>          a"},
    {.line = "type=file;size=3; name"},
};

static void check_rows(struct exam *exam)
{
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct list_entry entry;
        bool read = list_parse(exam, rows[i].line, &entry);
        if (read != (rows[i].name != NULL))
            fail_msg("\"%s\" is %sread", rows[i].line, read ? "" : "not ");
        if (!read)
            continue;
        assert_string_equal(entry.name, rows[i].name);
        assert_int_equal(entry.size, rows[i].size);
        assert_int_equal(entry.precision, rows[i].precision);
        assert_int_equal(entry.directory, rows[i].directory);
        assert_int_equal(entry.link, rows[i].link);
    }
}

/* What has no year is of the year that ends now. */
static void check_years(struct exam *exam)
{
    for (int days = 0; days < 360; days += 7) {
        char line[128];
        time_t then = time(NULL) - (time_t)days * 24 * 3600;
        struct tm parts;
        struct list_entry entry;
        (void)strftime(line, sizeof(line), "-rw-r--r-- 1 a b 1 %b %e %H:%M x",
                       gmtime_r(&then, &parts));
        assert_true(list_parse(exam, line, &entry));
        assert_int_equal(entry.time, then - then % 60);
    }
}

static void check_facts(struct exam *exam)
{
    static const char *const good[] = {
        "type=file;size=3; name",
        " name",
        "  name",
        "Type=OS.unix=slink:/a;x.y=\"'\\; a;b=c",
        "perm=; x",
    };
    static const char *const bad[] = {
        "",
        "name",
        "type=file;size=3 name",
        "type=file; size=3; name",
        "type; name",
        "=a; name",
        "type=a\tb; name",
        "total 12",
        "type=file;;size=3; name",
    };
    struct facts facts;
    for (size_t i = 0; i < ELEMENTS(good); i++)
        if (facts_problem(exam, good[i]))
            fail_msg("\"%s\": %s", good[i], facts_problem(exam, good[i]));
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        if (!facts_problem(exam, bad[i]))
            fail_msg("\"%s\" passes", bad[i]);
    facts_read(exam, "Type=file;SIZE=3;  two words", &facts);
    assert_int_equal(facts.count, 2);
    assert_string_equal(fact_value(&facts, "size"), "3");
    assert_null(fact_value(&facts, "siz"));
    assert_string_equal(facts.name, " two words");
}

static void check_times(struct exam *exam)
{
    static const char *const bad[] = {"",
                                      "2026112308130",
                                      "202611230813000",
                                      "20261123081300.",
                                      "20261123081300.1x",
                                      "20261323081300",
                                      "20261123241300",
                                      "2026-11-23T08:13:00"};
    int64_t when;
    (void)exam;
    assert_true(time_value("19700102000001", &when));
    assert_int_equal(when, 24 * 3600 + 1);
    assert_true(time_value("20010203040506.789", &when));
    assert_int_equal(when, 981173106);
    for (size_t i = 0; i < ELEMENTS(bad); i++)
        if (time_value(bad[i], &when))
            fail_msg("\"%s\" passes", bad[i]);
}

/* Runs CHECK as a test of ftplint runs, with memory of its own. */
static void run(void (*check)(struct exam *exam))
{
    static struct dialogue dialogue;
    struct test test = {.name = "unit.listing.check", .run = check};
    struct target target = {.timeout = 1000, .test_limit = 10000};
    struct server server = {0};
    struct result result;
    exam_run(&test, &target, &server, &dialogue, &result);
    dialogue_free(&dialogue);
    assert_int_equal(result.outcome, OUTCOME_PASSED);
}

static void test_rows(void **state)
{
    (void)state;
    run(check_rows);
}

static void test_years(void **state)
{
    (void)state;
    run(check_years);
}

static void test_facts(void **state)
{
    (void)state;
    run(check_facts);
}

static void test_times(void **state)
{
    (void)state;
    run(check_times);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_years),
        cmocka_unit_test(test_facts),
        cmocka_unit_test(test_times),
    };
    return cmocka_run_group_tests_name("ftplint's listings", tests, NULL, NULL);
}
