/*
 * Runs a function in a child process that is killed with SIGKILL before its Nth system call: what a
 * crash at each step leaves behind. Only tests include it.
 */
#pragma once

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* True if ACTION was killed, false if it ended before its system call number CALLS. */
static bool run_interrupted(void (*action)(void *data), void *data, unsigned calls)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) < 0)
            _exit(3);
        (void)raise(SIGSTOP);
        action(data);
        _exit(0);
    }

    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(
        WIFSTOPPED(status)); /* else ptrace is forbidden here, and nothing would be tested */
    assert_int_equal(ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)PTRACE_O_TRACESYSGOOD), 0);
    for (unsigned stops = 0; stops <= 2 * calls; stops++) { /* a stop at entry, one at exit */
        assert_int_equal(ptrace(PTRACE_SYSCALL, child, NULL, NULL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status)) {
            assert_int_equal(WEXITSTATUS(status), 0);
            return false;
        }
        assert_true(WIFSTOPPED(status));
        assert_int_equal(WSTOPSIG(status), SIGTRAP | 0x80);
    }
    /* The last stop was an entry; at this moment the call has not been made. */
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    return true;
}
