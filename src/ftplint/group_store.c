/* Uploads: STOR, APPE and ALLO, and what stands on the server afterwards. See catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"

#include <string.h>

/* Stores SIZE bytes and looks whether they come back. */
static void round_trip_of(struct exam *exam, size_t size)
{
    struct client *client = given_session(exam);
    const char *path = own_path(exam, exam_format(exam, "%zu", size));
    struct bytes content = exam_content(exam, size, (unsigned)size);
    store(client, content.data, content.size, "STOR %s", path);
    same_bytes(exam, "the file as it was stored", content, retrieve(client, "RETR %s", path));
}

static void round_trip(struct exam *exam)
{
    round_trip_of(exam, 10007);
}

static void sizes(struct exam *exam)
{
    static const size_t edges[] = {1,     511,   512,   4095,  4096,  4097,  8192,
                                   16383, 16384, 16385, 65535, 65536, 65537, 131072};
    for (size_t i = 0; i < ELEMENTS(edges); i++)
        round_trip_of(exam, edges[i]);
}

static void large(struct exam *exam)
{
    round_trip_of(exam, (3 << 20) + 1);
}

static void empty(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = own_path(exam, "empty");
    store(client, "", 0, "STOR %s", path);
    if (!exists(exam, path))
        fail(exam, "an empty file after an upload of nothing that was confirmed", "no such file");
}

static void codes(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct transfer transfer =
        try_store(client, DATA_ANY, "text", 4, "STOR %s", own_path(exam, "file"));
    expect_code(client, transfer.preliminary ? transfer.preliminary : transfer.reply,
                "1|a preliminary reply before the transfer");
    expect_code(client, transfer.reply, "2");
}

static void replaces(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct bytes old = exam_content(exam, 5000, 1);
    const char *path = given_file(exam, "file", old.data, old.size);
    store(client, "new", 3, "STOR %s", path);
    same_bytes(exam, "the new content alone", bytes_of("new"), given_retrieved(client, path));
}

static void missing_directory(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct transfer transfer =
        try_store(client, DATA_ANY, "text", 4, "STOR %s", own_path(exam, "missing/file"));
    expect_refused(client, &transfer, "4 5");
}

static void onto_directory(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_directory(exam, "directory");
    struct transfer transfer = try_store(client, DATA_ANY, "text", 4, "STOR %s", path);
    expect_refused(client, &transfer, "4 5");
}

/* The letters of LIST for the mode of the file at PATH; skips if LIST is not in the form of ls. */
static const char *listed_mode(struct client *client, const char *path)
{
    struct exam *exam = client->exam;
    exam->given++;
    struct lines lines = list_lines(client, "LIST %s", path);
    exam->given--;
    for (size_t i = 0; i < lines.count; i++)
        if (lines.line[i][0] == '-' && strcspn(lines.line[i], " ") >= 10)
            return exam_copy(exam, lines.line[i], 10);
    skip(exam, "LIST does not tell modes as ls does");
}

static void writable_by_all(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *mode = listed_mode(client, given_file(exam, "file", "text", 4));
    if (mode[8] == 'w')
        fail(exam, "a mode without write permission for others", "%s", mode);
}

static void seen_at_once(struct exam *exam)
{
    struct client *other = given_login(exam, ACCOUNT_USER);
    struct bytes content = exam_content(exam, 300000, 2);
    const char *path = given_file(exam, "file", content.data, content.size);
    struct transfer transfer = try_retrieve(other, DATA_ANY, "RETR %s", path);
    expect_code(other, transfer.reply, "226 250|the file, in another session of the same user");
    same_bytes(exam, "the whole file as soon as 226 has come", content, transfer.bytes);
}

static void appends(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "file", "one,", 4);
    store(client, "two", 3, "APPE %s", path);
    same_bytes(exam, "the old content and the new behind it", bytes_of("one,two"),
               given_retrieved(client, path));
}

static void append_creates(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = own_path(exam, "file");
    store(client, "one", 3, "APPE %s", path);
    same_bytes(exam, "a new file", bytes_of("one"), given_retrieved(client, path));
}

static void allocate(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *line = exam->test->parameter;
    const struct reply *reply = command(client, "%s", line);
    if (reply_is(reply, "500 502"))
        skip(exam, "the server does not know ALLO: %u %s", reply->code, reply->text);
    expect_code(client, reply, "200 202 504");
    store(client, "text", 4, "STOR %s", own_path(exam, "file"));
}

