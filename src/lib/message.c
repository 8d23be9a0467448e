/*
 * One datagram between monitor and session: see message.h. It never trusts a length, never keeps a
 * descriptor that was not asked for, and never looks past what was received.
 *
 * On the wire: the type (4 bytes), then fields, each led by a byte that names its kind, so that a
 * reader that expects another kind breaks off instead of taking one for the other. A string is its
 * length, the bytes, and a zero byte; bytes are the same without the zero byte. Numbers are in the
 * machine's own order: both ends are one program.
 */
#include "lib/message.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum { FIELD_U32 = 1, FIELD_U64, FIELD_STRING, FIELD_BYTES };

/* More descriptors than one may arrive; all that could not be stored the kernel has closed. */
enum { DESCRIPTORS_MAX = 4 };

void message_begin(struct message *message, uint32_t type)
{
    message->type = type;
    message->broken = false;
    message->size = 0;
    message->position = 0;
}

/* Room for a field of SIZE bytes behind its kind; NULL (and a broken message) if there is none. */
static uint8_t *put_field(struct message *message, uint8_t kind, size_t size)
{
    if (message->broken || size + 1 > sizeof(message->payload) - message->size) {
        message->broken = true;
        return NULL;
    }
    uint8_t *field = message->payload + message->size;
    *field = kind;
    message->size += size + 1;
    return field + 1;
}

void message_put_u32(struct message *message, uint32_t value)
{
    uint8_t *field = put_field(message, FIELD_U32, sizeof(value));
    if (field)
        memcpy(field, &value, sizeof(value));
}

void message_put_u64(struct message *message, uint64_t value)
{
    uint8_t *field = put_field(message, FIELD_U64, sizeof(value));
    if (field)
        memcpy(field, &value, sizeof(value));
}

void message_put_string(struct message *message, const char *text)
{
    size_t size = text ? strnlen(text, MESSAGE_STRING_MAX + 1) : 0;
    if (size > MESSAGE_STRING_MAX) {
        message->broken = true;
        return;
    }
    uint32_t length = (uint32_t)size;
    uint8_t *field = put_field(message, FIELD_STRING, sizeof(length) + size + 1);
    if (!field)
        return;
    memcpy(field, &length, sizeof(length));
    if (size > 0)
        memcpy(field + sizeof(length), text, size);
    field[sizeof(length) + size] = '\0';
}

void message_put_bytes(struct message *message, const void *bytes, size_t size)
{
    if (size > MESSAGE_MAX) {
        message->broken = true;
        return;
    }
    uint32_t length = (uint32_t)size;
    uint8_t *field = put_field(message, FIELD_BYTES, sizeof(length) + size);
    if (!field)
        return;
    memcpy(field, &length, sizeof(length));
    if (size > 0)
        memcpy(field + sizeof(length), bytes, size);
}

/* SIZE bytes at the reader's place, which moves behind them; NULL (and broken) if there are not as
 * many. */
static const uint8_t *get_bytes(struct message *message, size_t size)
{
    if (message->broken || size > message->size - message->position) {
        message->broken = true;
        return NULL;
    }
    const uint8_t *bytes = message->payload + message->position;
    message->position += size;
    return bytes;
}

static const uint8_t *get_field(struct message *message, uint8_t kind, size_t size)
{
    const uint8_t *found = get_bytes(message, 1);
    if (found && *found != kind)
        message->broken = true;
    return get_bytes(message, size);
}

uint32_t message_get_u32(struct message *message)
{
    uint32_t value = 0;
    const uint8_t *field = get_field(message, FIELD_U32, sizeof(value));
    if (field)
        memcpy(&value, field, sizeof(value));
    return value;
}

uint64_t message_get_u64(struct message *message)
{
    uint64_t value = 0;
    const uint8_t *field = get_field(message, FIELD_U64, sizeof(value));
    if (field)
        memcpy(&value, field, sizeof(value));
    return value;
}

const uint8_t *message_get_bytes(struct message *message, size_t maximum, size_t *ret_size)
{
    uint32_t length = 0;
    const uint8_t *field = get_field(message, FIELD_BYTES, sizeof(length));
    if (field)
        memcpy(&length, field, sizeof(length));
    if (length > maximum)
        message->broken = true;
    const uint8_t *bytes = get_bytes(message, length);
    *ret_size = bytes ? length : 0;
    return bytes ? bytes : message->payload;
}

const char *message_get_string(struct message *message, size_t maximum)
{
    uint32_t length = 0;
    const uint8_t *field = get_field(message, FIELD_STRING, sizeof(length));
    if (field)
        memcpy(&length, field, sizeof(length));
    if (length > maximum || length > MESSAGE_STRING_MAX)
        message->broken = true;

    const char *text = (const char *)get_bytes(message, (size_t)length + 1);
    if (text && strnlen(text, (size_t)length + 1) != length) {
        message->broken = true;
        text = NULL;
    }
    return text ? text : "";
}

bool message_end(const struct message *message)
{
    return !message->broken && message->position == message->size;
}

/* sendmsg() takes the same structure as recvmsg() and therefore wants pointers to what may be
 * written. */
static struct iovec vector(const void *bytes, size_t size)
{
    return (struct iovec){.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
}

int message_send(int socket, const struct message *message, int fd)
{
    if (message->broken)
        return -EBADMSG;

    struct iovec parts[] = {vector(&message->type, sizeof(message->type)),
                            vector(message->payload, message->size)};
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(sizeof(int))];
    } control = {.bytes = {0}};
    struct msghdr header = {.msg_iov = parts, .msg_iovlen = ELEMENTS(parts)};
    if (fd >= 0) {
        header.msg_control = control.bytes;
        header.msg_controllen = sizeof(control.bytes);
        struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(rights), &fd, sizeof(fd));
    }

    ssize_t sent;
    do
        sent = sendmsg(socket, &header, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent < 0 ? -errno : 0; /* a datagram goes as a whole or not at all */
}

/* Takes the descriptors out of HEADER: the first goes to *RET, all others are closed. Returns how
 * many there were. */
static size_t take_descriptors(struct msghdr *header, int *ret)
{
    size_t count = 0;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        for (size_t at = 0; at + sizeof(int) <= c->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
            if (count++ == 0)
                *ret = fd;
            else
                (void)close_fd(fd);
        }
    }
    return count;
}

int message_receive(int socket, struct message *ret, int *ret_fd)
{
    *ret_fd = -1;
    message_begin(ret, 0);

    struct iovec parts[] = {{&ret->type, sizeof(ret->type)}, {ret->payload, sizeof(ret->payload)}};
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
    } control = {.bytes = {0}};
    struct msghdr header = {.msg_iov = parts,
                            .msg_iovlen = ELEMENTS(parts),
                            .msg_control = control.bytes,
                            .msg_controllen = sizeof(control.bytes)};
    ssize_t received;
    do
        received = recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    while (received < 0 && errno == EINTR);
    if (received < 0)
        return -errno;

    cleanup_close int fd = -1;
    size_t descriptors = take_descriptors(&header, &fd);
    if (received == 0 && descriptors == 0)
        return 0;
    if (descriptors > 1 || (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
        (size_t)received < sizeof(ret->type)) {
        ret->broken = true;
        return -EBADMSG;
    }
    ret->size = (size_t)received - sizeof(ret->type);
    *ret_fd = take_fd(&fd);
    return 1;
}
