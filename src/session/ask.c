/* The session's side of the requests to the monitor (lib/request.h). Nothing else in the session
 * touches that socket but the poll loop, which watches for its end. */
#include "lib/cleanup.h"
#include "lib/message.h"
#include "session/session.h"

#include <string.h>

/* No answer will come. The poll loop says so to the client: whoever asks may be in the middle of a
 * transfer, or of a handshake. */
static int leave(struct session *session, enum stop_reason reason)
{
    /* Whoever asks again, to settle what it has done, hears nothing: the first word counts. */
    if (!session->told_to_stop)
        session->stop = reason;
    session->told_to_stop = true;
    return -ESHUTDOWN;
}

/* Sends the request in MESSAGE and receives the answer into it. In its place STOP may come, which
 * crossed the request. */
static int ask(struct session *session, struct message *message, int *ret_fd)
{
    uint32_t type = message->type;
    int r = message_send(session->monitor, message, -1);
    explicit_bzero(message->payload, message->size); /* it may hold a password */
    if (r == 0)
        r = message_receive(session->monitor, message, ret_fd);
    if (r == 1 && message->type == REQUEST_STOP)
        return leave(session, stop_reason_of(message_get_u32(message)));
    if (r != 1 || message->type != (type | REQUEST_ANSWER))
        return leave(session, STOP_STOPPED);
    return 0;
}

/* The same for a question whose answer brings no descriptor. */
static int ask_plainly(struct session *session, struct message *message)
{
    int fd = -1;
    int r = ask(session, message, &fd);
    (void)close_fd(fd);
    return r;
}

static void read_groups(struct message *message, struct login_answer *ret)
{
    ret->group_count = message_get_u32(message);
    if (ret->group_count > ELEMENTS(ret->groups))
        message->broken = true;
    for (size_t i = 0; i < ret->group_count && !message->broken; i++)
        ret->groups[i] = message_get_u32(message);
}

static void read_key(struct message *message, struct login_answer *ret)
{
    size_t size;
    const uint8_t *key = message_get_bytes(message, sizeof(ret->key), &size);
    ret->has_key = size == sizeof(ret->key);
    if (ret->has_key)
        memcpy(ret->key, key, size);
    else if (size > 0)
        message->broken = true;
}

static int read_login(struct message *message, int fd, struct login_answer *ret)
{
    cleanup_close int folder = fd;
    *ret = (struct login_answer){.result = message_get_u32(message), .folder = -1};
    if (ret->result == LOGIN_GRANTED) {
        ret->uid = message_get_u32(message);
        ret->gid = message_get_u32(message);
        read_groups(message, ret);
        (void)snprintf(ret->name, sizeof(ret->name), "%s",
                       message_get_string(message, REQUEST_NAME_MAX));
        ret->flags = message_get_u32(message);
        read_key(message, ret);
        ret->upload_rate = message_get_u64(message);
        ret->download_rate = message_get_u64(message);
        (void)snprintf(ret->deny_names, sizeof(ret->deny_names), "%s",
                       message_get_string(message, MESSAGE_STRING_MAX));
        (void)snprintf(ret->allow_names, sizeof(ret->allow_names), "%s",
                       message_get_string(message, MESSAGE_STRING_MAX));
        ret->share_count = message_get_u32(message);
    }
    if (ret->result == LOGIN_CROWDED)
        ret->sessions = message_get_u32(message);
    if (!message_end(message) || (ret->result == LOGIN_GRANTED && folder < 0))
        return -EBADMSG;
    ret->folder = take_fd(&folder);
    return 0;
}

int ask_login(struct session *session, const char *user, const char *password,
              struct login_answer *ret)
{
    struct message message;
    int fd = -1;
    message_begin(&message, REQUEST_LOGIN);
    message_put_string(&message, user);
    message_put_string(&message, password);
    int r = ask(session, &message, &fd);
    if (r < 0) {
        (void)close_fd(fd);
        return r;
    }
    r = read_login(&message, fd, ret);
    explicit_bzero(message.payload, message.size);
    return r;
}

int ask_trial(int monitor, struct login_answer *ret)
{
    struct message message;
    int fd = -1;
    int r = message_receive(monitor, &message, &fd);
    if (r <= 0)
        return r < 0 ? r : -EPIPE;
    return read_login(&message, fd, ret);
}

