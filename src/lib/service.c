/* systemd's protocols of activation and notification: see service.h. */
#include "lib/service.h"

#include "lib/cleanup.h"
#include "lib/scan.h"

#include <fcntl.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_PASSED = 3 };

/* How many descriptors were passed to this process; 0 where the variables are another's. */
static uint64_t count_passed(void)
{
    const char *pid = getenv("LISTEN_PID");
    const char *count = getenv("LISTEN_FDS");
    uint64_t process = 0, passed = 0;
    bool ours = pid && count && scan_u64(pid, INT_MAX, &process) == 0 &&
                scan_u64(count, INT_MAX, &passed) == 0 && process == (uint64_t)getpid();
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDS");
    (void)unsetenv("LISTEN_FDNAMES");
    return ours ? passed : 0;
}

int service_connection(void)
{
    if (count_passed() != 1)
        return -EBADF;
    int type = 0, listens = 0;
    socklen_t size = sizeof(type);
    if (getsockopt(FIRST_PASSED, SOL_SOCKET, SO_TYPE, &type, &size) < 0)
        return -errno;
    size = sizeof(listens);
    if (getsockopt(FIRST_PASSED, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size) < 0)
        return -errno;
    if (type != SOCK_STREAM)
        return -ENOTSOCK;
    if (listens)
        return -ENOTCONN;
    return fcntl(FIRST_PASSED, F_SETFD, FD_CLOEXEC) < 0 ? -errno : FIRST_PASSED;
}

void service_notify(const char *text)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const char *path = getenv("NOTIFY_SOCKET");
    size_t length = path ? strlen(path) : 0;
    if ((length < 2 || length >= sizeof(address.sun_path)) || (path[0] != '/' && path[0] != '@'))
        return;
    memcpy(address.sun_path, path, length);
    if (path[0] == '@') /* unix(7): abstract, and then not ended by a NUL */
        address.sun_path[0] = '\0';
    cleanup_close int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    socklen_t size =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + (path[0] == '/' ? 1 : 0));
    (void)sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
                 (const struct sockaddr *)&address, size);
}
