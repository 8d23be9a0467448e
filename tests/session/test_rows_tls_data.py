"""Data connections under TLS: rows D04, D13, D15, P13, T03, T04, T05, T08, T09, T11 of CVE_TESTS."""

import contextlib
import ctypes
import os
import socket
import ssl
import time

from harness import ServerTest, build, main, process, slow, tls, wait_until
from harness.data import Data
from harness.tls import VERSIONS, TlsSocket, in_clear

SECRET = b"for the owner only"
LIBC = ctypes.CDLL(None, use_errno=True)
PIDFD_OPEN, PIDFD_GETFD = 434, 438


class DataTest(ServerTest):
    def setUp(self):
        super().setUp()
        self.server.write("secret", SECRET)

    def each(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                yield version

    def secure(self, version, **arguments):
        return self.login(secure=version, **arguments)

    def bound(self, version):
        """A session whose client has resumed once."""
        client = self.secure(version)
        data = client.begin("NLST")
        self.assertTrue(data.tls.session_reused)
        data.receive_all()
        client.read(226)
        return client

    def thief(self, client, address, source=None, session=None):
        """Somebody else's connection, with TLS settings of its own: it can do all that a client can do but resume.
        With SESSION it has got hold of one."""
        connection = socket.create_connection(address, 30 * slow(), source_address=(source or "127.0.0.1", 0))
        stranger = TlsSocket(connection, client.socket.tls.context, "127.0.0.1", session)
        self.addCleanup(connection.close)
        return stranger

    def take(self, stranger):
        """What it gets, whatever happens to it."""
        received = b""
        with contextlib.suppress(OSError):
            while part := stranger.recv(65536):
                received += part
        return received

    def refused(self, **fields):
        return self.server.logs("connections", "data-refused", **fields)

    def names_on_disk(self):
        return sorted(os.listdir(self.server.home("alice")))

    def check_usable(self, client):
        """The control connection, and the next transfer."""
        client.expect(200, "NOOP")
        self.assertEqual(client.retr("secret"), SECRET)


@in_clear("it is about TLS and chooses the version itself")
class Theft(DataTest):
    """D04: another user behind the same address knocks on the passive port first."""

    def rob(self, client, robber):
        """EPSV, the thief's connection, then the owner's and RETR; ROBBER is what the thief does. It gets nothing."""
        address = client.epsv()
        stranger = self.thief(client, address)
        owner = client.dial(address)
        client.send("RETR secret")
        client.read(150)
        robber(stranger)
        self.assertEqual(owner.receive_all(), SECRET)
        client.read(226)
        self.assertEqual(self.take(stranger), b"")
        client.expect(200, "NOOP")

    def handshake(self, stranger):
        with contextlib.suppress(ssl.SSLError, ConnectionError):
            stranger.handshake()
            stranger.recv(1)  # it waits until the server has judged

    def test_D04_complete_handshake(self):
        for version in self.each():
            client = self.bound(version)
            for _ in range(3):
                self.rob(client, self.handshake)
            client.quit()
            client.wait()
        self.assertEqual(len(self.refused(reason="not-resumed", command="RETR")), 6)

    def test_D04_upload_of_a_thief(self):
        for version in self.each():
            client = self.bound(version)
            address = client.epsv()
            stranger = self.thief(client, address)
            owner = client.dial(address)
            client.send("STOR mine")
            client.read(150)
            with contextlib.suppress(ssl.SSLError, ConnectionError):
                stranger.handshake()
                stranger.sendall(b"forged" * 10000)
                stranger.say_goodbye()
            self.take(stranger)
            owner.send(b"genuine")
            owner.finish()
            client.read(226)
            self.assertEqual(self.server.read("mine"), b"genuine")

    def test_D04_silence_and_noise(self):
        noises = (
            lambda stranger: None,
            lambda stranger: stranger.tcp.sendall(b"give me that file\r\n"),
            lambda stranger: stranger.tcp.sendall(b"\x16\x03\x01\x40\x00" + bytes(3000)),
            lambda stranger: stranger.tcp.sendall(b"\x16\x03\x01"),
            lambda stranger: stranger.tcp.close(),
            lambda stranger: stranger.tcp.shutdown(socket.SHUT_WR),
        )
        for version in self.each():
            for bound in (False, True):
                client = self.bound(version) if bound else self.secure(version)
                for noise in noises:
                    self.rob(client, noise)

    def test_D04_before_the_command(self):
        """The thief has done all that it can before the owner's command comes; an owner that comes late."""
        for version in self.each():
            client = self.bound(version)
            address = client.epsv()
            strangers = [self.thief(client, address) for _ in range(3)]
            strangers[0].tcp.sendall(b"\x16\x03\x01")
            strangers[1].tcp.sendall(b"USER alice\r\n")
            client.send("RETR secret")
            client.read(150)
            self.handshake(strangers[2])
            owner = client.dial(address)
            self.assertEqual(owner.receive_all(), SECRET)
            client.read(226)
            for stranger in strangers:
                self.assertEqual(self.take(stranger), b"")

    def test_D04_owner_comes_after_a_refusal(self):
        """Nobody else is there when the thief is refused, and the owner is still waited for."""
        for version in self.each():
            client = self.bound(version)
            for robber in (self.handshake, lambda stranger: stranger.tcp.sendall(b"give me that file\r\n")):
                address = client.epsv()
                stranger = self.thief(client, address)
                client.expect(150, "RETR secret")
                robber(stranger)
                self.assertEqual(self.take(stranger), b"")
                self.assertEqual(client.dial(address).receive_all(), SECRET)
                client.read(226)

    def test_D04_crowd(self):
        """More than are waited for, before and behind the owner; the oldest silent ones make room."""
        for version in self.each():
            client = self.secure(version)
            address = client.epsv()
            strangers = [self.thief(client, address) for _ in range(30)]
            owner = client.dial(address)
            strangers += [self.thief(client, address) for _ in range(5)]
            client.expect(150, "RETR secret")
            self.assertEqual(owner.receive_all(), SECRET)
            client.read(226)
            for stranger in strangers:
                self.assertEqual(self.take(stranger), b"")
        self.assertGreater(len(self.refused(reason="crowded")), 0)

    def test_D04_many_handshakes(self):
        """More than the monitor gives signatures for."""
        for version in self.each():
            client = self.bound(version)
            address = client.epsv()
            owner = client.dial(address)
            client.expect(150, "RETR secret")
            for _ in range(12):
                stranger = self.thief(client, address)
                self.handshake(stranger)
                self.assertEqual(self.take(stranger), b"")
            self.assertEqual(owner.receive_all(), SECRET)
            client.read(226)
            self.assertEqual(client.retr("secret"), SECRET)

    def test_D04_resumed_one_goes_first(self):
        """Nothing is known of this client yet, and the thief's handshake is complete before the owner's."""
        for version in self.each():
            client = self.secure(version)
            self.rob(client, lambda stranger: stranger.handshake())
            client.quit()
            client.wait()
            self.assertEqual(self.server.logs("connections", "data-unbound"), [])
        self.assertEqual(len(self.refused(reason="another")), 2)

    def test_D04_ticket_of_a_thief(self):
        """A full handshake on the data port brings a ticket, also to a thief: it is worth nothing."""
        for version in self.each():
            client = self.bound(version)
            stolen = []

            def steal(stranger):
                self.handshake(stranger)
                stolen.append(stranger.session)

            self.rob(client, steal)
            self.assertIsNotNone(stolen[0])
            address = client.epsv()
            stranger = self.thief(client, address, session=stolen[0])
            owner = client.dial(address)
            client.expect(150, "RETR secret")
            self.handshake(stranger)
            self.assertEqual(self.take(stranger), b"")
            self.assertEqual(owner.receive_all(), SECRET)
            client.read(226)
            client.quit()
            client.wait()
        self.assertEqual(len(self.refused(reason="not-resumed")), 4)

    def test_D04_owner_that_does_not_resume_any_more(self):
        for version in self.each():
            client = self.bound(version)
            client.resume = False
            data = client.passive()
            client.expect(150, "STOR mine")
            with contextlib.suppress(OSError):
                data.send(b"x" * 100)
                self.take(data.socket)
            reply = client.read(522)
            self.assertIn("resum", reply.text)
            self.assertFalse(self.server.path("mine").exists())
            client.resume = True
            self.check_usable(client)
            client.quit()
            client.wait()
        failed = self.server.logs("files", "upload-failed", reason="not-resumed", reply="522")
        self.assertEqual(len(failed), 2)
        self.assertEqual(len(self.refused(reason="not-resumed")), 2)

    def test_D04_client_that_never_resumes(self):
        """It is served, and the log says so once."""
        for version in self.each():
            client = self.secure(version)
            client.resume = False
            for _ in range(3):
                self.assertEqual(client.retr("secret"), SECRET)
                client.stor("mine", b"hello")
            client.quit()
            client.wait()
        self.assertEqual(len(self.server.logs("connections", "data-unbound", user="alice")), 2)
        self.assertEqual({record["resumed"] for record in self.server.logs("files", "download")}, {"no"})
        self.assertEqual(self.refused(), [])

    def test_D15_other_hosts(self):
        """TLS is no passport: whoever comes from elsewhere is a stranger, even with the right session."""
        for version in self.each():
            client = self.bound(version)
            address = client.epsv()
            stranger = self.thief(client, address, source="127.0.0.2", session=client.session)
            client.send("RETR secret")
            client.read(150)
            with contextlib.suppress(OSError):
                stranger.handshake()
            self.assertEqual(self.take(stranger), b"")
            owner = client.dial(address)
            self.assertEqual(owner.receive_all(), SECRET)
            client.read(226)
            client.expect(501, "PORT 127,0,0,2,200,1")
            client.quit()
            client.wait()
        self.assertEqual(len(self.refused(reason="stranger", detail="127.0.0.2")), 2)


@in_clear("it is about TLS and chooses the version itself")
class Binding(DataTest):
    def configured(self, binding, version):
        self.server.configure({"tls": {"data_binding": binding}})
        return self.secure(version)

    def test_D04_require(self):
        for version in self.each():
            client = self.configured("require", version)
            client.resume = False
            for verb in ("EPSV", "PORT"):
                data = client.passive() if verb == "EPSV" else None
                listening = None if data else client.port()
                client.send("RETR secret")
                data = data or listening.accept()
                client.read(150)
                with contextlib.suppress(OSError):
                    self.assertEqual(self.take(data.socket), b"")
                self.assertIn("resum", client.read(522).text)
            client.resume = True
            self.check_usable(client)
            self.assertEqual(client.retr("secret", verb="PORT"), SECRET)
            client.quit()
            client.wait()
        self.assertEqual(self.server.logs("connections", "data-unbound"), [])

    def test_D04_off(self):
        for version in self.each():
            client = self.configured("off", version)
            self.assertEqual(client.retr("secret"), SECRET)
            client.resume = False
            self.assertEqual(client.retr("secret"), SECRET)
            client.quit()
            client.wait()
        self.assertEqual(self.server.logs("connections", "data-unbound"), [])

    def test_T09_session_of_another_login(self):
        for version in self.each():
            client, other = self.secure(version), self.secure(version)
            other.resume = client.session
            self.assertIsNotNone(client.session)
            data = other.begin("RETR secret")
            self.assertFalse(data.tls.session_reused)
            self.assertEqual(data.receive_all(), SECRET)
            other.read(226)
            other.quit()
            other.wait()
        self.assertEqual(len(self.server.logs("connections", "data-unbound")), 2)

    def test_T09_session_of_a_data_connection_that_has_not_resumed(self):
        """The client's own, but it proves nothing."""
        for version in self.each():
            client = self.configured("auto", version)
            client.resume = False
            data = client.begin("RETR secret")
            data.receive_all()
            client.read(226)
            client.resume = data.tls.session
            self.assertEqual(client.retr("secret"), SECRET)
            client.resume = False
            self.assertEqual(client.retr("secret"), SECRET)
            client.quit()
            client.wait()
        self.assertEqual({record["resumed"] for record in self.server.logs("files", "download")}, {"no"})


@in_clear("it is about TLS and chooses the version itself")
class Protection(DataTest):
    def test_T05_in_clear_on_a_protected_port(self):
        self.server.write("old", b"as it was")
        for version in self.each():
            client = self.secure(version)
            for verb in ("EPSV", "PORT"):
                for name in ("old", "new"):
                    listening = client.port() if verb == "PORT" else None
                    data = None if listening else client.passive()
                    client.send(f"STOR {name}")
                    data = listening.accept() if listening else data
                    client.read(150)
                    data.in_clear().send(b"in clear")
                    data.close()
                    self.assertIn("TLS", client.read((425, 522)).text)
            self.assertEqual(self.server.read("old"), b"as it was")
            self.assertEqual(self.names_on_disk(), ["old", "secret"])
            self.check_usable(client)
            client.quit()
            client.wait()
        self.assertEqual(len(self.refused(reason="clear-bytes", command="STOR")), 8)

    def test_T05_protection_is_demanded(self):
        """Before anything is opened: there is no word about the file."""
        for version in self.each():
            client = self.connect(secure="clear").start_tls(version=version, protect=False)
            client.login()
            client.passive()
            for command in ("RETR nosuch", "RETR secret", "STOR new", "STOU", "APPE secret", "LIST", "MLSD nosuch"):
                reply = client.expect(522, command)
                self.assertIn("PROT P", reply.text)
            self.assertEqual(self.names_on_disk(), ["secret"])
            client.protect()
            client.expect(200, "TYPE I")
            self.check_usable(client)

    def test_T05_not_demanded(self):
        self.server.configure({"tls": {"protect_data": False}})
        for version in self.each():
            client = self.connect(secure="clear").start_tls(version=version, protect=False)
            client.login()
            client.expect(200, "TYPE I")
            self.assertEqual(client.retr("secret"), SECRET)
            client.protect()
            self.check_usable(client)

    def test_prot_between_connection_and_command(self):
        """What counts is what holds when the command comes."""
        self.server.configure({"tls": {"protect_data": False}})
        for version in self.each():
            client = self.connect(secure="clear").start_tls(version=version, protect=False)
            client.login()
            client.expect(200, "TYPE I")
            address = client.epsv()
            client.protect()
            data = client.dial(address)
            client.expect(150, "RETR secret")
            self.assertEqual(data.receive_all(), SECRET)
            client.read(226)
            data = client.passive()
            client.expect(200, "NOOP")
            client.expect(200, "PROT C")
            client.expect(150, "RETR secret")
            self.assertEqual(data.in_clear().receive_all(), SECRET)
            client.read(226)

    def test_handshake_before_the_150_is_read(self):
        """Some clients wait for the 150, others do not."""
        for version in self.each():
            client = self.secure(version)
            for verb in ("RETR secret", "STOR new"):
                data = client.passive()
                client.send(verb)
                data.handshake()
                if verb == "STOR new":
                    data.send(b"x")
                    data.finish()
                else:
                    self.assertEqual(data.receive_all(), SECRET)
                client.read(150)
                client.read(226)

    def test_active(self):
        for version in self.each():
            client = self.secure(version)
            for verb in ("PORT", "EPRT"):
                self.assertEqual(client.retr("secret", verb=verb), SECRET)
                client.stor("up", b"x" * 300000, verb=verb)
                self.assertEqual(self.server.read("up"), b"x" * 300000)
                self.assertIn("secret", client.names())


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
            with contextlib.suppress(ConnectionError):
                data.receive(1 << 30)
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
        count = 2000 if build().name == "release" else 200
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
