/*
 * SITE commands that administrators have (the table of lib/admin.h), and those with which people
 * make accounts and change their passwords: REGISTER, PSWD. Nothing is decided here but who is told
 * that they exist: the monitor decides, cellftpctl does it, and what that says is passed on.
 */
#include "session/command_admin.h"

#include "lib/admin.h"
#include "lib/cleanup.h"
#include "lib/clock.h"
#include "lib/text.h"

#include <poll.h>
#include <string.h>

enum { ARGUMENTS_MAX = 9 };

enum site_kind { SITE_ADMIN, SITE_REGISTER, SITE_PSWD };

static const struct site_row {
    const char *words; /* behind SITE */
    enum site_kind kind;
    enum admin_operation operation;
    unsigned least, most;
    unsigned logged; /* arguments that may stand in commands.log */
    const char *syntax;
    const char *meaning;
} rows[] = {
#define ADMIN_ROW(name, site, least, most, logged, syntax, command, meaning)                       \
    {site, SITE_ADMIN, ADMIN_##name, least, most, logged, syntax, meaning},
    ADMIN_OPERATIONS(ADMIN_ROW)
#undef ADMIN_ROW
        {"REGISTER", SITE_REGISTER, 0, 2, 3, 1, "name password [invitation]", "make an account"},
    {"PSWD", SITE_PSWD, 0, 2, 2, 0, "present new", "change your password"},
};

/* Whoever may not use a command is told nothing about it. */
static bool is_there(const struct session *session, const struct site_row *row)
{
    switch (row->kind) {
    case SITE_ADMIN: return session->logged_in && (session->flags & ACCOUNT_IS_ADMIN);
    case SITE_REGISTER: return !session->logged_in && session->config->registration_open;
    default: return session->logged_in && (session->flags & ACCOUNT_MAY_CHANGE_PASSWORD);
    }
}

/* The row that ARGUMENT begins with; *RET_REST is what is behind it. */
static const struct site_row *find(const struct session *session, const char *argument,
                                   const char **ret_rest)
{
    for (size_t i = 0; i < ELEMENTS(rows); i++) {
        size_t size = strlen(rows[i].words);
        if (strncasecmp(argument, rows[i].words, size) != 0 ||
            (argument[size] != ' ' && argument[size] != '\0') || !is_there(session, &rows[i]))
            continue;
        *ret_rest = argument + size + strspn(argument + size, " ");
        return &rows[i];
    }
    return NULL;
}

/* Takes an argument off *TEXT: up to a space, or between double quotes, of which two stand for one.
 * NULL if there is none, or no end of it. It is unquoted in its place. */
static char *take_argument(char **text)
{
    char *from = *text + strspn(*text, " "), *begin = from, *to = from;
    if (*from != '"') {
        size_t size = strcspn(from, " ");
        *text = from + size + (from[size] != '\0');
        from[size] = '\0';
        return size > 0 ? begin : NULL;
    }
    for (from++;; from++) {
        if (*from == '"' && from[1] != '"')
            break;
        if (*from == '\0')
            return NULL;
        from += *from == '"';
        *to++ = *from;
    }
    if (from[1] != ' ' && from[1] != '\0')
        return NULL;
    *text = from + 1 + (from[1] != '\0');
    *to = '\0';
    return begin;
}

static size_t count_words(const char *text)
{
    size_t count = 0;
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        text += strcspn(text, " ");
        count++;
    }
    return count;
}

size_t admin_visible(const struct session *session, const char *argument)
{
    const char *rest;
    const struct site_row *row = find(session, argument, &rest);
    if (!row || count_words(rest) < row->least) /* then nobody knows what was meant to be what */
        return 0;
    for (unsigned left = row->logged; left > 0; left--) {
        /* Whoever quotes may have something to hide. */
        size_t size = *rest == '"' ? 0 : strcspn(rest, " ");
        if (size == 0)
            break;
        rest += size + strspn(rest + size, " ");
    }
    return (size_t)(rest - argument);
}

_Static_assert(ELEMENTS(rows) <= ADMIN_LINES_MAX, "all of them");

size_t admin_lines(const struct session *session, struct site_line ret[ADMIN_LINES_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < ELEMENTS(rows); i++)
        if (is_there(session, &rows[i]))
            ret[count++] = (struct site_line){rows[i].words, rows[i].syntax, rows[i].meaning};
    return count;
}

/* --- What cellftpctl has said, as a reply --- */

/* True if there is room for more; else the client does not read, or the session must end. */
static bool make_room(struct session *session)
{
    enum { ENOUGH = 256 * 1024 };
    struct control *control = &session->control;
    uint64_t deadline = clock_msec() + session->config->transfer_stall;
    while (buffer_size(&control->output) > ENOUGH && !control->failed) {
        size_t before = buffer_size(&control->output);
        control_write(control);
        if (buffer_size(&control->output) < before)
            continue;
        struct pollfd watched[] = {
            {.fd = control->connection.fd,
             .events = connection_events(&control->connection, POLLOUT)},
            {.fd = session->monitor, .events = POLLIN},
        };
        uint64_t now = clock_msec();
        if (now >= deadline || poll(watched, ELEMENTS(watched), (int)(deadline - now)) == 0)
            control->failed = true;
        else if (watched[1].revents)
            return false;
    }
    return !control->failed;
}

struct output {
    int fd;
    struct buffer text;
    bool ended;
};

