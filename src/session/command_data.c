/* PASV, EPSV, PORT, EPRT: where the next data connection goes. RFC 959, 1579, 2428; no third party,
 * ever (RFC 2577). */
#include "lib/cleanup.h"
#include "lib/scan.h"
#include "lib/text.h"
#include "session/command.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { PORT_UNPRIVILEGED = 1024 };

/* RFC 2428 section 4: after EPSV ALL the client has promised to use nothing else, so that a NAT
 * need not look. */
static bool is_excluded(struct session *session)
{
    if (session->settings.epsv_all)
        reply(session, 503, "Not after EPSV ALL.");
    return session->settings.epsv_all;
}

static bool listen_or_reply(struct session *session, uint16_t *ret_port,
                            char announced[ADDRESS_TEXT_MAX])
{
    int r = data_listen(session, ret_port, announced);
    if (r == 0)
        return true;
    if (r == -ESHUTDOWN)
        return false;
    if (r == -EADDRNOTAVAIL)
        reply(session, 425,
              "There is no address to announce; the administrator has to set passive.address.");
    else
        reply(session, 425,
              r == -EADDRINUSE ? "All ports are in use; try again." : "Cannot listen; try again.");
    return false;
}

void command_pasv(struct session *session, char *argument)
{
    (void)argument;
    if (is_excluded(session))
        return;
    if (session->local.family != AF_INET) {
        reply(session, 425, "PASV is for IPv4; use EPSV.");
        return;
    }
    uint16_t port;
    char announced[ADDRESS_TEXT_MAX];
    struct address address;
    if (!listen_or_reply(session, &port, announced))
        return;
    if (address_parse(announced, &address) < 0 || address.family != AF_INET) {
        data_close(&session->data);
        reply(session, 425, "There is no address to announce; use EPSV.");
        return;
    }
    reply(session, 227, "Entering Passive Mode (%u,%u,%u,%u,%u,%u).", address.bytes[0],
          address.bytes[1], address.bytes[2], address.bytes[3], port >> 8, port & 0xff);
}

static const char *own_family(const struct session *session)
{
    return session->local.family == AF_INET ? "1" : "2";
}

void command_epsv(struct session *session, char *argument)
{
    if (text_equal_ignoring_case(argument, "ALL")) {
        session->settings.epsv_all = true;
        reply(session, 200, "Nothing but EPSV from now on.");
        return;
    }
    if (*argument && strcmp(argument, "1") != 0 && strcmp(argument, "2") != 0) {
        reply(session, strspn(argument, "0123456789") == strlen(argument) ? 522 : 501,
              "EPSV takes 1, 2 or ALL; use (%s).", own_family(session));
        return;
    }
    if (*argument && strcmp(argument, own_family(session)) != 0) {
        reply(session, 522, "Network protocol not supported, use (%s)", own_family(session));
        return;
    }
    uint16_t port;
    char announced[ADDRESS_TEXT_MAX];
    if (listen_or_reply(session, &port, announced))
        reply(session, 229, "Entering Extended Passive Mode (|||%u|)", port);
}

/* Takes ADDRESS and PORT as the place of the next data connection if they are the peer's own and no
 * service's. */
static void set_active(struct session *session, const struct address *address, uint64_t port)
{
    if (!address_same_host(address, &session->peer) || port < PORT_UNPRIVILEGED) {
        struct event event = EVENT_INIT(EVENT_DATA_REFUSED);
        char text[ADDRESS_TEXT_MAX];
        address_format(address, text, sizeof(text));
        event.command = session->command->verb;
        event.reason =
            address_same_host(address, &session->peer) ? "port-below-1024" : "third-party";
        event.detail = text;
        tell_event(session, &event);
        reply(session, 501, "Data connections go to your own address only, to ports from 1024 on.");
        return;
    }
    data_set_active(session, (uint16_t)port);
    reply(session, 200, "%s accepted.", session->command->verb);
}

/* What both have in common: whatever address was set before is gone, also when the new one is
 * refused (row D08). */
static bool may_be_active(struct session *session)
{
    if (is_excluded(session))
        return false;
    data_close(&session->data);
    if (!session->config->active_enabled)
        reply(session, 502, "Active mode is switched off; use EPSV or PASV.");
    return session->config->active_enabled;
}

void command_port(struct session *session, char *argument)
{
    uint64_t numbers[6];
    size_t count = 0;
    char *rest = argument, *field;
    if (!may_be_active(session))
        return;
    while ((field = strsep(&rest, ","))) {
        if (count >= ELEMENTS(numbers) || scan_u64(field, 255, &numbers[count]) < 0) {
            count = 0;
            break;
        }
        count++;
    }
    if (count != ELEMENTS(numbers)) {
        reply(session, 501, "PORT needs six numbers from 0 to 255.");
        return;
    }
    struct address address = {.family = AF_INET};
    for (size_t i = 0; i < 4; i++)
        address.bytes[i] = (uint8_t)numbers[i];
    set_active(session, &address, numbers[4] << 8 | numbers[5]);
}

/* RFC 2428 section 2: "|1|132.235.1.2|6275|", where the client chooses the delimiter. */
void command_eprt(struct session *session, char *argument)
{
    const char delimiter[2] = {argument[0], '\0'};
    char *rest = argument + 1;
    if (!may_be_active(session))
        return;
    const char *family = strsep(&rest, delimiter);
    const char *host = strsep(&rest, delimiter);
    const char *port_text = strsep(&rest, delimiter);
    struct address address;
    uint64_t port, family_number;
    if (delimiter[0] < 33 || delimiter[0] > 126 || !family || !host || !port_text || !rest ||
        *rest || scan_u64(family, 65535, &family_number) < 0 ||
        scan_u64(port_text, UINT16_MAX, &port) < 0) {
        reply(session, 501, "EPRT needs |family|address|port|.");
        return;
    }
    if (family_number != (session->local.family == AF_INET ? 1 : 2)) {
        reply(session, 522, "Network protocol not supported, use (%s)", own_family(session));
        return;
    }
    if (address_parse(host, &address) < 0 || address.family != session->local.family) {
        reply(session, 501, "That is no address of this family.");
        return;
    }
    set_active(session, &address, port);
}
