/* Files with names out of the ordinary: see odd_name.h. */
#include "ftplint/odd_name.h"

#include "ftplint/content.h"
#include "ftplint/presence.h"

#include <string.h>

/* Stores a file of the NAME in the working directory; false if the server may refuse it and does.
 */
static bool store_odd(struct client *client, const struct odd_name *odd)
{
    struct exam *exam = client->exam;
    struct transfer transfer = try_store(client, DATA_ANY, "x", 1, "STOR %s", odd->name);
    const struct reply *reply = transfer.reply;
    if (reply_is(reply, "2"))
        return true;
    if (transfer.preliminary && !reply_is(reply, "550 552 553"))
        blocked(exam, "the upload broke off: %u %s", reply->code, reply->text);
    const char *name = shown(exam, odd->name);
    if (!odd->optional)
        fail(exam, exam_format(exam, "that a file of the name %s can be stored", name), "%u %s",
             reply->code, reply->text);
    note(exam, "the server refuses the name %s: %u %s", name, reply->code, reply->text);
    return false;
}

/* TEXT, which shows NAME, and its bytes if letters that look alike may differ in them. */
static const char *with_bytes(struct exam *exam, const char *text, const char *name)
{
    for (const char *at = name; *at; at++)
        if ((unsigned char)*at >= 0x80)
            return exam_format(exam, "%s (in bytes: %s)", text, readable(exam, name, strlen(name)));
    return text;
}

void test_odd_name(struct exam *exam)
{
    const struct odd_name *odd = exam->test->parameter;
    struct client *client = given_session(exam);
    given_place(client, given_folder(exam));
    if (!store_odd(client, odd))
        return;
    bool kept = is_listed(exam, given_folder(exam), odd->name);
    struct lines names = names_in(exam, given_folder(exam));
    /* NLST leaves out names with a leading dot, and then SIZE or RETR has to know it. */
    if (!kept && names.count == 0 && *odd->name == '.')
        kept = holds(exam, odd->name, "x");
    /* For who cleans up: not every server lists every name. */
    (void)command(client, "DELE %s", odd->name);
    if (!kept)
        fail(exam,
             exam_format(exam, "that a file stored as %s is listed by that name",
                         with_bytes(exam, shown(exam, odd->name), odd->name)),
             "the listing shows %s",
             with_bytes(exam, shown_lines(exam, names), names.count == 1 ? names.line[0] : ""));
}
