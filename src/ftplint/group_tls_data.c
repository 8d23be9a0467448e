/* Data connections under TLS: what PROT means, how they begin and how they end. */
#include "ftplint/secure.h"
#include "ftplint/tls_probe.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <openssl/ssl.h>
#include <string.h>

enum { SOON = 1000 }; /* milliseconds; a server may also wait for the right client to come */

static const char marker[] = "This is what only the owner of the file may read.\r\n";

/* Lines of text, SIZE bytes of them. */
static struct bytes text_of(struct exam *exam, size_t size)
{
    char *text = exam_allocate(exam, size + 1);
    for (size_t i = 0; i < size; i++)
        text[i] = marker[i % (sizeof(marker) - 1)];
    return (struct bytes){.data = text, .size = size};
}

/* --- levels ----------------------------------------------------------------------------------- */

static void initially_clear(struct exam *exam)
{
    if (exam->target->tls == TLS_IMPLICIT)
        skip(exam, "with implicit TLS, which no RFC describes, data is often under TLS from the "
                   "beginning");
    const char *path = own_path(exam, "clear");
    struct client *client = given_unprotected(exam);
    struct data *data = given_data(client);
    const struct reply *reply = command(client, "STOR %s", path);
    if (!reply_is(reply, "1"))
        skip(exam, "the server refuses data connections before PROT P: %u %s", reply->code,
             reply->text);
    (void)wire_send(&data->wire, marker, sizeof(marker) - 1, false, exam_patience(exam));
    data_end(data);
    expect_next(client, "226 250|the end of an upload in clear: PROT was not said");
}

static void refusal_code(struct exam *exam)
{
    struct client *client = given_unprotected(exam);
    struct data *data = given_data(client);
    const struct reply *reply = command(client, "NLST");
    wire_close(&data->wire);
    if (reply_is(reply, "1"))
        skip(exam, "the server accepts data connections in clear");
    expect_code(client, reply, "521 522");
}

static void passive_before_prot(struct exam *exam)
{
    struct client *client = given_unprotected(exam);
    const struct reply *reply = command(client, "EPSV");
    if (reply_is_unknown(reply))
        reply = command(client, "PASV");
    expect_code(client, reply, "227 229");
}

static void prot_after_passive(struct exam *exam)
{
    struct client *client = given_unprotected(exam);
    exam->given++;
    expect(client, "200", "PBSZ 0");
    exam->given--;
    exam->given++;
    struct data *data = data_ask(client, DATA_ANY);
    exam->given--;
    expect(client, "200", "PROT P");
    client->private_data = true;
    exam->given++;
    if (data_connect(data, NULL, 0) < 0)
        fail(exam, "a data connection", "the server does not take it");
    exam->given--;
    expect(client, "125 150", "NLST");
    data_ready(data);
    (void)data_read(data, 0);
    data_end(data);
    expect_next(client, "2");
}

/* Skips the test if the server wants no data in clear. */
static void clear_data(struct client *client)
{
    const struct reply *reply = command(client, "PROT C");
    if (!reply_is(reply, "2"))
        skip(client->exam, "the server refuses PROT C: %u %s", reply->code, reply->text);
    client->private_data = false;
}

/* How the data connection ends is for other tests. */
static void expect_content(struct client *client, const char *path, struct bytes content)
{
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
    struct bytes got = transfer.bytes;
    if (!reply_is(transfer.reply, "2"))
        expect_code(client, transfer.reply, "226 250");
    if (got.size != content.size || (got.size && memcmp(got.data, content.data, got.size) != 0))
        fail(client->exam, exam_format(client->exam, "the %zu bytes of the file", content.size),
             "%zu bytes%s", got.size, got.size == content.size ? " that differ" : "");
}

static void prot_clear(struct exam *exam)
{
    struct bytes content = text_of(exam, 1000);
    const char *path = given_file(exam, "file", content.data, content.size);
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    clear_data(client);
    expect_content(client, path, content);
}

static void prot_clear_refused(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    expect(client, "5|a refusal: data stays under TLS", "PROT C");
}

static void prot_changes(struct exam *exam)
{
    struct bytes content = text_of(exam, 1000);
    const char *path = given_file(exam, "file", content.data, content.size);
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    clear_data(client);
    exam->given++;
    expect_content(client, path, content);
    exam->given--;
    expect(client, "200", "PROT P");
    client->private_data = true;
    expect_content(client, path, content);
}

/* --- whole transfers -------------------------------------------------------------------------- */

/* Around the largest record, 16384 bytes (RFC 8446, section 5.1). */
static const size_t sizes[] = {1, 16384, 16385, 300001};

static void downloads(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    for (size_t i = 0; i < ELEMENTS(sizes); i++) {
        struct bytes content = exam_content(exam, sizes[i], (unsigned)i);
        const char *path =
            given_file(exam, exam_format(exam, "down-%zu", sizes[i]), content.data, content.size);
        expect_content(client, path, content);
    }
}

