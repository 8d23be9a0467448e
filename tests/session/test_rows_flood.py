"""Regression rows P01 to P17: what somebody who has not logged in, or a client gone wild, can cost."""

import os
import signal
import socket
import time

from harness import ServerTest, before_tls, in_clear, main, slow, wait_until
from harness import process


def memory(pid):
    """Resident KiB of a process."""
    return int(process.status(pid)["VmRSS"].split()[0])


def cpu(pid):
    """Seconds of CPU time that a process has used."""
    fields = open(f"/proc/{pid}/stat", encoding="ascii").read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Slow(ServerTest):
    config = {"login": {"deadline": "2 s"}}

    def test_P01_deadline_is_absolute(self):
        client = self.connect()
        end = time.monotonic() + 30 * slow()
        client.loose = True
        try:
            while time.monotonic() < end:
                client.raw(b"N")
                time.sleep(0.2)
        except OSError:
            pass
        self.assertLess(time.monotonic(), end, "one byte now and then kept the connection open")
        self.server.expect_log("connections", "disconnect", reason="login-deadline")

    def test_P01_deadline_is_told(self):
        client = self.connect()
        client.read(421)
        self.assert_closed(client)

    def test_P01_deadline_ends_with_the_login(self):
        client = self.login()
        time.sleep(3)
        client.expect(257, "PWD")


class Hoard(ServerTest):
    config = {"limits": {"per_address": 8, "waiting_per_address": 5, "waiting": 7, "connections": 12}}

    def refused(self, source):
        client = self.connect(source=source, greeting=None)
        reply = client.read(421)
        client.read_end()
        self.assertEqual(client.wait(), 0)
        return reply.text

    @before_tls
    def test_P02_one_address_keeps_nobody_else_out(self):
        silent = [self.connect(source="127.0.0.1") for _ in range(5)]
        self.assertIn("from your address that have not logged in", self.refused("127.0.0.1"))
        self.server.expect_log("connections", "refused", remote="127.0.0.1", reason="limit-waiting-per-address")
        self.login(source="127.0.0.2").expect(257, "PWD")
        silent[0].quit()
        silent[0].wait()
        self.connect(source="127.0.0.1").quit()

    @before_tls
    def test_P02_logged_in_connections_have_another_limit(self):
        logged_in = [self.login() for _ in range(8)]
        self.assertIn("Too many connections from your address. Close one", self.refused("127.0.0.1"))
        self.server.expect_log("connections", "refused", reason="limit-per-address")
        logged_in[3].quit()
        logged_in[3].wait()
        self.login().expect(257, "PWD")

    @before_tls
    def test_P02_waiting_share_of_all_is_capped(self):
        waiting = [self.connect(source=f"127.0.1.{number + 1}") for number in range(7)]
        self.assertEqual(self.refused("127.0.2.1"), "Too many connections that have not logged in. Try again later.")
        self.server.expect_log("connections", "refused", remote="127.0.2.1", reason="limit-waiting")
        # Five more places are there for those who log in.
        for client in waiting[:5]:
            client.login()
        self.server.expect_log("auth", "accepted", count=5)
        for number in range(5):
            self.connect(source=f"127.0.3.{number + 1}")
        self.assertEqual(self.refused("127.0.2.1"), "Too many connections that have not logged in. Try again later.")
        self.server.expect_log("connections", "refused", count=2, remote="127.0.2.1", reason="limit-waiting")
        waiting[5].login()
        self.server.expect_log("auth", "accepted", count=6)
        self.assertEqual(self.refused("127.0.2.1"), "Too many connections. Try again later.")

    def test_P02_a_killed_monitor_frees_its_place(self):
        clients = [self.connect() for _ in range(5)]
        for client in clients:
            client.exit_status = None
            client.loose = True
            os.kill(client.monitor_pid, signal.SIGKILL)
            client.wait()
        self.login().expect(257, "PWD")


