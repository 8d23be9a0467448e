"""Rows of the regression list about TLS on the control connection: T01, T02, T07, T10, A10, P13, and how it ends."""

import ctypes
import select
import socket
import ssl
import subprocess
import time
from pathlib import Path

from harness import PASSWORD, ServerTest, main, process, slow, wait_until
from harness.listener import Listener
from harness.tls import VERSIONS, context, files, in_clear

CLOSE_NOTIFY = "close_notify"


class TlsTest(ServerTest):
    def expect_failure(self, reason, words="^", count=1):
        """The log has COUNT lines of TLS that failed for this REASON, with these WORDS about it."""
        self.server.expect_log("connections", "tls-failed", count=count, reason=reason)
        for record in self.server.logs("connections", "tls-failed", reason=reason):
            self.assertRegex(record.get("detail", ""), words)
        self.server.expect_log("connections", "disconnect", count=count, reason="tls-failed")

    def read_raw(self, client):
        """What comes over the socket until its end, below TLS."""
        received = b""
        try:
            while part := client.socket.recv(65536):
                received += part
        except ConnectionResetError:
            pass
        return received


@in_clear("these begin TLS themselves")
class Injection(TlsTest):
    """T01: what somebody puts behind AUTH in clear is never served under TLS."""

    def hello(self):
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context().wrap_bio(incoming, outgoing, server_hostname="localhost")
        with self.assertRaises(ssl.SSLWantReadError):
            tls.do_handshake()
        return outgoing.read()

    def test_T01_in_the_same_write(self):
        injected = (b"NOOP\r\nUSER x\r\n", b"\r\n", b"NOOP", b"\x00", b"AUTH TLS\r\n", self.hello())
        for behind in injected:
            with self.subTest(behind=behind[:20]):
                client = self.connect()
                client.raw(b"AUTH TLS\r\n" + behind)
                client.read(421)
                self.assert_closed(client)
        for word in ("protocol-abuse", "disconnect"):
            self.server.expect_log("connections", word, count=len(injected), reason="tls-injection")
        self.server.expect_log("connections", "tls", count=0)

    def test_T01_behind_the_234(self):
        """Too late for the session in clear, and no handshake for the one under TLS."""
        for behind in (b"NOOP\r\n", b"USER x\r\nPASS y\r\n", b"\r\n"):
            with self.subTest(behind=behind):
                client = self.connect()
                client.expect(234, "AUTH TLS")
                client.raw(behind + self.hello())
                said = self.read_raw(client)
                self.assertRegex(said, rb"(?s)\A(\x15\x03.\x00\x02..)?\Z")  # nothing, or an alert
                self.assertEqual(client.wait(), 0)
                client.close()
        self.expect_failure("handshake", "sent no TLS", count=3)

    def test_T01_a_slow_reader_of_the_234(self):
        """Between the 234 and the handshake there may be any time: nothing is lost, nothing is added."""
        for version in VERSIONS:
            client = self.connect()
            before = client.session_pid
            client.expect(234, "AUTH TLS")
            self.assertTrue(wait_until(lambda: client.session_pid != before))
            client.handshake(version=version)
            client.login()
            client.quit()


