/* monitor/quota.c: what a session may ask of the ledger, and what a login finds (rows Q01, Q05,
 * Q07, A20, C21). */
#include "ledger_fixture.h"

#include "monitor/monitor.h"

enum { OTHER_UID = A_UID + 1, ROOT_UID = 0, NOBODYS_UID = A_UID + 5000 };

/* What was logged. */
static struct {
    unsigned count;
    enum event_id id;
    char reason[32], detail[512];
} logged;

void monitor_log(struct monitor *monitor, const struct event *event)
{
    assert_non_null(monitor);
    logged.count++;
    logged.id = event->id;
    (void)snprintf(logged.reason, sizeof(logged.reason), "%s", event->reason);
    (void)snprintf(logged.detail, sizeof(logged.detail), "%s", event->detail);
}

void monitor_log_reason(struct monitor *monitor, enum event_id id, const char *reason,
                        const char *detail)
{
    struct event event = EVENT_INIT(id);
    event.reason = reason;
    event.detail = detail;
    monitor_log(monitor, &event);
}

struct bench {
    struct place *place;
    struct account account;
    struct monitor monitor;
};

static void bench_open(struct place *place, struct bench *bench, uint64_t bytes, uint64_t files)
{
    place->config.accounts_uid_min = A_UID - 1;
    place->config.accounts_uid_max = A_UID + 1000;
    place->config.quota_count_time = 20000;
    *bench = (struct bench){
        .place = place,
        .account = {.uid = A_UID,
                    .effective = {.quota = bytes,
                                  .quota_files = files,
                                  .upload_rate = NO_LIMIT,
                                  .download_rate = NO_LIMIT}},
        .monitor = {.config = &place->config, .ledger = {.fd = -1}, .user = "alice"},
    };
    bench->monitor.account = &bench->account;
    memset(&logged, 0, sizeof(logged));
    quota_open(&bench->monitor, &bench->account, place->folder);
}

static void expect_log(enum event_id id, const char *reason, const char *detail)
{
    if (logged.count != 1 || logged.id != id || strcmp(logged.reason, reason) != 0 ||
        !strstr(logged.detail, detail))
        fail_msg("%u lines: %d, %s: %s", logged.count, (int)logged.id, logged.reason,
                 logged.detail);
    logged.count = 0;
}

struct answer {
    uint32_t error;
    struct ledger_amount lease, used, quota;
};

static void put(struct message *message, uint32_t uid, uint32_t flags, const uint64_t amounts[7])
{
    message_begin(message, REQUEST_LEASE);
    message_put_u32(message, uid);
    message_put_u32(message, flags);
    for (unsigned i = 0; i < 7; i++)
        message_put_u64(message, amounts[i]);
}

/* gained bytes and files, freed bytes and files, least, best, files */
static int ask(struct bench *bench, uint32_t uid, uint32_t flags, const uint64_t amounts[7],
               struct answer *ret)
{
    static struct message message, answer;
    put(&message, uid, flags, amounts);
    message_begin(&answer, REQUEST_LEASE | REQUEST_ANSWER);
    int r = lease_handle(&bench->monitor, &message, &answer);
    if (r < 0)
        return r;
    ret->error = message_get_u32(&answer);
    struct ledger_amount *all[] = {&ret->lease, &ret->used, &ret->quota};
    for (size_t i = 0; i < ELEMENTS(all); i++) {
        all[i]->bytes = message_get_u64(&answer);
        all[i]->files = message_get_u64(&answer);
    }
    assert_true(message_end(&answer));
    return 0;
}

static void test_Q01_lease(void **state)
{
    struct bench bench;
    struct answer answer;
    put_file(*state, "there", 300);
    bench_open(*state, &bench, 1000, 10);
    expect_log(EVENT_QUOTA_COUNTED, "first", "there are 300 bytes in 1 files");
    const uint64_t wanted[7] = {0, 0, 0, 0, 100, 5000, 1};
    assert_int_equal(ask(&bench, 0, 0, wanted, &answer), 0);
    assert_int_equal(answer.error, 0);
    assert_amount(answer.lease, 700, 1);
    assert_amount(answer.used, 300, 1);
    assert_amount(answer.quota, 1000, 10);
    /* Refused: what has been said is settled, and the rest of the lease stays. */
    const uint64_t more[7] = {200, 1, 100, 0, 701, 701, 0};
    assert_int_equal(ask(&bench, A_UID, 0, more, &answer), 0);
    assert_int_equal(answer.error, EDQUOT);
    assert_amount(answer.lease, 500, 0);
    assert_amount(answer.used, 400, 2);
    const uint64_t end[7] = {0};
    assert_int_equal(ask(&bench, 0, LEASE_UNCERTAIN, end, &answer), 0);
    assert_amount(answer.lease, 0, 0);
    assert_true(state_of(*state).stale);
    quota_close(&bench.monitor, false);
    assert_int_equal(state_of(*state).sessions, 0);
    assert_int_equal(logged.count, 0);
}

