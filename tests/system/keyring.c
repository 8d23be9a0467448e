/* Prints the number of the session keyring of the process that runs it (keyctl(2)), and when pam_exec(8) does, in which
 * phase; for test_logins.py. */
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(void)
{
    const char *phase = getenv("PAM_TYPE");
    printf("%s keyring %ld\n", phase ? phase : "no",
           syscall(SYS_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0));
    return 0;
}
