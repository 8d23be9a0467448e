/* SYST, FEAT, HELP, NOOP: what this server is and can. All lists come from the table. */
#include "lib/cleanup.h"
#include "session/command.h"
#include "session/listing.h"

#include <string.h>

void command_syst(struct session *session, char *argument)
{
    (void)argument;
    /* What clients look for before they parse LIST; it says nothing about the system. */
    reply(session, 215, "UNIX Type: L8");
}

/* "HASH SHA-256*;SHA-512;..." with a star at the present one (draft-bryan-ftpext-hash section 3).
 */
static void feature_hash(struct session *session)
{
    cleanup_buffer struct buffer line;
    buffer_init(&line, 256);
    int r = 0;
    for (enum hash_algorithm i = 0; i < HASH_ALGORITHM_COUNT && r == 0; i++)
        r = buffer_append_format(&line, "%s%s%s", i == 0 ? "" : ";", hash_name(i),
                                 i == session->settings.hash ? "*" : "");
    if (r == 0)
        reply_line(session, "HASH %.*s", (int)buffer_size(&line), buffer_begin(&line));
}

static void feature_mlst(struct session *session)
{
    cleanup_buffer struct buffer line;
    buffer_init(&line, 256);
    if (listing_append_fact_names(&line, session->settings.facts, true) == 0)
        reply_line(session, "MLST %.*s", (int)buffer_size(&line), buffer_begin(&line));
}

void command_feat(struct session *session, char *argument)
{
    (void)argument;
    size_t count;
    const struct command *commands = command_table(&count);
    reply_first(session, 211, "Extensions:");
    for (size_t i = 0; i < count; i++)
        if (commands[i].feature && command_is_offered(session, &commands[i]) &&
            !(session->tls && commands[i].serve == command_auth))
            reply_line(session, "%s", commands[i].feature);
    feature_hash(session);
    feature_mlst(session);
    reply_line(session, "TVFS");
    reply_line(session, "UTF8");
    reply(session, 211, "End"); /* without a full stop: RFC 2389 section 3.2 */
}

static void help_all(struct session *session)
{
    enum { PER_LINE = 8 };
    size_t count, in_line = 0;
    const struct command *commands = command_table(&count);
    char line[PER_LINE * 9 + 1] = "";
    reply_first(session, 214, "Commands (HELP verb explains one):");
    for (size_t i = 0; i < count; i++) {
        if (!command_is_offered(session, &commands[i]))
            continue;
        size_t used = strlen(line);
        (void)snprintf(line + used, sizeof(line) - used, "%-9s", commands[i].verb);
        if (++in_line == PER_LINE) {
            reply_line(session, "%s", line);
            line[0] = '\0';
            in_line = 0;
        }
    }
    if (in_line > 0)
        reply_line(session, "%s", line);
    reply(session, 214, "End.");
}

void command_help(struct session *session, char *argument)
{
    if (!*argument) {
        help_all(session);
        return;
    }
    const struct command *command = command_find(argument);
    if (!command)
        reply(session, 501, "Unknown command.");
    else if (!command_is_offered(session, command))
        reply(session, 214, "%s is not offered by this server.", command->verb);
    else
        reply(session, 214, "%s%s%s: %s", command->verb, *command->syntax ? " " : "",
              command->syntax, command->help);
}

void command_noop(struct session *session, char *argument)
{
    (void)argument;
    reply(session, 200, "Done nothing.");
}
