/* lib/address.c: addresses and networks; one client has one name (D01 relies on it). */
#include "lib/address.h"

#include "lib/cleanup.h"

#include <arpa/inet.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct address parsed(const char *text)
{
    struct address address;
    if (address_parse(text, &address) < 0)
        fail_msg("\"%s\"", text);
    return address;
}

static void test_parse_and_format(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int family;
        const char *back; /* NULL: refused */
    } rows[] = {
        {"192.0.2.1", AF_INET, "192.0.2.1"},
        {"0.0.0.0", AF_INET, "0.0.0.0"},
        {"255.255.255.255", AF_INET, "255.255.255.255"},
        {"2001:db8::1", AF_INET6, "2001:db8::1"},
        {"2001:DB8:0:0:0:0:0:1", AF_INET6, "2001:db8::1"},
        {"::", AF_INET6, "::"},
        {"::ffff:192.0.2.1", AF_INET, "192.0.2.1"},
        {"::ffff:c000:201", AF_INET, "192.0.2.1"},
        {"::192.0.2.1", AF_INET6, "::192.0.2.1"},
        {"", 0, NULL},
        {"192.0.2", 0, NULL},
        {"192.0.2.256", 0, NULL},
        {"192.0.2.1.", 0, NULL},
        {"192.0.2.01", 0, NULL},
        {"192.0.2.1 ", 0, NULL},
        {" 192.0.2.1", 0, NULL},
        {"0x7f.0.0.1", 0, NULL},
        {"2130706433", 0, NULL},
        {"127.1", 0, NULL},
        {"192.0.2.1:21", 0, NULL},
        {"192.0.2.1/32", 0, NULL},
        {"[2001:db8::1]", 0, NULL},
        {"2001:db8::1%lo", 0, NULL},
        {"2001:db8:::1", 0, NULL},
        {"1:2:3:4:5:6:7:8:9", 0, NULL},
        {"localhost", 0, NULL},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct address address = {.family = -1, .port = 4711};
        int r = address_parse(rows[i].text, &address);
        if (!rows[i].back) {
            assert_int_equal(r, -EINVAL);
            assert_int_equal(address.family, -1); /* left alone */
            assert_int_equal(address.port, 4711);
            continue;
        }
        char text[ADDRESS_TEXT_MAX];
        assert_int_equal(r, 0);
        assert_int_equal(address.family, rows[i].family);
        assert_int_equal(address.port, 0);
        address_format(&address, text, sizeof(text));
        assert_string_equal(text, rows[i].back);
    }
}

static void test_format_unset(void **state)
{
    (void)state;
    struct address unset = {.family = AF_UNSPEC};
    char text[ADDRESS_TEXT_MAX] = "x";
    address_format(&unset, text, sizeof(text));
    assert_string_equal(text, "-");
}

static void test_sockaddr_and_back(void **state)
{
    (void)state;
    static const char *const rows[] = {"192.0.2.1", "2001:db8::1", "fe80::1"};
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct address address = parsed(rows[i]);
        struct address back;
        struct sockaddr_storage storage;
        address.port = 50001;
        address.scope = strcmp(rows[i], "fe80::1") == 0 ? 3 : 0;
        socklen_t length = address_to_sockaddr(&address, &storage);
        assert_int_equal(storage.ss_family, address.family);
        assert_int_equal(length, address.family == AF_INET ? sizeof(struct sockaddr_in)
                                                           : sizeof(struct sockaddr_in6));
        assert_int_equal(address_from_sockaddr(&storage, &back), 0);
        assert_true(address_same_host(&address, &back));
        assert_int_equal(back.port, 50001);
        assert_int_equal(back.scope, address.scope);
    }
}

static void test_mapped_address_is_ipv4(void **state)
{
    (void)state;
    struct sockaddr_storage storage = {0};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = htons(1025)};
    assert_int_equal(inet_pton(AF_INET6, "::ffff:198.51.100.9", &in6.sin6_addr), 1);
    memcpy(&storage, &in6, sizeof(in6));
    struct address address;
    struct address plain = parsed("198.51.100.9");
    assert_int_equal(address_from_sockaddr(&storage, &address), 0);
    assert_int_equal(address.family, AF_INET);
    assert_int_equal(address.port, 1025);
    assert_true(address_same_host(&address, &plain));
}

