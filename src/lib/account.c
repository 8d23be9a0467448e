/* The local user database: names, reading, writing and listing records. See account.h. */
#include "lib/account.h"

#include "lib/account_store.h"
#include "lib/cleanup.h"
#include "lib/words.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

enum { PROBLEM_MAX = 8192, NAMES_MAX = 4 * 1024 * 1024 };

static const char suffix[] = ".conf";

static bool is_letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

int account_check_name(const char *name)
{
    size_t size = strnlen(name, ACCOUNT_NAME_MAX + 1);
    if (size == 0 || size > ACCOUNT_NAME_MAX || !is_letter_or_digit(name[0]) ||
        name[size - 1] == '.')
        return -EINVAL;
    for (size_t i = 0; i < size; i++)
        if (!is_letter_or_digit(name[i]) && name[i] != '.' && name[i] != '_' && name[i] != '-')
            return -EINVAL;
    return 0;
}

const char *const account_tls_words[] = {
    [ACCOUNT_TLS_DEFAULT] = "default",
    [ACCOUNT_TLS_REQUIRED] = "required",
    [ACCOUNT_TLS_OPTIONAL] = "optional",
    NULL,
};
const char *const account_role_words[] = {
    [ACCOUNT_USER] = "user",
    [ACCOUNT_ADMIN] = "admin",
    NULL,
};

const char *const account_certificate_words[] = {
    [ACCOUNT_CERTIFICATE_DEFAULT] = "default",
    [ACCOUNT_CERTIFICATE_NO] = "no",
    [ACCOUNT_CERTIFICATE_FACTOR] = "factor",
    [ACCOUNT_CERTIFICATE_INSTEAD] = "instead",
    NULL,
};

void account_free(struct account *account)
{
    if (!account)
        return;
    free(account->name);
    if (account->password)
        explicit_bzero(account->password, strlen(account->password));
    free(account->password);
    free(account->home);
    free(account->certificate_name);
    free(account->groups);
    words_free(account->labels);
    rules_free(&account->rules);
    rules_free(&account->effective);
    free(account);
}

bool account_is_expired(const struct account *account)
{
    return account->expires != 0 && time(NULL) > account->expires;
}

int account_load(const struct config *config, const char *name, struct account **ret,
                 struct buffer *problem)
{
    int r = account_check_name(name);
    if (r < 0)
        return r;

    cleanup_account_store struct account_store store;
    r = account_store_open(config, ACCOUNT_STORE_READ, &store, problem);
    if (r < 0)
        return r;
    char file[ACCOUNT_FILE_MAX];
    (void)snprintf(file, sizeof(file), ACCOUNT_RECORD, name);
    return account_record_read(config, store.users, file, name, ACCOUNT_UID_CONFIGURED, ret,
                               problem);
}

int account_change(const struct config *config, const char *name, account_changer change,
                   void *data, struct account **ret, struct buffer *problem)
{
    int r = account_check_name(name);
    if (r < 0)
        return r;

    cleanup_account_store struct account_store store;
    cleanup_account struct account *account = NULL;
    char file[ACCOUNT_FILE_MAX];
    (void)snprintf(file, sizeof(file), ACCOUNT_RECORD, name);
    r = account_store_open(config, ACCOUNT_STORE_CHANGE, &store, problem);
    if (r == 0)
        r = account_record_read(config, store.users, file, name, ACCOUNT_UID_CONFIGURED, &account,
                                problem);
    if (r < 0)
        return r;

    int changed = change(account, data);
    if (changed > 0)
        r = account_record_replace(config, store.users, account);
    if (r < 0)
        (void)buffer_append_format(problem, "cannot write its record: %s", strerror(-r));
    if (r < 0 || changed < 0)
        return r < 0 ? r : changed;
    *ret = take_pointer(account);
    return changed;
}

/* --- Listing --- */

struct names {
    char **names;
    size_t count;
    size_t allocated;
};

static void names_free(struct names *names)
{
    for (size_t i = 0; i < names->count; i++)
        free(names->names[i]);
    free(names->names);
}

static int names_add(struct names *names, const char *name, size_t size)
{
    if (names->count == names->allocated) {
        size_t allocated = names->allocated ? names->allocated * 2 : 64;
        if (allocated > NAMES_MAX)
            return -ENOBUFS;
        char **grown = reallocarray(names->names, allocated, sizeof(*grown));
        if (!grown)
            return -ENOMEM;
        names->names = grown;
        names->allocated = allocated;
    }
    char *copy = strndup(name, size);
    if (!copy)
        return -ENOMEM;
    if (account_check_name(copy) < 0)
        free(copy); /* a file that is none of ours */
    else
        names->names[names->count++] = copy;
    return 0;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int read_names(int users, struct names *ret)
{
    cleanup_close int fd = openat(users, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_closedir DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream)
        return -errno;
    (void)take_fd(&fd);

    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry)
            return -errno;
        size_t size = strlen(entry->d_name);
        if (size < sizeof(suffix) || strcmp(entry->d_name + size - strlen(suffix), suffix) != 0)
            continue;
        int r = names_add(ret, entry->d_name, size - strlen(suffix));
        if (r < 0)
            return r;
    }
}

int account_list(const struct config *config, int (*visit)(const char *name, void *data),
                 void *data)
{
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, PROBLEM_MAX);
    cleanup_account_store struct account_store store;
    int r = account_store_open(config, ACCOUNT_STORE_READ, &store, &problem);
    if (r < 0)
        return r;

    __attribute__((cleanup(names_free))) struct names names = {0};
    r = read_names(store.users, &names);
    if (names.count > 0)
        qsort(names.names, names.count, sizeof(*names.names), compare_names);
    for (size_t i = 0; r == 0 && i < names.count; i++)
        r = visit(names.names[i], data);
    return r;
}
