/* What replies and listings tell of the host: paths, names, accounts, versions. See catalogue.h. */
#include "ftplint/planted.h"

#include "lib/cleanup.h"

#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

/* The first word of LINE that reads like a version ("1.3.8", "v2.0b"): NULL if there is none. What
 * has four numbers is an address, and what follows "RFC" or a digit alone is none either. */
static const char *version_in(struct exam *exam, const char *line)
{
    for (const char *at = line; *at;) {
        size_t size = strcspn(at, " \t()[],;/\"");
        unsigned dots = 0, others = 0;
        for (size_t i = 0; i < size; i++) {
            dots += at[i] == '.' && i > 0 && isdigit((unsigned char)at[i - 1]) &&
                    isdigit((unsigned char)at[i + 1]);
            others += !isdigit((unsigned char)at[i]) && at[i] != '.';
        }
        if (dots > 0 && dots < 3 && others <= 3 && !memchr(at, ':', size) && !memchr(at, '%', size))
            return exam_copy(exam, at, size);
        at += size;
        at += strspn(at, " \t()[],;/\"");
    }
    return NULL;
}

static void version(struct exam *exam)
{
    static const char *const lines[] = {"SYST", "HELP", "SITE HELP", "STAT", "FEAT"};
    struct client *client = given_connection(exam);
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        const struct reply *reply = command(client, "%s", lines[i]);
        for (size_t j = 0; reply_is(reply, "2") && j < reply->count; j++) {
            const char *found = version_in(exam, reply->lines[j]);
            /* Next to a program's name; "0.5 seconds" and "TLS 1.3" are no such thing. */
            if (found && strcasestr(reply->lines[j], "ftpd"))
                fail(exam, "no version of the program before the login", "%s: \"%s\"", lines[i],
                     reply->lines[j]);
        }
    }
}

/* Replies that name files, right ones and wrong ones. */
static void paths(struct exam *exam)
{
    static const char *const lines[] = {
        "PWD",
        "CWD ftplint-nothing",
        "RETR ftplint-nothing",
        "SIZE ftplint-nothing",
        "DELE ftplint-nothing",
        "RMD ftplint-nothing",
        "RNFR ftplint-nothing",
        "STAT ftplint-nothing",
        "MLST .",
        "MKD ftplint-nothing/below",
        "STAT",
        "SITE UMASK",
        "RETR .",
        "DELE .",
        "SIZE .",
        "CWD ..",
    };
    const char *local = exam->target->local;
    struct client *client = given_login(exam, ACCOUNT_USER);
    if (!local || strlen(local) < 3)
        skip(exam, "the user's folder on this machine is not known (--local)");
    if (strncmp(exam->server->start, local, strlen(local)) == 0)
        skip(exam, "the session's paths are those of the host");
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        const struct reply *reply = command(client, "%s", lines[i]);
        for (size_t j = 0; j < reply->count; j++)
            if (strstr(reply->lines[j], local))
                fail(exam, "paths as the user sees them",
                     "%s tells where the folder is on the host: \"%s\"", lines[i], reply->lines[j]);
    }
}

/* The same for transfers, whose replies come from other parts of a server. */
static void transfer_paths(struct exam *exam)
{
    const char *local = exam->target->local;
    struct client *client = given_login(exam, ACCOUNT_USER);
    if (!local || strlen(local) < 3)
        skip(exam, "the user's folder on this machine is not known (--local)");
    if (strncmp(exam->server->start, local, strlen(local)) == 0)
        skip(exam, "the session's paths are those of the host");
    const char *path = own_path(exam, "upload");
    const char *below = own_path(exam, "nothing/below");
    const struct reply *replies[6];
    struct transfer stored = try_store(client, DATA_ANY, "x", 1, "STOR %s", path);
    struct transfer refused = try_store(client, DATA_ANY, "x", 1, "STOR %s", below);
    struct transfer fetched = try_retrieve(client, DATA_ANY, "RETR %s", path);
    replies[0] = stored.preliminary;
    replies[1] = stored.reply;
    replies[2] = refused.reply;
    replies[3] = fetched.preliminary;
    replies[4] = fetched.reply;
    replies[5] = command(client, "MKD %s", own_path(exam, "made"));
    for (size_t i = 0; i < ELEMENTS(replies); i++)
        for (size_t j = 0; replies[i] && j < replies[i]->count; j++)
            if (strstr(replies[i]->lines[j], local))
                fail(exam, "paths as the user sees them",
                     "a reply to STOR, RETR or MKD tells where the folder is on the host: \"%s\"",
                     replies[i]->lines[j]);
}