@in_clear("these begin TLS themselves")
class Offers(TlsTest):
    """T02 (ALPACA) and T07 (old protocols and ciphers): what the handshake takes."""

    def offer(self, implicit=False, alpn=None, version=None, ciphers=None):
        """A handshake of a client with these settings: its TLS, or the error."""
        settings = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        settings.load_verify_locations(files() / "ca.pem")
        settings.set_ciphers(f"{ciphers or 'ALL'}:@SECLEVEL=0")
        if version:
            settings.minimum_version = settings.maximum_version = version
        if alpn:
            settings.set_alpn_protocols(alpn)
        with Listener(self.server, implicit=implicit) as listener:
            with socket.create_connection(("127.0.0.1", listener.port), 30 * slow()) as connection:
                if not implicit:
                    self.assertTrue(connection.recv(1000).startswith(b"220 "))
                    connection.sendall(b"AUTH TLS\r\n")
                    self.assertTrue(connection.recv(1000).startswith(b"234 "))
                try:
                    with settings.wrap_socket(connection, server_hostname="127.0.0.1") as tls:
                        tls.sendall(b"QUIT\r\n")
                        said = b""
                        while part := tls.recv(1000):
                            said += part
                        self.assertRegex(said, rb"(?s)\A(220 .*\r\n)?221 [^\n]*\n\Z")
                        return tls.selected_alpn_protocol(), tls.version(), tls.cipher()[0]
                except ssl.SSLError as error:
                    return error.reason or "unknown to Python"

    def test_T02_alpn(self):
        rows = [(["http/1.1"], None), (["h2", "http/1.1"], None), (["ft"], None), (["ftpx"], None)]
        rows += [(["ftp"], "ftp"), (["http/1.1", "ftp"], "ftp")]
        for implicit in (False, True):
            for version in VERSIONS.values():
                for offered, selected in rows:
                    with self.subTest(implicit=implicit, version=version, offered=offered):
                        result = self.offer(implicit, offered, version)
                        self.assertEqual(result[0] if selected else result, selected or "unknown to Python")
                result = self.offer(implicit, None, version)
                self.assertIsNone(result[0], result)
        self.expect_failure("handshake", "ALPN", count=16)

    def test_T07_old_protocols(self):
        for version in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            for implicit in (False, True):
                self.assertEqual(self.offer(implicit, version=version), "TLSV1_ALERT_PROTOCOL_VERSION")
        self.expect_failure("handshake", "tls.minimum", count=4)
        self.assertEqual(self.offer(version=ssl.TLSVersion.TLSv1_2)[1], "TLSv1.2")
        self.assertEqual(self.offer()[1], "TLSv1.3")

    def test_T07_only_the_newest(self):
        self.server.configure({"tls": {"minimum": "1.3"}})
        self.assertEqual(self.offer(version=ssl.TLSVersion.TLSv1_2), "TLSV1_ALERT_PROTOCOL_VERSION")
        self.assertEqual(self.offer()[1], "TLSv1.3")

    def test_T07_weak_ciphers(self):
        offered = ("RSA", "AES128-SHA", "ECDHE+AES128+SHA", "ECDHE+SHA256", "DHE", "ADH", "AECDH", "eNULL")
        for ciphers in offered:
            with self.subTest(ciphers=ciphers):
                self.assertEqual(
                    self.offer(version=ssl.TLSVersion.TLSv1_2, ciphers=ciphers), "SSLV3_ALERT_HANDSHAKE_FAILURE"
                )
        self.expect_failure("handshake", "tls.ciphers", count=len(offered))
        for ciphers in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"):
            self.assertEqual(self.offer(version=ssl.TLSVersion.TLSv1_2, ciphers=ciphers)[2], ciphers)

    def test_T10_renegotiation(self):
        """RFC 5746, CVE-2009-3555: the client is told that there is none, and the session goes on or ends."""
        with Listener(self.server) as listener:
            client = subprocess.run(
                ["openssl", "s_client", "-connect", f"127.0.0.1:{listener.port}", "-starttls", "ftp", "-tls1_2"],
                input=b"R\n",
                capture_output=True,
                timeout=60 * slow(),
                check=False,
            )
        said = (client.stdout + client.stderr).decode(errors="replace")
        self.assertIn("RENEGOTIATING", said)
        self.assertRegex(said, "no renegotiation|handshake failure")
        self.server.expect_log("connections", "tls", protocol="TLSv1.2")


@in_clear("these begin TLS themselves")
class Required(TlsTest):
    """A10: no password in clear where TLS is required."""

    config = {"tls": {"required": "always"}}

    def test_A10_password_in_clear(self):
        client = self.connect()
        self.check_replies(
            client,
            [
                ("USER alice", 530, "AUTH TLS"),
                (f"PASS {PASSWORD}", 503),
                ("USER nosuch", 530, "AUTH TLS"),
                ("PASS x", 503),
                (f"PASS {PASSWORD}", 503),
                ("PWD", 530),
            ],
        )
        for secret in (PASSWORD, "PASS"):
            for record in self.server.logs("auth"):
                self.assertNotIn(secret, str(record))
        self.server.expect_log("auth", "refused", count=0, reason="bad-password")
        client.start_tls()  # it is the same connection still
        client.login()
        client.expect(257, "PWD")
        self.server.expect_log("auth", "accepted")

    def test_A10_each_name_gets_the_same_reply(self):
        client = self.connect()
        texts = {client.expect(530, f"USER {name}").text for name in ("alice", "nosuch", "root", "x" * 300)}
        self.assertEqual(len(texts), 1)

    def test_A10_implicit(self):
        client = self.connect(secure="implicit")
        client.login()

    def test_A10_never(self):
        self.server.configure({"tls": {"required": "never"}})
        self.connect().login()


