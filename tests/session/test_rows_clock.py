"""Regression row P14 (ProFTPD issue 2047): the machine's clock may be set, and no session notices."""

import datetime
import mmap
import os
import struct
import subprocess
import time
from pathlib import Path

from harness import ServerTest, main, slow

DAY = 86400
SHIM = Path(__file__).resolve().parent.parent / "harness" / "clock_shim.c"


class Clock(ServerTest):
    config = {
        "login": {"deadline": "20 s"},
        "session": {"idle": "20 s"},
        "transfer": {"stall": "20 s", "connect": "20 s", "hash": "20 s"},
    }

    def setUp(self):
        super().setUp()
        shim, offset = self.server.directory / "shim.so", self.server.directory / "offset"
        compiler = os.environ.get("CC", "cc")
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-Wall", "-o", shim, SHIM, "-ldl"], check=True)
        offset.write_bytes(bytes(8))
        with open(offset, "r+b") as file:
            self.offset = mmap.mmap(file.fileno(), 8)
        self.addCleanup(self.offset.close)

        def prepare():
            os.environ["LD_PRELOAD"] = str(shim)
            os.environ["CLOCK_SHIM"] = str(offset)
            os.environ["ASAN_OPTIONS"] = "verify_asan_link_order=0"

        self.server.prepare = prepare

    def step(self, days):
        """Sets the clock of all sessions, running ones too, DAYS away from the real one."""
        self.offset[:] = struct.pack("q", days * DAY)
        time.sleep(0.1)

    def check_log_time(self, days, kind, word):
        """The step was seen: log lines carry the wall clock."""
        record = self.server.expect_log(kind, word)
        when = datetime.datetime.fromisoformat(record["time"].replace("Z", "+00:00"))
        away = (when - datetime.datetime.now(datetime.timezone.utc)).total_seconds() / DAY
        self.assertAlmostEqual(away, days, delta=0.1)

    def test_P14_idle_session(self):
        client = self.login()
        for days in (1, -1, 0, 400, -400):
            self.step(days)
            client.expect(200, "NOOP")
        self.step(1)
        client.expect(257, "MKD later")
        self.check_log_time(1, "files", "mkdir")
        client.quit()
        self.assertLess(int(self.server.expect_log("connections", "disconnect")["usec"]), 20000000)

    def test_P14_before_login(self):
        client = self.connect()
        for days in (1, -1):
            self.step(days)
            client.expect(331, "USER alice")
        client.login()

    def test_P14_transfers(self):
        content = os.urandom(20000000)
        self.server.write("big", content)
        client = self.login()
        for days in (1, -1):
            with self.subTest(days=days):
                data = client.begin("RETR big")
                received = data.receive(1000000)
                self.step(days)
                received += data.receive(1000000)
                self.step(-days)
                received += data.receive_all()
                client.read(226)
                self.assertEqual(received, content)

                data = client.begin(f"STOR new{days}")
                data.send(content[:1000000])
                self.step(days)
                data.send(content[1000000:2000000])
                self.step(0)
                data.close()
                client.read(226)
                self.assertEqual(self.server.read(f"new{days}"), content[:2000000])

    def test_P14_waiting_for_the_data_connection(self):
        self.server.write("a", b"hello")
        client = self.login()
        for days in (1, -1):
            address = client.epsv()
            client.send("RETR a")
            client.read(150)
            self.step(days)
            self.assertEqual(client.dial(address).receive_all(), b"hello")
            client.read(226)

    def test_P14_deadlines_are_kept(self):
        """What is not ended early by a step forward is not ended late by a step back."""
        for config, log_in, reason in (
            ({"session": {"idle": "2 s"}}, True, "idle"),
            ({"login": {"deadline": "2 s"}}, False, "login-deadline"),
        ):
            with self.subTest(reason=reason):
                server = self.make_server(config)
                server.prepare = self.server.prepare
                client = server.login() if log_in else server.connect()
                started = time.monotonic()
                self.step(-1)
                client.read(421)
                self.assertTrue(1 < time.monotonic() - started < 4 * slow())
                server.expect_log("connections", "disconnect", reason=reason)
                self.step(0)


if __name__ == "__main__":
    main()
