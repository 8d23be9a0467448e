"""Transfers under TLS, to their end or not: rows D13, P13, T03, T04, T08, T11 of CVE_TESTS."""

import contextlib
import ctypes
import os
import socket
import ssl
import time

from harness import build, main, process, slow, wait_until
from harness.data import Data
from harness.tls import in_clear
from tls_data import SECRET, DataTest

LIBC = ctypes.CDLL(None, use_errno=True)
PIDFD_OPEN, PIDFD_GETFD = 434, 438


@in_clear("it is about TLS and chooses the version itself")
class Ends(DataTest):
    def test_T03_truncated_upload(self):
        self.server.write("old", b"as it was")
        for keep in (True, False):
            self.server.configure({"files": {"keep_partial": keep}})
            for version in self.each():
                client = self.secure(version)
                for name in ("old", "new"):
                    data = client.begin(f"STOR {name}")
                    data.send(b"x" * 100000)
                    data.truncate()
                    self.assertIn("close_notify", client.read(426).text)
                self.assertEqual(self.server.read("old"), b"as it was")
                self.assertEqual(set(self.names_on_disk()), {"old", "secret"} | ({"new"} if keep else set()))
                self.assertEqual(client.command("DELE new").code, 250 if keep else 550)
                self.check_usable(client)

    def test_T03_truncated_append(self):
        for version in self.each():
            self.server.write("log", b"first\n")
            client = self.secure(version)
            data = client.begin("APPE log")
            data.send(b"second")
            data.truncate()
            client.read(426)
            self.assertTrue(self.server.read("log").startswith(b"first\n"))

    def test_T03_last_bytes_of_a_client_that_never_reads(self):
        """What comes after its close_notify, a ticket and our own, must not reset what it has sent."""
        content = os.urandom(3000000)
        for version in self.each():
            client = self.secure(version)
            for _ in range(20):
                data = client.begin("STOR up")
                data.send(content)
                data.close()
                client.read(226)
                self.assertEqual(self.server.read("up"), content)

    def test_T04_close_notify_before_226(self):
        for version in self.each():
            client = self.secure(version)
            for command in ("RETR secret", "LIST", "NLST", "MLSD", "STOR up"):
                data = client.begin(command)
                if command == "STOR up":
                    data.say_goodbye()
                client.read(226)
                data.raw.settimeout(0)  # it must be here by now
                data.receive(1 << 20)
                self.assertEqual(data.ended, "close_notify", command)

    def test_T04_no_nagle(self):
        """A small record must not wait for the acknowledgement of the one before."""
        for version in self.each():
            client = self.secure(version)
            self.server.write("big", bytes(30000000))
            for verb in ("EPSV", "PORT"):
                data = client.begin("RETR big", verb)
                data.receive(1)
                with contextlib.closing(self.server_side(client, data)) as theirs:
                    self.assertEqual(theirs.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY), 1)
                client.send("ABOR")
                client.read(426)
                client.read(226)

    def server_side(self, client, data):
        """The session's end of that connection."""
        pidfd = LIBC.syscall(PIDFD_OPEN, client.session_pid, 0)
        self.assertGreaterEqual(pidfd, 0)
        try:
            for name in os.listdir(f"/proc/{client.session_pid}/fd"):
                fd = LIBC.syscall(PIDFD_GETFD, pidfd, int(name), 0)
                with contextlib.suppress(OSError):
                    theirs = socket.socket(fileno=fd)
                    if theirs.getpeername() == data.raw.getsockname():
                        return theirs
                    theirs.close()
        finally:
            os.close(pidfd)
        raise AssertionError("the session has no such connection")

    def test_T04_no_reset_for_the_last_word(self):
        """The client's close_notify comes to a socket that is still there."""
        for version in self.each():
            client = self.secure(version)
            for _ in range(10):
                data = client.begin("RETR secret")
                self.assertEqual(data.receive(1 << 20), SECRET)
                client.read(226)
                client.expect(200, "NOOP")
                data.say_goodbye()
                self.assertEqual(data.raw.tcp.recv(1), b"")  # a FIN, no reset
                data.raw.tcp.send(b"x")
                client.expect(200, "NOOP")

    def test_T04_broken_download_has_no_close_notify(self):
        """Or the client would take it for the whole."""
        self.server.write("big", bytes(30000000))
        for version in self.each():
            client = self.secure(version)
            data = client.begin("RETR big")
            data.receive(1000)
            client.send("ABOR")
            client.read(426)
            client.read(226)
            try:
                data.receive(1 << 30)
            except ConnectionResetError:
                continue
            self.assertEqual(data.ended, "truncated")

    def test_client_ends_a_download(self):
        """An alert, a close, a reset."""
        self.server.write("big", bytes(60000000))
        for version in self.each():
            client = self.secure(version)
            for end in (Data.close, Data.truncate, Data.reset):
                data = client.begin("RETR big")
                data.receive(1000)
                end(data)
                client.read(426)
            data = client.begin("RETR big")  # its own direction, but not so that TLS could go on
            data.receive(1000)
            data.socket.tcp.shutdown(socket.SHUT_WR)
            self.assertEqual(client.read(426).text, "The data connection broke.")
            data.reset()
            if version == "1.2":  # there it is the end of both directions
                data = client.begin("RETR big")
                data.receive(1000)
                data.say_goodbye()
                client.read(426)
            self.check_usable(client)

    def test_large_files(self):
        """More than any buffer, all ways, with odd sizes."""
        content = os.urandom(20000003)
        text = b"a line\nanother\n" * 100001
        for version in self.each():
            client = self.secure(version)
            client.stor("up", content)
            self.assertEqual(self.server.read("up"), content)
            self.assertEqual(client.retr("up"), content)
            self.assertEqual(client.retr("up", rest=12345677), content[12345677:])
            client.expect(200, "TYPE A")
            client.stor("text", text.replace(b"\n", b"\r\n"))
            self.assertEqual(self.server.read("text"), text)
            self.assertEqual(client.retr("text"), text.replace(b"\n", b"\r\n"))
            client.quit()
            client.wait()
        # Where the kernel has no TLS, OpenSSL finds out by itself: nothing that it tries is refused.
        self.assertEqual(self.server.logs("connections", "call-refused"), [])


