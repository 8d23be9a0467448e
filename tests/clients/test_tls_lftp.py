"""lftp (GnuTLS) under TLS: mirrors of 300 files up and down, several at a time, explicit and implicit."""

import os

from harness import TlsClientTest, main

SETTINGS = "set cmd:fail-exit yes; set net:max-retries 1; set net:timeout 30; set xfer:clobber yes; "


class TlsLftp(TlsClientTest):
    def lftp(self, commands, settings="", implicit=False, version=None, status=0):
        url = f"ftps://127.0.0.1:{self.implicit_port}" if implicit else f"ftp://127.0.0.1:{self.port}"
        settings += f"set ssl:ca-file {self.authority}; "
        if version:
            settings += f"set ssl:priority NORMAL:-VERS-ALL:+VERS-TLS{version}; "
        return self.run_client(
            *("lftp", "--norc", "-c", f"{SETTINGS}{settings}open -u 'alice,{self.password}' {url}; {commands}"),
            status=status,
        )

    def test_put_and_get(self):
        content = os.urandom(3000001)
        local = self.make_local("up", content)
        for settings in ("", "set ftp:passive-mode no; ", "set ftp:prefer-epsv yes; "):
            for implicit in (False, True):
                for version in self.versions:
                    with self.subTest(settings=settings, implicit=implicit, version=version):
                        self.lftp(f"put {local} -o 'a b'; get 'a b' -o down", settings, implicit, version)
                        self.assert_remote("a b", content)
                        self.assert_local("down", content)

    def test_mirror(self):
        tree = {f"d{number % 7}/f{number}": b"%d" % number * (number * 11) for number in range(300)}
        for name, content in tree.items():
            self.make_local(f"from/{name}", content)
        for version in self.versions:
            for implicit in (False, True):
                with self.subTest(version=version, implicit=implicit):
                    target = f"to-{version}-{implicit}"
                    self.lftp(
                        f"mirror -R --parallel=4 from {target}; mirror --parallel=4 {target} {target}",
                        implicit=implicit,
                        version=version,
                    )
                    for name, content in tree.items():
                        self.assert_remote(f"{target}/{name}", content)
                        self.assert_local(f"{target}/{name}", content)

    def test_many_files_one_after_another(self):
        for number in range(100):
            self.make_local(f"from/f{number}", b"x" * number)
        self.lftp("mirror -R from to; mirror to back; rm -r to")
        for number in range(100):
            self.assert_local(f"back/f{number}", b"x" * number)
        self.assertEqual(os.listdir(self.server.home()), [])

    def test_resume(self):
        content = os.urandom(100000)
        self.server.write("a", content)
        self.make_local("down", content[:33333])
        self.lftp("get -c a -o down")
        self.assert_local("down", content)
        self.server.write("b", content[:33333])
        self.make_local("up", content)
        self.lftp("put -c up -o b")
        self.assert_remote("b", content)

    def test_get_in_pieces(self):
        content = os.urandom(1000000)
        self.server.write("a", content)
        self.lftp("pget -n 4 a -o down")
        self.assert_local("down", content)

    def test_listing_and_errors(self):
        self.server.write("d/a b", b"12345")
        self.assertEqual(self.lftp("cls -1 d/").split("\n"), ["d/a b", ""])
        self.assertIn(" a b\n", self.lftp("ls -la d"))
        self.assertIn("550", self.lftp("get nosuch", status=1))


if __name__ == "__main__":
    main()