class Lines(ServerTest):
    def test_P03_overlong_line(self):
        for size in (600, 5000, 8193, 70000, 900000):
            with self.subTest(size=size):
                client = self.connect()
                before = memory(client.session_pid)
                client.send("A" * size)
                client.read(500)
                client.expect(200, "NOOP")
                self.assertLess(memory(client.session_pid) - before, 1024)
                self.assertLess(cpu(client.session_pid), 0.5 * slow())

    def test_P03_line_without_an_end(self):
        client = self.connect()
        client.loose = True
        session = client.session_pid
        try:
            for _ in range(400):
                client.raw(b"A" * 10000)
        except OSError:
            pass
        self.assertTrue(wait_until(lambda: not process.alive(session)), "4 MB without a newline are still read")
        self.server.expect_log("connections", "disconnect", reason="line-too-long")

    def test_P04_tail_of_a_long_line_is_no_command(self):
        self.server.write("victim", b"x")
        client = self.login()
        for size in (200, 1000, 4095, 4096, 8180, 8185, 8192, 8193, 16384, 16389, 70000):
            with self.subTest(size=size):
                client.send("A" * size + "DELE victim")
                client.read(500)
        client.expect(200, "NOOP")
        self.assertEqual(self.server.read("victim"), b"x")

    def test_P05_http(self):
        self.server.write("victim", b"x")
        body = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\nUSER alice\r\nPASS x\r\nDELE victim\r\n"
        for logged_in in (False, True):
            for text in (body, body.replace("POST", "GET"), body.replace("POST", "put"), "HTTP/1.1 200 OK\r\n\r\n"):
                with self.subTest(text=text[:10], logged_in=logged_in):
                    client = self.login() if logged_in else self.connect()
                    client.raw(text.encode())
                    client.read(421)
                    self.assert_closed(client)
        self.assertEqual(self.server.read("victim"), b"x")

    def test_P06_unknown_commands_before_login(self):
        client = self.connect()
        for number in range(10):
            client.expect(500, f"XYZZY{number}")
        client.expect(421, "XYZZY")
        self.assert_closed(client)

    def test_P06_after_login_a_mistake_is_a_mistake(self):
        client = self.login()
        for _ in range(30):
            client.expect(500, "XYZZY")
        client.expect(200, "NOOP")

    def test_P16_telnet_floods(self):
        for flood in (b"\xff" * 65536, b"\xff\xfb\x01" * 20000, b"\xff\xfd\x03" * 20000, b"\xff\xf2" * 30000):
            with self.subTest(flood=flood[:3]):
                client = self.connect()
                client.raw(flood + b"\r\n")
                client.raw(b"NOOP\r\n")
                codes = [client.read_reply().code]
                while codes[-1] != 200:
                    codes.append(client.read_reply().code)
                self.assertLessEqual(len(codes), 6, codes)

    def test_P16_iac_at_every_boundary(self):
        client = self.login()
        for size in list(range(0, 40)) + [4095, 4096, 8185, 8186, 8187, 8188]:
            with self.subTest(size=size):
                client.raw(b"CWD " + b"a" * size + b"\xff\xf1" + b"\xff\xff" + b"\r\n")
                self.assertIn(client.read_reply().code, (550, 500, 501))
        client.expect(200, "NOOP")

    def test_P17_pipelined_flood_that_nobody_reads(self):
        client = self.login()
        client.loose = True
        session = client.session_pid
        before = memory(session)
        client.socket.setblocking(False)
        sent, end = 0, time.monotonic() + 5
        block = b"NOOP\r\n" * 10000
        while sent < 100 * len(block) and time.monotonic() < end:
            try:
                sent += client.socket.send(block)
            except BlockingIOError:
                time.sleep(0.01)
        self.assertLess(memory(session) - before, 2048)
        client.socket.setblocking(True)


