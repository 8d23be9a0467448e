/*
 * lib/tls_identity.c and lib/mark.c: which files are a host's, whatever name a client says; which
 * of them cannot be used, and the words for it (T12, T13).
 */
#include "lib/mark.h"
#include "lib/tls_identity.h"

#include "config_fixture.h"

#include <time.h>

static struct config configuration(void)
{
    return (struct config){.tls_certificate = in_directory("own.pem"),
                           .tls_key = in_directory("own.key"),
                           .tls_hosts = in_directory("hosts"),
                           .tls_expiry_warning = 14,
                           .directories_run = in_directory("run")};
}

static void forget(struct config *config)
{
    free(config->tls_certificate);
    free(config->tls_key);
    free(config->tls_hosts);
    free(config->directories_run);
}

static void make_directory(const char *name)
{
    cleanup_free char *path = in_directory(name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void remove_directory(const char *name)
{
    cleanup_free char *path = in_directory(name);
    assert_int_equal(rmdir(path), 0);
}

static void test_T12_files_of_a_host(void **state)
{
    (void)state;
    struct config config = configuration();
    static const struct {
        const char *name;
        const char *host; /* whose directory, "": the server's own */
    } rows[] = {
        {"ftp.example", "ftp.example"},
        {"FTP.Example", "ftp.example"},
        {"-x", "-x"},
        {"", ""},
        {".", ""},
        {"..", ""},
        {"../x", ""},
        {"../own.pem", ""},
        {"../hosts/ftp.example", ""},
        {"/ftp.example", ""},
        {"ftp.example/", ""},
        {"ftp.example/.", ""},
        {".ftp.example", ""},
        {".hidden", ""},
        {"ftp.example.", ""},
        {"nosuch.example", ""},
        {"a file", ""},
        {"file", ""}, /* is one, and no directory */
        {"ftp_example", ""},
        {"ftp.example\n", ""},
        {"\xc3\xa4.example", ""},
        {"192.0.2.1", ""},
        {"*.example", ""},
    };
    make_directory("hosts");
    make_directory("hosts/ftp.example");
    make_directory("hosts/-x");
    make_directory("hosts/.hidden");
    make_directory("hosts/ftp_example");
    make_directory("hosts/*.example");
    write_text("hosts/file", "");
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct tls_files files;
        char certificate[PATH_MAX], key[PATH_MAX];
        tls_files_find(&config, rows[i].name, &files);
        assert_string_equal(files.host, rows[i].host);
        bool own = rows[i].host[0] == '\0';
        (void)snprintf(certificate, sizeof(certificate), own ? "%s/own.pem" : "%s/hosts/%s/%s",
                       directory, rows[i].host, "fullchain.pem");
        (void)snprintf(key, sizeof(key), own ? "%s/own.key" : "%s/hosts/%s/%s", directory,
                       rows[i].host, "privkey.pem");
        assert_string_equal(files.certificate, certificate);
        assert_string_equal(files.key, key);
    }
    remove_directory("hosts/ftp.example");
    remove_directory("hosts/-x");
    remove_directory("hosts/.hidden");
    remove_directory("hosts/ftp_example");
    remove_directory("hosts/*.example");
    remove_file("hosts/file");
    remove_directory("hosts");
    forget(&config);
}

static void test_T12_long_names(void **state)
{
    (void)state;
    struct config config = configuration();
    make_directory("hosts");
    for (size_t size = 250; size <= 300; size++) {
        char name[301], path[PATH_MAX];
        struct tls_files files;
        memset(name, 'x', sizeof(name));
        name[size] = '\0';
        (void)snprintf(path, sizeof(path), "%s/hosts/%s", directory, name);
        bool made = mkdir(path, 0755) == 0;
        tls_files_find(&config, name, &files);
        assert_string_equal(files.host, size <= TLS_NAME_MAX ? name : "");
        assert_true(!made || rmdir(path) == 0);
    }
    remove_directory("hosts");
    forget(&config);
}

/* A library that can open everything. */
static unsigned opened;

static int open_anything(const char *certificate, const char *key, struct tls_identity **ret,
                         char ret_words[TLS_WORDS_MAX])
{
    (void)certificate;
    (void)key;
    (void)ret;
    ret_words[0] = '\0';
    opened++;
    return 0;
}

static int refuse_anything(const char *certificate, const char *key, struct tls_identity **ret,
                           char ret_words[TLS_WORDS_MAX])
{
    (void)certificate;
    (void)key;
    (void)ret;
    (void)snprintf(ret_words, TLS_WORDS_MAX, "the two do not belong together");
    return -EKEYREJECTED;
}

static int open_files(const struct tls_library *library, const char *name,
                      char ret[TLS_SENTENCE_MAX])
{
    struct config config = configuration();
    struct tls_files files;
    struct tls_identity *identity = NULL;
    tls_files_find(&config, name, &files);
    forget(&config);
    ret[0] = '\0';
    return tls_identity_load(library, &files, &identity, ret);
}

static void set_mode(const char *name, mode_t mode)
{
    cleanup_free char *path = in_directory(name);
    assert_int_equal(chmod(path, mode), 0);
}

static void test_T13_what_cannot_be_used(void **state)
{
    (void)state;
    static const struct tls_library library = {.identity_open = open_anything};
    static const struct tls_library other = {.identity_open = refuse_anything};
    static const struct {
        mode_t certificate, key;
        int result;
        const char *words[3];
    } rows[] = {
        {0644, 0600, 0, {"", "", ""}},
        {0644, 0640, 0, {"", "", ""}},
        {0600, 0400, 0, {"", "", ""}},
        {0664, 0660, 0, {"", "", ""}},
        {0644, 0644, -EPERM, {"/own.key", "0644", "chmod 0640"}},
        {0644, 0604, -EPERM, {"/own.key", "0604", "read the key"}},
        {0644, 0602, -EPERM, {"/own.key", "0602", "change it"}},
        {0644, 0601, -EPERM, {"/own.key", "0601", "chmod 0640"}},
        {0666, 0600, -EPERM, {"/own.pem", "0666", "change it"}},
    };
    char words[TLS_SENTENCE_MAX];
    assert_int_equal(open_files(&library, "", words), -ENOENT);
    assert_non_null(strstr(words, "/own.pem: No such file"));
    assert_non_null(strstr(words, "self-signed"));
    write_text("own.pem", "");
    assert_int_equal(open_files(&library, "", words), -ENOENT);
    assert_non_null(strstr(words, "/own.key: No such file"));
    write_text("own.key", "");
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        set_mode("own.pem", rows[i].certificate);
        set_mode("own.key", rows[i].key);
        opened = 0;
        assert_int_equal(open_files(&library, "", words), rows[i].result);
        assert_int_equal(opened, rows[i].result == 0);
        for (size_t j = 0; j < ELEMENTS(rows[i].words); j++)
            if (!strstr(words, rows[i].words[j]))
                fail_msg("row %zu: %s", i, words);
    }
    set_mode("own.pem", 0644);
    set_mode("own.key", 0600);
    assert_int_equal(open_files(&other, "", words), -EKEYREJECTED);
    assert_non_null(strstr(words, "do not belong together"));
    assert_non_null(strstr(words, "/own.pem"));
    assert_non_null(strstr(words, "/own.key"));

    /* A host's directory that is there is not left out because something is missing in it. */
    make_directory("hosts");
    make_directory("hosts/ftp.example");
    assert_int_equal(open_files(&library, "ftp.example", words), -ENOENT);
    assert_non_null(strstr(words, "/hosts/ftp.example/fullchain.pem"));
    assert_int_equal(open_files(&library, "other.example", words), 0);
    remove_directory("hosts/ftp.example");
    remove_directory("hosts");

    remove_file("own.key");
    make_directory("own.key");
    assert_int_equal(open_files(&library, "", words), -EINVAL);
    assert_non_null(strstr(words, "no plain file"));
    remove_directory("own.key");
    cleanup_free char *fifo = in_directory("own.key");
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(open_files(&library, "", words), -EINVAL); /* and does not wait for a writer */
    remove_file("own.key");
    remove_file("own.pem");
}

