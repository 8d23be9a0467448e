/* Listeners and the commands that name them: see active.h. */
#include "ftplint/active.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

struct data *given_listener(struct client *client)
{
    struct exam *exam = client->exam;
    struct sockaddr_storage address;
    if (wire_local(&client->wire, &address) < 0)
        blocked(exam, "the control connection has no address");
    if (address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&address)->sin6_port = 0;
    else
        ((struct sockaddr_in *)&address)->sin_port = 0;
    struct data *data =
        data_listen(client, (const struct sockaddr *)&address, exam->target->address_size);
    if (data->listener < 0)
        blocked(exam, "cannot listen for the server's data connection");
    return data;
}

int own_protocol_number(const struct exam *exam)
{
    return exam->target->address.ss_family == AF_INET6 ? 2 : 1;
}

const char *active_command(const struct data *data, enum data_mode mode, char sign)
{
    struct exam *exam = data->client->exam;
    struct sockaddr_storage address;
    if (wire_local(&data->client->wire, &address) < 0)
        blocked(exam, "the control connection has no address");
    char host[INET6_ADDRSTRLEN];
    const void *bytes = address.ss_family == AF_INET6
                            ? (const void *)&((const struct sockaddr_in6 *)&address)->sin6_addr
                            : (const void *)&((const struct sockaddr_in *)&address)->sin_addr;
    (void)inet_ntop(address.ss_family, bytes, host, sizeof(host));
    unsigned port = data->port;
    if (mode == DATA_EPRT)
        return exam_format(exam, "EPRT %c%d%c%s%c%u%c", sign, own_protocol_number(exam), sign, host,
                           sign, port, sign);
    if (address.ss_family == AF_INET6)
        skip(exam, "PORT knows no IPv6 (RFC 2428)");
    for (char *at = host; *at; at++)
        if (*at == '.')
            *at = ',';
    return exam_format(exam, "PORT %s,%u,%u", host, port >> 8, port & 255);
}

void expect_protocols(struct client *client, const struct reply *reply)
{
    static const char expected[] = "522 and a text that ends in a list of numbers like (1,2)";
    const char *open = strchr(reply->text, '(');
    const char *close = open ? strchr(open, ')') : NULL;
    if (!close || close == open + 1 || strpbrk(close + 1, "()") ||
        strspn(open + 1, "0123456789,") != (size_t)(close - open - 1))
        fail(client->exam, expected, "%u %s", reply->code, reply->text);
}

struct data *given_active(struct client *client, enum data_mode mode)
{
    struct data *data = given_listener(client);
    const struct reply *reply = command(client, "%s", active_command(data, mode, '|'));
    if (!reply_is(reply, "2"))
        skip(client->exam, "the server does not connect to this client: %u %s", reply->code,
             reply->text);
    return data;
}
