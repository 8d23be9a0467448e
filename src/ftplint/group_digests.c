/* Digests of files: HASH, XCRC, XMD5, XSHA... against known values. See catalogue.h. */
#include "ftplint/content.h"

#include "lib/cleanup.h"

#include <string.h>
#include <strings.h>

/* The sentence that is everybody's test vector, and its part from byte 4 to 8, "quick". */
static const char fox[] = "The quick brown fox jumps over the lazy dog";

struct digest {
    const char *name; /* as FEAT's HASH has it */
    const char *verb; /* of the older command; NULL: there is none */
    const char *of_fox, *of_million, *of_quick;
};

static const struct digest digests[] = {
    {"CRC32", "XCRC", "414fa339", "dc25bfbc", "8dc71ed7"},
    {"MD5", "XMD5", "9e107d9d372bb6826bd81d3542a419d6", "7707d6ae4e027c70eea2a935c2296f21",
     "1df3746a4728276afdc24f828186f73a"},
    {"SHA-1", "XSHA1", "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12",
     "34aa973cd4c4daa4f61eeb2bdbad27316534016f", "9a5751d5acecf26ff7eb2b33c144efce1c69fe9a"},
    {"SHA-256", "XSHA256", "d7a8fbb307d7809469ca9abcb0082e4f8d5651e46d3cdb762d02d0bf37c9e592",
     "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0",
     "22c72aa82ce77c82e2ca65a711c79eaa4b51c57f85f91489ceeacc7b385943ba"},
    {"SHA-512", "XSHA512",
     "07e547d9586f6a73f73fbac0435ed76951218fb7d0c8d788a309d785436bbb64"
     "2e93a252a954f23912547d1e8a3b5ed6e1bfd7097821233fa0538f3db854fee6",
     "e718483d0ce769644e2e42c7bc15b4638e1f98b13b2044285632a803afa973eb"
     "de0ff244877ea60a4cb0432ce577c31beb009c5c2c49aa2e4eadb217ad8cc09b",
     "0f9ea36ec1eea4433d5ee87467b5c56059c2a0c93203023758533ac149696732"
     "c0c1652d3e4a8b0c9666e0d5a479a56abaa97cb38831387a9601798e78bdc420"},
};

/* The digest's text within LINE, in any letter case. */
static bool told(const char *line, const char *digest)
{
    return strcasestr(line, digest) != NULL;
}

/* True if REPLY tells DIGEST anywhere; CRC-32 with or without leading zeros. */
static bool tells(const struct reply *reply, const char *digest)
{
    for (size_t i = 0; i < reply->count; i++)
        if (told(reply->lines[i], digest + strspn(digest, "0")))
            return true;
    return false;
}

/* The row of what HASH uses after OPTS HASH; NULL: the server does not offer it. */
static bool choose(struct client *client, const struct digest *digest)
{
    const char *offered = server_feature(client->exam->server, "HASH");
    size_t size = strlen(digest->name);
    for (const char *at = offered; at && *at; at += strcspn(at, ";"), at += *at == ';') {
        if (strncasecmp(at, digest->name, size) != 0 || !strchr(";*", at[size]))
            continue;
        (void)given_reply(client, "200", "OPTS HASH %s", digest->name);
        return true;
    }
    return false;
}

static void expect_digest(struct client *client, const struct reply *reply, const char *what,
                          const char *digest)
{
    if (reply_is(reply, "2") && tells(reply, digest))
        return;
    fail(client->exam, exam_format(client->exam, "%s: %s", what, digest), "%s",
         reply->lines[reply->count - 1]);
}

static void hash_values(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *path = given_file(exam, "fox", fox, strlen(fox));
    size_t known = 0;
    for (size_t i = 0; i < ELEMENTS(digests); i++) {
        if (!choose(client, &digests[i]))
            continue;
        known++;
        expect_digest(client, command(client, "HASH %s", path),
                      exam_format(exam, "the %s of a file with \"%s\"", digests[i].name, fox),
                      digests[i].of_fox);
    }
    if (!known)
        skip(exam, "ftplint knows none of the digests that the server offers");
}

static void hash_large(struct exam *exam)
{
    enum { MILLION = 1000000 };
    struct client *client = given_login(exam, ACCOUNT_USER);
    char *letters = exam_allocate(exam, MILLION);
    memset(letters, 'a', MILLION);
    const char *path = given_file(exam, "million", letters, MILLION);
    for (size_t i = 0; i < ELEMENTS(digests); i++) {
        if (!choose(client, &digests[i]))
            continue;
        expect_digest(
            client, command(client, "HASH %s", path),
            exam_format(exam, "the %s of a file with a million letters a", digests[i].name),
            digests[i].of_million);
        return;
    }
    skip(exam, "ftplint knows none of the digests that the server offers");
}

/* "SHA-256 0-42 d7a8fbb3... path": the four fields of draft-bryan-ftpext-hash, section 3. */
static bool is_hash_reply(const char *text)
{
    static const char digits[] = "0123456789", hexadecimal[] = "0123456789abcdefABCDEF";
    const char *at = text + strcspn(text, " ");
    size_t size = *at ? strspn(++at, digits) : 0;
    if (!size || at[size] != '-')
        return false;
    at += size + 1;
    size = strspn(at, digits);
    if (!size || at[size] != ' ')
        return false;
    at += size + 1;
    size = strspn(at, hexadecimal);
    return size && at[size] == ' ' && at[size + 1];
}

static void hash_form(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "fox", fox, strlen(fox));
    const struct reply *reply = given_reply(client, "2", "HASH %s", path);
    const char *last = reply->lines[reply->count - 1];
    if (reply->code != 213 || !is_hash_reply(last + 4))
        fail(exam,
             "213, the digest's name, the first and the last byte as \"0-42\", hexadecimal "
             "digits and the path",
             "%s", last);
}

