/*
 * monitor/requests.c, login.c, sockets.c: what a session that has gone over to an attacker may ask
 * (row C21). A million good, mutated and random messages in every phase, each judged by a second
 * opinion written here; what the monitor would do to the system is recorded instead of done.
 */
#include "lib/admin.h"
#include "lib/text.h"

#include "requests_messages.h"
#include "requests_record.h"

enum {
#ifdef CELLFTPD_SANITIZED
    MESSAGES = 150000,
#else
    MESSAGES = 1000000,
#endif
    ATTEMPTS = 3,
    SHARES = 2, /* of alice's; there are three */
    FIRST_PORT = 40000,
    LAST_PORT = 40099,
};

/* --- the second opinion */

struct reader {
    const uint8_t *bytes;
    size_t left;
};

static bool take(struct reader *reader, void *ret, size_t size)
{
    if (reader->left < size)
        return false;
    if (ret)
        memcpy(ret, reader->bytes, size);
    reader->bytes += size;
    reader->left -= size;
    return true;
}

enum { FIELDS_MAX = 14, NUMBER = -4, LONG_NUMBER = -8, BYTES = -256, MANY_BYTES = -16384 };

/* What a request consists of: NUMBER, LONG_NUMBER, or the longest length of a text. */
static const struct {
    unsigned phases;
    bool descriptor;
    size_t count;
    int fields[FIELDS_MAX];
} forms[] = {
    [REQUEST_READY] = {PHASE_STARTING, true, 2, {NUMBER, 128}},
    [REQUEST_LOGIN] = {PHASE_LOGIN, false, 2, {128, 512}},
    [REQUEST_ENTERED] = {PHASE_ENTERING, true, 2, {NUMBER, 128}},
    [REQUEST_LISTEN] = {PHASE_SESSION, false, 0, {0}},
    [REQUEST_CONNECT] = {PHASE_SESSION, false, 2, {64, NUMBER}},
    [REQUEST_EVENT] = {PHASE_LOGIN | PHASE_SESSION,
                       false,
                       14,
                       {NUMBER, 64, 8192, 8192, 8, LONG_NUMBER, LONG_NUMBER, LONG_NUMBER,
                        LONG_NUMBER, 512, 2048, 16, 64, 4}},
    [REQUEST_STATUS] = {PHASE_LOGIN | PHASE_SESSION, false, 1, {256}},
    [REQUEST_STOP] = {0, false, 0, {0}},
    [REQUEST_USER] = {PHASE_LOGIN, false, 1, {128}},
    [REQUEST_TLS] = {PHASE_LOGIN, false, 1, {255}},
    [REQUEST_HANDOVER] = {PHASE_LOGIN, false, 1, {NUMBER}},
    [REQUEST_IDENTITY] = {PHASE_LOGIN, false, 1, {255}},
    [REQUEST_SIGN] = {PHASE_LOGIN | PHASE_SESSION, false, 2, {NUMBER, BYTES}},
    [REQUEST_CERTIFICATE] = {PHASE_LOGIN, false, 1, {MANY_BYTES}},
    [REQUEST_SHARE] = {PHASE_ENTERING, false, 2, {NUMBER, NUMBER}},
    [REQUEST_PACE] = {PHASE_SESSION, false, 1, {NUMBER}},
};

struct opinion {
    uint32_t number;     /* the one of the request, if it has one, or the last */
    uint32_t first;      /* of two */
    const char *text[9]; /* in order */
};

static bool read_field(struct reader *reader, int form, struct opinion *ret, size_t *texts)
{
    uint8_t kind, zero;
    uint32_t length;
    if (!take(reader, &kind, 1))
        return false;
    ret->first = form == NUMBER ? ret->number : ret->first;
    if (form == NUMBER)
        return kind == 1 && take(reader, &ret->number, 4);
    if (form == LONG_NUMBER)
        return kind == 2 && take(reader, NULL, 8);
    if (form == BYTES || form == MANY_BYTES)
        return kind == 4 && take(reader, &length, 4) && length <= (uint32_t)-form &&
               take(reader, NULL, length);
    if (kind != 3 || !take(reader, &length, 4) || length > (uint32_t)form)
        return false;
    ret->text[(*texts)++] = (const char *)reader->bytes;
    return reader->left > length && !memchr(reader->bytes, 0, length) &&
           take(reader, NULL, length) && take(reader, &zero, 1) && zero == 0;
}

static bool has_its_form(const struct message *message, struct opinion *ret)
{
    struct reader reader = {message->payload, message->size};
    size_t texts = 0;
    for (size_t i = 0; i < forms[message->type].count; i++)
        if (!read_field(&reader, forms[message->type].fields[i], ret, &texts))
            return false;
    return reader.left == 0;
}

static bool speaks_tls(const struct monitor *monitor)
{
    return monitor->kind == SESSION_TLS || monitor->kind == SESSION_NEW_IMPLICIT;
}

static uint64_t rate_of(const struct monitor *monitor, uint32_t direction)
{
    const struct rules *rules = &monitor->account->effective;
    return direction == 0 ? rules->upload_rate : rules->download_rate;
}

