/* Guessing of passwords, and logins that should not be. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <string.h>

enum {
    GUESSES = 10,
    COSTLY = 4000, /* milliseconds for so many guesses are brake enough */
    SHELL_PORT = 6200,
};

/* The reply to one guess; code 0 or 421 if the server has had enough. */
static const struct reply *guess(struct client *client, const char *user)
{
    send_line(client, "USER %s", user);
    const struct reply *reply = try_reply(client, exam_patience(client->exam));
    if (reply->code != 331)
        return reply;
    send_line(client, "PASS ftplint-%08x", (unsigned)clock_msec());
    return try_reply(client, exam_patience(client->exam));
}

static void one_connection(struct exam *exam)
{
    struct client *client = given_stranger(exam, STRANGER_GUESSING);
    uint64_t begun = clock_msec();
    for (int i = 0; i < GUESSES; i++) {
        const struct reply *reply = guess(client, "ftplint-nobody");
        if (reply->code == 0 || reply->code == 421 || clock_msec() - begun > COSTLY)
            return;
        if (client->wire.end != WIRE_OPEN)
            return;
    }
    fail(exam, "421 and the end of the connection after about 5 guesses, or growing delays",
         "%d wrong passwords in %llu ms over one connection, and it is still open", GUESSES,
         (unsigned long long)(clock_msec() - begun));
}

static void many_connections(struct exam *exam)
{
    enum { CONNECTIONS = 16 };
    uint64_t begun = clock_msec();
    for (int i = 0; i < CONNECTIONS; i++) {
        exam->given++;
        struct client *client = given_stranger(exam, STRANGER_ANEW);
        exam->given--;
        const struct reply *reply = guess(client, "ftplint-nobody");
        client_close(client);
        if (reply->code == 0 || reply->code == 421 || clock_msec() - begun > COSTLY)
            return;
    }
    fail(exam, "delays that grow, or a refusal for a while, whatever the number of connections",
         "%d wrong passwords in %llu ms, one per connection", CONNECTIONS,
         (unsigned long long)(clock_msec() - begun));
}

static void locked_out(struct exam *exam)
{
    const struct login *who = &exam->target->logins[ACCOUNT_SECOND];
    uint64_t begun = clock_msec();
    for (int i = 0; i < GUESSES && clock_msec() - begun < 2 * (uint64_t)COSTLY; i++) {
        struct client *client = given_neighbour(exam, STRANGER_LOCKING);
        const struct reply *reply = guess(client, who->user);
        client_close(client);
        if (reply->code == 0 || reply->code == 421)
            break;
    }
    struct client *client = given_connection(exam);
    const struct reply *reply = try_login(client, who->user, who->password);
    if (!reply_is(reply, "230 232"))
        fail(exam, "230: the guesses came from another address",
             "after %d wrong passwords from another address the user's own login fails: %u %s",
             GUESSES, reply->code, reply->text);
}

/* Pairs that are shipped with devices and packages. */
static void defaults(struct exam *exam)
{
    static const char *const pairs[][2] = {
        {"ftp", "ftp"}, {"admin", "admin"}, {"root", "root"}, {"test", "test"}, {"user", "user"},
    };
    for (size_t i = 0; i < ELEMENTS(pairs); i++) {
        exam->given++;
        struct client *client = given_stranger(exam, STRANGER_DEFAULTS);
        exam->given--;
        const struct reply *reply = try_login(client, pairs[i][0], pairs[i][1]);
        /* Anonymous FTP, by its old second name, takes any password. */
        bool open = i == 0 && reply_is(try_login(given_stranger(exam, STRANGER_DEFAULTS), "ftp",
                                                 "f@example.org"),
                                       "2");
        if (reply_is(reply, "2") && !open)
            fail(exam, "530", "user \"%s\" with password \"%s\" is logged in: %u %s", pairs[i][0],
                 pairs[i][1], reply->code, reply->text);
        client_close(client);
    }
}

/* Several passwords at once, each on a connection of its own: servers take their time over wrong
 * ones. None may be taken. */
