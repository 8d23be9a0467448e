"""The test classes for real FTP clients: a listening server, a local directory, and a way to run programs."""

import functools
import os
import subprocess
import tempfile
from pathlib import Path

from harness import tls
from harness.case import ServerTest
from harness.listener import Listener
from harness.server import PASSWORD, slow, wait_until


class ClientTest(ServerTest):
    """`port` on 127.0.0.1 and ::1 is a server with alice on it; `local` an empty directory of the client's."""

    password = PASSWORD

    def setUp(self):
        super().setUp()
        temporary = tempfile.TemporaryDirectory(prefix="cellftpd-client-")
        self.addCleanup(temporary.cleanup)
        self.local = Path(temporary.name)
        (self.local / "home").mkdir()
        self.port = self.enterContext(Listener(self.server, ipv6=True)).port

    def make_local(self, name, content):
        """A local file; its path."""
        path = self.local / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def run_client(self, *command, text="", status=0, **environment):
        """Runs a client in `local`; its output, after its exit status was as expected (None: any will do)."""
        done = subprocess.run(
            command,
            input=text.encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            cwd=self.local,
            env=dict(os.environ, HOME=str(self.local / "home"), LC_ALL="C.UTF-8", **environment),
            timeout=60 * slow(),
            check=False,
        )
        output = done.stdout.decode(errors="replace")
        if status is not None and done.returncode != status:
            raise AssertionError(f"{' '.join(map(str, command))}: status {done.returncode}\n{output}")
        return output

    def assert_remote(self, name, content):
        """The user's file has these bytes, now or as soon as the server has finished what the client sent."""
        path = self.server.path(name)
        wait_until(lambda: path.exists() and path.read_bytes() == content)
        self.assertTrue(path.exists(), f"{name} is not there: {sorted(os.listdir(path.parent))}")
        self.assertEqual(path.read_bytes(), content)

    def assert_local(self, name, content):
        self.assertEqual((self.local / name).read_bytes(), content)


class TlsClientTest(ClientTest):
    """`authority` is the file with the certificate of our authority, which is all that a client is told."""

    versions = tuple(tls.VERSIONS)

    def setUp(self):
        super().setUp()
        self.authority = tls.files() / "ca.pem"

    @functools.cached_property
    def implicit_port(self):
        """A port on which TLS begins at once."""
        return self.enterContext(Listener(self.server, ipv6=True, implicit=True)).port

    def assert_never_unbound(self):
        """Every data connection has resumed the session of its control connection."""
        self.assertEqual(self.server.logs("connections", "data-unbound"), [])
