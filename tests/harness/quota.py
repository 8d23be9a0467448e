"""The test class for quotas that the server counts: what the server says, and what is really there."""

import os
import re
import subprocess

from harness.case import ServerTest
from harness.server import wait_until

MEGABYTE = 1000000


class QuotaTest(ServerTest):
    """alice may store 10 MB."""

    config = {"quota": {"bytes": "10 MB"}}

    def mount_disk(self, size, user="alice"):
        """The folder becomes a disk of its own, whose own count of blocks and files is what is there at an instant."""
        home, uid = self.server.home(user), self.server.uid(user)
        options = f"size={size},mode=700,uid={uid},gid={uid}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", home], check=True)

    def on_disk(self, user="alice"):
        """Bytes and files below the folder, by the rules of the ledger."""
        seen, files = {}, 0
        for folder, folders, names in os.walk(self.server.home(user)):
            files += len(folders) + len(names)
            for name in names:
                try:
                    status = os.lstat(f"{folder}/{name}")
                except FileNotFoundError:
                    continue
                seen[status.st_ino] = status.st_size
        return sum(seen.values()), files

    def told(self, client):
        """What SITE QUOTA says: a dict of the first word to the rest."""
        lines = client.expect(211, "SITE QUOTA").lines
        self.assertEqual((lines[0], lines[-1]), ("Quota:", "End."))
        return {key.strip(): value for key, value in (line.split(": ", 1) for line in lines[1:-1])}

    def used(self, client):
        """Bytes and files that the server believes to be there."""
        told = self.told(client)
        return int(told["Used"].split()[0]), int(re.match(r"\d+", told["Files"])[0])

    def assert_exact(self, client, user="alice"):
        self.assertEqual(self.used(client), self.on_disk(user))

    def assert_exact_soon(self, user="alice"):
        """A login makes it exact, if the last count was not a moment ago."""

        def login_sees():
            client = self.login(user)
            try:
                return self.used(client) == self.on_disk(user)
            finally:
                client.quit()

        if not wait_until(login_sees, 30):
            with self.login(user).socket:
                self.fail(f"after a login {self.on_disk(user)} are there")

    def refused(self, client, command, content, code=552, rest=None):
        """An upload that goes over: the reply's text. It may be cut off while we send."""
        if rest is not None:
            client.expect(350, f"REST {rest}")
        data = client.begin(command)
        try:
            data.send(content)
            data.finish()
        except OSError:
            pass  # it need not read what it cannot keep
        finally:
            data.close()
        return client.read(code).text
