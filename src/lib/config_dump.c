/* The effective configuration as a file: see config.h. It never writes anything but a buffer. */
#include "lib/config.h"
#include "lib/option.h"

#include <string.h>

static int dump_option(const struct option *option, const struct config *config, struct buffer *ret)
{
    int r = buffer_append_format(ret, "    # %s: ", option->meaning);
    if (r >= 0)
        r = option_append_expected(option, ret);
    if (r >= 0)
        r = buffer_append_format(ret, "\n    %s = ", option->key);
    if (r >= 0)
        r = option_append_value(option, config, ret);
    return r < 0 ? r : buffer_append_string(ret, ";\n");
}

int config_dump(const struct config *config, struct buffer *ret)
{
    int r = 0;
    const char *group = NULL; /* that is open */
    for (size_t i = 0; r >= 0 && i < option_count(); i++) {
        const struct option *option = option_at(i);
        if (!group || strcmp(group, option->group) != 0) {
            r = buffer_append_format(ret, "%s%s: {\n", group ? "};\n\n" : "", option->group);
            group = option->group;
        }
        if (r >= 0)
            r = dump_option(option, config, ret);
    }
    return r < 0 ? r : buffer_append_string(ret, "};\n");
}
