/* ftplint's beginning: reads the command line, runs the tests, prints what was found. */
#include "ftplint/runner.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <fnmatch.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void watch(const struct dialogue_entry *entry, void *context)
{
    (void)context;
    fprintf(stderr, "%5llu %u%s %c %.*s%s", (unsigned long long)entry->when, entry->connection,
            entry->data ? "d" : "", "><*"[entry->kind], entry -> data ? 60 : (int)entry -> size,
            entry -> bytes, entry -> size && entry -> bytes[entry->size - 1] == '\n' ? "" : "\n");
}

static bool chosen(const char *only, const struct group *group, const struct test *test)
{
    return !only || strcmp(only, group->name) == 0 || fnmatch(only, test->name, 0) == 0;
}

/* Usage, until options.c: ftplint HOST PORT USER PASSWORD [none|explicit|implicit [ONLY]], and in
 * the environment SECOND=user:password, ADMIN=user:password, LOCAL, VERBOSE, DESTRUCTIVE, TIMEOUT.
 */
int main(int argc, char **argv)
{
    (void)signal(SIGPIPE, SIG_IGN);
    if (argc < 5)
        return 3;
    struct target target = {
        .host = argv[1],
        .port = (uint16_t)strtoul(argv[2], NULL, 10),
        .logins = {{argv[3], argv[4]}},
        .timeout = getenv("TIMEOUT") ? (unsigned)strtoul(getenv("TIMEOUT"), NULL, 10) : 10000,
        .test_limit = 60000,
        .connections = 8,
        .local = getenv("LOCAL"),
        .destructive = getenv("DESTRUCTIVE") != NULL,
    };
    for (int i = ACCOUNT_SECOND; i < ACCOUNTS; i++) {
        char *value = getenv(i == ACCOUNT_SECOND ? "SECOND" : "ADMIN");
        if (value && strchr(value, ':'))
            target.logins[i] = (struct login){strsep(&value, ":"), value};
    }
    if (argc > 5)
        target.tls = strcmp(argv[5], "explicit") == 0   ? TLS_EXPLICIT
                     : strcmp(argv[5], "implicit") == 0 ? TLS_IMPLICIT
                                                        : TLS_NONE;
    const char *only = argc > 6 ? argv[6] : NULL;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(argv[1], argv[2], &hints, &found) != 0)
        return 3;
    memcpy(&target.address, found->ai_addr, found->ai_addrlen);
    target.address_size = found->ai_addrlen;
    freeaddrinfo(found);

    static struct dialogue dialogue;
    struct server server = {0};
    struct result result;
    if (getenv("VERBOSE"))
        dialogue.watch = watch;
    server_learn(&target, &server, &dialogue, &result);
    if (!server.learnt)
        printf("cannot log in: expected: %s got: %s\n", result.expected, result.got);
    int worst = 0;
    for (size_t i = 0; i < catalogue_groups; i++) {
        const struct group *group = catalogue[i];
        for (size_t j = 0; j < group->count; j++) {
            const struct test *test = &group->tests[j];
            if (!chosen(only, group, test))
                continue;
            const char *why = NULL;
            if ((test->flags & TEST_DESTRUCTIVE) && !target.destructive)
                why = "destructive";
            else if ((test->flags & TEST_SECOND) && !target.logins[ACCOUNT_SECOND].user)
                why = "no second user";
            else if ((test->flags & TEST_ADMIN) && !target.logins[ACCOUNT_ADMIN].user)
                why = "no admin";
            else if ((test->flags & TEST_LOCAL) && !target.local)
                why = "no local";
            else if ((test->flags & TEST_TLS) && !server.offers_tls)
                why = "no TLS";
            else if ((test->flags & TEST_IPV6) && target.address.ss_family != AF_INET6)
                why = "no IPv6";
            else if (test->feature && !server_feature(&server, test->feature))
                why = test->feature;
            else if (!(test->flags & TEST_ANONYMOUS) && !server.learnt)
                why = "no login";
            if (why) {
                printf("skip    %-44s %s\n", test->name, why);
                continue;
            }
            exam_run(test, &target, &server, &dialogue, &result);
            if (result.outcome == OUTCOME_FAILED && result.timed_out)
                exam_run(test, &target, &server, &dialogue, &result);
            static const char *const words[] = {"ok", "FAIL", "skip", "blocked"};
            printf("%-7s %-44s %4llu ms %s", words[result.outcome], test->name,
                   (unsigned long long)result.duration, result.notes);
            if (result.outcome == OUTCOME_FAILED)
                printf("\n        %s: %s\n        expected: %s\n        got:      %s\n",
                       severity_name(test->severity), test->title, result.expected, result.got);
            else if (result.outcome == OUTCOME_PASSED)
                printf("\n");
            else
                printf("%s%s%s\n", result.expected, *result.expected ? "; got " : "", result.got);
            if (result.outcome == OUTCOME_FAILED && (int)test->severity > worst)
                worst = (int)test->severity;
        }
    }
    dialogue_free(&dialogue);
    server_free(&server);
    return worst;
}