/* True if the monitor must end the session for MESSAGE. */
static bool is_attack(const struct monitor *monitor, const struct message *message, bool descriptor,
                      struct opinion *ret)
{
    uint32_t type = message->type;
    if (type == 0 || type >= ELEMENTS(forms) || !(forms[type].phases & monitor->phase) ||
        (descriptor && !forms[type].descriptor) || !has_its_form(message, ret))
        return true;
    switch (type) {
    case REQUEST_READY:
    case REQUEST_ENTERED: return ret->number > 4095 || (ret->number == 0 && !descriptor);
    case REQUEST_STATUS: return !text_is_plain(ret->text[0], strlen(ret->text[0]));
    case REQUEST_LOGIN:
        return monitor->attempts >= ATTEMPTS ||
               (!speaks_tls(monitor) && (!monitor->allowed || strcmp(ret->text[0], "alice") != 0));
    case REQUEST_USER: return speaks_tls(monitor) && !monitor->verifier.shown;
    case REQUEST_CERTIFICATE: return monitor->verifier.cell.pid == 0 || !monitor->tls.identity;
    case REQUEST_TLS: return speaks_tls(monitor);
    case REQUEST_PACE: return ret->number > 1 || rate_of(monitor, ret->number) == NO_LIMIT;
    case REQUEST_IDENTITY: return !speaks_tls(monitor) || monitor->tls.asked;
    case REQUEST_SIGN: return !monitor->tls.identity;
    case REQUEST_HANDOVER:
        if (monitor->handovers >= 4)
            return true;
        if (speaks_tls(monitor))
            return ret->number != SESSION_CLEAR;
        return !monitor->tls.ready ||
               (ret->number != SESSION_TLS && ret->number != SESSION_TLS_PRIVATE);
    case REQUEST_SHARE:
        return ret->first != monitor->shares || ret->first > SHARES || ret->number > 4095 ||
               (ret->number != 0 && !monitor->share_given);
    case REQUEST_CONNECT:
        return strcmp(ret->text[0], "192.0.2.1") != 0 || ret->number < 1024 || ret->number > 65535;
    case REQUEST_EVENT:
        return ret->number >= EVENT_COUNT || event_kind(ret->number)->from == EVENT_FROM_MONITOR ||
               (event_kind(ret->number)->file == EVENT_FILE_files &&
                monitor->phase != PHASE_SESSION) ||
               /* once, with a protocol, and only of TLS */
               (ret->number == EVENT_TLS &&
                (!speaks_tls(monitor) || monitor->tls.protocol[0] || !*ret->text[6]));
    default: return false;
    }
}

/* --- one message */

struct bench {
    struct config config;
    struct monitor monitor;
    bool proved; /* alice's certificate was shown */
    int session; /* the other end of the monitor's socket */
    unsigned good[ELEMENTS(forms)], bad;
};

/* Where a conversation about TLS may be. */
static void set_tls(struct monitor *monitor)
{
    static const enum session_kind kinds[] = {SESSION_NEW, SESSION_TLS, SESSION_CLEAR,
                                              SESSION_NEW_IMPLICIT};
    monitor->kind = ANY_OF(kinds);
    monitor->handovers = below(8) ? below(4) : below(6);
    monitor->users = below(12);
    monitor->allowed = below(4) != 0;
    (void)snprintf(monitor->allowed_user, sizeof(monitor->allowed_user), "alice");
    monitor->tls = (struct monitor_tls){.ready = below(2),
                                        .asked = below(2),
                                        .error = below(4) ? 0 : -EIO,
                                        .signatures = below(3),
                                        .library = &recording_library};
    if (speaks_tls(monitor) && monitor->tls.asked && below(4))
        monitor->tls.identity = an_identity;
    if (speaks_tls(monitor) && below(2))
        (void)snprintf(monitor->tls.protocol, sizeof(monitor->tls.protocol), "TLSv1.3");
}

/* What may have been shown: nothing yet, something bad, or alice's. */
static void set_certificate(struct bench *bench)
{
    struct verifier *verifier = &bench->monitor.verifier;
    bench->config.tls_client_certificates = CLIENT_CERTIFICATES_OPTIONAL;
    bench->config.tls_client_login = below(2);
    bench->proved = false;
    free(verifier->shown);
    *verifier = (struct verifier){.shown = NULL};
    if (!speaks_tls(&bench->monitor))
        return;
    if (below(2)) {
        verifier->cell = (struct cell){.pid = A_PID, .process = -1, .socket = -1, .listener = -1};
        return;
    }
    verifier->shown = calloc(1, sizeof(*verifier->shown));
    assert_non_null(verifier->shown);
    bench->proved = below(2);
    verifier->shown->verdict = bench->proved ? CLIENT_GOOD : CLIENT_EXPIRED;
    (void)snprintf(verifier->shown->common_name, sizeof(verifier->shown->common_name), "alice");
}

/* Whether the account NAME needs no password: what was shown is its own, and stands for it. */
static bool needs_no_password(const struct bench *bench, const char *name)
{
    return bench->proved && strcmp(name, "alice") == 0 &&
           bench->config.tls_client_login == CLIENT_LOGIN_INSTEAD;
}

static void set_phase(struct bench *bench)
{
    struct monitor *monitor = &bench->monitor;
    static const enum phase phases[] = {PHASE_STARTING, PHASE_LOGIN, PHASE_ENTERING, PHASE_SESSION};
    monitor->phase = ANY_OF(phases);
    monitor->attempts = below(8) ? 0 : below(ATTEMPTS + 1);
    monitor->cell.listener = -1;
    set_tls(monitor);
    set_certificate(bench);
    bench->config.tls_required = below(3);
    bench->config.tls_enabled = below(8) != 0;
    bench->config.tls_data_binding = below(3);
    monitor->stop_deadline = 0;
    monitor->shares = below(SHARES + 2);
    monitor->share_given = monitor->shares > 0 && below(2);
    monitor->noise = (struct noise){.refilled = 0};
    account_free(monitor->account);
    monitor->account = NULL;
    struct buffer problem;
    static const enum throttle_state states[] = {THROTTLE_WAIT, THROTTLE_BANNED, THROTTLE_NAME};
    record = (struct record){.fail = below(16) == 0,
                             .crowded = below(8) == 0,
                             .no_key = below(8) == 0,
                             .throttled = below(8) ? THROTTLE_CHECK : ANY_OF(states)};
    if (monitor->phase == PHASE_ENTERING || monitor->phase == PHASE_SESSION)
        assert_int_equal(account_load(monitor->config, "alice", &monitor->account, &problem), 0);
    if (monitor->phase == PHASE_SESSION) {
        monitor->account->effective.upload_rate = below(2) ? NO_LIMIT : 16000;
        monitor->account->effective.download_rate = below(2) ? NO_LIMIT : 32000;
        monitor->account->effective.session_download_rate = below(2) ? NO_LIMIT : 16000;
    }
    monitor->paces_alone = false;
    monitor->pace_alone[0] = monitor->pace_alone[1] = 0;
    if (monitor->phase == PHASE_ENTERING)
        record.locked = below(4) == 0;
}

