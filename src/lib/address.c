/* Internet addresses in and out of text, and networks: see address.h. It never asks a name service.
 */
#include "lib/address.h"

#include "lib/cleanup.h"
#include "lib/scan.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static unsigned address_bits(int family)
{
    return family == AF_INET ? 32 : family == AF_INET6 ? 128 : 0;
}

/* A mapped address (RFC 4291 section 2.5.5.2) is the IPv4 address that it stands for: otherwise one
 * client would have two names in limits, networks and logs. */
static void set_ipv6(const struct in6_addr *from, uint32_t scope, struct address *ret)
{
    if (IN6_IS_ADDR_V4MAPPED(from)) {
        ret->family = AF_INET;
        memcpy(ret->bytes, from->s6_addr + 12, 4);
        return;
    }
    ret->family = AF_INET6;
    memcpy(ret->bytes, from->s6_addr, 16);
    if (IN6_IS_ADDR_LINKLOCAL(from))
        ret->scope = scope;
}

int address_from_sockaddr(const struct sockaddr_storage *from, struct address *ret)
{
    struct address address = {.family = AF_UNSPEC};
    if (from->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, from, sizeof(in));
        address.family = AF_INET;
        memcpy(address.bytes, &in.sin_addr, 4);
        address.port = ntohs(in.sin_port);
    } else if (from->ss_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, from, sizeof(in6));
        set_ipv6(&in6.sin6_addr, in6.sin6_scope_id, &address);
        address.port = ntohs(in6.sin6_port);
    } else {
        return -EAFNOSUPPORT;
    }
    *ret = address;
    return 0;
}

int address_of_socket(int fd, struct address *ret)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof(storage);
    if (getsockname(fd, (struct sockaddr *)&storage, &length) < 0)
        return -errno;
    return address_from_sockaddr(&storage, ret);
}

int address_of_peer(int fd, struct address *ret)
{
    struct sockaddr_storage storage = {.ss_family = AF_UNSPEC};
    socklen_t length = sizeof(storage);
    if (getpeername(fd, (struct sockaddr *)&storage, &length) < 0)
        return -errno;
    return address_from_sockaddr(&storage, ret);
}

socklen_t address_to_sockaddr(const struct address *address, struct sockaddr_storage *ret)
{
    *ret = (struct sockaddr_storage){.ss_family = AF_UNSPEC};
    if (address->family == AF_INET) {
        struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(address->port)};
        memcpy(&in.sin_addr, address->bytes, 4);
        memcpy(ret, &in, sizeof(in));
        return sizeof(in);
    }
    if (address->family == AF_INET6) {
        struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                                   .sin6_port = htons(address->port),
                                   .sin6_scope_id = address->scope};
        memcpy(&in6.sin6_addr, address->bytes, 16);
        memcpy(ret, &in6, sizeof(in6));
        return sizeof(in6);
    }
    return sizeof(ret->ss_family);
}

int address_parse(const char *text, struct address *ret)
{
    struct address address = {.family = AF_UNSPEC};
    struct in6_addr in6;
    if (inet_pton(AF_INET, text, address.bytes) == 1)
        address.family = AF_INET;
    else if (inet_pton(AF_INET6, text, &in6) == 1)
        set_ipv6(&in6, 0, &address);
    else
        return -EINVAL;
    *ret = address;
    return 0;
}

void address_format(const struct address *address, char *ret, size_t size)
{
    /* A log line needs something in this place even for an address that was never set. */
    if (address_bits(address->family) == 0 ||
        !inet_ntop(address->family, address->bytes, ret, (socklen_t)size))
        (void)snprintf(ret, size, "-");
}

int network_parse(const char *text, struct network *ret)
{
    char base[ADDRESS_TEXT_MAX];
    const char *slash = strchrnul(text, '/');
    size_t length = (size_t)(slash - text);
    if (length >= sizeof(base))
        return -EINVAL;
    memcpy(base, text, length);
    base[length] = '\0';

    struct network network;
    int r = address_parse(base, &network.base);
    if (r < 0)
        return r;
    uint64_t bits = address_bits(network.base.family);
    if (*slash == '/' && scan_u64(slash + 1, bits, &bits) < 0)
        return -EINVAL;
    network.bits = (unsigned)bits;
    *ret = network;
    return 0;
}

bool network_contains(const struct network *network, const struct address *address)
{
    if (network->base.family != address->family || network->bits > address_bits(address->family))
        return false;
    size_t whole = network->bits / 8;
    if (memcmp(network->base.bytes, address->bytes, whole) != 0)
        return false;
    unsigned rest = network->bits % 8;
    return rest == 0 || (network->base.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}

static bool in_one_of(const struct network *networks, size_t count, const struct address *address)
{
    for (size_t i = 0; i < count; i++)
        if (network_contains(&networks[i], address))
            return true;
    return false;
}

size_t address_owner_size(const struct address *address)
{
    /* Behind a translator (RFC 6052, RFC 7755) all of IPv4 is one network of 64 bits. */
    static const struct network several[] = {
        {{.family = AF_INET6, .bytes = {0xfe, 0x80}}, 10},
        {{.family = AF_INET6, .bytes = {0x00, 0x64, 0xff, 0x9b}}, 96},
    };
    if (address->family == AF_INET)
        return 4;
    return in_one_of(several, ELEMENTS(several), address) ? 16 : 8;
}

bool address_same_host(const struct address *a, const struct address *b)
{
    /* The scope tells interfaces apart, but an address out of text has none: then it does not
     * count. */
    return a->family == b->family && address_bits(a->family) > 0 &&
           memcmp(a->bytes, b->bytes, address_bits(a->family) / 8) == 0 &&
           (a->scope == b->scope || a->scope == 0 || b->scope == 0);
}

bool address_is_loopback(const struct address *address)
{
    static const struct network loopback[] = {
        {{.family = AF_INET, .bytes = {127}}, 8},
        {{.family = AF_INET6, .bytes = {[15] = 1}}, 128},
    };
    return in_one_of(loopback, ELEMENTS(loopback), address);
}

bool address_is_private(const struct address *address)
{
    static const struct network private[] = {
        {{.family = AF_INET, .bytes = {10}}, 8},           /* RFC 1918 */
        {{.family = AF_INET, .bytes = {172, 16}}, 12},     /* RFC 1918 */
        {{.family = AF_INET, .bytes = {192, 168}}, 16},    /* RFC 1918 */
        {{.family = AF_INET, .bytes = {169, 254}}, 16},    /* RFC 3927 */
        {{.family = AF_INET6, .bytes = {0xfe, 0x80}}, 10}, /* RFC 4291 */
        {{.family = AF_INET6, .bytes = {0xfc}}, 7},        /* RFC 4193 */
    };
    return address_is_loopback(address) || in_one_of(private, ELEMENTS(private), address);
}

bool address_is_unspecified(const struct address *address)
{
    static const uint8_t zero[16];
    return memcmp(address->bytes, zero, address_bits(address->family) / 8) == 0;
}
