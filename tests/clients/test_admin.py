"""The administrator's session with real clients (row A20): lftp mirrors and curl, into two users' folders, over TLS."""

import os

from harness import PASSWORD, main
from harness.client_case import TlsClientTest


class Admin(TlsClientTest):
    users = {"alice": PASSWORD, "bob": PASSWORD}

    def setUp(self):
        super().setUp()
        self.server.add_user("boss", PASSWORD, "--role", "admin")

    def lftp(self, commands):
        settings = (
            "set cmd:fail-exit yes; set ftp:ssl-force yes; set ftp:ssl-protect-data yes; set net:max-retries 1; "
            f"set net:timeout 30; set xfer:clobber yes; set ssl:ca-file {self.authority}; "
        )
        login = f"open -p {self.port} -u 'boss,{self.password}' 127.0.0.1; "
        return self.run_client("lftp", "--norc", "-c", settings + login + commands)

    def curl(self, *arguments, status=0):
        return self.run_client(
            *("curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", self.authority),
            *("--user", f"boss:{self.password}", *arguments),
            status=status,
        )

    def assert_all_owned(self, user):
        """Everything in the user's folder is the user's."""
        uid = self.server.uid(user)
        found = {path: (path.lstat().st_uid, path.lstat().st_gid) for path in self.server.home(user).rglob("*")}
        self.assertTrue(found)
        self.assertEqual({owner for owner in found.values()}, {(uid, uid)}, found)

    def test_A20_lftp_mirrors_into_two_folders(self):
        tree = {"top": b"1", "d/a b": b"2", "d/e/ä": os.urandom(70000), "d/e/empty": b""}
        for name, content in tree.items():
            self.make_local(f"from/{name}", content)
        (self.local / "from/top").chmod(0o600)
        self.lftp("mirror -R --parallel=2 from alice; mirror -R --parallel=2 from bob/copy; mirror bob/copy back")
        for name, content in tree.items():
            with self.subTest(name=name):
                self.assertEqual(self.server.read(name, "alice"), content)
                self.assertEqual(self.server.read(f"copy/{name}", "bob"), content)
                self.assert_local(f"back/{name}", content)
        self.assert_mode("top", 0o600, "alice")
        for user in ("alice", "bob"):
            self.assert_all_owned(user)
        self.assertEqual(self.lftp("cls -1").split(), ["alice/", "bob/", "boss/"])
        self.lftp("mv alice/top bob/; rm -r bob/copy")
        self.assertEqual(os.listdir(self.server.home("bob")), ["top"])
        self.assert_all_owned("bob")
        # The user goes on with it.
        client = self.login("bob")
        self.assertEqual(client.retr("top"), b"1")
        client.expect(250, "DELE top")

    def test_A20_curl(self):
        content = os.urandom(300000)
        local = self.make_local("up", content)
        url = f"ftp://127.0.0.1:{self.port}"
        for user in ("alice", "bob"):
            self.curl("--ftp-create-dirs", "-T", local, f"{url}/{user}/new/folder/f")
            self.assertEqual(self.server.read("new/folder/f", user), content)
            self.assert_all_owned(user)
            self.curl("-o", "down", f"{url}/{user}/new/folder/f")
            self.assert_local("down", content)
        self.assertEqual(sorted(self.curl("--list-only", f"{url}/").split()), ["alice", "bob", "boss"])
        self.curl("-T", local, f"{url}/f", status=25)
        self.curl("--ftp-create-dirs", "-T", local, f"{url}/nobody/f", status=9)
        self.curl("-o", "down2", f"{url}//etc/shadow", status=9)
        self.assertEqual(sorted(os.listdir(self.server.directory / "homes")), ["alice", "bob", "boss"])


if __name__ == "__main__":
    main()
