/* session/listing_facts.c: facts for MLSD, MLST, FEAT and OPTS MLST. Security rows C02, C06, E02,
 * E07, E10. */
#include "listing_fixture.h"

#include <time.h>

/* The facts of ENTRY as text. */
static char *facts_of(const struct listing_view *view, const struct statx *entry, const char *kind)
{
    cleanup_buffer struct buffer out;
    buffer_init(&out, 1000);
    assert_int_equal(listing_append_facts(&out, view, entry, kind), 0);
    return strndup(buffer_begin(&out), buffer_size(&out));
}

static void assert_facts(const struct listing_view *view, const struct statx *entry,
                         const char *kind, const char *expected)
{
    cleanup_free char *text = facts_of(view, entry, kind);
    assert_string_equal(text, expected);
}

/* The number is SipHash-2-4 of the 16 bytes 01 00 00 00 08 00 00 00 67 12 00 00 00 00 00 00 (device
 * minor and major, inode), by an implementation in Python that gives the vector of the SipHash
 * paper. */
static void test_all_facts(void **state)
{
    (void)state;
    struct listing_view view = view_of(LISTING_FACTS);
    struct statx entry = {.stx_mode = S_IFREG | 04640,
                          .stx_size = 12,
                          .stx_uid = view.uid,
                          .stx_mtime = {.tv_sec = 1795367061, .tv_nsec = 999},
                          .stx_ino = 4711,
                          .stx_dev_major = 8,
                          .stx_dev_minor = 1};
    assert_facts(&view, &entry, NULL,
                 "type=file;size=12;modify=20261122170421;perm=adfrw;unique=e6021eab81f0a4a8;"
                 "UNIX.mode=4640; ");
    entry.stx_size = UINT64_MAX;
    view.facts = FACT_SIZE | FACT_UNIX_MODE;
    assert_facts(&view, &entry, NULL, "size=18446744073709551615;UNIX.mode=4640; ");
    view.facts = 0;
    assert_facts(&view, &entry, NULL, " ");
    entry.stx_mode = S_IFDIR | 0750;
    view.facts = FACT_TYPE | FACT_SIZE;
    assert_facts(&view, &entry, NULL, "type=dir; ");
    assert_facts(&view, &entry, "cdir", "type=cdir; ");

    cleanup_buffer struct buffer full;
    buffer_init(&full, 10);
    assert_int_equal(listing_append_facts(&full, &view, &entry, NULL), 0);
    assert_int_equal(listing_append_facts(&full, &view, &entry, NULL), -ENOBUFS);
    assert_int_equal(buffer_size(&full), 10);
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        uint16_t mode;
        const char *text;
    } types[] = {
        {S_IFREG, "type=file;perm=adfrw; "},         {S_IFDIR, "type=dir;perm=cdeflmp; "},
        {S_IFLNK, "type=OS.unix=symlink;perm=df; "}, {S_IFIFO, "type=OS.unix=fifo;perm=df; "},
        {S_IFSOCK, "type=OS.unix=socket;perm=df; "}, {S_IFCHR, "type=OS.unix=character;perm=df; "},
        {S_IFBLK, "type=OS.unix=block;perm=df; "},
    };
    struct listing_view view = view_of(LISTING_FACTS);
    view.facts = FACT_TYPE | FACT_PERM;
    for (size_t i = 0; i < ELEMENTS(types); i++) {
        struct statx entry = {.stx_mode = types[i].mode | 0700, .stx_uid = view.uid};
        assert_facts(&view, &entry, NULL, types[i].text);
    }
}