static const struct test tests[] = {
    {
        .name = "rfc959.stor.round-trip",
        .severity = SEVERITY_ERROR,
        .title = "in TYPE I a file comes back byte for byte as it was stored",
        .reason = "RFC 959, section 3.1.1.3: in image type the data are contiguous bits that are "
                  "stored as they come. The file has every value of a byte in it, CR, LF, NUL and "
                  "255 (Telnet's IAC) too; a data connection is no Telnet connection.",
        .remedy = "Copy between the file and the data connection in TYPE I without looking at the "
                  "bytes, to the very end.",
        .run = round_trip,
    },
    {
        .name = "rfc959.stor.sizes",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.round-trip",
        .title = "files of any size come back whole, at the edges of buffers too",
        .reason = "RFC 959, section 3.4.1: in stream mode the end of the file is the end of the "
                  "connection. Servers lose or repeat a block where the size is a multiple of "
                  "their buffer's or of a TLS record's.",
        .remedy = "Treat a read that returns 0 as the end, one that returns fewer bytes than asked "
                  "for as nothing special, and write until everything is written.",
        .run = sizes,
    },
    {
        .name = "rfc959.stor.large",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.round-trip",
        .title = "a file of some megabytes comes back whole",
        .reason = "RFC 959, section 3.4.1: such a file does not fit into one buffer of a socket; "
                  "a server that takes a short write for a whole one loses bytes.",
        .remedy = "Go on writing where write() or send() stopped.",
        .run = large,
    },
    {
        .name = "rfc959.stor.empty",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.round-trip",
        .title = "an upload of nothing makes an empty file",
        .reason = "RFC 959, section 4.1.3: STOR creates the file if there is none. Lock and mark "
                  "files are empty, and a directory that is mirrored lacks them.",
        .remedy = "Create the file when the transfer begins or ends, not when the first byte "
                  "comes.",
        .run = empty,
    },
    {
        .name = "rfc959.stor.codes",
        .severity = SEVERITY_ERROR,
        .title =
            "STOR is answered with a preliminary reply, and with a completion reply at the end",
        .reason =
            "RFC 959, sections 4.2 and 5.4: 125 or 150 comes before the transfer, 226 or 250 when "
            "it has gone well; clients wait for the final one to know that the file is safe.",
        .remedy = "Send 150 before the data connection is used and 226 when the file is stored.",
        .run = codes,
    },
    {
        .name = "rfc959.stor.replaces",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.round-trip",
        .title = "STOR replaces what the file held before, a longer content too",
        .reason = "RFC 959, section 4.1.3: if the file exists, its contents shall be replaced by "
                  "the data that are transferred; a rest of the old ones makes a broken file.",
        .remedy = "Truncate the file, or write a new one and rename it.",
        .run = replaces,
    },
    {
        .name = "rfc959.stor.missing-directory",
        .severity = SEVERITY_ERROR,
        .title = "STOR into a directory that does not exist is refused",
        .reason = "RFC 959, section 4.2: a 2xx reply says that the file was stored. Where there is "
                  "no directory it cannot have been, and the client's copy may be deleted next.",
        .remedy = "Answer 550 or 553 if the file cannot be created.",
        .run = missing_directory,
    },
    {
        .name = "rfc959.stor.onto-directory",
        .severity = SEVERITY_ERROR,
        .title = "STOR with the name of a directory is refused",
        .reason = "RFC 959, section 4.2: a 2xx reply says that the file was stored, which cannot "
                  "be true under the name of a directory.",
        .remedy = "Answer 550 or 553 if the name is a directory's.",
        .run = onto_directory,
    },
    {
        .name = "security.stor.writable-by-all",
        .severity = SEVERITY_WARNING,
        .title = "a stored file cannot be written by every account of the server's host",
        .reason = "A file of mode 0666 can be changed by any other program and user of the host, "
                  "and where it is a web site's, by anyone who gets hold of one of them.",
        .remedy = "Set a umask of 022 or stricter (vsftpd: local_umask, ProFTPD: Umask, Pure-FTPd: "
                  "-U).",
        .run = writable_by_all,
    },
    {
        .name = "rfc959.stor.seen-at-once",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.round-trip",
        .title = "when 226 comes, the file is there and whole, for other sessions too",
        .reason = "RFC 959, section 4.2: 226 says that the requested file action was successful. "
                  "Programs tell others to fetch the file as soon as they have read it.",
        .remedy = "Write out all buffers and close (or rename) the file before sending 226.",
        .run = seen_at_once,
    },
    {
        .name = "rfc959.appe.appends",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.round-trip",
        .title = "APPE puts the data behind what the file holds",
        .reason = "RFC 959, section 4.1.3: if the file exists, the data shall be appended to it. "
                  "APPE is in the minimum of RFC 1123, section 4.1.2.13; clients resume uploads "
                  "with it.",
        .remedy = "Open the file for appending (O_APPEND), without truncating it.",
        .run = appends,
    },
    {
        .name = "rfc959.appe.creates",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.round-trip",
        .title = "APPE creates the file if there is none",
        .reason = "RFC 959, section 4.1.3: if the file does not exist, APPE creates it.",
        .remedy = "Create the file on APPE as on STOR.",
        .run = append_creates,
    },
    {
        .name = "rfc959.allo.reply",
        .severity = SEVERITY_WARNING,
        .title = "ALLO before an upload is answered with 200 or 202, and the upload works",
        .reason = "RFC 959, section 4.1.3: a server that needs no reservation treats ALLO as NOOP. "
                  "Some clients send it before each STOR and give up on an error.",
        .remedy = "Answer 200, or 202 if ALLO means nothing here.",
        .run = allocate,
        .parameter = "ALLO 4",
    },
    {
        .name = "rfc959.allo.record-size",
        .severity = SEVERITY_WARNING,
        .title = "ALLO with a record size (\"ALLO 4 R 4\") is understood",
        .reason = "RFC 959, section 4.1.3: a record size may stand behind the size, separated by "
                  "\" R \". Clients of hosts with records send it.",
        .remedy = "Accept \" R \" and a number behind the size; 504 is the refusal.",
        .run = allocate,
        .parameter = "ALLO 4 R 4",
    },
};

const struct group group_store = {
    .name = "store",
    .title = "Uploads",
    .tests = tests,
    .count = ELEMENTS(tests),
};
