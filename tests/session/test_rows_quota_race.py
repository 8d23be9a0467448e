"""The regression list: many sessions of one user at once, and what is left when they die (rows Q04, Q11)."""

import os
import random
import signal
import threading
import time

from harness import main, slow
from harness.quota import QuotaTest

BLOCK = 4096
LIMIT = 512 * BLOCK
FILES = 40
SESSIONS = 16
VERBS = ("STOR", "STOR", "STOR", "APPE", "APPE", "STOU", "DELE", "DELE", "RNTO", "MKD", "RMD")


class Race(QuotaTest):
    """All sizes are whole blocks of a disk in memory, so that the disk's own count is that of the ledger."""

    shared = True
    config = {"quota": {"bytes": f"{LIMIT} B", "files": FILES}, "limits": {"per_address": 100},
              "files": {"keep_partial": False}}

    def setUp(self):
        super().setUp()
        self.mount_disk("64m")
        self.problems, self.replies = [], {}
        self.most, self.stop = [0, 0], threading.Event()
        self.first_files = self.disk()[1]

    def disk(self):
        disk = os.statvfs(self.server.home())
        return (disk.f_blocks - disk.f_bfree) * disk.f_frsize, disk.f_files - disk.f_ffree

    def watch(self):
        """The disk, and what SITE QUOTA says of it."""
        client = self.login()
        while not self.stop.is_set():
            size, files = self.disk()
            self.most = [max(self.most[0], size), max(self.most[1], files - self.first_files)]
            used, count = self.used(client)
            if used > LIMIT or count > FILES:
                self.problems.append(f"the ledger has {used} bytes and {count} files")
        client.quit()

    def upload(self, client, command, size, chance):
        data = client.passive()
        reply = client.command(command)
        if reply.code != 150:
            data.close()
            return reply.code
        try:
            data.handshake()
            data.send(b"x" * size)
            if chance.random() < 0.1:
                data.reset()
            else:
                data.finish()
        except OSError:
            pass
        code = client.read_reply().code
        data.close()
        return code

    def one(self, client, chance, names):
        name, other = chance.choice(names), chance.choice(names)
        what = chance.choice(VERBS)
        if what == "STOU" and not self.shared:
            what = "STOR"
        if what in ("STOR", "APPE", "STOU"):
            if chance.random() < 0.2:
                client.command(f"ALLO {BLOCK * chance.choice((1, 100, 300))}")
            command = "STOU" if what == "STOU" else f"{what} {name}"
            return what, self.upload(client, command, BLOCK * chance.choice((0, 1, 10, 60, 200)), chance)
        if what == "RNTO":
            first = client.command(f"RNFR {name}").code
            return what, client.command(f"RNTO {other}").code if first == 350 else first
        if what == "DELE":
            found = os.listdir(self.server.home()) if self.shared else []
            name = chance.choice([name, *found])
            return what, client.command(f"DELE {name}").code
        return what, client.command(f"{what} {name}-d").code

    def work(self, client, number, seconds, names):
        chance = random.Random(number)
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                what, code = self.one(client, chance, names)
                self.replies[(what, code)] = self.replies.get((what, code), 0) + 1
        except Exception as problem:  # pylint: disable=broad-except
            if not client.loose:
                self.problems.append(f"session {number}: {problem!r}")

    def run_sessions(self, names_of, seconds, meanwhile=None):
        clients = [self.login() for _ in range(SESSIONS)]
        watcher = threading.Thread(target=self.watch)
        threads = [
            threading.Thread(target=self.work, args=(client, number, seconds, names_of(number)))
            for number, client in enumerate(clients)
        ]
        watcher.start()
        for thread in threads:
            thread.start()
        if meanwhile:
            meanwhile(clients)
        for thread in threads:
            thread.join()
        self.stop.set()
        watcher.join()
        return clients

    def check(self, witness):
        self.assertEqual(self.problems, [])
        for wanted in (("STOR", 226), ("STOR", 552), ("APPE", 226), ("DELE", 250), ("RNTO", 250), ("MKD", 257)):
            self.assertIn(wanted, self.replies)
        self.assertGreater(self.most[0], LIMIT // 8)
        # What is being written has a last block that is not full.
        self.assertLessEqual(self.most[0], LIMIT + SESSIONS * BLOCK)
        self.assertLessEqual(self.most[1], FILES)
        used, there = self.used(witness), self.on_disk()
        self.assertTrue(used[0] >= there[0] and used[1] >= there[1], f"the ledger has {used}, the disk {there}")
        return used, there

    def test_Q04_each_with_files_of_its_own(self):
        """Then it is exact without a new count."""
        self.shared = False
        clients = self.run_sessions(lambda number: [f"{number}-{letter}" for letter in "ab"], 4)
        used, there = self.check(clients[0])
        self.assertEqual(used, there)

    def test_Q04_all_with_the_same_files(self):
        clients = self.run_sessions(lambda number: list("abcdef"), 6)
        self.check(clients[0])
        for client in clients:
            client.quit()
        self.assert_exact_soon()
        client = self.login()
        for name in os.listdir(self.server.home()):
            client.command(f"DELE {name}")
            client.command(f"RMD {name}")
        self.assertEqual(self.used(client), (0, 0))

    def test_Q11_some_are_killed(self):
        """Sessions and monitors."""
        self.server.allow_temporaries = True

        def kill(clients):
            chance = random.Random(1)
            for client in chance.sample(clients[1:], SESSIONS // 2):
                time.sleep(0.3 * slow())
                client.loose, client.exit_status = True, None
                os.kill(chance.choice((client.session_pid, client.monitor_pid)), signal.SIGKILL)

        clients = self.run_sessions(lambda number: list("abcdef"), 4 * slow(), kill)
        self.check(clients[0])
        for client in clients:
            if not client.loose:
                client.quit()
            client.wait()
        self.assert_exact_soon()


if __name__ == "__main__":
    main()
