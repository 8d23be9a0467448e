/* Waits that nobody needs, and listings of many files. Bounds are generous: what is told here is no
 * slow machine but a wait for a timer. See catalogue.h. */
#include "ftplint/facts.h"
#include "ftplint/listing.h"
#include "ftplint/stock.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS_MAX = 24,
    STALL = 25,          /* milliseconds: less than the 40 of a delayed acknowledgement */
    DISK = 150,          /* that a server may take to put a small file in its place */
    LISTING_TIME = 1500, /* for CROWD_COUNT entries */
    MANY = 10050,        /* beyond the limit that some servers have */
};

/* Durations in microseconds. */
struct rounds {
    size_t count;
    uint64_t usec[ROUNDS_MAX];
};

static void add_round(struct rounds *rounds, uint64_t begun)
{
    if (rounds->count < ROUNDS_MAX)
        rounds->usec[rounds->count++] = clock_usec() - begun;
}

/* A busy machine makes some rounds slow, a timer makes all of them: the fastest one tells. */
static uint64_t fastest(const struct rounds *rounds)
{
    uint64_t least = rounds->count ? rounds->usec[0] : 0;
    for (size_t i = 1; i < rounds->count; i++)
        least = rounds->usec[i] < least ? rounds->usec[i] : least;
    return least;
}

/* What a packet takes to the server and back: a connection takes as long. Microseconds. */
static uint64_t round_trip(struct exam *exam)
{
    uint64_t begun = clock_usec();
    client_close(given_socket(exam));
    return clock_usec() - begun;
}

/* A finding if every round took longer than TRIPS round trips and MILLISECONDS; it is tried again
 * before it is told. */
static void judge(struct exam *exam, const struct rounds *rounds, unsigned trips,
                  unsigned milliseconds, const char *what)
{
    uint64_t trip = round_trip(exam);
    uint64_t most = trip * trips + (uint64_t)milliseconds * 1000;
    uint64_t took = fastest(rounds);
    if (took <= most)
        return;
    exam->result.timed_out = true;
    fail(exam,
         exam_format(exam, "%s within %llu ms (a round trip takes %llu ms)", what,
                     (unsigned long long)most / 1000, (unsigned long long)trip / 1000),
         "%llu ms or more in each of %zu tries", (unsigned long long)took / 1000, rounds->count);
}

static void latency(struct exam *exam)
{
    struct client *client = given_session(exam);
    struct rounds rounds = {.count = 0};
    const char *line = exam->test->parameter;
    for (int i = 0; i < 16; i++) {
        uint64_t begun = clock_usec();
        const struct reply *reply = command(client, "%s", line);
        add_round(&rounds, begun);
        if (!reply_is(reply, "2"))
            skip(exam, "the server answers %s with %u %s", line, reply->code, reply->text);
    }
    judge(exam, &rounds, 2, STALL, exam_format(exam, "the reply to %s", line));
}

static void pipelined(struct exam *exam)
{
    enum { COMMANDS = 25 };
    static const char line[] = "NOOP\r\n";
    char all[COMMANDS * (sizeof(line) - 1)];
    struct client *client = given_session(exam);
    struct rounds rounds = {.count = 0};
    for (size_t i = 0; i < COMMANDS; i++)
        memcpy(all + i * strlen(line), line, strlen(line));
    for (int i = 0; i < 4; i++) {
        uint64_t begun = clock_usec();
        send_bytes(client, all, sizeof(all));
        for (int j = 0; j < COMMANDS; j++)
            (void)read_reply(client);
        add_round(&rounds, begun);
    }
    judge(exam, &rounds, 3, 8 * STALL, "all replies to 25 commands that are sent at once");
}

static void download_start(struct exam *exam)
{
    const char *path = stock_path(exam, STOCK_OTHER);
    struct client *client = given_session(exam);
    struct rounds rounds = {.count = 0};
    for (int i = 0; i < 8; i++) {
        exam->given++;
        struct data *data = data_open(client, DATA_ANY);
        uint64_t begun = clock_usec();
        expect(client, "125 150", "RETR %s", path);
        data_ready(data);
        (void)data_read(data, 0);
        add_round(&rounds, begun);
        wire_close(&data->wire);
        expect_next(client, "226 250");
        exam->given--;
    }
    judge(exam, &rounds, 4, 5 * STALL, "17 bytes and their end after RETR");
}

