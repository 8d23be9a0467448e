/* What a stranger learns of accounts and files without a login. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

/* A name that no account has, of the length of NAME. */
static const char *nobody(struct exam *exam, const char *name)
{
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz";
    size_t size = strlen(name);
    char *other = exam_allocate(exam, size + 1);
    if (getrandom(other, size, 0) != (ssize_t)size)
        blocked(exam, "no random numbers");
    for (size_t i = 0; i < size; i++)
        other[i] = letters[(unsigned char)other[i] % (sizeof(letters) - 1)];
    /* Of a short name the letters might be an account's after all. */
    return size < 4 ? exam_format(exam, "%sqzjx", other) : other;
}

/* CODE and text with NAME, and what is counted, taken out. */
static const char *without(struct exam *exam, const struct reply *reply, const char *name)
{
    char *text = exam_format(exam, "%u %s", reply->code, reply->text);
    char *out = text + 3;
    for (const char *at = text + 3; *at;) {
        if (strncasecmp(at, name, strlen(name)) == 0)
            at += strlen(name);
        else
            *out++ = *at++;
    }
    *out = '\0';
    return text;
}

static void user_reply(struct exam *exam)
{
    const char *user = exam->target->logins[ACCOUNT_USER].user;
    const char *other = nobody(exam, user);
    const struct reply *known = command(given_connection(exam), "USER %s", user);
    const struct reply *unknown = command(given_connection(exam), "USER %s", other);
    if (strcmp(without(exam, known, user), without(exam, unknown, other)) != 0)
        fail(exam, "the same reply for both names, apart from the name itself",
             "a name with an account: \"%u %s\"; without: \"%u %s\"", known->code, known->text,
             unknown->code, unknown->text);
}

/* A wrong password for NAME is under way; the reply is still to come. */
static struct client *wrong_password(struct exam *exam, struct client *client, const char *name)
{
    exam->given++;
    const struct reply *reply = command(client, "USER %s", name);
    if (reply->code != 331)
        skip(exam, "USER is not answered by 331: %u %s", reply->code, reply->text);
    send_line(client, "PASS ftplint-%08x", (unsigned)clock_msec());
    exam->given--;
    return client;
}

static void password_reply(struct exam *exam)
{
    const char *user = exam->target->logins[ACCOUNT_USER].user;
    const char *other = nobody(exam, user);
    /* Both at once: servers take their time over a wrong password. */
    struct client *first = wrong_password(exam, given_stranger(exam, STRANGER), user);
    struct client *second = wrong_password(exam, given_stranger(exam, STRANGER), other);
    const struct reply *known = read_reply(first);
    const struct reply *unknown = read_reply(second);
    if (strcmp(without(exam, known, user), without(exam, unknown, other)) != 0)
        fail(exam, "the same reply for both names, apart from the name itself",
             "a wrong password for a name with an account: \"%u %s\"; without: \"%u %s\"",
             known->code, known->text, unknown->code, unknown->text);
}

enum { TIMINGS = 10 };

static int by_size(const void *one, const void *two)
{
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)two;
    return a < b ? -1 : a > b;
}

/* Microseconds until the reply to a wrong password; 0: the server does not take more of them. */
static uint64_t time_refusal(struct exam *exam, const char *name, unsigned from)
{
    struct client *client = given_stranger(exam, from);
    (void)wrong_password(exam, client, name);
    uint64_t begun = clock_usec();
    const struct reply *reply = try_reply(client, exam_patience(exam));
    uint64_t taken = clock_usec() - begun;
    client_close(client);
    return reply->code == 530 ? taken + 1 : 0;
}

/* How often a time of KNOWN is the longer one, in all pairs (Mann and Whitney's U). */
static unsigned longer(const uint64_t *known, const uint64_t *unknown)
{
    unsigned count = 0;
    for (int i = 0; i < TIMINGS; i++)
        for (int j = 0; j < TIMINGS; j++)
            count += known[i] > unknown[j];
    return count;
}

/* Every other time the known name is first: what grows with each failure grows for both. */
static void password_time(struct exam *exam)
{
    const char *user = exam->target->logins[ACCOUNT_USER].user;
    const char *other = nobody(exam, user);
    uint64_t known[TIMINGS] = {0}, unknown[TIMINGS] = {0};
    for (int i = 0; i < TIMINGS; i++) {
        /* Two addresses: twenty wrong passwords from one are many servers' limit. */
        unsigned from = i < TIMINGS / 2 ? STRANGER_TIMING : STRANGER_TIMING_AGAIN;
        for (int j = 0; j < 2; j++) {
            bool of_known = (i + j) % 2 == 0;
            uint64_t taken = time_refusal(exam, of_known ? user : other, from);
            if (!taken && clock_msec() >= exam->deadline)
                skip(exam, "there was time for no more than %d wrong passwords", i * 2 + j);
            if (!taken)
                skip(exam, "the server stops taking passwords after %d of them", i * 2 + j);
            *(of_known ? &known[i] : &unknown[i]) = taken;
        }
    }
    unsigned count = longer(known, unknown);
    qsort(known, TIMINGS, sizeof(*known), by_size);
    qsort(unknown, TIMINGS, sizeof(*unknown), by_size);
    uint64_t one = known[TIMINGS / 2], two = unknown[TIMINGS / 2];
    uint64_t apart = one > two ? one - two : two - one;
    /* 4 of 100 pairs: by chance less than once in five thousand runs. */
    if (apart < 5000 || (count > 4 && count < TIMINGS * TIMINGS - 4))
        return;
    fail(exam, "the same time for both",
         "a wrong password for a name with an account takes %.1f ms, for one without %.1f ms "
         "(medians of %d)",
         (double)one / 1000, (double)two / 1000, TIMINGS);
}

