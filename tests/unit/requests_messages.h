/*
 * Messages of a session to its monitor: good ones, near misses, mutations and noise, in an order
 * that is random but the same every time. Included by test_requests.c only.
 */
#pragma once

#include "lib/cleanup.h"
#include "lib/client_certificate.h"
#include "lib/event.h"
#include "lib/request.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* Numbers that are the same every time. */
static uint64_t random_state = UINT64_C(0x9e3779b97f4a7c15);

static uint32_t below(uint32_t limit)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 32) % limit;
}
#define ANY_OF(array) ((array)[below(ELEMENTS(array))])

static void put_text(struct message *message, const char *const *texts, uint32_t count,
                     size_t maximum)
{
    static char text[MESSAGE_STRING_MAX + 1];
    if (below(8) != 0) {
        message_put_string(message, texts[below(count)]);
        return;
    }
    size_t size = maximum - 1 + below(3); /* around the limit */
    if (size > MESSAGE_STRING_MAX)
        size = MESSAGE_STRING_MAX;
    memset(text, 'x', size);
    text[size] = '\0';
    message_put_string(message, text);
}
#define PUT_TEXT(message, texts, maximum) put_text(message, texts, ELEMENTS(texts), maximum)

static void make_event(struct message *message)
{
    static const char *const texts[] = {"", "a", "/x\ny", "\xff\x80", "drop \"all\""};
    static const size_t maxima[] = {64, 8192, 8192, 8,  0,  0, 0,
                                    0,  512,  2048, 16, 64, 4}; /* 0: a number */
    message_put_u32(message, below(EVENT_COUNT + 2));
    size_t room = below(2); /* one text near its limit, or none: more do not fit */
    size_t which = below(ELEMENTS(maxima));
    for (size_t i = 0; i < ELEMENTS(maxima); i++)
        if (maxima[i] == 0)
            message_put_u64(message, below(2) ? EVENT_UNSET : below(1000));
        else if (room > 0 && i == which)
            PUT_TEXT(message, texts, maxima[i]);
        else
            message_put_string(message, ANY_OF(texts));
}

static void make_good(struct message *message)
{
    static const char *const steps[] = {"", "fork", "pivot"};
    static const char *const names[] = {"alice",   "alice",   "old", "disabled",
                                        "expired", "damaged", "",    "root"};
    static const char *const passwords[] = {"right", "right", "wrong", ""};
    static const char *const hosts[] = {"192.0.2.1", "192.0.2.1", "192.0.2.1",  "192.0.2.2",
                                        "10.9.8.7",  "",          "192.0.2.1 ", "2001:db8::1"};
    static const uint32_t ports[] = {0, 20, 1023, 1024, 40000, 65535, 65536, UINT32_MAX};
    static const char *const statuses[] = {"", "RETR /a", "x\ny"};
    static const char *const names_of_hosts[] = {"", "ftp.example", "../x", ".", "FTP.example"};
    static const uint32_t kinds[] = {SESSION_TLS, SESSION_TLS_PRIVATE, SESSION_CLEAR, SESSION_CLEAR,
                                     99};
    static const uint32_t types[] = {
        REQUEST_READY,    REQUEST_LOGIN,  REQUEST_ENTERED,     REQUEST_LISTEN, REQUEST_CONNECT,
        REQUEST_EVENT,    REQUEST_STATUS, REQUEST_USER,        REQUEST_TLS,    REQUEST_HANDOVER,
        REQUEST_IDENTITY, REQUEST_SIGN,   REQUEST_CERTIFICATE, REQUEST_SHARE,  REQUEST_PACE};
    static const uint8_t bytes[CLIENT_MESSAGES_MAX + 1];
    uint32_t type = ANY_OF(types);
    message_begin(message, type);
    switch (type) {
    case REQUEST_READY:
    case REQUEST_ENTERED:
        message_put_u32(message, below(4) ? 0 : below(5000));
        PUT_TEXT(message, steps, REQUEST_STEP_MAX);
        break;
    case REQUEST_SHARE:
        message_put_u32(message, below(4));
        message_put_u32(message, below(4) ? 0 : below(5000));
        break;
    case REQUEST_LOGIN:
        PUT_TEXT(message, names, REQUEST_NAME_MAX);
        PUT_TEXT(message, passwords, REQUEST_PASSWORD_MAX);
        break;
    case REQUEST_CONNECT:
        PUT_TEXT(message, hosts, ADDRESS_TEXT_MAX);
        message_put_u32(message, ANY_OF(ports));
        break;
    case REQUEST_EVENT: make_event(message); break;
    case REQUEST_USER: PUT_TEXT(message, names, REQUEST_NAME_MAX); break;
    case REQUEST_TLS:
    case REQUEST_IDENTITY: PUT_TEXT(message, names_of_hosts, REQUEST_HOST_MAX); break;
    case REQUEST_HANDOVER: message_put_u32(message, ANY_OF(kinds)); break;
    case REQUEST_PACE: message_put_u32(message, below(3)); break;
    case REQUEST_SIGN:
        message_put_u32(message, below(4) ? 0x0804 : below(70000));
        message_put_bytes(message, bytes, below(8) ? 130 : below(TLS_SIGNED_MAX + 2));
        break;
    case REQUEST_CERTIFICATE:
        message_put_bytes(message, bytes, below(8) ? 2000 : sizeof(bytes) - below(2));
        break;
    case REQUEST_STATUS: PUT_TEXT(message, statuses, REQUEST_STATUS_MAX); break;
    default: break;
    }
    assert_false(message->broken);
}

static void mutate(struct message *message)
{
    static const uint32_t values[] = {0, 1, 8, 0x7f, 0xff, 0x7fffffff, 0x80000000, 0xffffffff};
    size_t at = message->size ? below((uint32_t)message->size) : 0;
    switch (below(7)) {
    case 0: message->type = below(4) ? below(16) : ANY_OF(values); break;
    case 1: message->size = at; break;
    case 2:
        for (uint32_t more = 1 + below(12); more > 0 && message->size < MESSAGE_MAX; more--)
            message->payload[message->size++] = (uint8_t)below(256);
        break;
    case 3:
        if (message->size >= 4 && at <= message->size - 4)
            memcpy(message->payload + at, &ANY_OF(values), 4);
        break;
    case 4:
        if (message->size > 0)
            memmove(message->payload + at, message->payload, message->size - at);
        break;
    default:
        if (message->size > 0)
            message->payload[at] ^= (uint8_t)(1u << below(8));
        break;
    }
}

static void make_message(struct message *message)
{
    make_good(message);
    for (uint32_t times = below(2) ? 0 : 1 + below(3); times > 0; times--)
        mutate(message);
    if (below(16) == 0) {
        message->size = below(64);
        for (size_t i = 0; i < message->size; i++)
            message->payload[i] = (uint8_t)below(below(2) ? 4 : 256);
    }
}
