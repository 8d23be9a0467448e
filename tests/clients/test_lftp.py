"""lftp: put, get, resume both ways, mirror both ways, listing, rename, delete, mkdir, chmod."""

import os

from harness import ClientTest, main

SETTINGS = (
    "set cmd:fail-exit yes; set ftp:ssl-allow no; set net:max-retries 1; set net:timeout 30; "
    "set net:persist-retries 0; set xfer:clobber yes; "
)


class Lftp(ClientTest):
    def lftp(self, commands, settings="", status=0):
        return self.run_client(
            "lftp",
            "--norc",
            "-c",
            f"{SETTINGS}{settings}open -p {self.port} " f"-u 'alice,{self.password}' 127.0.0.1; {commands}",
            status=status,
        )

    def test_put_and_get(self):
        content = os.urandom(3000001)
        local = self.make_local("up", content)
        for settings in (
            "",
            "set ftp:passive-mode no; ",
            "set ftp:prefer-epsv yes; ",
            "set ftp:use-mdtm no; set ftp:use-feat no; ",
        ):
            with self.subTest(settings=settings):
                self.lftp(f"put {local} -o 'a b'; get 'a b' -o down", settings)
                self.assert_remote("a b", content)
                self.assert_local("down", content)

    def test_resume_download(self):
        content = os.urandom(100000)
        self.server.write("a", content)
        self.make_local("down", content[:33333])
        self.lftp("get -c a -o down")
        self.assert_local("down", content)

    def test_resume_upload(self):
        content = os.urandom(100000)
        self.server.write("a", content[:33333])
        self.make_local("up", content)
        self.lftp("put -c up -o a")
        self.assert_remote("a", content)

    def test_get_in_pieces(self):
        content = os.urandom(1000000)
        self.server.write("a", content)
        self.lftp("pget -n 4 a -o down")
        self.assert_local("down", content)

    def test_mirror(self):
        tree = {"top": b"1", "d/a b": b"2", "d/e/ä": os.urandom(70000), "d/e/empty": b""}
        for name, content in tree.items():
            self.make_local(f"from/{name}", content)
        self.lftp("mirror -R --parallel=2 from to; mirror --parallel=2 to back")
        for name, content in tree.items():
            with self.subTest(name=name):
                self.assert_remote(f"to/{name}", content)
                self.assert_local(f"back/{name}", content)
                self.assertEqual(
                    int((self.local / "from" / name).stat().st_mtime),
                    int(self.server.path(f"to/{name}").stat().st_mtime),
                )

    def test_listing(self):
        self.server.write("d/a b", b"12345")
        self.server.write("d/.dot", b"")
        self.assertEqual(self.lftp("cls -1 d/").split("\n"), ["d/.dot", "d/a b", ""])
        self.assertEqual(sorted(self.lftp("nlist d").split("\n")), ["", "a b"])
        self.assertIn(" a b\n", self.lftp("ls -la d"))
        self.assertIn("5", self.lftp("du -b d"))

    def test_rename_delete_mkdir_chmod(self):
        self.server.write("a", b"x")
        self.lftp("mv a b; mkdir d; mkdir -p e/f; chmod 600 b; mv b d/; rm -r e")
        self.assertEqual(sorted(os.listdir(self.server.home())), ["d"])
        self.assert_mode("d/b", 0o600)
        self.lftp("rm d/b; rmdir d")
        self.assertEqual(os.listdir(self.server.home()), [])

    def test_missing_file(self):
        self.assertIn("550", self.lftp("get nosuch", status=1))


if __name__ == "__main__":
    main()
