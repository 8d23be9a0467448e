"""cellftpctl who, kick and drain: live sessions, shown and ended."""

import json
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from harness import ServerTest, before_tls, main, process, slow, wait_until, within

FAILED, USAGE, NOT_CONFIGURED = 1, 2, 6
DRAINED = "The server is going down for maintenance. Try again later."


class LiveTest(ServerTest):
    users = {"alice": "alice's password 1", "bob": "bob's password 1"}

    def ctl(self, *arguments, status=0):
        """Runs cellftpctl; what it prints must be plain, and its exit status STATUS."""
        done = self.server.ctl(*arguments, check=False)
        self.assertEqual(done.returncode, status, f"{arguments}: {done.stdout}{done.stderr}")
        return done

    def who(self, *arguments):
        """The rows of `who --json`, oldest first."""
        return json.loads(self.ctl("who", "--json", *arguments).stdout)

    def session_of(self, client):
        """The row of a client's connection."""
        port = client.socket.getsockname()[1]
        return next(row for row in self.who() if row["port"] == port)

    def download(self, client, size=1 << 30):
        """A download that the client does not read."""
        path = self.server.write("big")
        os.truncate(path, size)
        return client.begin("RETR big")

    def assert_gone_within_a_second(self, since, *pids):
        """Row L12: measured from SINCE, before cellftpctl was started."""
        self.assertTrue(wait_until(lambda: not [pid for pid in pids if process.alive(pid)]), "still there")
        self.assertLess(time.monotonic() - since, within(1))


def read_to_end(connection):
    """What comes until the connection is closed or broken: the number of bytes, and True if it broke."""
    count = 0
    while True:
        try:
            part = connection.recv(1 << 20)
        except ConnectionError:
            return count, True
        if not part:
            return count, False
        count += len(part)


