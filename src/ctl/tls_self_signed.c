/* cellftpctl tls self-signed: a key and a certificate for a server that has none. It never replaces
 * what is there without --force. */
#include "ctl/record.h"
#include "ctl/tls.h"

#include "lib/cleanup.h"
#include "lib/scan.h"

#include <string.h>

enum {
    WORDS_OF_FAILURE_MAX = 2 * PATH_MAX,
    /* Every client has to be told of a new one: as long as Debian's ssl-cert has it. */
    DAYS_DEFAULT = 3650,
    DAYS_MAX = 36500,
};

static bool names_of(const struct invocation *invocation, struct tls_names *ret)
{
    ret->count = 0;
    if (invocation->name)
        (void)tls_names_add(ret, invocation->name);
    else if (!option_given(invocation, OPTION_NAME))
        tls_names_of_machine(ret);
    return tls_names_given(invocation, ret);
}

static unsigned days_of(const struct invocation *invocation)
{
    uint64_t days = DAYS_DEFAULT;
    const char *text = option_value(invocation, OPTION_DAYS);
    if (text && (scan_u64(text, DAYS_MAX, &days) < 0 || days == 0))
        return 0;
    return (unsigned)days;
}

static void print_made(const struct tls_files *files, const struct tls_names *names,
                       const char *done)
{
    (void)printf("%s %s and %s for", done, files->certificate, files->key);
    for (size_t i = 0; i < names->count; i++)
        (void)printf("%s %s", i > 0 ? "," : "", names->names[i]);
    (void)putchar('\n');
}

static void record_made(const struct invocation *invocation, const struct tls_files *files)
{
    struct event event = EVENT_INIT(EVENT_CERTIFICATE_MADE);
    event.detail = files->certificate;
    record(invocation, (struct event_origin){0}, &event);
}

static enum exit_status fail(const struct buffer *words)
{
    complain("%.*s", (int)buffer_size(words), buffer_begin(words));
    return STATUS_FAILED;
}

static enum exit_status pretend(const struct invocation *invocation, const struct tls_files *files,
                                const struct tls_names *names, struct buffer *words)
{
    if (!option_given(invocation, OPTION_FORCE) && tls_store_refuses(files, words) < 0)
        return fail(words);
    print_made(files, names, "would make");
    return STATUS_OK;
}

static enum exit_status make(const struct invocation *invocation, const struct tls_files *files,
                             const struct tls_names *names, unsigned days, struct buffer *words)
{
    cleanup_tls_text struct tls_text key = {0}, certificate = {0};
    const char *type = option_value(invocation, OPTION_TYPE);
    int r = tls_create(names, type ? type : tls_key_types[0], days, &key, &certificate);
    if (r < 0) {
        complain("cannot make a key and a certificate: %s", strerror(-r));
        return STATUS_FAILED;
    }
    r = tls_store(files, &key, &certificate, option_given(invocation, OPTION_FORCE), words);
    if (r < 0)
        return fail(words);
    record_made(invocation, files);
    if (r > 0)
        (void)printf("finished %s, which an interrupted run had begun\n", files->certificate);
    else
        print_made(files, names, "made");
    return STATUS_OK;
}

enum exit_status command_tls_self_signed(const struct invocation *invocation)
{
    struct tls_files files;
    struct tls_names names;
    cleanup_buffer struct buffer words;
    buffer_init(&words, WORDS_OF_FAILURE_MAX);
    unsigned days = days_of(invocation);
    if (days == 0) {
        complain("--days is a number from 1 to %d", DAYS_MAX);
        return STATUS_USAGE;
    }
    if (!names_of(invocation, &names))
        return STATUS_USAGE;
    if (!tls_files_of(invocation->config, invocation->name, &files))
        return STATUS_FAILED;
    return option_given(invocation, OPTION_DRY_RUN)
               ? pretend(invocation, &files, &names, &words)
               : make(invocation, &files, &names, days, &words);
}
