"""The regression list: ways to make a ledger forget what is on the disk (rows Q04 to Q06, A20)."""

import fcntl
import json
import os
from pathlib import Path

from harness import main, wait_until
from harness.quota import MEGABYTE, QuotaTest
from harness.server import PASSWORD


class Cheat(QuotaTest):
    users = {"alice": PASSWORD, "boss": PASSWORD}

    def setUp(self):
        super().setUp()
        self.server.ctl("user", "mod", "boss", "--role", "admin")

    def count(self, user="alice"):
        self.server.ctl("quota", "recount", user)

    def ledger(self, user="alice"):
        """Bytes and files, with what is promised."""
        client = self.login(user)
        try:
            return self.used(client)
        finally:
            client.quit()

    def assert_covered(self, user="alice"):
        used, there = self.ledger(user), self.on_disk(user)
        self.assertTrue(used[0] >= there[0] and used[1] >= there[1], f"the ledger has {used}, the disk {there}")

    def test_Q06_removed_while_it_is_continued(self):
        """A count has not seen it any more when the one who continues it comes to its end."""
        continuing, other = self.login(), self.login()
        continuing.stor("old", b"x" * 6 * MEGABYTE)
        data = continuing.begin("APPE old")
        data.send(b"x" * 300000)
        other.expect(250, "DELE old")
        self.count()
        other.stor("new", b"x" * 6 * MEGABYTE)
        data.send(b"x" * 2000000)  # more than was promised at once: the ledger is asked again
        data.finish()
        continuing.read_reply()
        self.assert_covered()

    def test_Q05_without_a_quota_for_a_time(self):
        self.login().quit()
        self.server.ctl("quota", "set", "alice", "none")
        client = self.login()
        client.stor("new", b"x" * 20 * MEGABYTE)
        client.quit()
        self.server.ctl("quota", "set", "alice", "10 MB")
        self.assertEqual(self.ledger(), (20 * MEGABYTE, 1))

    def test_Q01_set_during_a_login(self):
        """The login has read the account before, and comes to the ledger afterwards."""
        self.login().quit()
        with open(self.server.directory / "state" / "usage" / str(self.server.uid()), "rb") as ledger:
            fcntl.flock(ledger, fcntl.LOCK_EX)
            client = self.connect()
            client.expect(331, "USER alice")
            client.send(f"PASS {PASSWORD}")
            self.assertTrue(wait_until(lambda: self.waits(ledger)))
            self.server.ctl("user", "mod", "alice", "--quota", "1K")
            fcntl.flock(ledger, fcntl.LOCK_UN)
            client.read(230)
        self.refused(client, "STOR file", b"x" * 2000)

    @staticmethod
    def waits(ledger):
        """Whether somebody waits for the lock."""
        inode = f":{os.fstat(ledger.fileno()).st_ino} "
        locks = Path("/proc/locks").read_text(encoding="ascii").splitlines()
        return any("->" in line and inode in line for line in locks)

    def known(self, user="alice"):
        """What the ledger has, without a login that would count anew."""
        return json.loads(self.server.ctl("quota", "show", user, "--json").stdout)[0]["used"]

    def test_A20_moved_while_it_is_continued(self):
        """It would be continued in the folder of the other one, and in nobody's quota."""
        self.server.add_user("bob")
        boss, alice = self.login("boss"), self.login()
        alice.stor("file", b"x" * MEGABYTE)
        data = alice.begin("APPE file")
        boss.expect(350, "RNFR alice/file")
        boss.expect(450, "RNTO bob/file")
        data.send(b"x" * MEGABYTE)
        data.finish()
        alice.read(226)
        self.assertEqual(self.server.path("file").stat().st_uid, self.server.uid())
        boss.expect(350, "RNFR alice/file")
        boss.expect(250, "RNTO bob/file")

    def test_A20_counted_while_an_administrator_stores(self):
        """He has no lease, what he has announced is not there yet, and what others are promised is theirs."""
        alice, boss = self.login(), self.login("boss")
        alice.expect(200, "ALLO 1000000")
        promised = alice.begin("STOR promised")
        boss.expect(200, f"ALLO {8 * MEGABYTE}")
        data = boss.begin("STOR alice/file")
        data.send(b"x" * 100000)
        self.assertTrue(wait_until(lambda: self.on_disk()[0] == 100000))
        self.count()
        data.send(b"x" * (8 * MEGABYTE - 100000))
        data.finish()
        boss.read(226)
        self.assertGreaterEqual(self.known(), 8 * MEGABYTE)
        promised.reset()
        alice.read(426)

    def test_A20_counted_while_an_administrator_appends(self):
        """A count cannot tell that: what he has not written yet must not be in the ledger to be forgotten."""
        self.login().quit()
        boss = self.login("boss")
        boss.stor("alice/file", b"x" * 1000)
        data = boss.begin("APPE alice/file")
        data.send(b"x" * 1000)
        self.assertTrue(wait_until(lambda: self.on_disk()[0] == 2000))
        self.count()
        data.send(b"x" * 60000)
        data.finish()
        boss.read(226)
        self.assertGreaterEqual(self.known(), 62000)

    def test_A20_little_is_left_over(self):
        """A count just before keeps what was asked for ahead from being taken back."""
        self.login().quit()
        self.login("boss").stor("alice/file", b"x" * 1000)
        self.assertGreaterEqual(self.known(), 1000)
        self.assertLessEqual(self.known(), 100000)


if __name__ == "__main__":
    main()
