"""ftplint before servers, users and surroundings that mean ill."""

import os
import signal
import subprocess
import time
import unittest

from harness import main, slow, wait_until
from harness.stub import PROGRAM, ProgramTest

CODE, ONCE = "rfc959.greeting.code", "rfc959.greeting.once"
USER = 54321
TLS = {"FEAT": "211-X\r\n AUTH TLS\r\n211 E", "AUTH": "234 Go."}


class Hostile(ProgramTest):
    # a server that does not stop

    def check_that_it_ends(self, stub, only):
        """Although the server never does."""
        started = time.monotonic()
        self.examine(stub, "--limit", "3 s", "--timeout", "1 s", only=only, status=None)
        self.assertLess(time.monotonic() - started, 20 * slow())

    def test_hello_requests_without_end(self):
        """OpenSSL reads them for as long as there are some, and never comes back."""

        def flood(connection):
            connection.recv(65536)
            while True:
                connection.sendall((b"\x16\x03\x03\x40\x00" + bytes(16384)) * 64)

        stub = self.stub(**TLS)
        stub.behind = {"AUTH": flood}
        self.check_that_it_ends(stub, "rfc4217.auth.handshake")

    def test_nonsense_without_end_after_a_handshake_that_failed(self):
        def flood(connection):
            while True:
                connection.sendall(bytes(1 << 20))

        stub = self.stub(**TLS)
        stub.behind = {"AUTH": flood}
        self.check_that_it_ends(stub, "rfc4217.auth.failed-handshake")

    # where it leads

    def test_port_of_a_service(self):
        """What a test sends does not get to the mail server of the host."""
        stub = self.stub(EPSV="229 There (|||25|)", PASV="227 There (127,0,0,1,0,25)")
        for only in ("rfc959.list.codes", "rfc1123.pasv.transfer"):
            done = self.examine(stub, only=only, status=None)
            self.assertIn("port 25, one of services", done.stdout)

    # passwords

    def test_password_in_what_the_server_says_of_itself(self):
        for form in ("text", "json", "junit", "tap"):
            stub = self.stub(SYST="215 secret", FEAT="211-x\r\n secret\r\n211 E", PWD='257 "/secret"', RMD="550 No.")
            done = self.examine(stub, "-v", "-f", form, only=CODE)
            self.assertIn("/******/ftplint-", done.stdout)  # left behind
            self.assertNotIn("secret", done.stdout + done.stderr)

    def test_netrc_that_others_may_read(self):
        netrc = self.directory / "netrc"
        netrc.write_text("machine 127.0.0.1 login alice password x\n", encoding="utf-8")
        for mode, said in ((0o644, True), (0o600, False)):
            netrc.chmod(mode)
            url = f"ftp://alice@127.0.0.1:{self.stub().port}/"
            done = self.run_program("--only", CODE, "--netrc", netrc, url)
            self.assertEqual("others may read it" in done.stderr, said)

    # its surroundings

    @unittest.skipUnless(os.geteuid() == 0, "only root has rights that the user has not")
    def test_what_the_user_may_not_remove_is_not_removed_for_him(self):
        """The folder on this machine holds what is root's: the user has swapped it with another one."""
        stub = self.stub(RMD="550 No.")
        user = self.directory / "user"

        def make(_connection):
            folder = user / stub.seen[-1].split("/")[1]
            (folder / "root").mkdir(parents=True)
            (folder / "root" / "file").touch()
            for path in (self.directory, user, folder):
                os.chown(path, USER, USER)

        stub.behind = {"MKD": make}
        user.mkdir()
        done = self.examine(stub, "--local", user)
        self.assertIn("left behind: /ftplint-", done.stdout)
        self.assertEqual(len(list(user.glob("ftplint-*/root/file"))), 1)

    def test_standard_output_that_is_closed(self):
        """No connection is taken for it."""
        stub = self.stub()
        words = ["sh", "-c", 'exec "$@" >&-', "sh", PROGRAM, "-v", "--only", "greeting", f"ftp://a:b@127.0.0.1:{stub.port}/"]
        done = subprocess.run(words, capture_output=True, text=True, env=self.environment(), check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("the report could not be written: Bad file descriptor", done.stderr)
        self.assertFalse([line for line in stub.seen if "ftplint " in line or "tests in" in line])

    def test_hangup_that_is_to_be_ignored(self):
        """As under nohup(1)."""
        stub = self.stub()
        stub.delay = 0.05
        with subprocess.Popen(
            [PROGRAM, "--only", "greeting", f"ftp://a:b@127.0.0.1:{stub.port}/"],
            stdout=subprocess.PIPE, text=True, env=self.environment(),
            preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
        ) as process:  # fmt: skip
            wait_until(lambda: stub.connections >= 2)
            process.send_signal(signal.SIGHUP)
            output = process.communicate(timeout=60 * slow())[0]
        self.assertEqual(process.returncode, 0, output)

    # what stands on what

    def test_what_is_not_wanted_is_not_run_by_the_way(self):
        done = self.examine(self.stub("hello"), "-v", "--skip", CODE, only=ONCE, status=None)
        self.assertNotIn(CODE, done.stdout)

    def test_what_stands_on_a_blocked_test_is_blocked(self):
        """With the reason: it says nothing either."""
        done = self.examine(self.stub(), "--tls", "implicit", only=f"{CODE},{ONCE}", status=3)
        self.assertRegex(done.stdout, rf"blocked +{ONCE}: {CODE} is blocked: a step that leads to it")

    # the command line

    def test_zone(self):
        """RFC 6874 writes it with %25."""
        port = self.stub().port
        for zone in ("%25lo", "%lo"):
            done = self.run_program("--timeout", "1 s", f"ftp://a:b@[fe80::1{zone}]:{port}/", status=3)
            self.assertIn("ftplint: fe80::1%lo", done.stderr)


if __name__ == "__main__":
    main()