static void test_C21_what_ends_the_session(void **state)
{
    struct bench bench;
    struct answer answer;
    bench_open(*state, &bench, 1000, 10);
    logged.count = 0;
    const uint64_t nothing[7] = {0}, unleased[7] = {1}, unleased_file[7] = {0, 1};
    const uint64_t huge[7] = {0, 0, UINT64_MAX}, negative[7] = {0, 0, 0, 0, UINT64_C(1) << 63};
    assert_int_equal(ask(&bench, OTHER_UID, 0, nothing, &answer), -EPROTO);
    assert_int_equal(ask(&bench, 1, 0, nothing, &answer), -EPROTO);
    assert_int_equal(ask(&bench, 0, 1u << 2, nothing, &answer), -EBADMSG);
    assert_int_equal(ask(&bench, 0, 0, unleased, &answer), -EPROTO);
    assert_int_equal(ask(&bench, 0, 0, unleased_file, &answer), -EPROTO);
    assert_int_equal(ask(&bench, 0, 0, huge, &answer), -EPROTO);
    assert_int_equal(ask(&bench, 0, 0, negative, &answer), -EPROTO);
    assert_int_equal(ask(&bench, 0, 0, nothing, &answer), 0);
    quota_close(&bench.monitor, false);

    /* Who has no quota has nothing to ask. */
    bench_open(*state, &bench, NO_LIMIT, NO_LIMIT);
    assert_int_equal(bench.monitor.ledger.fd, -1);
    assert_int_equal(ask(&bench, 0, 0, nothing, &answer), -EPROTO);
    bench_open(*state, &bench, 1000, 10);
    quota_close(&bench.monitor, false);

    /* Cut off or longer than it is. */
    static struct message message, unused;
    put(&message, 0, 0, nothing);
    size_t whole = message.size;
    bench_open(*state, &bench, 1000, 10);
    for (size_t size = 0; size <= whole + 1; size++) {
        put(&message, 0, 0, nothing);
        message.size = size;
        message_begin(&unused, REQUEST_LEASE | REQUEST_ANSWER);
        assert_int_equal(lease_handle(&bench.monitor, &message, &unused),
                         size == whole ? 0 : -EBADMSG);
    }
    quota_close(&bench.monitor, false);
}

static void test_A20_administrator(void **state)
{
    struct place *place = *state;
    struct bench bench;
    struct answer answer;
    bench_open(place, &bench, 1000, 10);
    quota_close(&bench.monitor, false);
    bench_open(place, &bench, 1000, 10);
    bench.account.role = ACCOUNT_ADMIN;
    quota_close(&bench.monitor, false);
    bench.account.uid = OTHER_UID;
    quota_open(&bench.monitor, &bench.account, place->folder);
    assert_int_equal(bench.monitor.ledger.fd, -1); /* it has no quota */

    const uint64_t made[7] = {500, 2}, wanted[7] = {0, 0, 0, 0, 1, 1, 0}, nothing[7] = {0};
    assert_int_equal(ask(&bench, A_UID, 0, made, &answer), 0);
    assert_int_equal(answer.error, 0);
    assert_amount(state_of(place).used, 500, 2);
    assert_int_equal(ask(&bench, A_UID, 0, wanted, &answer), -EPROTO);
    assert_int_equal(ask(&bench, NOBODYS_UID, 0, made, &answer), -EPROTO);
    assert_int_equal(ask(&bench, A_UID + 1001, 0, nothing, &answer), -EPROTO);
    assert_int_equal(ask(&bench, A_UID - 2, 0, nothing, &answer), -EPROTO);
    /* One of those who have no ledger. */
    assert_int_equal(ask(&bench, A_UID + 7, 0, made, &answer), 0);
    assert_int_equal(answer.error, 0);
    struct ledger_state none;
    assert_int_equal(ledger_read(&place->config, A_UID + 7, &none), -ENOENT);
}