/* RFC 3659 section 7.5.5. */
static void test_permissions(void **state)
{
    (void)state;
    enum { OWNER, GROUP, OTHER };
    static const struct {
        uint16_t mode;
        int who;
        bool read_only;
        const char *kind;
        const char *text;
    } rows[] = {
        {S_IFREG | 0600, OWNER, false, NULL, "perm=adfrw; "},
        {S_IFREG | 0600, OWNER, true, NULL, "perm=r; "},
        {S_IFREG | 0400, OWNER, false, NULL, "perm=dfr; "},
        {S_IFREG | 0277, OWNER, false, NULL, "perm=adfw; "},
        {S_IFREG | 0060, GROUP, false, NULL, "perm=adfrw; "},
        {S_IFREG | 0707, GROUP, false, NULL, "perm=df; "},
        {S_IFREG | 0604, OTHER, false, NULL, "perm=dfr; "},
        {S_IFDIR | 0700, OWNER, false, NULL, "perm=cdeflmp; "},
        {S_IFDIR | 0700, OWNER, true, NULL, "perm=el; "},
        {S_IFDIR | 0700, OWNER, false, "cdir", "perm=celmp; "},
        {S_IFDIR | 0600, OWNER, false, NULL, "perm=df; "},
        {S_IFDIR | 0300, OWNER, false, NULL, "perm=cdefmp; "},
        {S_IFDIR | 0705, OTHER, false, "pdir", "perm=el; "},
        {S_IFDIR | 0701, OTHER, false, "pdir", "perm=e; "},
    };
    struct listing_view view = view_of(LISTING_FACTS);
    view.facts = FACT_PERM;
    view.uid = 200000;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct statx entry = {.stx_mode = rows[i].mode,
                              .stx_uid = rows[i].who == OWNER ? 200000 : 65534,
                              .stx_gid = rows[i].who == GROUP ? 200000 : 65534};
        view.read_only = rows[i].read_only;
        assert_facts(&view, &entry, rows[i].kind, rows[i].text);
    }
}

static void assert_modify(int64_t seconds, const char *expected)
{
    struct listing_view view = view_of(LISTING_FACTS);
    struct statx entry = {.stx_mtime = {.tv_sec = seconds}};
    view.facts = FACT_MODIFY;
    cleanup_free char *text = facts_of(&view, &entry, NULL);
    assert_memory_equal(text, "modify=", 7);
    assert_memory_equal(text + 7, expected, strlen(expected));
    assert_string_equal(text + 7 + 14, "; ");
}

static void test_e10_dates(void **state)
{
    (void)state;
    static const struct {
        int64_t seconds;
        const char *text;
    } dates[] = {
        {0, "19700101000000"},          {-1, "19691231235959"},
        {951782400, "20000229000000"},  {-62167219200, "00000101000000"},
        {4107542400, "21000301000000"}, {253402300799, "99991231235959"},
        {253402300800, "99991231"},     {INT64_MAX, "99991231"},
        {-62167219201, "00000101"},     {INT64_MIN, "00000101"},
    };
    for (size_t i = 0; i < ELEMENTS(dates); i++)
        assert_modify(dates[i].seconds, dates[i].text);

    /* Every day of four centuries and more, at another second each. */
    for (int64_t day = -200000; day < 200000; day++) {
        char text[16];
        struct tm when;
        time_t seconds = day * 86401;
        assert_non_null(gmtime_r(&seconds, &when));
        assert_int_equal(strftime(text, sizeof(text), "%Y%m%d%H%M%S", &when), 14);
        assert_modify(seconds, text);
    }
}

static void test_scan(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned facts;
    } rows[] = {
        {"", 0},
        {";", 0},
        {"type;", FACT_TYPE},
        {"type", FACT_TYPE},
        {"TYPE;Size;mOdIfY;PERM;Unique;unix.MODE;", FACT_USUAL},
        {"x.AVBL;type;", FACT_AVAILABLE | FACT_TYPE},
        {"size;size;size;", FACT_SIZE},
        {"create;size;UNIX.owner;lang;", FACT_SIZE},
        {"type=;", 0},
        {"typ;types;type ; type;", 0},
        {"type*;", 0},
        {";;type;;", FACT_TYPE},
        {"UNIX.mod;UNIX;.mode;", 0},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        assert_int_equal(listing_scan_facts(rows[i].text), rows[i].facts);
}