static void uploads(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    for (size_t i = 0; i < ELEMENTS(sizes); i++) {
        struct bytes content = exam_content(exam, sizes[i], (unsigned)i);
        const char *path = own_path(exam, exam_format(exam, "up-%zu", sizes[i]));
        store(client, content.data, content.size, "STOR %s", path);
        expect_content(given_session(exam), path, content);
    }
}

static void small_records(struct exam *exam)
{
    struct bytes content = exam_content(exam, 600, 3);
    const char *path = own_path(exam, "records");
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    struct data *data = given_transfer(client, "STOR %s", path);
    for (size_t i = 0; i < content.size; i++)
        data_send(data, content.data + i, 1);
    data_end(data);
    expect_next(client, "226 250");
    expect_content(given_session(exam), path, content);
}

static void new_keys(struct exam *exam)
{
    static const struct tls_offer newest = {.version_min = TLS1_3_VERSION};
    struct bytes content = exam_content(exam, 40000, 4);
    const char *path = own_path(exam, "keys");
    struct client *client = given_private(exam, ACCOUNT_USER, &newest);
    struct data *data = given_transfer(client, "STOR %s", path);
    data_send(data, content.data, 20000);
    if (!tls_update_keys(data->wire.tls))
        skip(exam, "no TLS 1.3 on data connections");
    data_send(data, content.data + 20000, content.size - 20000);
    data_end(data);
    expect_next(client, "226 250");
    expect_content(given_session(exam), path, content);
}

static void active_mode(struct exam *exam)
{
    struct bytes content = text_of(exam, 1000);
    const char *path = given_file(exam, "file", content.data, content.size);
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    bool v6 = exam->target->address.ss_family == AF_INET6;
    exam->given++;
    struct data *data = data_open(client, v6 ? DATA_EPRT : DATA_PORT);
    expect(client, "125 150", "RETR %s", path);
    exam->given--;
    int r = try_data_ready(data);
    if (data->wire.fd < 0)
        blocked(exam, "the server does not connect to the port it was told");
    if (r == -ETIMEDOUT)
        exam->result.timed_out = true;
    if (r < 0)
        fail(exam, "a TLS handshake in which the server is the server, though it connects", "%s",
             data->tls.problem);
}

/* --- no TLS where TLS is due ------------------------------------------------------------------ */

static void plain_upload(struct exam *exam)
{
    const char *path = own_path(exam, "file");
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    struct data *data = given_data(client);
    send_line(client, "STOR %s", path);
    (void)wire_send(&data->wire, marker, sizeof(marker) - 1, false, exam_patience(exam));
    wire_finish(&data->wire, false);
    const struct reply *reply = try_final_reply(client, SOON);
    if (reply_is(reply, "2"))
        fail(exam, "an error (425, 426, 522): the data came in clear after PROT P", "%u %s",
             reply->code, reply->text);
}

static void plain_download(struct exam *exam)
{
    struct bytes content = text_of(exam, 2000);
    const char *path = given_file(exam, "file", content.data, content.size);
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    struct data *data = given_data(client);
    send_line(client, "RETR %s", path);
    (void)wire_send(&data->wire, "\r\n\r\n\r\n\r\n\r\n\r\n", 12, false, exam_patience(exam));
    struct bytes got = data_read(data, 0);
    if (got.size >= 16 && memmem(got.data, got.size, marker, 16))
        fail(exam, "nothing of the file in clear after PROT P", "%zu bytes, with the file's text",
             got.size);
}

static void survives_plain_bytes(struct exam *exam)
{
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    struct data *data = given_data(client);
    send_line(client, "NLST");
    (void)wire_send(&data->wire, "\r\n\r\n\r\n\r\n\r\n\r\n", 12, false, exam_patience(exam));
    wire_finish(&data->wire, false);
    check_session_goes_on(client);
}

static void foreign_protocol(struct exam *exam)
{
    struct tls_offer offer = {.alpn = "http/1.1"};
    if (try_handshake(given_offer(exam, &offer)) == 0)
        skip(exam, "the control connection does not refuse ALPN \"http/1.1\" either");
    struct client *client = given_private(exam, ACCOUNT_USER, NULL);
    struct data *data = given_data(client);
    send_line(client, "NLST");
    offer.resume = tls_session(client->wire.tls);
    int r = try_data_handshake(data, &offer);
    tls_session_free(offer.resume);
    if (r == 0 && try_final_reply(client, exam_patience(exam))->code < 300)
        fail(exam, "an alert (no_application_protocol, 120), as on the control connection",
             "a transfer over a connection whose client asked for HTTP");
}

