"""cellftpd as a service: its units under load, abuse, and the administrator's hands (rows S01 to S06)."""

from harness import MachineTest, main


class Units(MachineTest):
    def test_login(self):
        client = self.login()
        client.stor("a.txt", b"hello")
        self.assertEqual((self.home() / "a.txt").read_bytes(), b"hello")
        client.quit()

    def test_units_verify(self):
        done = self.machine.run(
            "systemd-analyze", "--man=no", "verify", "cellftpd.socket", "cellftpd@.service", "cellftpd.slice"
        )
        self.assertEqual(done.stdout + done.stderr, "")


if __name__ == "__main__":
    main()
