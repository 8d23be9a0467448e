/* Whether the user wants an end: see interrupt.h. */
#include "ftplint/interrupt.h"

#include "lib/cleanup.h"

#include <signal.h>

/* Set by a signal's handler and by nobody else. */
static volatile sig_atomic_t wanted;

static void interrupt(int number)
{
    (void)number;
    wanted = 1;
}

void interrupt_catch(void)
{
    /* The second one ends at once. */
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct sigaction action = {.sa_handler = interrupt, .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    for (size_t i = 0; i < ELEMENTS(numbers); i++) {
        struct sigaction before;
        /* Whoever has started us may want it ignored: nohup(1), a shell's "&". */
        if (sigaction(numbers[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            (void)sigaction(numbers[i], &action, NULL);
    }
    action = (struct sigaction){.sa_handler = SIG_IGN};
    (void)sigaction(SIGPIPE, &action, NULL);
}

bool interrupted(void)
{
    return wanted != 0;
}
