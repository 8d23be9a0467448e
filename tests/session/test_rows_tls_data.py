"""Data connections under TLS, and who may have them: rows D04, D15, T05, T09 of CVE_TESTS."""

import contextlib
import socket
import ssl

from harness import main
from harness.tls import in_clear
from tls_data import SECRET, DataTest


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
            strangers += [self.thief(client, address) for _ in range(25)]
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


if __name__ == "__main__":
    main()
