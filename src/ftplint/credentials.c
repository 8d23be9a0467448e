/* Who logs in, with which password: see options.h. A password never stands on the command line. */
#include "ftplint/options.h"

#include "lib/cleanup.h"
#include "lib/prompt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PASSWORD_LENGTH_MAX = 1024, NETRC_MAX = 1 << 16 };

static const struct {
    const char *what; /* for a question and a complaint */
    const char *variable;
    const char *option;
} sources[ACCOUNTS] = {
    [ACCOUNT_USER] = {"password", "FTPLINT_PASSWORD", "--password-file"},
    [ACCOUNT_SECOND] = {"password of the second user", "FTPLINT_PASSWORD2", "--password2-file"},
    [ACCOUNT_ADMIN] = {"password of the administrator", "FTPLINT_ADMIN_PASSWORD",
                       "--admin-password-file"},
};

static bool complain(const char *name, const char *problem)
{
    (void)fprintf(stderr, "ftplint: %s: %s\n", name, problem);
    return false;
}

static bool read_file(struct options *options, const char *path, struct login *login)
{
    char line[PASSWORD_LENGTH_MAX];
    bool is_input = strcmp(path, "-") == 0;
    cleanup_close int opened = is_input ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (!is_input && opened < 0)
        return complain(path, strerror(errno));
    int r = read_secret(is_input ? STDIN_FILENO : opened, line, sizeof(line));
    if (r < 0)
        return complain(path, r == -ECANCELED ? "there is no password in it" : strerror(-r));
    login->password = options_keep(options, strdup(line));
    explicit_bzero(line, sizeof(line));
    return login->password != NULL;
}

/* The netrc's next word after *AT; false at the end. */
static bool next_word(char **at, char **ret)
{
    static const char blanks[] = " \t\r\n";
    *at += strspn(*at, blanks);
    if (!**at)
        return false;
    *ret = *at;
    *at += strcspn(*at, blanks);
    if (**at)
        *(*at)++ = '\0';
    return true;
}

/* What netrc (ftp(1) of 4.2BSD) knows of HOST and, if it is not NULL, USER. */
static void search_netrc(char *text, const char *host, const char *user, const char **ret_user,
                         const char **ret_password)
{
    bool here = false;
    const char *login = NULL;
    char *word, *value;
    while (next_word(&text, &word)) {
        if (strcmp(word, "default") == 0) {
            here = true;
            login = NULL;
        } else if (strcmp(word, "macdef") == 0) {
            char *end = strstr(text, "\n\n");
            text = end ? end : text + strlen(text);
        } else if (!next_word(&text, &value)) {
            return;
        } else if (strcmp(word, "machine") == 0) {
            here = strcasecmp(value, host) == 0;
            login = NULL;
        } else if (here && strcmp(word, "login") == 0) {
            login = value;
        } else if (here && strcmp(word, "password") == 0 && login &&
                   (!user || strcmp(user, login) == 0)) {
            *ret_user = login;
            *ret_password = value;
            return;
        }
    }
}

/* As ftp(1) does, which even refuses. */
static void check_rights(const char *path, int fd)
{
    struct stat found;
    if (fstat(fd, &found) == 0 && S_ISREG(found.st_mode) && (found.st_mode & (S_IRGRP | S_IROTH)))
        (void)fprintf(stderr, "ftplint: %s: others may read it, passwords and all (chmod 600)\n",
                      path);
}

/* Reads the netrc file, once for each account that still lacks something. */
static bool read_netrc(struct options *options, struct login *login)
{
    char path[4096];
    const char *home = getenv("HOME");
    (void)snprintf(path, sizeof(path), "%s%s",
                   options->netrc ? options->netrc
                   : home         ? home
                                  : "",
                   options->netrc ? "" : "/.netrc");
    char text[NETRC_MAX] = "";
    FILE *file = fopen(path, "re");
    if (!file)
        return options->netrc ? complain(path, strerror(errno)) : true;
    size_t size = fread(text, 1, sizeof(text), file);
    bool failed = ferror(file);
    check_rights(path, fileno(file));
    (void)fclose(file);
    if (!failed && size < sizeof(text)) {
        const char *user = NULL, *password = NULL;
        search_netrc(text, options->target.host, login->user, &user, &password);
        if (password)
            *login = (struct login){options_keep(options, strdup(user)),
                                    options_keep(options, strdup(password))};
    }
    explicit_bzero(text, sizeof(text));
    if (failed || size == sizeof(text))
        return complain(path, failed ? strerror(EIO) : "it is too large for a netrc file");
    return true;
}

static bool ask(struct options *options, const char *what, struct login *login)
{
    char question[128], answer[PASSWORD_LENGTH_MAX];
    (void)snprintf(question, sizeof(question), "%s, %s: ", what, login->user);
    int r = prompt_secret(STDIN_FILENO, question, answer, sizeof(answer));
    if (r < 0)
        return false;
    login->password = options_keep(options, strdup(answer));
    explicit_bzero(answer, sizeof(answer));
    return login->password != NULL;
}

static bool obtain(struct options *options, enum account account)
{
    struct login *login = &options->target.logins[account];
    const char *file = options->password_files[account];
    if (login->user && !*login->user)
        return complain("the user's name", "it is empty");
    if (file) {
        login->user = login->user ? login->user : "anonymous";
        return read_file(options, file, login);
    }
    const char *value = getenv(sources[account].variable);
    if (value && login->user)
        login->password = value;
    if (login->password)
        return true;
    if (!read_netrc(options, login))
        return false;
    if (!login->user && account == ACCOUNT_USER)
        *login = (struct login){"anonymous", "ftplint@"};
    if (!login->user || login->password || ask(options, sources[account].what, login))
        return true;
    (void)fprintf(stderr,
                  "ftplint: no password for %s: give it by %s FILE, %s in the environment, "
                  "~/.netrc, or a terminal to ask on\n",
                  login->user, sources[account].option, sources[account].variable);
    return false;
}

/* A line's end in them would be another command. */
static bool check(const struct login *login, const char *what)
{
    if (strpbrk(login->user, "\r\n"))
        return complain("the user's name", "there is a line's end in it");
    return !strpbrk(login->password, "\r\n") || complain(what, "there is a line's end in it");
}

bool credentials_read(struct options *options)
{
    struct login *logins = options->target.logins;
    if (options->user) {
        if (logins[ACCOUNT_USER].user && strcmp(logins[ACCOUNT_USER].user, options->user) != 0)
            logins[ACCOUNT_USER].password = NULL;
        logins[ACCOUNT_USER].user = options->user;
    }
    logins[ACCOUNT_SECOND].user = options->user2;
    logins[ACCOUNT_ADMIN].user = options->admin;
    for (int i = 0; i < ACCOUNTS; i++)
        if ((i == ACCOUNT_USER || logins[i].user) &&
            (!obtain(options, (enum account)i) || !check(&logins[i], sources[i].what)))
            return false;
    return true;
}
