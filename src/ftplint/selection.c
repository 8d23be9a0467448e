/* Which tests are run, and why the others are not: see runner.h. */
#include "ftplint/runner.h"

static bool any_matches(const struct patterns *patterns, const struct group *group,
                        const struct test *test)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (test_matches(patterns->pattern[i], group, test))
            return true;
    return false;
}

bool is_unwanted(const struct options *options, const struct group *group, const struct test *test)
{
    return any_matches(&options->skip, group, test);
}

bool is_chosen(const struct options *options, const struct group *group, const struct test *test)
{
    return (options->only.count == 0 || any_matches(&options->only, group, test)) &&
           !is_unwanted(options, group, test);
}

const char *why_not(const struct options *options, const struct server *server,
                    const struct test *test)
{
    const struct target *target = &options->target;
    const struct {
        enum test_flag flag;
        bool lacking;
        const char *words;
    } reasons[] = {
        {TEST_DESTRUCTIVE, !target->destructive,
         "it runs with --destructive only: it loads the server, can lock accounts, or reaches "
         "beyond ftplint's folder"},
        {TEST_SLOW, target->quick, "it is slow, and --quick was given"},
        {TEST_SECOND, !target->logins[ACCOUNT_SECOND].user, "it needs --user2, a second account"},
        {TEST_ADMIN, !target->logins[ACCOUNT_ADMIN].user,
         "it needs --admin, the server's administrator"},
        {TEST_TLS, !server->offers_tls, "the server offers no TLS"},
        {TEST_LOCAL, !target->local, "it needs --local, the user's folder on this machine"},
        {TEST_IPV6, target->address.ss_family != AF_INET6, "the connection is not over IPv6"},
    };
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if ((test->flags & (unsigned)reasons[i].flag) && reasons[i].lacking)
            return reasons[i].words;
    if (!(test->flags & (TEST_ANONYMOUS | TEST_READ_ONLY)) && server->learnt && !server->may_write)
        return "the user may not make a directory, so that nothing can be written";
    return NULL;
}
