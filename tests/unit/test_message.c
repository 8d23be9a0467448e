/* lib/message.c: the channel between the two processes takes nothing malformed (row C21). */
#include "lib/message.h"

#include "lib/cleanup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size)   ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

static const char name[] = "alice";
static const uint8_t binary[] = {0, 1, 0, 255};
static const char path[] = "/a b/\xc3\xbc";

static void put_sample(struct message *message)
{
    message_begin(message, 7);
    message_put_u32(message, 0xfffffffe);
    message_put_string(message, name);
    message_put_u64(message, 0xfedcba9876543210);
    message_put_string(message, path);
    message_put_string(message, NULL);
    message_put_bytes(message, binary, sizeof(binary));
}

struct sample {
    uint32_t first;
    uint64_t second;
    const char *name, *path, *empty;
    const uint8_t *bytes;
    size_t bytes_size;
};

/* Reads with the bytes behind the message poisoned, so that ASan sees whoever looks there; and
 * checks that every string lies inside. */
static bool get_sample(struct message *message, struct sample *ret)
{
    uint8_t *end = message->payload + message->size;
    ASAN_POISON_MEMORY_REGION(end, sizeof(message->payload) - message->size);
    ret->first = message_get_u32(message);
    ret->name = message_get_string(message, 32);
    ret->second = message_get_u64(message);
    ret->path = message_get_string(message, 4096);
    ret->empty = message_get_string(message, 0);
    ret->bytes = message_get_bytes(message, sizeof(binary), &ret->bytes_size);
    if (ret->bytes_size > 0)
        assert_true(ret->bytes >= message->payload && ret->bytes + ret->bytes_size <= end);
    const char *strings[] = {ret->name, ret->path, ret->empty};
    for (size_t i = 0; i < ELEMENTS(strings); i++) {
        const uint8_t *last = (const uint8_t *)strings[i] + strlen(strings[i]);
        if (*strings[i] != '\0')
            assert_true((const uint8_t *)strings[i] >= message->payload && last < end);
    }
    ASAN_UNPOISON_MEMORY_REGION(end, sizeof(message->payload) - message->size);
    return message_end(message);
}

static void test_round_trip(void **state)
{
    (void)state;
    struct message message;
    struct sample sample;
    put_sample(&message);
    assert_false(message.broken);
    assert_false(message_end(&message)); /* nothing has been read yet */
    assert_true(get_sample(&message, &sample));
    assert_int_equal(message.type, 7);
    assert_int_equal(sample.first, 0xfffffffe);
    assert_true(sample.second == 0xfedcba9876543210);
    assert_string_equal(sample.name, name);
    assert_string_equal(sample.path, path);
    assert_string_equal(sample.empty, "");
    assert_int_equal(sample.bytes_size, sizeof(binary));
    assert_memory_equal(sample.bytes, binary, sizeof(binary));
}

static void test_nothing_in_it(void **state)
{
    (void)state;
    struct message message;
    message_begin(&message, 1);
    assert_true(message_end(&message));
    assert_int_equal(message_get_u32(&message), 0);
    assert_false(message_end(&message));
}

static void test_every_truncation_C21(void **state)
{
    (void)state;
    struct message whole;
    put_sample(&whole);
    for (size_t size = 0; size < whole.size; size++) {
        struct message cut = whole;
        struct sample sample;
        cut.size = size;
        assert_false(get_sample(&cut, &sample));
    }
    /* One byte too many is as wrong as one too few. */
    whole.payload[whole.size++] = 0;
    struct sample sample;
    assert_false(get_sample(&whole, &sample));
}

/* Where the frame of the sample lies: the kinds, the lengths, and the zero bytes that end strings.
 * Flipping any bit there must be noticed; anywhere else it is only another value. */
static void mark_frame(const struct message *message, bool *frame)
{
    const size_t strings[] = {sizeof(name) - 1, sizeof(path) - 1, 0};
    size_t at = 0;
    frame[at] = true; /* u32 */
    at += 5;
    for (size_t i = 0; i < ELEMENTS(strings); i++) {
        if (i == 1) {
            frame[at] = true; /* u64 */
            at += 9;
        }
        memset(frame + at, true, 5);
        at += 5 + strings[i];
        frame[at++] = true;
    }
    memset(frame + at, true, 5);
    at += 5 + sizeof(binary);
    assert_int_equal(at, message->size);
}

static void test_every_bit_flip_C21(void **state)
{
    (void)state;
    struct message whole;
    put_sample(&whole);
    bool frame[256] = {false};
    mark_frame(&whole, frame);
    for (size_t bit = 0; bit < whole.size * 8; bit++) {
        struct message flipped = whole;
        struct sample sample;
        flipped.payload[bit / 8] = (uint8_t)(flipped.payload[bit / 8] ^ 1u << bit % 8);
        bool good = get_sample(&flipped, &sample);
        if (frame[bit / 8])
            assert_false(good);
        else if (flipped.payload[bit / 8] != 0) /* a zero byte inside a string is a fault too */
            assert_true(good);
    }
}

