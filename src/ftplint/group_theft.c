/* Data connections that are not the client's: who takes its files, and who stores others in its
 * name (RFC 2577). See catalogue.h and group_bounce.c. */
#include "ftplint/exam.h"

#include "lib/cleanup.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

enum {
    KNOCK = 150,   /* milliseconds: who has connected at all has done so by then, on one machine */
    ANSWER = 2500, /* that the server may take to refuse or to connect */
};

/* A login whose data connections are in clear: the thief needs no handshake. */
static struct client *given_clear(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    if (!client->private_data)
        return client;
    const struct reply *reply = command(client, "PROT C");
    if (!reply_is(reply, "2"))
        skip(exam, "data connections are private: %u %s", reply->code, reply->text);
    client->private_data = false;
    return client;
}

/* A stranger's connection to where DATA is to go; NULL if the server does not let him in. */
static struct data *stranger(struct data *data)
{
    struct exam *exam = data->client->exam;
    struct sockaddr_storage peer;
    if (wire_peer(&data->client->wire, &peer) < 0 || peer.ss_family != AF_INET ||
        ntohl(((struct sockaddr_in *)&peer)->sin_addr.s_addr) >> 24 != 127)
        skip(exam, "the server is not on this machine's IPv4 loopback: there is no second address");
    struct sockaddr_in source = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f000009u)};
    struct data *thief = data_beside(data);
    return data_connect(thief, (const struct sockaddr *)&source, sizeof(source)) == 0 ? thief
                                                                                      : NULL;
}

static const char treasure[] = "for the owner's eyes alone, ftplint\n";

/* A stranger is at the passive port first, then the owner; RETR. What each of them gets. */
static void rob(struct exam *exam, struct bytes *ret_thief, struct bytes *ret_owner)
{
    const char *path = given_file(exam, "treasure", treasure, strlen(treasure));
    struct client *client = given_clear(exam);
    struct data *owner = data_ask(client, DATA_ANY);
    struct data *thief = stranger(owner);
    send_line(client, "RETR %s", path);
    *ret_thief = *ret_owner = (struct bytes){.data = ""};
    if (thief && wire_receive(&thief->wire, KNOCK) > 0)
        *ret_thief = (struct bytes){.data = exam_copy(exam, buffer_begin(&thief->wire.input),
                                                      buffer_size(&thief->wire.input)),
                                    .size = buffer_size(&thief->wire.input)};
    if (data_connect(owner, NULL, 0) < 0)
        return;
    while (owner->wire.end == WIRE_OPEN && wire_receive(&owner->wire, ANSWER) > 0)
        continue;
    struct buffer *input = &owner->wire.input;
    if (buffer_size(input))
        *ret_owner =
            (struct bytes){.data = exam_copy(exam, buffer_begin(input), buffer_size(input)),
                           .size = buffer_size(input)};
}

static void theft(struct exam *exam)
{
    struct bytes thief, owner;
    rob(exam, &thief, &owner);
    if (thief.size)
        fail(exam, "nothing for who connects from another address than the client's",
             "a stranger who was first at the passive port got %zu bytes of the file", thief.size);
}

static void spoiled(struct exam *exam)
{
    struct bytes thief, owner;
    rob(exam, &thief, &owner);
    if (owner.size != strlen(treasure) || strcmp(owner.data, treasure) != 0)
        fail(exam, "that the client's own transfer succeeds",
             "a stranger's connection to the passive port came first, and the client got %zu of "
             "%zu bytes",
             owner.size, strlen(treasure));
}

static void forgery(struct exam *exam)
{
    static const char forged[] = "forged by a stranger\n";
    const char *path = own_path(exam, "upload");
    struct client *client = given_clear(exam);
    struct data *owner = data_ask(client, DATA_ANY);
    struct data *thief = stranger(owner);
    send_line(client, "STOR %s", path);
    if (thief) {
        (void)wire_send(&thief->wire, forged, strlen(forged), false, ANSWER);
        wire_close(&thief->wire);
    }
    (void)try_reply(client, ANSWER);
    if (data_connect(owner, NULL, 0) == 0) {
        (void)wire_send(&owner->wire, treasure, strlen(treasure), false, ANSWER);
        data_end(owner);
    }
    client_quit(client);
    if (!exists(exam, path))
        return;
    struct transfer stored = try_retrieve(given_session(exam), DATA_ANY, "RETR %s", path);
    if (stored.bytes.size && strstr(stored.bytes.data, "forged"))
        fail(exam, "the client's own bytes, or no file",
             "the file holds what a stranger sent, who was first at the passive port");
}

/* Between RETR and the data connection other commands name another file. */
static void switched(struct exam *exam)
{
    const char *path = given_file(exam, "wanted", treasure, strlen(treasure));
    const char *other = given_file(exam, "other", "the other file\n", 15);
    struct client *client = given_login(exam, ACCOUNT_USER);
    struct data *data = data_ask(client, DATA_ANY);
    const char *lines = exam_format(exam,
                                    "RETR %s\r\nSIZE %s\r\nMDTM %s\r\nRNFR %s\r\nCWD %s\r\n"
                                    "USER %s\r\nREST 0\r\n",
                                    path, other, other, other, given_folder(exam), other);
    send_bytes(client, lines, strlen(lines));
    /* Time for a server that takes commands while it waits, so that they are all read. */
    (void)try_reply(client, KNOCK);
    if (data_connect(data, NULL, 0) < 0 || try_data_ready(data) < 0)
        return;
    while (data->wire.end == WIRE_OPEN && wire_receive(&data->wire, ANSWER) > 0)
        continue;
    size_t size = buffer_size(&data->wire.input);
    if (size > strlen(treasure) || memcmp(buffer_begin(&data->wire.input), treasure, size) != 0)
        fail(exam, "the file that RETR named, or a refusal",
             "%zu bytes of something else: other commands came between RETR and the data "
             "connection",
             size);
}

static const struct test tests[] = {
    {
        .name = "rfc2577.theft.retr",
        .severity = SEVERITY_ERROR,
        .title = "a stranger's connection to the passive port gets no data",
        .reason = "RFC 2577, sections 4 and 8: who connects to the port before the client gets the "
                  "client's file, unless the server compares the two addresses.",
        .remedy = "Accept a data connection only from the control connection's client.",
        .run = theft,
    },
    {
        .name = "rfc2577.theft.stor",
        .severity = SEVERITY_ERROR,
        .title = "a stranger's connection to the passive port stores no data",
        .reason =
            "RFC 2577, sections 4 and 8: who connects to the port before the client writes the "
            "client's file, unless the server compares the two addresses.",
        .remedy = "Accept a data connection only from the control connection's client.",
        .run = forgery,
    },
    {
        .name = "security.theft.owner",
        .severity = SEVERITY_WARNING,
        .after = "rfc2577.theft.retr",
        .title = "a stranger's connection to the passive port does not spoil the transfer",
        .reason = "A server that gives up when a stranger knocks lets everybody who can reach its "
                  "ports stop every transfer.",
        .remedy = "Close the stranger's connection and go on listening for the client.",
        .run = spoiled,
    },
    {
        .name = "security.transfer.switched",
        .severity = SEVERITY_ERROR,
        .title = "commands between RETR and the data connection do not change the file",
        .reason = "A server that keeps one path for all commands checks the one file and sends "
                  "another (CVE-2023-24042, LightFTP).",
        .remedy = "Open the file when RETR is checked, and keep it with the transfer.",
        .run = switched,
    },
};

const struct group group_theft = {
    .name = "theft",
    .title = "Data connections of others",
    .tests = tests,
    .count = ELEMENTS(tests),
};
