"""The administrator's hands on a running service: status, configuration, kick, drain, logs, install (rows L05, L12, L13)."""

import contextlib
import gzip
import json
import os
import re
import subprocess
import threading
import time

from harness import PASSWORD, MachineTest, main, wait_until
from harness.server import ROOT

LOGS = "/var/log/cellftpd"


class Administration(MachineTest):
    users = {"alice": PASSWORD, "bob": PASSWORD}

    def status(self, client):
        return self.machine.show(client.process.unit, "StatusText")["StatusText"]

    def test_status_text(self):
        """systemctl status of an instance: who, from where, doing what."""
        self.give("big", b"x" * (32 << 20))
        client = self.connect()
        unit = client.process.unit
        client.login()
        client.expect(200, "TYPE I")
        self.assertTrue(
            wait_until(lambda: self.status(client) == "alice from 127.0.0.1: logged in"), self.status(client)
        )
        data = client.begin("RETR big")
        self.assertTrue(
            wait_until(
                lambda: data.receive(1 << 16) and re.match(r"alice from \S+: RETR /big \d+", self.status(client))
            ),
            self.status(client),
        )
        text = self.machine.output("systemctl", "status", "--no-pager", unit)
        self.assertIn("alice from 127.0.0.1: RETR /big", text)
        self.assertIn("FTP session (127.0.0.1:", text)
        data.receive_all()
        client.read(226)
        self.assertTrue(wait_until(lambda: self.status(client) == "alice from 127.0.0.1: idle"), self.status(client))

    def test_the_socket_counts(self):
        client = self.login()
        text = self.machine.output("systemctl", "status", "--no-pager", "cellftpd.socket")
        self.assertRegex(text, r"Accepted: \d+; Connected: 1;")
        client.quit()

    def test_a_change_is_seen_by_the_next_connection(self):
        before = self.login()
        with self.config('server: { banner = "Changed."; };'):
            after = self.connect(greeting=None)
            self.assertEqual(after.read(220).text, "Changed.")
            before.expect(200, "NOOP")
        self.assertNotEqual(self.connect(greeting=None).read(220).text, "Changed.")

    def test_L13_broken_configuration(self):
        """The check says where, who is there stays, who comes is served, and the log has it as an error."""
        with self.config('server: { banner = "Good."; };'):
            first = self.connect(greeting=None)
            self.assertEqual(first.read(220).text, "Good.")
            first.login()
            with self.broken_config():
                checked = self.machine.run("cellftpctl", "config", "check", check=False)
                self.assertEqual(checked.returncode, 6)
                self.assertIn("broken.conf:1", checked.stdout + checked.stderr)
                first.stor("still.txt", b"served")
                second = self.connect(greeting=None)
                self.assertEqual(second.read(220).text, "Good.")
                second.login()
                entry = self.expect_journal("FTP_EVENT=connections-config-rejected")[0]
                self.assertEqual(entry["PRIORITY"], "3")
                self.assertIn("limits.connections", entry["FTP_DETAIL"])
        self.assertEqual(self.machine.run("cellftpctl", "config", "check").returncode, 0)

    @contextlib.contextmanager
    def broken_config(self):
        name = "/etc/cellftpd/conf.d/broken.conf"
        self.machine.write(name, "limits: { connections = -1; };\n")
        try:
            yield
        finally:
            self.machine.path(name).unlink()

    def test_L12_kick_during_a_transfer(self):
        self.give("big", b"x" * (64 << 20))
        kicked, other = self.login(), self.login("bob")
        data = kicked.begin("RETR big")
        data.receive(1 << 20)
        rows = json.loads(self.machine.output("cellftpctl", "who", "--json", "--user", "alice"))
        self.machine.run("cellftpctl", "kick", rows[0]["session"])
        self.assertTrue(wait_until(lambda: not self.machine.has_instance(kicked.process.port), 10))
        self.assertLess(len(data.receive_all()), 64 << 20)
        kicked.loose = True
        other.expect(200, "NOOP")
        self.expect_journal("FTP_EVENT=admin-kick", "FTP_USER=alice")
        self.assertTrue(self.logs("connections", "disconnect", session=rows[0]["session"], reason="kicked"))

    def test_drain_under_load(self):
        """From the first moment on nobody comes in; who is there finishes; the service goes on afterwards."""
        content = os.urandom(1 << 20) * 16
        self.give("big", content)
        client = self.login()
        data = client.begin("RETR big")
        with self.machine.popen("cellftpctl", "drain", stdin=-3, stdout=-1, stderr=-1) as draining:
            try:
                self.assertTrue(wait_until(lambda: self.machine.path("/run/cellftpd/drain").exists()))
                for _ in range(20):
                    refused = self.connect(greeting=421)
                    refused.read_end()
                self.assertIsNone(draining.poll())
                self.assertEqual(data.receive_all(), content)
                client.read(226)
                client.quit()
                out, errors = draining.communicate(timeout=60)
                self.assertEqual(draining.returncode, 0, out + errors)
            finally:
                draining.kill()
                self.machine.run("cellftpctl", "drain", "--end")
        self.login().quit()
        self.expect_journal("FTP_EVENT=admin-drain")

    def test_drain_that_does_not_wait(self):
        idle = self.login()
        self.machine.run("cellftpctl", "drain", "--now")
        idle.read(421)
        idle.read_end()
        self.machine.run("cellftpctl", "drain", "--end")
        self.login().quit()

    def test_L05_logrotate_under_load(self):
        """The shipped rules, forced while four sessions write: no line is lost, and nobody is disturbed."""
        stop, made, faults = threading.Event(), [], []

        def work(name):
            client = self.login()
            try:
                while not stop.is_set():
                    client.expect(257, f"MKD {name}-{len(made)}")
                    made.append(f"/{name}-{len(made)}")
                client.quit()
            except Exception as error:  # pylint: disable=broad-except
                faults.append(error)

        threads = [threading.Thread(target=work, args=(f"w{number}-{time.time_ns()}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(4):
                count = len(made)
                wait_until(lambda count=count: len(made) > count + 50 or faults, 60)
                self.machine.run("logrotate", "--force", "/etc/logrotate.d/cellftpd")
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(faults, [])
        self.assertGreater(len(made), 200)
        # A line may be written after its reply, but not after its session.
        self.assertTrue(wait_until(lambda: not self.machine.instances()))
        written = b""
        for path in self.machine.path(LOGS).glob("files.log*"):
            written += gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        # Each thread's own count of names may be behind; the paths in the log are what was answered.
        found = re.findall(rb' files mkdir .* path="(/w\d-\d+-\d+)"', written)
        self.assertEqual(len(found), len(made))
        status = self.machine.path(f"{LOGS}/files.log").stat()
        adm = self.machine.output("getent", "group", "adm").split(":")[2]
        self.assertEqual((oct(status.st_mode & 0o7777), status.st_uid, str(status.st_gid)), ("0o640", 0, adm))

    def test_check_finds_nothing_missing(self):
        done = self.machine.run("cellftpd", "--check")
        self.assertNotIn("MISSING", done.stdout)

    def test_installed_files(self):
        """What tmpfiles.d, sysusers.d and presets are for."""
        text = self.machine.output(
            "stat",
            "--format=%n %a %U %G",
            "/run/cellftpd",
            "/var/lib/cellftpd",
            "/var/lib/cellftpd/users",
            LOGS,
            "/srv/ftp",
        )
        self.assertEqual(
            text.splitlines(),
            [
                "/run/cellftpd 755 root root",
                "/var/lib/cellftpd 700 root root",
                "/var/lib/cellftpd/users 700 root root",
                f"{LOGS} 2750 root adm",
                "/srv/ftp 751 root UNKNOWN",
            ],
        )
        self.assertRegex(
            self.machine.output("getent", "passwd", "cellftpd-cell"),
            r"^cellftpd-cell:[^:]*:\d+:\d+:[^:]*:/:/usr/sbin/nologin\n$",
        )
        self.machine.run("systemctl", "preset", "cellftpd.socket")
        self.assertEqual(
            self.machine.run("systemctl", "is-enabled", "cellftpd.socket", check=False).stdout, "disabled\n"
        )
        self.machine.run("systemctl", "enable", "cellftpd.socket")

    def test_configuration_survives_an_upgrade(self):
        """make install over what the administrator has changed keeps it, and says so."""
        changed = "# ours\n"
        for name in ("/etc/pam.d/cellftpd", "/etc/cellftpd/cellftpd.conf", "/etc/logrotate.d/cellftpd"):
            path = self.machine.path(name)
            before = path.read_text()
            try:
                path.write_text(before + changed)
                said = self.machine.output("make", "-C", "/src", "install", "PREFIX=/usr")
                self.assertIn(f"kept {name}", said)
                self.assertEqual(path.read_text(), before + changed)
            finally:
                path.write_text(before)

    def test_the_drop_in_of_the_manual(self):
        """The one that bounds the monitor: local users and their files are served all the same."""
        name = "/etc/systemd/system/cellftpd@.service.d/override.conf"
        manual = (ROOT / "man/cellftpd.8").read_text(encoding="utf-8")
        text = re.search(
            r"^# systemctl edit cellftpd@\.service\n(\[Service\]\n.*?)\.Ed", manual, re.MULTILINE | re.DOTALL
        )[1]
        self.machine.write(name, text)
        self.machine.run("systemctl", "daemon-reload")
        try:
            clients = [self.login(), self.login()]
            clients[0].stor("strict.txt", b"strict")
            self.assertEqual(clients[1].retr("strict.txt"), b"strict")
            done = self.machine.run(
                "nsenter", "--target", self.monitor_of(clients[0]), "--mount", "touch", "/usr/intruder", check=False
            )
            self.assertIn("Read-only file system", done.stderr)
        finally:
            self.machine.run("rm", "-r", os.path.dirname(name))
            self.machine.run("systemctl", "daemon-reload")

    def monitor_of(self, client):
        """The monitor's number in the machine."""
        return self.machine.show(client.process.unit, "MainPID")["MainPID"]

    def test_demo(self):
        """ "make demo" uses the units, beside those that are installed; "make demo-stop" takes them away."""
        for name in ("tests/demo", "systemd", *(f"build/release/cellftp{end}" for end in ("d", "d-tls.so", "ctl"))):
            self.machine.run("mkdir", "-p", f"/root/tree/{os.path.dirname(name)}")
            self.machine.run("cp", "-r", f"/src/{name}", f"/root/tree/{name}")
        try:
            said = self.machine.output("/root/tree/tests/demo", "start")
            password = re.search(r"^password: (\S+)$", said, re.MULTILINE)[1]
            client = self.connect(port=2121)
            client.login("demo", password)
            self.assertEqual(client.retr("hello.txt").rstrip(), b"Hello from your own cell.")
            for line in re.findall(r"^    (curl .*)$", said, re.MULTILINE):
                line = line.replace("/root/tree", str(self.machine.path("/root/tree")))
                done = subprocess.run(line.split(), capture_output=True, check=True)
                self.assertEqual(done.stdout.rstrip(), b"Hello from your own cell.")
            self.assertIn("--ssl-reqd --cacert", said)
        finally:
            self.machine.run("/root/tree/tests/demo", "stop")
        client.read(421)
        client.read_end()
        self.assertEqual(self.machine.output("systemctl", "list-units", "--all", "--no-legend", "cellftpd-demo*"), "")
        self.assertFalse(self.machine.path("/run/systemd/system/cellftpd-demo.socket").exists())

    def test_z_uninstall(self):
        """The last: all goes but configuration and data. Then it is installed again, and the accounts are there."""
        client = self.login()
        said = self.machine.output("make", "-C", "/src", "uninstall", "PREFIX=/usr")
        client.read(421)
        client.read_end()
        self.assertIn("kept: /etc/cellftpd", said)
        left = self.machine.output(
            "find",
            "/usr",
            "/etc",
            "/run/systemd/system",
            "-xdev",
            "-name",
            "*cellftp*",
            "-not",
            "-path",
            "/etc/cellftpd*",
        )
        self.assertEqual(left, "")
        self.assertEqual(
            self.machine.output("systemctl", "list-unit-files", "--no-legend", "cellftpd*", check=False), ""
        )
        for name in ("/etc/cellftpd/cellftpd.conf", "/var/lib/cellftpd/users/alice.conf", "/srv/ftp/alice", LOGS):
            self.assertTrue(self.machine.path(name).exists(), name)
        self.machine.install()
        self.login().quit()


if __name__ == "__main__":
    main()