static const struct test tests[] = {
    DATA_TEST("rfc4217.data.download", SEVERITY_ERROR, "downloads under TLS are right, at any size",
              "RFC 4217, section 9: after PROT P all data connections are under TLS.",
              "Look into the server's log for failed handshakes on data connections.", downloads,
              NULL),
    DATA_TEST("rfc4217.data.upload", SEVERITY_ERROR, "uploads under TLS are right, at any size",
              "RFC 4217, section 9: after PROT P all data connections are under TLS.",
              "Look into the server's log for failed handshakes on data connections.", uploads,
              NULL),
    DATA_TEST("rfc8446.data.small-records", SEVERITY_ERROR,
              "an upload in records of one byte is right",
              "RFC 8446, section 5.1: where a TLS record ends says nothing about what is in it.",
              "Leave reading records to the TLS library.", small_records, NULL),
    DATA_TEST("rfc8446.key-update.upload", SEVERITY_ERROR, "new keys in mid-upload are taken",
              "RFC 8446, section 4.6.3: a KeyUpdate may come at any time; clients send it in "
              "large uploads. Servers that leave decryption to the kernel (kTLS) forget it.",
              "Handle KeyUpdate on data connections, or let the TLS library read them.", new_keys,
              NULL),
    DATA_TEST("rfc4217.data.active", SEVERITY_ERROR,
              "in active mode too the server is TLS's server",
              "RFC 4217, section 7: whoever connects, the FTP client is the TLS client.",
              "Accept the handshake (SSL_accept) on connections that the server itself opened.",
              active_mode, NULL),
    DATA_TEST("rfc4217.prot.initially-clear", SEVERITY_ERROR,
              "without PROT, data connections are in clear or refused",
              "RFC 4217, section 9: the initial state of the data connection is Clear.",
              "Put data connections under TLS after PROT P only, or refuse them with 521 before.",
              initially_clear, NULL),
    DATA_TEST("rfc4217.prot.refusal", SEVERITY_WARNING,
              "data connections that need PROT P are refused with 521 or 522",
              "RFC 4217, sections 10.2 and 11.4: by 521 or 522 a client knows that PROT P helps.",
              "Answer transfers without the protection that is demanded with 521.", refusal_code,
              NULL),
    DATA_TEST("rfc4217.prot.passive-first", SEVERITY_WARNING,
              "PASV and EPSV are answered before PROT",
              "RFC 4217, section 10.2: the level of protection should be checked at the command "
              "that begins the transfer, not at PORT or PASV.",
              "Check PROT at RETR, STOR, LIST and the like.", passive_before_prot, NULL),
    DATA_TEST("rfc4217.prot.after-passive", SEVERITY_ERROR,
              "PROT P between PASV and the transfer counts for the transfer",
              "RFC 4217, section 8: the level can be negotiated at any point, even straight after "
              "PORT or PASV.",
              "Decide on TLS when the transfer begins.", prot_after_passive, NULL),
    DATA_TEST("rfc4217.prot.clear", SEVERITY_ERROR,
              "after an accepted PROT C, data connections are in clear",
              "RFC 4217, section 9: data connections are at the level that was accepted last.",
              "Refuse PROT C with 534, or leave TLS out after it.", prot_clear, NULL),
    DATA_TEST("rfc4217.prot.changes", SEVERITY_ERROR, "PROT may change between transfers",
              "RFC 4217, section 8: a client may send PROT as often as it is needed, and the "
              "last one counts.",
              "Decide on TLS anew for each data connection.", prot_changes, NULL),
    DATA_TEST("security.prot.clear-refused", SEVERITY_NOTE, "PROT C under TLS is refused",
              "A server that agrees to PROT C sends files and listings in clear where a client is "
              "set up wrongly, and nobody notices (RFC 4217, section 10.2, view 3).",
              "Refuse PROT C with 534 unless clients need it.", prot_clear_refused, NULL),
    DATA_TEST(
        "security.data.plain-upload", SEVERITY_ERROR, "bytes in clear are no upload after PROT P",
        "RFC 4217, section 9: after PROT P data must be under TLS. Otherwise whoever reaches "
        "the port first writes the file.",
        "Insist on the handshake, and answer its failure with 522 or 425.", plain_upload, NULL),
    DATA_TEST("security.data.plain-download", SEVERITY_ERROR,
              "no byte of a file goes in clear after PROT P",
              "RFC 4217, section 9: after PROT P data must be under TLS.",
              "Insist on the handshake, and answer its failure with 522 or 425.", plain_download,
              NULL),
    DATA_TEST("practice.data.failed-handshake", SEVERITY_WARNING,
              "a data connection whose handshake fails ends the transfer, not the session",
              "RFC 4217, section 10.2: the server closes the data connection and says 522. Who can "
              "reach the data port ends other people's sessions otherwise.",
              "Answer with 522 or 425 and go on.", survives_plain_bytes, NULL),
    DATA_TEST("rfc7301.alpn.data", SEVERITY_WARNING,
              "a data connection that asks for HTTP by ALPN is refused",
              "CVE-2021-3618 (ALPACA): a browser that is led to a data port takes an uploaded file "
              "for the answer of the web server of the same name.",
              "Treat ALPN on data connections as on the control connection.", foreign_protocol,
              NULL),
};

const struct group group_tls_data = {
    .name = "tls-data",
    .title = "TLS: data connections",
    .tests = tests,
    .count = ELEMENTS(tests),
};