static void test_other_families_are_refused(void **state)
{
    (void)state;
    struct sockaddr_storage storage = {.ss_family = AF_UNIX};
    struct address address;
    assert_int_equal(address_from_sockaddr(&storage, &address), -EAFNOSUPPORT);
    storage.ss_family = AF_UNSPEC;
    assert_int_equal(address_from_sockaddr(&storage, &address), -EAFNOSUPPORT);

    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    assert_int_equal(address_of_socket(pair[0], &address), -EAFNOSUPPORT);
    assert_int_equal(address_of_peer(pair[0], &address), -EAFNOSUPPORT);
    close(pair[0]);
    close(pair[1]);
    assert_int_equal(address_of_socket(-1, &address), -EBADF);
    assert_int_equal(address_of_peer(-1, &address), -EBADF);
}

/* A real connection over a socket that speaks both: the far end's IPv4 address arrives mapped. */
static void test_of_a_connection(void **state)
{
    (void)state;
    cleanup_close int listener = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cleanup_close int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct address any = parsed("::");
    struct sockaddr_storage storage;
    socklen_t length = address_to_sockaddr(&any, &storage);
    int off = 0;
    assert_int_equal(setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off)), 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&storage, length), 0);
    assert_int_equal(listen(listener, 1), 0);
    struct address own;
    assert_int_equal(address_of_socket(listener, &own), 0);
    assert_true(own.port != 0);

    struct address target = parsed("127.0.0.1");
    target.port = own.port;
    length = address_to_sockaddr(&target, &storage);
    assert_int_equal(connect(client, (struct sockaddr *)&storage, length), 0);
    cleanup_close int accepted = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    struct address peer, local, client_own;
    assert_int_equal(address_of_peer(accepted, &peer), 0);
    assert_int_equal(address_of_socket(accepted, &local), 0);
    assert_int_equal(address_of_socket(client, &client_own), 0);
    assert_int_equal(peer.family, AF_INET);
    assert_true(address_same_host(&peer, &target));
    assert_true(address_same_host(&local, &target));
    assert_int_equal(peer.port, client_own.port);
    assert_int_equal(local.port, own.port);
}

static void test_network_parse(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
        unsigned bits;
    } rows[] = {
        {"192.0.2.0/24", 0, 24},
        {"192.0.2.7", 0, 32},
        {"0.0.0.0/0", 0, 0},
        {"2001:db8::/32", 0, 32},
        {"2001:db8::1", 0, 128},
        {"::/0", 0, 0},
        {"::1/128", 0, 128},
        {"192.0.2.0/32", 0, 32},
        {"192.0.2.0/33", -EINVAL, 0},
        {"2001:db8::/129", -EINVAL, 0},
        {"192.0.2.0/", -EINVAL, 0},
        {"/24", -EINVAL, 0},
        {"192.0.2.0/-1", -EINVAL, 0},
        {"192.0.2.0/24x", -EINVAL, 0},
        {"192.0.2.0/24/24", -EINVAL, 0},
        {"192.0.2.0 /24", -EINVAL, 0},
        {"192.0.2.0/255.255.255.0", -EINVAL, 0},
        {"", -EINVAL, 0},
        {"192.0.2.0/18446744073709551616", -EINVAL, 0},
        {"1111111111111111111111111111111111111111111111111111111111111111111111/8", -EINVAL, 0},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct network network = {.bits = 4711};
        int r = network_parse(rows[i].text, &network);
        if (r != rows[i].result || network.bits != (r == 0 ? rows[i].bits : 4711))
            fail_msg("\"%s\": %d, %u", rows[i].text, r, network.bits);
    }
}

static void test_network_contains(void **state)
{
    (void)state;
    static const struct {
        const char *network;
        const char *address;
        bool contains;
    } rows[] = {
        {"192.0.2.0/24", "192.0.2.255", true},
        {"192.0.2.0/24", "192.0.3.0", false},
        {"192.0.2.77/24", "192.0.2.1", true}, /* bits behind the prefix do not count */
        {"192.0.2.128/25", "192.0.2.127", false},
        {"192.0.2.128/25", "192.0.2.128", true},
        {"192.0.2.4/30", "192.0.2.7", true},
        {"192.0.2.4/30", "192.0.2.8", false},
        {"192.0.2.4", "192.0.2.4", true},
        {"192.0.2.4", "192.0.2.5", false},
        {"0.0.0.0/0", "255.255.255.255", true},
        {"0.0.0.0/0", "::1", false},
        {"::/0", "192.0.2.1", false},
        {"::/0", "2001:db8::1", true},
        {"2001:db8::/33", "2001:db8:7fff::", true},
        {"2001:db8::/33", "2001:db8:8000::", false},
        {"192.0.2.0/24", "::ffff:192.0.2.9", true},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct network network;
        struct address address = parsed(rows[i].address);
        assert_int_equal(network_parse(rows[i].network, &network), 0);
        if (network_contains(&network, &address) != rows[i].contains)
            fail_msg("%s and %s", rows[i].network, rows[i].address);
    }
}

