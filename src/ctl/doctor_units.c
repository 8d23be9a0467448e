/* cellftpctl doctor: what systemd says of the units. Other activators are the administrator's own
 * affair: where systemd does not run, there is only a note. */
#include "ctl/doctor.h"

#include "ctl/program.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

enum { ANSWER_MAX = 65536 };

/* The property VALUE of each, as systemctl names them. */
struct unit {
    const char *name;
    const char *load;   /* "loaded", "not-found" */
    const char *file;   /* "enabled", "disabled" */
    const char *active; /* "active", "inactive", "failed" */
    const char *result; /* "success" */
};
enum { SOCKET, TLS_SOCKET, TIMER, SERVICE, UNITS };

static const char *value_of(char *line, const char *property)
{
    size_t size = strlen(property);
    return strncmp(line, property, size) == 0 && line[size] == '=' ? line + size + 1 : NULL;
}

static void take_line(struct unit *unit, char *line)
{
    const struct {
        const char *property;
        const char **member;
    } members[] = {{"LoadState", &unit->load},
                   {"UnitFileState", &unit->file},
                   {"ActiveState", &unit->active},
                   {"Result", &unit->result}};
    for (size_t i = 0; i < ELEMENTS(members); i++) {
        const char *value = value_of(line, members[i].property);
        if (value)
            *members[i].member = value;
    }
}

/* Asks about all of them at once. ANSWER keeps what they point to. */
static int ask(struct unit units[UNITS], struct buffer *answer)
{
    static const char *const paths[] = {"/usr/bin/systemctl", "/bin/systemctl"};
    const char *path = access(paths[0], X_OK) == 0 ? paths[0] : paths[1];
    const char *arguments[] = {path,
                               "show",
                               "--property=LoadState,UnitFileState,ActiveState,Result",
                               "--",
                               units[SOCKET].name,
                               units[TLS_SOCKET].name,
                               units[TIMER].name,
                               units[SERVICE].name,
                               NULL};
    int status = 0;
    int r = program_run(path, arguments, "", answer, &status);
    if (r == 0)
        r = buffer_append(answer, "", 1);
    if (r < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
        return r < 0 ? r : -EIO;
    char *text = answer->data + answer->start;
    for (size_t i = 0; i < UNITS && text;) {
        char *line = strsep(&text, "\n");
        if (*line == '\0')
            i++; /* an empty line is between units */
        else
            take_line(&units[i], line);
    }
    return 0;
}

static bool is(const char *value, const char *word)
{
    return strcmp(value, word) == 0;
}

static void say_socket(struct doctor *doctor, const struct unit *unit)
{
    char remedy[128];
    bool enabled = is(unit->file, "enabled"), active = is(unit->active, "active");
    if (enabled && active) {
        doctor_say(doctor, DOCTOR_OK, unit->name, NULL, "enabled, and listens");
        return;
    }
    (void)snprintf(remedy, sizeof(remedy), "systemctl %s %s", active ? "enable" : "enable --now",
                   unit->name);
    doctor_say(doctor, active ? DOCTOR_NOTE : DOCTOR_PROBLEM, unit->name, remedy, "%s, %s",
               unit->file, active ? "listens until the next start of the machine" : unit->active);
}

static void say_sockets(struct doctor *doctor, const struct unit *plain, const struct unit *tls)
{
    bool used = is(tls->file, "enabled") || is(tls->active, "active");
    if (!is(plain->load, "loaded")) {
        doctor_say(doctor, DOCTOR_NOTE, plain->name, "make install",
                   "is not installed: something else has to start the server");
        return;
    }
    /* Who wants implicit TLS only has switched this one off. */
    if (!used || !is(plain->file, "disabled") || is(plain->active, "active"))
        say_socket(doctor, plain);
    if (used)
        say_socket(doctor, tls);
}

static void say_timer(struct doctor *doctor, const struct unit *timer, const struct unit *service)
{
    if (!is(timer->load, "loaded"))
        doctor_say(doctor, DOCTOR_NOTE, timer->name, "make install", "is not installed");
    else if (is(timer->file, "enabled") && is(timer->active, "active"))
        doctor_say(doctor, DOCTOR_OK, timer->name, NULL, "enabled, and runs");
    else
        doctor_say(doctor, DOCTOR_NOTE, timer->name, "systemctl enable --now cellftpd-quota.timer",
                   "%s, %s: nobody counts at night what users store", timer->file, timer->active);
    if (is(service->load, "loaded") && !is(service->result, "success"))
        doctor_say(doctor, DOCTOR_PROBLEM, service->name,
                   "journalctl -u cellftpd-quota.service says what it was",
                   "the last count has failed: %s", service->result);
}

void doctor_units(struct doctor *doctor)
{
    struct unit units[UNITS] = {
        [SOCKET] = {.name = "cellftpd.socket"},
        [TLS_SOCKET] = {.name = "cellftpd-tls.socket"},
        [TIMER] = {.name = "cellftpd-quota.timer"},
        [SERVICE] = {.name = "cellftpd-quota.service"},
    };
    for (size_t i = 0; i < UNITS; i++)
        units[i].load = units[i].file = units[i].active = units[i].result = "";
    if (access("/run/systemd/system", F_OK) < 0) {
        doctor_say(doctor, DOCTOR_NOTE, "systemd",
                   "another activator has to start cellftpd for each connection, and cron "
                   "\"cellftpctl quota recount --all\"",
                   "does not run here");
        return;
    }
    cleanup_buffer struct buffer answer;
    buffer_init(&answer, ANSWER_MAX);
    int r = ask(units, &answer);
    if (r < 0) {
        doctor_say(doctor, DOCTOR_PROBLEM, "systemd", "see systemctl status",
                   "systemctl does not answer: %s", strerror(-r));
        return;
    }
    say_sockets(doctor, &units[SOCKET], &units[TLS_SOCKET]);
    say_timer(doctor, &units[TIMER], &units[SERVICE]);
}
