"""Kernel TLS: that the kernel does the work, /proc/net/tls_stat says. It counts each socket that a direction is switched
on for, curl's never, as curl does not ask for it.
"""

import contextlib

from harness import EmulatorTest, main, show_console, wait_until

SIZE = 5_000_003
FOLDER = "/etc/cellftpd/test"
# The kernel encrypts what downloads send, and nothing else. It could decrypt uploads as well, but with OpenSSL 3.0 only
# those of TLS 1.2, at a system call for each record.
DOWNLOAD = {"TlsTxSw": 1, "TlsRxSw": 0}
UPLOAD = {"TlsTxSw": 0, "TlsRxSw": 0}
SWITCHED_OFF = {"TlsTxSw": 0, "TlsRxSw": 0}
VERSIONS = {"1.2": ["--tlsv1.2", "--tls-max", "1.2"], "1.3": ["--tlsv1.3", "--tls-max", "1.3"]}
OPENSSL_CONFIG = """\
openssl_conf = program
[program]
ssl_conf = connections
[connections]
kernel = kernel
[kernel]
Options = KTLS
"""


class KernelTls(EmulatorTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.machine.run("install", "-d", "-m", "0700", FOLDER)
        cls.machine.run(
            *("openssl", "req", "-x509", "-nodes", "-days", "30", "-subj", "/CN=ftphost"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-keyout", f"{FOLDER}/key.pem", "-out", f"{FOLDER}/certificate.pem"),
        )

    def setUp(self):
        super().setUp()
        self.configure(kernel=True)
        self.make_file("/tmp/up", SIZE)

    def configure(self, kernel):
        # A handshake that the emulator makes slow is no failure.
        self.machine.write(
            "/etc/cellftpd/conf.d/test.conf",
            f'tls: {{ certificate = "{FOLDER}/certificate.pem"; key = "{FOLDER}/key.pem"; handshake = "600 s"; '
            f"kernel = {str(kernel).lower()}; }};\n",
        )
        # What is wrong with it is said here, not in a reply to curl.
        self.machine.run("cellftpd", "--check")

    def count(self):
        lines = self.machine.output("cat", "/proc/net/tls_stat").splitlines()
        return {name: int(number) for name, number in map(str.split, lines)}

    @contextlib.contextmanager
    def counting(self, **expected):
        """In the block the counters grow by what is expected, and all sockets are gone after it."""
        before = self.count()
        yield
        present = ("TlsCurrTxSw", "TlsCurrRxSw")
        wait_until(lambda: not any(self.count()[name] for name in present), self.machine.patience)
        after = self.count()
        self.assertEqual({name: after[name] - before[name] for name in expected}, expected)
        self.assertEqual([after[name] for name in (*present, "TlsDecryptError")], [0, 0, 0])

    def ftps(self, *arguments, version, path):
        """One session over explicit TLS, both connections. The unit is gone when it returns, and its sockets."""
        self.curl("--ssl-reqd", "--insecure", *VERSIONS[version], *arguments, path=path)
        self.wait_for_the_end()

    def upload(self, version):
        self.ftps("--upload-file", "/tmp/up", version=version, path=f"up-{version}.bin")
        self.assert_same("/tmp/up", f"/srv/ftp/alice/up-{version}.bin")

    def download(self, version):
        file = self.give("down.bin", SIZE)
        self.machine.run("rm", "-f", "/tmp/down")
        self.ftps("--output", "/tmp/down", version=version, path="down.bin")
        self.assert_same(file, "/tmp/down")

    def test_machine_can(self):
        """Kernel, module and OpenSSL, without cellftpd: if this fails, the rest says nothing about it. OpenSSL 3.0 has the
        kernel do both directions of TLS 1.2, and the sending one of 1.3."""
        self.machine.write("/tmp/openssl.cnf", OPENSSL_CONFIG)
        unit = "openssl-server.service"
        files = ["-cert", f"{FOLDER}/certificate.pem", "-key", f"{FOLDER}/key.pem"]
        for version, growth in (("1.2", {"TlsTxSw": 1, "TlsRxSw": 1}), ("1.3", {"TlsTxSw": 1})):
            with self.subTest(version=version), self.counting(**growth):
                self.machine.run(
                    *("systemd-run", "--quiet", f"--unit={unit}", "--property=WorkingDirectory=/tmp"),
                    *("--setenv=OPENSSL_CONF=/tmp/openssl.cnf", "--"),
                    *("openssl", "s_server", "-accept", "4433", *files, "-ssl_config", "kernel", "-WWW", "-naccept", "1"),
                )
                url = "https://127.0.0.1:4433/up"
                again = ["--retry", "60", "--retry-delay", "1", "--retry-connrefused"]
                self.machine.run(
                    "curl", "-sSk", *again, *VERSIONS[version], "--output", "/tmp/down", url, timeout=600
                )
                self.assert_same("/tmp/up", "/tmp/down")
                self.wait_for_the_end(unit)

    def test_download(self):
        for version in VERSIONS:
            with self.subTest(version=version), self.counting(**DOWNLOAD):
                self.download(version)

    def test_upload(self):
        for version in VERSIONS:
            with self.subTest(version=version), self.counting(**UPLOAD):
                self.upload(version)

    def test_switched_off(self):
        """tls.kernel = false: the same bytes, and the kernel has no part in it."""
        self.configure(kernel=False)
        for version in VERSIONS:
            with self.subTest(version=version), self.counting(**SWITCHED_OFF):
                self.upload(version)
                self.download(version)


if __name__ == "__main__":
    main(after_failure=show_console)
