"""ncftp, its shell, put, get and ls: upload, download, append, resume, listing, rename, delete, mkdir."""

import os

from harness import ClientTest, main


class Ncftp(ClientTest):
    def options(self):
        return ["-u", "alice", "-p", self.password, "-P", str(self.port)]

    def shell(self, commands):
        return self.run_client("ncftp", *self.options(), "127.0.0.1", text=commands + "\nquit\n")

    def test_put_and_get(self):
        content = os.urandom(3000001)
        local = self.make_local("a.bin", content)
        for mode in ("-F", "-E"):  # passive, active
            with self.subTest(mode=mode):
                self.run_client("ncftpput", *self.options(), mode, "-V", "127.0.0.1", "/", local)
                self.assert_remote("a.bin", content)
                (self.local / "down").mkdir(exist_ok=True)
                self.run_client("ncftpget", *self.options(), mode, "-V", "127.0.0.1", self.local / "down", "/a.bin")
                self.assert_local("down/a.bin", content)
                self.server.path("a.bin").unlink()
                (self.local / "down/a.bin").unlink()

    def test_whole_trees(self):
        tree = {"top": b"1", "d/a b": b"2", "d/e/long": os.urandom(70000)}
        for name, content in tree.items():
            self.make_local(f"from/{name}", content)
        self.run_client("ncftpput", *self.options(), "-V", "-R", "-m", "127.0.0.1", "/to", self.local / "from")
        (self.local / "back").mkdir()
        self.run_client("ncftpget", *self.options(), "-V", "-R", "127.0.0.1", self.local / "back", "/to/from")
        for name, content in tree.items():
            with self.subTest(name=name):
                self.assert_remote(f"to/from/{name}", content)
                self.assert_local(f"back/from/{name}", content)

    def test_resume_download(self):
        content = os.urandom(100000)
        path = self.server.write("a.bin", content)
        local = self.make_local("a.bin", content[:33333])
        os.utime(local, (path.stat().st_mtime,) * 2)
        self.run_client("ncftpget", *self.options(), "-V", "-z", "127.0.0.1", self.local, "/a.bin")
        self.assert_local("a.bin", content)
        self.server.expect_log("files", "download", path="/a.bin", offset=33333)

    def test_append(self):
        # ncftp 3.2.6 sends a resumed upload from its first byte again (its sendfile forgets the offset): no test.
        self.server.write("a.bin", b"one")
        self.run_client("ncftpput", *self.options(), "-V", "-A", "127.0.0.1", "/", self.make_local("a.bin", b"two"))
        self.assert_remote("a.bin", b"onetwo")

    def test_listing(self):
        self.server.write("d/a b", b"12345")
        self.assertEqual(
            self.run_client("ncftpls", *self.options(), "-1", f"ftp://127.0.0.1:{self.port}/d/").split("\n"),
            ["a b", ""],
        )
        self.assertIn(" a b", self.run_client("ncftpls", *self.options(), "-l", f"ftp://127.0.0.1:{self.port}/d/"))

    def test_rename_delete_mkdir(self):
        self.server.write("a", b"x")
        self.server.write("gone", b"x")
        self.shell("mkdir d\nrename a b\nrm gone\nmkdir e\nrmdir e\nchmod 600 b")
        self.assertEqual(sorted(os.listdir(self.server.home())), ["b", "d"])
        self.assert_mode("b", 0o600)


if __name__ == "__main__":
    main()
