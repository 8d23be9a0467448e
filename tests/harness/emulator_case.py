"""The test class of tests/vm: cellftpd on Debian's own kernel, in an emulated machine of the test file's own."""

import unittest

from harness.emulator import emulator
from harness.server import PASSWORD, wait_until


class EmulatorTest(unittest.TestCase):
    """`machine` is booted with the first test of the file. Every test ends without sessions, without a failed unit,
    with the socket listening, a kernel that has not complained, and no warning of cellftpd's in the journal."""

    users = {"alice": PASSWORD}
    maxDiff = 4000

    @classmethod
    def setUpClass(cls):
        cls.machine = emulator()
        for name, password in cls.users.items():
            if name not in cls.machine.passwords:
                cls.machine.add_user(name, password)

    def setUp(self):
        self.since = self.machine.output("date", "+@%s.%6N").strip()
        self.tainted = self.taint()

    def tearDown(self):
        problems = []
        left = self.wait_for_the_end(check=False)
        if left:
            problems += ["sessions left:", *left]
        problems += self.machine.trouble()
        if self.taint() != self.tainted:
            problems.append(f"the kernel is tainted: {self.taint()}")
        problems += self.journal("--priority=warning")
        self.assertEqual(problems, [], "\n".join(problems))

    def taint(self):
        """A bit for each kind of trouble that the kernel has had: 0x200 is a warning, 0x80 an oops (proc(5))."""
        return int(self.machine.output("cat", "/proc/sys/kernel/tainted"))

    def journal(self, *matches):
        """What cellftpd has said since the test began, as lines."""
        self.machine.run("journalctl", "--sync")
        found = self.machine.journal(f"--since={self.since}", "--identifier=cellftpd", *matches)
        return [entry["MESSAGE"] for entry in found]

    def wait_for_the_end(self, units="cellftpd@*", check=True):
        """Waits until no unit of the name is there. Returns those that are all the same."""
        wait_until(lambda: not self.machine.units(units), self.machine.patience)
        left = self.machine.units(units)
        if check:
            self.assertEqual(left, [])
        return left

    def curl(self, *arguments, path="", host="127.0.0.1", user="alice"):
        """Runs curl in the machine, which must succeed; its output."""
        login = f"{user}:{self.users[user]}"
        url = f"ftp://{host}/{path}"
        return self.machine.output("curl", "--silent", "--show-error", "--user", login, *arguments, url)

    def make_file(self, name, size):
        """A file of random bytes in the machine."""
        self.machine.run("sh", "-c", f"head -c {size} /dev/urandom > {name}")

    def give(self, name, size, user="alice"):
        """A file of random bytes, the user's; its path in the machine."""
        path = f"/srv/ftp/{user}/{name}"
        self.make_file(path, size)
        self.machine.run("chown", f"--reference=/srv/ftp/{user}", path)
        return path

    def assert_same(self, one, other):
        """The files have the same bytes."""
        self.assertEqual(self.machine.run("cmp", one, other, check=False).stdout, "")
        self.machine.run("cmp", one, other)
