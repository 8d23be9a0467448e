"""curl: upload, download, resume both ways, listing, rename, delete, mkdir; passive and active, IPv4 and IPv6."""

import os

from harness import ClientTest, main


class Curl(ClientTest):
    def curl(self, *arguments, path="", host="127.0.0.1", **expected):
        return self.run_client(
            "curl",
            "-sS",
            "--max-time",
            "50",
            "--user",
            f"alice:{self.password}",
            *arguments,
            f"ftp://{host}:{self.port}/{path}",
            **expected,
        )

    def test_upload_and_download(self):
        content = os.urandom(3000001)
        for host in ("127.0.0.1", "[::1]"):
            for mode in ([], ["--ftp-port", "-"], ["--disable-epsv"], ["--ftp-port", "-", "--disable-eprt"]):
                if host == "[::1]" and len(mode) > 0 and "--disable" in mode[-1]:
                    continue  # PASV and PORT are for IPv4
                with self.subTest(host=host, mode=mode):
                    local = self.make_local("up", content)
                    self.curl(*mode, "-T", local, path="a.bin", host=host)
                    self.assert_remote("a.bin", content)
                    self.curl(*mode, "-o", self.local / "down", path="a.bin", host=host)
                    self.assert_local("down", content)
                    self.server.path("a.bin").unlink()

    def test_upload_makes_directories(self):
        self.curl("--ftp-create-dirs", "-T", self.make_local("up", b"x"), path="one/two/a%20b")
        self.assert_remote("one/two/a b", b"x")

    def test_resume_download(self):
        content = os.urandom(100000)
        self.server.write("a", content)
        self.make_local("down", content[:33333])
        self.curl("-C", "-", "-o", self.local / "down", path="a")
        self.assert_local("down", content)

    def test_resume_upload(self):
        content = os.urandom(100000)
        self.server.write("a", content[:33333])
        self.curl("-C", "-", "-T", self.make_local("up", content), path="a")
        self.assert_remote("a", content)

    def test_append(self):
        self.server.write("a", b"one")
        self.curl("--append", "-T", self.make_local("up", b"two"), path="a")
        self.assert_remote("a", b"onetwo")

    def test_range(self):
        self.server.write("a", b"0123456789")
        self.assertEqual(self.curl("-r", "2-5", path="a"), "2345")

    def test_listing(self):
        self.server.write("d/a b", b"12345")
        self.assertEqual(self.curl("--list-only", path="d/").split("\n"), ["a b", ""])
        self.assertRegex(self.curl(path="d/"), r"^-rw\S+ +\d+ alice +\S+ +5 .* a b\s*$")

    def test_rename_delete_mkdir(self):
        self.server.write("a", b"x")
        self.curl(
            "--list-only",
            "--quote",
            "RNFR a",
            "--quote",
            "RNTO b",
            "--quote",
            "MKD d",
            "--quote",
            "MKD e",
            "--quote",
            "RMD e",
        )
        self.assertEqual(sorted(os.listdir(self.server.home())), ["b", "d"])
        self.curl("--list-only", "--quote", "DELE b")
        self.assertEqual(os.listdir(self.server.home()), ["d"])

    def test_time_is_kept(self):
        self.server.write("a", b"x", mtime=1000000000)
        self.curl("-R", "-o", self.local / "down", path="a")
        self.assertEqual((self.local / "down").stat().st_mtime, 1000000000)

    def test_ascii(self):
        self.server.write("a", b"1\n2\n")
        self.curl("--use-ascii", "-o", self.local / "down", path="a")
        self.assert_local("down", b"1\n2\n")  # curl turns the line ends back

    def test_wrong_password_and_missing_file(self):
        self.run_client("curl", "-sS", "--user", "alice:wrong", f"ftp://127.0.0.1:{self.port}/", status=67)
        self.curl("-o", self.local / "down", path="nosuch", status=78)


if __name__ == "__main__":
    main()