static void host_name(struct exam *exam)
{
    static const char *const lines[] = {"SYST", "HELP", "STAT", "SITE HELP"};
    struct utsname host;
    if (!exam->target->local || uname(&host) < 0)
        skip(exam, "the server's machine is not known to be this one (--local)");
    if (strlen(host.nodename) < 4 || strncasecmp(host.nodename, "localhost", 9) == 0)
        skip(exam, "this machine's name, \"%s\", may stand in any text by chance", host.nodename);
    struct client *client = given_connection(exam);
    if (strcasestr(client->greeting->lines[0], host.nodename))
        fail(exam, "replies to strangers without the host's own name", "the greeting: \"%s\"",
             client->greeting->lines[0]);
    for (size_t i = 0; i < ELEMENTS(lines); i++) {
        const struct reply *reply = command(client, "%s", lines[i]);
        for (size_t j = 0; j < reply->count; j++)
            if (strcasestr(reply->lines[j], host.nodename))
                fail(exam, "replies to strangers without the host's own name", "%s: \"%s\"",
                     lines[i], reply->lines[j]);
    }
}

/* The word of LINE at INDEX. */
static const char *word(struct exam *exam, const char *line, unsigned index)
{
    for (;;) {
        line += strspn(line, " ");
        size_t size = strcspn(line, " ");
        if (index-- == 0 || size == 0)
            return exam_copy(exam, line, size);
        line += size;
    }
}

static void owner(struct exam *exam)
{
    const char *path = given_file(exam, "file", "x", 1);
    struct stat found;
    if (stat(local_path(exam, path), &found) < 0)
        skip(exam, "the file is not where --local says");
    const char *user = exam->target->logins[ACCOUNT_USER].user;
    struct lines lines = list_lines(given_session(exam), "LIST %s", given_folder(exam));
    if (lines.count == 0 || strlen(lines.line[lines.count - 1]) < 40)
        skip(exam, "LIST shows no owners");
    const char *shown = word(exam, lines.line[lines.count - 1], 2);
    const struct passwd *account = getpwuid(found.st_uid);
    char *end;
    unsigned long number = strtoul(shown, &end, 10);
    bool same_number = *shown && *end == '\0' && number == found.st_uid && number != 0;
    if (strcmp(shown, user) == 0)
        return;
    if (same_number || (account && strcmp(shown, account->pw_name) == 0))
        fail(exam, "the user's own name, or one that is nobody's (\"owner\", \"ftp\")",
             "LIST shows \"%s\" as the owner, the host's account behind the user", shown);
}

static void link_target(struct exam *exam)
{
    const char *outside = given_outside(exam);
    (void)plant_link(exam, "link", exam_format(exam, "%s/secret", outside));
    struct lines lines = list_lines(given_session(exam), "LIST %s", given_folder(exam));
    for (size_t i = 0; i < lines.count; i++)
        if (strstr(lines.line[i], outside))
            fail(exam, "the link without its target, or a target as the user would reach it",
                 "\"%s\"", lines.line[i]);
}

static void inode(struct exam *exam)
{
    needs_feature(exam, "MLST");
    const char *path = given_file(exam, "file", "x", 1);
    struct stat found;
    if (stat(local_path(exam, path), &found) < 0)
        skip(exam, "the file is not where --local says");
    const struct reply *reply = command(given_session(exam), "MLST %s", path);
    const char *fact = reply->count > 1 ? strcasestr(reply->lines[1], "unique=") : NULL;
    if (!fact)
        skip(exam, "MLST gives no fact \"unique\"");
    fact = exam_copy(exam, fact + 7, strcspn(fact + 7, ";"));
    const char *device[] = {exam_format(exam, "%lx", (unsigned long)found.st_dev),
                            exam_format(exam, "%lu", (unsigned long)found.st_dev)};
    const char *number[] = {exam_format(exam, "%lx", (unsigned long)found.st_ino),
                            exam_format(exam, "%lu", (unsigned long)found.st_ino)};
    for (size_t i = 0; i < 2; i++)
        if (strlen(number[i]) > 3 && strcasestr(fact, number[i]) && strcasestr(fact, device[i]))
            fail(exam, "a value that says no more than whether two names are one file",
                 "unique=%s is made of the host's device and inode number", fact);
}