static void test_random_bytes_C21(void **state)
{
    (void)state;
    srand(23);
    struct message message;
    unsigned read = 0;
    for (unsigned round = 0; round < 50000; round++) {
        message_begin(&message, (uint32_t)rand());
        message.size = (size_t)rand() % 64;
        for (size_t i = 0; i < message.size; i++)
            message.payload[i] = (uint8_t)(rand() % 4 ? rand() % 5 : rand());
        uint8_t *end = message.payload + message.size;
        ASAN_POISON_MEMORY_REGION(end, sizeof(message.payload) - message.size);
        while (!message.broken && !message_end(&message)) {
            size_t before = message.position;
            switch (rand() % 3) {
            case 0: (void)message_get_u32(&message); break;
            case 1: (void)message_get_u64(&message); break;
            default: {
                const char *text = message_get_string(&message, 16);
                size_t length = strlen(text);
                assert_true(length <= 16);
                if (!message.broken)
                    assert_true((const uint8_t *)text + length < end);
                break;
            }
            }
            assert_true(message.position <= message.size);
            assert_true(message.broken || message.position > before);
            read += !message.broken;
        }
        ASAN_UNPOISON_MEMORY_REGION(end, sizeof(message.payload) - message.size);
    }
    assert_true(read > 100); /* it was not all refused at the first byte */
}

static void test_broken_is_for_good(void **state)
{
    (void)state;
    struct message message;
    put_sample(&message);
    assert_int_equal(message_get_u64(&message), 0); /* but it is a u32 */
    assert_true(message.broken);
    message.position = 0;
    assert_int_equal(message_get_u32(&message), 0);
    assert_string_equal(message_get_string(&message, 32), "");
    message.position = message.size;
    assert_false(message_end(&message));
}

static void test_string_maximum(void **state)
{
    (void)state;
    struct message message;
    message_begin(&message, 1);
    message_put_string(&message, "12345");
    struct message again = message;
    assert_string_equal(message_get_string(&message, 5), "12345");
    assert_true(message_end(&message));
    assert_string_equal(message_get_string(&again, 4), "");
    assert_false(message_end(&again));
}

static void test_limits_of_the_writer(void **state)
{
    (void)state;
    static char text[MESSAGE_STRING_MAX + 2];
    struct message message;
    memset(text, 'x', MESSAGE_STRING_MAX);
    message_begin(&message, 1);
    message_put_string(&message, text);
    assert_false(message.broken);
    message_put_string(&message, text);
    assert_false(message.broken);
    assert_int_equal(strlen(message_get_string(&message, MESSAGE_STRING_MAX)), MESSAGE_STRING_MAX);
    message_put_string(&message, text); /* no more room */
    assert_true(message.broken);
    assert_true(message.size <= MESSAGE_MAX);
    assert_int_equal(message_send(-1, &message, -1), -EBADMSG);

    text[MESSAGE_STRING_MAX] = 'x'; /* too long */
    message_begin(&message, 1);
    message_put_string(&message, text);
    assert_true(message.broken);

    message_begin(&message, 1);
    unsigned count = 0;
    for (; !message.broken; count++)
        message_put_u64(&message, count);
    assert_int_equal(count, MESSAGE_MAX / 9 + 1);
    message_put_u32(&message, 1);
    assert_true(message.broken);
}

struct pair {
    int a, b;
};