@in_clear("these begin TLS themselves")
class Stalls(TlsTest):
    """P13: who begins a handshake and stops holds nothing for long."""

    config = {"tls": {"handshake": "1 s"}}

    def check_closed(self, client):
        self.assertRegex(self.read_raw(client), rb"(?s)\A(\x15\x03.\x00\x02..|\x16.*)?\Z")
        self.assertEqual(client.wait(), 0)
        client.close()

    def test_P13_silence(self):
        for secure, behind in (("clear", b""), ("clear", b"\x16\x03\x01"), ("clear", b"\x16\x03\x01\x02\x00\x01\x00\x01")):
            with self.subTest(behind=behind):
                client = self.connect(secure=secure)
                client.expect(234, "AUTH TLS")
                client.raw(behind)
                self.check_closed(client)
        self.expect_failure("timeout", count=3)

    def test_P13_byte_for_byte(self):
        """The limit is for the whole handshake, not for a pause in it."""
        client = self.connect()
        client.expect(234, "AUTH TLS")
        begun = time.monotonic()
        try:
            for byte in b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc" + bytes(500):
                client.raw(bytes([byte]))
                time.sleep(0.1)
        except ConnectionError:
            pass
        self.assertLess(time.monotonic() - begun, 30)
        self.assertEqual(client.wait(), 0)
        client.close()
        self.expect_failure("timeout")

    def test_P13_the_deadline_of_the_login(self):
        """... counts from the first connection, however often TLS begins anew."""
        self.server.configure({"login": {"deadline": "2 s"}, "tls": {"handshake": "600 s"}})
        client = self.connect()
        client.expect(234, "AUTH TLS")
        self.check_closed(client)
        client = self.connect()
        begun = time.monotonic()
        client.start_tls()
        time.sleep(1)
        client.expect(220, "REIN")
        client.end_tls()
        time.sleep(0.5)
        client.start_tls()
        client.read(421)
        self.assertLess(time.monotonic() - begun, 3.5 * slow())
        client.read_end()
        client.close()

    def test_P13_implicit(self):
        with Listener(self.server, implicit=True) as listener:
            with socket.create_connection(("127.0.0.1", listener.port), 30 * slow()) as connection:
                self.assertEqual(connection.recv(100), b"")
        self.expect_failure("timeout")

    def test_P13_answers_that_nobody_reads(self):
        """Key updates, each of which TLS has to answer by itself: whoever reads none is waited for without work."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            ours = socket.create_connection(listener.getsockname(), 30 * slow())
            theirs = listener.accept()[0]
        self.addCleanup(ours.close)
        for end, option in ((ours, socket.SO_RCVBUF), (theirs, socket.SO_SNDBUF)):
            end.setsockopt(socket.SOL_SOCKET, option, 4096)
        server = self.server.start(theirs)
        self.assertEqual(ours.recv(100)[:4], b"220 ")
        ours.sendall(b"AUTH TLS\r\n")
        self.assertEqual(ours.recv(100)[:4], b"234 ")
        self.update_keys(ours)
        (session,) = process.children(server.pid)
        before = self.cpu_ticks(session)
        time.sleep(2)
        self.assertLess(self.cpu_ticks(session) - before, 20)
        ours.close()
        self.assertEqual(server.wait(30 * slow()), 0)

    def update_keys(self, connection):
        """A handshake as Python cannot do it, then KeyUpdate until the server takes no more."""
        library = ctypes.CDLL("libssl.so.3")
        for name in ("TLS_client_method", "SSL_CTX_new", "SSL_new"):
            getattr(library, name).restype = ctypes.c_void_p
        settings = ctypes.c_void_p(library.SSL_CTX_new(ctypes.c_void_p(library.TLS_client_method())))
        stream = ctypes.c_void_p(library.SSL_new(settings))
        connection.setblocking(True)
        library.SSL_set_fd(stream, connection.fileno())
        self.assertEqual(library.SSL_connect(stream), 1)
        connection.setblocking(False)
        while select.select([], [connection], [], 3 * slow())[1]:
            library.SSL_key_update(stream, 1)  # SSL_KEY_UPDATE_REQUESTED
            library.SSL_do_handshake(stream)

    def cpu_ticks(self, pid):
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])

    def test_P13_stopped_meanwhile(self):
        """An administrator need not wait for it."""
        self.server.configure({"tls": {"handshake": "600 s"}})
        client = self.connect()
        client.expect(234, "AUTH TLS")
        self.assertTrue(wait_until(lambda: self.server.ctl("drain", "--now", check=False) is not None))
        self.assertEqual(self.read_raw(client), b"")
        self.assertEqual(client.wait(), 0)
        client.close()


@in_clear("these begin TLS themselves")
class Ends(TlsTest):
    """How the control connection ends, and what of it is in the log."""

    def test_the_last_word_is_close_notify(self):
        self.server.configure({"session": {"idle": "1 s"}})
        for secure in (*VERSIONS, "implicit"):
            with self.subTest(secure=secure):
                client = self.login(secure=secure)
                client.quit()
                self.assertEqual(client.socket.ended, CLOSE_NOTIFY)
                client = self.login(secure=secure)
                client.read(421)
                client.read_end()
                self.assertEqual(client.socket.ended, CLOSE_NOTIFY)

    def test_a_client_without_close_notify(self):
        for version in VERSIONS:
            client = self.login(secure=version)
            client.close()
            client.wait()
        self.server.expect_log("connections", "disconnect", count=2, reason="no-close-notify")
        for version in VERSIONS:
            client = self.login(secure=version)
            client.socket.shutdown(socket.SHUT_WR)
            client.read_end()
            client.wait()
        self.server.expect_log("connections", "disconnect", count=2, reason="client-closed")
        for version in VERSIONS:
            client = self.login(secure=version)
            client.send("QUIT")
            client.socket.tcp.shutdown(socket.SHUT_WR)
            client.read(221)
            client.wait()
        self.server.expect_log("connections", "disconnect", count=2, reason="quit")

    def test_what_stood_before_the_end_is_served(self):
        for version in VERSIONS:
            client = self.login(secure=version)
            client.raw(b"MKD a\r\nRMD a\r\nNOOP\r\n")
            client.socket.shutdown(socket.SHUT_WR)
            for code in (257, 250, 200):
                client.read(code)
            client.read_end()
            self.assertEqual(client.socket.ended, CLOSE_NOTIFY)

    def test_garbage_in_the_middle(self):
        for version in VERSIONS:
            client = self.login(secure=version)
            client.socket.tcp.sendall(b"DELE a\r\n" * 3)
            self.read_raw_tls(client)
            client.close()
        self.server.expect_log("connections", "tls-failed", count=2, reason="broken", detail="the client sent no TLS")
        self.server.expect_log("connections", "disconnect", count=2, reason="connection-lost")

    def read_raw_tls(self, client):
        try:
            client.read_end()
        except (ssl.SSLError, OSError):
            pass

    def test_a_certificate_that_the_client_does_not_trust(self):
        for version in VERSIONS.values():
            client = self.connect()
            client.expect(234, "AUTH TLS")
            settings = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            settings.minimum_version = settings.maximum_version = version
            with self.assertRaises(ssl.SSLCertVerificationError):
                settings.wrap_socket(client.socket, server_hostname="localhost")
            client.wait()
            client.close()
        self.expect_failure("handshake", "does not trust", count=2)


@in_clear("these begin TLS themselves")
class Lines(TlsTest):
    """Lines and records are different things."""

    def test_many_lines_in_one_record(self):
        for version in VERSIONS:
            client = self.login(secure=version)
            client.raw(b"NOOP\r\n" * 2700)  # 16 KiB: one record, and as much as is kept
            for _ in range(2700):
                client.read(200)
            client.expect(257, "PWD")
            client.quit()

    def test_records_that_do_not_fit(self):
        """What TLS has read and nobody has taken: poll(2) knows nothing of it."""
        for version in VERSIONS:
            client = self.login(secure=version)
            for _ in range(4):
                client.raw(b"x" * 16383)
                client.raw(b"x\r\nNOOP\r\n")
                client.read(500)
                client.read(200)
            client.quit()

    def test_one_line_in_many_records(self):
        for version in VERSIONS:
            client = self.login(secure=version)
            for byte in b"MKD d\r\n":
                client.raw(bytes([byte]))
            client.read(257)
            client.expect(250, "RMD d")
            client.raw(b"\xff\xf4")
            client.raw(b"\xff")
            client.raw(b"\xf2NOOP\r\n")
            client.read(200)
            client.quit()

    def test_replies_that_nobody_reads(self):
        """Back-pressure, and then all of them, in order (P17)."""
        for version in VERSIONS:
            client = self.login(secure=version)
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            self.server.mkdir("many")
            for number in range(300):
                (self.server.path("many") / f"{number:0200}").touch()
            for _ in range(20):
                client.send("STAT many")
            time.sleep(0.3)
            for _ in range(20):
                self.assertEqual(len(client.read(213).lines), 302)
            client.quit()

    def test_no_call_is_refused(self):
        for secure in (*VERSIONS, "implicit"):
            client = self.login(secure=secure)
            client.expect(211, "STAT")
            client.expect(211, "FEAT")
            client.quit()
        self.server.expect_log("connections", "call-refused", count=0)
        self.server.expect_log("connections", "attack", count=0)


if __name__ == "__main__":
    main()
