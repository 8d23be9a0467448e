/* Accounts that tests make: see accounts.h. */
#include "ftplint/accounts.h"

#include "lib/cleanup.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint32_t random_number(struct exam *exam)
{
    uint32_t number;
    if (getrandom(&number, sizeof(number), 0) != sizeof(number))
        blocked(exam, "no random numbers");
    return number;
}

struct new_account new_account(struct exam *exam)
{
    return (struct new_account){
        .name = exam_format(exam, "ftplint-%08x", (unsigned)random_number(exam)),
        .password = exam_format(exam, "Wq7-%08x-zK4", (unsigned)random_number(exam)),
    };
}

bool site_lists(struct client *client, const char *words)
{
    const struct reply *help = command(client, "SITE HELP");
    for (size_t i = 1; reply_is(help, "2") && i + 1 < help->count; i++) {
        const char *line = help->lines[i] + strspn(help->lines[i], " ");
        size_t size = strlen(words);
        if (strncmp(line, words, size) == 0 && strchr(" :", line[size]))
            return true;
    }
    return false;
}

struct client *given_applicant(struct exam *exam)
{
    enum { FIRST = 1000, ADDRESSES = 1 << 23 };
    return given_stranger(exam, FIRST + random_number(exam) % ADDRESSES);
}

struct client *given_registrar(struct exam *exam)
{
    struct client *client = given_applicant(exam);
    exam->given++;
    bool offered = site_lists(client, "REGISTER");
    exam->given--;
    if (!offered)
        skip(exam, "SITE HELP before the login offers no REGISTER");
    return client;
}

const struct reply *secretly(struct client *client, const char *format, ...)
{
    struct exam *exam = client->exam;
    va_list arguments;
    va_start(arguments, format);
    const char *line = exam_format(exam, "%s\r\n", exam_formatv(exam, format, arguments));
    va_end(arguments);
    size_t site = strncmp(line, "SITE ", 5) == 0 ? 5 : 0;
    client->answered = 0;
    (void)snprintf(client->asked, sizeof(client->asked), "%.*s",
                   (int)(site + strcspn(line + site, " \r")), line);
    (void)wire_send(&client->wire, line, strlen(line), true, exam_patience(exam));
    return read_reply(client);
}

void remove_account_later(struct exam *exam, const char *name)
{
    if (exam->target->logins[ACCOUNT_ADMIN].user)
        undo_as_administrator(exam, "SITE USER DEL %s", name);
    else
        note(exam, "the account %s stays on the server: there is no --admin to remove it", name);
}

const struct reply *try_register(struct client *client, const char *name, const char *password)
{
    const struct reply *reply = secretly(client, "SITE REGISTER %s %s", name, password);
    if (reply_is(reply, "2"))
        remove_account_later(client->exam, name);
    return reply;
}

struct new_account given_registered(struct exam *exam)
{
    struct client *client = given_registrar(exam);
    struct new_account account = new_account(exam);
    exam->given++;
    const struct reply *reply = try_register(client, account.name, account.password);
    if (!reply_is(reply, "2"))
        skip(exam, "SITE REGISTER makes no account for us: %u %s", reply->code, reply->text);
    client_close(client);
    exam->given--;
    return account;
}

struct new_account given_added(struct exam *exam)
{
    if (!exam->target->logins[ACCOUNT_ADMIN].user)
        skip(exam, "there is no administrator (--admin)");
    struct client *admin = given_login(exam, ACCOUNT_ADMIN);
    struct new_account account = new_account(exam);
    exam->given++;
    if (!site_lists(admin, "USER ADD"))
        skip(exam, "SITE HELP offers the administrator no USER ADD");
    const struct reply *reply =
        secretly(admin, "SITE USER ADD %s %s", account.name, account.password);
    if (!reply_is(reply, "2"))
        skip(exam, "SITE USER ADD makes no account: %u %s", reply->code, reply->text);
    remove_account_later(exam, account.name);
    client_close(admin);
    exam->given--;
    return account;
}

struct new_account given_account(struct exam *exam)
{
    return exam->target->logins[ACCOUNT_ADMIN].user ? given_added(exam) : given_registered(exam);
}

bool may_log_in(struct exam *exam, const char *name, const char *password)
{
    struct client *client = given_applicant(exam);
    exam->given++;
    const struct reply *reply = try_login(client, name, password);
    exam->given--;
    bool granted = reply_is(reply, "230 232");
    client_close(client);
    return granted;
}

struct client *given_inside(struct exam *exam, struct new_account account)
{
    /* Servers take data connections only from the address of the control connection. */
    struct client *client = given_connection(exam);
    exam->given++;
    expect_code(client, try_login(client, account.name, account.password), "230 232");
    if (client->wire.tls) {
        expect(client, "200", "PBSZ 0");
        expect(client, "200", "PROT P");
        client->private_data = true;
    }
    expect(client, "200", "TYPE I");
    exam->given--;
    return client;
}
