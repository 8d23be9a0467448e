/* What a connection costs at the least: greets on the descriptor that systemd passes (sd_listen_fds(3)), and ends when
 * the client does. The yardstick of test_cost.py, linked statically. */
#include <unistd.h>

int main(void)
{
    static const char greeting[] = "220 x\r\n";
    enum { CONNECTION = 3 };
    char rest[64];
    if (write(CONNECTION, greeting, sizeof(greeting) - 1) != sizeof(greeting) - 1)
        return 1;
    while (read(CONNECTION, rest, sizeof(rest)) > 0)
        continue;
    return 0;
}
