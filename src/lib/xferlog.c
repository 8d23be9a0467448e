/* The transfer log of wu-ftpd: see xferlog.h. Never writes a name that could be two words, or a
 * line that could be two. */
#include "lib/xferlog.h"

#include "lib/cleanup.h"
#include "lib/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Which events, in which direction, and whether the file was moved to its end. */
static const struct transfer {
    enum event_id id;
    char direction;
    char completion;
} transfers[] = {
    {EVENT_UPLOAD, 'i', 'c'},          {EVENT_UPLOAD_FAILED, 'i', 'i'}, {EVENT_DOWNLOAD, 'o', 'c'},
    {EVENT_DOWNLOAD_FAILED, 'o', 'i'}, {EVENT_DELETE, 'd', 'c'},
};

static const struct transfer *find(enum event_id id)
{
    for (size_t i = 0; i < ELEMENTS(transfers); i++)
        if (transfers[i].id == id)
            return &transfers[i];
    return NULL;
}

bool xferlog_has(enum event_id id)
{
    return find(id);
}

void xferlog_format_time(const struct timespec *when, char ret[XFERLOG_TIME_MAX])
{
    /* strftime(3) would speak the language of the locale. */
    static const char days[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct tm local = {.tm_mday = 1, .tm_wday = 4, .tm_year = 70}; /* where time has no end */
    (void)localtime_r(&when->tv_sec, &local);
    (void)snprintf(ret, XFERLOG_TIME_MAX, "%s %s %2d %02d:%02d:%02d %d", days[local.tm_wday],
                   months[local.tm_mon], local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec,
                   1900 + local.tm_year);
}

static int append_word(struct buffer *buffer, const char *text)
{
    return text && *text ? text_append_word(buffer, text, strlen(text))
                         : buffer_append(buffer, "_", 1);
}

int xferlog_format(struct buffer *buffer, const struct event_origin *origin,
                   const struct event *event)
{
    const struct transfer *transfer = find(event->id);
    uint64_t seconds = event->duration == EVENT_UNSET ? 0 : event->duration / 1000000;
    uint64_t bytes = event->bytes == EVENT_UNSET ? 0 : event->bytes;
    bool ascii = event->type && *event->type == 'A';
    char address[ADDRESS_TEXT_MAX] = "_";
    if (!transfer)
        return -EINVAL;
    if (origin->remote)
        address_format(origin->remote, address, sizeof(address));
    size_t before = buffer_size(buffer);
    int r = buffer_append_format(buffer, "%" PRIu64 " %s %" PRIu64 " ", seconds > 0 ? seconds : 1,
                                 address, bytes);
    if (r >= 0)
        r = append_word(buffer, event->path);
    if (r >= 0)
        r = buffer_append_format(buffer, " %c _ %c r ", ascii ? 'a' : 'b', transfer->direction);
    if (r >= 0)
        r = append_word(buffer, origin->user);
    if (r >= 0)
        r = buffer_append_format(buffer, " ftp 0 * %c", transfer->completion);
    if (r < 0)
        buffer->end = buffer->start + before;
    return r;
}
