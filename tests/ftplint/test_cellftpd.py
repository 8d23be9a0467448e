"""cellftpd before ftplint: the whole catalogue, in clear and under TLS, over IPv4 and IPv6, and nothing is found."""

from harness import Listener, ServerTest, main, slow, tls
from harness.ftplint import describe, run_ftplint

ACCOUNTS = {"user": ("alice", "secret alice"), "user2": ("bob", "secret bob"), "admin": ("boss", "secret boss")}


class Cellftpd(ServerTest):
    users = {}
    # As by default, but faster: who guesses waits longer and longer.
    config = {"login": {"delay": "30 ms", "delay_max": "500 ms"}}

    def setUp(self):
        super().setUp()
        self.server.add_user("alice", "secret alice", "--quota", "100M")
        self.server.add_user("bob", "secret bob", "--quota", "100M")
        self.server.add_user("boss", "secret boss", "--role", "admin")
        # Some tests end sessions in the middle of an upload, or the connection in the middle of a word.
        self.server.allow_temporaries = True

    def check(self, *options, implicit=False, **how):
        """No error, no warning, nothing left behind, and no test that could not be finished."""
        with Listener(self.server, ipv6=True, implicit=implicit) as listener:
            words = ("--local", str(self.server.home()), "--ca", str(tls.files() / "ca.pem"), *options)
            report = run_ftplint(listener.port, ACCOUNTS, *words, seconds=280 * slow(), **how)
        found = report.found("error", "warning")
        self.assertFalse(found, "\n".join(map(describe, found.values())))
        self.assertEqual(report.with_outcome("blocked"), {})
        self.assertIsNone(report.problem())
        self.assertEqual(report.status, 0)

    def test_clear(self):
        self.check("--destructive")

    def test_clear_ipv6(self):
        self.check(host="::1")

    def test_explicit_tls(self):
        self.check("--destructive", tls="explicit", host="localhost")

    def test_explicit_tls_ipv6(self):
        self.check(tls="explicit", host="::1")

    def test_implicit_tls(self):
        self.check(tls="implicit", implicit=True)


if __name__ == "__main__":
    main()