static void expect_refused(struct exam *exam, const char *const *passwords,
                           const char *const *words, size_t count)
{
    struct client *clients[4];
    const char *user = exam->target->logins[ACCOUNT_USER].user;
    for (size_t i = 0; i < count; i++) {
        clients[i] = given_stranger(exam, STRANGER);
        const struct reply *reply = command(clients[i], "USER %s", user);
        if (reply->code != 331)
            skip(exam, "USER is not answered by 331: %u %s", reply->code, reply->text);
        send_line(clients[i], "PASS %s", passwords[i]);
    }
    for (size_t i = 0; i < count; i++) {
        const struct reply *reply = try_reply(clients[i], exam_patience(exam));
        if (reply_is(reply, "2"))
            fail(exam, "530", "the user is logged in with %s: %u %s", words[i], reply->code,
                 reply->text);
    }
}

static void empty_password(struct exam *exam)
{
    static const char *const passwords[] = {"", " ", "*", "!"};
    static const char *const words[] = {"no password", "a space for a password",
                                        "an asterisk for a password",
                                        "an exclamation mark for a password"};
    expect_refused(exam, passwords, words, ELEMENTS(passwords));
}

static void near_password(struct exam *exam)
{
    const char *password = exam->target->logins[ACCOUNT_USER].password;
    size_t size = strlen(password);
    char *turned = exam_copy(exam, password, size);
    for (size_t i = 0; i < size; i++)
        turned[i] = (char)(islower((unsigned char)turned[i]) ? toupper((unsigned char)turned[i])
                                                             : tolower((unsigned char)turned[i]));
    const char *const passwords[] = {
        exam_format(exam, "%sx", password),
        exam_copy(exam, password, size ? size - 1 : 0),
        strcmp(turned, password) != 0 ? turned : exam_format(exam, "x%s", password),
    };
    static const char *const words[] = {"the password and one letter more",
                                        "the password without its last letter",
                                        "the password in the other case of letters"};
    expect_refused(exam, passwords, words, ELEMENTS(passwords));
}

static void two_names(struct exam *exam)
{
    const struct login *who = &exam->target->logins[ACCOUNT_USER];
    struct client *client = given_stranger(exam, STRANGER);
    const struct reply *reply = command(client, "USER %s", who->user);
    if (reply->code != 331)
        skip(exam, "USER is not answered by 331: %u %s", reply->code, reply->text);
    if (!reply_is(command(client, "USER ftplint-nobody"), "3"))
        return;
    reply = command(client, "PASS %s", who->password);
    if (reply_is(reply, "2"))
        fail(exam, "530: the newest name counts, which has no account",
             "USER with the user's name, USER with another, PASS with the user's password: %u %s",
             reply->code, reply->text);
}

static void anonymous_writes(struct exam *exam)
{
    struct client *client = given_stranger(exam, STRANGER);
    const struct reply *reply = try_login(client, "anonymous", "ftplint@example.org");
    if (!reply_is(reply, "230 232"))
        skip(exam, "there is no anonymous login: %u %s", reply->code, reply->text);
    reply = command(client, "MKD ftplint-anonymous");
    if (reply_is(reply, "2")) {
        (void)command(client, "RMD ftplint-anonymous");
        fail(exam, "550: strangers may read at most", "MKD: %u %s", reply->code, reply->text);
    }
}

/* True if something listens at the server's SHELL_PORT. */
static bool shell_listens(struct exam *exam)
{
    struct sockaddr_storage address = exam->target->address;
    if (address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&address)->sin6_port = htons(SHELL_PORT);
    else
        ((struct sockaddr_in *)&address)->sin_port = htons(SHELL_PORT);
    struct wire wire;
    wire_init(&wire, exam->dialogue, ++exam->connections, true);
    int r = wire_connect(&wire, (const struct sockaddr *)&address, exam->target->address_size, NULL,
                         0, 500);
    wire_close(&wire);
    return r == 0;
}

static void smile(struct exam *exam)
{
    if (shell_listens(exam))
        skip(exam, "something listens at port %d already", SHELL_PORT);
    struct client *client = given_stranger(exam, STRANGER);
    send_line(client, "USER ftplint:)");
    if (try_reply(client, exam_patience(exam))->code == 331) {
        /* The backdoor answers no PASS: it listens. */
        send_line(client, "PASS ftplint");
        (void)try_reply(client, 700);
    }
    if (shell_listens(exam))
        fail(exam, "a login that fails, and nothing else",
             "after USER with \":)\" something listens at port %d: the backdoor of vsftpd 2.3.4",
             SHELL_PORT);
}

