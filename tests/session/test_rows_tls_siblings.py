"""Row T09: whose TLS sessions prove what to a data connection, between several logins.

Where tls.data_binding is "auto", the logins of one user from one address have their tickets in common under TLS 1.3:
a client may keep them in one place and offer any of them (Go does).
"""

import contextlib

from harness import main
from harness.tls import in_clear
from tls_data import SECRET, DataTest

SHARED, OWN = "auto", "require"


@in_clear("it is about TLS and chooses the version itself")
class Siblings(DataTest):
    def each_binding(self):
        for binding in (SHARED, OWN):
            self.server.configure({"tls": {"data_binding": binding}})
            for version in self.each():
                with self.subTest(binding=binding):
                    yield version, binding

    def offer(self, client, session):
        """True if SESSION counts on a data connection of CLIENT, which has resumed one of its own before. If not, the
        next one gets the file, with a session of its own."""
        self.assertTrue(session.has_ticket)
        address = client.epsv()
        stranger = self.thief(client, address, session=session)
        client.expect(150, "RETR secret")
        with contextlib.suppress(OSError):
            stranger.handshake()
        self.reused = stranger.tls.session_reused
        received = self.take(stranger)
        if received != SECRET:
            self.assertEqual(received, b"")
            self.assertEqual(client.dial(address).receive_all(), SECRET)
        client.read(226)
        return received == SECRET

    def check(self, client, session, counts):
        self.assertEqual(self.offer(client, session), counts)
        client.quit()
        client.wait()

    def test_T09_another_login_of_the_user(self):
        for version, binding in self.each_binding():
            client, other = self.bound(version), self.secure(version)
            self.check(client, other.session, counts=binding == SHARED and version == "1.3")

    def test_T09_another_user(self):
        self.server.add_user("bob")
        for version, _ in self.each_binding():
            client, other = self.bound(version), self.secure(version, user="bob")
            self.check(client, other.session, counts=False)

    def test_T09_another_address(self):
        for version, _ in self.each_binding():
            client, other = self.bound(version), self.secure(version, source="127.0.0.2")
            self.check(client, other.session, counts=False)

    def test_T09_ticket_of_a_data_connection(self):
        """Behind one that has resumed comes a ticket too, and it is worth the same."""
        for version, binding in self.each_binding():
            client, other = self.bound(version), self.bound(version)
            data = other.begin("RETR secret")
            self.assertEqual(data.receive(100), SECRET)
            other.read(226)
            self.check(client, data.tls.session, counts=binding == SHARED and version == "1.3")

    def test_T09_ticket_of_a_thief(self):
        """Who made a full handshake on a data port of the user's has a ticket that the user's other logins can read,
        and it proves nothing there either."""
        for version, binding in self.each_binding():
            client, robbed = self.bound(version), self.bound(version)
            address = robbed.epsv()
            stranger = self.thief(robbed, address)
            robbed.expect(150, "RETR secret")
            with contextlib.suppress(OSError):
                stranger.handshake()
                self.assertEqual(self.take(stranger), b"")
            self.assertEqual(robbed.dial(address).receive_all(), SECRET)
            robbed.read(226)
            for victim in (client, robbed):
                self.assertFalse(self.offer(victim, stranger.session))
                can_read = victim is robbed or (binding == SHARED and version == "1.3")
                self.assertEqual(self.reused, can_read)  # and it is the mark that is missing
        self.assertEqual(len(self.refused(reason="not-resumed", command="RETR")), 4 * 3)

    def test_T09_nobody_has_a_ticket_before_the_login(self):
        for version, binding in self.each_binding():
            client = self.connect(secure=version)
            client.expect(331, "USER alice")
            self.assertEqual(client.session.has_ticket, not (binding == SHARED and version == "1.3"))
            client.login()
            self.assertTrue(client.session.has_ticket)
            self.assertEqual(client.retr("secret"), SECRET)

    def test_T09_a_ticket_logs_nobody_in(self):
        """A control connection resumes nothing of another one."""
        for version, _ in self.each_binding():
            other = self.secure(version)
            client = self.connect(secure="clear").start_tls(version=version, session=other.session)
            self.assertFalse(client.socket.tls.session_reused)
            client.expect(530, "LIST")

    def test_secret_of_the_server(self):
        """Made once, for root alone; without it the tickets of one login are of no use to the other."""
        secret = self.server.directory / "run" / "ticket-secret"
        client, other = self.bound("1.3"), self.secure("1.3")
        content = secret.read_bytes()
        self.assertEqual((len(content), secret.stat().st_mode & 0o777), (32, 0o600))
        self.assertTrue(self.offer(client, other.session))
        self.assertEqual(secret.read_bytes(), content)
        for left in (None, b"", content[:31], content + b"x"):  # as a process leaves it that was killed
            secret.write_bytes(left) if left is not None else secret.unlink()
            other = self.secure("1.3")
            made = secret.read_bytes()
            self.assertEqual((len(made), secret.stat().st_mode & 0o777), (32, 0o600))
            self.assertNotEqual(made, content)
            self.assertFalse(self.offer(client, other.session))
            self.check_usable(other)

    def test_secret_that_is_none(self):
        """Others can read it: it is not used, the log says what to do, and every login has tickets of its own."""
        secret = self.server.directory / "run" / "ticket-secret"
        secret.write_bytes(bytes(32))
        secret.chmod(0o640)
        client, other = self.bound("1.3"), self.bound("1.3")
        self.assertFalse(self.offer(client, other.session))
        told = self.server.logs("connections", "server-failed", reason="ticket-secret")
        self.assertEqual(len(told), 2)
        self.assertIn("remove it", told[0]["detail"])
        self.assertEqual(secret.read_bytes(), bytes(32))


if __name__ == "__main__":
    main()
