/* Names: what a file may be called in ASCII, and is called afterwards. See catalogue.h. */
#include "ftplint/odd_name.h"
#include "ftplint/presence.h"

#include "lib/cleanup.h"

#include <string.h>

/* The names that 255 and 256 bytes fill. */
#define FIFTY   "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
#define LONGEST FIFTY FIFTY FIFTY FIFTY FIFTY "abcd"

/* One file by all the commands that take a path. */
static void every_verb(struct exam *exam)
{
    static const char *const names[] = {"-la  two words ", " --help", "100%s *.c;x=y"};
    struct client *client = given_session(exam);
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        const char *name = names[i];
        given_place(client, given_folder(exam));
        struct transfer transfer = try_store(client, DATA_ANY, "abc", 3, "STOR %s", name);
        if (!reply_is(transfer.reply, "2") || !is_listed(exam, given_folder(exam), name))
            continue; /* what is refused or stored under another name, other tests tell */
        (void)command(client, "TYPE I"); /* in which SIZE is known, whatever a listing has left */
        static const char *const verbs[] = {"SIZE", "MDTM", "MLST"};
        for (size_t j = 0; j < ELEMENTS(verbs); j++) {
            const struct reply *reply = command(client, "%s %s", verbs[j], name);
            if (!reply_is(reply, "2") && !reply_is_unknown(reply))
                fail(exam,
                     exam_format(exam, "that %s knows the file %s", verbs[j], shown(exam, name)),
                     "%u %s", reply->code, reply->text);
        }
        expect_holds(exam, name, "abc", "by RETR with the name under which it was stored");
        const char *codes =
            exam_format(exam, "2 3|that the file %s is renamed and deleted", shown(exam, name));
        expect(client, codes, "RNFR %s", name);
        expect(client, codes, "RNTO %s.", name);
        expect(client, codes, "DELE %s.", name);
    }
}

static void ordinary(struct exam *exam)
{
    static const char *const names[] = {
        "two words",      "Letter (copy 2).txt",
        "100%.txt",       "it's & that, too.txt",
        "#1 [draft].txt", "a+b=c;d@e.txt",
        "-minus.txt",     "~backup",
        "file.tar.gz",    "{set}$1!",
    };
    struct client *client = given_session(exam);
    given_place(client, given_folder(exam));
    const char *refused = "";
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        const struct reply *reply = command(client, "MKD %s", names[i]);
        if (!reply_is(reply, "2"))
            refused = exam_format(exam, "%s%s%s (%u %s)", refused, *refused ? ", " : "",
                                  shown(exam, names[i]), reply->code, reply->text);
    }
    if (*refused)
        fail(exam, "that directories of such names can be made", "refusals of %s", refused);
}

/* Two names, of which one would be the other if the server changed anything. */
struct pair {
    const char *first;
    const char *second;
};

static void apart(struct exam *exam)
{
    const struct pair *pair = exam->test->parameter;
    struct client *client = given_session(exam);
    given_place(client, given_folder(exam));
    if (!reply_is(try_store(client, DATA_ANY, "first", 5, "STOR %s", pair->first).reply, "2") ||
        !reply_is(try_store(client, DATA_ANY, "second", 6, "STOR %s", pair->second).reply, "2"))
        skip(exam, "the server refuses one of the names");
    bool kept = holds(exam, pair->first, "first");
    struct lines names = names_in(exam, given_folder(exam));
    (void)command(client, "DELE %s", pair->first);
    (void)command(client, "DELE %s", pair->second);
    if (!kept)
        fail(exam,
             exam_format(exam, "that %s keeps its content when %s is stored",
                         shown(exam, pair->first), shown(exam, pair->second)),
             "its content is another one now; the listing shows %s", shown_lines(exam, names));
}

/* Directories: what MKD has made, the other commands must know. */
static void directory_names(struct exam *exam)
{
    static const char *const names[] = {"two words", " leading", "trailing ", "-rf", "a.b.", "~"};
    struct client *client = given_session(exam);
    for (size_t i = 0; i < ELEMENTS(names); i++) {
        given_place(client, given_folder(exam));
        const struct reply *reply = command(client, "MKD %s", names[i]);
        if (!reply_is(reply, "2"))
            continue; /* the server may refuse it */
        if (!is_listed(exam, given_folder(exam), names[i]))
            continue; /* and what is made under another name, other tests tell */
        const char *made = shown(exam, names[i]);
        expect(client, exam_format(exam, "2|that the directory %s can be gone to", made), "CWD %s",
               names[i]);
        given_place(client, given_folder(exam));
        expect(client, exam_format(exam, "2|that the directory %s can be removed", made), "RMD %s",
               names[i]);
    }
}

#define ODD(name_, severity_, title_, reason_, bytes_, optional_)                                  \
    {                                                                                              \
        .name = name_, .severity = severity_, .title = title_, .reason = reason_,                  \
        .remedy = REMEDY, .run = test_odd_name,                                                    \
        .parameter = &(const struct odd_name){bytes_, optional_},                                  \
    }

#define REMEDY                                                                                     \
    "Take everything behind the verb and one space as the path, up to the end of the line, and "   \
    "keep every byte of it; refuse with 553 what the file system cannot keep."
#define WHOLE                                                                                      \
    "RFC 959, section 5.3.2: a path is a string of characters that ends with the line. A client "  \
    "that finds its upload under another name takes it for missing, and uploads it again."
#define SPACES                                                                                     \
    "RFC 3659, section 2.2: exactly one space stands before a path, and all others, also those "   \
    "at "                                                                                          \
    "its end, are part of it. A client that finds its upload under another name takes it for "     \
    "missing, and uploads it again."