static void test_owner(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
    } rows[] = {
        {"192.0.2.1", 4},
        {"254.128.0.1", 4},
        {"::ffff:192.0.2.1", 4},
        {"2001:db8::1", 8},
        {"::1", 8},
        {"fe80::1", 16},
        {"febf:ff::1", 16},
        {"fec0::1", 8},
        {"64:ff9b::192.0.2.1", 16},
        {"64:ff9b:1::192.0.2.1", 8},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct address address;
        assert_int_equal(address_parse(rows[i].text, &address), 0);
        assert_int_equal(address_owner_size(&address), rows[i].size);
    }
}

static void test_same_host(void **state)
{
    (void)state;
    struct address a = parsed("192.0.2.1");
    struct address b = a;
    b.port = 1;
    assert_true(address_same_host(&a, &b));
    b.bytes[3] = 2;
    assert_false(address_same_host(&a, &b));

    /* The first four bytes alone do not make two families the same. */
    struct address c = parsed("c000:201::");
    assert_memory_equal(a.bytes, c.bytes, 4);
    assert_false(address_same_host(&a, &c));

    struct address d = parsed("fe80::1");
    struct address e = d;
    d.scope = 2;
    assert_true(address_same_host(&d, &e));
    e.scope = 3;
    assert_false(address_same_host(&d, &e));

    struct address unset = {.family = AF_UNSPEC};
    struct address also_unset = unset;
    assert_false(address_same_host(&unset, &also_unset));
}

static void test_kinds(void **state)
{
    (void)state;
    enum { LOOPBACK = 1, PRIVATE = 2, UNSPECIFIED = 4 };
    static const struct {
        const char *address;
        unsigned kinds;
    } rows[] = {
        {"127.0.0.1", LOOPBACK | PRIVATE},
        {"127.255.255.255", LOOPBACK | PRIVATE},
        {"126.255.255.255", 0},
        {"128.0.0.0", 0},
        {"::1", LOOPBACK | PRIVATE},
        {"::2", 0},
        {"::ffff:127.0.0.1", LOOPBACK | PRIVATE},
        {"9.255.255.255", 0},
        {"10.0.0.0", PRIVATE},
        {"10.255.255.255", PRIVATE},
        {"11.0.0.0", 0},
        {"172.15.255.255", 0},
        {"172.16.0.0", PRIVATE},
        {"172.31.255.255", PRIVATE},
        {"172.32.0.0", 0},
        {"192.167.255.255", 0},
        {"192.168.0.0", PRIVATE},
        {"192.168.255.255", PRIVATE},
        {"192.169.0.0", 0},
        {"100.63.255.255", 0},
        {"100.64.0.0", 0},
        {"100.127.255.255", 0},
        {"100.128.0.0", 0},
        {"169.253.255.255", 0},
        {"169.254.0.1", PRIVATE},
        {"169.255.0.0", 0},
        {"fe7f:ffff::", 0},
        {"fe80::", PRIVATE},
        {"febf:ffff::", PRIVATE},
        {"fec0::", 0},
        {"fbff::", 0},
        {"fc00::", PRIVATE},
        {"fdff:ffff::1", PRIVATE},
        {"fe00::", 0},
        {"2001:db8::1", 0},
        {"8.8.8.8", 0},
        {"0.0.0.0", UNSPECIFIED},
        {"0.0.0.1", 0},
        {"::", UNSPECIFIED},
        {"::ffff:0.0.0.0", UNSPECIFIED},
    };
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        struct address address = parsed(rows[i].address);
        unsigned kinds = (address_is_loopback(&address) ? LOOPBACK : 0u) |
                         (address_is_private(&address) ? PRIVATE : 0u) |
                         (address_is_unspecified(&address) ? UNSPECIFIED : 0u);
        if (kinds != rows[i].kinds)
            fail_msg("%s: %u", rows[i].address, kinds);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse_and_format),
        cmocka_unit_test(test_format_unset),
        cmocka_unit_test(test_sockaddr_and_back),
        cmocka_unit_test(test_mapped_address_is_ipv4),
        cmocka_unit_test(test_other_families_are_refused),
        cmocka_unit_test(test_of_a_connection),
        cmocka_unit_test(test_network_parse),
        cmocka_unit_test(test_network_contains),
        cmocka_unit_test(test_owner),
        cmocka_unit_test(test_same_host),
        cmocka_unit_test(test_kinds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
