/* Confinement: whether a user gets out of the folder that is his. Nothing here is planted and
 * nothing beyond the folder is changed; see group_planted.c. See catalogue.h. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <stdio.h>
#include <string.h>

/* What stands on every Unix, and what it begins with. */
#define HOST_FILE   "/etc/passwd"
#define HOST_FOLDER "/etc"

/* Ways up that a confined server clamps at its root or refuses. */
static const char *const climbs[] = {
    "../../../../../../../../../../../../../../../..",
    "/../../../../../../../../../../../../../../../..",
    "./.././.././.././.././.././.././.././.././.././..",
    "..//..//..//..//..//..//..//..//..//..//..//..",
    "/.././/.././/.././/.././/.././/.././/.././/..",
};

/* Ways up for servers that decode, fold or translate names after they have looked at them. */
static const char *const disguises[] = {
    "%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e/%2e%2e",
    "..%2f..%2f..%2f..%2f..%2f..%2f..%2f..",
    "..\\..\\..\\..\\..\\..\\..\\..",
    "....//....//....//....//....//....//....//....",
    "\xc0\xae\xc0\xae/\xc0\xae\xc0\xae/\xc0\xae\xc0\xae/\xc0\xae\xc0\xae/\xc0\xae\xc0\xae/"
    "\xc0\xae\xc0\xae/\xc0\xae\xc0\xae",
    "..\xc0\xaf..\xc0\xaf..\xc0\xaf..\xc0\xaf..\xc0\xaf..\xc0\xaf..",
    "\xef\xbc\x8e\xef\xbc\x8e/\xef\xbc\x8e\xef\xbc\x8e/\xef\xbc\x8e\xef\xbc\x8e/"
    "\xef\xbc\x8e\xef\xbc\x8e/\xef\xbc\x8e\xef\xbc\x8e/\xef\xbc\x8e\xef\xbc\x8e",
    ".. /.. /.. /.. /.. /.. /.. /..",
};

/* What the server gave away for "VERB PATH", in words; NULL: nothing. Verbs with a data connection
 * are judged by what comes over it. */
static const char *given_away(struct client *client, const char *verb, const char *path)
{
    struct exam *exam = client->exam;
    bool file = strcmp(verb, "RETR") == 0;
    if (!file && strcmp(verb, "LIST") != 0 && strcmp(verb, "NLST") != 0 &&
        strcmp(verb, "MLSD") != 0) {
        const struct reply *reply = command(client, "%s %s", verb, path);
        bool listing = strcmp(verb, "STAT") == 0;
        bool given = reply_is(reply, listing ? "21" : "2 3");
        for (size_t i = 0; listing && given; i++)
            if (i == reply->count)
                given = false;
            else if (strstr(reply->lines[i], "passwd"))
                break;
        return given ? exam_format(exam, "%s %s: %u %s", verb, path, reply->code, reply->text)
                     : NULL;
    }
    struct transfer transfer = try_retrieve(client, DATA_ANY, "%s %s", verb, path);
    if (transfer.bytes.size == 0 || !strstr(transfer.bytes.data, file ? ":" : "passwd"))
        return NULL;
    return exam_format(exam, "%s %s: %zu bytes that begin \"%.*s\"", verb, path,
                       transfer.bytes.size, (int)strcspn(transfer.bytes.data, "\r\n"),
                       transfer.bytes.data);
}

/* A row of the dot-dot tests. */
struct climb {
    const char *verbs;  /* with a space behind each */
    const char *target; /* below the host's root */
};

/* Calls TRY for every verb of VERBS. */
static void for_verbs(struct client *client, const char *verbs, const char *target,
                      void (*try)(struct client *client, const char *verb, const char *target))
{
    for (const char *at = verbs; *at;) {
        size_t size = strcspn(at, ",");
        try(client, exam_copy(client->exam, at, size), target);
        at += size;
        at += strspn(at, ",");
    }
}

static void climb_verb(struct client *client, const char *verb, const char *target)
{
    struct exam *exam = client->exam;
    if (given_away(client, verb, target))
        skip(exam, "%s is there by its absolute path, which is another test's matter", target);
    for (size_t i = 0; i < ELEMENTS(climbs); i++) {
        const char *got = given_away(client, verb, exam_format(exam, "%s%s", climbs[i], target));
        if (got)
            fail(exam, "a refusal: above the user's folder there is nothing", "%s", got);
    }
    const char *through = exam_format(exam, "%s/../../../../../../../../../../../../../../../..%s",
                                      exam->server->start, target);
    const char *got = given_away(client, verb, through);
    if (got)
        fail(exam, "a refusal: above the user's folder there is nothing", "%s", got);
}

