/*
 * One datagram between monitor and session: a type and typed fields, written and read in order.
 * Monitor and session use it. A reader never looks past what was received, a string never contains
 * a zero byte, and a message counts as good only when it was read to its very end.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MESSAGE_MAX = 20480, /* two paths of 4096 bytes, escaped nowhere, and all the rest */
    MESSAGE_STRING_MAX = 8192
};

struct message {
    uint32_t type;
    bool broken;     /* a field did not fit, was missing, or was malformed: sticky */
    size_t size;     /* bytes of payload */
    size_t position; /* of the reader */
    uint8_t payload[MESSAGE_MAX];
};

/* Begins a new message to be written. */
void message_begin(struct message *message, uint32_t type);
void message_put_u32(struct message *message, uint32_t value);
void message_put_u64(struct message *message, uint64_t value);
/* TEXT may be NULL: the same as "". */
void message_put_string(struct message *message, const char *text);
void message_put_bytes(struct message *message, const void *bytes, size_t size);

uint32_t message_get_u32(struct message *message);
uint64_t message_get_u64(struct message *message);
/* Points into the message, terminated; "" once the message is broken. MAXIMUM is the longest
 * allowed length without the terminator. */
const char *message_get_string(struct message *message, size_t maximum);
/* Points into the message; *RET_SIZE is 0 once it is broken. */
const uint8_t *message_get_bytes(struct message *message, size_t maximum, size_t *ret_size);
/* True if everything was read without a fault and nothing is left over. */
bool message_end(const struct message *message);

/* Sends MESSAGE as one datagram on SOCKET, with descriptor FD unless it is -1 (the caller keeps
 * it). Blocks. -EBADMSG if it is broken, else negative errno (-EPIPE when the other side is gone).
 */
int message_send(int socket, const struct message *message, int fd);

/* Receives one datagram; *RET_FD is the descriptor that came with it, or -1. Blocks unless the
 * socket does not. 1 for a message, 0 when the other side closed, -EBADMSG for one that is too
 * long, too short, or carries more than one descriptor, else negative errno. */
int message_receive(int socket, struct message *ret, int *ret_fd);