static int total_events(void)
{
    int total = 0;
    for (size_t i = 0; i < EVENT_COUNT; i++)
        total += record.events[i];
    return total;
}

static void assert_nothing_done(void)
{
    assert_int_equal(record.looked_up + record.compared + record.admitted + record.saved, 0);
    assert_int_equal(record.dropped + record.tries + record.granted, 0);
    assert_int_equal(record.logged_in + record.bound + record.listened + record.connected, 0);
    assert_int_equal(record.opened + record.signed_texts + record.shared, 0);
    assert_int_equal(record.events[EVENT_ATTACK], 1);
    assert_int_equal(total_events(), 1);
}

/* Whether there was an answer of this type; *RET_FD is what came with it. */
static bool answered(const struct bench *bench, uint32_t type, struct message *ret, int *ret_fd)
{
    char byte;
    if (recv(bench->session, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0)
        return false;
    assert_int_equal(message_receive(bench->session, ret, ret_fd), 1);
    assert_int_equal(ret->type, type | REQUEST_ANSWER);
    assert_true(recv(bench->session, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0);
    return true;
}

/* Row T09: a key of tickets goes to who has logged in, and can use it, and to nobody else. */
static void check_key(const struct bench *bench, bool granted, struct message *answer)
{
    bool wanted = granted && bench->config.tls_data_binding == DATA_BINDING_AUTO &&
                  speaks_tls(&bench->monitor) &&
                  strcmp(bench->monitor.tls.protocol, "TLSv1.3") == 0;
    assert_int_equal(record.keys, wanted);
    if (!granted) {
        assert_true(message_end(answer));
        return;
    }
    for (int i = 0; i < 3; i++)
        (void)message_get_u32(answer); /* uid, gid, no groups */
    const char *name = message_get_string(answer, REQUEST_NAME_MAX);
    (void)message_get_u32(answer);
    size_t size;
    const uint8_t *key = message_get_bytes(answer, TLS_KEY_SIZE, &size);
    assert_true(message_get_u64(answer) == bench->monitor.config->rates_session_upload);
    assert_true(message_get_u64(answer) == bench->monitor.config->rates_session_download);
    assert_string_equal(message_get_string(answer, MESSAGE_STRING_MAX), "");
    assert_string_equal(message_get_string(answer, MESSAGE_STRING_MAX), "");
    assert_int_equal(message_get_u32(answer), strcmp(name, "old") == 0 ? 0 : SHARES);
    assert_true(message_end(answer));
    assert_int_equal(size, wanted && !record.no_key ? TLS_KEY_SIZE : 0);
    assert_true(size == 0 || key[0] == (uint8_t)name[0]);
    assert_int_equal(record.events[EVENT_SERVER_FAILED], wanted && record.no_key);
}

static void check_login(struct bench *bench, const struct opinion *opinion, struct message *answer,
                        int fd)
{
    bool old = strcmp(opinion->text[0], "old") == 0;
    bool clear = !speaks_tls(&bench->monitor);
    bool needs_tls = clear && bench->config.tls_required != TLS_REQUIRED_NEVER;
    bool checked = record.throttled == THROTTLE_CHECK && !needs_tls;
    bool fits = strcmp(opinion->text[1], "right") == 0;
    bool known = ((old || strcmp(opinion->text[0], "alice") == 0) && fits) ||
                 needs_no_password(bench, opinion->text[0]);
    bool right = checked && known;
    bool crowded = right && record.crowded;
    bool granted = right && !record.fail && !crowded;
    uint32_t result = message_get_u32(answer);
    assert_int_equal(result == LOGIN_CROWDED, crowded);
    if (crowded)
        assert_int_equal(message_get_u32(answer), bench->monitor.config->limits_per_user);
    assert_int_equal(record.tries, !needs_tls);
    assert_int_equal(record.granted, right); /* also if the folder fails: the password did not */
    assert_int_equal(record.refused, checked && !right);
    if (needs_tls) /* nothing is looked at, and it counts as no failure */
        assert_true(result == LOGIN_REFUSED || result == LOGIN_LAST);
    assert_int_equal(record.compared, checked); /* the same work for everybody: row A02 */
    assert_int_equal(record.saved, right && old);
    assert_int_equal(record.looked_up, checked + record.saved + clear);
    if (record.throttled == THROTTLE_BANNED && !needs_tls)
        assert_int_equal(result, LOGIN_LAST);
    if (record.throttled == THROTTLE_WAIT && !needs_tls) /* here: the table is broken */
        assert_int_equal(result, LOGIN_UNAVAILABLE);
    assert_int_equal(record.admitted, granted);
    assert_int_equal(record.disclaimed > 0, result == LOGIN_UNAVAILABLE || crowded);
    assert_int_equal(result == LOGIN_GRANTED, granted);
    assert_int_equal(fd >= 0, granted);
    assert_int_equal(bench->monitor.phase, granted ? PHASE_ENTERING : PHASE_LOGIN);
    assert_false(granted && (bench->monitor.verifier.shown || bench->monitor.verifier.cell.pid));
    assert_int_equal(record.dropped + record.bound + record.connected, 0);
    check_key(bench, granted, answer);
}

/* A mount comes for each share of the user's own, and none for the question behind the last. */
static void check_share(const struct opinion *opinion, struct message *answer, int fd)
{
    static const char *const places[] = {"first", "third"};
    bool last = opinion->first == SHARES;
    assert_int_equal(message_get_u32(answer), !last && record.fail ? ENOENT : 0);
    assert_int_equal(fd >= 0, !last && !record.fail);
    assert_int_equal(record.shared, fd >= 0);
    assert_int_equal(record.events[EVENT_SHARE_FAILED],
                     (opinion->number != 0) + (!last && record.fail));
    if (!last) {
        assert_string_equal(message_get_string(answer, 64), places[opinion->first]);
        assert_int_equal(message_get_u32(answer), opinion->first == 0);
    }
    assert_true(message_end(answer));
}

static void check_socket(uint32_t type, const struct opinion *opinion, struct message *answer,
                         int fd)
{
    uint16_t port = ntohs(record.own.sin_port);
    assert_int_equal(message_get_u32(answer), 0);
    assert_true(fd >= 0);
    assert_int_equal(record.bound, 1);
    assert_int_equal(ntohl(record.own.sin_addr.s_addr), 0xc0000263); /* our own address */
    assert_int_equal(record.listened, type == REQUEST_LISTEN);
    assert_int_equal(record.connected, type == REQUEST_CONNECT);
    if (type == REQUEST_LISTEN) {
        assert_in_range(port, FIRST_PORT, LAST_PORT);
        return;
    }
    assert_int_equal(port, 0);
    assert_int_equal(ntohl(record.target.sin_addr.s_addr), 0xc0000201);
    assert_int_equal(ntohs(record.target.sin_port), opinion->number);
}

static void check_report(const struct bench *bench, uint32_t type, const struct opinion *opinion,
                         int r)
{
    bool fails = opinion->number != 0 || (type == REQUEST_ENTERED && record.fail);
    assert_int_equal(r, fails ? -ECANCELED : 0);
    assert_int_equal(record.events[EVENT_CELL_FAILED], opinion->number != 0);
    assert_int_equal(record.dropped, type == REQUEST_ENTERED && opinion->number == 0);
    assert_int_equal(record.events[EVENT_LOGIN], type == REQUEST_ENTERED && !fails);
    /* Row L12: one that was locked in the meantime is not let in. */
    bool needs_tls =
        !speaks_tls(&bench->monitor) && bench->config.tls_required != TLS_REQUIRED_NEVER;
    assert_int_equal(record.stopped,
                     type == REQUEST_ENTERED && !fails && (record.locked || needs_tls));
    if (!fails)
        assert_int_equal(bench->monitor.phase, type == REQUEST_READY ? PHASE_LOGIN : PHASE_SESSION);
}

static void check_user(const struct bench *bench, unsigned asked_before,
                       const struct opinion *opinion, struct message *answer)
{
    bool few = asked_before < 3 * ATTEMPTS, secret = speaks_tls(&bench->monitor);
    bool may = secret || bench->config.tls_required == TLS_REQUIRED_NEVER;
    bool enough = few && needs_no_password(bench, opinion->text[0]);
    assert_int_equal(message_get_u32(answer), enough ? USER_NEEDS_NO_PASSWORD
                                              : may  ? USER_MAY
                                                     : USER_NEEDS_TLS);
    assert_true(message_end(answer));
    assert_int_equal(record.looked_up, few && (!secret || bench->proved));
    assert_int_equal(record.events[EVENT_LOGIN_REFUSED], !may);
    assert_int_equal(record.tries + record.compared, 0);
    assert_int_equal(bench->monitor.allowed, may);
}

/* TLS, IDENTITY and SIGN, with what the monitor was BEFORE. */
static void check_tls(const struct bench *bench, const struct monitor *before, uint32_t type,
                      struct message *answer)
{
    const struct monitor_tls *tls = &bench->monitor.tls;
    uint32_t error = message_get_u32(answer);
    size_t size = 0;
    if (type != REQUEST_TLS)
        (void)message_get_bytes(answer, MESSAGE_MAX, &size);
    assert_true(message_end(answer));
    if (type == REQUEST_TLS) {
        bool looks = before->tls.error == 0 && before->handovers < 3 && bench->config.tls_enabled;
        assert_int_equal(error == 0, looks && !record.fail);
        assert_int_equal(record.opened, looks);
        assert_int_equal(record.closed, looks && !record.fail); /* before the fork that follows */
        assert_int_equal(tls->ready, error == 0);
        assert_null(tls->identity);
    } else if (type == REQUEST_IDENTITY) {
        assert_int_equal(error == 0, !record.fail);
        assert_int_equal(size, record.fail ? 0 : 5);
        assert_int_equal(tls->identity != NULL, !record.fail);
        assert_true(tls->asked);
    } else {
        assert_int_equal(record.signed_texts, before->tls.signatures > 0);
        assert_int_equal(size, error == 0 ? 6 : 0);
        assert_true(error == 0 || error == EPERM);
        assert_true(before->tls.signatures > 0 || (error == EPERM && tls->refused == 1));
    }
}

/* Here there is no file of authorities: it is refused, the verifier ended, and asked never again.
 */
static void check_certificate(const struct bench *bench, struct message *answer)
{
    const struct verifier *verifier = &bench->monitor.verifier;
    assert_int_equal(message_get_u32(answer), 0);
    assert_true(message_end(answer));
    assert_int_equal(verifier->shown->verdict, CLIENT_AUTHORITIES);
    assert_int_equal(verifier->cell.pid, 0);
    assert_int_equal(record.cells_ended, 1);
    assert_int_equal(record.events[EVENT_CLIENT_REFUSED], 1);
}

static void check_handover(const struct bench *bench, const struct opinion *opinion,
                           const struct monitor *before)
{
    assert_int_equal(bench->monitor.phase, PHASE_HANDOVER);
    assert_int_equal(bench->monitor.kind, opinion->number);
    assert_int_equal(bench->monitor.handovers, before->handovers + 1);
    assert_false(bench->monitor.allowed || bench->monitor.named || bench->monitor.tls.asked);
}

/* A sixteenth of a second, at once. The table of rates is in a directory that is not there. */
static void check_pace(const struct bench *bench, const struct opinion *opinion,
                       struct message *answer)
{
    assert_int_equal(message_get_u32(answer), 0);
    assert_true(message_get_u64(answer) == rate_of(&bench->monitor, opinion->number) / 16);
    assert_true(message_end(answer));
    assert_int_equal(record.events[EVENT_SERVER_FAILED], 1);
}

static void check_good(struct bench *bench, const struct monitor *before, uint32_t type,
                       const struct opinion *opinion, int r)
{
    struct message answer;
    cleanup_close int fd = -1;
    bool has_answer = answered(bench, type, &answer, &fd);
    /* One that has to leave reads STOP instead, and one that failed reads nothing. */
    bool entered = type == REQUEST_ENTERED && r == 0 && !record.stopped;
    assert_int_equal(has_answer, entered || type == REQUEST_LOGIN || type == REQUEST_LISTEN ||
                                     type == REQUEST_CONNECT || type == REQUEST_USER ||
                                     type == REQUEST_TLS || type == REQUEST_IDENTITY ||
                                     type == REQUEST_SIGN || type == REQUEST_CERTIFICATE ||
                                     type == REQUEST_SHARE || type == REQUEST_PACE);
    assert_true(!entered || (answer.size == 0 && fd < 0));
    assert_int_equal(record.events[EVENT_ATTACK], 0);
    switch (type) {
    case REQUEST_LOGIN: check_login(bench, opinion, &answer, fd); break;
    case REQUEST_LISTEN:
    case REQUEST_CONNECT: check_socket(type, opinion, &answer, fd); break;
    case REQUEST_READY:
    case REQUEST_ENTERED: check_report(bench, type, opinion, r); return;
    case REQUEST_USER: check_user(bench, before->users, opinion, &answer); break;
    case REQUEST_CERTIFICATE: check_certificate(bench, &answer); break;
    case REQUEST_SHARE: check_share(opinion, &answer, fd); break;
    case REQUEST_PACE: check_pace(bench, opinion, &answer); break;
    case REQUEST_TLS:
    case REQUEST_IDENTITY:
    case REQUEST_SIGN: check_tls(bench, before, type, &answer); break;
    case REQUEST_HANDOVER: check_handover(bench, opinion, before); break;
    default:
        assert_int_equal(record.looked_up + record.bound + record.dropped, 0);
        for (uint32_t id = 0; id < EVENT_COUNT; id++)
            assert_true(record.events[id] == 0 || (type == REQUEST_EVENT && id == opinion->number));
        break;
    }
    assert_int_equal(r, 0);
}

static void try_one(struct bench *bench, const struct message *original)
{
    static struct message message;
    struct monitor *monitor = &bench->monitor;
    set_phase(bench);
    /* Rarely missing where it belongs, sometimes there where it does not. */
    bool belongs = original->type < ELEMENTS(forms) && forms[original->type].descriptor;
    int came = (belongs ? below(8) != 0 : below(4) == 0) ? some_descriptor() : -1;
    struct opinion opinion = {.text = {NULL}};
    bool attack = is_attack(monitor, original, came >= 0, &opinion);
    static struct monitor before;
    before = *monitor;
    record.looked_up = 0;

    message.type = original->type;
    message.size = original->size;
    message.position = 0;
    message.broken = false;
    memcpy(message.payload, original->payload, original->size);
    int r = requests_handle(monitor, &message, came);
    if (attack) {
        bench->bad++;
        assert_int_equal(r, -EPROTO);
        assert_int_equal(monitor->phase, before.phase);
        assert_int_equal(monitor->kind, before.kind);
        assert_int_equal(monitor->cell.listener, -1);
        assert_nothing_done();
        assert_true(recv(bench->session, &message, 1, MSG_PEEK | MSG_DONTWAIT) < 0);
    } else {
        bench->good[original->type]++;
        check_good(bench, &before, original->type, &opinion, r);
    }
    /* A descriptor is kept in one place, or closed. */
    if (came >= 0 && monitor->cell.listener == came)
        monitor->cell.listener = close_fd(came);
    else if (came >= 0)
        assert_int_equal(fcntl(came, F_GETFD), -1);
}

/* A file that can be a key: the library, which would read it, is not there. */
static char key_file[] = "/tmp/cellftpd-test-key-XXXXXX";

static int make_key_file(void **state)
{
    (void)state;
    return close(mkstemp(key_file));
}

static int remove_key_file(void **state)
{
    (void)state;
    return unlink(key_file);
}

static void open_bench(struct bench *bench, int *ret_pair)
{
    static char *no_networks[] = {NULL};
    static char automatic[] = "auto", nowhere[] = "/nonexistent", run[] = "/nonexistent/run";
    static char state_directory[] = "/nonexistent/state"; /* nor can it be made: no ledger */
    *bench = (struct bench){
        .config = {.login_attempts = ATTEMPTS,
                   .accounts_uid_min = 200000,
                   .accounts_uid_max = 299999,
                   .active_enabled = true,
                   .passive_ports = {FIRST_PORT, LAST_PORT},
                   .passive_address = automatic,
                   .passive_networks = no_networks,
                   .tls_certificate = key_file,
                   .tls_key = key_file,
                   .directories_run = run,
                   .directories_state = state_directory,
                   .tls_hosts = nowhere,
                   .tls_client_ca = nowhere,
                   .tls_client_crl = nowhere},
        .monitor = {.registry = {.fd = -1},
                    .ledger = {.fd = -1},
                    .signals = -1,
                    .control = -1,
                    .cell = {.listener = -1}},
    };
    static char local[] = "local", pam[] = "pam";
    static char *order[] = {local, pam, NULL};
    static char *nobody[] = {NULL}, bob[] = "bob", alice[] = "alice", folder[] = "/srv/common";
    static char first[] = "first", second[] = "second", third[] = "third";
    static char *bobs[] = {bob, NULL}, *alices[] = {bob, alice, NULL};
    static struct share shares[] = {
        {.path = folder, .at = first, .read_only = true, .users = alices, .groups = nobody},
        {.path = folder, .at = second, .users = bobs, .groups = nobody},
        {.path = folder, .at = third, .users = alices, .groups = bobs},
    };
    bench->config.shares = shares;
    bench->config.share_count = ELEMENTS(shares);
    bench->config.auth_order = order;
    bench->monitor.config = &bench->config;
    assert_int_equal(address_parse("192.0.2.99", &bench->monitor.local), 0);
    assert_int_equal(address_parse("192.0.2.1", &bench->monitor.remote), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret_pair), 0);
    bench->monitor.cell.socket = ret_pair[0];
    bench->session = ret_pair[1];
}

static void test_C21_a_million_messages(void **state)
{
    (void)state;
    static struct bench bench;
    static struct message message;
    int pair[2];
    open_bench(&bench, pair);
    int before = some_descriptor();
    for (unsigned i = 0; i < MESSAGES; i++) {
        make_message(&message);
        try_one(&bench, &message);
    }
    int after = some_descriptor();
    assert_int_equal(after, before + 1); /* none was left open */
    assert_true(bench.bad > MESSAGES / 4);
    for (size_t type = 1; type < ELEMENTS(forms); type++)
        if (forms[type].phases != 0 && bench.good[type] <= MESSAGES / 2000)
            fail_msg("request %zu: only %u good ones", type, bench.good[type]);
    account_free(bench.monitor.account);
    free(bench.monitor.verifier.shown);
    (void)close(before);
    (void)close(after);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* Every truncation and every flipped bit of one good message of each kind. */
static void test_C21_truncations_and_flipped_bits(void **state)
{
    (void)state;
    static struct bench bench;
    static struct message good, message;
    int pair[2];
    open_bench(&bench, pair);
    for (unsigned round = 0; round < 60; round++) {
        make_good(&good);
        size_t size = good.size > 400 ? 400 : good.size;
        for (size_t bit = 0; bit < 8 * size; bit++) {
            message = good;
            message.payload[bit / 8] ^= (uint8_t)(1u << (bit % 8));
            try_one(&bench, &message);
        }
        for (size_t cut = 0; cut < size; cut++) {
            message = good;
            message.size = cut;
            try_one(&bench, &message);
        }
    }
    assert_true(bench.bad > 1000);
    account_free(bench.monitor.account);
    free(bench.monitor.verifier.shown);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* READY or ENTERED as an honest session sends it, with a descriptor. */
static int report(struct bench *bench, enum request type, enum phase phase)
{
    static struct message message;
    message_begin(&message, type);
    message_put_u32(&message, 0);
    message_put_string(&message, "");
    bench->monitor.phase = phase;
    bench->monitor.account = calloc(1, sizeof(*bench->monitor.account));
    assert_non_null(bench->monitor.account);
    bench->monitor.account->name = strdup("alice");
    bench->monitor.account->role = record.admin ? ACCOUNT_ADMIN : ACCOUNT_USER;
    int r = requests_handle(&bench->monitor, &message, some_descriptor());
    int fd = -1;
    assert_int_equal(answered(bench, type, &message, &fd), type == REQUEST_ENTERED && r == 0);
    bench->monitor.cell.listener = close_fd(bench->monitor.cell.listener);
    account_free(bench->monitor.account);
    bench->monitor.account = NULL;
    return r;
}

/* A session that was taken over says that it has entered, and has not. */
static void test_C21_reports_are_not_believed(void **state)
{
    (void)state;
    static struct bench bench;
    int pair[2];
    open_bench(&bench, pair);
    memset(&record, 0, sizeof(record));
    assert_int_equal(report(&bench, REQUEST_READY, PHASE_STARTING), 0);
    assert_int_equal(report(&bench, REQUEST_ENTERED, PHASE_ENTERING), 0);
    record.no_listener = true;
    assert_int_equal(report(&bench, REQUEST_READY, PHASE_STARTING), -EPROTO);
    assert_int_equal(report(&bench, REQUEST_ENTERED, PHASE_ENTERING), -EPROTO);
    memset(&record, 0, sizeof(record));
    record.capabilities = CAPABILITY(21);
    assert_int_equal(report(&bench, REQUEST_ENTERED, PHASE_ENTERING), -EPROTO);
    assert_int_equal(record.events[EVENT_LOGIN], 0);
    memset(&record, 0, sizeof(record));
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* An administrator's session keeps three of them and no other, a user's none of the three. */
static void test_A20_capabilities_are_the_role_s(void **state)
{
    (void)state;
    static struct bench bench;
    int pair[2];
    static const uint64_t others[] = {0, CAPABILITY(6), CAPABILITY(7), CAPABILITY(21)};
    open_bench(&bench, pair);
    for (unsigned admin = 0; admin < 2; admin++)
        for (uint64_t three = 0; three < 16; three++)
            for (size_t i = 0; i < ELEMENTS(others); i++) {
                record = (struct record){.admin = admin, .capabilities = three | others[i]};
                bool right = record.capabilities == (admin ? UINT64_C(0xb) : 0);
                assert_int_equal(report(&bench, REQUEST_ENTERED, PHASE_ENTERING),
                                 right ? 0 : -EPROTO);
                assert_int_equal(record.events[EVENT_LOGIN], right);
            }
    memset(&record, 0, sizeof(record));
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* A role that was changed since the password was checked: in neither direction it stays. */
static void test_A20_role_changed_meanwhile(void **state)
{
    (void)state;
    static struct bench bench;
    int pair[2];
    open_bench(&bench, pair);
    bench.monitor.kind = SESSION_TLS;
    for (unsigned before = 0; before < 2; before++)
        for (unsigned after = 0; after < 2; after++) {
            static struct message message;
            cleanup_buffer struct buffer problem;
            int fd = -1;
            buffer_init(&problem, 64);
            record = (struct record){.admin = before, .capabilities = before ? 0xb : 0};
            bench.monitor.phase = PHASE_ENTERING;
            assert_int_equal(account_load(&bench.config, "alice", &bench.monitor.account, &problem),
                             0);
            record.admin = after;
            message_begin(&message, REQUEST_ENTERED);
            message_put_u32(&message, 0);
            message_put_string(&message, "");
            assert_int_equal(requests_handle(&bench.monitor, &message, some_descriptor()), 0);
            (void)answered(&bench, REQUEST_ENTERED, &message, &fd);
            assert_int_equal(record.stopped, before != after);
            bench.monitor.cell.listener = close_fd(bench.monitor.cell.listener);
            account_free(bench.monitor.account);
            bench.monitor.account = NULL;
            bench.monitor.stop_deadline = 0;
        }
    memset(&record, 0, sizeof(record));
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* The account NAME, as it was when its password was checked, enters. How often it was told to
 * leave.
 */
static int enter(struct bench *bench, const char *name, struct record then)
{
    static struct message message;
    cleanup_buffer struct buffer problem;
    int fd = -1;
    buffer_init(&problem, 64);
    bench->monitor.phase = PHASE_ENTERING;
    record = (struct record){.locked = false};
    assert_int_equal(account_load(&bench->config, name, &bench->monitor.account, &problem), 0);
    record = then;
    message_begin(&message, REQUEST_ENTERED);
    message_put_u32(&message, 0);
    message_put_string(&message, "");
    assert_int_equal(requests_handle(&bench->monitor, &message, some_descriptor()), 0);
    (void)answered(bench, REQUEST_ENTERED, &message, &fd);
    bench->monitor.cell.listener = close_fd(bench->monitor.cell.listener);
    account_free(bench->monitor.account);
    bench->monitor.account = NULL;
    bench->monitor.stop_deadline = 0;
    int stopped = record.stopped;
    memset(&record, 0, sizeof(record));
    return stopped;
}

/* Row L12: what was changed between the check of the password and the entry counts. */
static void test_L12_changed_meanwhile(void **state)
{
    (void)state;
    static struct bench bench;
    int pair[2];
    char now[] = "sun-sat", never[8];
    static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
    open_bench(&bench, pair);
    bench.config.tls_required = TLS_REQUIRED_NEVER;
    time_t when = time(NULL);
    struct tm today;
    assert_non_null(localtime_r(&when, &today));
    (void)snprintf(never, sizeof(never), "%s", days[(today.tm_wday + 3) % 7]);
    assert_int_equal(enter(&bench, "alice", (struct record){.hours = now}), 0);
    assert_int_equal(enter(&bench, "alice", (struct record){.hours = never}), 1);
    assert_int_equal(enter(&bench, "alice", (struct record){.new_password = true}), 1);
    /* The upgrade of a hash, perhaps by another login, is no new password. */
    assert_int_equal(enter(&bench, "old", (struct record){.upgraded = true}), 0);
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* Sends a request of KIND with the texts of WORDS; ADMIN has its operation and their number before
 * them. */
static int ask_with(struct bench *bench, enum request kind, unsigned operation,
                    const char *const *words)
{
    static struct message message;
    int fd = -1;
    unsigned count = 0;
    while (words[count])
        count++;
    message_begin(&message, kind);
    if (kind == REQUEST_ADMIN) {
        message_put_u32(&message, operation);
        message_put_u32(&message, count);
    }
    for (unsigned i = 0; i < count; i++)
        message_put_string(&message, words[i]);
    int r = requests_handle(&bench->monitor, &message, -1);
    if (r == 0) {
        assert_int_equal(message_receive(bench->session, &message, &fd), 1);
        assert_int_equal(message.type, kind | REQUEST_ANSWER);
    }
    return r;
}
#define ASK(kind, operation, ...)                                                                  \
    ask_with(&bench, (kind), (operation), (const char *const[]){__VA_ARGS__, NULL})

/* A session that was taken over can ask; the monitor looks who has logged in, and whether it may be
 * asked at all. */
static void test_A20_L11_work_for_others_is_an_attack(void **state)
{
    (void)state;
    static struct bench bench;
    int pair[2];
    static char name[] = "alice", hash[] = "x";
    struct account account = {.name = name, .password = hash};
    open_bench(&bench, pair);
    memset(&record, 0, sizeof(record));
    bench.monitor.account = &account;
    bench.monitor.phase = PHASE_SESSION;
    for (unsigned operation = 0; operation <= ADMIN_OPERATION_COUNT; operation++)
        assert_int_equal(ASK(REQUEST_ADMIN, operation, "bob"), -EPROTO);
    assert_int_equal(ASK(REQUEST_PASSWORD, 0, "old", "new password"), -EPROTO); /* switched off */
    bench.config.accounts_password_change = true;
    account.anonymous = true;
    assert_int_equal(ASK(REQUEST_PASSWORD, 0, "old", "new password"), -EPROTO);
    account.anonymous = false;
    account.password = NULL; /* a user of the system */
    assert_int_equal(ASK(REQUEST_PASSWORD, 0, "old", "new password"), -EPROTO);
    bench.config.registration_open = true;
    assert_int_equal(ASK(REQUEST_REGISTER, 0, "bob", "password", ""), -EPROTO); /* too late */
    bench.config.registration_open = false;
    bench.monitor.phase = PHASE_LOGIN;
    assert_int_equal(ASK(REQUEST_REGISTER, 0, "bob", "password", ""), -EPROTO); /* closed */
    assert_int_equal(ASK(REQUEST_ADMIN, ADMIN_USER_LOCK, "bob"), -EPROTO);
    assert_int_equal(ASK(REQUEST_PASSWORD, 0, "old", "new password"), -EPROTO);
    assert_int_equal(record.tool_ran, 0);
    bench.monitor.account = NULL;
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* Nothing that is asked for becomes an option, or another command. */
static void test_A20_command_lines(void **state)
{
    (void)state;
    static struct bench bench;
    int pair[2];
    static char name[] = "boss";
    struct account account = {.name = name, .role = ACCOUNT_ADMIN};
    open_bench(&bench, pair);
    memset(&record, 0, sizeof(record));
    bench.monitor.account = &account;
    bench.monitor.phase = PHASE_SESSION;
    static const struct {
        unsigned operation;
        const char *words[4];
        const char *line; /* NULL: it is not run */
        const char *password;
    } rows[] = {
        {ADMIN_USER_ADD, {"bob", "secret"}, "user add bob --password-stdin", "secret"},
        {ADMIN_USER_ADD, {"bob", "-x", "5G"}, "user add bob --password-stdin --quota 5G", "-x"},
        {ADMIN_USER_LIST, {NULL}, "user list", ""},
        {ADMIN_QUOTA_SET, {"bob", "none"}, "quota set bob none", ""},
        {ADMIN_QUOTA_SET, {"bob", "1G", "7"}, "quota set bob 1G --files 7", ""},
        {ADMIN_BAN, {"::1/64"}, "ban add ::1/64", ""},
        {ADMIN_BAN, {"::1", "1 h"}, "ban add ::1 --for 1 h", ""},
        {ADMIN_USER_ADD, {"--role=admin", "secret"}, NULL, NULL},
        {ADMIN_USER_ADD, {"bob", "secret", "--role=admin"}, NULL, NULL},
        {ADMIN_USER_ADD, {"bob", "a\nb"}, NULL, NULL},
        {ADMIN_USER_DEL, {"-h"}, NULL, NULL},
        {ADMIN_USER_DEL, {""}, NULL, NULL},
        {ADMIN_USER_SHOW, {"a\x1b"}, NULL, NULL},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        int before = record.tool_ran;
        assert_int_equal(ask_with(&bench, REQUEST_ADMIN, rows[i].operation, rows[i].words), 0);
        assert_int_equal(record.tool_ran - before, rows[i].line != NULL);
        if (!rows[i].line)
            continue;
        assert_string_equal(record.tool_line, rows[i].line);
        assert_string_equal(record.tool_password, rows[i].password);
        assert_int_equal(record.tool_role, TOOL_ADMIN);
    }
    /* Too few, too many, no such operation. */
    assert_int_equal(ASK(REQUEST_ADMIN, ADMIN_USER_ADD, "bob"), -EPROTO);
    assert_int_equal(ASK(REQUEST_ADMIN, ADMIN_USER_LIST, "bob"), -EPROTO);
    assert_int_equal(ASK(REQUEST_ADMIN, ADMIN_OPERATION_COUNT, "bob"), -EPROTO);
    assert_int_equal(ASK(REQUEST_ADMIN, UINT32_MAX, "bob"), -EPROTO);
    bench.monitor.account = NULL;
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* He is who no user is, whatever his record says. */
static void test_A20_grant_of_an_administrator(void **state)
{
    (void)state;
    static struct bench bench;
    static struct message message;
    int pair[2], fd = -1;
    open_bench(&bench, pair);
    record = (struct record){.admin = true, .throttled = THROTTLE_CHECK};
    bench.config.tls_required = TLS_REQUIRED_NEVER;
    bench.monitor.phase = PHASE_LOGIN;
    bench.monitor.kind = SESSION_TLS;
    message_begin(&message, REQUEST_LOGIN);
    message_put_string(&message, "alice");
    message_put_string(&message, "right");
    assert_int_equal(requests_handle(&bench.monitor, &message, -1), 0);
    assert_true(answered(&bench, REQUEST_LOGIN, &message, &fd));
    assert_int_equal(message_get_u32(&message), LOGIN_GRANTED);
    assert_int_equal(message_get_u32(&message), 299999);
    assert_int_equal(message_get_u32(&message), 299999);
    assert_int_equal(message_get_u32(&message), 0);
    assert_string_equal(message_get_string(&message, REQUEST_NAME_MAX), "alice");
    uint32_t flags = message_get_u32(&message);
    assert_true(flags & ACCOUNT_IS_ADMIN);
    /* The quota of 0 that the bench has is not his: he works in the folders of others. */
    assert_false(flags & (ACCOUNT_LEASES | ACCOUNT_PROJECT | ACCOUNT_READ_ONLY));
    assert_int_equal(record.admitted, 1);
    (void)close_fd(fd);
    account_free(bench.monitor.account);
    memset(&record, 0, sizeof(record));
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* Who asks on without reading the answers collects descriptors of ours. */
static void test_C21_unread_answers(void **state)
{
    (void)state;
    static struct bench bench;
    static struct message message;
    int pair[2];
    open_bench(&bench, pair);
    bench.monitor.phase = PHASE_SESSION;
    bench.monitor.account = calloc(1, sizeof(*bench.monitor.account));
    assert_non_null(bench.monitor.account);
    bench.monitor.account->effective.download_rate = NO_LIMIT;
    bench.monitor.account->effective.session_download_rate = NO_LIMIT;
    message_begin(&message, REQUEST_LISTEN);
    assert_int_equal(requests_handle(&bench.monitor, &message, -1), 0);
    message_begin(&message, REQUEST_LISTEN);
    assert_int_equal(requests_handle(&bench.monitor, &message, -1), -EPROTO);
    account_free(bench.monitor.account);
    memset(&record, 0, sizeof(record));
    (void)close(pair[0]);
    (void)close(pair[1]);
}

/* No session fills the disk with lines: past its budget it has to wait. */
static void test_Q10_events_are_held_back(void **state)
{
    (void)state;
    static struct bench bench;
    static struct message message;
    static char path[4000];
    int pair[2];
    open_bench(&bench, pair);
    bench.monitor.phase = PHASE_SESSION;
    memset(&record, 0, sizeof(record));
    memset(path, 'x', sizeof(path) - 1);
    for (int i = 0; i < 2000; i++) {
        struct event event = EVENT_INIT(EVENT_UPLOAD);
        event.path = path;
        message_begin(&message, REQUEST_EVENT);
        event_put(&message, &event);
        assert_int_equal(requests_handle(&bench.monitor, &message, -1), 0);
    }
    assert_true(record.waited > 1000); /* 8 MB at 2 MiB at once and 512 KiB a second */
    memset(&record, 0, sizeof(record));
    (void)close(pair[0]);
    (void)close(pair[1]);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_C21_truncations_and_flipped_bits),
        cmocka_unit_test(test_C21_a_million_messages),
        cmocka_unit_test(test_C21_reports_are_not_believed),
        cmocka_unit_test(test_A20_capabilities_are_the_role_s),
        cmocka_unit_test(test_A20_L11_work_for_others_is_an_attack),
        cmocka_unit_test(test_A20_command_lines),
        cmocka_unit_test(test_A20_role_changed_meanwhile),
        cmocka_unit_test(test_L12_changed_meanwhile),
        cmocka_unit_test(test_A20_grant_of_an_administrator),
        cmocka_unit_test(test_C21_unread_answers),
        cmocka_unit_test(test_Q10_events_are_held_back),
    };
    return cmocka_run_group_tests(tests, make_key_file, remove_key_file);
}
