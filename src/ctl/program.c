/* Running other programs: see program.h. */
#include "ctl/program.h"

#include "lib/cleanup.h"
#include "lib/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int program_server(char ret[PATH_MAX])
{
    ssize_t size = readlink("/proc/self/exe", ret, PATH_MAX - sizeof("/cellftpd"));
    if (size < 0)
        return -errno;
    ret[size] = '\0';
    char *slash = strrchr(ret, '/');
    if (!slash)
        return -ENOENT;
    memcpy(slash, "/cellftpd", sizeof("/cellftpd"));
    return access(ret, X_OK) < 0 ? -errno : 0;
}

/* In the child. Rights before and after: root's, as this program was started; the server gives them
 * up itself (monitor/capabilities.h). */
static _Noreturn void become(const char *path, const char *const *arguments, int input, int output)
{
    char *const environment[] = {NULL};
    if (dup2(input, STDIN_FILENO) >= 0 && dup2(output, STDOUT_FILENO) >= 0)
        (void)execve(path, (char *const *)(uintptr_t)arguments, environment);
    _exit(127);
}

int program_run(const char *path, const char *const *arguments, const char *input,
                struct buffer *answer, int *ret_status)
{
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) < 0)
        return -errno;
    cleanup_close int to_read = to[0], to_write = to[1];
    if (pipe2(from, O_CLOEXEC) < 0)
        return -errno;
    cleanup_close int from_read = from[0], from_write = from[1];
    pid_t child = fork();
    if (child < 0)
        return -errno;
    if (child == 0)
        become(path, arguments, to_read, from_write);
    from_write = close_fd(from_write);
    to_read = close_fd(to_read);
    int r = write_all(to_write, input, strlen(input)); /* a pipe holds that much */
    to_write = close_fd(to_write);
    ssize_t got = 1;
    while (r >= 0 && got > 0) {
        char *room;
        r = buffer_reserve(answer, 4096, &room);
        got = r < 0 ? 0 : read(from_read, room, 4096);
        if (got > 0)
            buffer_commit(answer, (size_t)got);
    }
    from_read = close_fd(from_read);
    if (waitpid(child, ret_status, 0) < 0)
        return -errno;
    return r < 0 ? r : got < 0 ? -EIO : 0;
}