static void test_reasons(void **state)
{
    (void)state;
    assert_string_equal(tls_identity_reason(-ENOENT), "missing");
    assert_string_equal(tls_identity_reason(-EPERM), "permissions");
    assert_string_equal(tls_identity_reason(-EKEYREJECTED), "mismatch");
    assert_string_equal(tls_identity_reason(-EBADMSG), "unusable");
}

static void test_expiry(void **state)
{
    (void)state;
    enum { DAY = 86400 };
    struct config config = configuration();
    struct tls_files files;
    tls_files_find(&config, "", &files);
    static const struct {
        time_t left;
        uint64_t days;
        const char *reason;
    } rows[] = {
        {15 * DAY, 14, NULL},
        {14 * DAY + 1, 14, NULL},
        {14 * DAY, 14, "expires-soon"},
        {1, 14, "expires-soon"},
        {-1, 14, "expired"},
        {-400 * DAY, 14, "expired"},
        {1, 0, NULL},
        {-1, 0, "expired"},
    };
    const time_t now = 1795000000;
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        char words[TLS_SENTENCE_MAX] = "";
        config.tls_expiry_warning = rows[i].days;
        const char *reason = tls_identity_warning(&config, &files, now + rows[i].left, now, words);
        assert_true((reason == NULL) == (rows[i].reason == NULL));
        if (reason) {
            assert_string_equal(reason, rows[i].reason);
            assert_non_null(strstr(words, "/own.pem"));
            assert_non_null(strstr(words, " UTC; renew it"));
        }
    }
    forget(&config);
}

/* Who takes a mark is the only one for its time. */
static void test_marks(void **state)
{
    (void)state;
    struct config config = configuration();
    make_directory("run");
    assert_int_equal(mark_take(&config, "a", 3600), 1);
    assert_int_equal(mark_take(&config, "a", 3600), 0);
    assert_int_equal(mark_take(&config, "b", 3600), 1);
    cleanup_free char *path = in_directory("run/a");
    static const struct {
        time_t age, seconds;
        int result;
    } rows[] = {{3500, 3600, 0}, {3700, 3600, 1}, {-3700, 3600, 1}}; /* the clock was set back */
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        time_t when = time(NULL) - rows[i].age;
        const struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
        assert_int_equal(mark_take(&config, "a", rows[i].seconds), rows[i].result);
        assert_int_equal(mark_take(&config, "a", rows[i].seconds), 0);
    }
    remove_file("run/a");
    remove_file("run/b");
    remove_directory("run");
    forget(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_T12_files_of_a_host, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_T12_long_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_T13_what_cannot_be_used, set_up, tear_down),
        cmocka_unit_test(test_reasons),
        cmocka_unit_test_setup_teardown(test_expiry, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_marks, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
