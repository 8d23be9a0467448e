/* Unicode: names beyond ASCII (RFC 2640). See catalogue.h. */
#include "ftplint/odd_name.h"
#include "ftplint/presence.h"

#include "lib/cleanup.h"

#include <string.h>

#define GREEK  "\xce\xb1\xce\xb2\xce\xb3\xce\xb4\xce\xb5" /* five letters, ten bytes */
#define FIFTY_ GREEK GREEK GREEK GREEK GREEK              /* 50 bytes */
#define UMLAUT                                                                                     \
    "gr\xc3\xbc\xc3\x9f"                                                                           \
    "e"                                              /* gruesse, as it is written */
#define KANJI "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e" /* the Japanese language */
#define EMOJI                                                                                      \
    "\xf0\x9f\x93\x81\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb" /* a folder, a joined pair */
#define COMPOSED   "caf\xc3\xa9"                                   /* NFC */
#define DECOMPOSED "cafe\xcc\x81"                                  /* NFD */

/* The directory of an odd name, by each command about directories. */
static void directory(struct exam *exam)
{
    struct client *client = given_session(exam);
    given_place(client, given_folder(exam));
    expect(client, "2|that a directory whose name is in UTF-8 is made", "MKD %s", UMLAUT);
    expect(client, "2|that it can be gone to", "CWD %s", UMLAUT);
    given_place(client, given_folder(exam));
    given_text(exam, UMLAUT "/" KANJI, "a file");
    expect_holds(exam, own_path(exam, UMLAUT "/" KANJI), "a file",
                 "by a path with two names in UTF-8");
}

static void renamed(struct exam *exam)
{
    const char *from = given_text(exam, "plain", "a file");
    struct client *client = given_session(exam);
    exam->given++;
    expect(client, "350", "RNFR %s", from);
    exam->given--;
    expect(client, "2|that the file is renamed", "RNTO %s", own_path(exam, KANJI));
    if (!is_listed(exam, given_folder(exam), KANJI))
        fail(exam,
             exam_format(exam, "that the file is listed as %s after it was renamed so",
                         shown(exam, KANJI)),
             "the listing shows %s", shown_lines(exam, names_in(exam, given_folder(exam))));
}

static void forms(struct exam *exam)
{
    struct client *client = given_session(exam);
    given_place(client, given_folder(exam));
    if (!reply_is(try_store(client, DATA_ANY, "first", 5, "STOR " COMPOSED).reply, "2") ||
        !reply_is(try_store(client, DATA_ANY, "second", 6, "STOR " DECOMPOSED).reply, "2"))
        skip(exam, "the server refuses one of the names");
    if (!holds(exam, COMPOSED, "first"))
        fail(exam, "that the first file keeps its content, as the bytes of the names differ",
             "its content is the second file's: the server normalises names");
}

/* An overlong form of a dot: two bytes for what one byte is (RFC 3629, section 10). */
static void overlong(struct exam *exam)
{
    given_text(exam, "in-top", "the top");
    given_directory(exam, "sub");
    struct client *client = given_session(exam);
    static const char *const climbs[] = {
        "\xc0\xae\xc0\xae",
        "\xc0\xae.",
        "\xe0\x80\xae\xe0\x80\xae",
        "..\xc0\xaf",
    };
    for (size_t i = 0; i < ELEMENTS(climbs); i++) {
        given_place(client, own_path(exam, "sub"));
        const struct reply *reply = command(client, "CWD %s", climbs[i]);
        if (reply_is(reply, "2") && holds(exam, "in-top", "the top"))
            fail(exam, "a refusal: no directory has that name",
                 "\"%u %s\", to CWD %s, and the "
                 "session is in the directory above",
                 reply->code, reply->text, shown(exam, climbs[i]));
    }
}

#define TEXT(name_, title_, bytes_)                                                                \
    {                                                                                              \
        .name = name_, .severity = SEVERITY_ERROR, .feature = "UTF8", .title = title_,             \
        .reason = UTF8, .remedy = REMEDY, .run = test_odd_name,                                    \
        .parameter = &(const struct odd_name){bytes_, false},                                      \
    }

#define UTF8                                                                                       \
    "RFC 2640, section 3.1: a server that announces UTF8 takes and sends path names in UTF-8, "    \
    "whatever the language. Clients that see the announcement send such names without asking."
#define REMEDY "Take the bytes of a name as they come, in every command and every listing."

