/* Files that are none: pipes, sockets, devices, and files of others, planted in the user's folder.
 * See catalogue.h and planted.h. */
#include "ftplint/planted.h"

#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>

enum { PATIENCE = 2000 }; /* milliseconds; a good server does not wait for a pipe at all */

/* Waits for a reply; if the server hangs in the file, sets it free before the test fails. */
static const struct reply *reply_without_hanging(struct client *client, const char *path,
                                                 const char *what)
{
    struct exam *exam = client->exam;
    const struct reply *reply = try_reply(client, PATIENCE);
    if (reply->code)
        return reply;
    plant_release(exam, path);
    const struct reply *late = try_reply(client, PATIENCE);
    if (late->code || reply->error == -ETIMEDOUT)
        fail(exam, "a refusal at once", "%s: no reply within %d ms%s", what, PATIENCE,
             late->code ? "; it came when ftplint itself had opened the pipe's other end" : "");
    fail(exam, "a refusal at once", "%s: the server closed the connection", what);
}

static void pipe_retrieve(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *path = plant_pipe(exam, "pipe");
    struct data *data = data_open(client, DATA_ANY);
    send_line(client, "RETR %s", path);
    const struct reply *reply = reply_without_hanging(client, path, "RETR of a named pipe");
    wire_close(&data->wire);
    if (reply_is(reply, "1"))
        (void)reply_without_hanging(client, path, "RETR of a named pipe, after its 150");
}

static void pipe_store(struct exam *exam)
{
    static const char *const verbs[] = {"STOR", "APPE"};
    struct client *client = given_login(exam, ACCOUNT_USER);
    for (size_t i = 0; i < ELEMENTS(verbs); i++) {
        const char *path = plant_pipe(exam, exam_format(exam, "pipe-%s", verbs[i]));
        struct data *data = data_open(client, DATA_ANY);
        send_line(client, "%s %s", verbs[i], path);
        const char *what = exam_format(exam, "%s to a named pipe", verbs[i]);
        const struct reply *reply = reply_without_hanging(client, path, what);
        /* Published in place of the pipe, or refused: either is good. */
        if (reply_is(reply, "1") && client->private_data)
            (void)try_data_ready(data);
        data_end(data);
        if (reply_is(reply, "1"))
            (void)reply_without_hanging(client, path, what);
    }
}

static void pipe_facts(struct exam *exam)
{
    static const char *const verbs[] = {"SIZE", "MDTM", "MLST", "STAT", "HASH", "XCRC", "XMD5"};
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *path = plant_pipe(exam, "pipe");
    for (size_t i = 0; i < ELEMENTS(verbs); i++) {
        send_line(client, "%s %s", verbs[i], path);
        (void)reply_without_hanging(client, path,
                                    exam_format(exam, "%s of a named pipe", verbs[i]));
    }
}

static void pipe_delete(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *path = plant_pipe(exam, "pipe");
    send_line(client, "DELE %s", path);
    expect_code(client, reply_without_hanging(client, path, "DELE of a named pipe"), "250");
}

static void socket_retrieve(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *path = plant_socket(exam, "socket");
    struct data *data = data_open(client, DATA_ANY);
    send_line(client, "RETR %s", path);
    const struct reply *reply = try_reply(client, PATIENCE);
    wire_close(&data->wire);
    if (!reply_is(reply, "4 5"))
        fail(exam, "a refusal", "RETR of a socket: %u %s", reply->code,
             reply->code ? reply->text : "(no reply)");
}

static void device_retrieve(struct exam *exam)
{
    struct client *client = given_login(exam, ACCOUNT_USER);
    const char *path = plant_device(exam, "device");
    struct data *data = data_open(client, DATA_ANY);
    const struct reply *reply = command(client, "RETR %s", path);
    if (!reply_is(reply, "1"))
        return;
    data_ready(data);
    struct bytes bytes = data_read(data, 4096);
    if (bytes.size)
        fail(exam, "a refusal: it is no file",
             "RETR of a device like /dev/zero: \"%u %s\", and bytes", reply->code, reply->text);
}

/* A row: which rights of the server, and not of the user, open the file. */
struct foreign {
    mode_t mode;
    const char *words;
};

