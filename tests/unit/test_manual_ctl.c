/*
 * man/cellftpctl.8 and man/cellftpd-users.5: every command with its syntax, every option, operand,
 * exit code and key of a record stands there as the tables have it, and no other does. Tests run in
 * the source directory.
 */
#include "ctl/command.h"
#include "lib/account_record.h"
#include "lib/cleanup.h"

#include <ctype.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_MAX = 1 << 17 };

struct pages {
    char ctl[TEXT_MAX];
    char users[TEXT_MAX];
};

static void read_page(const char *path, char ret[TEXT_MAX])
{
    cleanup_fclose FILE *file = fopen(path, "re");
    assert_non_null(file);
    size_t size = fread(ret, 1, TEXT_MAX - 1, file);
    assert_in_range(size, 1000, TEXT_MAX - 2);
    ret[size] = '\0';
}

static int read_pages(void **state)
{
    struct pages *pages = calloc(1, sizeof(*pages));
    assert_non_null(pages);
    read_page("man/cellftpctl.8", pages->ctl);
    read_page("man/cellftpd-users.5", pages->users);
    *state = pages;
    return 0;
}

static int free_pages(void **state)
{
    free(*state);
    return 0;
}

/* A section of the page, from its heading to the next one. The caller frees it. */
static char *section(const char *page, const char *name)
{
    char heading[64];
    (void)snprintf(heading, sizeof(heading), "\n.Sh %s\n", name);
    const char *begin = strstr(page, heading);
    if (!begin)
        fail_msg("there is no section %s", name);
    begin += strlen(heading) - 1;
    const char *end = strstr(begin, "\n.Sh ");
    char *text = strndup(begin, end ? (size_t)(end - begin) + 1 : strlen(begin));
    assert_non_null(text);
    return text;
}

static size_t count(const char *text, const char *part)
{
    size_t found = 0;
    for (text = strstr(text, part); text; text = strstr(text + 1, part))
        found++;
    return found;
}

static void assert_once(const char *text, const char *part)
{
    if (count(text, part) != 1)
        fail_msg("there %zu times, must be once:%s", count(text, part), part);
}

/* One word of a syntax as mdoc(7): "--json" is "Fl -json", "NAME" is "Ar NAME". */
static void append_word(struct buffer *buffer, const char *word, size_t size)
{
    bool many = size > 3 && strncmp(word + size - 3, "...", 3) == 0;
    if (many)
        size -= 3;
    const char *macro = word[0] == '-' ? "Fl " : isupper((unsigned char)word[0]) ? "Ar " : "";
    if (word[0] == '-') { /* Fl brings one itself */
        word++;
        size--;
    }
    assert_int_equal(
        buffer_append_format(buffer, "%s%.*s%s", macro, (int)size, word, many ? " ..." : ""), 0);
}

/* The syntax of COMMAND as it must stand in the manual. */
static void append_item(struct buffer *buffer, const struct command *command)
{
    cleanup_buffer struct buffer syntax;
    buffer_init(&syntax, 4096);
    command_append_syntax(&syntax, command);
    assert_int_equal(buffer_append(&syntax, "", 1), 0);
    const char *text = buffer_begin(&syntax);
    assert_int_equal(buffer_append_string(buffer, "\n.It Xo\n.Cm"), 0);
    for (bool inside = false; *text;) {
        bool opens = *text == '[';
        text += opens;
        size_t size = strcspn(text, " ]");
        if (opens)
            assert_int_equal(buffer_append_string(buffer, "\n.Op "), 0);
        else
            assert_int_equal(buffer_append_string(
                                 buffer, !inside && isupper((unsigned char)*text) ? "\n." : " "),
                             0);
        append_word(buffer, text, size);
        inside = opens || inside;
        text += size;
        if (*text == ']') {
            inside = false;
            text++;
        }
        text += *text == ' ';
    }
    assert_int_equal(buffer_append(buffer, "\n.Xc\n", sizeof("\n.Xc\n")), 0);
}

static void test_every_command_and_no_other(void **state)
{
    const struct pages *pages = *state;
    cleanup_free char *text = section(pages->ctl, "COMMANDS");
    assert_int_equal(count(text, "\n.It Xo\n.Cm "), command_count);
    for (size_t i = 0; i < command_count; i++) {
        cleanup_buffer struct buffer item;
        buffer_init(&item, 4096);
        append_item(&item, &commands[i]);
        assert_once(text, buffer_begin(&item));
        const char *description = strstr(text, buffer_begin(&item)) + buffer_size(&item) - 2;
        assert_int_not_equal(description[1], '.'); /* it is described, too */
    }
}

