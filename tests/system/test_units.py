"""cellftpd as a service: its units under load, abuse, and the administrator's hands (rows S01 to S06)."""

import collections
import os
import re
import signal
import socket
import threading

from harness import MachineTest, main, wait_until
from harness.data import reset
from harness.machine_case import FTP_PORT
from harness.server import ROOT

# systemd's own MESSAGE_IDs (systemd.journal-fields(7)): a process that did not end well, a unit that failed.
PROCESS_EXIT = "98e322203f7a4ed290d09fe03c09fe15"
UNIT_FAILED = "d9b373ed55a64feb8242e02dbe79a49c"


class Units(MachineTest):
    def call(self):
        """A connection from one of many addresses, nothing read."""
        host = f"127.1.{os.urandom(1)[0]}.{os.urandom(1)[0] or 1}"
        return socket.create_connection(("127.0.0.1", FTP_PORT), 60, source_address=(host, 0))

    def assert_ends_were_good(self):
        """Whatever the clients did, no process ended with another status than 0."""
        for identifier in (PROCESS_EXIT, UNIT_FAILED):
            found = [entry["MESSAGE"] for entry in self.journal(f"MESSAGE_ID={identifier}")]
            self.assertEqual([text for text in found if "cellftpd" in text], [])

    def test_units_verify(self):
        units = ("cellftpd.socket", "cellftpd@.service", "cellftpd.slice", "cellftpd-quota.timer", "cellftpd-quota.service")
        done = self.machine.run("systemd-analyze", "--man=no", "verify", *units)
        self.assertEqual(done.stdout + done.stderr, "")

    def test_Q05_count_at_night(self):
        """The timer is there after the installation, and what it starts mends the books: with few rights, at idle."""
        timer = self.machine.show("cellftpd-quota.timer", "UnitFileState", "ActiveState", "Persistent")
        self.assertEqual(timer, {"UnitFileState": "enabled", "ActiveState": "active", "Persistent": "yes"})
        self.machine.run("cellftpctl", "quota", "set", "alice", "10M")
        client = self.login()
        client.stor("counted", b"x" * 1000)
        client.quit()
        client.wait()
        self.give("not-counted", b"y" * 2000)
        self.assertEqual(self.machine.run("cellftpctl", "quota", "check", "alice", check=False).returncode, 1)
        self.machine.run("systemctl", "start", "cellftpd-quota.service")
        result = self.machine.show("cellftpd-quota.service", "Result", "ExecMainStatus", "Nice", "IOSchedulingClass")
        self.assertEqual(result, {"Result": "success", "ExecMainStatus": "0", "Nice": "19", "IOSchedulingClass": "3"})
        self.assertEqual(len(self.logs("admin", "quota-recount", user="alice")), 1)
        self.assertIn("same", self.machine.output("cellftpctl", "quota", "check", "alice"))
        # Nothing to mend: nothing is said.
        self.machine.run("systemctl", "start", "cellftpd-quota.service")
        self.assertEqual(len(self.logs("admin", "quota-recount", user="alice")), 1)
        said = [entry["MESSAGE"] for entry in self.journal("SYSLOG_IDENTIFIER=cellftpd-quota")]
        self.assertEqual(len(said), 1, said)
        self.machine.run("cellftpctl", "quota", "set", "alice", "default")

    def test_timer_that_was_switched_off(self):
        """The next installation leaves it so."""
        self.machine.run("systemctl", "disable", "--now", "cellftpd-quota.timer")
        self.machine.run("make", "-C", "/src", "install", "PREFIX=/usr")
        timer = self.machine.show("cellftpd-quota.timer", "UnitFileState", "ActiveState")
        self.assertEqual(timer, {"UnitFileState": "disabled", "ActiveState": "inactive"})
        self.assertIn("nobody counts at night", self.machine.output("cellftpctl", "doctor"))
        self.machine.run("systemctl", "enable", "--now", "cellftpd-quota.timer")

    def test_doctor_finds_a_closed_port(self):
        """As installed all is well; a socket that is off is a problem, and what switches it on is named."""
        text = self.machine.output("cellftpctl", "doctor")
        self.assertIn("ok\tcellftpd.socket\tenabled, and listens", text)
        self.assertIn("ok\tcellftpd-quota.timer\tenabled, and runs", text)
        self.assertNotIn("problem", text)
        self.machine.run("systemctl", "disable", "--now", "cellftpd.socket")
        done = self.machine.run("cellftpctl", "doctor", check=False)
        self.machine.run("systemctl", "enable", "--now", "cellftpd.socket")
        self.assertEqual(done.returncode, 1)
        self.assertIn("problem\tcellftpd.socket\tdisabled, inactive\tsystemctl enable --now cellftpd.socket", done.stdout)

    def test_capabilities_are_those_of_the_source(self):
        """The unit leaves what the monitor asks for, and nothing else."""
        source = (ROOT / "src/monitor/capabilities.c").read_text(encoding="utf-8")
        wanted = {name.lower() for name in re.findall(r"CAPABILITY\((CAP_\w+)\)", source)}
        self.assertIn("cap_sys_admin", wanted)
        unit = self.connect().process.unit
        left = self.machine.show(unit, "CapabilityBoundingSet")["CapabilityBoundingSet"]
        self.assertEqual(set(left.split()), wanted)

    def test_login_over_both_families(self):
        for host in ("127.0.0.1", "::1"):
            client = self.login(host=host)
            client.stor("a.txt", b"hello")
            self.assertEqual((self.home() / "a.txt").read_bytes(), b"hello")
            client.quit()

    def test_S01_burst(self):
        """1,000 connections at once: each is answered in words, and the service is still there for the next."""
        connections = [self.call() for _ in range(1000)]
        answers = collections.Counter()
        for connection in connections:
            with connection:
                answers[connection.recv(4096).partition(b" ")[0]] += 1
        self.assertEqual(set(answers), {b"220", b"421"})
        self.assertEqual(sum(answers.values()), 1000)
        self.assertGreaterEqual(answers[b"220"], 200)  # limits.waiting
        wait_until(lambda: not self.machine.instances(), 60)
        self.login().quit()
        self.assert_ends_were_good()

    def test_S02_aborted_sessions(self):
        """1,000 sessions that clients drop at every stage leave no unit, and none has failed."""

        def drop_at_once(connection):
            reset(connection)

        def drop_after_greeting(connection):
            connection.recv(4096)
            reset(connection)

        def drop_with_a_command(connection):
            connection.recv(4096)
            connection.sendall(b"USER alice\r\nPASS wro")
            reset(connection)

        def drop_when_logged_in(connection):
            connection.sendall(f"USER alice\r\nPASS {self.users['alice']}\r\nEPSV\r\n".encode())
            text = b""
            while b"\r\n230" not in text and (part := connection.recv(4096)):
                text += part
            reset(connection)

        ways = [drop_at_once, drop_after_greeting, drop_with_a_command, drop_when_logged_in]
        for _ in range(50):
            connections = [self.call() for _ in range(20)]
            for number, connection in enumerate(connections):
                # The costly ones less often.
                ways[min(number % 7, 3) if number % 20 > 16 else number % 3](connection)
        wait_until(lambda: not self.machine.instances(), 60)
        self.assert_ends_were_good()
        # A monitor that dies leaves no unit either.
        client = self.login()
        os.kill(client.monitor_pid, signal.SIGKILL)
        client.wait()
        client.close()
        self.expect_journal(f"MESSAGE_ID={UNIT_FAILED}")
        units = self.machine.output("systemctl", "list-units", "--all", "--plain", "--no-legend", "cellftpd@*")
        self.assertEqual(units, "")

    def test_S04_one_of_three_ends(self):
        """The run directory is shared: it does not go with the first session that ends."""
        clients = [self.login() for _ in range(3)]
        clients[0].quit()
        clients[0].wait()
        for client in clients[1:]:
            client.stor("after.txt", b"still here")
        self.assertTrue(self.machine.path("/run/cellftpd/sessions").exists())
        self.login().quit()

    def test_S05_limit_in_words(self):
        """Our limit answers; systemd's, which would close without a word, lies above the highest that can be set."""
        maximum = int(self.machine.show("cellftpd.socket", "MaxConnections")["MaxConnections"])
        self.assertGreater(maximum, 4096)
        with self.config("limits: { connections = 3; };"):
            clients = [self.connect() for _ in range(3)]
            refused = self.connect(greeting=421)
            refused.read_end()
            refused.wait()
            self.assertTrue(self.logs("connections", "refused", port=refused.process.port, reason="limit-connections"))
            clients[0].quit()
            clients[0].wait()
            self.login().quit()
        self.assert_ends_were_good()

    def test_S06_stopping_the_socket_keeps_sessions(self):
        client = self.login()
        self.machine.run("systemctl", "stop", "cellftpd.socket")
        with self.assertRaises(ConnectionRefusedError):
            self.call()
        client.stor("kept.txt", b"x" * 100000)
        self.assertEqual(client.retr("kept.txt"), b"x" * 100000)
        self.machine.run("systemctl", "start", "cellftpd.socket")
        client.expect(200, "NOOP")
        self.login().quit()

    def test_S06_stopping_the_slice_ends_all(self):
        """Within ten seconds, in words; the socket goes on."""
        self.give("big", b"z" * (64 << 20))
        idle, waiting, busy = self.login(), self.connect(), self.login()
        data = busy.begin("RETR big")
        self.machine.run("systemctl", "stop", "cellftpd.slice", timeout=20)
        self.assertEqual(self.machine.instances(), {})
        for client in (idle, waiting):
            client.read(421)
            client.read_end()
        received = data.receive_all()
        self.assertLess(len(received), 64 << 20)
        self.assertEqual(busy.read_reply().code // 100, 4)
        busy.loose = True
        self.login().quit()

    def test_S06_upgrade_under_a_transfer(self):
        """make install replaces the program, and sessions that run finish with the old one."""
        content = os.urandom(1 << 20) * 32
        self.give("big", content)
        client = self.login()
        data = client.begin("RETR big")
        begun = data.receive(1 << 20)
        before = self.machine.path("/usr/sbin/cellftpd").stat().st_ino
        self.machine.run("make", "-C", "/src", "install", "PREFIX=/usr")
        self.assertNotEqual(self.machine.path("/usr/sbin/cellftpd").stat().st_ino, before)
        self.assertIn("(deleted)", os.readlink(f"/proc/{client.monitor_pid}/exe"))
        self.login().quit()  # the new one
        self.assertEqual(begun + data.receive_all(), content)
        client.read(226)
        client.stor("after.txt", b"and on it goes")
        client.quit()

    def test_S06_restart_of_the_socket_under_load(self):
        """Each connection is refused by the kernel or served whole, however often (systemd's start limit is five)."""
        stop, served, faults = threading.Event(), [], []

        def load():
            while not stop.is_set():
                try:
                    with self.call() as connection:
                        connection.sendall(b"NOOP\r\nQUIT\r\n")
                        text = b""
                        while part := connection.recv(4096):
                            text += part
                except (ConnectionRefusedError, ConnectionResetError):
                    continue
                if re.fullmatch(rb"220 [^\r]*\r\n200 [^\r]*\r\n221 [^\r]*\r\n", text):
                    served.append(text)
                elif text:  # none: it was in the queue of the old socket
                    faults.append(text)

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(7):
                count = len(served)
                wait_until(lambda count=count: len(served) > count + 5 or faults, 60)
                self.machine.run("systemctl", "restart", "cellftpd.socket")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(faults, [])
        self.assertGreater(len(served), 35)
        self.login().quit()
        self.assert_ends_were_good()


if __name__ == "__main__":
    main()