int ask_listen(struct session *session, int *ret_fd, uint16_t *ret_port,
               char ret_announced[ADDRESS_TEXT_MAX])
{
    struct message message;
    int fd = -1;
    message_begin(&message, REQUEST_LISTEN);
    int r = ask(session, &message, &fd);
    cleanup_close int listener = fd;
    if (r < 0)
        return r;
    uint32_t error = message_get_u32(&message);
    *ret_port = (uint16_t)message_get_u32(&message);
    (void)snprintf(ret_announced, ADDRESS_TEXT_MAX, "%s",
                   message_get_string(&message, ADDRESS_TEXT_MAX));
    if (!message_end(&message) || (error == 0 && listener < 0))
        return -EBADMSG;
    if (error != 0)
        return -(int)error;
    *ret_fd = take_fd(&listener);
    return 0;
}

int ask_connect(struct session *session, const struct address *peer, uint16_t port, int *ret_fd)
{
    char text[ADDRESS_TEXT_MAX];
    address_format(peer, text, sizeof(text));
    struct message message;
    int fd = -1;
    message_begin(&message, REQUEST_CONNECT);
    message_put_string(&message, text);
    message_put_u32(&message, port);
    int r = ask(session, &message, &fd);
    cleanup_close int connecting = fd;
    if (r < 0)
        return r;
    uint32_t error = message_get_u32(&message);
    if (!message_end(&message) || (error == 0 && connecting < 0))
        return -EBADMSG;
    if (error != 0)
        return -(int)error;
    *ret_fd = take_fd(&connecting);
    return 0;
}

int ask_pace(struct session *session, enum pace_direction direction, uint32_t *ret_wait,
             uint64_t *ret_bytes)
{
    struct message message;
    message_begin(&message, REQUEST_PACE);
    message_put_u32(&message, direction);
    int r = ask_plainly(session, &message);
    if (r < 0)
        return r;
    *ret_wait = message_get_u32(&message);
    *ret_bytes = message_get_u64(&message);
    return message_end(&message) && *ret_bytes > 0 ? 0 : -EBADMSG;
}

int ask_user(struct session *session, const char *user, enum user_verdict *ret)
{
    struct message message;
    message_begin(&message, REQUEST_USER);
    message_put_string(&message, user);
    int r = ask_plainly(session, &message);
    if (r < 0)
        return r;
    *ret = message_get_u32(&message);
    return message_end(&message) ? 0 : -EBADMSG;
}

int ask_tls(struct session *session, const char *host)
{
    struct message message;
    message_begin(&message, REQUEST_TLS);
    message_put_string(&message, host);
    int r = ask_plainly(session, &message);
    if (r < 0)
        return r;
    uint32_t error = message_get_u32(&message);
    return message_end(&message) ? -(int)error : -EBADMSG;
}

/* The answer to IDENTITY or SIGN: errno and bytes, MAXIMUM of them at most; *SIZE is the room in
 * RET and becomes what was filled. */
static int read_bytes(struct message *message, size_t maximum, uint8_t *ret, size_t *size)
{
    size_t found;
    uint32_t error = message_get_u32(message);
    const uint8_t *bytes = message_get_bytes(message, maximum, &found);
    if (!message_end(message) || found > *size)
        return -EBADMSG;
    if (error != 0)
        return -(int)error;
    memcpy(ret, bytes, found);
    *size = found;
    return 0;
}

int ask_identity(struct session *session, const char *name, uint8_t *ret_chain, size_t *size)
{
    struct message message;
    message_begin(&message, REQUEST_IDENTITY);
    message_put_string(&message, name);
    int r = ask_plainly(session, &message);
    return r < 0 ? r : read_bytes(&message, TLS_CHAIN_MAX, ret_chain, size);
}

int ask_sign(struct session *session, unsigned scheme, const uint8_t *text, size_t text_size,
             uint8_t *ret_signature, size_t *signature_size)
{
    struct message message;
    message_begin(&message, REQUEST_SIGN);
    message_put_u32(&message, scheme);
    message_put_bytes(&message, text, text_size);
    int r = ask_plainly(session, &message);
    return r < 0 ? r : read_bytes(&message, TLS_SIGNATURE_MAX, ret_signature, signature_size);
}

int ask_certificate(struct session *session, const uint8_t *messages, size_t size)
{
    struct message message;
    message_begin(&message, REQUEST_CERTIFICATE);
    message_put_bytes(&message, messages, size);
    int r = ask_plainly(session, &message);
    if (r < 0)
        return r;
    uint32_t error = message_get_u32(&message);
    return message_end(&message) ? -(int)error : -EBADMSG;
}