static struct pair make_pair(void)
{
    int fds[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
    return (struct pair){fds[0], fds[1]};
}

static unsigned open_descriptors(void)
{
    cleanup_closedir DIR *directory = opendir("/proc/self/fd");
    unsigned count = 0;
    assert_non_null(directory);
    while (readdir(directory))
        count++;
    return count;
}

static void test_send_and_receive(void **state)
{
    (void)state;
    struct pair pair = make_pair();
    struct message sent, received;
    struct sample sample;
    int fd = 4711;
    put_sample(&sent);
    assert_int_equal(message_send(pair.a, &sent, -1), 0);
    assert_int_equal(message_receive(pair.b, &received, &fd), 1);
    assert_int_equal(fd, -1);
    assert_int_equal(received.type, 7);
    assert_true(get_sample(&received, &sample));
    assert_string_equal(sample.path, path);

    /* The largest that there is, and the smallest. */
    message_begin(&sent, 8);
    while (!sent.broken && sent.size + 5 <= MESSAGE_MAX)
        message_put_u32(&sent, 1);
    assert_int_equal(message_send(pair.a, &sent, -1), 0);
    assert_int_equal(message_receive(pair.b, &received, &fd), 1);
    assert_int_equal(received.size, sent.size);
    message_begin(&sent, 9);
    assert_int_equal(message_send(pair.a, &sent, -1), 0);
    assert_int_equal(message_receive(pair.b, &received, &fd), 1);
    assert_int_equal(received.type, 9);
    assert_true(message_end(&received));

    close(pair.a);
    assert_int_equal(message_receive(pair.b, &received, &fd), 0);
    assert_int_equal(fd, -1);
    assert_int_equal(message_send(pair.b, &sent, -1), -EPIPE); /* and no signal */
    close(pair.b);
}

static void test_does_not_block_if_the_socket_does_not(void **state)
{
    (void)state;
    struct pair pair = make_pair();
    struct message message;
    int fd;
    assert_int_equal(fcntl(pair.b, F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(message_receive(pair.b, &message, &fd), -EAGAIN);
    assert_int_equal(fd, -1);
    close(pair.a);
    close(pair.b);
    assert_int_equal(message_receive(-1, &message, &fd), -EBADF);
}

static void test_descriptor(void **state)
{
    (void)state;
    struct pair pair = make_pair();
    unsigned before = open_descriptors();
    int pipe_ends[2];
    assert_int_equal(pipe2(pipe_ends, O_CLOEXEC), 0);
    struct message message;
    int fd;
    put_sample(&message);
    assert_int_equal(message_send(pair.a, &message, pipe_ends[1]), 0);
    close(pipe_ends[1]); /* the caller kept it */
    assert_int_equal(message_receive(pair.b, &message, &fd), 1);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    assert_int_equal(write(fd, "x", 1), 1);
    char byte = 0;
    assert_int_equal(read(pipe_ends[0], &byte, 1), 1);
    assert_int_equal(byte, 'x');
    close(fd);
    close(pipe_ends[0]);
    assert_int_equal(open_descriptors(), before);
    close(pair.a);
    close(pair.b);
}

/* A datagram as our own message_send would never make it. */
static void send_raw(int socket, const void *bytes, size_t size, unsigned descriptors)
{
    char copy[MESSAGE_MAX + 64] = {0};
    int fds[8];
    union {
        struct cmsghdr aligned;
        char bytes[CMSG_SPACE(sizeof(fds))];
    } control = {.bytes = {0}};
    struct iovec part = {copy, size};
    struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
    assert_true(size <= sizeof(copy) && descriptors <= ELEMENTS(fds));
    memcpy(copy, bytes, size);
    for (size_t i = 0; i < descriptors; i++)
        fds[i] = STDIN_FILENO;
    if (descriptors > 0) {
        header.msg_control = control.bytes;
        header.msg_controllen = CMSG_SPACE(descriptors * sizeof(int));
        struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(descriptors * sizeof(int));
        memcpy(CMSG_DATA(rights), fds, descriptors * sizeof(int));
    }
    assert_int_equal(sendmsg(socket, &header, 0), (ssize_t)size);
}

static void test_hostile_datagrams_C21(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        unsigned descriptors;
        int result;
    } rows[] = {
        {4, 0, 1},
        {4, 1, 1},
        {4, 2, -EBADMSG}, /* what fits into the padding for one */
        {4, 3, -EBADMSG},
        {4, 4, -EBADMSG},
        {4, 5, -EBADMSG},
        {4, 8, -EBADMSG},
        {3, 0, -EBADMSG},
        {1, 1, -EBADMSG},
        {0, 1, -EBADMSG},
        {0, 0, 0}, /* cannot be told from the end: the session is over */
        {MESSAGE_MAX + 4, 0, 1},
        {MESSAGE_MAX + 5, 0, -EBADMSG},
        {MESSAGE_MAX + 5, 1, -EBADMSG},
        {MESSAGE_MAX + 64, 2, -EBADMSG},
    };
    static const char zeros[MESSAGE_MAX + 64];
    struct pair pair = make_pair();
    unsigned before = open_descriptors();
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct message message;
        int fd = 4711;
        send_raw(pair.a, zeros, rows[i].size, rows[i].descriptors);
        int r = message_receive(pair.b, &message, &fd);
        if (r != rows[i].result)
            fail_msg("%zu bytes, %u descriptors: %d", rows[i].size, rows[i].descriptors, r);
        if (r == 1 && rows[i].descriptors == 1)
            close(fd);
        else
            assert_int_equal(fd, -1);
        if (r < 0)
            assert_false(message_end(&message));
        assert_int_equal(open_descriptors(), before); /* none is kept */
    }
    close(pair.a);
    close(pair.b);
}

/* A descriptor that the process has no room for does not arrive. A message without the descriptor
 * that came with it would be another message. */
static void test_no_room_for_the_descriptor_C21(void **state)
{
    (void)state;
    struct pair pair = make_pair();
    struct rlimit before, none;
    struct message message;
    int fd = 4711;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    message_begin(&message, 1);
    assert_int_equal(message_send(pair.a, &message, STDIN_FILENO), 0);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int r = message_receive(pair.b, &message, &fd);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(r, -EBADMSG);
    assert_int_equal(fd, -1);
    close(pair.a);
    close(pair.b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_nothing_in_it),
        cmocka_unit_test(test_every_truncation_C21),
        cmocka_unit_test(test_every_bit_flip_C21),
        cmocka_unit_test(test_random_bytes_C21),
        cmocka_unit_test(test_broken_is_for_good),
        cmocka_unit_test(test_string_maximum),
        cmocka_unit_test(test_limits_of_the_writer),
        cmocka_unit_test(test_send_and_receive),
        cmocka_unit_test(test_does_not_block_if_the_socket_does_not),
        cmocka_unit_test(test_descriptor),
        cmocka_unit_test(test_hostile_datagrams_C21),
        cmocka_unit_test(test_no_room_for_the_descriptor_C21),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
