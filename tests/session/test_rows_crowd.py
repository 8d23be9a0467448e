"""Regression rows P02, P15 and P17 at full size: many connections, many signals, many commands at once."""

import os
import random
import signal
import threading
import time
from pathlib import Path

from harness import PASSWORD, ServerTest, before_tls, build, in_clear, main, process, wait_until, within

ROUNDS = 2000 if build().name == "release" else 300


class Hoarding(ServerTest):
    """P02 (CVE-2021-30047, CVE-2020-35359), with the limits as they are by default."""

    @before_tls
    def test_P02_a_hundred_and_twenty_silent_connections(self):
        greeted, refused = [], []
        for _ in range(120):
            client = self.connect(greeting=None)
            reply = client.read_reply()
            if reply.code == 220:
                greeted.append(client)
                continue
            self.assertEqual(reply.code, 421)
            self.assertIn("Too many connections from your address that have not logged in", reply.text)
            client.read_end()
            client.wait()
            refused.append(client)
        self.assertEqual((len(greeted), len(refused)), (10, 110))

        started = time.monotonic()
        self.login(source="127.0.0.2").expect(257, "PWD")
        self.assertLess(time.monotonic() - started, within(2))

        # Who logs in makes place for another one from there.
        greeted[0].login()
        self.server.expect_log("auth", "accepted", remote="127.0.0.1")
        self.connect()
        client = self.connect(greeting=421)
        client.read_end()
        self.server.expect_log("connections", "refused", count=0, remote="127.0.0.2")

        # Q10: the log has the first ones and the number of the others. A login earns a line: it tells the rest.
        greeted[1].login()
        self.server.expect_log("auth", "accepted", count=2, remote="127.0.0.1")
        self.connect()
        written = len(self.server.logs("connections", "refused", remote="127.0.0.1", reason="limit-waiting-per-address"))
        self.assertGreaterEqual(written, 30)
        self.assertLess(written, 60)
        written += len(self.server.logs("connections", "connect", remote="127.0.0.1"))
        self.assertEqual(written + self.server.left_out("127.0.0.1"), 123)


@in_clear("no client connects")
class FirstOnes(ServerTest):
    config = {"limits": {"waiting_per_address": 100, "per_address": 100}}

    def test_first_connections_at_once(self):
        """What the first connection after a start makes in directories.run may be in use while it is made."""
        codes = []

        def come():
            client = self.connect(greeting=None)
            codes.append(client.read_reply().code)
            client.quit() if codes[-1] == 220 else None
            client.wait()

        for _ in range(ROUNDS // 20):
            threads = [threading.Thread(target=come) for _ in range(6)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(set(codes), {220})
            self.server.clients.clear()
            process.unmount_below(self.server.directory / "run")
            for name in ("empty", "netns", "netns.lock", "sessions", "failures"):
                path = self.server.directory / "run" / name
                path.rmdir() if name == "empty" else path.unlink()


class Signals(ServerTest):
    """P15: whatever is sent to either process at whatever moment, nothing stays and nothing is dumped."""

    config = {"limits": {"waiting_per_address": 100, "per_address": 100}}
    KINDS = (
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGINT,
        signal.SIGURG,
        signal.SIGPIPE,
        signal.SIGKILL,
        signal.SIGCHLD,
    )

    def one(self, chance):
        client = self.connect(greeting=None)
        client.exit_status, client.loose = None, True
        upto = chance.randrange(4)
        if upto > 0:
            client.raw(f"USER alice\r\nPASS {PASSWORD}\r\n".encode()[: chance.randrange(1, 36)])
        if upto == 3:
            client.urgent()
        time.sleep(chance.choice((0, 0, 0.001, 0.003, 0.01)))
        pids = [client.monitor_pid] + process.children(client.monitor_pid)
        for _ in range(chance.randrange(3)):
            try:
                os.kill(chance.choice(pids), chance.choice(self.KINDS))
            except ProcessLookupError:
                pass  # the first one was enough
        if chance.random() < 0.5:
            client.reset()
        else:
            client.socket.close()
        status = client.wait()
        for pid in pids[1:]:
            if status >= 0:
                self.assertFalse(Path(f"/proc/{pid}").exists(), "a monitor that ended by itself has left its session")
            self.assertTrue(wait_until(lambda session=pid: not process.alive(session), 5), "a session has survived")
        self.server.clients.remove(client)

    @before_tls
    def test_P15_connect_and_signal(self):
        seed = random.randrange(1 << 32)
        chance = random.Random(seed)
        with self.subTest(seed=seed):
            for _ in range(ROUNDS):
                self.one(chance)
            self.assertEqual(list(self.server.directory.rglob("core*")), [])
            self.login().expect(257, "PWD")

    def test_P15_signals_during_a_transfer(self):
        self.server.allow_temporaries = True  # some are killed in the middle of an upload
        self.server.write("big", b"x" * 3000000)
        chance = random.Random(15)
        for number in range(ROUNDS // 20):
            client = self.login()
            client.exit_status, client.loose = None, True
            data = client.begin("STOR up" if number % 2 else "RETR big")
            data.send(b"y" * 1000) if number % 2 else data.receive(1000)
            pids = [client.monitor_pid, client.session_pid]
            os.kill(chance.choice(pids), self.KINDS[number % len(self.KINDS)])
            time.sleep(0.002)
            data.close()
            client.socket.close()
            client.wait()
            self.assertTrue(wait_until(lambda session=pids[1]: not process.alive(session), 5), "a session has survived")
        self.assertEqual(list(self.server.directory.rglob("core*")), [])
        self.assertEqual(self.login().retr("big"), b"x" * 3000000)


class Pipelining(ServerTest):
    def test_P17_every_command_of_a_flood_is_answered(self):
        """100,000 commands that come before a reply is read: back-pressure, then exactly as many replies."""
        client = self.login()
        client.socket.setblocking(False)
        left, block, idle = 600000, b"NOOP\r\n" * 10000, 0
        while left > 0 and idle < 50:
            try:
                left -= client.socket.send((block * 10)[600000 - left :])
                idle = 0
            except BlockingIOError:
                idle += 1
                time.sleep(0.01)
        before = int(process.status(client.session_pid)["VmHWM"].split()[0])
        self.assertLess(before, (16 if build().name == "release" else 500) * 1024)
        replies = 0
        while replies < 100000:
            if left > 0:
                try:
                    left -= client.socket.send((block * 10)[600000 - left :])
                except BlockingIOError:
                    pass
            try:
                text = client.socket.recv(1 << 20)
                self.assertNotEqual(text, b"")
                replies += text.count(b"\n")
            except BlockingIOError:
                time.sleep(0.001)
        self.assertEqual((replies, left), (100000, 0))
        client.socket.settimeout(client.timeout)
        client.expect(257, "PWD")


if __name__ == "__main__":
    main()