static void acid(struct exam *exam)
{
    struct client *client = given_stranger(exam, STRANGER);
    send_line(client, "HELP ACIDBITCHEZ");
    const struct reply *reply = try_reply(client, 2000);
    if (reply->code)
        return;
    if (client->wire.fd >= 0 && client->wire.end == WIRE_OPEN) {
        send_bytes(client, "id;\n", 4);
        reply = try_reply(client, 1000);
        if (reply->count && strstr(reply->lines[0], "uid="))
            fail(exam, "a reply like that to HELP with any unknown word",
                 "a shell: the backdoor of ProFTPD 1.3.3c (\"%s\")", reply->lines[0]);
    }
}

static const struct test tests[] = {
    {
        .name = "security.login.empty-password",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title =
            "an empty password is refused, and so is what stands for the hash of a locked account",
        .reason = "A database whose field is empty, or \"*\" or \"!\", must not match what "
                  "somebody sends.",
        .remedy = "Refuse empty passwords before they are compared, and hashes that are none.",
        .run = empty_password,
    },
    {
        .name = "security.login.near-password",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "a password with a letter more, a letter less or in other case is refused",
        .reason = "Old hashes look at eight letters, and some databases fold case: what is "
                  "compared is shorter than what the user believes.",
        .remedy = "Hash the whole password with a modern method (yescrypt, Argon2).",
        .run = near_password,
    },
    {
        .name = "security.login.two-names",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "a second USER replaces the first: the first one's password does not count",
        .reason = "A session that keeps parts of both names may take the rights of one and the "
                  "password of the other (of that kind was CVE-2007-2165: ProFTPD took the account "
                  "from one source and the password from another).",
        .remedy = "Forget all of the first name when the second comes.",
        .run = two_names,
    },
    {
        .name = "security.anonymous.writes",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS,
        .title = "an anonymous user may not make directories",
        .reason = "What anybody may fill becomes a store for everybody's contraband within days.",
        .remedy = "Let anonymous users read and nothing else, or close that login.",
        .run = anonymous_writes,
    },
    {
        .name = "security.backdoor.smile",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "USER with \":)\" opens no port",
        .reason = "CVE-2011-2523: a copy of vsftpd 2.3.4 was given out that opens a shell at port "
                  "6200 for who smiles at it.",
        .remedy = "Take the machine off the network and install it anew.",
        .run = smile,
    },
    {
        .name = "security.backdoor.help",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "HELP gives no shell",
        .reason = "A copy of ProFTPD 1.3.3c was given out that opens a shell of root's for HELP "
                  "with a certain word.",
        .remedy = "Take the machine off the network and install it anew.",
        .run = acid,
    },
    {
        .name = "rfc2577.guessing.connection",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_DESTRUCTIVE | TEST_SLOW,
        .title = "guesses over one connection are limited or delayed",
        .reason = "RFC 2577, section 5: a server that takes passwords as fast as they come lets "
                  "whole dictionaries be tried.",
        .remedy = "Close the connection with 421 after 3 to 5 wrong passwords, and let each take "
                  "longer than the one before.",
        .run = one_connection,
    },
    {
        .name = "security.guessing.address",
        .severity = SEVERITY_WARNING,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_DESTRUCTIVE | TEST_SLOW,
        .after = "rfc2577.guessing.connection",
        .title = "guesses over many connections are limited or delayed",
        .reason = "A limit per connection is none for who connects anew for every guess.",
        .remedy = "Count failures per address, and delay or refuse beyond a limit.",
        .run = many_connections,
    },
    {
        .name = "security.guessing.lock-out",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY | TEST_SECOND | TEST_DESTRUCTIVE | TEST_SLOW,
        .title = "guesses from one address do not lock the user out at another",
        .reason = "RFC 2577, section 5: if failures count against the account alone, whoever "
                  "knows its name keeps its owner out.",
        .remedy = "Count failures per address before they count per name.",
        .run = locked_out,
    },
    {
        .name = "security.guessing.defaults",
        .severity = SEVERITY_ERROR,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_DESTRUCTIVE | TEST_SLOW,
        .title = "the accounts that are shipped with devices are closed",
        .reason = "admin/admin and its kin are what every worm tries first.",
        .remedy = "Remove these accounts or give them passwords.",
        .run = defaults,
    },
};

const struct group group_guessing = {
    .name = "guessing",
    .title = "Guessing, and logins that should not be",
    .tests = tests,
    .count = ELEMENTS(tests),
};