@in_clear("it is about TLS and chooses the version itself")
class Meanwhile(DataTest):
    """The control connection is served whatever the data connection does."""

    def test_D13_abort_of_a_blocked_download(self):
        self.server.write("big", bytes(30000000))
        for version in self.each():
            client = self.secure(version)
            data = client.begin("RETR big")
            data.receive(1000)
            began = time.monotonic()
            client.expect(200, "NOOP")
            self.assertIn(f" Data connection is under TLSv{version}", client.expect(211, "STAT").lines)
            client.raw(b"ABOR\r\n")
            client.read(426)
            client.read(226)
            self.assertLess(time.monotonic() - began, 1 * slow())
            client.expect(200, "NOOP")

    def test_abort_in_mid_handshake(self):
        for version in self.each():
            client = self.secure(version)
            for beginning in (b"", b"\x16\x03\x01\x02\x00\x01"):
                data = client.passive()
                data.raw.sendall(beginning)
                for command in ("RETR secret", "STOR new"):
                    client.expect(150, command)
                    client.expect(200, "NOOP")
                    client.expect(211, "STAT")
                    client.send("ABOR")
                    client.read(426)
                    client.read(226)
                    data = client.passive()
            self.assertFalse(self.server.path("new").exists())
            self.check_usable(client)

    def test_P13_silence(self):
        self.server.configure({"tls": {"handshake": "2 s"}})
        self.server.write("old", b"as it was")
        for version in self.each():
            client = self.secure(version)
            for beginning in (b"", b"\x16\x03\x01\x02\x00\x01"):
                for verb in ("EPSV", "PORT"):
                    listening = client.port() if verb == "PORT" else None
                    data = None if listening else client.passive()
                    began = time.monotonic()
                    client.send("STOR old")
                    data = listening.accept() if listening else data
                    client.read(150)
                    data.raw.sendall(beginning)
                    client.expect(200, "NOOP")
                    reply = client.read((425, 522))
                    self.assertIn("too long", reply.text)
                    self.assertGreater(time.monotonic() - began, 1.9)
                    self.assertFalse(data.is_open())
            self.assertEqual(self.server.read("old"), b"as it was")
            self.check_usable(client)
            client.quit()
            client.wait()
        self.assertEqual(len(self.refused(reason="timeout")), 8)

    def test_P13_nobody_comes(self):
        self.server.configure({"transfer": {"connect": "2 s"}})
        client = self.secure("1.3")
        client.epsv()
        client.expect(150, "RETR secret")
        client.read(425)
        self.check_usable(client)

    def test_P13_endless_thieves(self):
        """One that keeps coming does not keep a transfer waiting for ever."""
        self.server.configure({"tls": {"handshake": "1 s"}, "transfer": {"connect": "1 s"}})
        client = self.secure("1.3")
        address = client.epsv()
        strangers = [self.thief(client, address)]
        client.expect(150, "RETR secret")
        client.socket.tcp.settimeout(0.3)
        for _ in range(100 * slow()):
            try:
                client.read(522)
                break
            except TimeoutError:
                with contextlib.suppress(ConnectionRefusedError):
                    strangers.append(self.thief(client, address))
        else:
            self.fail("the transfer still waits")
        client.socket.tcp.settimeout(30 * slow())
        self.check_usable(client)


