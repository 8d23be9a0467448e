/*
 * Making an account: folder, uid, record. See account_create in account.h; cellftpctl and the
 * monitor's admin work call it, as root.
 *
 * The steps, under the lock of the users directory, and what a machine looks like that stops after
 * each:
 *
 *  1. folder made, root's: nobody's, no account. The next run takes it over, being root's and
 *     empty.
 *  2. uid reserved in .next-uid: a uid is lost, no more.
 *  3. .NAME.new holds the record: no account yet, only NAME.conf is one. The next run takes its
 * uid.
 *  4. folder given to the uid: the uid is in .NAME.new and nobody else can get it. The next run
 *     takes the folder over, being that uid's.
 *  5. the skeleton copied into it: the next run copies it anew. Whatever else is in there, it takes
 *     no folder over.
 *  6. .NAME.new renamed NAME.conf: done.
 *
 * So an account that can log in always has its folder, and running it again completes what was
 * begun.
 */
#include "lib/account.h"

#include "lib/account_homes.h"
#include "lib/account_store.h"
#include "lib/cleanup.h"
#include "lib/file.h"
#include "lib/quota_project.h"
#include "lib/skeleton.h"
#include "lib/words.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { FOLDER_MODE = 0700 };

struct creation {
    struct account_store *store;
    const char *name;
    struct account *account;
    struct account *pending; /* of an interrupted run, or NULL */
    int homes;
    int folder;
    struct buffer *problem;
};

__attribute__((format(printf, 3, 4))) static int fail(struct creation *creation, int error,
                                                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)buffer_append_formatv(creation->problem, format, arguments);
    va_end(arguments);
    return error;
}