static void download_end(struct exam *exam)
{
    const char *path = stock_path(exam, STOCK_OTHER);
    struct client *client = given_session(exam);
    struct rounds rounds = {.count = 0};
    for (int i = 0; i < 8; i++) {
        exam->given++;
        struct data *data = data_open(client, DATA_ANY);
        expect(client, "125 150", "RETR %s", path);
        data_ready(data);
        (void)data_read(data, 0);
        wire_close(&data->wire);
        uint64_t begun = clock_usec();
        expect_next(client, "226 250");
        add_round(&rounds, begun);
        exam->given--;
    }
    judge(exam, &rounds, 2, STALL, "226 after the end of a download");
}

static void upload_end(struct exam *exam)
{
    const char *path = own_path(exam, "small.txt");
    struct client *client = given_session(exam);
    struct rounds rounds = {.count = 0};
    for (int i = 0; i < 6; i++) {
        exam->given++;
        struct data *data = data_open(client, DATA_ANY);
        expect(client, "125 150", "STOR %s", path);
        data_ready(data);
        data_send(data, "small", 5);
        data_end(data);
        uint64_t begun = clock_usec();
        expect_next(client, "226 250");
        add_round(&rounds, begun);
        exam->given--;
    }
    judge(exam, &rounds, 2, DISK, "226 after the end of an upload of 5 bytes");
}

static void small_files(struct exam *exam)
{
    const char *folder = given_folder(exam);
    struct client *client = given_session(exam);
    struct rounds rounds = {.count = 0};
    for (int i = 0; i < 8; i++) {
        uint64_t begun = clock_usec();
        exam->given++;
        store(client, "small", 5, "STOR %s/%d.txt", folder, i);
        exam->given--;
        add_round(&rounds, begun);
    }
    judge(exam, &rounds, 8, 2 * DISK, "one of several small uploads");
}

static void listing_time(struct exam *exam)
{
    const char *line = exam_format(exam, "LIST %s", given_crowd(exam));
    struct client *client = given_session(exam);
    struct rounds rounds = {.count = 0};
    for (int i = 0; i < 4; i++) {
        uint64_t begun = clock_usec();
        (void)given_listing(client, line);
        add_round(&rounds, begun);
    }
    judge(exam, &rounds, 20, LISTING_TIME, exam_format(exam, "LIST of %d entries", CROWD_COUNT));
}

static const char *name_in_line(struct exam *exam, const char *verb, const char *line)
{
    struct list_entry entry;
    struct facts facts;
    if (strcmp(verb, "NLST") == 0)
        return path_name(line);
    if (strcmp(verb, "LIST") == 0)
        return list_parse(exam, line, &entry) ? entry.name : "";
    facts_read(exam, line, &facts);
    return path_name(facts.name);
}

/* How many of the names entry-00000 to entry-COUNT are in the listing of FOLDER. */
static unsigned count_crowd(struct client *client, const char *verb, const char *folder,
                            unsigned count)
{
    struct exam *exam = client->exam;
    struct lines lines = given_lines(client, exam_format(exam, "%s %s", verb, folder));
    bool *seen = exam_allocate(exam, count * sizeof(*seen));
    unsigned found = 0;
    for (size_t i = 0; i < lines.count; i++) {
        const char *name = name_in_line(exam, verb, lines.line[i]);
        unsigned long number =
            strncmp(name, "entry-", 6) == 0 ? strtoul(name + 6, NULL, 10) : count;
        if (number >= count)
            continue;
        found += !seen[number];
        seen[number] = true;
    }
    return found;
}

static void complete(struct exam *exam)
{
    const char *verb = exam->test->parameter;
    const char *folder = given_crowd(exam);
    unsigned found = count_crowd(given_session(exam), verb, folder, CROWD_COUNT);
    if (found != CROWD_COUNT)
        fail(exam, exam_format(exam, "%d names, each of an entry", CROWD_COUNT), "%u of them by %s",
             found, verb);
}

static void ten_thousand(struct exam *exam)
{
    const char *folder = given_folder(exam);
    struct client *client = given_session(exam);
    given_each(client, "MKD", folder, 0, MANY);
    unsigned found = count_crowd(client, "NLST", folder, MANY);
    given_each(client, "RMD", folder, 0, MANY);
    if (found != MANY)
        fail(exam, exam_format(exam, "%d names, each of an entry", MANY), "%u of them by NLST",
             found);
}

#define STALL_REASON                                                                               \
    "A reply in two packets, the second of which waits for the acknowledgement of the first "      \
    "(Nagle's algorithm), costs 40 to 200 ms each time; with thousands of small files these are "  \
    "minutes."