class Who(LiveTest):
    def test_tls_is_shown(self):
        for secure, protocol in (("clear", None), ("1.2", "TLSv1.2"), ("1.3", "TLSv1.3")):
            for client in (self.connect(secure=secure), self.login(secure=secure)):
                self.assertTrue(wait_until(lambda: self.session_of(client)["tls"] == protocol))
                client.quit()
                client.wait()

    def test_everybody_is_shown(self):
        self.assertEqual(self.who(), [])
        self.assertEqual(self.ctl("who").stdout, "")
        waiting, alice = self.connect(), self.login()
        rows = {row["port"]: row for row in self.who()}
        self.assertEqual(len(rows), 2)
        row = rows[waiting.socket.getsockname()[1]]
        self.assertEqual((row["user"], row["doing"]), (None, "not logged in"))
        self.assertEqual(row["pid"], waiting.monitor_pid)
        row = rows[alice.socket.getsockname()[1]]
        self.assertEqual((row["user"], row["address"]), ("alice", "127.0.0.1"))
        self.server.expect_log("connections", "connect", session=row["session"])
        self.assertRegex(row["since"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        fields = [line.split("\t") for line in self.ctl("who", "--user", "alice").stdout.splitlines()]
        self.assertEqual([line[:3] for line in fields], [[row["session"], "alice", "127.0.0.1"]])
        self.assertEqual(self.who("--address", "192.0.2.1"), [])
        self.assertEqual(len(self.who("--address", "127.0.0.1")), 2)

    def test_what_is_transferred(self):
        client = self.login()
        data = self.download(client)
        told = wait_until(lambda: data.receive(1 << 20) and "RETR" in self.session_of(client)["doing"])
        self.assertTrue(told)
        self.assertRegex(self.session_of(client)["doing"], r"^RETR /big \d+ bytes$")
        client.expect(426, "ABOR")
        client.read(226)
        self.assertTrue(wait_until(lambda: self.session_of(client)["doing"] == "idle"))

    def assert_shown_with_230(self, client, logins):
        """As soon as the client knows that it is logged in, everybody who looks does."""
        client.login()
        row = self.session_of(client)
        self.assertEqual((row["user"], row["doing"]), ("alice", "logged in"))
        self.assertEqual(len(self.server.logs("auth", "accepted")), logins)
        client.quit()

    def test_login_is_shown_with_its_reply(self):
        """Also where each write of the monitor into the table of sessions takes 50 ms."""
        self.server.prepare = lambda: os.environ.update(ASAN_OPTIONS="detect_leaks=0")  # it cannot under strace
        slowly = ["strace", "-qq", "-o", os.devnull, "-e", "trace=pwrite64", "-e", "inject=pwrite64:delay_enter=50000"]
        for logins in range(1, 11):
            client = self.connect()
            tracer = subprocess.Popen([*slowly, "-p", str(client.monitor_pid)])
            self.addCleanup(tracer.wait)
            self.addCleanup(tracer.kill)
            tracing = Path(f"/proc/{client.monitor_pid}/status")
            self.assertTrue(wait_until(lambda seen=tracing: "TracerPid:\t0" not in seen.read_text()))
            self.assert_shown_with_230(client, logins)

    def test_the_dead_are_not_shown(self):
        killed, orphan, alive = self.login(), self.login(), self.login()
        for client in (killed, orphan):
            client.exit_status, client.loose = None, True
        os.kill(killed.monitor_pid, signal.SIGKILL)
        killed.wait()
        os.kill(orphan.session_pid, signal.SIGKILL)
        orphan.wait()
        self.assertEqual([row["pid"] for row in self.who()], [alive.monitor_pid])
        self.server.expect_log("connections", "disconnect", reason="session-gone")

    def test_ipv6(self):
        client = self.login(family=socket.AF_INET6)
        self.assertEqual(self.session_of(client)["address"], "::1")

    def test_needs_root(self):
        self.assertNotEqual(
            subprocess.run(
                [self.server.ctl_program, "--config", self.server.config_file, "who"],
                user=65534,
                capture_output=True,
                check=False,
            ).returncode,
            0,
        )


class WrongConfiguration(LiveTest):
    def test_the_server_can_be_handled(self):
        """A mistake in the configuration keeps nobody from seeing and ending what goes on."""
        client, other = self.login(), self.login("bob")
        text = self.server.config_file.read_text()
        self.server.config_file.write_text(text + "limits: { connections = 0; };\n")
        done = self.ctl("who", "--json")
        self.assertEqual({row["user"] for row in json.loads(done.stdout)}, {"alice", "bob"})
        self.assertIn("limits.connections", done.stderr)
        self.assertIn("the last good one is used", done.stderr)
        self.assertIn("1 session ended", self.ctl("user", "lock", "alice").stdout)
        self.ctl("kick", "bob")
        for lost in (client, other):
            lost.read(421)
            lost.read_end()
        self.assertIn("auth accepted", self.ctl("log").stdout)
        self.ctl("throttle", "list")
        self.ctl("user", "add", "carol", "--generate", status=NOT_CONFIGURED)
        (self.server.directory / "run" / "last-good.conf").unlink()
        self.ctl("who", status=NOT_CONFIGURED)
        self.server.config_file.write_text(text)


class Kick(LiveTest):
    def kicked(self, client, **fields):
        """The records of a kick, and who did it."""
        self.server.expect_log("connections", "disconnect", reason="kicked", **fields)
        record = self.server.expect_log("admin", "kick", reason="kicked")
        self.assertEqual(record["remote"], client.socket.getsockname()[0])
        self.assertEqual(record["port"], str(client.socket.getsockname()[1]))
        self.assertTrue(record["actor"])
        return record

    def test_L12_download_that_is_not_read(self):
        client = self.login()
        client.loose = True
        data = self.download(client)
        pids = client.monitor_pid, client.session_pid
        row = self.session_of(client)
        since = time.monotonic()
        done = self.ctl("kick", row["session"])
        self.assert_gone_within_a_second(since, *pids)
        self.assertEqual(done.stdout.split("\t")[:3], [row["session"], "alice", "127.0.0.1"])
        self.assertEqual(self.who(), [])
        count, _ = read_to_end(data.socket)
        self.assertLess(count, 1 << 30)
        client.read(426)
        self.assertIn("administrator", client.read(421).text)
        client.read_end()
        record = self.kicked(client, session=row["session"])
        self.assertEqual((record["session"], record["user"]), (row["session"], "alice"))
        self.server.expect_log("files", "download-failed", path="/big", reason="session-ended")  # not: by the client

    def test_L12_upload(self):
        client = self.login()
        client.loose = True
        self.server.write("a.txt", b"old")
        data = client.begin("STOR a.txt")
        data.send(b"new" * 1000)
        pids = client.monitor_pid, client.session_pid
        since = time.monotonic()
        self.ctl("kick", "alice")
        self.assert_gone_within_a_second(since, *pids)
        read_to_end(data.socket)
        self.assertEqual(self.server.read("a.txt"), b"old")
        self.kicked(client)
        self.server.expect_log("files", "upload-failed", path="/a.txt")

    def test_L12_replies_that_are_not_read(self):
        client = self.login()
        client.loose = True
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.socket.settimeout(0.2)
        try:
            while True:
                client.raw(b"HELP\r\n" * 1000)
        except TimeoutError:
            pass
        pids = client.monitor_pid, client.session_pid
        since = time.monotonic()
        self.ctl("kick", "alice")
        self.assert_gone_within_a_second(since, *pids)
        self.kicked(client)

    def test_L12_session_that_does_not_run(self):
        client = self.login()
        client.loose = True
        pids = client.monitor_pid, client.session_pid
        os.kill(client.session_pid, signal.SIGSTOP)
        since = time.monotonic()
        self.ctl("kick", "alice")
        self.assert_gone_within_a_second(since, *pids)
        self.kicked(client, detail="killed by signal 9")

    def test_monitor_that_does_not_run(self):
        client = self.login()
        client.loose, client.exit_status = True, None
        pids = client.monitor_pid, client.session_pid
        os.kill(client.monitor_pid, signal.SIGSTOP)
        self.ctl("kick", "alice")
        self.assertTrue(wait_until(lambda: not [pid for pid in pids if process.alive(pid)]))
        self.kicked(client, detail="the monitor did not answer and was killed")

    def test_by_address_and_by_name(self):
        alice, other, bob = self.login(), self.login(source="127.0.0.2"), self.login("bob")
        for client in (alice, other, bob):
            client.loose = True
        rows = json.loads(self.ctl("kick", "127.0.0.2", "--json").stdout)
        self.assertEqual([row["port"] for row in rows], [other.socket.getsockname()[1]])
        self.assertEqual({row["user"] for row in self.who()}, {"alice", "bob"})
        self.ctl("kick", "--user", "bob", "--address", "127.0.0.1")
        self.assertEqual([row["user"] for row in self.who()], ["alice"])
        self.ctl("kick", self.session_of(alice)["session"], "alice")
        self.assertEqual(self.who(), [])
        for client in (alice, other, bob):
            client.read(421)
            self.assert_closed(client)

    def test_one_that_has_not_logged_in(self):
        client = self.connect()
        client.expect(331, "USER alice")
        self.ctl("kick", "alice", status=FAILED)  # a name that somebody has typed is nobody's
        self.ctl("kick", "127.0.0.1")
        client.read(421)
        self.assert_closed(client)

    def test_dry_run(self):
        client = self.login()
        done = self.ctl("kick", "alice", "--dry-run")
        self.assertIn("alice", done.stdout)
        client.expect(200, "NOOP")
        self.assertEqual(self.server.logs("admin", "kick"), [])

    def test_nobody_is_there(self):
        client = self.login()
        for who in ("bob", "0123456789abcdef", "192.0.2.1", "2001:db8::1"):
            with self.subTest(who=who):
                self.assertIn(who, self.ctl("kick", who, status=FAILED).stderr)
        self.ctl("kick", status=USAGE)
        self.ctl("kick", "alice", "--user", "bob", status=USAGE)
        self.ctl("kick", "--user", "bob", status=FAILED)
        client.expect(200, "NOOP")

    def test_other_signals_are_a_plain_stop(self):
        plain, unknown = self.login(), self.login("bob")
        os.kill(plain.monitor_pid, signal.SIGTERM)
        subprocess.run(["kill", "-s", "TERM", "-q", "4711", str(unknown.monitor_pid)], check=True)
        for client in (plain, unknown):
            self.assertIn("shutting down", client.read(421).text)
            self.assert_closed(client)
        self.server.expect_log("connections", "disconnect", 2, reason="stopped")


class KickInAPause(LiveTest):
    config = {"login": {"delay": "20 s", "delay_max": "20 s"}}

    def test_L12_refusal_that_waits(self):
        client = self.connect()
        client.loose = True
        client.expect(331, "USER alice")
        client.send("PASS wrong")
        self.server.expect_log("auth", "refused", user="alice")
        pids = client.monitor_pid, client.session_pid
        since = time.monotonic()
        self.ctl("kick", "127.0.0.1")
        self.assert_gone_within_a_second(since, *pids)
        self.server.expect_log("connections", "disconnect", reason="kicked")


class Drain(LiveTest):
    def start(self, *arguments):
        drain = subprocess.Popen(
            [self.server.ctl_program, "--config", self.server.config_file, "drain", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(drain.communicate)
        self.addCleanup(drain.kill)
        self.assertTrue(wait_until(lambda: self.server.logs("admin", "drain")))
        return drain

    def assert_refused(self):
        client = self.connect(greeting=None)
        self.assertEqual(client.read(421).text, DRAINED)
        self.assert_closed(client)

    @before_tls
    def test_waits_for_the_last(self):
        client = self.login()
        drain = self.start()
        self.assert_refused()
        self.assertIn("drain", self.ctl("who").stderr)
        client.stor("a", b"goes on")
        self.assertIsNone(drain.poll())
        self.server.expect_log("connections", "refused", reason="drained")
        client.quit()
        out, _ = drain.communicate(timeout=10 * slow())
        self.assertEqual(drain.returncode, 0)
        self.assertRegex(out, r"connections\s+0\n")
        self.assert_refused()
        self.server.expect_log("connections", "refused", 2, reason="drained")
        self.ctl("drain", "--end")
        self.login().quit()
        self.server.expect_log("admin", "resume")
        self.assertIn("does not drain", self.ctl("drain", "--end").stderr)
        self.server.expect_log("admin", "resume")
        self.assertEqual(self.ctl("who").stderr, "")

    @before_tls
    def test_now(self):
        client, waiting = self.login(), self.connect()
        state = json.loads(self.ctl("drain", "--now", "--json").stdout)
        self.assertEqual((state["connections"], state["ended"]), (0, 2))
        for one in (client, waiting):
            self.assertEqual(one.read(421).text, DRAINED)
            self.assert_closed(one)
        self.server.expect_log("connections", "disconnect", 2, reason="drained")
        self.server.expect_log("admin", "kick", 2, reason="drained")
        self.assert_refused()

    def test_timeout(self):
        client = self.login()
        began = time.monotonic()
        self.ctl("drain", "--timeout", "500ms")
        self.assertGreaterEqual(time.monotonic() - began, 0.5)
        self.assertEqual(client.read(421).text, DRAINED)
        self.assert_closed(client)

    @before_tls
    def test_interrupted_it_still_refuses(self):
        client = self.login()
        drain = self.start()
        drain.terminate()  # not SIGINT, which is ignored where the tests run in the background
        drain.communicate(timeout=10 * slow())
        self.assert_refused()
        client.quit()
        self.ctl("drain")  # goes on where it was
        self.assertEqual(len(self.server.logs("admin", "drain")), 1)

    def test_dry_run(self):
        client = self.login()
        rows = json.loads(self.ctl("drain", "--dry-run", "--json").stdout)
        self.assertEqual([row["user"] for row in rows], ["alice"])
        self.login("bob").quit()
        client.quit()
        self.assertEqual(self.server.logs("admin", "drain"), [])

    def test_the_check_says_it(self):
        check = [self.server.program, "--check", "--config", self.server.config_file]
        self.assertNotIn("drain", subprocess.run(check, capture_output=True, text=True, check=True).stdout)
        self.ctl("drain")
        self.assertIn("drain --end", subprocess.run(check, capture_output=True, text=True, check=True).stdout)

    @before_tls
    def test_nobody_slips_in(self):
        """Whoever was greeted is waited for, however close to the beginning he came."""
        for _ in range(5):
            drain = subprocess.Popen(
                [self.server.ctl_program, "--config", self.server.config_file, "drain"], stdout=subprocess.DEVNULL
            )
            clients = [self.connect(greeting=None) for _ in range(8)]
            greeted = [client for client in clients if client.read((220, 421)).code == 220]
            if greeted:
                self.assertIsNone(drain.poll())
            for client in greeted:
                client.quit()
            self.assertEqual(drain.wait(10 * slow()), 0)
            self.ctl("drain", "--end")


if __name__ == "__main__":
    main()
