"""curl (OpenSSL) under TLS: explicit and implicit, 1.2 and 1.3, passive and active, many files in one session."""

import os

from harness import TlsClientTest, main


class TlsCurl(TlsClientTest):
    def curl(self, *arguments, path="", version="1.3", host="127.0.0.1", implicit=False, **expected):
        port = self.implicit_port if implicit else self.port
        return self.run_client(
            *("curl", "-sS", "--max-time", "50", "--user", f"alice:{self.password}", "--cacert", self.authority),
            *(() if implicit else ("--ssl-reqd",)),
            *("--tlsv1.2", "--tls-max", version, *arguments, f"ftp{'s' if implicit else ''}://{host}:{port}/{path}"),
            **expected,
        )

    def test_upload_and_download(self):
        content = os.urandom(3000001)
        local = self.make_local("up", content)
        for version in self.versions:
            for implicit in (False, True):
                for mode in ([], ["--disable-epsv"]):
                    with self.subTest(version=version, implicit=implicit, mode=mode):
                        self.curl(*mode, "-T", local, path="a%20b", version=version, implicit=implicit)
                        self.assert_remote("a b", content)
                        self.curl(*mode, "-o", self.local / "down", path="a%20b", version=version, implicit=implicit)
                        self.assert_local("down", content)
                        self.server.path("a b").unlink()
        self.assert_never_unbound()

    def test_active_mode_is_never_in_clear(self):
        # curl 7.88 forgets that an active data connection is under TLS and sends the file in clear.
        content = os.urandom(300001)
        local = self.make_local("up", content)
        for count, version in enumerate(self.versions, 1):
            with self.subTest(version=version):
                if self.curl("--ftp-port", "-", "-T", local, path="active", version=version, status=None):
                    self.server.expect_log("connections", "data-refused", reason="clear-bytes", count=count)
                    self.assertFalse(self.server.path("active").exists())
                else:
                    self.assert_remote("active", content)

    def test_names_in_the_certificate(self):
        for host in ("localhost", "127.0.0.1", "[::1]"):
            with self.subTest(host=host):
                self.curl("--list-only", host=host)
        self.curl("--connect-to", "::127.0.0.1:", host="wrong.example", status=60)

    def test_many_files_in_one_session(self):
        # Few, because curl 7.88 waits up to a second for each, for nothing that the server owes it.
        for version in self.versions:
            with self.subTest(version=version):
                names = [f"{version}-{number}" for number in range(10)]
                for name in names:
                    self.make_local(f"up/{name}", name.encode() * 1000)
                ups = ",".join(str(self.local / "up" / name) for name in names)
                self.curl("--ftp-create-dirs", "-T", "{" + ups + "}", path="d/", version=version)
                self.curl("-o", self.local / f"{version}-#1", path=f"d/{version}-[0-9]", version=version)
                for number, name in enumerate(names):
                    self.assert_remote(f"d/{name}", name.encode() * 1000)
                    self.assert_local(f"{version}-{number}", name.encode() * 1000)
        self.assert_never_unbound()

    def test_listing(self):
        self.server.write("d/a b", b"12345")
        for version in self.versions:
            self.assertEqual(self.curl("--list-only", path="d/", version=version).split("\n"), ["a b", ""])
            self.assertRegex(self.curl(path="d/", version=version), r"^-rw\S+ +\d+ alice +\S+ +5 .* a b\s*$")

    def test_resume(self):
        content = os.urandom(100000)
        self.server.write("a", content)
        self.make_local("down", content[:33333])
        self.curl("-C", "-", "-o", self.local / "down", path="a")
        self.assert_local("down", content)
        self.server.write("b", content[:33333])
        self.curl("-C", "-", "-T", self.make_local("up", content), path="b")
        self.assert_remote("b", content)

    def test_broken_off_early(self):
        self.server.write("big", os.urandom(5000000))
        self.assertEqual(len(self.curl("-r", "0-9", "-o", self.local / "part", path="big")), 0)
        self.assertEqual((self.local / "part").stat().st_size, 10)

    def test_errors(self):
        self.curl("-o", self.local / "down", path="nosuch", status=78)
        self.run_client(  # an authority that we do not trust
            "curl", "-sS", "--ssl-reqd", "--user", f"alice:{self.password}", f"ftp://127.0.0.1:{self.port}/", status=60
        )
        wrong = ("curl", "-sS", "--ssl-reqd", "--cacert", self.authority, "--user", "alice:wrong")
        self.run_client(*wrong, f"ftp://127.0.0.1:{self.port}/", status=67)


if __name__ == "__main__":
    main()
