"""cellftpd on the kernel that Debian ships: the machine boots with it, cells are built, files arrive, and all of it is
there again after the machine has started anew."""

import json

from harness import PASSWORD, EmulatorTest, main, show_console


class Kernel(EmulatorTest):
    def assert_module(self, name):
        self.assertIn(name, [line.split()[0] for line in self.machine.output("cat", "/proc/modules").splitlines()])

    def test_debians_kernel_runs(self):
        """Else the rest proves nothing: neither this machine's kernel nor a container."""
        self.assertRegex(self.machine.kernel, r"-cloud-amd64$")
        self.assertEqual(self.machine.output("systemd-detect-virt").strip(), "qemu")

    def test_check_is_all_ok(self):
        done = self.machine.run("cellftpd", "--check", check=False)
        words = [line.split()[0] for line in done.stdout.splitlines()]
        self.assertEqual((done.returncode, set(words), done.stderr), (0, {"ok"}, ""), done.stdout)
        self.assertGreater(len(words), 5)

    def test_transfers_over_both_families(self):
        for host in ("127.0.0.1", "[::1]"):
            for mode in ("--ftp-pasv", "--ftp-port"):
                with self.subTest(host=host, mode=mode):
                    self.make_file("/tmp/up", 100_003)
                    active = ["--ftp-port", "-"] if mode == "--ftp-port" else [mode]
                    self.curl(*active, "--upload-file", "/tmp/up", path="a.bin", host=host)
                    self.assert_same("/tmp/up", "/srv/ftp/alice/a.bin")
                    self.curl(*active, "--output", "/tmp/down", path="a.bin", host=host)
                    self.assert_same("/tmp/up", "/tmp/down")
                    self.machine.run("rm", "/tmp/up", "/tmp/down", "/srv/ftp/alice/a.bin")

    def test_cell_is_closed(self):
        """README, "What the kernel says"."""
        script = "/src/tests/vm/session_processes.py"
        before, after = json.loads(self.machine.output("python3", script, "alice", PASSWORD))
        nobody = self.machine.output("id", "-u", "cellftpd-cell").strip()
        self.assertEqual((before["Uid"], before["uid_map"]), ([nobody] * 4, []))
        self.assertEqual(before["root"], [])
        user = self.machine.output("stat", "--format=%u", "/srv/ftp/alice").strip()
        self.assertEqual((after["Uid"], after["uid_map"]), ([user] * 4, [user, user, "1"]))
        self.assertEqual(after["CapPrm"], ["0" * 16])
        # The unit has brought some, too.
        self.assertEqual(int(*after["Seccomp_filters"]) - int(*before["Seccomp_filters"]), 1)
        self.assertEqual([mount for mount, _ in after["mounts"]], ["/"])
        for options in ("nosuid", "nodev", "noexec"):
            self.assertIn(options, after["mounts"][0][1].split(","))
        for found in (before, after):
            self.assertEqual((found["CapBnd"], found["NoNewPrivs"], found["Seccomp"]), (["0" * 16], ["1"], ["2"]))
            self.assertEqual(found["interfaces"], ["lo:"])

    def test_module_of_kernel_tls_is_loaded(self):
        """By "make install", as a cell cannot do it."""
        self.assert_module("tls")

    def test_reboot(self):
        """All that was installed comes back by itself: the port, the module, and the account."""
        self.machine.reboot()
        self.since = self.machine.output("date", "+@%s.%6N").strip()
        self.assert_module("tls")
        self.assertEqual(self.machine.trouble(), [])
        self.make_file("/tmp/up", 1003)
        self.curl("--upload-file", "/tmp/up", path="b.bin")
        self.assert_same("/tmp/up", "/srv/ftp/alice/b.bin")


if __name__ == "__main__":
    main(after_failure=show_console)