static void test_Q07_at_a_login(void **state)
{
    struct place *place = *state;
    struct bench bench;
    put_file(place, "there", 300);
    bench_open(place, &bench, 1000, 10);
    quota_close(&bench.monitor, false);
    assert_int_equal(truncate(place->file, 40), 0);
    bench_open(place, &bench, 1000, 10);
    expect_log(EVENT_QUOTA_DAMAGED, "damaged", "nothing was known; there are 300 bytes");
    assert_amount(state_of(place).used, 300, 1);
    quota_close(&bench.monitor, false);
    /* All is well: nothing is counted, and nothing logged. */
    put_file(place, "secret", 300);
    bench_open(place, &bench, 1000, 10);
    assert_int_equal(logged.count, 0);
    assert_amount(state_of(place).used, 300, 1);
    quota_close(&bench.monitor, false);
}

static void test_Q11_after_a_crash(void **state)
{
    struct place *place = *state;
    struct bench bench;
    struct answer answer;
    const uint64_t wanted[7] = {0, 0, 0, 0, 400, 400, 1};
    bench_open(place, &bench, 1000, 10);
    assert_int_equal(ask(&bench, 0, 0, wanted, &answer), 0);
    quota_close(&bench.monitor, false); /* with a lease: it is gone */
    assert_amount(state_of(place).used, 400, 1);
    assert_true(state_of(place).stale);

    /* The last count was this moment: others would count again and again. */
    bench_open(place, &bench, 1000, 10);
    assert_int_equal(logged.count, 0);
    struct ledger_file file;
    assert_int_equal(ledger_file_open(&place->config, A_UID, false, &file), 0);
    file.header.counted -= 10;
    assert_int_equal(ledger_file_put_header(&file), 0);
    ledger_file_release(&file);
    quota_close(&bench.monitor, false);

    bench_open(place, &bench, 1000, 10);
    expect_log(EVENT_QUOTA_COUNTED, "uncertain",
               "400 bytes in 1 files were known, there are 0 bytes in 0 files");
    assert_amount(state_of(place).used, 0, 0);
    quota_close(&bench.monitor, true); /* killed, without a lease */
    assert_true(state_of(place).stale);
}

static void test_count_that_takes_too_long(void **state)
{
    struct place *place = *state;
    struct bench bench;
    struct answer answer;
    for (unsigned i = 0; i < 3000; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "%u", i);
        put_file(place, name, 0);
    }
    place->config.quota_count_time = 20000;
    bench_open(place, &bench, 1000, 10000);
    quota_close(&bench.monitor, false);
    assert_int_equal(truncate(place->file, 0), 0);
    bench.monitor.config = &place->config;
    place->config.quota_count_time = 0;
    memset(&logged, 0, sizeof(logged));
    quota_open(&bench.monitor, &bench.account, place->folder);
    expect_log(EVENT_QUOTA_DAMAGED, "damaged",
               "longer than quota.count_time; nothing can be uploaded before it is counted: run "
               "cellftpctl quota recount alice");
    const uint64_t wanted[7] = {0, 0, 0, 0, 0, 0, 1};
    assert_int_equal(ask(&bench, 0, 0, wanted, &answer), 0);
    assert_int_equal(answer.error, ENODATA);
    quota_close(&bench.monitor, false);
}

static void test_ledger_that_cannot_be_had(void **state)
{
    struct place *place = *state;
    struct bench bench;
    struct answer answer;
    const uint64_t wanted[7] = {0, 0, 0, 0, 1, 1, 1}, nothing[7] = {0};
    assert_int_equal(mkdir(place->state, 0777), 0);
    assert_int_equal(chmod(place->state, 0777), 0);
    bench_open(place, &bench, 1000, 10);
    expect_log(EVENT_QUOTA_DAMAGED, "ledger", "it must be a file of root's");
    assert_int_equal(ask(&bench, 0, 0, wanted, &answer), 0);
    assert_int_equal(answer.error, EBADF);
    assert_amount(answer.lease, 0, 0);
    assert_int_equal(ask(&bench, 0, 0, nothing, &answer), 0);
    quota_close(&bench.monitor, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_Q01_lease),
        TEST(test_C21_what_ends_the_session),
        TEST(test_A20_administrator),
        TEST(test_Q07_at_a_login),
        TEST(test_Q11_after_a_crash),
        TEST(test_count_that_takes_too_long),
        TEST(test_ledger_that_cannot_be_had),
    };
    return own_mounts() || cmocka_run_group_tests_name("quota", tests, NULL, NULL);
}
