/*
 * The journal's native protocol: see journal.h. Needs no right but to write to a socket that is
 * open to everybody: it works for the monitor after a login, too.
 */
#include "lib/journal.h"

#include "lib/cleanup.h"
#include "lib/clock.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

void journal_init(struct journal *journal, const char *path)
{
    *journal = (struct journal){.path = path, .socket = -1};
}

void journal_close(struct journal *journal)
{
    journal->socket = close_fd(journal->socket);
}

/* "NAME=value\n", or, as only this form can hold a newline, "NAME\n", 64 bits of size, "value\n".
 */
int journal_append(struct buffer *record, const char *name, const char *bytes, size_t size)
{
    size_t before = buffer_size(record);
    int r = buffer_append_string(record, name);
    if (size > 0 && memchr(bytes, '\n', size)) {
        unsigned char header[9] = {'\n'};
        for (unsigned i = 0; i < 8; i++)
            header[1 + i] = (unsigned char)((uint64_t)size >> 8 * i);
        if (r >= 0)
            r = buffer_append(record, header, sizeof(header));
    } else if (r >= 0) {
        r = buffer_append(record, "=", 1);
    }
    if (r >= 0)
        r = buffer_append(record, bytes, size);
    if (r >= 0)
        r = buffer_append(record, "\n", 1);
    if (r < 0)
        record->end = record->start + before;
    return r;
}

static int open_socket(struct journal *journal)
{
    if (journal->socket >= 0)
        return 0;
    cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    /* Whatever the default of this machine is: the kernel counts a datagram and its own overhead.
     */
    const int size = 2 * JOURNAL_RECORD_MAX;
    const struct timeval patience = {.tv_usec = JOURNAL_PATIENCE * 1000};
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
        return -errno;
    journal->socket = take_fd(&fd);
    return 0;
}

/* Not connected, so that a journald that was started anew is found again. */
static int send_record(const struct journal *journal, const struct buffer *record, int flags)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(journal->path);
    if (length >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, journal->path, length + 1);
    ssize_t size;
    do
        size = sendto(journal->socket, buffer_begin(record), buffer_size(record),
                      flags | MSG_NOSIGNAL, (const struct sockaddr *)&address, sizeof(address));
    while (size < 0 && errno == EINTR);
    return size < 0 ? -errno : 0;
}

bool journal_is_absent(int error)
{
    return error == -ENOENT || error == -ECONNREFUSED;
}

int journal_send(struct journal *journal, const struct buffer *record)
{
    if (!journal->path)
        return -ENOENT;
    bool waits = journal->problem == 0 || clock_msec() >= journal->retry;
    /* What is not there need not be looked for with every event. */
    if (!waits && journal_is_absent(journal->problem))
        return journal->problem;
    int r = open_socket(journal);
    if (r == 0)
        r = send_record(journal, record, waits ? 0 : MSG_DONTWAIT);
    journal->problem = r;
    if (r < 0 && waits)
        journal->retry = clock_msec() + JOURNAL_INTERVAL;
    if (r < 0 && !journal_is_absent(r))
        journal->lost++;
    return r;
}
