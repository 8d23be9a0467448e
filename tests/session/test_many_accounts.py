"""100,000 accounts: a login and "user add" take what they always take, "user list" a few seconds.

CELLFTPD_ACCOUNTS=100000 makes so many; by default there are fewer, and the figures are per account. They are
processor time, which a busy machine does not change."""

import json
import os
import re
import resource
import time

from harness import PASSWORD, ServerTest, in_clear, main, slow, within

NUMBER = int(os.environ.get("CELLFTPD_ACCOUNTS", "10000"))


def processor_time():
    """Seconds of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


@in_clear("the accounts are the same under TLS")
class ManyAccounts(ServerTest):
    def test_all_stays_fast(self):
        server = self.server
        server.configure({"accounts": {"uid_max": server.uid_min + 2 * NUMBER}})
        users = server.directory / "users"
        text = (users / "alice.conf").read_text(encoding="utf-8")
        before = self.costs_of_a_login()
        for number in range(NUMBER):
            record = re.sub(r"uid = \d+", f"uid = {server.uid_min + 10 + number}", text)
            fd = os.open(users / f"user{number:06}.conf", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            os.write(fd, record.encode())
            os.close(fd)
        after = self.costs_of_a_login()
        print(f"# login: {before * 1000:.1f} ms of processor time with 1 account, {after * 1000:.1f} ms with {NUMBER}")
        self.assertLess(after, 3 * before + 0.05 * slow())
        listed = self.measure("user list", "user", "list")
        self.assertEqual(len(listed.splitlines()), NUMBER + 1)
        self.assertEqual(len(json.loads(self.measure("user list --json", "user", "list", "--json"))), NUMBER + 1)
        self.assertEqual(len(self.measure("export", "export").splitlines()), NUMBER + 1)
        path = server.directory / "backup"
        self.measure("backup", "backup", str(path))
        # The first one after all these files came from elsewhere looks at each; the next one does not.
        server.add_user("bob")
        begin, spent = time.monotonic(), processor_time()
        server.add_user("carol", PASSWORD)
        self.assertLess(processor_time() - spent, 0.2 * slow())
        self.assertLess(time.monotonic() - begin, within(10))
        self.measure("restore", "restore", str(path), "--force", most=2000)
        self.login().quit()

    def costs_of_a_login(self):
        """The smallest of several: what else runs on the machine only adds to it."""
        costs = []
        for _ in range(7):
            spent = processor_time()
            client = self.login()
            client.quit()
            client.wait()
            costs.append(processor_time() - spent)
        return min(costs)

    def measure(self, name, *command, most=400):
        """What cellftpctl says; it takes MOST microseconds an account, which is many times what it should."""
        spent = processor_time()
        output = self.server.ctl(*command).stdout
        each = (processor_time() - spent) / NUMBER * 1e6
        print(f"# {name}: {each:.0f} us an account, {each / 10:.1f} s for 100000")
        self.assertLess(each, most * slow())
        return output


if __name__ == "__main__":
    main()