/* A connection of its own: RNFR and CWD leave something behind. */
static void climb(struct exam *exam)
{
    const struct climb *row = exam->test->parameter;
    struct client *client = given_login(exam, ACCOUNT_USER);
    for_verbs(client, row->verbs, row->target, climb_verb);
}

static void climb_long(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    if (given_away(client, "RETR", HOST_FILE))
        skip(exam, HOST_FILE " is there by its absolute path, which is another test's matter");
    char *path = exam_allocate(exam, 300 * 3 + sizeof(HOST_FILE));
    for (size_t i = 0; i < 300; i++)
        memcpy(path + i * 3, "../", 3);
    memcpy(path + 300 * 3 - 1, HOST_FILE, sizeof(HOST_FILE));
    const char *got = given_away(client, "RETR", path);
    if (got)
        fail(exam, "a refusal: 300 steps up lead nowhere", "%s", got);
}

static void disguised(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    /* A server that goes to what is not there goes there by these names, too, and not up. */
    bool everywhere = reply_is(command(client, "CWD ftplint-missing"), "2");
    for (size_t i = 0; i < ELEMENTS(disguises); i++) {
        bool backslash = strchr(disguises[i], '\\') != NULL;
        const char *file = exam_format(exam, "%s%s", disguises[i], HOST_FILE);
        const char *got = given_away(client, "RETR", file);
        if (!got && backslash)
            got =
                given_away(client, "RETR", exam_format(exam, "%s\\windows\\win.ini", disguises[i]));
        if (!got && !everywhere)
            got = given_away(client, "CWD", exam_format(exam, "%s%s", disguises[i], HOST_FOLDER));
        if (got)
            fail(exam, "a refusal: these are names of nothing, not ways up", "%s", got);
    }
}

/* The names in the directory where the session is, one per line, in the order of the server. */
static const char *names_here(struct client *client)
{
    struct transfer transfer = try_retrieve(client, DATA_ANY, "NLST");
    return transfer.bytes.data ? transfer.bytes.data : "";
}

static const char *where(struct client *client)
{
    const char *path = reply_path(client, command(client, "PWD"));
    return path ? path : "";
}

static void top(struct exam *exam)
{
    const char *verb = exam->test->parameter;
    struct client *client = given_login(exam, ACCOUNT_USER);
    exam->given++;
    expect(client, "250 200", "CWD /");
    exam->given--;
    const char *names = names_here(client);
    for (int i = 1; i <= 20; i++) {
        (void)command(client, "%s", verb);
        const char *place = i == 1 || i == 20 ? where(client) : "/";
        if (strcmp(place, "/") != 0)
            fail(exam, "that the session stays in \"/\", the user's root",
                 "after %s at the root, sent %d times, it is in \"%s\"", verb, i, place);
    }
    const char *after = names_here(client);
    /* Above the host's own root there is nothing: it is another test's matter. */
    if (strcmp(names, after) == 0 || (strstr(names, "etc\r\n") && strstr(names, "proc\r\n")))
        return;
    /* What came or went meanwhile is to be seen from the root as well. */
    expect(client, "250 200", "CWD /");
    if (strcmp(names_here(client), after) != 0)
        fail(exam, "the same names before and behind it: there is nothing above the user's root",
             "20 times %s at the root lead to another directory, with \"%.*s\"", verb,
             (int)strcspn(after, "\r\n"), after);
}

static void tilde(struct exam *exam)
{
    static const char *const names[] = {"~root", "~root/..", "~daemon", "~/../../../../etc"};
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *start = where(client);
    if (given_away(client, "CWD", HOST_FOLDER))
        skip(exam, HOST_FOLDER " is there by its absolute path, which is another test's matter");
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        const struct reply *reply = command(client, "CWD %s", names[i]);
        if (!reply_is(reply, "2"))
            continue;
        const char *place = where(client);
        if (strcmp(place, start) != 0 && strcmp(place, "/") != 0 && !strchr(place, '~'))
            fail(exam, "a refusal: other accounts' homes are not the user's",
                 "CWD %s: \"%u %s\"; the session is in \"%s\"", names[i], reply->code, reply->text,
                 place);
        (void)command(client, "CWD %s", start);
    }
}

