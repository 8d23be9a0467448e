/* What a user can change beyond his folder: through links, and by paths that climb, tried with
 * every verb that changes something. See catalogue.h and planted.h. */
#include "ftplint/planted.h"

#include "lib/cleanup.h"

/* Ends the test if something beyond the folder has changed. */
static void expect_untouched(struct exam *exam, const char *what)
{
    const char *change = outside_change(exam);
    if (change)
        fail(exam, "that nothing beyond the user's folder changes", "%s: %s", what, change);
}

/* The outside as a path that climbs from the test's folder. */
static const char *climb_to(struct exam *exam, const char *name)
{
    return exam_format(exam, "%s/../../../../../../../../../../../../../../../..%s/%s",
                       given_folder(exam), given_outside(exam), name);
}

/* Uploads to PATH, whatever comes of it. */
static void push(struct client *client, const char *verb, const char *path)
{
    (void)try_store(client, DATA_ANY, "ftplint\n", 8, "%s %s", verb, path);
}

/* The ways to the outside: what a test's paths begin with. */
enum way { BY_CLIMBING, BY_LINK };

static const char *way_to(struct exam *exam, enum way way, const char *name)
{
    if (way == BY_CLIMBING)
        return climb_to(exam, name);
    return exam_format(exam, "%s/way/%s", given_folder(exam), name);
}

static void change_by_store(struct client *client, enum way way)
{
    struct exam *exam = client->exam;
    push(client, "STOR", way_to(exam, way, "secret"));
    expect_untouched(exam, "STOR of a file outside");
    push(client, "APPE", way_to(exam, way, "secret"));
    expect_untouched(exam, "APPE to a file outside");
    push(client, "STOR", way_to(exam, way, "new"));
    expect_untouched(exam, "STOR of a new file outside");
}

static void change_by_make(struct client *client, enum way way)
{
    (void)command(client, "MKD %s", way_to(client->exam, way, "made"));
    expect_untouched(client->exam, "MKD outside");
}

static void change_by_delete(struct client *client, enum way way)
{
    (void)command(client, "DELE %s", way_to(client->exam, way, "secret"));
    expect_untouched(client->exam, "DELE of a file outside");
    (void)command(client, "RMD %s", way_to(client->exam, way, "below"));
    expect_untouched(client->exam, "RMD of a directory outside");
}

static void change_by_rename(struct client *client, enum way way)
{
    struct exam *exam = client->exam;
    const char *mine = given_file(exam, "mine", "mine\n", 5);
    if (reply_is(command(client, "RNFR %s", mine), "3"))
        (void)command(client, "RNTO %s", way_to(exam, way, "renamed"));
    expect_untouched(exam, "RNTO of the user's file to a name outside");
    if (reply_is(command(client, "RNFR %s", way_to(exam, way, "secret")), "3"))
        (void)command(client, "RNTO %s", own_path(exam, "brought"));
    expect_untouched(exam, "RNFR of a file outside");
}

static void attributes_of(struct client *client, const char *path)
{
    (void)command(client, "SITE CHMOD 600 %s", path);
    expect_untouched(client->exam, "SITE CHMOD of a file outside");
    (void)command(client, "MFMT 20200101000000 %s", path);
    expect_untouched(client->exam, "MFMT of a file outside");
    (void)command(client, "MFF Modify=20200101000000;UNIX.mode=0600; %s", path);
    expect_untouched(client->exam, "MFF of a file outside");
    (void)command(client, "MDTM 20200101000000 %s", path);
    expect_untouched(client->exam, "MDTM with a time of a file outside");
    (void)command(client, "SITE UTIME 20200101000000 %s", path);
    expect_untouched(client->exam, "SITE UTIME of a file outside");
}

static void change_attributes(struct client *client, enum way way)
{
    attributes_of(client, way_to(client->exam, way, "secret"));
}

struct change {
    void (*make)(struct client *client, enum way way);
    enum way way;
};

static void change(struct exam *exam)
{
    const struct change *row = exam->test->parameter;
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *outside = given_outside(exam);
    if (row->way == BY_LINK)
        (void)plant_link(exam, "way", outside);
    row->make(client, row->way);
}

static void link_write(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *outside = given_outside(exam);
    const char *real = plant_link(exam, "real", exam_format(exam, "%s/secret", outside));
    const char *dead = plant_link(exam, "dead", exam_format(exam, "%s/new", outside));
    push(client, "APPE", real);
    expect_untouched(exam, "APPE to a link to a file outside");
    push(client, "STOR", real);
    expect_untouched(exam, "STOR to a link to a file outside");
    push(client, "STOR", dead);
    expect_untouched(exam, "STOR to a link to a name outside");
}