static void append_value(char *item, size_t size, enum operand_kind kind)
{
    if (kind != OPERAND_NONE)
        (void)snprintf(item + strlen(item), size - strlen(item), " Ar %s",
                       operand_placeholder(kind));
    (void)snprintf(item + strlen(item), size - strlen(item), "\n");
}

static void test_every_option_and_no_other(void **state)
{
    const struct pages *pages = *state;
    cleanup_free char *text = section(pages->ctl, "OPTIONS");
    const char *place = text;
    assert_int_equal(count(text, "\n.It "), option_word_count);
    for (size_t i = 0; i < option_word_count; i++) {
        char item[128] = "\n.It ";
        if (option_words[i].letter)
            (void)snprintf(item, sizeof(item), "\n.It Fl %c , ", option_words[i].letter);
        (void)snprintf(item + strlen(item), sizeof(item) - strlen(item), "Fl %s",
                       option_words[i].word + 1);
        append_value(item, sizeof(item), option_words[i].kind);
        assert_once(text, item);
        assert_true(strstr(text, item) >= place); /* in the order of the table */
        place = strstr(text, item);
    }
}

/* True for a kind that a command or an option takes. */
static bool is_used(enum operand_kind kind)
{
    for (size_t i = 0; i < command_count; i++)
        for (size_t k = 0; k < OPERANDS_MAX; k++)
            if (commands[i].operands[k].kind == kind)
                return true;
    for (size_t i = 0; i < option_word_count; i++)
        if (option_words[i].kind == kind)
            return true;
    return false;
}

static void test_every_operand(void **state)
{
    const struct pages *pages = *state;
    cleanup_free char *text = section(pages->ctl, "OPERANDS");
    for (enum operand_kind kind = OPERAND_NONE + 1; kind < OPERAND_KIND_COUNT; kind++) {
        char item[64] = "\n.It";
        append_value(item, sizeof(item), kind);
        assert_true(is_used(kind));
        assert_once(text, item);
    }
}

static void test_every_exit_status_and_no_other(void **state)
{
    const struct pages *pages = *state;
    cleanup_free char *text = section(pages->ctl, "EXIT STATUS");
    assert_int_equal(count(text, "\n.It "), exit_meaning_count);
    for (size_t i = 0; i < exit_meaning_count; i++) {
        char item[32];
        (void)snprintf(item, sizeof(item), "\n.It %d\n", (int)exit_meanings[i].status);
        assert_once(text, item);
    }
}

/* Each option belongs to a command, and the options of each are in the table. */
static void test_tables_agree(void **state)
{
    (void)state;
    uint64_t all = 0;
    uint64_t used = OPTIONS_OF_ALL;
    for (size_t i = 0; i < option_word_count; i++) {
        assert_false(all & (uint64_t)option_words[i].option);
        all |= (uint64_t)option_words[i].option;
    }
    for (size_t i = 0; i < command_count; i++) {
        assert_int_equal(commands[i].options & ~all, 0);
        assert_int_equal(commands[i].options & OPTIONS_OF_ALL, 0);
        used |= commands[i].options;
    }
    assert_int_equal(used, all);
    for (size_t i = 0; i < option_word_count; i++) /* what excludes is excluded */
        for (size_t k = 0; k < option_word_count; k++)
            assert_int_equal((option_words[i].excludes & (uint64_t)option_words[k].option) != 0,
                             (option_words[k].excludes & (uint64_t)option_words[i].option) != 0);
}

static void test_every_key_and_no_other(void **state)
{
    const struct pages *pages = *state;
    cleanup_free char *text = section(pages->users, "RECORD");
    const char *place = text;
    assert_int_equal(count(text, "\n.It Cm "), account_key_count);
    for (size_t i = 0; i < account_key_count; i++) {
        const struct account_key *key = &account_keys[i];
        char item[64];
        char facts[256];
        (void)snprintf(item, sizeof(item), "\n.It Cm %s\n", key->name);
        (void)snprintf(facts, sizeof(facts), "\n.br\nDefault: %s\n.br\nExpected: %s\n",
                       key->initial ? key->initial : "none, it must be there", key->expected);
        assert_once(text, item);
        assert_true(strstr(text, item) >= place);
        place = strstr(text, item);
        const char *next = strstr(place + 1, "\n.It Cm ");
        const char *stated = strstr(place, facts);
        if (!stated || (next && stated > next))
            fail_msg("%s expected:%s", key->name, facts);
        assert_true(stated > place + strlen(item) + 20); /* it is described, too */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_command_and_no_other),
        cmocka_unit_test(test_every_option_and_no_other),
        cmocka_unit_test(test_every_operand),
        cmocka_unit_test(test_every_exit_status_and_no_other),
        cmocka_unit_test(test_tables_agree),
        cmocka_unit_test(test_every_key_and_no_other),
    };
    return cmocka_run_group_tests(tests, read_pages, free_pages);
}
