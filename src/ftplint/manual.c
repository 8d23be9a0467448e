/* The catalogue in words: --list, --explain and the manual's part of it. main.c uses it. */
#include "ftplint/manual.h"

#include "ftplint/runner.h"
#include "lib/cleanup.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const struct {
    enum test_flag flag;
    const char *words;
} flag_words[] = {
    {TEST_DESTRUCTIVE, "--destructive"},
    {TEST_SLOW, "slow"},
    {TEST_SECOND, "--user2"},
    {TEST_ADMIN, "--admin"},
    {TEST_LOCAL, "--local"},
    {TEST_TLS, "a server with TLS"},
    {TEST_IPV6, "IPv6"},
};

/* "needs --user2, --local and MLST in FEAT", if anything. */
static void print_needs(FILE *file, const char *before, const struct test *test, const char *behind)
{
    bool begun = false;
    for (size_t i = 0; i < ELEMENTS(flag_words); i++) {
        if (!(test->flags & (unsigned)flag_words[i].flag))
            continue;
        (void)fprintf(file, "%s%s", begun ? ", " : before, flag_words[i].words);
        begun = true;
    }
    if (test->feature)
        (void)fprintf(file, "%s%s in FEAT", begun ? ", " : before, test->feature);
    if (begun || test->feature)
        (void)fputs(behind, file);
}

void print_list(const struct options *options)
{
    for (size_t i = 0; i < catalogue_groups; i++)
        for (size_t j = 0; j < catalogue[i]->count; j++) {
            const struct test *test = &catalogue[i]->tests[j];
            if (is_chosen(options, catalogue[i], test))
                (void)printf("%s\t%s\t%s\t%s\n", catalogue[i]->name, severity_name(test->severity),
                             test->name, test->title);
        }
}

bool print_explanation(const char *name)
{
    const struct group *group;
    const struct test *test = catalogue_find(name, &group);
    if (!test) {
        (void)fprintf(stderr, "ftplint: there is no test %s; --list shows them\n", name);
        return false;
    }
    (void)printf("%s (%s, %s)\n\n", test->name, group->name, severity_name(test->severity));
    (void)printf("What is right:  %s\n\nWhy:            %s\n\nRemedy:         %s\n", test->title,
                 test->reason, test->remedy);
    print_needs(stdout, "\nNeeds:          ", test, "\n");
    if (test->after)
        (void)printf("\nNot without:    %s\n", test->after);
    return true;
}

/* True if a sentence ends before AT, which is a space. */
static bool ends_sentence(const char *text, const char *at)
{
    return at > text && strchr(".?!", at[-1]) && (isupper((unsigned char)at[1]) || at[1] == '"');
}

/* Text of mdoc(7), a sentence a line: a backslash, and a dot or quote at a line's beginning, mean
 * something. */
static void print_roff(const char *text)
{
    bool begins = true;
    for (const char *at = text; *at; at++) {
        if (begins && (*at == '.' || *at == '\''))
            (void)fputs("\\&", stdout);
        begins = *at == ' ' && ends_sentence(text, at);
        if (begins)
            (void)putchar('\n');
        else if (*at == '\\')
            (void)fputs("\\e", stdout);
        else
            (void)putchar(*at);
    }
}

void print_manual(void)
{
    for (size_t i = 0; i < catalogue_groups; i++) {
        (void)printf(".Ss %s (%s)\n.Bl -tag -width Ds\n", catalogue[i]->title, catalogue[i]->name);
        for (size_t j = 0; j < catalogue[i]->count; j++) {
            const struct test *test = &catalogue[i]->tests[j];
            (void)printf(".It Sy %s Pq %s\n", test->name, severity_name(test->severity));
            print_roff(test->title);
            (void)puts(".");
            print_roff(test->reason);
            (void)putchar('\n');
            print_roff(test->remedy);
            (void)putchar('\n');
            print_needs(stdout, "Needs ", test, ".\n");
        }
        (void)puts(".El");
    }
}