static void host_files(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR " HOST_FILE);
    if (transfer.bytes.size && strncmp(transfer.bytes.data, "root:", 5) == 0 &&
        strstr(transfer.bytes.data, "\nnobody:"))
        fail(exam, "a refusal: the user sees his own folder and nothing else",
             "RETR " HOST_FILE ": %zu bytes that begin \"%.*s\"", transfer.bytes.size,
             (int)strcspn(transfer.bytes.data, "\r\n"), transfer.bytes.data);
}

static void kernel_files(struct exam *exam)
{
    static const char *const files[] = {"/proc/self/environ", "/proc/self/maps", "/proc/version",
                                        "/proc/self/root/etc/passwd", "/sys/kernel/notes"};
    struct client *client = given_session(exam);
    for (size_t i = 0; i < ELEMENTS(files); i++) {
        struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", files[i]);
        if (transfer.bytes.size)
            fail(exam, "a refusal, as for any file that is not there", "RETR %s: %zu bytes",
                 files[i], transfer.bytes.size);
    }
}

/* One session stands in own/a/b/c while another moves own/a/b away. */
static void ancestor(struct exam *exam)
{
    struct client *other = given_session(exam);
    (void)given_directory(exam, "a");
    const char *moved = given_directory(exam, "a/b");
    const char *deep = given_directory(exam, "a/b/c");
    struct client *client = given_login(exam, ACCOUNT_USER);
    exam->given++;
    expect(client, "250 200", "CWD %s", deep);
    expect(other, "350", "RNFR %s", moved);
    expect(other, "250", "RNTO %s", own_path(exam, "moved"));
    exam->given--;
    if (given_away(other, "CWD", HOST_FOLDER))
        skip(exam, HOST_FOLDER " is there by its absolute path, which is another test's matter");
    (void)command(client, "CWD ../../../../../../../../../..");
    struct transfer transfer = try_retrieve(client, DATA_ANY, "NLST");
    struct lines lines = split_lines(exam, transfer.bytes);
    unsigned found = 0;
    for (size_t i = 0; i < lines.count; i++)
        found += strcmp(lines.line[i], "etc") == 0 || strcmp(lines.line[i], "proc") == 0;
    const char *got = found == 2 ? "NLST shows \"etc\" and \"proc\""
                                 : given_away(client, "CWD", "etc/../../../../etc");
    if (got)
        fail(exam, "that the session stays within the user's folder",
             "CWD ../../../../../../../../../.. from a directory that was moved: %s", got);
}

static void copy_outside(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *reply = command(client, "SITE CPFR %s", exam->server->start);
    skip_unknown(client, reply, "SITE CPFR");
    for_verbs(client, "SITE CPFR", HOST_FILE, climb_verb);
}

/* The rows that differ in the verb alone. */
#define CLIMB(NAME, VERBS, TARGET, TITLE)                                                          \
    {                                                                                              \
        .name = "security.confinement.dot-dot-" NAME, .severity = SEVERITY_ERROR,                  \
        .flags = TEST_READ_ONLY, .after = "security.confinement.host-files", .title = TITLE,       \
        .reason =                                                                                  \
            "A path with \"..\" that climbs out of the user's folder gives every user the "        \
            "files of the host (CVE-2020-5221, uftpd; CVE-2010-3867, ProFTPD's SITE): each verb "  \
            "that takes a path has to be confined, not only the usual ones.",                      \
        .remedy = "Resolve every path below the user's root by one function for all verbs, or "    \
                  "better let the kernel do it (chroot, a mount namespace, openat2).",             \
        .run = climb, .parameter = &(const struct climb){VERBS, TARGET},                           \
    }

