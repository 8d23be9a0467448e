/* Names that strangers register by SITE REGISTER: those that lead out, and those that are taken. A
 * finding never says a password. See catalogue.h. */
#include "ftplint/accounts.h"

#include "lib/cleanup.h"

#include <string.h>

struct bad_names {
    const char *what;
    size_t count;
    const char *const *names; /* as arguments, of which "%s" becomes a new name */
};

static const char *const leading_out[] = {"..", ".", "../%s", "/%s", "x/../../%s", "%s/.."};
static const char *const control[] = {"%s\x01", "\"%s\tx\"", "%s\x7f", "%s\x1b[2J"};
static const char *const of_system[] = {"root", "daemon", "bin", "nobody"};
static const char *const options[] = {"-%s", "--role=admin", ".%s"};

#define NAMES(words, list)                                                                         \
    &(const struct bad_names)                                                                      \
    {                                                                                              \
        .what = (words), .count = ELEMENTS(list), .names = (list)                                  \
    }

/* TEMPLATE with a new name where it has "%s". */
static const char *filled(struct exam *exam, const char *template)
{
    const char *place = strstr(template, "%s");
    if (!place)
        return template;
    return exam_format(exam, "%.*s%s%s", (int)(place - template), template, new_account(exam).name,
                       place + 2);
}

/* Every try has a connection of its own: servers count them. */
static void bad_names(struct exam *exam)
{
    const struct bad_names *bad = exam->test->parameter;
    for (size_t i = 0; i < bad->count; i++) {
        struct client *client = given_registrar(exam);
        const char *name = filled(exam, bad->names[i]);
        const struct reply *reply = try_register(client, name, new_account(exam).password);
        if (reply_is(reply, "2"))
            fail(exam, exam_format(exam, "a refusal of a name %s", bad->what),
                 "\"%u %s\" to SITE REGISTER for the name \"%s\"", reply->code, reply->text, name);
        client_close(client);
    }
}

static void long_name(struct exam *exam)
{
    struct client *client = given_registrar(exam);
    char *name = exam_allocate(exam, 301);
    memset(name, 'f', 300);
    const struct reply *reply = try_register(client, name, new_account(exam).password);
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: the name has 300 bytes, and no folder can be named so", "%u %s",
             reply->code, reply->text);
}

/* The part before the zero byte must not become an account's name. */
static void zero_byte(struct exam *exam)
{
    struct client *client = given_registrar(exam);
    struct new_account account = new_account(exam);
    const char *line =
        exam_format(exam, "SITE REGISTER %s?x %s\r\n", account.name, account.password);
    size_t size = strlen(line);
    char *bytes = exam_copy(exam, line, size);
    *strchr(bytes, '?') = '\0';
    (void)wire_send(&client->wire, bytes, size, true, exam_patience(exam));
    const struct reply *reply = read_reply(client);
    if (!reply_is(reply, "2"))
        return;
    remove_account_later(exam, account.name);
    fail(exam, "a refusal: the name has a zero byte in it", "%u %s", reply->code, reply->text);
}

/* Accounts of our own are tried: nobody is harmed if the server lets us. */
static void existing(struct exam *exam)
{
    struct new_account account = given_registered(exam);
    struct client *client = given_registrar(exam);
    const char *other = new_account(exam).password;
    const struct reply *reply = secretly(client, "SITE REGISTER %s %s", account.name, other);
    const char *answer = exam_format(exam, "%u %s", reply->code, reply->text);
    if (may_log_in(exam, account.name, other))
        fail(exam, "that an account keeps its password when its name is registered again",
             "\"%s\", and the new password logs in", answer);
    if (reply_is(reply, "2"))
        fail(exam, "a refusal: the name is taken", "%s", answer);
}

#define NAME_REMEDY                                                                                \
    "Take a short list of letters, digits and signs, judge the whole name, refuse the rest."

#define REGISTRATION(severity_, title_, reason_, remedy_, run_)                                    \
    .severity = SEVERITY_##severity_, .flags = TEST_ANONYMOUS | TEST_DESTRUCTIVE,                  \
    .title = (title_), .reason = (reason_), .remedy = (remedy_), .run = (run_)

static const struct test tests[] = {
    {
        .name = "security.registration-name.path",
        REGISTRATION(
            ERROR, "names that are paths are not registered",
            "The name becomes a folder: \"..\" or \"a/b\" is one that lies elsewhere, among "
            "others' files.",
            NAME_REMEDY, bad_names),
        .parameter = NAMES("that is a path", leading_out),
    },
    {
        .name = "security.registration-name.control",
        REGISTRATION(ERROR, "names with control bytes are not registered",
                     "They forge lines of logs and of password files, and act on the terminal of "
                     "the administrator who lists the accounts.",
                     NAME_REMEDY, bad_names),
        .parameter = NAMES("with a control byte", control),
    },
    {
        .name = "security.registration-name.option",
        REGISTRATION(WARNING, "names that begin with a hyphen or a dot are not registered",
                     "Sooner or later a script takes the one for an option and overlooks the "
                     "other's folder.",
                     NAME_REMEDY, bad_names),
        .parameter = NAMES("that begins with a hyphen or a dot", options),
    },
    {
        .name = "security.registration-name.system",
        REGISTRATION(WARNING, "names of the system's own accounts are not registered",
                     "Mail to root, and rules that name it, would mean a stranger; where the "
                     "system's users may log in too, two accounts have one name.",
                     "Refuse names that the system knows, and a list of reserved ones.", bad_names),
        .parameter = NAMES("of a system's account", of_system),
    },
    {
        .name = "security.registration-name.long",
        REGISTRATION(ERROR, "a name of 300 bytes is not registered",
                     "No folder can be named so. A name that is cut off is somebody else's.",
                     "Refuse names that are too long, 32 bytes for example.", long_name),
    },
    {
        .name = "security.registration-name.zero",
        REGISTRATION(ERROR, "a name with a zero byte is not registered",
                     "What is checked is then another name than what is made.",
                     "Refuse command lines with a zero byte in them.", zero_byte),
    },
    {
        .name = "security.registration-name.taken",
        REGISTRATION(ERROR, "a name that is taken cannot be registered again",
                     "Anybody could take any account over by registering it with a password of "
                     "his own.",
                     "Make the record so that it fails if there is one (O_EXCL), under a lock.",
                     existing),
    },
};

const struct group group_registration_names = {
    .name = "registration_names",
    .title = "Names that strangers register",
    .tests = tests,
    .count = ELEMENTS(tests),
};