#define COMPLETE_REASON                                                                            \
    "A listing that ends early looks whole to a client: 226 says so. A mirror or a backup "        \
    "deletes "                                                                                     \
    "its copies of what is missing."

static const struct test tests[] = {
    {
        .name = "performance.command.latency",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .title = "a command is answered at once",
        .reason = STALL_REASON,
        .remedy = "Set TCP_NODELAY on the control connection and send a reply in one piece.",
        .run = latency,
        .parameter = "NOOP",
    },
    {
        .name = "performance.command.multi-line",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "performance.command.latency",
        .title = "a reply of many lines comes at once",
        .reason = STALL_REASON,
        .remedy = "Collect the lines of a reply and send them in one piece, with TCP_NODELAY.",
        .run = latency,
        .parameter = "FEAT",
    },
    {
        .name = "performance.command.pipelined",
        .severity = SEVERITY_WARNING,
        .flags = TEST_READ_ONLY,
        .after = "performance.command.latency",
        .title = "commands that are sent at once are answered at once",
        .reason = "Clients send several commands without waiting, to save round trips. A wait "
                  "before each reply takes that back.",
        .remedy = "Read on while there are commands, and set TCP_NODELAY.",
        .run = pipelined,
    },
    {
        .name = "performance.download.start",
        .severity = SEVERITY_WARNING,
        .after = "performance.command.latency",
        .title = "a small download comes at once",
        .reason = STALL_REASON,
        .remedy = "Send the data and close without waiting for a timer.",
        .run = download_start,
    },
    {
        .name = "performance.download.end",
        .severity = SEVERITY_WARNING,
        .after = "performance.command.latency",
        .title = "226 follows the end of a download at once",
        .reason = STALL_REASON,
        .remedy = "Set TCP_NODELAY on the control connection and send 226 when the data are sent.",
        .run = download_end,
    },
    {
        .name = "performance.upload.end",
        .severity = SEVERITY_WARNING,
        .after = "performance.command.latency",
        .title = "226 follows the end of a small upload at once",
        .reason = "A client waits for 226 before it sends the next file; a wait for a timer here "
                  "counts for every file.",
        .remedy = "Answer as soon as the end has come and the file is in its place.",
        .run = upload_end,
    },
    {
        .name = "performance.upload.small-files",
        .severity = SEVERITY_WARNING,
        .after = "performance.upload.end",
        .title = "small files are uploaded one after another without waits",
        .reason = "A website is thousands of small files; what one of them waits counts for all.",
        .remedy = "Look for timers between the request for a data connection and 226.",
        .run = small_files,
    },
    {
        .name = "performance.listing.time",
        .severity = SEVERITY_WARNING,
        .title = "a directory of 400 entries is listed in a second",
        .reason = "A listing that asks a name service or runs a program for every entry makes "
                  "clients time out where there are many files.",
        .remedy = "Look each owner up once and not for every file.",
        .run = listing_time,
    },
    {
        .name = "limits.listing.list",
        .severity = SEVERITY_ERROR,
        .after = "practice.list.parsable",
        .title = "LIST shows all of 400 entries",
        .reason = COMPLETE_REASON,
        .remedy = "List every entry, however many there are.",
        .run = complete,
        .parameter = "LIST",
    },
    {
        .name = "limits.listing.nlst",
        .severity = SEVERITY_ERROR,
        .after = "practice.nlst.directories",
        .title = "NLST shows all of 400 entries",
        .reason = COMPLETE_REASON,
        .remedy = "List every entry, however many there are.",
        .run = complete,
        .parameter = "NLST",
    },
    {
        .name = "limits.listing.mlsd",
        .severity = SEVERITY_ERROR,
        .feature = "MLST",
        .after = "rfc3659.mlsd.codes",
        .title = "MLSD shows all of 400 entries",
        .reason = COMPLETE_REASON,
        .remedy = "List every entry, however many there are.",
        .run = complete,
        .parameter = "MLSD",
    },
    {
        .name = "limits.listing.ten-thousand",
        .severity = SEVERITY_ERROR,
        .flags = TEST_DESTRUCTIVE | TEST_SLOW,
        .after = "practice.nlst.directories",
        .title = "NLST shows all of 10050 entries",
        .reason = COMPLETE_REASON " Some servers stop at ten thousand and say 226.",
        .remedy = "Have no limit, or answer 451 when it is reached.",
        .run = ten_thousand,
    },
};

const struct group group_performance = {
    .name = "performance",
    .title = "Waits, and many files",
    .tests = tests,
    .count = ELEMENTS(tests),
};
