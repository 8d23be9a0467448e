"""FileZilla's behaviour and that of clients which use each ticket once: see harness/gnutls_client.c (T08, T04)."""

import concurrent.futures
import re
import subprocess
import tempfile
from pathlib import Path

from harness import TlsClientTest, main, slow

SOURCE = Path(__file__).resolve().parent.parent / "harness" / "gnutls_client.c"


class Gnutls(TlsClientTest):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="cellftpd-gnutls-")
        cls.addClassCleanup(directory.cleanup)
        cls.program = Path(directory.name) / "gnutls_client"
        subprocess.run(["cc", "-O1", "-D_GNU_SOURCE", "-o", cls.program, SOURCE, "-lgnutls"], check=True)

    def run_transfers(self, version, tickets, count, size=10000, user="alice"):
        """COUNT files up and down in one session; how many tickets came."""
        output = self.run_client(
            *(self.program, "127.0.0.1", str(self.port), self.authority, user, self.password),
            *(version, tickets, str(count), str(size)),
        )
        found = re.search(r"(\d+) transfers, (\d+) resumed, (\d+) tickets", output)
        self.assertEqual(found.group(1, 2), (str(2 * count),) * 2)
        return int(found[3])

    def check(self, version, tickets):
        self.run_transfers(version, tickets, 250 // slow())
        self.assert_never_unbound()
        self.server.expect_log("files", "upload", count=250 // slow())

    def test_T08_filezilla_1_2(self):
        self.check("1.2", "newest")

    def test_T08_filezilla_1_3(self):
        self.check("1.3", "newest")

    def test_T08_each_ticket_of_the_control_connection_once(self):
        self.check("1.3", "once")

    def test_T08_each_ticket_of_the_data_connections_once(self):
        self.check("1.3", "data")

    def test_large_and_empty_files(self):
        for version in self.versions:
            for size in (0, 1, 16384, 16385, 5000000):
                with self.subTest(version=version, size=size):
                    self.run_transfers(version, "newest", 2, size)

    def test_ten_sessions_at_once(self):
        users = [f"user{number}" for number in range(10)]
        for user in users:
            self.server.add_user(user, self.password)
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            manners = ("newest", "once", "data")
            runs = [
                pool.submit(self.run_transfers, "1.3" if n % 5 else "1.2", manners[n % 3], 20, 30000 * n, user)
                for n, user in enumerate(users)
            ]
            for run in runs:
                run.result()
        self.assert_never_unbound()


if __name__ == "__main__":
    main()
