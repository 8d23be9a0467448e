/*
 * What a connection is doing, told to those who look: the table of live connections, and systemd,
 * which shows it in "systemctl status". Runs in the monitor. It never fails a session: nobody may
 * be looking.
 */
#include "lib/cleanup.h"
#include "lib/service.h"
#include "lib/text.h"
#include "monitor/monitor.h"

#include <string.h>

/* "systemctl status" prints the text as it is, and there are file names in it: what a terminal
 * would act upon is replaced, and what is no UTF-8, because systemd throws such a text away. */
static void make_printable(char *text)
{
    size_t size = strlen(text), kept = 0;
    for (size_t i = 0; i < size;) {
        struct text_character character = text_character(text + i, size - i);
        if (character.printable) {
            memmove(text + kept, text + i, character.size);
            kept += character.size;
        } else {
            text[kept++] = '?';
        }
        i += character.size;
    }
    text[kept] = '\0';
}

void status_set(struct monitor *monitor, const char *text)
{
    (void)registry_set_status(&monitor->registry, text);
    /* No session of ours says as much; one that was taken over must not keep systemd busy, which
     * has other services. */
    if (!noise_admit(&monitor->statuses, 20))
        return;
    char client[ADDRESS_TEXT_MAX];
    address_format(&monitor->remote, client, sizeof(client));
    cleanup_free char *status = NULL;
    if (asprintf(&status, "STATUS=%s from %s: %s",
                 monitor->account ? monitor->account->name : "not logged in", client, text) < 0)
        status = NULL;
    if (!status)
        return;
    make_printable(status);
    service_notify(status);
}