static void foreign_retrieve(struct exam *exam)
{
    const struct foreign *row = exam->test->parameter;
    struct client *client = given_session(exam);
    const char *path = plant_foreign(exam, "foreign", row->mode, "root's own\n");
    struct transfer transfer = try_retrieve(client, DATA_ANY, "RETR %s", path);
    if (transfer.bytes.size)
        fail(exam, "a refusal (550)", "RETR of a file %s: %zu bytes", row->words,
             transfer.bytes.size);
}

static void foreign_store(struct exam *exam)
{
    struct client *client = given_session(exam);
    const char *path = plant_foreign(exam, "foreign", 0600, "root's own\n");
    struct transfer transfer = try_store(client, DATA_ANY, "more", 4, "APPE %s", path);
    if (reply_is(transfer.reply, "2"))
        fail(exam, "a refusal (550)", "APPE to a file of root's with mode 0600: %u %s",
             transfer.reply->code, transfer.reply->text);
}

static const struct test tests[] = {
    {
        .name = "robustness.pipe.retr",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .title = "RETR of a named pipe is refused at once",
        .reason = "Opening a pipe waits for its other end: the session hangs for ever, and a "
                  "server with one process for all of them hangs whole.",
        .remedy = "Open with O_NONBLOCK and look with fstat whether it is a regular file.",
        .run = pipe_retrieve,
    },
    {
        .name = "robustness.pipe.stor",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .title = "STOR and APPE to a named pipe do not hang",
        .reason = "Opening a pipe waits for its other end: the session hangs for ever, and a "
                  "server with one process for all of them hangs whole.",
        .remedy = "Open with O_NONBLOCK and look with fstat whether it is a regular file, or "
                  "write to a new file and rename it.",
        .run = pipe_store,
    },
    {
        .name = "robustness.pipe.facts",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .title = "SIZE, MLST, HASH and their kin do not hang at a named pipe",
        .reason = "A server that opens what it is asked about waits for the pipe's other end.",
        .remedy = "Look with lstat before anything is opened.",
        .run = pipe_facts,
    },
    {
        .name = "robustness.pipe.dele",
        .severity = SEVERITY_WARNING,
        .flags = TEST_LOCAL,
        .title = "DELE removes a named pipe",
        .reason = "What is in the user's folder is the user's to remove; without it the folder "
                  "can never be emptied.",
        .remedy = "Unlink whatever is no directory.",
        .run = pipe_delete,
    },
    {
        .name = "robustness.socket.retr",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .title = "RETR of a socket is refused",
        .reason = "A socket has no content that could be sent.",
        .remedy = "Look with fstat whether it is a regular file.",
        .run = socket_retrieve,
    },
    {
        .name = "security.device.retr",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .title = "RETR of a device is refused",
        .reason = "A device node gives disks, memory or bytes without end.",
        .remedy = "Serve regular files alone, and mount the folders nodev.",
        .run = device_retrieve,
    },
    {
        .name = "security.rights.owner",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .title = "a file that only root may read is not served",
        .reason = "A session that works with root's rights has no bounds but the server's own "
                  "checks: one mistake there and the host is lost.",
        .remedy = "Drop to the user's own uid before the first command after the login.",
        .run = foreign_retrieve,
        .parameter = &(const struct foreign){0600, "of root's with mode 0600"},
    },
    {
        .name = "security.rights.group",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .after = "security.rights.owner",
        .title = "a file that only root's group may read is not served",
        .reason = "A session that has kept group 0 after it gave up root's uid reads what was "
                  "meant for administrators (CVE-2024-48651, ProFTPD).",
        .remedy = "Call setgroups and setgid before setuid, and verify them.",
        .run = foreign_retrieve,
        .parameter = &(const struct foreign){0640, "of root's and root's group with mode 0640"},
    },
    {
        .name = "security.rights.write",
        .severity = SEVERITY_ERROR,
        .flags = TEST_LOCAL,
        .after = "security.rights.owner",
        .title = "a file that only root may write is not appended to",
        .reason = "A session that writes with root's rights has no bounds but the server's own "
                  "checks: one mistake there and the host is lost.",
        .remedy = "Drop to the user's own uid before the first command after the login.",
        .run = foreign_store,
    },
};

const struct group group_special = {
    .name = "special",
    .title = "Files that are none, and files of others",
    .tests = tests,
    .count = ELEMENTS(tests),
};
