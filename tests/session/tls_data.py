"""What the tests of data connections under TLS have in common."""

import contextlib
import os
import socket

from harness import ServerTest, slow
from harness.tls import VERSIONS, TlsSocket

SECRET = b"for the owner only"


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
