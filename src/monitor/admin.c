/*
 * What an administrator asks for over FTP: one operation of lib/admin.h, done by cellftpctl
 * (tool.h). Runs in the monitor, after the login of an account of role admin only.
 */
#include "lib/admin.h"
#include "lib/cleanup.h"
#include "lib/text.h"
#include "monitor/tool.h"

#include <string.h>

enum { ARGUMENTS_MAX = 9, COMMAND_MAX = 128 };

static const struct {
    const char *site;
    unsigned least, most, logged;
    const char *command;
} operations[] = {
#define ADMIN_ROW(name, site, least, most, logged, syntax, command, meaning)                       \
    [ADMIN_##name] = {site, least, most, logged, command},
    ADMIN_OPERATIONS(ADMIN_ROW)
#undef ADMIN_ROW
};

struct work {
    uint32_t operation;
    uint32_t count;
    const char *arguments[ARGUMENTS_MAX];
    char command[COMMAND_MAX]; /* the words of the command line */
    const char *words[TOOL_ARGUMENTS_MAX + 1];
    const char *password;
};

/* No argument can be taken for an option of cellftpctl's, nor break a line. */
static int read_request(struct message *message, struct work *ret)
{
    ret->operation = message_get_u32(message);
    ret->count = message_get_u32(message);
    if (ret->operation >= ADMIN_OPERATION_COUNT || ret->count > ARGUMENTS_MAX)
        return -EBADMSG;
    for (uint32_t i = 0; i < ret->count; i++)
        ret->arguments[i] = message_get_string(message, REQUEST_PASSWORD_MAX);
    if (!message_end(message) || ret->count < operations[ret->operation].least ||
        ret->count > operations[ret->operation].most)
        return -EBADMSG;
    return 0;
}

/* The argument that a word of the table stands for; WORD itself if it is none; NULL if it is left
 * out. */
static const char *argument_of(const struct work *work, const char *word)
{
    if (word[0] != '%')
        return word;
    size_t number = (size_t)(word[1] - '0');
    return number <= work->count ? work->arguments[number - 1] : NULL;
}

/* The command line out of the table. -EINVAL for an argument that none can be. */
static int build(struct work *work)
{
    size_t count = 0;
    (void)snprintf(work->command, sizeof(work->command), "%s", operations[work->operation].command);
    char *rest = work->command;
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        if (strcmp(word, "%P") == 0) {
            work->password = work->arguments[1]; /* behind a name */
            continue;
        }
        const char *argument = argument_of(work, word);
        if (!argument) {
            /* and the option that it would be the value of */
            count -= count > 0 && strncmp(work->words[count - 1], "--", 2) == 0;
            continue;
        }
        if (argument != word && (*argument == '-' || *argument == '\0'))
            return -EINVAL;
        if (count == ELEMENTS(work->words) - 1)
            return -E2BIG;
        work->words[count++] = argument;
    }
    work->words[count] = NULL;
    for (uint32_t i = 0; i < work->count; i++)
        if (!text_is_plain(work->arguments[i], strlen(work->arguments[i])))
            return -EINVAL;
    return 0;
}

/* "USER ADD bob", without secrets, and in WORDS why it was not done. */
static void log_request(struct monitor *monitor, enum event_id id, const struct work *work,
                        const char *words)
{
    cleanup_buffer struct buffer detail;
    buffer_init(&detail, 8192);
    (void)buffer_append_string(&detail, operations[work->operation].site);
    for (uint32_t i = 0; i < work->count && i < operations[work->operation].logged; i++)
        (void)buffer_append_format(&detail, " %s", work->arguments[i]);
    if (words)
        (void)buffer_append_format(&detail, ": %s", words);
    (void)buffer_append(&detail, "", 1);
    struct event event = EVENT_INIT(id);
    event.detail = buffer_begin(&detail);
    monitor_log_admin(monitor, &event);
}

/* What only shows something is no event of cellftpctl's; here it is one. */
static bool only_shows(uint32_t operation)
{
    return operation == ADMIN_USER_LIST || operation == ADMIN_USER_SHOW || operation == ADMIN_WHO;
}

int admin_handle(struct monitor *monitor, struct message *message, struct message *answer,
                 int *ret_fd)
{
    struct work work = {.password = NULL};
    if (monitor->account->role != ACCOUNT_ADMIN)
        return -EPROTO; /* a session of ours has said that there is no such command */
    if (monitor->stop_deadline != 0)
        return -ECANCELED; /* told to leave: perhaps because he is no administrator any more */
    int r = read_request(message, &work);
    if (r < 0)
        return r;
    int status = 0;
    cleanup_close int output = -1;
    r = build(&work);
    if (r == 0)
        r = tool_run(monitor, TOOL_ADMIN, work.words, work.password, &status, &output);
    if (r == 0 && status == 0 && only_shows(work.operation))
        log_request(monitor, EVENT_ADMIN_LOOK, &work, NULL);
    if (r == 0 && status == 0 && work.operation == ADMIN_USER_ADD)
        hooks_registered(monitor, work.arguments[0]);
    if (r < 0 || status != 0) {
        char why[512] = "";
        if (output >= 0)
            tool_first_line(output, why, sizeof(why));
        log_request(monitor, EVENT_ADMIN_REFUSED, &work, r < 0 ? strerror(-r) : why);
    }
    explicit_bzero(message->payload, sizeof(message->payload));
    message_put_u32(answer, (uint32_t)-r);
    message_put_u32(answer, (uint32_t)status);
    *ret_fd = take_fd(&output);
    return 0;
}
