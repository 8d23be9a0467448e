/* lib/config_dump.c and option_text.c: a configuration that is written out reads back as it was. */
#include "config_fixture.h"

static uint64_t random_in(uint64_t minimum, uint64_t maximum)
{
    uint64_t wide = (uint64_t)rand() << 31 ^ (uint64_t)rand();
    return rand() % 8 == 0   ? minimum
           : rand() % 8 == 0 ? maximum
                             : minimum + wide % (maximum - minimum + 1);
}

static char *random_text(size_t size, const char *start)
{
    static const char *const pieces[] = {
        "a", "Z",   " ",  "\"", "\\", "#", "/",     "*",  "@include", "\xc3\xbc", "\xe2\x82\xac",
        "0", "0x1", "12", ";",  "}",  "=", "\\x41", "//", "%s"};
    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, size);
    assert_int_equal(buffer_append_string(&buffer, start), 0);
    while (rand() % 12 != 0 &&
           buffer_append_string(&buffer, pieces[(size_t)rand() % ELEMENTS(pieces)]) == 0)
        continue;
    char *text = strndup(buffer_begin(&buffer), buffer_size(&buffer));
    assert_non_null(text);
    return text;
}

static void set_random_list(const struct option *option, struct config *config)
{
    if (strcmp(option->key, "order") == 0) {
        static const char *const orders[] = {"local pam", "pam local", "local", "pam"};
        assert_int_equal(option_set(option, config, orders[rand() % 4]), 0);
        return;
    }
    assert_int_equal(option_set(option, config, ""), 0);
    bool networks = strcmp(option->key, "networks") == 0;
    for (unsigned count = (unsigned)rand() % 5; count > 0; count--) {
        cleanup_free char *entry = random_text(100, "x");
        const char *text = networks ? "192.0.2.0/24=198.51.100.1" : entry;
        assert_int_equal(option_append_entry(option, config, text), 0);
    }
}

static void set_random(const struct option *option, struct config *config)
{
    void *slot = member(option, config);
    switch (option->type) {
    case OPTION_BOOLEAN: *(bool *)slot = rand() % 2; break;
    case OPTION_LIMIT:
    case OPTION_COUNT:
        if (rand() % 4 == 0) {
            *(uint64_t *)slot = NO_LIMIT;
            break;
        }
        __attribute__((fallthrough));
    case OPTION_NUMBER:
    case OPTION_SIZE:
    case OPTION_DURATION: *(uint64_t *)slot = random_in(option->minimum, option->maximum); break;
    case OPTION_MODE:
        *(uint64_t *)slot = ((unsigned)rand() % 01000 & option->maximum) | option->minimum;
        break;
    case OPTION_PORTS: {
        uint16_t first = (uint16_t)random_in(option->minimum, option->maximum);
        *(struct port_range *)slot =
            (struct port_range){first, (uint16_t)random_in(first, option->maximum)};
        break;
    }
    case OPTION_CHOICE: *(uint64_t *)slot = (unsigned)rand() % 2; break;
    case OPTION_STRING:
    case OPTION_PATH: {
        cleanup_free char *text =
            option->type == OPTION_PATH ? random_text(200, "/") : random_text(30, "x");
        assert_int_equal(option_set(option, config, text), 0);
        break;
    }
    case OPTION_LIST: set_random_list(option, config); break;
    }
}

static void swap_if_larger(uint64_t *small, uint64_t *large)
{
    if (*small > *large) {
        uint64_t kept = *small;
        *small = *large;
        *large = kept;
    }
}

static void test_dump_reads_back(void **state)
{
    (void)state;
    srand(31);
    for (unsigned round = 0; round < 300; round++) {
        cleanup_config struct config *config = defaults();
        for (size_t i = 0; i < option_count() && round > 0; i++)
            set_random(option_at(i), config);
        swap_if_larger(&config->accounts_uid_min, &config->accounts_uid_max);
        swap_if_larger(&config->session_idle, &config->session_idle_max);
        swap_if_larger(&config->login_delay, &config->login_delay_max);
        assert_int_equal(option_set(option_find("pam", "service"), config, "ftp"), 0);
        if (!config->tls_enabled) /* nobody can show a certificate then */
            assert_int_equal(option_set(option_find("tls", "client_certificates"), config, "off"),
                             0);
        const struct option *address = option_find("passive", "address");
        assert_int_equal(option_set(address, config, round % 2 ? "auto" : "203.0.113.7"), 0);

        cleanup_free char *text = dumped(config);
        cleanup_config struct config *back = NULL;
        cleanup_free char *problems = NULL;
        write_file("cellftpd.conf", text, strlen(text));
        int r = load(&back, &problems);
        if (r != 0)
            fail_msg("%s%s", problems, text);
        for (size_t i = 0; i < option_count(); i++)
            assert_same_option(option_at(i), config, back);
    }
}

static void test_dump_has_a_limit(void **state)
{
    (void)state;
    cleanup_config struct config *config = defaults();
    cleanup_free char *text = dumped(config);
    for (size_t limit = 0; limit < strlen(text); limit += 97) {
        cleanup_buffer struct buffer buffer;
        buffer_init(&buffer, limit);
        assert_int_equal(config_dump(config, &buffer), -ENOBUFS);
    }
    for (size_t i = 0; i < option_count(); i++)
        assert_non_null(strstr(text, option_at(i)->meaning));
}

/* The types that no option of today has are kept working by this row of our own. */
static void test_size_option(void **state)
{
    (void)state;
    const struct option option = {
        .type = OPTION_SIZE, .minimum = 1024, .maximum = 1ull << 40, .offset = 0};
    union {
        uint64_t value;
        struct config config;
    } slot = {.value = 1};
    assert_int_equal(option_set(&option, &slot.config, "10 GiB"), 0);
    assert_true(slot.value == 10737418240);
    assert_int_equal(option_set(&option, &slot.config, "1 TB"), 0);
    assert_int_equal(option_set(&option, &slot.config, "2 TiB"), -ERANGE);
    assert_int_equal(option_set(&option, &slot.config, "1000"), -ERANGE);
    assert_int_equal(option_set(&option, &slot.config, "10 Gib"), -EINVAL);
    assert_true(slot.value == 1000000000000);

    cleanup_buffer struct buffer buffer;
    buffer_init(&buffer, 200);
    assert_int_equal(option_append_value(&option, &slot.config, &buffer), 0);
    assert_int_equal(buffer_append_string(&buffer, " "), 0);
    assert_int_equal(option_append_expected(&option, &buffer), 0);
    assert_int_equal(buffer_append(&buffer, "", 1), 0);
    assert_string_equal(buffer_begin(&buffer), "\"1 TB\" a size from \"1 KiB\" to \"1 TiB\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_dump_reads_back),
        TEST(test_dump_has_a_limit),
        TEST(test_size_option),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
