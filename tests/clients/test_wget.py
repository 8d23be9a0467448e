"""wget: download, resume, a whole tree."""

import os

from harness import ClientTest, main


class Wget(ClientTest):
    def wget(self, path, *arguments, **expected):
        return self.run_client(
            "wget",
            "-nv",
            "--tries=1",
            "--timeout=30",
            "--ftp-user=alice",
            f"--ftp-password={self.password}",
            *arguments,
            f"ftp://127.0.0.1:{self.port}/{path}",
            **expected,
        )

    def test_download(self):
        content = os.urandom(3000001)
        self.server.write("d/a b", content)
        for mode in ([], ["--no-passive-ftp"]):
            with self.subTest(mode=mode):
                self.wget("d/a%20b", *mode, "-O", "down")
                self.assert_local("down", content)

    def test_resume(self):
        content = os.urandom(100000)
        self.server.write("a", content)
        self.make_local("a", content[:33333])
        self.wget("a", "-c")
        self.assert_local("a", content)
        self.server.expect_log("files", "download", path="/a", offset=33333)

    def test_recursive(self):
        tree = {"top": b"1", "d/a b": b"2", "d/e/long": os.urandom(70000), "d/e/empty": b""}
        for name, content in tree.items():
            self.server.write(name, content)
        self.wget("", "-r", "-nH", "-P", "down")
        for name, content in tree.items():
            with self.subTest(name=name):
                self.assert_local(f"down/{name}", content)

    def test_missing(self):
        self.wget("nosuch", status=8)


if __name__ == "__main__":
    main()
