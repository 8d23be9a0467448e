/* What stands in the user's folder and leads out of it: links, and paths that climb, tried with
 * every verb that changes something. See catalogue.h and planted.h. */
#include "ftplint/planted.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void link_read(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *outside = given_outside(exam);
    const char *links[] = {
        plant_link(exam, "absolute", exam_format(exam, "%s/secret", outside)),
        plant_link(exam, "relative",
                   exam_format(exam, "../../../../../../../../../../../..%s/secret", outside)),
        exam_format(exam, "%s/secret", plant_link(exam, "folder", outside)),
    };
    for (size_t i = 0; i < ELEMENTS(links); i++) {
        struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", links[i]);
        if (transfer.bytes.size)
            fail(exam, "a refusal: the link points out of the user's folder",
                 "RETR of a link to a file elsewhere: %zu bytes of that file", transfer.bytes.size);
    }
}

static void link_list(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *way = plant_link(exam, "folder", given_outside(exam));
    if (reply_is(command(client, "CWD %s", way), "2")) {
        struct transfer transfer = try_retrieve(client, DATA_ANY, "NLST");
        if (transfer.bytes.size && strstr(transfer.bytes.data, "secret"))
            fail(exam, "a refusal of CWD, or an empty directory",
                 "CWD to a link to a directory elsewhere leads there, and NLST lists it");
        (void)command(client, "CWD %s", given_folder(exam));
    }
    struct transfer transfer = try_retrieve(client, DATA_ANY, "NLST %s/", way);
    if (transfer.bytes.size && strstr(transfer.bytes.data, "secret"))
        fail(exam, "a refusal, or an empty listing",
             "NLST of a link to a directory elsewhere lists that directory");
}

/* Fails if TEXT holds what only the file outside has. */
static void reveals(struct exam *exam, const char *what, const char *text)
{
    char size[32];
    (void)snprintf(size, sizeof(size), "size=%zu;", strlen(OUTSIDE_CONTENT));
    if (strstr(text, "20010909014640") || strcasestr(text, size))
        fail(exam, "a refusal, or the facts of the link itself",
             "%s tells size or time of the file that the link points to: %s", what, text);
}

static void link_facts(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *target = exam_format(exam, "%s/secret", given_outside(exam));
    const char *path = plant_link(exam, "link", target);
    const struct reply *reply = command(client, "SIZE %s", path);
    if (reply_is(reply, "213") && strtoul(reply->text, NULL, 10) == strlen(OUTSIDE_CONTENT))
        fail(exam, "a refusal, or the facts of the link itself",
             "SIZE tells the size of the file that the link points to: %u %s", reply->code,
             reply->text);
    reveals(exam, "MDTM", command(client, "MDTM %s", path)->text);
    reply = command(client, "MLST %s", path);
    for (size_t i = 0; i < reply->count; i++)
        reveals(exam, "MLST", reply->lines[i]);
    if (!server_feature(exam->server, "MLST"))
        return;
    struct transfer listing = try_retrieve(client, DATA_ANY, "MLSD %s", given_folder(exam));
    struct lines lines = split_lines(exam, listing.bytes);
    for (size_t i = 0; i < lines.count; i++)
        reveals(exam, "MLSD", lines.line[i]);
}

/* What the server says of a link, with the link's name taken out. */
static const char *said(struct client *client, const char *verb, const char *name)
{
    struct exam *exam = client->exam;
    const char *path = own_path(exam, name);
    const struct reply *reply = strcmp(verb, "RETR") == 0
                                    ? try_retrieve(client, DATA_ANY, "RETR %s", path).reply
                                    : command(client, "%s %s", verb, path);
    char *text = exam_format(exam, "%u %s", reply->code, reply->text);
    for (char *at; (at = strstr(text, name));)
        memset(at, '*', strlen(name));
    return text;
}

static void link_oracle(struct exam *exam)
{
    static const char *const verbs[] = {"RETR", "SIZE", "MDTM", "MLST", "CWD", "STAT"};
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *outside = given_outside(exam);
    (void)plant_link(exam, "real-link", exam_format(exam, "%s/secret", outside));
    (void)plant_link(exam, "dead-link", exam_format(exam, "%s/nought", outside));
    for (size_t i = 0; i < ELEMENTS(verbs); i++) {
        const char *real = said(client, verbs[i], "real-link");
        const char *dead = said(client, verbs[i], "dead-link");
        if (strncmp(verbs[i], "MLST", 4) == 0 && *real == '2' && *dead == '2')
            continue; /* facts of the two links themselves */
        if (strcmp(real, dead) != 0)
            fail(exam, "the same answer whether the link's target exists or not",
                 "%s of a link to a file outside that exists: \"%s\"; that does not: \"%s\"",
                 verbs[i], real, dead);
    }
}

