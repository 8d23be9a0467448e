/* What is examined, out of a URL (RFC 3986; RFC 1738, section 3.2): see options.h. */
#include "ftplint/options.h"

#include "ftplint/dialogue.h"
#include "ftplint/tls.h"
#include "ftplint/wire.h"
#include "lib/cleanup.h"
#include "lib/scan.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { URL_MAX = 2048 };

static bool complain(const struct options *options, const char *problem)
{
    /* Not the URL itself: it may have a password in it. */
    (void)options;
    (void)fprintf(stderr, "ftplint: the URL: %s; it is ftp://USER@HOST:PORT/DIRECTORY\n", problem);
    return false;
}

static int hexadecimal(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* Takes the %XX out, in place. False for one that is none, and for a byte that ends commands. */
static bool decode(char *text)
{
    char *to = text;
    for (const char *at = text; *at; at++, to++) {
        *to = *at;
        if (*at != '%')
            continue;
        if (!isxdigit((unsigned char)at[1]) || !isxdigit((unsigned char)at[2]))
            return false;
        *to = (char)(hexadecimal(at[1]) * 16 + hexadecimal(at[2]));
        if (*to == '\0' || *to == '\r' || *to == '\n')
            return false;
        at += 2;
    }
    *to = '\0';
    return true;
}

/* "alice:secret" before the host. */
static bool read_user(struct options *options, char *text)
{
    struct login *login = &options->target.logins[ACCOUNT_USER];
    char *colon = strchr(text, ':');
    if (colon) {
        *colon = '\0';
        if (!decode(colon + 1))
            return complain(options, "a wrong %XX in the password");
        login->password = colon + 1;
    }
    if (!decode(text) || !*text)
        return complain(options, "a wrong user");
    login->user = text;
    return true;
}

/* "host:port", "[::1]:port", "host". */
static bool read_host(struct options *options, char *text)
{
    struct target *target = &options->target;
    char *port = NULL;
    if (*text == '[') {
        char *end = strchr(text, ']');
        if (!end || (end[1] && end[1] != ':'))
            return complain(options, "an IPv6 address is written [ADDRESS]");
        *end = '\0';
        port = end[1] ? end + 2 : NULL;
        text++;
        /* A zone behind "%25" (RFC 6874), or as people write it. */
        char *zone = strstr(text, "%25");
        if (zone && zone[3])
            memmove(zone + 1, zone + 3, strlen(zone + 3) + 1);
    } else {
        port = strchr(text, ':');
        if (port)
            *port++ = '\0';
    }
    uint64_t number = target->tls == TLS_IMPLICIT ? 990 : 21;
    if (port && (scan_u64(port, 65535, &number) < 0 || number == 0))
        return complain(options, "a port is a number from 1 to 65535");
    if (!*text)
        return complain(options, "there is no host");
    target->host = text;
    target->port = (uint16_t)number;
    return true;
}

/* After "scheme:", with what follows it in AT. */
static bool read_scheme(struct options *options, char **at)
{
    static const struct {
        const char *scheme;
        enum target_tls tls;
    } schemes[] = {{"ftp://", TLS_NONE}, {"ftps://", TLS_IMPLICIT}, {"ftpes://", TLS_EXPLICIT}};
    for (size_t i = 0; i < ELEMENTS(schemes); i++) {
        size_t size = strlen(schemes[i].scheme);
        if (strncasecmp(*at, schemes[i].scheme, size) != 0)
            continue;
        *at += size;
        if (!options->tls_given)
            options->target.tls = schemes[i].tls;
        return true;
    }
    return strstr(*at, "://") ? complain(options, "ftplint knows ftp, ftps and ftpes") : true;
}

/* The first address that takes a connection: a name may have one of each family. 0 or what the last
 * one said. */
static int choose_address(struct target *target, const struct addrinfo *found)
{
    int r = -EADDRNOTAVAIL;
    for (const struct addrinfo *at = found; at; at = at->ai_next) {
        static struct dialogue nobody;
        struct wire wire;
        wire_init(&wire, &nobody, 1, false);
        r = wire_connect(&wire, at->ai_addr, at->ai_addrlen, NULL, 0, target->timeout);
        wire_close(&wire);
        dialogue_free(&nobody);
        if (r < 0)
            continue;
        memcpy(&target->address, at->ai_addr, at->ai_addrlen);
        target->address_size = at->ai_addrlen;
        return 0;
    }
    return r;
}

static bool resolve(struct options *options)
{
    struct target *target = &options->target;
    struct addrinfo hints = {.ai_family = options->family, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;
    char port[8];
    (void)snprintf(port, sizeof(port), "%u", (unsigned)target->port);
    int r = getaddrinfo(target->host, port, &hints, &found);
    if (r != 0) {
        (void)fprintf(stderr, "ftplint: %s: %s\n", target->host, gai_strerror(r));
        return false;
    }
    r = choose_address(target, found);
    freeaddrinfo(found);
    if (r < 0)
        (void)fprintf(stderr, "ftplint: %s, port %s: %s\n", target->host, port, strerror(-r));
    return r == 0;
}

/* In argv, where ps(1) shows it for as long as the run takes. */
static void hide_password(char *url)
{
    char *begin = strstr(url, "://");
    begin = begin ? begin + 3 : url;
    char *slash = begin + strcspn(begin, "/");
    char *colon = memchr(begin, ':', (size_t)(slash - begin));
    char *end = memrchr(begin, '@', (size_t)(slash - begin));
    if (colon && end && colon < end)
        memset(colon + 1, '*', (size_t)(end - colon - 1));
}

/* What cannot be used here is no fault of the server's. */
static bool check_files(const struct target *target)
{
    struct stat found;
    const char *problem = tls_files_problem(target);
    if (!problem && target->local && stat(target->local, &found) < 0)
        problem = "--local: there is no such folder";
    else if (!problem && target->local && !S_ISDIR(found.st_mode))
        problem = "--local: it is no folder";
    if (problem)
        (void)fprintf(stderr, "ftplint: %s\n", problem);
    return !problem;
}

bool target_read(struct options *options)
{
    char *at = options_keep(options, strdup(options->url));
    if (!at || strlen(at) > URL_MAX)
        return complain(options, "it is too long");
    hide_password(options->url);
    if (!read_scheme(options, &at))
        return false;
    char *path = strchr(at, '/');
    if (path)
        *path++ = '\0';
    char *host = strrchr(at, '@');
    if (host) {
        *host++ = '\0';
        if (!read_user(options, at))
            return false;
    }
    if (!read_host(options, host ? host : at))
        return false;
    if (!check_files(&options->target))
        return false;
    if (path && *path) {
        if (!decode(path))
            return complain(options, "a wrong %XX in the directory");
        options->target.path = path;
    }
    return resolve(options);
}