static void link_attributes(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *target = exam_format(exam, "%s/secret", given_outside(exam));
    attributes_of(client, plant_link(exam, "link", target));
}

static void link_delete(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *outside = given_outside(exam);
    const char *file = plant_link(exam, "file", exam_format(exam, "%s/secret", outside));
    const char *folder = plant_link(exam, "folder", exam_format(exam, "%s/below", outside));
    (void)command(client, "DELE %s", file);
    expect_untouched(exam, "DELE of a link to a file outside");
    (void)command(client, "RMD %s", folder);
    expect_untouched(exam, "RMD of a link to a directory outside");
}

#define CHANGE(NAME, MAKE, WAY, AFTER, TITLE)                                                      \
    {                                                                                              \
        .name = "security.planted." NAME, .severity = SEVERITY_ERROR, .flags = TEST_LOCAL,         \
        .after = AFTER, .title = TITLE,                                                            \
        .reason = "What can be written beyond the user's folder is everybody's: web pages, "       \
                  "keys, programs that others run. Each verb has to be confined, not only STOR "   \
                  "(CVE-2008-7262, pyftpdlib; CVE-2010-3867, ProFTPD).",                           \
        .remedy = "Resolve every path below the user's root by one function for all verbs, or "    \
                  "better let the kernel do it (chroot, a mount namespace, openat2).",             \
        .run = change, .parameter = &(const struct change){MAKE, WAY},                             \
    }

#define CLIMBED "security.confinement.dot-dot-retr"
#define LINKED  "security.planted.link-list"

static const struct test tests[] = {
    {
        .name = "security.planted.link-write",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .after = "security.confinement.host-files",
        .title = "STOR and APPE do not write through a link out of the user's folder",
        .reason = "An upload that follows a link overwrites what the link's maker chose.",
        .remedy = "Open with O_NOFOLLOW, or write to a new file and rename it over the link.",
        .run = link_write,
    },
    {
        .name = "security.planted.link-attributes",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .after = "security.confinement.host-files",
        .title = "mode and time of a link's target outside the user's folder stay",
        .reason = "SITE CHMOD, MFMT and their kin on a link change the file to which it points.",
        .remedy = "Use the calls that do not follow links, below the user's root.",
        .run = link_attributes,
    },
    {
        .name = "security.planted.link-delete",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .after = "security.confinement.host-files",
        .title = "DELE and RMD of a link leave its target outside the user's folder alone",
        .reason = "The name that is deleted is the link's; what it points to is another's.",
        .remedy = "Unlink the name itself; never resolve it first.",
        .run = link_delete,
    },
    CHANGE("link-folder-store", change_by_store, BY_LINK, LINKED,
           "STOR and APPE do not write below a link to a directory outside"),
    CHANGE("link-folder-mkd", change_by_make, BY_LINK, LINKED,
           "MKD makes nothing below a link to a directory outside"),
    CHANGE("link-folder-delete", change_by_delete, BY_LINK, LINKED,
           "DELE and RMD remove nothing below a link to a directory outside"),
    CHANGE("link-folder-rename", change_by_rename, BY_LINK, LINKED,
           "a rename moves nothing through a link to a directory outside"),
    CHANGE("link-folder-attributes", change_attributes, BY_LINK, LINKED,
           "mode and time stay below a link to a directory outside"),
    CHANGE("climb-store", change_by_store, BY_CLIMBING, CLIMBED,
           "STOR and APPE do not climb out of the user's folder by \"..\""),
    CHANGE("climb-mkd", change_by_make, BY_CLIMBING, CLIMBED,
           "MKD does not climb out of the user's folder by \"..\""),
    CHANGE("climb-delete", change_by_delete, BY_CLIMBING, CLIMBED,
           "DELE and RMD do not climb out of the user's folder by \"..\""),
    CHANGE("climb-rename", change_by_rename, BY_CLIMBING, CLIMBED,
           "RNFR and RNTO do not climb out of the user's folder by \"..\""),
    CHANGE("climb-attributes", change_attributes, BY_CLIMBING, CLIMBED,
           "SITE CHMOD, MFMT and their kin do not climb out of the user's folder by \"..\""),
};

const struct group group_outside = {
    .name = "outside",
    .title = "Changes beyond the user's folder",
    .tests = tests,
    .count = ELEMENTS(tests),
};