/* The next line without its newline, NULL at the end. Valid until the next call. */
static const char *next_line(struct output *output, size_t *ret_size)
{
    enum { PIECE = 16384 };
    const char *end = NULL;
    for (;;) {
        size_t size = buffer_size(&output->text);
        end = size > 0 ? memchr(buffer_begin(&output->text), '\n', size) : NULL;
        char *room;
        if (end || output->ended || buffer_reserve(&output->text, PIECE, &room) < 0)
            break;
        ssize_t got = read(output->fd, room, PIECE);
        output->ended = got <= 0;
        buffer_commit(&output->text, got > 0 ? (size_t)got : 0);
    }
    const char *line = buffer_begin(&output->text);
    *ret_size = end ? (size_t)(end - line) : buffer_size(&output->text);
    return *ret_size > 0 || end ? line : NULL;
}

static void skip_line(struct output *output, size_t size)
{
    buffer_consume(&output->text, size + 1);
}

/* The line without the program's name, for people who do not see a program. */
static const char *without_name(const char *line, size_t *size)
{
    static const char name[] = "cellftpctl: ";
    if (*size < strlen(name) || memcmp(line, name, strlen(name)) != 0)
        return line;
    *size -= strlen(name);
    return line + strlen(name);
}

/* All that OUTPUT has: one line as a reply of one, more as the lines of a longer one. */
static void pass_on(struct session *session, unsigned code, const char *what, int fd)
{
    enum { LONGEST_LINE = 128 * 1024 };
    struct output output = {.fd = fd};
    cleanup_buffer struct buffer first;
    buffer_init(&output.text, LONGEST_LINE);
    buffer_init(&first, LONGEST_LINE);
    size_t size = 0;
    const char *line = next_line(&output, &size);
    if (line) {
        size_t shown = size;
        const char *text = without_name(line, &shown);
        (void)buffer_append(&first, text, shown);
        skip_line(&output, size);
    }
    line = next_line(&output, &size);
    if (!line) {
        reply(session, code, "%.*s", (int)buffer_size(&first),
              buffer_size(&first) > 0 ? buffer_begin(&first) : what);
        buffer_free(&output.text);
        return;
    }
    reply_first(session, code, "%s:", what);
    reply_line_bytes(session, buffer_begin(&first), buffer_size(&first));
    while (line && make_room(session)) {
        size_t shown = size;
        const char *text = without_name(line, &shown);
        reply_line_bytes(session, text, shown);
        skip_line(&output, size);
        line = next_line(&output, &size);
    }
    buffer_free(&output.text);
    reply(session, code, line ? "Interrupted." : "End.");
}

/* --- The commands --- */

static void serve_admin(struct session *session, const struct site_row *row, size_t count,
                        char *const *arguments)
{
    int output = -1;
    unsigned status = 0;
    int r = ask_admin(session, row->operation, count, arguments, &status, &output);
    cleanup_close int file = output;
    if (r == -ESHUTDOWN)
        return;
    if (r == -EINVAL)
        reply(session, 501, "No argument begins with a hyphen or has control characters in it.");
    else if (r < 0 || file < 0)
        reply(session, 550, "That was not done to its end; the server's log says why.");
    else
        pass_on(session, status == 0 ? 200 : 550, status == 0 ? row->words : "Not done", file);
}

static void answer(struct session *session, int r, enum register_result result, const char *words,
                   const char *done)
{
    if (r == -ESHUTDOWN)
        return;
    if (r == 0 && result == REGISTER_DONE) {
        reply(session, 200, "%s", done);
    } else if (r == 0 && result == REGISTER_REFUSED) {
        reply(session, 550, "%s", words);
    } else if (r == 0 && result == REGISTER_TOO_MANY) {
        reply(session, 421, "%s", words);
        session_close(session, "too-many-tries");
    } else {
        reply(session, 550, "That is not possible at the moment. Tell the administrator.");
    }
}

static void serve_own(struct session *session, const struct site_row *row, size_t count,
                      char *const *arguments)
{
    char words[REGISTER_WORDS_MAX + 1] = "";
    enum register_result result = REGISTER_UNAVAILABLE;
    if (row->kind == SITE_REGISTER) {
        int r = ask_register(session, arguments[0], arguments[1], count > 2 ? arguments[2] : "",
                             &result, words);
        answer(session, r, result, words, "The account is made. Log in with USER and PASS.");
    } else {
        int r = ask_password(session, arguments[0], arguments[1], &result, words);
        answer(session, r, result, words, "The password is changed. Other sessions are ended.");
    }
}

bool admin_serve(struct session *session, char *argument)
{
    const char *found = NULL;
    const struct site_row *row = find(session, argument, &found);
    if (!row)
        return false;
    char *arguments[ARGUMENTS_MAX + 1], *rest = argument + (found - argument);
    size_t count = 0, size = strlen(rest);
    while (count <= row->most && (arguments[count] = take_argument(&rest)) != NULL)
        count++;
    bool good = count >= row->least && count <= row->most && rest[strspn(rest, " ")] == '\0';
    for (size_t i = 0; good && i < count; i++)
        good = strlen(arguments[i]) <=
               (i == 0 && row->kind != SITE_PSWD ? REQUEST_NAME_MAX : REQUEST_PASSWORD_MAX);
    if (!good)
        reply(session, 501, "It is: SITE %s%s%s", row->words, *row->syntax ? " " : "", row->syntax);
    else if (row->kind == SITE_ADMIN)
        serve_admin(session, row, count, arguments);
    else
        serve_own(session, row, count, arguments);
    explicit_bzero(argument + (found - argument), size);
    return true;
}
