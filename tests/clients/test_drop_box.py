"""Real clients upload to a drop box, although it shows them nothing and refuses what they do besides."""

import os

from harness import ClientTest, main

LFTP = (
    "set cmd:fail-exit yes; set ftp:ssl-allow no; set net:max-retries 1; set net:timeout 30; "
    "set net:persist-retries 0; "
)


class DropBox(ClientTest):
    def setUp(self):
        super().setUp()
        with open(self.server.directory / "users" / "alice.conf", "a", encoding="utf-8") as record:
            record.write("upload_only = true;\n")
        self.server.write("there", b"secret")
        self.server.mkdir("d")
        self.content = os.urandom(300001)
        self.file = self.make_local("up", self.content)

    def url(self, path):
        return f"ftp://alice:{self.password.replace(' ', '%20')}@127.0.0.1:{self.port}/{path}"

    def lftp(self, commands, **expected):
        return self.run_client(
            "lftp", "--norc", "-c", f"{LFTP}open -p {self.port} -u 'alice,{self.password}' 127.0.0.1; {commands}",
            **expected,
        )  # fmt: skip

    def curl(self, path, **expected):
        return self.run_client("curl", "-sS", "--ftp-create-dirs", "--max-time", "50", "-T", self.file,
                               self.url(path), **expected)  # fmt: skip

    def test_curl(self):
        self.curl("a.bin")
        self.curl("d/b.bin")
        self.curl("new/c.bin")
        for name in ("a.bin", "d/b.bin", "new/c.bin"):
            self.assert_remote(name, self.content)
        self.curl("there", status=25)  # CURLE_UPLOAD_FAILED
        self.assertEqual(self.server.read("there"), b"secret")

    def test_lftp(self):
        self.lftp(f"put {self.file} -o a.bin; cd d; put {self.file} -o b.bin; mput {self.file}; mkdir new; ls; cls")
        for name in ("a.bin", "d/b.bin", "d/up"):
            self.assert_remote(name, self.content)
        self.assertTrue(self.server.path("d/new").is_dir())

    def test_lftp_whole_tree(self):
        tree = {"tree/top": b"1", "tree/d/inner": b"2", "tree/d/e/long": os.urandom(70000)}
        for name, content in tree.items():
            self.make_local(name, content)
        self.lftp("mirror -R --no-perms tree")
        for name, content in tree.items():
            self.assert_remote(name, content)

    def test_ncftp(self):
        self.run_client("ncftpput", "-u", "alice", "-p", self.password, "-P", str(self.port), "-V", "127.0.0.1", "/d",
                        self.file)  # fmt: skip
        self.assert_remote("d/up", self.content)

    def test_rclone(self):
        hidden = self.run_client("rclone", "obscure", self.password).strip()
        self.run_client(
            "rclone", "--config", "/dev/null", "--retries", "1", "--low-level-retries", "2", "--quiet",
            "--ftp-host", "127.0.0.1", "--ftp-port", str(self.port), "--ftp-user", "alice", "--ftp-pass", hidden,
            "copyto", self.file, ":ftp:a.bin", status=None,
        )  # fmt: skip
        # It looks for what it has uploaded, and reports that it is not to be seen; the file is there.
        self.assert_remote("a.bin", self.content)

    def test_wget_gets_nothing(self):
        self.run_client("wget", "--tries=1", "-q", self.url("there"), status=8)
        self.assertFalse((self.local / "there").exists())


if __name__ == "__main__":
    main()