int ask_admin(struct session *session, unsigned operation, size_t count, char *const *arguments,
              unsigned *ret_status, int *ret_fd)
{
    struct message message;
    int fd = -1;
    message_begin(&message, REQUEST_ADMIN);
    message_put_u32(&message, operation);
    message_put_u32(&message, (uint32_t)count);
    for (size_t i = 0; i < count; i++)
        message_put_string(&message, arguments[i]);
    int r = ask(session, &message, &fd);
    cleanup_close int output = fd;
    if (r < 0)
        return r;
    uint32_t error = message_get_u32(&message);
    *ret_status = message_get_u32(&message);
    if (!message_end(&message))
        return -EBADMSG;
    *ret_fd = take_fd(&output);
    return -(int)error;
}

static int ask_account(struct session *session, struct message *message, enum register_result *ret,
                       char ret_words[REGISTER_WORDS_MAX + 1])
{
    int r = ask_plainly(session, message);
    if (r < 0)
        return r;
    *ret = message_get_u32(message);
    (void)snprintf(ret_words, REGISTER_WORDS_MAX + 1, "%s",
                   message_get_string(message, REGISTER_WORDS_MAX));
    return message_end(message) ? 0 : -EBADMSG;
}

int ask_register(struct session *session, const char *name, const char *password,
                 const char *invitation, enum register_result *ret,
                 char ret_words[REGISTER_WORDS_MAX + 1])
{
    struct message message;
    message_begin(&message, REQUEST_REGISTER);
    message_put_string(&message, name);
    message_put_string(&message, password);
    message_put_string(&message, invitation);
    return ask_account(session, &message, ret, ret_words);
}

int ask_password(struct session *session, const char *present, const char *new,
                 enum register_result *ret, char ret_words[REGISTER_WORDS_MAX + 1])
{
    struct message message;
    message_begin(&message, REQUEST_PASSWORD);
    message_put_string(&message, present);
    message_put_string(&message, new);
    return ask_account(session, &message, ret, ret_words);
}

static struct ledger_amount read_amount(struct message *message)
{
    uint64_t bytes = message_get_u64(message);
    return (struct ledger_amount){.bytes = bytes, .files = message_get_u64(message)};
}

static void put_amount(struct message *message, const struct ledger_amount *amount)
{
    message_put_u64(message, amount->bytes);
    message_put_u64(message, amount->files);
}

int ask_lease(struct session *session, uid_t owner, const struct ledger_step *step,
              struct lease_answer *ret)
{
    struct message message;
    message_begin(&message, REQUEST_LEASE);
    message_put_u32(&message, owner);
    message_put_u32(&message,
                    (step->uncertain ? LEASE_UNCERTAIN : 0u) | (step->moving ? LEASE_MOVES : 0u));
    put_amount(&message, &step->gained);
    put_amount(&message, &step->freed);
    message_put_u64(&message, step->least);
    message_put_u64(&message, step->best);
    message_put_u64(&message, step->files);
    int r = ask_plainly(session, &message);
    if (r < 0)
        return r;
    ret->error = -(int)message_get_u32(&message);
    ret->lease = read_amount(&message);
    ret->used = read_amount(&message);
    ret->quota = read_amount(&message);
    return message_end(&message) ? 0 : -EBADMSG;
}

void tell_handover(int monitor, enum session_kind kind)
{
    struct message message;
    message_begin(&message, REQUEST_HANDOVER);
    message_put_u32(&message, kind);
    (void)message_send(monitor, &message, -1);
}

int tell_cell(int monitor, enum request type, int error, const char *step, int listener)
{
    struct message message;
    message_begin(&message, type);
    message_put_u32(&message, (uint32_t)-error);
    message_put_string(&message, step);
    return message_send(monitor, &message, listener);
}

enum stop_reason hear_monitor(int monitor, uint32_t wanted)
{
    struct message message;
    int fd = -1;
    int r = message_receive(monitor, &message, &fd);
    (void)close_fd(fd);
    if (r == 1 && message.type == REQUEST_STOP)
        return stop_reason_of(message_get_u32(&message));
    return r == 1 && message.type == wanted && message_end(&message) ? STOP_COUNT : STOP_STOPPED;
}

void tell_event(struct session *session, const struct event *event)
{
    struct message message;
    message_begin(&message, REQUEST_EVENT);
    event_put(&message, event);
    if (message_send(session->monitor, &message, -1) < 0)
        session_close(session, "monitor-gone"); /* what cannot be logged is not done */
}

void tell_status(struct session *session, const char *status)
{
    struct message message;
    message_begin(&message, REQUEST_STATUS);
    message_put_string(&message, status);
    if (message_send(session->monitor, &message, -1) < 0)
        session_close(session, "monitor-gone");
}
