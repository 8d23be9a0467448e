"""Certificate and key as files: a new one counts at once (T12), a broken one never means TLS without it or no TLS
(T13), the host that the client names chooses, and the log says what is wrong and what to do."""

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import time

from harness import PASSWORD, Listener, ServerTest, main, slow, wait_until
from harness.tls import files, in_clear, make_certificate

AUTH_FAILED = {"always": 421, "public": 431}


@in_clear("these begin TLS themselves, or cannot")
class Certificate(ServerTest):
    def setUp(self):
        super().setUp()
        self.directory = self.server.directory
        self.certificate = self.directory / "certificate.pem"
        self.key = self.directory / "key.pem"
        self.restore()
        self.use({})

    def restore(self):
        for name, mode in (("certificate.pem", 0o644), ("key.pem", 0o600)):
            path = self.directory / name
            with contextlib.suppress(IsADirectoryError, FileNotFoundError):
                path.unlink()
            shutil.copy(files() / name, path)
            path.chmod(mode)

    def use(self, options):
        self.server.configure({"tls": {"certificate": str(self.certificate), "key": str(self.key), "expiry_warning": 3, **options}})

    def shown(self, **arguments):
        """The serial number of the certificate that a client sees."""
        client = self.connect(secure="clear")
        client.start_tls(protect=False, **arguments)
        found = client.socket.tls.getpeercert()
        client.login()
        client.quit()
        return found["serialNumber"]

    def check_auth_fails(self, reason, *words):
        """AUTH is refused, for both; nobody is let into TLS, nobody sends a password in clear for it, and the log
        knows why."""
        for required, code in AUTH_FAILED.items():
            with self.subTest(required=required):
                self.use({"required": required})
                before = len(self.server.logs("connections", "certificate", reason=reason))
                client = self.connect(secure="clear")
                client.expect(code, "AUTH TLS")
                if required == "always":
                    self.assert_closed(client)
                else:
                    client.expect(code, "AUTH TLS")
                    client.login()
                    client.quit()
                wait_until(lambda: len(self.server.logs("connections", "certificate", reason=reason)) > before)
                lines = self.server.logs("connections", "certificate", reason=reason)
                self.assertEqual(len(lines), before + 1)  # once for each connection
                for word in words:
                    self.assertIn(word, lines[-1]["detail"])

    # T12

    def test_T12_a_new_certificate_counts_at_once(self):
        first = self.shown()
        client = self.connect(secure="clear")  # was there before, and sees the new one too
        make_certificate(self.directory / "new.pem", self.directory / "new.key", kind="rsa")
        os.rename(self.directory / "new.pem", self.certificate)
        os.rename(self.directory / "new.key", self.key)
        second = self.shown()
        self.assertNotEqual(first, second)
        client.start_tls()
        self.assertEqual(client.socket.tls.getpeercert()["serialNumber"], second)
        client.login()
        client.expect(200, "TYPE I")
        client.stor("a", b"x")
        self.restore()
        client.stor("b", b"x")  # what has begun goes on with what it has
        self.assertEqual(self.shown(), first)

    def test_T12_renewal_in_progress(self):
        """Between the two renames certificate and key do not match; whoever comes then waits a moment."""
        make_certificate(self.directory / "new.pem", self.directory / "new.key")
        os.rename(self.directory / "new.pem", self.certificate)
        client = self.connect(secure="clear")
        client.send("AUTH TLS")
        time.sleep(0.1)
        os.rename(self.directory / "new.key", self.key)
        reply = client.read_reply()
        if reply.code != 234:  # a busy machine: the half second was over
            self.assertGreater(slow(), 1)
        else:
            client.handshake()
            client.login()
            self.server.expect_log("connections", "certificate", count=0)

    def test_T12_renewal_that_is_being_written(self):
        """install(1) and "cat >" leave a file empty for a moment; whoever comes then waits until it has its content."""
        for path in (self.certificate, self.key):
            with self.subTest(path=path.name):
                content = path.read_bytes()
                path.write_bytes(content[:100])
                client = self.connect(secure="clear")
                client.send("AUTH TLS")
                time.sleep(0.1)
                path.write_bytes(content)
                reply = client.read_reply()
                if reply.code != 234:  # a busy machine: the half second was over
                    self.assertGreater(slow(), 1)
                    continue
                client.handshake()
                client.login()
                self.server.expect_log("connections", "certificate", count=0)

    def test_T12_broken_certificate(self):
        for content in (b"", b"no certificate\n", self.certificate.read_bytes()[:400]):
            self.certificate.write_bytes(content)
            self.check_auth_fails("unusable", str(self.certificate))
        self.restore()
        self.use({"required": "always"})
        self.shown()

    # T13

    def test_T13_missing_files(self):
        self.key.unlink()
        self.check_auth_fails("missing", f"{self.key}: No such file", "self-signed")
        self.restore()
        self.certificate.unlink()
        self.check_auth_fails("missing", f"{self.certificate}: No such file")

    def test_T13_key_that_others_can_read(self):
        self.key.chmod(0o644)
        self.check_auth_fails("permissions", str(self.key), "0644", "chmod 0640")
        self.key.chmod(0o640)  # as Debian's group ssl-cert has it
        os.chown(self.key, 0, 4)
        self.shown()

    def test_T13_key_of_another_certificate(self):
        make_certificate(self.directory / "new.pem", self.directory / "new.key")
        os.rename(self.directory / "new.key", self.key)
        self.check_auth_fails("mismatch", str(self.key), str(self.certificate))

    def test_T13_what_is_no_key(self):
        self.key.write_bytes(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")
        self.check_auth_fails("unusable", str(self.key))
        self.key.unlink()
        os.mkfifo(self.key, 0o600)
        self.check_auth_fails("unusable", "no plain file")
        self.key.unlink()
        self.key.mkdir(0o700)
        self.check_auth_fails("unusable", "no plain file")
        self.key.rmdir()

    def test_T13_key_that_goes_away_between_auth_and_handshake(self):
        for break_it in (self.key.unlink, lambda: self.certificate.write_bytes(b"")):
            client = self.connect(secure="clear")
            client.expect(234, "AUTH TLS")
            break_it()
            with self.assertRaises((ssl.SSLError, ConnectionError)):
                client.handshake()
            client.socket.close()
            self.assertEqual(client.wait(), 0)
            self.restore()
        self.server.expect_log("connections", "certificate", reason="missing")

    def check_silence(self):
        """A connection to a port of implicit TLS ends without a byte."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ours = socket.create_connection(listener.getsockname(), 30)
            server = self.server.start(listener.accept()[0], implicit=True)
        with ours:
            self.assertEqual(ours.recv(100), b"")
        self.assertEqual(server.wait(30), 0)

    def test_T13_implicit(self):
        """In clear nothing can be said on a port of TLS."""
        self.key.unlink()
        client = self.connect(secure="clear", greeting=None)
        client.read(220)
        self.check_silence()
        self.server.expect_log("connections", "certificate", reason="missing")
        client.quit()

    def test_switched_off(self):
        self.use({"enabled": False})
        client = self.connect(secure="clear")
        client.expect(502, "AUTH TLS")
        client.login()
        self.server.expect_log("connections", "certificate", count=0)

    def test_switched_off_but_implicit(self):
        self.use({"enabled": False})
        self.check_silence()
        self.server.expect_log("connections", "server-failed", reason="tls-disabled")
        self.server.expect_log("connections", "disconnect", reason="tls-unavailable")

    def test_options_that_openssl_does_not_know(self):
        self.use({"ciphers": "NONSENSE"})
        client = self.connect(secure="clear")
        client.expect(234, "AUTH TLS")
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            client.handshake()
        client.socket.close()
        self.assertIn("tls.ciphers", self.server.expect_log("connections", "tls-failed", reason="unavailable")["detail"])
        status, text = self.check()
        self.assertEqual(status, 1, text)
        self.assertIn("MISSING TLS: tls.ciphers: ", text)

    def test_check_when_nobody_could_log_in(self):
        for required, status, words in (("always", 1, "MISSING TLS: "), ("public", 0, "private networks"), ("never", 0, "in clear")):
            self.use({"enabled": False, "required": required})
            found, text = self.check()
            self.assertEqual(found, status, text)
            self.assertIn(words, text)

    def check(self):
        """What cellftpd --check says, and its exit status."""
        command = [self.server.program, "--check", "--config", self.server.config_file]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        self.assertEqual(done.stderr, "")
        return done.returncode, done.stdout

    def test_T12_check(self):
        host = self.make_host("ftp.example")
        (self.directory / "hosts" / "README").write_text("not a host\n")
        status, text = self.check()
        self.assertEqual(status, 0, text)
        for line in ("TLS library", f"certificate {self.certificate}", f"certificate {host / 'fullchain.pem'}"):
            self.assertIn(f"ok      {line}\n", text)
        self.assertNotIn("README", text)
        (host / "privkey.pem").write_bytes(b"")
        self.key.chmod(0o604)
        status, text = self.check()
        self.assertEqual(status, 1, text)
        self.assertRegex(text, rf"(?m)^MISSING certificate: .*{host / 'privkey.pem'}")
        self.assertIn(f"MISSING certificate: {self.key} has mode 0604", text)
        self.restore()
        shutil.rmtree(host)
        make_certificate(self.certificate, self.key, days=2)
        status, text = self.check()
        self.assertEqual(status, 0, text)
        self.assertIn(f"note    {self.certificate} expires on ", text)
        self.use({"enabled": False})
        self.assertIn("note    tls.enabled is false", self.check()[1])

    # the name of the host

    def make_host(self, name):
        host = self.directory / "hosts" / name
        host.mkdir()
        make_certificate(host / "fullchain.pem", host / "privkey.pem", names=(name, "ftp.example"))
        return host

    def test_host_chooses_the_certificate(self):
        own = self.shown(name="ftp.example")
        self.make_host("ftp.example")
        self.make_host("other.example")
        chosen = self.shown(name="ftp.example")
        self.assertNotEqual(chosen, own)
        self.assertEqual(self.shown(name="FTP.Example"), chosen)
        self.assertNotIn(self.shown(name="other.example"), (own, chosen))
        self.assertEqual(self.shown(), own)  # an address: no name
        self.assertEqual(self.shown(name="localhost"), own)

    def test_host_with_a_broken_certificate(self):
        """Is not served with another one."""
        host = self.make_host("ftp.example")
        (host / "privkey.pem").chmod(0o644)
        client = self.connect(secure="clear")
        client.expect(234, "AUTH TLS")  # nobody knows of the host yet
        with self.assertRaises((ssl.SSLError, ConnectionError)):
            client.handshake(name="ftp.example")
        client.socket.close()
        client.wait()
        line = self.server.logs("connections", "certificate", reason="permissions")[-1]
        self.assertIn(str(host / "privkey.pem"), line["detail"])
        client = self.connect(secure="clear")
        client.expect(220, "HOST ftp.example")
        client.expect(431, "AUTH TLS")  # now it is known
        client.quit()
        self.server.expect_log("connections", "certificate", count=2, reason="permissions")
        self.shown()

    def test_names_that_are_none(self):
        """A client can say what it likes; none of these leads anywhere."""
        own = self.certificate.read_text().strip()
        for host in (self.directory / "x", self.directory / "hosts" / ".x"):
            host.mkdir()
            make_certificate(host / "fullchain.pem", host / "privkey.pem")
        label = "x" * 50
        names = ("../x", ".x", ".", "..", "hosts/../../x", "/", "a b", "*", "\xe4", ".".join([label] * 5)[:253])
        with Listener(self.server) as listener:
            for name in (*names, "x" * 254, "x" * 255):
                with self.subTest(name=name):
                    done = subprocess.run(
                        [
                            *("openssl", "s_client", "-connect", f"127.0.0.1:{listener.port}", "-starttls", "ftp"),
                            *("-servername", name, "-crlf", "-ign_eof"),
                        ],
                        input=f"USER alice\nPASS {PASSWORD}\nQUIT\n",
                        capture_output=True,
                        text=True,
                        timeout=60 * slow(),
                        check=False,
                    )
                    self.assertIn(own, done.stdout)
                    self.assertRegex(done.stdout, "(?m)^230 ")
        self.server.expect_log("connections", "attack", count=0)

    # its end

    def test_expiry_is_said_once_an_hour(self):
        make_certificate(self.certificate, self.key, days=2)
        for _ in range(3):
            self.shown()
        line = self.server.expect_log("connections", "certificate", reason="expires-soon")
        self.assertIn(str(self.certificate), line["detail"])
        mark = self.directory / "run" / "certificate-"
        os.utime(mark, (time.time() - 3700,) * 2)
        self.shown()
        self.server.expect_log("connections", "certificate", count=2, reason="expires-soon")
        self.server._expected.clear()
        self.use({"expiry_warning": 1})
        mark.unlink()
        self.shown()
        self.assertEqual(len(self.server.logs("connections", "certificate")), 2)


if __name__ == "__main__":
    main()
