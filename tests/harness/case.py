"""The test class of the session and client tests: a fresh server for every test method."""

import unittest

from harness.server import PASSWORD, Server


class ServerTest(unittest.TestCase):
    """`config` and `users` of the class make `self.server`; the invariants are checked when a test ends."""

    config = {}
    users = {"alice": PASSWORD}
    maxDiff = 4000

    def setUp(self):
        self.server = self.make_server(self.config, self.users)

    def make_server(self, config=None, users=None):
        """One more server; ended and checked with the test."""
        server = Server(config, self.users if users is None else users)
        self.addCleanup(server.finish)
        return server

    def connect(self, **arguments):
        """A connection that has not logged in. See Server.connect."""
        return self.server.connect(**arguments)

    def login(self, user="alice", **arguments):
        """A connection that has logged in."""
        return self.server.login(user, **arguments)

    def assert_closed(self, client):
        """The server has closed the control connection and its process has ended well."""
        client.read_end()
        self.assertEqual(client.wait(), 0)

    def assert_mode(self, name, mode, user="alice"):
        """Permission bits of the user's file."""
        found = self.server.path(name, user).lstat().st_mode & 0o7777
        self.assertEqual(oct(found), oct(mode), name)

    def check_replies(self, client, rows):
        """A table of (command, code) or (command, code, text that the reply contains)."""
        for command, code, *text in rows:
            with self.subTest(command=command):
                reply = client.command(command)
                self.assertEqual(reply.code, code, f"{command} -> {reply}")
                if text:
                    self.assertIn(text[0], "\n".join(reply.lines))

    def check_needs_login(self, *commands):
        """Before login each of the commands is answered with 530, and after USER too."""
        client = self.connect()
        self.check_replies(client, [(command, 530) for command in commands])
        client.expect(331, "USER alice")
        self.check_replies(client, [(command, 530) for command in commands])