/* Verbs that tell something of a file, each with a path that exists and one that does not. */
static void home_before(struct exam *exam)
{
    struct client *client = given_connection(exam);
    const char *user = exam->target->logins[ACCOUNT_USER].user;
    const char *other = nobody(exam, user);
    const struct reply *known = command(client, "CWD ~%s", user);
    const struct reply *unknown = command(client, "CWD ~%s", other);
    if (strcmp(without(exam, known, user), without(exam, unknown, other)) != 0 ||
        reply_is(known, "2"))
        fail(exam, "530 for both names",
             "CWD ~NAME before the login: \"%u %s\" for an account, \"%u %s\" for none",
             known->code, known->text, unknown->code, unknown->text);
}

/* A verb that makes the server open a port or connect. */
static void data_before(struct exam *exam)
{
    const char *line = exam->test->parameter;
    const struct reply *reply = command(given_connection(exam), "%s", line);
    if (reply_is(reply, "2"))
        fail(exam, "530: not logged in", "%s before the login: %u %s", line, reply->code,
             reply->text);
}

static void names_before(struct exam *exam)
{
    static const char *const lines[] = {"STAT", "SITE WHO", "SITE USERS", "HELP", "SYST"};
    struct client *client = given_connection(exam);
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        const struct reply *reply = command(client, "%s", lines[i]);
        for (enum account j = ACCOUNT_USER; j < ACCOUNTS; j++) {
            const char *user = exam->target->logins[j].user;
            for (size_t k = 0; user && strlen(user) > 3 && k < reply->count; k++)
                if (strcasestr(reply->lines[k], user))
                    fail(exam, "replies to strangers that name no account",
                         "%s before the login names the account \"%s\": \"%s\"", lines[i], user,
                         reply->lines[k]);
        }
    }
}

static const struct test tests[] = {
    {
        .name = "rfc2577.users.user",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "USER is answered alike for names with and without an account",
        .reason = "RFC 2577, section 7: a reply that differs tells which names are worth guessing "
                  "passwords for.",
        .remedy = "Answer every USER by 331 and refuse, if need be, the password.",
        .run = user_reply,
    },
    {
        .name = "rfc2577.users.password",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc2577.users.user",
        .title = "a wrong password is refused alike for names with and without an account",
        .reason = "RFC 2577, section 7: a reply that differs tells which names are worth guessing "
                  "passwords for.",
        .remedy = "Answer every failed login by one and the same 530.",
        .run = password_reply,
    },
    {
        .name = "security.users.time",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_DESTRUCTIVE | TEST_SLOW,
        .after = "rfc2577.users.password",
        .title = "a wrong password takes the same time for names with and without an account",
        .reason = "A server that computes a hash only if there is an account tells by its delay "
                  "which names have one (CVE-2004-1602, ProFTPD).",
        .remedy = "Check the password of an unknown name against a dummy hash of the same cost.",
        .run = password_time,
    },
    {
        .name = "security.before-login.home",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .after = "rfc959.greeting.once",
        .title = "before the login CWD ~NAME tells nothing of accounts",
        .reason = "CVE-1999-0082: a tilde that is expanded before the login tells which accounts "
                  "exist, and once gave root's rights.",
        .remedy = "Check the login before any verb looks at its argument.",
        .run = home_before,
    },
    {
        .name = "security.before-login.pasv",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "before the login PASV opens no port",
        .reason = "Ports that strangers can make the server open are ports that its users lack.",
        .remedy = "Answer PASV by 530 until the login.",
        .run = data_before,
        .parameter = "PASV",
    },
    {
        .name = "security.before-login.epsv",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "before the login EPSV opens no port",
        .reason = "Ports that strangers can make the server open are ports that its users lack.",
        .remedy = "Answer EPSV by 530 until the login.",
        .run = data_before,
        .parameter = "EPSV",
    },
    {
        .name = "security.before-login.names",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "before the login no reply names an account",
        .reason = "STAT, HELP and SITE WHO are for the curious too: the names of who is logged in "
                  "are half of what it takes to log in.",
        .remedy = "Answer by 530 until the login, or leave the names out.",
        .run = names_before,
    },
};

const struct group group_enumeration = {
    .name = "enumeration",
    .title = "What strangers learn",
    .tests = tests,
    .count = ELEMENTS(tests),
};
