/*
 * Internet addresses: sockaddr in and out of text, comparison, networks. Everyone may use it. It
 * never asks a name service. An IPv4 address that arrived mapped into IPv6 (::ffff:a.b.c.d) is IPv4
 * here.
 */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

enum { ADDRESS_TEXT_MAX = 64 };

struct address {
    int family;        /* AF_INET or AF_INET6; AF_UNSPEC when unset */
    uint8_t bytes[16]; /* network order, the first 4 for AF_INET */
    uint32_t scope;    /* interface index of a link-local IPv6 address, else 0 */
    uint16_t port;     /* host order */
};

struct network {
    struct address base;
    unsigned bits;
};

/* Out of a socket's address; maps ::ffff:a.b.c.d to IPv4. -EAFNOSUPPORT for other families. */
int address_from_sockaddr(const struct sockaddr_storage *from, struct address *ret);

/* Own and far address of the connected socket FD. Negative errno of the calls, -EAFNOSUPPORT. */
int address_of_socket(int fd, struct address *ret);
int address_of_peer(int fd, struct address *ret);

/* For bind and connect. Returns the length. */
socklen_t address_to_sockaddr(const struct address *address, struct sockaddr_storage *ret);

/* "192.0.2.1" or "2001:db8::1" (no port) from text and to text (ADDRESS_TEXT_MAX). -EINVAL. */
int address_parse(const char *text, struct address *ret);
void address_format(const struct address *address, char *ret, size_t size);

/* "192.0.2.0/24", "2001:db8::/32", or a single address. -EINVAL. */
int network_parse(const char *text, struct network *ret);
bool network_contains(const struct network *network, const struct address *address);

/* How many of its leading bytes say who has it: all 4, or 8 of IPv6, because who has one address
 * has its whole network of 64 bits, but all 16 of a link-local one, and of an IPv4 address that a
 * translator has put into 64:ff9b::/96. */
size_t address_owner_size(const struct address *address);

/* Same host, whatever the ports. */
bool address_same_host(const struct address *a, const struct address *b);
bool address_is_loopback(const struct address *address);
/* Loopback, RFC 1918, link-local, RFC 4193: a network of one's own. Not RFC 6598: a provider's
 * other customers are there. */
bool address_is_private(const struct address *address);
bool address_is_unspecified(const struct address *address);
