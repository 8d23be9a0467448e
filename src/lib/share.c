/* Which shares an account gets, and where they can be: see share.h. share_mount.c makes the
 * mounts, share_place.c the directories that they are put at. */
#include "lib/share.h"

#include "lib/cleanup.h"
#include "lib/words.h"

#include <limits.h>
#include <string.h>

static bool is_for(const struct share *share, const struct account *account)
{
    if (!share->users[0] && !share->groups[0])
        return true;
    bool found = words_have(share->users, account->name);
    for (size_t i = 0; account->labels && account->labels[i]; i++)
        found |= words_have(share->groups, account->labels[i]);
    return found;
}

const struct share *share_of(const struct config *config, const struct account *account,
                             size_t number)
{
    for (size_t i = 0; i < config->share_count && account->role != ACCOUNT_ADMIN; i++)
        if (is_for(&config->shares[i], account) && number-- == 0)
            return &config->shares[i];
    return NULL;
}

size_t share_count_of(const struct config *config, const struct account *account)
{
    size_t count = 0;
    while (share_of(config, account, count))
        count++;
    return count;
}

/* PATH is ABOVE or lies in it. Both are absolute and have no slash at the end. */
static bool is_within(const char *path, const char *above)
{
    size_t length = strlen(above);
    return strncmp(path, above, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* Components that are names, with one slash between them. */
static bool is_plain(const char *path)
{
    for (;;) {
        size_t length = strcspn(path, "/");
        if (length == 0 || length > NAME_MAX || (length == 1 && path[0] == '.') ||
            (length == 2 && path[0] == '.' && path[1] == '.'))
            return false;
        if (path[length] == '\0')
            return true;
        path += length + 1;
    }
}

__attribute__((format(printf, 2, 3))) static int refuse(char words[SHARE_WORDS_MAX],
                                                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(words, SHARE_WORDS_MAX, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

/* What is in these is the kernel's, or keeps the machine safe. */
static const char *const system_directories[] = {"/boot", "/dev", "/etc", "/proc", "/root", "/sys"};

int share_check(const struct config *config, const struct share *share, char words[SHARE_WORDS_MAX])
{
    if (strlen(share->path) >= PATH_MAX || share->path[0] != '/' || !is_plain(share->path + 1))
        return refuse(words,
                      "path \"%.200s\": expected the whole path of a directory below /, "
                      "without \"..\" and without a slash at the end",
                      share->path);
    if (strlen(share->at) >= PATH_MAX || !is_plain(share->at))
        return refuse(words,
                      "at \"%.200s\": expected a path below the user's folder, without a "
                      "slash at either end and without \"..\"",
                      share->at);
    for (size_t i = 0; i < ELEMENTS(system_directories); i++)
        if (is_within(share->path, system_directories[i]))
            return refuse(words,
                          "path \"%.200s\" is in %s, which is the system's: share another "
                          "directory, with a copy of what is wanted",
                          share->path, system_directories[i]);
    const struct {
        const char *name, *path;
    } own[] = {
        {"directories.homes", config->directories_homes},
        {"directories.users", config->directories_users},
        {"directories.state", config->directories_state},
        {"directories.run", config->directories_run},
        {"directories.logs", config->directories_logs},
    };
    for (size_t i = 0; i < ELEMENTS(own); i++)
        if (is_within(share->path, own[i].path) || is_within(own[i].path, share->path))
            return refuse(words, "path \"%.200s\" %s %s (%.200s): share a directory beside it",
                          share->path, is_within(share->path, own[i].path) ? "is in" : "is above",
                          own[i].name, own[i].path);
    return 0;
}