static const struct test tests[] = {
    {
        .name = "security.confinement.host-files",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "the host's own files are not the user's to read",
        .reason = "A session that sees the whole host hands its list of accounts, its "
                  "configuration and every file with careless permissions to whoever has guessed "
                  "one password.",
        .remedy = "Confine users to their folders: chroot_local_user (vsftpd), DefaultRoot ~ "
                  "(ProFTPD), -A or ChrootEveryone (Pure-FTPd).",
        .run = host_files,
    },
    {
        .name = "security.confinement.kernel-files",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "security.confinement.host-files",
        .title = "nothing of /proc and /sys is served",
        .reason = "/proc/self tells the server's environment and memory layout, and "
                  "/proc/self/root leads back to the host.",
        .remedy = "Mount neither /proc nor /sys where sessions can reach it.",
        .run = kernel_files,
    },
    CLIMB("retr", "RETR", HOST_FILE, "RETR does not climb out of the user's folder by \"..\""),
    CLIMB("size", "SIZE,MDTM", HOST_FILE,
          "SIZE and MDTM do not climb out of the user's folder by \"..\""),
    CLIMB("mlst", "MLST", HOST_FILE, "MLST does not climb out of the user's folder by \"..\""),
    CLIMB("cwd", "CWD,XCWD", HOST_FOLDER, "CWD does not climb out of the user's folder by \"..\""),
    CLIMB("list", "LIST,NLST", HOST_FOLDER,
          "LIST and NLST do not climb out of the user's folder by \"..\""),
    CLIMB("mlsd", "MLSD", HOST_FOLDER, "MLSD does not climb out of the user's folder by \"..\""),
    CLIMB("stat", "STAT", HOST_FOLDER, "STAT does not climb out of the user's folder by \"..\""),
    CLIMB("rnfr", "RNFR", HOST_FILE, "RNFR does not climb out of the user's folder by \"..\""),
    CLIMB("hash", "HASH,XCRC,XMD5,MD5,XSHA,XSHA1,XSHA256,XSHA512", HOST_FILE,
          "HASH and its kin do not climb out of the user's folder by \"..\""),
    {
        .name = "security.confinement.copy",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "security.confinement.host-files",
        .title = "SITE CPFR does not climb out of the user's folder by \"..\"",
        .reason = "A copy made by the server brings what no RETR would give into the user's folder "
                  "(CVE-2015-3306, ProFTPD).",
        .remedy = "Check both paths of SITE CPFR and SITE CPTO as those of RETR and STOR.",
        .run = copy_outside,
    },
    {
        .name = "security.confinement.long-climb",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "security.confinement.dot-dot-retr",
        .title = "a path of 300 steps up is refused like a short one",
        .reason = "A server that resolves only so many components, or so many bytes, hands the "
                  "rest of a long path to the system as it is.",
        .remedy = "Refuse a path that is longer than what the server resolves.",
        .run = climb_long,
    },
    {
        .name = "security.confinement.disguised",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "security.confinement.dot-dot-retr",
        .title = "\"..\" in percent signs, backslashes or overlong UTF-8 is not a way up",
        .reason = "A server that checks a name and then decodes it checks another name than it "
                  "opens: %2e%2e, ..\\ and the bytes C0 AE have all opened servers (RFC 3629, "
                  "section 10).",
        .remedy = "Decode first and check last; refuse what is not UTF-8 or take it as it is.",
        .run = disguised,
    },
    {
        .name = "security.confinement.top-cwd",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "CWD .. at the user's root leads nowhere",
        .reason = "Above the root there is nothing: a step from it shows the folders of others.",
        .remedy = "Let \"..\" of the root be the root, or refuse it with 550.",
        .run = top,
        .parameter = "CWD ..",
    },
    {
        .name = "security.confinement.top-cdup",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .title = "CDUP at the user's root leads nowhere",
        .reason = "RFC 959, section 4.1.1: CDUP is CWD to the parent, and above the root there is "
                  "none; a step from it shows the folders of others.",
        .remedy = "Treat CDUP exactly as CWD \"..\".",
        .run = top,
        .parameter = "CDUP",
    },
    {
        .name = "security.confinement.tilde",
        .severity = SEVERITY_ERROR,
        .flags = TEST_READ_ONLY,
        .after = "security.confinement.host-files",
        .title = "CWD ~root does not lead to another account's home",
        .reason = "A tilde that the server expands tells which accounts exist and leads out of "
                  "the user's folder (CVE-1999-0082).",
        .remedy = "Take a tilde as a byte of a name like any other.",
        .run = tilde,
    },
    {
        .name = "security.confinement.moved-ancestor",
        .severity = SEVERITY_ERROR,
        .after = "security.confinement.dot-dot-cwd",
        .title = "a session whose directory is moved away stays within the user's folder",
        .reason = "If a second session renames a directory above the present one, \"..\" may lead "
                  "past the point at which a server looks for its root.",
        .remedy = "Confine by the kernel and not by counting components.",
        .run = ancestor,
    },
};

const struct group group_confinement = {
    .name = "confinement",
    .title = "Confinement to the user's folder",
    .tests = tests,
    .count = ELEMENTS(tests),
};
