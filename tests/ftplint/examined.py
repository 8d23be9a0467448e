"""The base of the tests that put cellftpd before ftplint: nothing is found, nothing is blocked, nothing is left behind, and
nothing is skipped but for a reason that stands here."""

import os
from fnmatch import fnmatchcase

from harness import Listener, ServerTest, slow, tls
from harness.ftplint import describe, run_ftplint

ACCOUNTS = {name: (name, f"secret {name}") for name in ("alice", "bob", "boss", "reader", "free")}

REIN = "there is no REIN: a login is for good"
IPV4 = "it is about IPv4"
IN_CLEAR = "it is about connections in clear"
ONE_ADDRESS = "there is no second address"
ALWAYS = {
    "rfc959.rein.*": REIN,
    "security.user-change.*": REIN,
    "practice.retr.announced-size": "150 tells no size: the file may grow or be cut meanwhile",
    "security.confinement.copy": "there is no SITE CPFR",
    "security.planted.link-made": "there is no SITE SYMLINK",
    "security.registration.invitation": "no invitation is asked for",
    "security.anonymous.writes": "nobody is anonymous",
    "security.identity.host-name": "the name of this machine may be too plain",
    "rfc4217.ccc.*": "there is no CCC",
    "rfc4217.prot.clear": "with PROT P there is no way back",
    "rfc4217.prot.changes": "with PROT P there is no way back",
    "rfc4217.prot.initially-clear": "there is no data connection in clear under TLS",
    "security.login.in-clear": "over loopback it is allowed",
    "rfc9325.cipher.dhe-size": "there is no DHE",
    "practice.certificate.public": "the tests have an authority of their own",
    "rfc9325.certificate.signature": "the tests' certificate may have signed itself",
    "rfc8446.tls-session.*": "a control connection cannot be resumed",
}
OVER_IPV4 = {"practice.pasv.ipv6": "it is about IPv6"}
OVER_IPV6 = {
    "*.pasv*": IPV4,
    "rfc959.port.*": IPV4,
    "rfc959.feat.pasv-works": IPV4,
    "rfc2577.low-port.*": IPV4,
    "security.port.stale": IPV4,
    "rfc2428.epsv-all.port": IPV4,
    "rfc7151.host.twice": "an address is no name",
    "rfc4217.certificate.name": "an address is no name",
    "*.theft.*": ONE_ADDRESS,
    "security.guessing.lock-out": ONE_ADDRESS,
}
SHORT_NAME = {"security.isolation.sessions": "the name is too short to be looked for"}
NO_QUOTA = {"quota.*": "there is no limit", "practice.allo.promise": "there is no limit"}
ADMINISTRATOR = {"security.site.*": "an administrator may"}
UNDER_TLS = {
    "practice.abor.*-with-synch": "TLS knows no urgent data",
    "*.theft.*": "who comes without TLS gets nothing",
    "robustness.control.half-closed": "under TLS an end is one for both",
    "rfc2228.auth.forgets-login": IN_CLEAR,
    "practice.auth.after-login": IN_CLEAR,
}
IMPLICIT = {
    "robustness.line.tls": IN_CLEAR,
    "limits.connections.*": IN_CLEAR,
    "*.auth.*": IN_CLEAR,
    "rfc4217.feat.auth": IN_CLEAR,
    "rfc2228.*.in-clear": IN_CLEAR,
    "rfc4217.rein.ends-tls": IN_CLEAR,
    "rfc4217.prot.refusal": "data connections are under TLS from the beginning",
}
# What ftplint says of tests that the command line, or the account, leaves out.
GENTLY = ("it runs with --destructive only: ", "it is slow, and --quick was given")
READ_ONLY = ("the user may not make a directory, ",)


class Examined(ServerTest):
    users = {}
    # As by default, but faster: who guesses waits longer and longer, and is banned in the end.
    config = {
        "login": {"delay": "30 ms", "delay_max": "500 ms", "failures_per_address": 20, "failures_per_name": 100},
        "registration": {"open": True},
    }

    def setUp(self):
        super().setUp()
        for name in ("alice", "bob"):
            self.server.add_user(name, ACCOUNTS[name][1], "--quota", "100M")
        self.server.add_user("boss", ACCOUNTS["boss"][1], "--role", "admin")
        # Some tests end sessions in the middle of an upload, or the connection in the middle of a word.
        self.server.allow_temporaries = True

    def check(self, least, skips, *options, user="alice", user2="bob", home=None, reasons=(), implicit=False, **how):
        """At least LEAST tests pass, and all others are in SKIPS (pattern to why) or skipped for one of REASONS."""
        accounts = {"user": ACCOUNTS[user], "user2": ACCOUNTS[user2], "admin": ACCOUNTS["boss"]}
        with Listener(self.server, ipv6=True, implicit=implicit) as listener:
            words = ("--local", str(self.server.home(home or user)), "--ca", str(tls.files() / "ca.pem"), *options)
            report = run_ftplint(listener.port, accounts, *words, seconds=900 * slow(), **how)
        found = report.found("error", "warning")
        self.assertFalse(found, "\n".join(map(describe, found.values())))
        self.assertEqual(report.with_outcome("blocked"), {})
        self.assertIsNone(report.problem())
        self.assertEqual(report.status, 0)
        self.assertGreaterEqual(len(report.with_outcome("passed")), least)
        expected = ALWAYS | skips
        self.assertEqual(
            {
                name: reason
                for name, reason in report.with_outcome("skipped").items()
                if not reason.startswith(tuple(reasons)) and not any(fnmatchcase(name, row) for row in expected)
            },
            {},
        )
        left = {name: os.listdir(self.server.home(name)) for name in self.server.passwords}
        self.assertEqual(left, {name: [] for name in self.server.passwords})
        # Guesses come from other addresses: this one is never braked, or others' tests would be blocked.
        self.assertEqual(self.server.logs("auth", "banned", remote="127.0.0.1"), [])
