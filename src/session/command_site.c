/* SITE and what is below it: a table of its own, in the manner of command_table.c. */
#include "lib/cleanup.h"
#include "lib/scan.h"
#include "lib/text.h"
#include "session/command.h"
#include "session/command_admin.h"
#include "session/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

struct site_command {
    const char *verb;
    void (*serve)(struct session *session, char *argument);
    bool writes;
    bool logged; /* what follows it is no secret */
    const char *syntax;
    const char *help;
};

static void site_chmod(struct session *session, char *argument)
{
    unsigned mode;
    char *path = strchr(argument, ' ');
    if (!path || !path[1]) {
        reply(session, 501, "SITE CHMOD needs a mode and a path.");
        return;
    }
    *path++ = '\0';
    int r = scan_octal(argument, 0777, &mode);
    if (r < 0) {
        reply(session, r == -ERANGE ? 504 : 501, "The mode is an octal number up to 0777.");
        return;
    }
    r = file_change_mode(session, path, mode);
    if (r < 0) {
        event_refused(session, path, r);
        reply_error(session, 550, r);
        return;
    }
    event_path(session, EVENT_CHMOD, path);
    reply(session, 200, "Permissions changed.");
}

/* Takes the last word off TEXT; NULL if there is only one. */
static char *cut_word(char *text)
{
    char *space = strrchr(text, ' ');
    if (!space || space == text)
        return NULL;
    *space = '\0';
    return space + 1;
}

/* 12 or 14 digits: the former has no seconds. */
static int scan_site_time(const char *text, struct timespec *ret)
{
    char whole[32];
    size_t length = strlen(text);
    if (length != 12 && length != 14)
        return -EINVAL;
    (void)snprintf(whole, sizeof(whole), "%s%s", text, length == 12 ? "00" : "");
    return scan_timestamp(whole, ret);
}

static void set_times(struct session *session, const char *path, const struct timespec times[2])
{
    cleanup_close int directory = -1;
    cleanup_free char *name = NULL;
    int r = path_parent(session, path, &directory, &name);
    if (r == 0 && utimensat(directory, name, times, AT_SYMLINK_NOFOLLOW) < 0)
        r = -errno;
    if (r < 0) {
        event_refused(session, path, r);
        reply_error(session, 550, r);
        return;
    }
    event_path(session, EVENT_SET_TIME, path);
    reply(session, 200, "Time set.");
}

/* Two forms are in use: "YYYYMMDDhhmm[ss] path" and "path atime mtime ctime UTC". */
static void site_utime(struct session *session, char *argument)
{
    static const char form[] =
        "SITE UTIME needs YYYYMMDDhhmm[ss] and a path, or a path, three times and UTC.";
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {0}};
    char *space = strchr(argument, ' ');
    if (!space || !space[1]) {
        reply(session, 501, form);
        return;
    }
    *space = '\0';
    if (scan_site_time(argument, &times[1]) == 0) {
        set_times(session, space + 1, times);
        return;
    }
    *space = ' ';
    const char *zone = cut_word(argument);
    const char *changed = cut_word(argument);
    const char *modified = cut_word(argument);
    const char *accessed = cut_word(argument);
    struct timespec ignored; /* the time of change is the kernel's own */
    if (!zone || !changed || !modified || !accessed || !text_equal_ignoring_case(zone, "UTC") ||
        scan_site_time(accessed, &times[0]) < 0 || scan_site_time(modified, &times[1]) < 0 ||
        scan_site_time(changed, &ignored) < 0) {
        reply(session, 501, form);
        return;
    }
    set_times(session, argument, times);
}

/* What a new file does not get. It can only take away: nothing that is uploaded becomes executable
 * by it. */
static void site_umask(struct session *session, char *argument)
{
    unsigned mask;
    if (!*argument) {
        reply(session, 200, "Umask is %03o.", session->settings.umask);
        return;
    }
    if (scan_octal(argument, 0777, &mask) < 0) {
        reply(session, 501, "The umask is an octal number up to 0777.");
        return;
    }
    session->settings.umask = mask;
    (void)umask(mask);
    reply(session, 200, "Umask is %03o.", mask);
}

