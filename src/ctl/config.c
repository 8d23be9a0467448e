/* cellftpctl config: the configuration, checked and shown. It never changes it. */
#include "ctl/command.h"

#include <errno.h>
#include <string.h>

enum { DUMP_MAX = 1024 * 1024 };

enum exit_status command_config_check(const struct invocation *invocation)
{
    /* Whoever gets here has had it loaded, and main has told every mistake that was found in it. */
    (void)printf("%s is correct\n", invocation->config_path);
    return STATUS_OK;
}

enum exit_status command_config_show(const struct invocation *invocation)
{
    cleanup_buffer struct buffer text;
    buffer_init(&text, DUMP_MAX);
    int r = config_dump(invocation->config, &text);
    if (r < 0) {
        complain("cannot show the configuration: %s", strerror(-r));
        return STATUS_FAILED;
    }
    (void)fwrite(buffer_begin(&text), 1, buffer_size(&text), stdout);
    return STATUS_OK;
}
