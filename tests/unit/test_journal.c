/* lib/journal.c: whole records, and no waiting for a journal that is full, gone or was never there.
 */
#include "lib/journal.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

/* A directory with a socket in it that stands for the journal's. */
struct place {
    char directory[64];
    char path[80];
    int socket;
};

static void listen_again(struct place *place)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", place->path);
    place->socket = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(place->socket >= 0);
    assert_int_equal(bind(place->socket, (struct sockaddr *)&address, sizeof(address)), 0);
}

static int set_up(void **state)
{
    struct place *place = calloc(1, sizeof(*place));
    assert_non_null(place);
    (void)snprintf(place->directory, sizeof(place->directory), "/tmp/cellftpd-journal-XXXXXX");
    assert_non_null(mkdtemp(place->directory));
    (void)snprintf(place->path, sizeof(place->path), "%s/socket", place->directory);
    listen_again(place);
    *state = place;
    return 0;
}

static int tear_down(void **state)
{
    struct place *place = *state;
    (void)close_fd(place->socket);
    (void)unlink(place->path);
    int r = rmdir(place->directory);
    free(place);
    return r;
}

static int send_text(struct journal *journal, const char *text)
{
    cleanup_buffer struct buffer record;
    buffer_init(&record, 1000);
    assert_int_equal(journal_append(&record, "MESSAGE", text, strlen(text)), 0);
    return journal_send(journal, &record);
}

static void assert_receives(const struct place *place, const char *bytes, size_t size)
{
    char received[1000];
    assert_int_equal(recv(place->socket, received, sizeof(received), 0), (ssize_t)size);
    assert_memory_equal(received, bytes, size);
}

static void test_fields(void **state)
{
    const struct place *place = *state;
    struct journal journal;
    journal_init(&journal, place->path);
    cleanup_buffer struct buffer record;
    buffer_init(&record, 1000);
    assert_int_equal(journal_append(&record, "A", "b=c\xff\x01", 5), 0);
    assert_int_equal(journal_append(&record, "NOTHING", "", 0), 0);
    assert_int_equal(journal_append(&record, "LINES", "x\nB=1\n", 6), 0);
    assert_int_equal(journal_send(&journal, &record), 0);
    static const char expected[] = "A=b=c\xff\x01\nNOTHING=\nLINES\n\x06\0\0\0\0\0\0\0x\nB=1\n\n";
    assert_receives(place, expected, sizeof(expected) - 1);
    journal_close(&journal);
    journal_close(&journal);
}

static void test_field_or_nothing(void **state)
{
    (void)state;
    for (size_t room = 0; room < 15; room++) {
        cleanup_buffer struct buffer record;
        buffer_init(&record, room);
        assert_int_equal(journal_append(&record, "NAME", "a\n", 2), -ENOBUFS);
        assert_int_equal(buffer_size(&record), 0);
    }
}

/* The largest record goes through in one datagram. */
static void test_largest_record(void **state)
{
    const struct place *place = *state;
    static char large[JOURNAL_RECORD_MAX - 16], received[JOURNAL_RECORD_MAX + 1];
    struct journal journal;
    journal_init(&journal, place->path);
    cleanup_buffer struct buffer record;
    buffer_init(&record, JOURNAL_RECORD_MAX);
    memset(large, '\n', sizeof(large));
    assert_int_equal(journal_append(&record, "M", large, sizeof(large)), 0);
    assert_int_equal(journal_send(&journal, &record), 0);
    assert_int_equal(recv(place->socket, received, sizeof(received), 0),
                     (ssize_t)buffer_size(&record));
    journal_close(&journal);
}

static void test_no_journal(void **state)
{
    struct place *place = *state;
    struct journal journal;
    journal_init(&journal, NULL);
    assert_int_equal(send_text(&journal, "x"), -ENOENT);
    assert_int_equal(journal.socket, -1);

    journal_init(&journal, place->path);
    place->socket = close_fd(place->socket);
    assert_int_equal(send_text(&journal, "x"), -ECONNREFUSED);
    assert_true(journal_is_absent(-ECONNREFUSED) && journal_is_absent(-ENOENT));
    assert_false(journal_is_absent(-EAGAIN) || journal_is_absent(0));
    assert_int_equal(unlink(place->path), 0);
    journal.retry = 0; /* the time is over */
    assert_int_equal(send_text(&journal, "x"), -ENOENT);
    assert_int_equal(journal.lost, 0);

    /* Started later, it is found again; not with every event, but soon. */
    listen_again(place);
    assert_int_equal(send_text(&journal, "x"), -ENOENT);
    assert_in_range(journal.retry, clock_msec() + 1, clock_msec() + JOURNAL_INTERVAL);
    journal.retry = 0;
    assert_int_equal(send_text(&journal, "x"), 0);
    assert_receives(place, "MESSAGE=x\n", 10);

    /* Started anew, at once. */
    place->socket = close_fd(place->socket);
    assert_int_equal(unlink(place->path), 0);
    listen_again(place);
    assert_int_equal(send_text(&journal, "y"), 0);
    assert_receives(place, "MESSAGE=y\n", 10);
    journal_close(&journal);
}

/* A journald that reads nothing: one wait that has an end, then none; the losses are counted. */
static void test_stopped_journal(void **state)
{
    const struct place *place = *state;
    struct journal journal;
    char drain[100];
    journal_init(&journal, place->path);
    unsigned taken = 0;
    uint64_t before = clock_msec();
    while (send_text(&journal, "x") == 0)
        taken++;
    assert_true(taken > 0);
    uint64_t waited = clock_msec() - before;
    assert_true(waited >= JOURNAL_PATIENCE && waited < 20 * JOURNAL_PATIENCE);
    assert_int_equal(journal.problem, -EAGAIN);
    assert_int_equal(journal.lost, 1);

    before = clock_msec();
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(send_text(&journal, "x"), -EAGAIN);
    if (clock_msec() - before >= JOURNAL_INTERVAL) /* 1,000 waits would be 500 s */
        fail_msg("a full journal was waited for again and again");
    assert_int_equal(journal.lost, 1001);

    for (; taken > 0; taken--)
        assert_true(recv(place->socket, drain, sizeof(drain), 0) > 0);
    assert_int_equal(send_text(&journal, "z"), 0);
    assert_receives(place, "MESSAGE=z\n", 10);
    journal_close(&journal);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_fields),     TEST(test_field_or_nothing), TEST(test_largest_record),
        TEST(test_no_journal), TEST(test_stopped_journal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