static void site_idle(struct session *session, char *argument)
{
    uint64_t seconds, longest = session->config->session_idle_max / 1000;
    if (!*argument) {
        reply(session, 200, "Idle sessions end after %llu seconds; at most %llu.",
              (unsigned long long)(session->settings.idle / 1000), (unsigned long long)longest);
        return;
    }
    if (scan_u64(argument, longest, &seconds) < 0 || seconds == 0) {
        reply(session, 501, "SITE IDLE takes a number of seconds from 1 to %llu.",
              (unsigned long long)longest);
        return;
    }
    session->settings.idle = seconds * 1000;
    reply(session, 200, "Idle sessions end after %llu seconds.", (unsigned long long)seconds);
}

static void site_help(struct session *session, char *argument);

static const struct site_command site_commands[] = {
    {"CHMOD", site_chmod, true, true, "mode path", "change the permissions of a file or directory"},
    {"HELP", site_help, false, true, "", "list the commands that you may use"},
    {"IDLE", site_idle, false, true, "[seconds]",
     "show or set after how many seconds an idle session ends"},
#ifdef CELLFTPD_PROBE
    {"PROBE", command_probe, false, true, "probe", "try what must be impossible"},
#endif
    {"QUOTA", command_site_quota, false, true, "", "show how much you store, and may store"},
    {"UMASK", site_umask, false, true, "[mask]",
     "show or set the permissions that new files do not get"},
    {"UTIME", site_utime, true, true, "YYYYMMDDhhmm[ss] path",
     "set the time of a file's last change"},
};

/* Nobody but users has those of the table, for HELP. */
static bool is_user(const struct session *session)
{
    return session->logged_in && !(session->flags & ACCOUNT_ANONYMOUS);
}

static int compare_lines(const void *left, const void *right)
{
    const struct site_line *a = left, *b = right;
    return strcmp(a->words, b->words);
}

/* What this client may use, in the order of the alphabet. */
static void site_help(struct session *session, char *argument)
{
    (void)argument;
    struct site_line lines[ELEMENTS(site_commands) + ADMIN_LINES_MAX];
    size_t count = admin_lines(session, lines);
    for (size_t i = 0; i < ELEMENTS(site_commands); i++)
        if (is_user(session) || site_commands[i].serve == site_help)
            lines[count++] = (struct site_line){site_commands[i].verb, site_commands[i].syntax,
                                                site_commands[i].help};
    qsort(lines, count, sizeof(lines[0]), compare_lines);
    reply_first(session, 214, "SITE commands:");
    for (size_t i = 0; i < count; i++)
        reply_line(session, "%s%s%s: %s", lines[i].words, *lines[i].syntax ? " " : "",
                   lines[i].syntax, lines[i].meaning);
    reply(session, 214, "End.");
}

static const struct site_command *find(const char *argument)
{
    size_t length = strcspn(argument, " ");
    for (size_t i = 0; i < ELEMENTS(site_commands); i++)
        if (strlen(site_commands[i].verb) == length &&
            strncasecmp(site_commands[i].verb, argument, length) == 0)
            return &site_commands[i];
    return NULL;
}

/* SITE PSWD, PASSWD, CPWD: whatever a client believes that its server has, it has a password in it.
 */
bool site_may_be_logged(const char *argument)
{
    const struct site_command *site = find(argument);
    return site && site->logged;
}

void command_site(struct session *session, char *argument)
{
    if (admin_serve(session, argument)) /* "QUOTA SET" before "QUOTA" */
        return;
    const struct site_command *site = find(argument);
    bool is_help = site && site->serve == site_help;
    /* Whoever may register is told how. */
    if (!session->logged_in && !(is_help && session->config->registration_open)) {
        reply_not_logged_in(session);
        return;
    }
    if (!*argument) {
        reply(session, 501, "SITE needs an argument: SITE command");
        return;
    }
    if ((session->flags & ACCOUNT_ANONYMOUS) && !is_help) {
        reply(session, 550, "SITE HELP is the only one that is offered to you.");
        return;
    }
    /* One's own quota takes no argument: what has one is the administrators' command. */
    if (!site || (site->serve == command_site_quota && argument[strlen(site->verb)])) {
        reply(session, 504, "Unknown SITE command; see SITE HELP.");
        return;
    }
    char *rest = argument + strlen(site->verb);
    if ((session->flags & ACCOUNT_UPLOAD_ONLY) && site->writes)
        reply(session, 550, DROP_BOX);
    else if (site->writes && session->read_only)
        reply_error(session, 550, -EROFS);
    else
        site->serve(session, rest + (*rest == ' '));
}
