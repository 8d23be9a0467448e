/* cellftpctl import: accounts of another server, or of this one on another machine, made here. Each
 * user is on its own: what is wrong with one does not keep the others out. */
#include "ctl/import.h"

#include "ctl/file.h"
#include "ctl/record.h"
#include "ctl/table.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/password.h"
#include "lib/text.h"
#include "lib/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <search.h>
#include <string.h>

enum { LIST_MAX = 256 << 20, PROBLEM_MAX = 16384, SHOWN_MAX = 1024 };

struct importing {
    const struct invocation *invocation;
    const struct import_format *format;
    struct table *table;
    void *names; /* tsearch(3): of this run */
    bool failed;
};

static int compare(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* True if the name was in the lists before. */
static bool is_repeated(struct importing *importing, const char *name)
{
    char *copy = strdup(name);
    char **found = copy ? tsearch(copy, &importing->names, compare) : NULL;
    bool repeated = found && *found != copy;
    if (repeated || !found)
        free(copy);
    return repeated;
}

static void put(struct importing *importing, const char *name, const char *result, const char *home,
                const struct buffer *words)
{
    char text[SHOWN_MAX];
    (void)snprintf(text, sizeof(text), "%.*s", (int)buffer_size(words), buffer_begin(words));
    table_put(importing->table, name);
    table_put(importing->table, result);
    table_put(importing->table, home);
    table_put(importing->table, *text ? text : NULL);
}

static void log_it(const struct importing *importing, const struct import_user *user,
                   const struct account *account)
{
    char detail[SHOWN_MAX];
    (void)snprintf(detail, sizeof(detail), "from %s%s%s%.*s", importing->format->word,
                   account->enabled ? "" : ", locked", buffer_size(&user->notes) > 0 ? ": " : "",
                   (int)buffer_size(&user->notes), buffer_begin(&user->notes));
    struct event event = EVENT_INIT(EVENT_USER_IMPORT);
    event.detail = detail;
    record(importing->invocation, (struct event_origin){.user = account->name}, &event);
}

/* Pure-FTPd marks the root of a user's folder in the middle of its path: "/home/ftp/./alice". */
static char *clean_home(const char *home)
{
    char *clean = strdup(home);
    char *mark = clean ? strstr(clean, "/./") : NULL;
    if (mark)
        mark[mark == clean] = '\0';
    size_t size = clean ? strlen(clean) : 0;
    while (size > 1 && clean[size - 1] == '/')
        clean[--size] = '\0';
    return clean;
}

static struct account_settings settings_of(const struct import_user *user, bool enabled)
{
    const struct account *account = user->account;
    if (!account)
        return (struct account_settings){.enabled = enabled, .rules = &user->rules};
    return (struct account_settings){
        .enabled = enabled,
        .read_only = account->read_only,
        .sets_read_only = account->sets_read_only,
        .tls = account->tls,
        .role = account->role,
        .sets_role = account->sets_role,
        .certificate = account->certificate,
        .certificate_name = account->certificate_name,
        .expires = account->expires,
        .labels = account->labels,
        .rules = &account->rules,
    };
}

struct move {
    const char *home;
    bool enabled;
};

static int take_home(struct account *account, void *data)
{
    const struct move *move = data;
    char *home = strdup(move->home);
    if (!home)
        return -ENOMEM;
    free(account->home);
    account->home = home;
    account->enabled = move->enabled;
    return 1;
}

/* The folder that the account was made with, and that it does not need. */
static int remove_folder(const char *home, struct buffer *problem)
{
    cleanup_close int fd = directory_open(home, O_RDONLY);
    int r = fd < 0 ? fd : tree_empty(fd, problem);
    return r == 0 && rmdir(home) < 0 ? -errno : r;
}

/* Nobody can log in to it before its folder is its own. */
static int keep_home(const struct importing *importing, struct import_user *user, const char *home,
                     bool enabled, struct account **account)
{
    const struct config *config = importing->invocation->config;
    struct move move = {home, enabled};
    cleanup_account struct account *made = take_pointer(*account);
    int r = import_home_take(home, user->owner, made->uid, false, &user->notes);
    if (r == 0)
        r = account_change(config, made->name, take_home, &move, account, &user->notes);
    return r < 0 ? r : remove_folder(made->home, &user->notes);
}

/* Makes it. Negative errno, with words in user->fault. */
static int create(const struct importing *importing, struct import_user *user, const char *home)
{
    const struct config *config = importing->invocation->config;
    char made[PASSWORD_HASH_MAX];
    const char *hash = user->hash;
    bool enabled = !user->locked && (!user->account || user->account->enabled);
    int r = 0;
    if (!hash) {
        r = password_hash(user->clear, (unsigned)config->accounts_hash_cost, made);
        hash = made;
    }
    struct account_settings settings = settings_of(user, enabled && !home);
    cleanup_account struct account *account = NULL;
    if (r == 0)
        r = account_create(config, user->name, hash, &settings, &account, &user->fault);
    if (r == 0 && home) {
        cleanup_buffer struct buffer problem;
        buffer_init(&problem, PROBLEM_MAX);
        r = keep_home(importing, user, home, enabled, &account);
        if (r < 0)
            import_fault(user, "it is made, but locked, as its folder %s cannot be given to it: %s",
                         home, strerror(-r));
    } else if (r < 0 && buffer_size(&user->fault) == 0) {
        import_fault(user, "%s", strerror(-r));
    }
    if (r == 0)
        log_it(importing, user, account);
    return r;
}

/* What keeps a user from being imported, before anything is done. */
static void look_for_faults(struct importing *importing, struct import_user *user, const char *home)
{
    if (buffer_size(&user->fault) > 0)
        return;
    const char *fault = user->hash ? import_hash_fault(user->hash) : NULL;
    if (account_check_name(user->name) < 0)
        import_fault(user, "this is no name for an account: 1 to 32 of a-z 0-9 . _ -");
    else if (is_repeated(importing, user->name))
        import_fault(user, "the name was in the list before");
    if (fault)
        import_fault(user, "%s", fault);
    else if (user->clear && strlen(user->clear) >= PASSWORD_MAX)
        import_fault(user, "the password is too long");
    if (home && buffer_size(&user->fault) == 0)
        (void)import_home_take(home, user->owner, 0, true, &user->fault);
}

static bool exists(const struct importing *importing, const char *name)
{
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer ignored;
    buffer_init(&ignored, PROBLEM_MAX);
    return account_load(importing->invocation->config, name, &account, &ignored) != -ENOENT;
}

static void import_one(struct importing *importing, struct import_user *user)
{
    bool dry = option_given(importing->invocation, OPTION_DRY_RUN);
    bool keeps = option_given(importing->invocation, OPTION_KEEP_HOMES);
    cleanup_free char *home = keeps && user->home ? clean_home(user->home) : NULL;
    if (keeps && !home)
        import_note(user, "its folder is not known: it gets a new one");
    look_for_faults(importing, user, home);
    bool good = buffer_size(&user->fault) == 0;
    if (good && exists(importing, user->name)) {
        import_note(user, "there is an account of this name; it stays as it is");
        put(importing, user->name, "exists", NULL, &user->notes);
        return;
    }
    if (good && user->locked)
        import_note(user, "it is locked until you have looked at it and \"user unlock\" it");
    if (good && !dry)
        good = create(importing, user, home) == 0;
    importing->failed |= !good;
    if (!good)
        put(importing, user->name, "refused", NULL, &user->fault);
    else
        put(importing, user->name, dry ? "would be imported" : "imported", home, &user->notes);
}

static enum exit_status import_file(struct importing *importing, const char *path)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, LIST_MAX);
    int r = file_load(path, &text);
    if (r == 0 && buffer_size(&text) > 0 && memchr(buffer_begin(&text), '\0', buffer_size(&text)))
        r = -EBADMSG;
    if (r < 0) {
        complain("%s: %s", path,
                 r == -EPERM     ? "it must be root's, and writable by nobody else"
                 : r == -EBADMSG ? "it is no text; of a database, take what it was made from"
                                 : strerror(-r));
        return STATUS_FAILED;
    }
    struct import_source source = {.config = importing->invocation->config,
                                   .rest = text.data + text.start};
    for (;;) {
        struct import_user user;
        import_user_init(&user);
        bool more = importing->format->next(&source, &user);
        if (more)
            import_one(importing, &user);
        import_user_free(&user);
        if (!more)
            break;
    }
    explicit_bzero(text.data, text.allocated);
    return STATUS_OK;
}

enum exit_status command_import(const struct invocation *invocation)
{
    static const struct table_column columns[] = {
        {"NAME", "name", TABLE_TEXT},
        {"RESULT", "result", TABLE_TEXT},
        {"FOLDER KEPT", "home", TABLE_TEXT},
        {"DETAIL", "detail", TABLE_TEXT},
    };
    const char *from = option_value(invocation, OPTION_FROM);
    if (!from) {
        complain("say of which server the list is: --from puredb, authuserfile, vsftpd or "
                 "cellftpd");
        return STATUS_USAGE;
    }
    cleanup_table struct table table;
    table_begin(&table, invocation, columns, ELEMENTS(columns), TABLE_OF_MANY);
    struct importing importing = {
        .invocation = invocation, .format = import_format_find(from), .table = &table};
    enum exit_status status = STATUS_OK;
    for (size_t i = 0; i < invocation->operand_count; i++)
        if (import_file(&importing, invocation->operands[i]) != STATUS_OK)
            status = STATUS_FAILED;
    tdestroy(importing.names, free);
    enum exit_status shown = table_end(&table);
    return importing.failed ? STATUS_FAILED : status != STATUS_OK ? status : shown;
}