#define OPTION                                                                                     \
    "RFC 959, section 4.1.3, knows no options: what looks like one is a name. "                    \
    "Files of such names exist, and a client that deletes one must not set an option instead."
#define SIGNS                                                                                      \
    "Signs that mean something to a shell, to a listing's grammar or to another system are "       \
    "ordinary parts of names. What cannot be kept is better refused than changed: a client that "  \
    "finds its upload under another name takes it for missing."

static const struct test tests[] = {
    ODD("rfc959.names.space", SEVERITY_ERROR, "a space inside a name is kept", WHOLE, "two words",
        true),
    ODD("rfc959.names.spaces", SEVERITY_ERROR, "each of several spaces inside a name is kept",
        WHOLE, "a  b   c", true),
    ODD("practice.names.leading-space", SEVERITY_WARNING,
        "a space at the beginning of a name is kept", SPACES, " leading", true),
    ODD("practice.names.trailing-space", SEVERITY_WARNING, "a space at the end of a name is kept",
        SPACES, "trailing ", true),
    ODD("rfc959.names.hyphen", SEVERITY_ERROR, "a name may begin with a hyphen", OPTION, "-la",
        false),
    ODD("rfc959.names.long-option", SEVERITY_ERROR, "a name may look like a program's option",
        OPTION, "--help", true),
    ODD("practice.names.pattern", SEVERITY_WARNING, "the signs of a pattern are parts of a name",
        SIGNS, "a*b?[c]{d,e}", true),
    ODD("practice.names.punctuation", SEVERITY_WARNING, "punctuation is kept in a name", SIGNS,
        "!#$&'()+,;=@^_`{}.txt", true),
    ODD("practice.names.other-systems", SEVERITY_WARNING,
        "signs that other systems forbid in names are kept or refused", SIGNS, "a:b<c>d|e\"f\\g",
        true),
    ODD("practice.names.percent", SEVERITY_WARNING, "percent signs are kept in a name", SIGNS,
        "100%20%s%n", true),
    ODD("practice.names.tilde", SEVERITY_WARNING, "a tilde at the beginning is part of the name",
        SIGNS, "~name", true),
    ODD("practice.names.facts", SEVERITY_WARNING, "a name may look like facts of MLSD", SIGNS,
        "type=dir;size=5; x", true),
    ODD("practice.names.arrow", SEVERITY_WARNING, "a name may look like a symbolic link in LIST",
        SIGNS, "a -> b", true),
    ODD("practice.names.leading-dot", SEVERITY_WARNING, "a name may begin with a dot", SIGNS,
        ".hidden", true),
    ODD("practice.names.dots", SEVERITY_WARNING, "a name may be dots, if they are three", SIGNS,
        "...", true),
    ODD("practice.names.letter-case", SEVERITY_WARNING, "the case of letters is kept",
        "Clients and web sites tell ReadMe from readme; a listing that shows another case makes "
        "them transfer the file again.",
        "MiXeDcAsE.TxT", false),
    ODD("limits.names.longest", SEVERITY_WARNING, "a name of 255 bytes is taken and kept",
        "The file systems of UNIX take names of 255 bytes. A tree that holds such a name cannot be "
        "uploaded whole otherwise.",
        LONGEST "e", false),
    ODD("limits.names.too-long", SEVERITY_ERROR, "a name that is too long is refused, and not cut",
        "Two files whose names are cut to the same one overwrite each other, and a client that "
        "finds its upload under another name takes it for missing.",
        LONGEST "ef", true),
    {
        .name = "practice.names.ordinary",
        .severity = SEVERITY_WARNING,
        .title = "names as people give them are taken",
        .reason = "Spaces, brackets and signs stand in the names of letters, pictures and copies. "
                  "An upload of a folder stops, or is not complete, where one of them is refused.",
        .remedy = "Refuse only what the file system cannot keep: on UNIX nothing but the slash.",
        .run = ordinary,
    },
    {
        .name = "practice.names.spaces-apart",
        .severity = SEVERITY_ERROR,
        .title = "a file is not overwritten by one whose name has a space more at the end",
        .reason = "An upload must not overwrite a file whose name the client has not given.",
        .remedy = REMEDY,
        .run = apart,
        .parameter = &(const struct pair){"same", "same "},
    },
    {
        .name = "practice.names.case-apart",
        .severity = SEVERITY_NOTE,
        .title = "a file is not overwritten by one whose name differs in the case of letters",
        .reason = "Trees from UNIX hold such names; one of the files overwrites the other where "
                  "case does not matter.",
        .remedy = "If the file system cannot tell them apart, say so in the manual.",
        .run = apart,
        .parameter = &(const struct pair){"Makefile", "makefile"},
    },
    {
        .name = "rfc959.names.every-verb",
        .severity = SEVERITY_ERROR,
        .title = "every command knows a file by the name under which it was stored",
        .reason = "RFC 959, section 5.3.2: a path is written in the same way for each command. A "
                  "file that can be stored but not fetched or deleted is a trap.",
        .remedy = "Read the path of every command by the same function.",
        .run = every_verb,
    },
    {
        .name = "rfc959.names.directories",
        .severity = SEVERITY_ERROR,
        .title = "directories with odd names can be gone to and removed once they are made",
        .reason = "RFC 959, section 5.3.2: a path is written in the same way for each command. A "
                  "directory that can be made but not removed stays for ever.",
        .remedy = "Read the path of every command by the same function.",
        .run = directory_names,
    },
};

const struct group group_names = {
    .name = "names",
    .title = "Odd names",
    .tests = tests,
    .count = ELEMENTS(tests),
};