/* Pure-FTPd read past the end of this string (CVE-2024-48208). */
static void test_e07_scan_of_anything(void **state)
{
    (void)state;
    static const char good[] = "type;size;modify;perm;unique;UNIX.mode;";
    for (size_t size = 0; size < sizeof(good); size++) {
        cleanup_free char *text = strndup(good, size); /* exact, so that ASan sees one byte more */
        unsigned expected = listing_scan_facts(text);
        assert_int_equal(expected & ~(unsigned)FACT_USUAL, 0);
        assert_int_equal(expected & FACT_TYPE, size >= 4 ? FACT_TYPE : 0);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            text[bit / 8] ^= (char)(1 << bit % 8);
            assert_int_equal(listing_scan_facts(text) & ~(unsigned)FACT_USUAL, 0);
            text[bit / 8] ^= (char)(1 << bit % 8);
        }
    }
    char large[4096];
    for (size_t i = 0; i < sizeof(large); i++)
        large[i] = "perm;nosuchfact;"[i % 16];
    large[sizeof(large) - 1] = '\0';
    assert_int_equal(listing_scan_facts(large), FACT_PERM);
    memset(large, 'x', sizeof(large) - 1);
    assert_int_equal(listing_scan_facts(large), 0);
}

static void assert_fact_names(unsigned facts, bool mark, const char *expected)
{
    cleanup_buffer struct buffer out;
    buffer_init(&out, 200);
    assert_int_equal(listing_append_fact_names(&out, facts, mark), 0);
    assert_int_equal(buffer_size(&out), strlen(expected));
    if (expected[0])
        assert_memory_equal(buffer_begin(&out), expected, strlen(expected));
}

static void test_fact_names(void **state)
{
    (void)state;
    assert_fact_names(FACT_USUAL, true, "type*;size*;modify*;perm*;unique*;UNIX.mode*;X.avbl;");
    assert_fact_names(FACT_SIZE | FACT_PERM, true,
                      "type;size*;modify;perm*;unique;UNIX.mode;X.avbl;");
    assert_fact_names(FACT_SIZE | FACT_PERM, false, "size;perm;");
    assert_fact_names(0, false, "");
    assert_fact_names(0, true, "type;size;modify;perm;unique;UNIX.mode;X.avbl;");
}

/* Of directories, and only where it is the answer for them, too: not below a mount. */
static void test_available(void **state)
{
    (void)state;
    struct listing_view view = view_of(LISTING_FACTS);
    struct statx found;
    view.facts = FACT_TYPE | FACT_AVAILABLE;
    view.available = 12345678901;
    put_folder("room");
    put_folder("room/sub");
    put_file("room/file", 7);
    assert_int_equal(statx(AT_FDCWD, "room", 0, STATX_MNT_ID, &found), 0);
    view.mount = found.stx_mnt_id;
    cleanup_free char *text = list_view(&view, "room/sub");
    assert_string_equal(text, "type=cdir;X.avbl=12345678901; .\r\n"
                              "type=pdir;X.avbl=12345678901; ..\r\n");
    cleanup_free char *all = list_view(&view, "room");
    assert_non_null(strstr(all, "type=dir;X.avbl=12345678901; sub\r\n"));
    assert_non_null(strstr(all, "type=file; file\r\n"));
    view.mount++;
    cleanup_free char *other = list_view(&view, "room/sub");
    assert_string_equal(other, "type=cdir; .\r\ntype=pdir; ..\r\n");
}

static void test_mlsd(void **state)
{
    (void)state;
    struct listing_view view = view_of(LISTING_FACTS);
    view.facts = FACT_TYPE | FACT_SIZE | FACT_MODIFY | FACT_PERM;
    put_folder("sub");
    put_file("sub/.file", 7);
    set_time("sub/.file", 1795367061);
    set_time("sub", 1000000000);
    cleanup_free char *text = list_view(&view, "sub");
    assert_string_equal(text, "type=cdir;modify=20010909014640;perm=celmp; .\r\n"
                              "type=pdir;modify=20010909014640;perm=celmp; ..\r\n"
                              "type=file;size=7;modify=20261122170421;perm=adfrw; .file\r\n");
    /* What may not be changed, because the folder may not. */
    assert_int_equal(chmod("sub", 0550), 0);
    view.facts = FACT_PERM;
    cleanup_free char *fixed = list_view(&view, "sub");
    assert_string_equal(fixed, "perm=ar; .file\r\n");
    view.facts = 0;
    cleanup_free char *bare = list_view(&view, "sub");
    assert_string_equal(bare, " .file\r\n");

    put_folder("days");
    put_file("days/before", 0);
    put_file("days/after", 0);
    set_time("days/before", -1);
    set_time("days/after", 1);
    view.facts = FACT_MODIFY;
    cleanup_free char *days = list_view(&view, "days");
    assert_non_null(strstr(days, "modify=19691231235959; before\r\n"));
    assert_non_null(strstr(days, "modify=19700101000001; after\r\n"));
    assert_int_equal(list_error(&view, "sub/.file"), -ENOTDIR);
    assert_int_equal(list_error(&view, "none"), -ENOENT);
    assert_int_equal(list_error(&view, "-a"), -ENOENT);
}