static int refuse_existing(struct creation *creation)
{
    char file[ACCOUNT_FILE_MAX];
    struct stat status;
    (void)snprintf(file, sizeof(file), ACCOUNT_RECORD, creation->name);
    if (fstatat(creation->store->users, file, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : -errno;
    return fail(creation, -EEXIST, "exists already");
}

static bool is_record(const char *file)
{
    static const char suffix[] = ".conf";
    size_t size = strlen(file);
    return file[0] != '.' && size > strlen(suffix) &&
           strcmp(file + size - strlen(suffix), suffix) == 0;
}

static int refuse_too_many(struct creation *creation, uint64_t most)
{
    if (most == 0)
        return 0;
    cleanup_closedir DIR *stream = NULL;
    int r = directory_stream(creation->store->users, &stream);
    if (r < 0)
        return r;
    uint64_t count = 0;
    const struct dirent *entry;
    while ((errno = 0, entry = readdir(stream)) != NULL)
        count += is_record(entry->d_name);
    if (errno != 0)
        return -errno;
    return count < most ? 0
                        : fail(creation, -EUSERS, "there are %ju accounts, and that is enough",
                               (uintmax_t)count);
}

/* What an interrupted run left. Anything that is not good is as good as nothing: it is written
 * anew. */
static void read_pending(struct creation *creation)
{
    char file[ACCOUNT_FILE_MAX];
    cleanup_buffer struct buffer ignored;
    buffer_init(&ignored, 8192);
    (void)snprintf(file, sizeof(file), ACCOUNT_PENDING, creation->name);
    (void)account_record_read(creation->store->config, creation->store->users, file, creation->name,
                              ACCOUNT_UID_CONFIGURED, &creation->pending, &ignored);
}

/* 1 if FD has an entry, 0 if not. */
static int is_occupied(int fd)
{
    cleanup_closedir DIR *stream = NULL;
    int r = directory_stream(fd, &stream);
    if (r < 0)
        return r;
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(stream);
        if (!entry)
            return -errno;
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return 1;
    }
}

/* Step 1: the folder, new, or left by an interrupted run. */
static int make_folder(struct creation *creation)
{
    const char *homes = creation->store->config->directories_homes;
    int r = account_directory_open(homes, HOMES_MODE, &creation->homes, creation->problem);
    if (r < 0)
        return r;
    struct stat homes_status;
    if (fstat(creation->homes, &homes_status) < 0)
        return fail(creation, -errno, "%s: %s", homes, strerror(errno));
    /* One that was just made has no group of its own yet. One that was there stays as it is. */
    if (homes_status.st_gid == 0 && (homes_status.st_mode & 07777u) == HOMES_MODE)
        (void)account_homes_admit_admins(creation->store->config, creation->homes);
    if (mkdirat(creation->homes, creation->name, FOLDER_MODE) < 0 && errno != EEXIST)
        return fail(creation, -errno, "cannot make %s/%s: %s", homes, creation->name,
                    strerror(errno));

    creation->folder =
        openat(creation->homes, creation->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (creation->folder < 0) {
        r = errno == ENOTDIR || errno == ELOOP ? -EEXIST : -errno;
        return fail(creation, r, "%s/%s %s", homes, creation->name,
                    r == -EEXIST ? "exists and is no directory; move it away" : strerror(errno));
    }
    struct stat status;
    if (fstat(creation->folder, &status) < 0)
        return fail(creation, -errno, "%s/%s: %s", homes, creation->name, strerror(errno));
    if (status.st_uid != 0 && (!creation->pending || creation->pending->uid != status.st_uid))
        return fail(creation, -EEXIST, "%s/%s exists and belongs to uid %u; move it away", homes,
                    creation->name, status.st_uid);
    /* What is in a folder of the pending account's is the skeleton, or will be refused with it. */
    r = status.st_uid == 0 ? is_occupied(creation->folder) : 0;
    if (r > 0)
        return fail(creation, -EEXIST, "%s/%s exists and is not empty; move it away", homes,
                    creation->name);
    return r;
}

/* Steps 2 and 3: the uid, and the record under the name that makes it no account. */
static int reserve(struct creation *creation)
{
    struct account *account = creation->account;
    int users = creation->store->users;
    int r = 0;
    if (creation->pending)
        account->uid = creation->pending->uid;
    else
        r = account_uid_take(creation->store, &account->uid, creation->problem);
    if (r < 0)
        return r;
    account->gid = account->uid;

    r = account_record_write(creation->store->config, users, account);
    if (r < 0)
        return fail(creation, r, "cannot write its record: %s", strerror(-r));
    char temporary[ACCOUNT_FILE_MAX];
    char pending[ACCOUNT_FILE_MAX];
    (void)snprintf(temporary, sizeof(temporary), ACCOUNT_TEMPORARY, account->name);
    (void)snprintf(pending, sizeof(pending), ACCOUNT_PENDING, account->name);
    if (renameat(users, temporary, users, pending) < 0 || fsync(users) < 0)
        return fail(creation, -errno, "cannot write its record: %s", strerror(errno));
    return 0;
}

/* With quota.backend = "project", the folder is the file system's to count from its first file on.
 * Where that cannot be, and there is a quota, there is no account: it could not upload anything. */
static int give_to_project(struct creation *creation)
{
    struct account *account = creation->account;
    const struct config *config = creation->store->config;
    if (config->quota_backend != QUOTA_PROJECT)
        return 0;
    uint64_t ignored;
    int r = rules_resolve(config, account);
    const struct ledger_amount quota = {account->effective.quota, account->effective.quota_files};
    if (r == 0)
        r = quota_project_apply(creation->folder, account->uid, &quota);
    if (r == -EUCLEAN)
        r = quota_project_adopt(creation->folder, account->uid, true, &ignored, creation->problem);
    return r < 0 ? fail(creation, r, "%s: its quota cannot be held: %s", account->home,
                        quota_project_remedy(r))
                 : 0;
}

/* Steps 4 and 5. */
static int fill(struct creation *creation)
{
    const struct account *account = creation->account;
    int r = give_to_project(creation);
    if (r < 0)
        return r;
    if (fchown(creation->folder, account->uid, account->gid) < 0 ||
        fchmod(creation->folder, FOLDER_MODE) < 0)
        return fail(creation, -errno, "cannot give %s to uid %u: %s", account->home, account->uid,
                    strerror(errno));
    r = skeleton_copy(creation->store->config, creation->folder, account->uid, creation->problem);
    if (r < 0 && buffer_size(creation->problem) == 0)
        return fail(creation, r, "%s %s", account->home,
                    r == -EEXIST ? "exists and is not empty; move it away" : strerror(-r));
    if (r < 0)
        return r;
    if (fsync(creation->folder) < 0 || fsync(creation->homes) < 0)
        return fail(creation, -errno, "%s: %s", account->home, strerror(errno));
    return 0;
}

/* Step 6. */
static int complete(struct creation *creation)
{
    const struct account *account = creation->account;
    int users = creation->store->users;
    char pending[ACCOUNT_FILE_MAX];
    char record[ACCOUNT_FILE_MAX];
    (void)snprintf(pending, sizeof(pending), ACCOUNT_PENDING, account->name);
    (void)snprintf(record, sizeof(record), ACCOUNT_RECORD, account->name);
    if (renameat2(users, pending, users, record, RENAME_NOREPLACE) < 0 || fsync(users) < 0)
        return fail(creation, -errno, "cannot write its record: %s", strerror(errno));
    return 0;
}

static int account_new(const struct config *config, const char *name, const char *hash,
                       const struct account_settings *settings, struct account **ret)
{
    cleanup_account struct account *account = calloc(1, sizeof(*account));
    if (!account)
        return -ENOMEM;
    account->name = strdup(name);
    account->password = strdup(hash);
    if (asprintf(&account->home, "%s/%s", config->directories_homes, name) < 0)
        account->home = NULL;
    if (!account->name || !account->password || !account->home)
        return -ENOMEM;
    account->enabled = settings->enabled;
    account->read_only = settings->read_only;
    account->sets_read_only = settings->sets_read_only;
    account->sets_role = settings->sets_role;
    account->tls = settings->tls;
    account->role = settings->role;
    account->certificate = settings->certificate;
    const char *wanted = settings->certificate_name;
    if (wanted && *wanted && !(account->certificate_name = strdup(wanted)))
        return -ENOMEM;
    if (words_copy(settings->labels, &account->labels) < 0 ||
        (settings->rules && rules_copy(settings->rules, &account->rules) < 0))
        return -ENOMEM;
    account->expires = settings->expires;
    account->created = time(NULL);
    *ret = take_pointer(account);
    return 0;
}

int account_create(const struct config *config, const char *name, const char *hash,
                   const struct account_settings *settings, struct account **ret,
                   struct buffer *problem)
{
    cleanup_account_store struct account_store store = {.users = -1, .hint = -1};
    cleanup_account struct account *account = NULL;
    struct creation creation = {
        .store = &store, .name = name, .homes = -1, .folder = -1, .problem = problem};

    int r = account_check_name(name);
    if (r < 0)
        return fail(&creation, r, "is no name for an account");
    if (config->accounts_uid_min > config->accounts_uid_max)
        return fail(&creation, -EINVAL, "accounts.uid_min is larger than accounts.uid_max");
    r = account_new(config, name, hash, settings, &account);
    if (r == 0)
        r = account_store_open(config, ACCOUNT_STORE_CREATE, &store, problem);
    if (r < 0)
        return r;

    creation.account = account;
    r = refuse_existing(&creation);
    if (r == 0)
        r = refuse_too_many(&creation, settings->accounts_max);
    if (r == 0) {
        read_pending(&creation);
        r = make_folder(&creation);
    }
    if (r == 0)
        r = reserve(&creation);
    if (r == 0)
        r = fill(&creation);
    if (r == 0)
        r = complete(&creation);
    account_free(creation.pending);
    (void)close_fd(creation.folder);
    (void)close_fd(creation.homes);
    if (r < 0)
        return r;
    *ret = take_pointer(account);
    return 0;
}
