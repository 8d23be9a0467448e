"""Shares and hooks under the units that come with cellftpd: with the rights that these leave, and their ends."""

import time

from harness import PASSWORD, MachineTest, main, wait_until

OUT = "/var/tmp/hooks"
WEB = 33  # www-data of Debian's base-passwd


class SharesAndHooks(MachineTest):
    def setUp(self):
        super().setUp()
        out = self.machine.path(OUT)
        out.mkdir(exist_ok=True)
        out.chmod(0o777)
        for file in out.iterdir():
            file.unlink()

    def hook(self, body, options=""):
        """The configuration with a hook of this shell script."""
        self.machine.write("/usr/local/lib/hook", f"#!/bin/sh\n{body}\n", 0o755)
        return self.config(f'hooks: {{ upload = "/usr/local/lib/hook"; {options} }};')

    def said(self, name):
        file = self.machine.path(OUT) / name
        self.assertTrue(wait_until(lambda: file.exists() and file.read_text(), 20), name)
        return file.read_text()

    def test_23_L14_a_web_servers_folder(self):
        """A share of www-data's, and a hook that runs as it and reads what was uploaded."""
        # A tmpfs of the machine's: its root is an overlay, which cannot map owners.
        self.machine.run("install", "-d", "-m", "0750", "-o", "www-data", "-g", "www-data", "/run/site")
        body = f'cat "$CELLFTPD_FILE" > {OUT}/content; id -u > {OUT}/uid; cat /proc/self/status > {OUT}/status'
        with self.hook(body, 'user = "www-data";'):
            text = 'shares = ( { path = "/run/site"; at = "site"; read_only = false; } );\n'
            self.machine.write("/etc/cellftpd/conf.d/shares.conf", text)
            try:
                self.assertEqual(self.machine.run("cellftpd", "--check").returncode, 0)
                client = self.login()
                client.upload("STOR site/page", b"of the web")
            finally:
                self.machine.path("/etc/cellftpd/conf.d/shares.conf").unlink()
            self.assertEqual(self.machine.run("stat", "-c", "%u", "/run/site/page").stdout, f"{WEB}\n")
            self.assertEqual(self.said("uid"), f"{WEB}\n")
            self.assertEqual(self.said("content"), "of the web")
            self.assertIn("CapEff:\t0000000000000000", self.said("status"))
            self.assertIn("NoNewPrivs:\t1", self.said("status"))
            client.quit()

    def test_L14_a_session_that_has_ended_waits_for_its_hook(self):
        with self.hook(f"sleep 2; echo done > {OUT}/done"):
            client = self.login()
            client.upload("STOR a", b"x")
            client.quit()
        self.expect_journal("FTP_EVENT=connections-disconnect")
        self.assertEqual(self.said("done"), "done\n")

    def test_L14_registration_over_ftp(self):
        """A stranger's, who has gone when it runs, and an administrator's: it ends with the unit's processes."""
        self.machine.write("/usr/local/lib/hook", f"#!/bin/sh\nsleep 1; id -u > {OUT}/$CELLFTPD_USER\n", 0o755)
        self.machine.add_user("boss", PASSWORD)
        self.machine.run("cellftpctl", "user", "mod", "boss", "--role", "admin")
        nobody = self.machine.run("id", "-u", "nobody").stdout
        with self.config('hooks: { registration = "/usr/local/lib/hook"; };\nregistration: { open = true; };'):
            stranger = self.connect()
            stranger.expect(200, "SITE REGISTER carol secretsecret")
            stranger.quit()
            self.assertEqual(self.said("carol"), nobody)
            boss = self.connect()
            boss.is_admin = boss.administers = True
            boss.login("boss")
            boss.expect(200, "SITE USER ADD dave secretsecret")
            boss.quit()
            self.assertEqual(self.said("dave"), nobody)

    def test_L14_stopping_does_not_hang(self):
        with self.hook(f"trap '' TERM; echo $$ > {OUT}/pid; while :; do sleep 1; done", 'timeout = "1 h";'):
            client = self.login()
            client.upload("STOR a", b"x")
            self.said("pid")
            unit = client.process.unit
            begin = time.monotonic()
            client.loose = True
            self.machine.run("systemctl", "stop", unit)
            self.assertLess(time.monotonic() - begin, 30)
        self.assertTrue(wait_until(lambda: not self.machine.instances()))
        (entry,) = self.expect_journal("FTP_EVENT=connections-hook-failed")
        self.assertEqual(entry["FTP_REASON"], "stopped")


if __name__ == "__main__":
    main()