static void test_c02_links(void **state)
{
    (void)state;
    struct listing_view view = view_of(LISTING_FACTS);
    view.facts = FACT_TYPE | FACT_SIZE;
    put_folder("sub");
    put_file("file", 5);
    put_folder("links");
    assert_int_equal(symlink("../file", "links/l"), 0);
    cleanup_free char *file = list_view(&view, "links");
    assert_non_null(strstr(file, "\r\ntype=file;size=5; l\r\n"));
    assert_int_equal(unlink("links/l"), 0);
    assert_int_equal(symlink("../sub", "links/l"), 0);
    cleanup_free char *folder = list_view(&view, "links");
    assert_non_null(strstr(folder, "\r\ntype=dir; l\r\n"));
    assert_int_equal(unlink("links/l"), 0);
    assert_int_equal(symlink("/no/such/place", "links/l"), 0);
    cleanup_free char *nothing = list_view(&view, "links");
    assert_non_null(strstr(nothing, "\r\ntype=OS.unix=symlink; l\r\n"));
    assert_null(strstr(nothing, "place"));
}

/* The "unique" fact of NAME in the listing of the present directory. */
static uint64_t unique_of(const struct listing_view *view, const char *name)
{
    char line_end[300];
    cleanup_free char *text = list_view(view, NULL);
    memcpy(line_end, "; ", 2);
    memcpy(line_end + 2, name, strlen(name));
    memcpy(line_end + 2 + strlen(name), "\r\n", 3);
    const char *found = strstr(text, line_end);
    assert_non_null(found);
    return strtoull(found - 16, NULL, 16);
}

static void test_c06_unique(void **state)
{
    (void)state;
    struct stat about;
    struct listing_view view = view_of(LISTING_FACTS);
    view.facts = FACT_TYPE | FACT_UNIQUE;
    put_file("a", 0);
    put_file("b", 0);
    assert_int_equal(link("a", "c"), 0);
    assert_int_equal(stat("a", &about), 0);
    uint64_t a = unique_of(&view, "a");
    assert_true(a == unique_of(&view, "c"));
    assert_true(a != unique_of(&view, "b"));
    assert_true(a != about.st_ino);
    assert_true(unique_of(&view, ".") == unique_of(&view, ".."));
    view.unique_key++;
    assert_true(a != unique_of(&view, "a"));
}

static void test_e07_names_of_every_length(void **state)
{
    (void)state;
    char name[NAME_MAX + 1] = "";
    struct listing_view view = view_of(LISTING_FACTS);
    for (size_t size = 1; size <= NAME_MAX; size++) {
        name[size - 1] = 'n';
        put_file(name, 0);
    }
    cleanup_free char *text = list_view(&view, NULL);
    for (size_t size = 1; size <= NAME_MAX; size++) {
        char line_end[NAME_MAX + 4] = " ";
        memcpy(line_end + 1, name, size);
        memcpy(line_end + 1 + size, "\r\n", 3);
        assert_non_null(strstr(text, line_end));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_facts),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_permissions),
        cmocka_unit_test(test_e10_dates),
        cmocka_unit_test(test_scan),
        cmocka_unit_test(test_e07_scan_of_anything),
        cmocka_unit_test(test_fact_names),
        cmocka_unit_test_setup_teardown(test_available, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_mlsd, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_c02_links, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_c06_unique, fixture_enter, fixture_leave),
        cmocka_unit_test_setup_teardown(test_e07_names_of_every_length, fixture_enter,
                                        fixture_leave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
