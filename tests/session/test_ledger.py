"""The ledger as an administrator sees it: its file, and what the log says of it (rows Q05, Q07, Q11)."""

import os
import signal
import stat
import struct

from harness import PASSWORD, main, process, wait_until
from harness.quota import MEGABYTE, QuotaTest


class Ledger(QuotaTest):
    users = {"alice": PASSWORD, "bob": PASSWORD}

    @property
    def state(self):
        return self.server.directory / "state"

    def ledger(self, user="alice"):
        return self.state / "usage" / str(self.server.uid(user))

    def visit(self, user="alice"):
        client = self.login(user)
        client.quit()
        client.wait()

    def flags(self):
        """Of the header: 1, it may say too much; 2, nothing is known (lib/ledger_file.h)."""
        return struct.unpack_from("I", self.ledger().read_bytes(), 108)[0]

    def test_root_only(self):
        self.assertFalse(self.state.exists())
        self.visit()
        for path, kind, mode in (
            (self.state, stat.S_IFDIR, 0o700),
            (self.state / "usage", stat.S_IFDIR, 0o700),
            (self.ledger(), stat.S_IFREG, 0o600),
        ):
            status = path.lstat()
            self.assertEqual((status.st_uid, status.st_gid, status.st_mode), (0, 0, kind | mode), path)
        self.assertLess(self.ledger().stat().st_size, 4096)

    def test_nobody_pays_who_has_no_quota(self):
        self.server.configure({"quota": {"bytes": "none"}})
        self.visit()
        self.assertFalse(self.state.exists())
        self.server.expect_log("connections", "quota-counted", 0)

    def test_Q05_what_the_log_says(self):
        self.server.write("there", b"x" * 12345)
        self.server.mkdir("folder")
        self.visit()
        told = self.server.expect_log("connections", "quota-counted", reason="first", user="alice")
        self.assertIn("there are 12345 bytes in 2 files", told["detail"])
        # All is well: nothing is counted.
        self.visit()
        self.assertEqual(self.flags(), 0)
        self.server.expect_log("connections", "quota-counted")
        self.server.expect_log("connections", "quota-damaged", 0)

    def test_Q07_what_the_log_says(self):
        self.server.write("there", b"x" * 12345)
        self.visit()
        self.ledger().write_bytes(os.urandom(200))
        self.visit()
        told = self.server.expect_log("connections", "quota-damaged", reason="damaged", user="alice")
        self.assertIn("there are 12345 bytes in 1 files", told["detail"])
        # A file that we would never write is not touched: words, and the login goes on.
        self.ledger().chmod(0o666)
        client = self.login()
        told = self.server.expect_log("connections", "quota-damaged", reason="ledger", user="alice")
        self.assertIn(str(self.ledger()), told["detail"])
        self.assertIn("mode 0600", told["detail"])
        client.passive()
        self.assertIn("not been counted", client.expect(552, "STOR new").text)
        self.assertEqual(client.retr("there"), b"x" * 12345)

    def test_Q11_monitor_is_killed(self):
        """Whatever it had leased counts as used until the next login counts, which says so."""
        self.server.allow_temporaries = True
        client = self.login()
        client.loose, client.exit_status = True, None
        data = client.begin("STOR big")
        data.send(b"x" * MEGABYTE)
        self.assertTrue(wait_until(lambda: self.on_disk()[0] >= MEGABYTE))
        session = client.session_pid
        os.kill(client.monitor_pid, signal.SIGKILL)
        self.assertTrue(wait_until(lambda: not process.alive(session)))
        client.wait()
        data.close()
        client = self.login()
        used, there = self.used(client), self.on_disk()
        self.assertGreaterEqual(used, there)
        client.quit()
        self.assert_exact_soon()
        self.server.expect_log("connections", "quota-counted", reason="uncertain", user="alice")

    def test_account_is_deleted(self):
        self.visit("bob")
        ledger = self.ledger("bob")
        self.assertTrue(ledger.exists())
        self.server.ctl("user", "del", "bob", "--yes")
        self.assertFalse(ledger.exists())


if __name__ == "__main__":
    main()
