/* Ending a connection from outside: see stop.h. It signals nobody but the monitor that it has made
 * sure of. */
#include "lib/stop.h"

#include "lib/cleanup.h"

#include <signal.h>
#include <sys/pidfd.h>

static const struct {
    const char *word;
    unsigned patience;
    const char *text;
} reasons[STOP_COUNT] = {
#define STOP_ROW(name, word, patience, text) [STOP_##name] = {word, patience, text},
    STOP_REASONS(STOP_ROW)
#undef STOP_ROW
};

enum stop_reason stop_reason_of(uint32_t value)
{
    return value < STOP_COUNT ? (enum stop_reason)value : STOP_STOPPED;
}

const char *stop_word(enum stop_reason reason)
{
    return reasons[reason].word;
}

const char *stop_text(enum stop_reason reason)
{
    return reasons[reason].text;
}

unsigned stop_patience(enum stop_reason reason)
{
    return reasons[reason].patience;
}

int stop_session(const struct config *config, const struct registry_entry *entry,
                 enum stop_reason reason, int *ret_process)
{
    cleanup_close int process = pidfd_open(entry->monitor, 0);
    if (process < 0)
        return -errno;
    /* The number may have been given to another process since the table was read. The monitor holds
     * its slot until it ends: with the slot still there, the descriptor is that monitor's. */
    struct registry_entry present;
    int r = registry_find(config, entry->session, &present);
    if (r < 0 || present.monitor != entry->monitor)
        return r == -ENOENT || r == 0 ? -ESRCH : r;

    siginfo_t value = {.si_signo = SIGTERM, .si_code = SI_QUEUE};
    value.si_pid = getpid();
    value.si_uid = getuid();
    value.si_value.sival_int = (int)reason;
    if (pidfd_send_signal(process, SIGTERM, &value, 0) < 0)
        return -errno;
    *ret_process = take_fd(&process);
    return 0;
}
