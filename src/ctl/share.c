/* cellftpctl share list: the shares of cellftpd.conf, and whether each can work. It makes the mount
 * of each as a login would, and throws it away. */
#include "lib/share.h"

#include "ctl/table.h"
#include "lib/cleanup.h"

static const struct table_column columns[] = {
    {"PATH", "path", TABLE_TEXT},     {"AT", "at", TABLE_TEXT},
    {"RIGHTS", NULL, TABLE_TEXT},     {NULL, "read_only", TABLE_BOOLEAN},
    {"USERS", "users", TABLE_TEXT},   {"GROUPS", "groups", TABLE_TEXT},
    {NULL, "works", TABLE_BOOLEAN},   {NULL, "as_owner", TABLE_BOOLEAN},
    {"STATE", "problem", TABLE_TEXT},
};

/* The names with spaces between them; NULL if there are none. */
static int join(char *const *names, struct buffer *ret)
{
    int r = 0;
    for (size_t i = 0; r == 0 && names[i]; i++)
        r = buffer_append_format(ret, "%s%s", i > 0 ? " " : "", names[i]);
    return r < 0 ? r : buffer_append(ret, "", 1);
}

static void put_names(struct table *table, char *const *names)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, 65536);
    table_put(table, names[0] && join(names, &text) == 0 ? buffer_begin(&text) : NULL);
}

/* True if it can work. */
static bool put_share(struct table *table, const struct config *config, const struct share *share)
{
    char words[SHARE_WORDS_MAX];
    struct share_mount mount = {.tree = -1};
    uid_t uid = (uid_t)config->accounts_uid_min;
    int r = share_mount(config, share, uid, uid, share->read_only, &mount, words);
    (void)close_fd(mount.tree);
    const char *state =
        mount.as_owner ? "ok, users act as the owner of the folder" : "ok, users act as themselves";
    table_put(table, share->path);
    table_put(table, share->at);
    table_put(table, share->read_only ? "read-only" : "read-write");
    table_put_boolean(table, share->read_only);
    put_names(table, share->users);
    put_names(table, share->groups);
    table_put_boolean(table, r == 0);
    table_put_boolean(table, mount.as_owner);
    if (table->format == TABLE_JSON)
        table_put(table, r < 0 ? words : NULL);
    else
        table_put(table, r < 0 ? words : state);
    return r == 0;
}

enum exit_status command_share_list(const struct invocation *invocation)
{
    const struct config *config = invocation->config;
    bool good = true;
    cleanup_table struct table table;
    table_begin(&table, invocation, columns, ELEMENTS(columns), TABLE_OF_BLOCKS);
    for (size_t i = 0; i < config->share_count; i++)
        good &= put_share(&table, config, &config->shares[i]);
    enum exit_status status = table_end(&table);
    return good ? status : STATUS_FAILED;
}