static void hash_options(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const struct reply *before = given_reply(client, "200", "OPTS HASH");
    expect(client, "501 5", "OPTS HASH CRC-37");
    const struct reply *behind = given_reply(client, "200", "OPTS HASH");
    if (strcmp(before->text, behind->text) != 0)
        fail(exam, exam_format(exam, "the digest that was chosen before, %s", before->text), "%s",
             behind->text);
}

static void hash_range(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    needs_feature(exam, "RANG STREAM");
    const char *path = given_file(exam, "fox", fox, strlen(fox));
    for (size_t i = 0; i < ELEMENTS(digests); i++) {
        if (!choose(client, &digests[i]))
            continue;
        (void)given_reply(client, "350", "RANG 4 8");
        const struct reply *reply = command(client, "HASH %s", path);
        if (!reply_is(reply, "2"))
            skip(exam, "the server has no digests of parts: %u %s", reply->code, reply->text);
        expect_digest(client, reply,
                      exam_format(exam, "the %s of bytes 4 to 8, \"quick\"", digests[i].name),
                      digests[i].of_quick);
        return;
    }
    skip(exam, "ftplint knows none of the digests that the server offers");
}

static void refuses(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *directory = given_directory(exam, "directory");
    expect(client, "550 5 4|a refusal: there is no such file", "HASH %s",
           own_path(exam, "missing"));
    expect(client, "5 4|a refusal: a directory has no digest", "HASH %s", directory);
}

/* The older commands, one for each digest. */
static void older(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = given_file(exam, "fox", fox, strlen(fox));
    size_t known = 0;
    for (size_t i = 0; i < ELEMENTS(digests); i++) {
        if (!digests[i].verb)
            continue;
        const struct reply *reply = command(client, "%s %s", digests[i].verb, path);
        if (reply_is_unknown(reply))
            continue;
        known++;
        expect_digest(client, reply,
                      exam_format(exam, "%s of a file with \"%s\"", digests[i].verb, fox),
                      digests[i].of_fox);
    }
    if (!known)
        skip(exam, "the server knows none of XCRC, XMD5, XSHA1, XSHA256 and XSHA512");
}

static const struct test tests[] = {
    {
        .name = "practice.hash.values",
        .severity = SEVERITY_ERROR,
        .feature = "HASH",
        .after = "rfc959.stor.round-trip",
        .title = "HASH tells the right digest, by each algorithm that FEAT names",
        .reason = "draft-bryan-ftpext-hash, section 3: the digest MUST be that of the data as a "
                  "client would download them in TYPE I. A wrong one makes a good file look "
                  "damaged, or hides that one is.",
        .remedy = "Compute the digest of the file's bytes, and announce only what is there.",
        .run = hash_values,
    },
    {
        .name = "practice.hash.large",
        .severity = SEVERITY_ERROR,
        .feature = "HASH",
        .after = "practice.hash.values",
        .title = "HASH is right for a file that does not fit into one buffer",
        .reason = "draft-bryan-ftpext-hash, section 3: the digest is that of the full file.",
        .remedy = "Feed every piece that was read to the digest, and only as many bytes as came.",
        .run = hash_large,
    },
    {
        .name = "practice.hash.form",
        .severity = SEVERITY_WARNING,
        .feature = "HASH",
        .title = "HASH is answered with name, range, digest and path",
        .reason = "draft-bryan-ftpext-hash, section 3: the text MUST be \"213 SHA-1 0-99 digest "
                  "path\"; clients take it apart at the spaces.",
        .remedy = "Send the four fields with a space between them.",
        .run = hash_form,
    },
    {
        .name = "practice.hash.unknown-algorithm",
        .severity = SEVERITY_WARNING,
        .feature = "HASH",
        .title = "OPTS HASH with an unknown algorithm is refused and changes nothing",
        .reason = "draft-bryan-ftpext-hash, section 3.2: unknown algorithms produce an error "
                  "response, and the current selection is not changed.",
        .remedy = "Answer 501.",
        .run = hash_options,
    },
    {
        .name = "practice.hash.range",
        .severity = SEVERITY_ERROR,
        .feature = "HASH",
        .after = "practice.hash.values",
        .title = "HASH after RANG is the digest of that part",
        .reason = "draft-bryan-ftpext-hash, section 3.3: digests of parts are asked for by "
                  "selecting a range with RANG. Clients repair damaged parts with them.",
        .remedy = "Digest from the first to the last byte named, both included, or refuse.",
        .run = hash_range,
    },
    {
        .name = "practice.hash.refusals",
        .severity = SEVERITY_WARNING,
        .feature = "HASH",
        .title = "HASH of a missing file and of a directory is refused",
        .reason = "draft-bryan-ftpext-hash, section 3.5: 550 for a file that cannot be found, 553 "
                  "for a directory.",
        .remedy = "Answer 550 and 553.",
        .run = refuses,
    },
    {
        .name = "practice.xcrc.values",
        .severity = SEVERITY_ERROR,
        .after = "rfc959.stor.round-trip",
        .title = "XCRC, XMD5, XSHA1, XSHA256 and XSHA512 tell the right digests",
        .reason = "Common practice before HASH. A wrong digest makes a good file look damaged, or "
                  "hides that one is.",
        .remedy = "Compute the digest of the file's bytes as TYPE I transfers them.",
        .run = older,
    },
};

const struct group group_digests = {
    .name = "digests",
    .title = "Digests of files",
    .tests = tests,
    .count = ELEMENTS(tests),
};
