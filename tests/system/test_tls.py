"""FTPS as it is installed: it works from the first minute, on both ports, with the certificate that "make install" has
made (row T15)."""

import json
import re
import shutil
import stat
import subprocess
import tempfile
from pathlib import Path

from harness import PASSWORD, MachineTest, main
from harness.server import ROOT

TLS = "/etc/cellftpd/tls"


class Installed(MachineTest):
    def setUp(self):
        super().setUp()
        self.local = Path(tempfile.mkdtemp(prefix="cellftpd-tls-"))
        self.addCleanup(shutil.rmtree, self.local)

    def curl(self, *arguments, status=0, trusted=True):
        """curl with alice's password, trusting the certificate of the machine and no other."""
        done = subprocess.run(
            ["curl", "-sS", "--max-time", "60", "-u", f"alice:{PASSWORD}"]
            + (["--cacert", self.machine.path(f"{TLS}/certificate.pem")] if trusted else [])
            + list(arguments),
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout

    def shown(self):
        return json.loads(self.machine.output("cellftpctl", "tls", "show", "--json"))

    def test_from_the_first_minute(self):
        self.give("a.txt", b"under TLS")
        for host in ("localhost", "127.0.0.1"):
            self.assertEqual(
                self.curl("--ssl-reqd", f"ftp://{host}/a.txt", status=0 if host == "localhost" else 60),
                "under TLS" if host == "localhost" else "",
            )
        self.curl("--ssl-reqd", "ftp://localhost/a.txt", status=60, trusted=False)
        line = self.logs("connections", "tls")[-1]
        self.assertEqual((line["protocol"], line["resumed"]), ("TLSv1.3", "no"))

    def test_T15_the_port_of_implicit_tls(self):
        self.assertEqual(
            self.machine.run("systemctl", "is-enabled", "cellftpd-tls.socket", check=False).stdout, "disabled\n"
        )
        self.curl("ftps://localhost/", status=7)
        self.give("a.txt", b"from the first byte on")
        self.machine.run("systemctl", "enable", "--now", "cellftpd-tls.socket")
        try:
            for version in ("1.2", "1.3"):
                arguments = (f"--tlsv{version}", "--tls-max", version)
                self.assertEqual(self.curl(*arguments, "ftps://localhost/a.txt"), "from the first byte on")
            (self.local / "up").write_bytes(b"x" * (1 << 20))
            self.curl("-T", str(self.local / "up"), "ftps://localhost/up")
            self.assertEqual((self.home() / "up").stat().st_size, 1 << 20)
            self.curl("--ssl-reqd", "ftp://localhost/a.txt")  # the other port is as it was
            state = self.machine.show("cellftpd-tls.socket", "ActiveState", "SubState")
            self.assertEqual(state, {"ActiveState": "active", "SubState": "listening"})
        finally:
            self.machine.run("systemctl", "disable", "--now", "cellftpd-tls.socket")

    def test_units(self):
        """One template: the units say the same but for the way to begin."""
        done = self.machine.run("systemd-analyze", "--man=no", "verify", "cellftpd-tls.socket", "cellftpd-tls@.service")
        self.assertEqual(done.stdout + done.stderr, "")
        plain, implicit = (
            self.machine.path(f"/usr/lib/systemd/system/{name}@.service").read_text()
            for name in ("cellftpd", "cellftpd-tls")
        )
        self.assertIn("cellftpd --systemd\n", plain)
        self.assertEqual(plain.replace("cellftpd --systemd\n", "cellftpd --systemd --implicit-tls\n"), implicit)

    def test_who_can_read_it(self):
        modes = {
            name: oct(stat.S_IMODE(self.machine.path(f"{TLS}/{name}").stat().st_mode))
            for name in (".", "certificate.pem", "key.pem")
        }
        self.assertEqual(modes, {".": "0o700", "certificate.pem": "0o644", "key.pem": "0o600"})
        self.assertIn("certificate-made", self.machine.output("cellftpctl", "log", "--kind", "admin"))
        said = self.machine.output("cellftpctl", "tls", "check", "--name", "localhost")
        self.assertNotIn("problem", said)

    def test_an_upgrade_keeps_it(self):
        before = self.shown()
        self.machine.run("make", "-C", "/src", "install", "PREFIX=/usr")
        self.assertEqual(self.shown(), before)
        for name in ("certificate.pem", "key.pem"):
            self.machine.path(f"{TLS}/{name}").unlink()
        said = self.machine.output("make", "-C", "/src", "install", "PREFIX=/usr")
        self.assertIn(f"made {TLS}/certificate.pem and {TLS}/key.pem for", said)
        self.assertNotEqual(self.shown()[0]["sha256"], before[0]["sha256"])
        self.give("a.txt", b"the next connection has it")
        self.assertEqual(self.curl("--ssl-reqd", "ftp://localhost/a.txt"), "the next connection has it")

    def test_the_drop_in_of_the_manual(self):
        """The one that bounds the monitor leaves it the key."""
        manual = (ROOT / "man/cellftpd.8").read_text(encoding="utf-8")
        text = re.search(
            r"^# systemctl edit cellftpd@\.service\n(\[Service\]\n.*?)\.Ed", manual, re.MULTILINE | re.DOTALL
        )[1]
        name = "/etc/systemd/system/cellftpd@.service.d/override.conf"
        self.machine.write(name, text)
        self.machine.run("systemctl", "daemon-reload")
        try:
            self.give("a.txt", b"strict")
            self.assertEqual(self.curl("--ssl-reqd", "ftp://localhost/a.txt"), "strict")
        finally:
            self.machine.run("rm", "-r", str(Path(name).parent))
            self.machine.run("systemctl", "daemon-reload")


if __name__ == "__main__":
    main()