class Work(ServerTest):
    config = {"transfer": {"hash": "3 s"}}

    def check_cheap(self, client, commands, seconds):
        """Each of COMMANDS costs the session less than SECONDS of CPU time, and gets one reply."""
        for command in commands:
            with self.subTest(command=command[:60]):
                before = cpu(client.session_pid)
                client.command(command)
                self.assertLess(cpu(client.session_pid) - before, seconds * slow())
        client.expect(200, "NOOP")

    def test_P07_glob_bombs(self):
        for number in range(200):
            self.server.write("a" * 60 + f"{number}", b"")
        bombs = ["{a,b,c}" * 8, "*/../" * 30 + "*", "*" * 60 + "b", "*a" * 60 + "b", "~{", "[" * 100, "[!" * 50, "\\" * 99]
        client = self.login()
        self.check_cheap(client, [f"STAT {bomb}" for bomb in bombs] + [f"MLST {bomb}" for bomb in bombs], 0.5)
        for bomb in bombs:
            with self.subTest(bomb=bomb[:30]):
                before = cpu(client.session_pid)
                data = client.passive()
                reply = client.command(f"NLST {bomb}")
                if reply.code == 150:
                    data.receive_all()
                    client.read(226)
                data.close()
                self.assertLess(cpu(client.session_pid) - before, 0.5 * slow())

    def test_P08_deep_tree(self):
        here = os.open(self.server.home(), os.O_RDONLY)
        uid = self.server.uid()
        for _ in range(5000):
            os.mkdir("d", dir_fd=here)
            below = os.open("d", os.O_RDONLY, dir_fd=here)
            os.fchown(below, uid, uid)
            os.close(here)
            here = below
        os.close(here)
        client = self.login()
        before = memory(client.session_pid)
        self.assertGreater(len(client.list("-R")), 50)
        self.assertLess(memory(client.session_pid) - before, 8192)
        for _ in range(4):
            client.expect(250, "CWD " + "d/" * 1000)
        self.assertIn(client.command("PWD").code, (257, 550))
        client.expect(200, "NOOP")
        client.quit()
        self.server.ctl("user", "del", "alice", "--purge", "--yes")

    def test_P09_options_of_ls(self):
        self.server.write("a", b"")
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
        options = [f"-{letter}" for letter in letters if letter not in "aR"]
        options += ["-" + letters, "-w", " ".join(["-l"] * 200), "-" + "l" * 4000]
        client = self.login()
        for option in options:
            with self.subTest(option=option[:20]):
                lines = [line for line in client.list(option) if line.endswith(" a")]
                self.assertEqual(len(lines), 1)

    def test_P11_no_memory_is_lost_by_failures(self):
        client = self.login()
        commands = ["RETR nosuch", "STOR nosuch/x", "CWD nosuch", "MLST nosuch", "SIZE nosuch", "RNFR nosuch", "PORT 1,2"]
        commands += ["HASH nosuch", "XCRC nosuch", "SITE CHMOD 600 nosuch", "MFMT 1 x", "OPTS MLST " + "x;" * 50, "NOSUCH"]

        def rounds(count):
            for command in commands:
                for _ in range(count // 50):
                    client.raw((command + "\r\n").encode() * 50)
                    for _ in range(50):
                        client.read_reply()

        rounds(100)
        before = memory(client.session_pid), memory(client.monitor_pid)
        rounds(1000 if slow() == 1 else 200)
        after = memory(client.session_pid), memory(client.monitor_pid)
        for kind, first, last in zip(("session", "monitor"), before, after):
            self.assertLess(last, first * 1.05 + 64, kind)

    def test_P12_checksum_of_a_huge_file(self):
        with open(self.server.write("sparse"), "r+b") as file:
            file.truncate(20 << 30)
        client = self.login()
        client.send("HASH sparse")
        client.expect(200, "NOOP")
        client.read(450)
        client.send("XMD5 sparse")
        client.send("ABOR")
        client.read(451)
        client.read(226)
        client.expect(530, "USER bob")

    def test_P12_one_at_a_time(self):
        with open(self.server.write("sparse"), "r+b") as file:
            file.truncate(20 << 30)
        first, second = self.login(), self.login()
        first.send("HASH sparse")
        self.assertTrue(wait_until(lambda: cpu(first.session_pid) > 0.05))
        second.expect(450, "HASH sparse")
        first.send("ABOR")
        first.read(451)
        first.read(226)
        self.server.write("small", b"x")
        second.expect(213, "HASH small")

    def test_P12_needs_login(self):
        self.check_needs_login("HASH a", "XCRC a", "XMD5 a", "XSHA a")


class Signals(ServerTest):
    @in_clear("TLS has no urgent data")
    def test_P15_signals_at_any_time(self):
        rounds = 200 if slow() == 1 else 40
        for number in range(rounds):
            client = self.connect(greeting=None)
            client.exit_status, client.loose = None, True
            kind = (signal.SIGTERM, signal.SIGURG, signal.SIGKILL, signal.SIGHUP)[number % 4]
            if number % 3:
                client.raw(b"USER alice\r\n")
            if number % 5:
                client.urgent()
            os.kill(client.monitor_pid, kind)
            if kind == signal.SIGURG:
                client.close()
            client.wait()
            client.close()
        self.assertEqual(list(self.server.directory.glob("**/core*")), [])
        self.login().expect(257, "PWD")

    def test_P15_terminated_session_says_so(self):
        client = self.login()
        os.kill(client.monitor_pid, signal.SIGTERM)
        client.read(421)
        self.assert_closed(client)
        self.server.expect_log("connections", "disconnect", reason="stopped", user="alice")


class HalfClosed(ServerTest):
    def test_pipe_of_commands_gets_its_answers(self):
        client = self.connect()
        client.raw(b"USER alice\r\nPASS " + self.users["alice"].encode() + b"\r\nPWD\r\nNOOP\r\n")
        client.socket.shutdown(socket.SHUT_WR)
        for code in (331, 230, 257, 200):
            client.read(code)
        self.assert_closed(client)


if __name__ == "__main__":
    main()
