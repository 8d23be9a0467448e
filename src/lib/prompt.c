/*
 * Questions to the administrator: see prompt.h.
 *
 * While the echo is off, the signals that would end or stop us are blocked and come out of a
 * signalfd: the terminal is put right first and the signal is delivered then. So no handler and no
 * global is needed.
 */
#include "lib/prompt.h"

#include "lib/cleanup.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>

static void say(const char *text)
{
    (void)fputs(text, stderr);
    (void)fflush(stderr);
}

/* The signals that come from a terminal or end a program. */
static void fill_signals(sigset_t *ret)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP, SIGALRM, SIGPIPE};
    (void)sigemptyset(ret);
    for (size_t i = 0; i < ELEMENTS(signals); i++)
        (void)sigaddset(ret, signals[i]);
}

/* Waits until a line is there. 0, or the number of a signal that came instead. */
static int wait_for_line(int fd, int signals)
{
    for (;;) {
        struct pollfd polled[] = {{.fd = signals, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
        if (poll(polled, ELEMENTS(polled), -1) < 0) {
            if (errno == EINTR)
                continue;
            return -errno;
        }
        struct signalfd_siginfo signal;
        if (polled[0].revents && read(signals, &signal, sizeof(signal)) == (ssize_t)sizeof(signal))
            return (int)signal.ssi_signo;
        if (polled[1].revents)
            return 0;
    }
}

/* A terminal in canonical mode gives a line at a time, or as much of it as was asked for. */
static int read_terminal_line(int fd, char *ret, size_t size)
{
    ssize_t length;
    do
        length = read(fd, ret, size);
    while (length < 0 && errno == EINTR);
    if (length < 0)
        return -errno;
    if (length == 0)
        return -ECANCELED;
    if (ret[length - 1] != '\n') {
        (void)tcflush(fd, TCIFLUSH); /* the rest must not become the answer to the next question */
        return (size_t)length == size ? -E2BIG : -ECANCELED;
    }
    ret[length - 1] = '\0';
    /* A zero byte would hide what is behind it. */
    return memchr(ret, '\0', (size_t)length - 1) ? -EINVAL : 0;
}

/* One try. 0, negative errno, or the number of a signal that came instead. */
static int ask_once(int fd, int signals, const struct termios *shown, const char *question,
                    char *ret, size_t size)
{
    struct termios hidden = *shown;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    hidden.c_lflag |= ICANON | ISIG;
    if (tcsetattr(fd, TCSAFLUSH, &hidden) < 0)
        return -errno;
    say(question);
    int r = wait_for_line(fd, signals);
    if (r == 0)
        r = read_terminal_line(fd, ret, size);
    (void)tcsetattr(fd, TCSAFLUSH, shown);
    say("\n"); /* the one that was typed was not shown */
    return r;
}

int prompt_secret(int fd, const char *question, char *ret, size_t size)
{
    struct termios shown;
    if (!isatty(fd) || tcgetattr(fd, &shown) < 0)
        return -ENOTTY;

    sigset_t blocked;
    sigset_t before;
    fill_signals(&blocked);
    if (sigprocmask(SIG_BLOCK, &blocked, &before) < 0)
        return -errno;
    cleanup_close int signals = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
    int r = signals < 0 ? -errno : 1;
    while (r > 0) {
        r = ask_once(fd, signals, &shown, question, ret, size);
        if (r > 0) {
            /* Ends us, or stops us; then we ask again. */
            (void)sigprocmask(SIG_SETMASK, &before, NULL);
            (void)raise(r);
            (void)sigprocmask(SIG_BLOCK, &blocked, NULL);
        }
    }
    (void)sigprocmask(SIG_SETMASK, &before, NULL);
    if (r < 0)
        explicit_bzero(ret, size);
    return r;
}

int read_secret(int fd, char *ret, size_t size)
{
    size_t length = 0;
    int r = 0;
    for (;;) {
        char c; /* one at a time: what comes behind the line belongs to somebody else */
        ssize_t got = read(fd, &c, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            r = -errno;
        else if (got == 0 && length == 0)
            r = -ECANCELED;
        else if (got > 0 && c == '\0')
            r = -EINVAL;
        if (r < 0 || got == 0 || c == '\n')
            break;
        if (length + 1 >= size) {
            r = -E2BIG;
            break;
        }
        ret[length++] = c;
    }
    if (r < 0)
        explicit_bzero(ret, size);
    else
        ret[length] = '\0';
    return r;
}

int prompt_yes(int fd, const char *question)
{
    char answer[16];
    if (!isatty(fd))
        return -ENOTTY;
    say(question);
    if (read_terminal_line(fd, answer, sizeof(answer)) < 0)
        return 0;
    return answer[0] == 'y' || answer[0] == 'Y';
}