static void link_made(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *target = exam_format(exam, "%s/secret", given_outside(exam));
    const char *path = own_path(exam, "made");
    const struct reply *reply = command(client, "SITE SYMLINK %s %s", target, path);
    if (!reply_is(reply, "2"))
        skip(exam, "the server makes no symbolic links: %u %s", reply->code, reply->text);
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
    if (transfer.bytes.size)
        fail(exam, "a refusal of one of the two",
             "SITE SYMLINK to a file elsewhere, and RETR gives %zu bytes of it",
             transfer.bytes.size);
}

/* One RETR; false if the server ended the session over it, which is another matter than this. */
static bool try_racing(struct client *client, const char *path, struct bytes *ret_bytes)
{
    struct exam *exam = client->exam;
    *ret_bytes = (struct bytes){.size = 0};
    struct data *data = data_open(client, DATA_ANY);
    send_line(client, "RETR %s", path);
    const struct reply *reply = try_reply(client, exam_patience(exam));
    bool begun = reply_is(reply, "1");
    if (begun) {
        data_ready(data);
        *ret_bytes = data_read(data, 0);
    }
    wire_close(&data->wire);
    if (begun)
        reply = try_reply(client, exam_patience(exam));
    if (reply->error == -ETIMEDOUT) {
        exam->result.timed_out = true;
        blocked(exam, "no reply to a RETR while the directory above it was being swapped");
    }
    return reply->code != 0;
}

static void race(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    (void)plant_directory(exam, "place");
    (void)plant_file(exam, "place/secret", "of the user\n");
    (void)plant_link(exam, "away", given_outside(exam));
    const char *path = own_path(exam, "place/secret");
    plant_swapping(exam, "place", "away");
    unsigned ended = 0;
    for (int i = 0; i < 300 && ended < 8; i++) {
        struct bytes bytes;
        bool goes_on = try_racing(client, path, &bytes);
        /* Of the file outside maybe no more than the user's own has. */
        if (bytes.size && strncmp(bytes.data, OUTSIDE_CONTENT, bytes.size) == 0)
            fail(exam, "the user's own file, or a refusal",
                 "the file outside, at try %d of a RETR while the directory above it was being "
                 "swapped with a link",
                 i + 1);
        if (!goes_on) {
            ended++;
            wire_close(&client->wire);
            client = given_login(exam, ACCOUNT_USER);
        }
    }
    plant_calm(exam);
    if (ended)
        note(exam, "the server ended %u sessions over this", ended);
}

static const struct test tests[] = {
    {
        .name = "security.planted.link-read",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .after = "security.confinement.host-files",
        .title = "RETR does not follow a symbolic link out of the user's folder",
        .reason = "A link is made by whoever may write there by another way (a shell, a web "
                  "application, an unpacked archive); followed, it opens the whole host.",
        .remedy = "Confine by the kernel (chroot, a mount namespace, openat2 with "
                  "RESOLVE_BENEATH), or refuse links that lead out.",
        .run = link_read,
    },
    {
        .name = "security.planted.link-list",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .after = "security.confinement.host-files",
        .title = "CWD and NLST do not follow a symbolic link out of the user's folder",
        .reason = "A link to a directory that is followed opens all that is below it.",
        .remedy = "Confine by the kernel (chroot, a mount namespace, openat2 with "
                  "RESOLVE_BENEATH), or refuse links that lead out.",
        .run = link_list,
    },
    {
        .name = "security.planted.link-facts",
        .severity = SEVERITY_WARNING,
        .flags = TEST_LOCAL,
        .after = "security.planted.link-read",
        .title = "a link out of the user's folder does not tell its target's size and time",
        .reason = "Whether a file of the host exists, how large it is and when it was changed is "
                  "nothing that a user of FTP is to know.",
        .remedy = "Give the facts of the link itself (lstat), or none.",
        .run = link_facts,
    },
    {
        .name = "security.planted.link-oracle",
        .severity = SEVERITY_WARNING,
        .flags = TEST_LOCAL,
        .after = "security.planted.link-read",
        .title = "a link out of the user's folder does not tell whether its target exists",
        .reason = "With one reply for targets that exist and another for those that do not, the "
                  "host's files and accounts can be tried out by name.",
        .remedy = "Answer every link that leads out as a missing file.",
        .run = link_oracle,
    },
    {
        .name = "security.planted.link-made",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .after = "security.planted.link-read",
        .title = "SITE SYMLINK makes no way out of the user's folder",
        .reason = "A user who can make links and have them followed needs no other hole.",
        .remedy = "Follow no link out of the folder, whoever has made it.",
        .run = link_made,
    },
    {
        .name = "security.planted.race",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .after = "security.planted.link-read",
        .title = "a directory that is swapped with a link at the wrong moment leads nowhere",
        .reason = "A server that checks a path and then opens it can be had by whoever changes "
                  "the path between the two: a second session, or a program on the host.",
        .remedy = "Let the kernel check while it opens: chroot, a mount namespace, openat2.",
        .run = race,
    },
};

const struct group group_planted = {
    .name = "planted",
    .title = "Ways out of the user's folder",
    .tests = tests,
    .count = ELEMENTS(tests),
};