@in_clear("it is about TLS and chooses the version itself")
class Endurance(DataTest):
    COUNT = 500

    def run_dry(self, version, newest):
        """T08: so many transfers, each with the session that NEWEST(client, data) gives, used once in TLS 1.3."""
        client = self.secure(version)
        client.resume = client.session
        used = set()
        for number in range(self.COUNT):
            if version == "1.3":
                self.assertNotIn(client.resume.id, used, f"transfer {number} has no fresh ticket")
                used.add(client.resume.id)
            data = client.begin("STOR up" if number % 3 == 0 else "RETR secret")
            self.assertTrue(data.tls.session_reused, f"transfer {number}")
            if number % 3 == 0:
                data.send(b"x")
                data.finish()
            else:
                self.assertEqual(data.receive_all(), SECRET)
            client.read(226)
            client.resume = newest(client, data)
        client.quit()
        client.wait()
        self.assertEqual(self.refused(), [])
        self.assertEqual(self.server.logs("connections", "data-unbound"), [])

    def test_T08_tickets_of_the_control_connection(self):
        for version in self.each():
            self.run_dry(version, lambda client, _: client.session)

    def test_T08_tickets_of_the_data_connection_before(self):
        for version in self.each():
            self.run_dry(version, lambda _, data: data.tls.session)

    def test_T11_memory(self):
        """Complete, refused and broken handshakes: the session does not grow."""
        count = 1000 if build().name == "release" else 200
        for version in self.each():
            client = self.bound(version)
            self.go_through(client, count // 4)
            before = int(process.status(client.session_pid)["VmRSS"].split()[0])
            self.go_through(client, count)
            after = int(process.status(client.session_pid)["VmRSS"].split()[0])
            # Nothing of a data connection: standard input and output, the control connection, the monitor.
            self.assertTrue(wait_until(lambda pid=client.session_pid: len(os.listdir(f"/proc/{pid}/fd")) == 5))
            if build().name == "release":
                self.assertLess(after, before * 1.05, f"{before} KiB before, {after} after")
            client.quit()
            client.wait()

    def go_through(self, client, count):
        for number in range(count):
            if number % 20 == 0:
                address = client.epsv()
                stranger = self.thief(client, address)
                owner = client.dial(address)
                client.expect(150, "RETR secret")
                if number % 40 == 0:
                    with contextlib.suppress(ssl.SSLError, ConnectionError):
                        stranger.handshake()
                else:
                    stranger.tcp.sendall(b"\x16\x03\x01\x00\x05hello")
                self.assertEqual(owner.receive_all(), SECRET)
                stranger.tcp.close()
                client.read(226)
            else:
                self.assertEqual(client.retr("secret"), SECRET)


if __name__ == "__main__":
    main()
