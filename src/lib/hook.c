/* What a hook is, what its program must be like, and what it is told: see hook.h. */
#include "lib/hook_process.h"

#include "lib/cleanup.h"
#include "lib/local_user.h"

#include <limits.h>
#include <string.h>
#include <sys/stat.h>

static const char *const words_of_kinds[] = {
#define HOOK_WORD(name, word) [HOOK_##name] = #word,
    HOOKS(HOOK_WORD)
#undef HOOK_WORD
};
static const char *const words_of_problems[] = {
#define HOOK_PROBLEM_WORD(name, word) [HOOK_PROBLEM_##name] = word,
    HOOK_PROBLEMS(HOOK_PROBLEM_WORD)
#undef HOOK_PROBLEM_WORD
};

const char *hook_word(enum hook_kind kind)
{
    return words_of_kinds[kind];
}

const char *hook_problem_word(enum hook_problem problem)
{
    return words_of_problems[problem];
}

const char *hook_program(const struct config *config, enum hook_kind kind)
{
    const char *programs[] = {
#define HOOK_PROGRAM(name, word) [HOOK_##name] = config->hooks_##word,
        HOOKS(HOOK_PROGRAM)
#undef HOOK_PROGRAM
    };
    return programs[kind] && *programs[kind] ? programs[kind] : NULL;
}

__attribute__((format(printf, 3, 4))) static int refuse(int error, char words[HOOK_WORDS_MAX],
                                                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(words, HOOK_WORDS_MAX, format, arguments);
    va_end(arguments);
    return error;
}

/* Nobody but root can put anything else at PATH, which has no symbolic link in it. Where a
 * directory is sticky, others cannot touch what is root's in it. */
static int check_owners(const char *path, char words[HOOK_WORDS_MAX])
{
    char part[PATH_MAX];
    (void)snprintf(part, sizeof(part), "%s", path);
    for (;;) {
        struct stat status;
        if (lstat(*part ? part : "/", &status) < 0)
            return refuse(-errno, words, "%.300s: %s", part, strerror(errno));
        bool safe = status.st_uid == 0 && (!(status.st_mode & (S_IWGRP | S_IWOTH)) ||
                                           (S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX)));
        if (!safe)
            return refuse(-EPERM, words,
                          "%.300s can be changed by others than root: chown root, "
                          "chmod go-w",
                          *part ? part : "/");
        if (!*part)
            return 0;
        *strrchr(part, '/') = '\0';
    }
}

static int check_program(const char *path, char words[HOOK_WORDS_MAX])
{
    if (path[0] != '/')
        return refuse(-EINVAL, words, "%.300s: expected an absolute path, without arguments", path);
    cleanup_free char *real = realpath(path, NULL);
    struct stat status;
    if (!real || stat(real, &status) < 0)
        return refuse(-errno, words, "%.300s: %s; install it, or change the option", path,
                      strerror(errno));
    if (!S_ISREG(status.st_mode) || !(status.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)))
        return refuse(-EACCES, words, "%.300s is no program: chmod +x", path);
    return check_owners(real, words);
}

static int find_user(const struct config *config, struct hook_program *ret,
                     char words[HOOK_WORDS_MAX])
{
    int r = local_user_find(config->hooks_user, &ret->uid, &ret->gid);
    if (r < 0)
        return refuse(
            r, words, "hooks.user \"%s\": %s", config->hooks_user,
            r == -ESRCH   ? "there is no such user in /etc/passwd: make it, useradd --system"
            : r == -EPERM ? "hooks never run as root: name a system user that has the rights "
                            "they need"
                          : strerror(-r));
    int count = local_user_groups(config->hooks_user, ret->groups, HOOK_GROUPS_MAX);
    if (count < 0)
        return refuse(count, words, "/etc/group: %s", strerror(-count));
    ret->group_count = (size_t)count;
    return 0;
}

int hook_check(const struct config *config, enum hook_kind kind, char words[HOOK_WORDS_MAX])
{
    struct hook_program program;
    const char *path = hook_program(config, kind);
    if (!path)
        return 0;
    int r = check_program(path, words);
    return r < 0 ? r : find_user(config, &program, words);
}

static int add_fact(struct hook_program *program, size_t *count, const char *name,
                    const char *value)
{
    if (!value)
        return 0;
    char *fact = NULL;
    if (asprintf(&fact, "%s=%s", name, value) < 0)
        return -ENOMEM;
    program->environment[(*count)++] = fact;
    return 0;
}

static int add_facts(struct hook_program *program, const struct hook_facts *facts)
{
    char bytes[32];
    (void)snprintf(bytes, sizeof(bytes), "%llu", (unsigned long long)facts->bytes);
    const struct {
        const char *name, *value;
    } all[] = {
        {"PATH", "/usr/local/bin:/usr/bin:/bin"},
        {"CELLFTPD_EVENT", hook_word(facts->kind)},
        {"CELLFTPD_USER", facts->user},
        {"CELLFTPD_PATH", facts->path},
        {"CELLFTPD_FILE", facts->file},
        {"CELLFTPD_BYTES", facts->bytes == EVENT_UNSET ? NULL : bytes},
        {"CELLFTPD_CLIENT", facts->client},
        {"CELLFTPD_SESSION", facts->session},
    };
    size_t count = 0;
    int r = 0;
    for (size_t i = 0; r == 0 && i < ELEMENTS(all); i++)
        r = add_fact(program, &count, all[i].name, all[i].value);
    return r;
}

static void program_clear(struct hook_program *program)
{
    for (size_t i = 0; i < HOOK_FACTS_MAX; i++)
        free(program->environment[i]);
}

enum hook_problem hook_run(const struct config *config, const struct hook_facts *facts, int stop,
                           char detail[HOOK_DETAIL_MAX])
{
    char words[HOOK_WORDS_MAX];
    __attribute__((cleanup(program_clear))) struct hook_program program = {
        .path = hook_program(config, facts->kind)};
    detail[0] = '\0';
    if (!program.path)
        return HOOK_FINE;
    int r = check_program(program.path, words);
    if (r == 0)
        r = find_user(config, &program, words);
    if (r == 0 && add_facts(&program, facts) < 0)
        r = refuse(-ENOMEM, words, "%s", strerror(ENOMEM));
    if (r < 0) {
        (void)snprintf(detail, HOOK_DETAIL_MAX, "%s", words);
        return HOOK_PROBLEM_CANNOT_RUN;
    }
    return hook_process_run(&program, config->hooks_timeout, stop, detail);
}

struct event hook_event(enum hook_problem problem, const struct hook_facts *facts,
                        const char *detail)
{
    struct event event = EVENT_INIT(EVENT_HOOK_FAILED);
    event.path = facts->path;
    event.reason = hook_problem_word(problem);
    event.detail = detail;
    return event;
}
