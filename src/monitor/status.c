/*
 * What a connection is doing, told to those who look: the table of live connections, and systemd,
 * which shows it in "systemctl status". Runs in the monitor. It never fails a session: nobody may
 * be looking.
 */
#include "lib/cleanup.h"
#include "lib/service.h"
#include "monitor/monitor.h"

void status_set(struct monitor *monitor, const char *text)
{
    (void)registry_set_status(&monitor->registry, text);
    char client[ADDRESS_TEXT_MAX];
    address_format(&monitor->remote, client, sizeof(client));
    cleanup_free char *status = NULL;
    if (asprintf(&status, "STATUS=%s from %s: %s",
                 monitor->account ? monitor->account->name : "not logged in", client, text) < 0)
        status = NULL;
    if (status)
        service_notify(status);
}