static const struct test tests[] = {
    TEXT("rfc2640.names.two-bytes", "letters of two bytes in UTF-8 are kept", UMLAUT),
    TEXT("rfc2640.names.three-bytes", "letters of three bytes in UTF-8 are kept", KANJI),
    TEXT("rfc2640.names.four-bytes", "characters of four bytes in UTF-8 are kept, joined ones too",
         EMOJI),
    TEXT("rfc2640.names.right-to-left", "names in Arabic and Hebrew are kept",
         "\xd8\xb3\xd9\x84\xd8\xa7\xd9\x85\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d"),
    {
        .name = "rfc2640.names.composed",
        .severity = SEVERITY_WARNING,
        .feature = "UTF8",
        .title = "a name in composed form (NFC) is kept as it is",
        .reason = "Windows and Linux send this form. A client that finds its upload under other "
                  "bytes takes it for missing, and uploads it again and again.",
        .remedy = "Do not normalise names.",
        .run = test_odd_name,
        .parameter = &(const struct odd_name){COMPOSED, false},
    },
    {
        .name = "rfc2640.names.decomposed",
        .severity = SEVERITY_WARNING,
        .feature = "UTF8",
        .title = "a name in decomposed form (NFD) is kept as it is",
        .reason = "macOS sends this form. A client that finds its upload under other bytes takes "
                  "it for missing, and uploads it again and again.",
        .remedy = "Do not normalise names.",
        .run = test_odd_name,
        .parameter = &(const struct odd_name){DECOMPOSED, false},
    },
    {
        .name = "rfc2640.names.forms-apart",
        .severity = SEVERITY_NOTE,
        .feature = "UTF8",
        .title = "a file is not overwritten by one whose name has the same letters in another form",
        .reason = "A server that takes them for one overwrites a file whose name, byte for byte, "
                  "nobody has given.",
        .remedy = "Do not normalise names; if the file system does, say so in the manual.",
        .run = forms,
    },
    {
        .name = "limits.names.longest-utf8",
        .severity = SEVERITY_WARNING,
        .feature = "UTF8",
        .title = "a name of 255 bytes in UTF-8 is taken and kept",
        .reason = "The file systems of UNIX count bytes. A name that is cut inside a character is "
                  "no longer UTF-8, and no client can name it.",
        .remedy = "Take names of up to 255 bytes, and refuse longer ones with 553.",
        .run = test_odd_name,
        .parameter = &(const struct odd_name){FIFTY_ FIFTY_ FIFTY_ FIFTY_ FIFTY_ "\xce\xb1\xce\xb2"
                                                                                 "c",
                                              false},
    },
    {
        .name = "rfc2640.names.directory",
        .severity = SEVERITY_ERROR,
        .feature = "UTF8",
        .title = "directories with names in UTF-8 are made, gone to and part of paths",
        .reason = UTF8,
        .remedy = REMEDY,
        .run = directory,
    },
    {
        .name = "rfc2640.names.rename",
        .severity = SEVERITY_ERROR,
        .feature = "UTF8",
        .title = "a file is renamed to a name in UTF-8",
        .reason = UTF8,
        .remedy = REMEDY,
        .run = renamed,
    },
    {
        .name = "practice.names.other-charset",
        .severity = SEVERITY_WARNING,
        .title = "a name that is not UTF-8 is kept as it is, or refused",
        .reason = "RFC 2640, section 3.1: names that are not UTF-8 are sequences of bytes in a "
                  "character set that is not known; old clients send names in that of their place. "
                  "A server that replaces bytes lists a name under which the file cannot be "
                  "fetched, and lets two names become one.",
        .remedy = "Take the bytes as they come, or answer 553.",
        .run = test_odd_name,
        .parameter = &(const struct odd_name){"gr\xfc\xdf"
                                              "e",
                                              true},
    },
    {
        .name = "security.names.overlong",
        .severity = SEVERITY_ERROR,
        .title = "an overlong form of a dot is not taken for a dot",
        .reason = "RFC 3629, sections 3 and 10: a decoder must not take such bytes for the "
                  "character that they imitate, for checks of paths are got around by them.",
        .remedy = "Compare paths byte by byte and decode nothing, or refuse invalid UTF-8 first.",
        .run = overlong,
    },
};

const struct group group_unicode = {
    .name = "unicode",
    .title = "Names beyond ASCII",
    .tests = tests,
    .count = ELEMENTS(tests),
};
