/* cellftpctl doctor: see doctor.h. What a connection needs is tried by the server itself; the rest
 * is what goes wrong between connections. */
#include "ctl/doctor.h"

#include "ctl/program.h"
#include "lib/cleanup.h"
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { ANSWER_MAX = 1024 * 1024, FOUND_MAX = 4096, WORD_SIZE = 8 };

static const struct table_column columns[] = {
    {"RESULT", "result", TABLE_TEXT},
    {"SUBJECT", "subject", TABLE_TEXT},
    {"FOUND", "found", TABLE_TEXT},
    {"REMEDY", "remedy", TABLE_TEXT},
};

void doctor_say(struct doctor *doctor, enum doctor_result result, const char *subject,
                const char *remedy, const char *format, ...)
{
    static const char *const words[] = {
        [DOCTOR_OK] = "ok", [DOCTOR_NOTE] = "note", [DOCTOR_PROBLEM] = "problem"};
    char found[FOUND_MAX];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(found, sizeof(found), format, arguments);
    va_end(arguments);
    table_put(&doctor->table, words[result]);
    table_put(&doctor->table, subject);
    table_put(&doctor->table, found);
    table_put(&doctor->table, remedy);
    doctor->problems += result == DOCTOR_PROBLEM;
}

void doctor_names_add(struct doctor_names *names, const char *name)
{
    size_t size = strlen(names->text);
    const char *between = size > 0 ? ", " : "";
    names->count++;
    if (size + strlen(between) + strlen(name) + sizeof(", ...") <= sizeof(names->text))
        (void)snprintf(names->text + size, sizeof(names->text) - size, "%s%s", between, name);
    else if (size > 0 && names->text[size - 1] != '.')
        (void)snprintf(names->text + size, sizeof(names->text) - size, ", ...");
}

/* --- The server's own check --- */

/* "ok      what", "MISSING what", "note    what"; a line that begins with spaces is the remedy of
 * the one before. LINE ends where the remedy begins. */
static void say_check(struct doctor *doctor, const char *line, const char *remedy)
{
    static const struct {
        const char *word;
        enum doctor_result result;
    } words[] = {{"ok      ", DOCTOR_OK}, {"note    ", DOCTOR_NOTE}, {"MISSING ", DOCTOR_PROBLEM}};
    for (size_t i = 0; i < ELEMENTS(words); i++)
        if (strncmp(line, words[i].word, WORD_SIZE) == 0) {
            doctor_say(doctor, words[i].result, "server", remedy, "%s", line + WORD_SIZE);
            return;
        }
    doctor_say(doctor, DOCTOR_PROBLEM, "configuration", "cellftpctl config check", "%s", line);
}

static void say_lines(struct doctor *doctor, char *text)
{
    char *line = strsep(&text, "\n");
    while (line && *line) {
        char *next = strsep(&text, "\n");
        bool has_remedy = next && strncmp(next, "        ", WORD_SIZE) == 0;
        /* The heading of mistakes in the configuration, which follow. */
        size_t size = strlen(line);
        if (size > 0 && line[size - 1] != ':')
            say_check(doctor, line, has_remedy ? next + WORD_SIZE : NULL);
        line = has_remedy ? strsep(&text, "\n") : next;
    }
}

void doctor_server(struct doctor *doctor)
{
    char path[PATH_MAX];
    cleanup_buffer struct buffer answer;
    buffer_init(&answer, ANSWER_MAX);
    int status = 0;
    int r = program_server(path);
    const char *arguments[] = {path, "--check", NULL, NULL, NULL};
    if (option_given(doctor->invocation, OPTION_CONFIG)) {
        arguments[2] = "--config";
        arguments[3] = doctor->invocation->config_path;
    }
    if (r == 0)
        r = program_run(path, arguments, "", &answer, &status);
    if (r < 0 || buffer_append(&answer, "", 1) < 0) {
        doctor_say(doctor, DOCTOR_PROBLEM, "server", "install it beside cellftpctl",
                   "cannot run cellftpd --check: %s", strerror(r < 0 ? -r : ENOMEM));
        return;
    }
    say_lines(doctor, answer.data + answer.start);
    if (!WIFEXITED(status))
        doctor_say(doctor, DOCTOR_PROBLEM, "server", "report this",
                   "cellftpd --check has ended with signal %d", WTERMSIG(status));
}

/* --- Directories --- */

struct place {
    const char *option;
    const char *path;
    mode_t refused; /* bits that must not be there */
    const char *why;
    bool optional; /* made when it is needed */
};

static void look_at_place(struct doctor *doctor, const struct place *place)
{
    cleanup_close int fd = directory_open(place->path, O_RDONLY);
    struct stat status;
    if (fd == -ENOENT && place->optional) {
        doctor_say(doctor, DOCTOR_OK, place->path, NULL, "%s: not there yet, made when needed",
                   place->option);
        return;
    }
    if (fd < 0 || fstat(fd, &status) < 0) {
        doctor_say(doctor, DOCTOR_PROBLEM, place->path,
                   "systemd-tmpfiles --create makes it, and \"make install\" calls that", "%s: %s",
                   place->option, strerror(fd < 0 ? -fd : errno));
        return;
    }
    mode_t mode = status.st_mode & 07777;
    if (status.st_uid != 0) {
        doctor_say(doctor, DOCTOR_PROBLEM, place->path, "chown root it",
                   "%s: belongs to uid %u, must be root's", place->option, status.st_uid);
    } else if (mode & place->refused) {
        char remedy[32];
        (void)snprintf(remedy, sizeof(remedy), "chmod %04o it", mode & ~place->refused);
        doctor_say(doctor, DOCTOR_PROBLEM, place->path, remedy, "%s: mode %04o: %s", place->option,
                   mode, place->why);
    } else {
        doctor_say(doctor, DOCTOR_OK, place->path, NULL, "%s: root's, mode %04o", place->option,
                   mode);
    }
}

void doctor_places(struct doctor *doctor)
{
    const struct config *config = doctor->invocation->config;
    const struct place places[] = {
        {"directories.users", config->directories_users, 0077, "password hashes are in it", false},
        {"directories.state", config->directories_state, 0077, "only root has to read it", true},
        {"directories.homes", config->directories_homes, 0026,
         "users of the system can see the names of others, or make folders", false},
        {"directories.logs", config->directories_logs, 0027,
         "everybody can read what users do, or write what they did not", false},
        {"directories.run", config->directories_run, 0022, "others could write to it", true},
    };
    for (size_t i = 0; i < ELEMENTS(places); i++)
        look_at_place(doctor, &places[i]);
}

enum exit_status command_doctor(const struct invocation *invocation)
{
    struct doctor doctor = {.invocation = invocation};
    table_begin(&doctor.table, invocation, columns, ELEMENTS(columns), TABLE_OF_MANY);
    doctor_server(&doctor);
    doctor_places(&doctor);
    doctor_units(&doctor);
    doctor_accounts(&doctor);
    doctor_quotas(&doctor);
    enum exit_status status = table_end(&doctor.table);
    table_free(&doctor.table);
    if (doctor.problems > 0)
        complain("%u problem%s found", doctor.problems, doctor.problems > 1 ? "s" : "");
    return doctor.problems > 0 ? STATUS_FAILED : status;
}
