"""wget (GnuTLS) under TLS: explicit and implicit, with and without resumption, and a whole tree."""

import os

from harness import TlsClientTest, main


class TlsWget(TlsClientTest):
    def wget(self, path, *arguments, implicit=False, **expected):
        port = self.implicit_port if implicit else self.port
        return self.run_client(
            *("wget", "-nv", "--tries=1", "--timeout=30", "--ftp-user=alice", f"--ftp-password={self.password}"),
            *(f"--ca-certificate={self.authority}", *(("--ftps-implicit",) if implicit else ()), *arguments),
            f"ftps://localhost:{port}/{path}",
            **expected,
        )

    def test_download(self):
        content = os.urandom(3000001)
        self.server.write("d/a b", content)
        for implicit in (False, True):
            for mode in ([], ["--no-passive-ftp"], ["--ftps-resume-ssl"]):
                with self.subTest(implicit=implicit, mode=mode):
                    self.wget("d/a%20b", *mode, "-O", "down", implicit=implicit)
                    self.assert_local("down", content)

    def test_resume(self):
        content = os.urandom(100000)
        self.server.write("a", content)
        self.make_local("a", content[:33333])
        self.wget("a", "-c")
        self.assert_local("a", content)
        self.server.expect_log("files", "download", path="/a", offset=33333)

    def test_recursive(self):
        tree = {f"d/e{number}/f{number}": os.urandom(1000 * number) for number in range(10)}
        for name, content in tree.items():
            self.server.write(name, content)
        for mode in ([], ["--ftps-resume-ssl"]):
            with self.subTest(mode=mode):
                self.wget("", *mode, "-r", "-nH", "-P", "down" + "".join(mode))
                for name, content in tree.items():
                    self.assert_local(f"down{''.join(mode)}/{name}", content)

    def test_missing(self):
        self.wget("nosuch", status=8)


if __name__ == "__main__":
    main()