/* Files that servers themselves leave in users' folders. */
static void book_keeping(struct exam *exam)
{
    static const char *const names[] = {".ftpquota", ".ftpaccess"};
    struct client *client = given_login(exam, ACCOUNT_USER);
    exam->given++;
    expect(client, "250 200", "CWD %s", exam->server->start);
    exam->given--;
    struct transfer listing = try_retrieve(client, DATA_ANY, "LIST -a");
    struct lines lines = split_lines(exam, listing.bytes);
    for (size_t i = 0; i < lines.count; i++)
        for (size_t j = 0; j < ELEMENTS(names); j++) {
            const char *at = strstr(lines.line[i], exam_format(exam, " %s", names[j]));
            if (at)
                fail(exam, "the user's own files and nothing else",
                     "\"%s\": a file in which the server keeps its books", at + 1);
        }
}

static const struct test tests[] = {
    {
        .name = "security.identity.version",
        .severity = SEVERITY_NOTE,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY,
        .title = "before the login no reply tells the program's version",
        .reason = "The version tells who looks for a hole which one to try, and tells an honest "
                  "client nothing that it can use.",
        .remedy = "Leave the version out of STAT, SYST and HELP, at least before the login.",
        .run = version,
    },
    {
        .name = "security.identity.paths",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY | TEST_LOCAL,
        .title = "no reply tells where the user's folder is on the host",
        .reason = "Paths of the host tell its layout and its users' names, and show that names "
                  "are handed on without translation.",
        .remedy = "Build the texts of replies from the client's path, never from the host's.",
        .run = paths,
    },
    {
        .name = "security.identity.transfer-paths",
        .severity = SEVERITY_WARNING,
        .flags = TEST_LOCAL,
        .title = "no reply of a transfer tells where the user's folder is on the host",
        .reason = "Paths of the host tell its layout and its users' names, and show that names "
                  "are handed on without translation.",
        .remedy = "Build the texts of replies from the client's path, never from the host's.",
        .run = transfer_paths,
    },
    {
        .name = "security.identity.host-name",
        .severity = SEVERITY_NOTE,
        .flags = TEST_ANONYMOUS | TEST_READ_ONLY | TEST_LOCAL,
        .title = "before the login no reply tells the host's own name",
        .reason = "The name that a host has inside its network tells strangers how that network "
                  "is laid out.",
        .remedy = "Set the name that the greeting shows, or let it show none.",
        .run = host_name,
    },
    {
        .name = "security.identity.owner",
        .severity = SEVERITY_NOTE,
        .flags = TEST_LOCAL,
        .title = "LIST does not tell the host's account behind the user",
        .reason = "Names and numbers of the host's accounts help who looks for a way in and tell "
                  "the user nothing.",
        .remedy = "Show the name under which the user has logged in.",
        .run = owner,
    },
    {
        .name = "security.identity.link-target",
        .severity = SEVERITY_NOTE,
        .flags = TEST_LOCAL,
        .title = "LIST does not tell absolute targets of links outside the user's folder",
        .reason = "A target that the user cannot reach is of no use to the user, and tells the "
                  "layout of the host.",
        .remedy = "Leave \" -> target\" out if the target is not below the user's root.",
        .run = link_target,
    },
    {
        .name = "security.identity.inode",
        .severity = SEVERITY_NOTE,
        .flags = TEST_LOCAL,
        .title = "the fact \"unique\" is not the host's device and inode number",
        .reason = "RFC 3659, section 11: an identifier that lets the protection of files be "
                  "by-passed is no suitable value. From the raw numbers handles of network file "
                  "systems can be guessed.",
        .remedy = "Hash device and inode with a key of the session or the server.",
        .run = inode,
    },
    {
        .name = "security.identity.book-keeping",
        .severity = SEVERITY_NOTE,
        .flags = TEST_READ_ONLY,
        .title = "no files of the server's own stand in the user's folder",
        .reason = "What the server keeps where the user may write, the user changes: a quota that "
                  "stands in the folder is the user's to set.",
        .remedy = "Keep quotas and other books outside of users' folders.",
        .run = book_keeping,
    },
};

const struct group group_identity = {
    .name = "identity",
    .title = "What replies tell of the host",
    .tests = tests,
    .count = ELEMENTS(tests),
};
