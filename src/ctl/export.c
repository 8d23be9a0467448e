/* cellftpctl export: every account as a JSON object, one a line, with the keys of its record. The
 * hashes are in it: it goes to standard output, and where that goes is the administrator's. */
#include "ctl/json.h"
#include "ctl/user.h"
#include "lib/cleanup.h"

#include <errno.h>
#include <inttypes.h>
#include <libconfig.h>
#include <string.h>

static void print_list(FILE *file, const config_setting_t *list)
{
    (void)fputc('[', file);
    for (int i = 0; i < config_setting_length(list); i++) {
        if (i > 0)
            (void)fputc(',', file);
        json_print_string(file, config_setting_get_string_elem(list, i));
    }
    (void)fputc(']', file);
}

static void print_value(struct json_object *object, const config_setting_t *setting)
{
    const char *key = config_setting_name(setting);
    char number[32];
    switch (config_setting_type(setting)) {
    case CONFIG_TYPE_STRING: json_text(object, key, config_setting_get_string(setting)); break;
    case CONFIG_TYPE_BOOL:
        json_bare(object, key, config_setting_get_bool(setting) ? "true" : "false");
        break;
    case CONFIG_TYPE_ARRAY:
    case CONFIG_TYPE_LIST:
        json_member(object, key);
        print_list(object->file, setting);
        break;
    default:
        (void)snprintf(number, sizeof(number), "%lld", config_setting_get_int64(setting));
        json_bare(object, key, number);
        break;
    }
}

/* The record of ACCOUNT, which was found to be good. */
static int print_record(const struct config *config, const char *name)
{
    cleanup_free char *path = NULL;
    if (asprintf(&path, "%s/%s.conf", config->directories_users, name) < 0)
        return -ENOMEM;
    config_t parsed;
    config_init(&parsed);
    int r = config_read_file(&parsed, path) == CONFIG_TRUE ? 0 : -EBADMSG;
    if (r == 0) {
        const config_setting_t *root = config_root_setting(&parsed);
        struct json_object object;
        json_begin(&object, stdout);
        json_text(&object, "name", name);
        for (int i = 0; i < config_setting_length(root); i++)
            print_value(&object, config_setting_get_elem(root, (unsigned)i));
        json_end(&object);
        (void)putchar('\n');
    }
    config_destroy(&parsed);
    return r;
}

struct exporting {
    const struct config *config;
    bool failed;
};

static int visit(const char *name, void *data)
{
    struct exporting *exporting = data;
    cleanup_account struct account *account = NULL;
    cleanup_buffer struct buffer problem;
    buffer_init(&problem, USER_PROBLEM_MAX);
    int r = account_load(exporting->config, name, &account, &problem);
    if (r == -ENOENT)
        return 0; /* removed since the directory was read */
    if (r == 0)
        r = print_record(exporting->config, name);
    if (r < 0) {
        exporting->failed = true;
        complain("left out: %s%.*s", buffer_size(&problem) == 0 ? name : "",
                 (int)buffer_size(&problem), buffer_begin(&problem));
    }
    return 0;
}

enum exit_status command_export(const struct invocation *invocation)
{
    struct exporting exporting = {invocation->config, false};
    int r = account_list(invocation->config, visit, &exporting);
    if (r < 0 || fflush(stdout) != 0) {
        complain("cannot export the accounts: %s", strerror(r < 0 ? -r : errno));
        return STATUS_FAILED;
    }
    return exporting.failed ? STATUS_FAILED : STATUS_OK;
}
