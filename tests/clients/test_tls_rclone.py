"""rclone (Go's TLS) under TLS, explicit and implicit: copy both ways, check, sync, several at a time."""

import os

from harness import TlsClientTest, main


class Rclone(TlsClientTest):
    def setUp(self):
        super().setUp()
        self.hidden = self.run_client("rclone", "obscure", self.password).strip()

    def rclone(self, *arguments, implicit=False, **expected):
        return self.run_client(
            *("rclone", "--config", "/dev/null", "--retries", "1", "--low-level-retries", "2", "--quiet"),
            *("--ftp-host", "127.0.0.1", "--ftp-user", "alice"),
            *("--ftp-port", str(self.implicit_port if implicit else self.port), "--ftp-pass", self.hidden),
            *("--ftp-tls" if implicit else "--ftp-explicit-tls", *arguments),
            SSL_CERT_FILE=str(self.authority),  # its --ca-cert is not for FTP
            **expected,
        )


class OneLogin(Rclone):
    def test_upload_and_download(self):
        content = os.urandom(3000001)
        local = self.make_local("up", content)
        for implicit in (False, True):
            for more in ((), ("--ftp-disable-tls13",), ("--ftp-disable-epsv",)):
                with self.subTest(implicit=implicit, more=more):
                    self.rclone(*more, "copyto", local, ":ftp:d/a b", implicit=implicit)
                    self.assert_remote("d/a b", content)
                    self.rclone(*more, "copyto", ":ftp:d/a b", self.local / "down", implicit=implicit)
                    self.assert_local("down", content)
                    self.server.path("d/a b").unlink()

    def test_listing_and_missing(self):
        self.server.write("d/a b", b"12345")
        self.assertEqual(self.rclone("lsf", "-R", ":ftp:").split("\n"), ["d/", "d/a b", ""])
        self.rclone("copyto", ":ftp:nosuch", self.local / "x", status=3)


class SeveralLogins(Rclone):
    """It logs in several times and offers the newest ticket of all these logins to any of them (one cache for each
    name of a server, in Go's crypto/tls)."""

    def test_trees(self):
        tree = {f"d{number % 3}/f{number}": os.urandom(number * 100) for number in range(100)}
        for name, content in tree.items():
            self.make_local(f"from/{name}", content)
        for implicit in (False, True):
            with self.subTest(implicit=implicit):
                target = f"to-{implicit}"
                self.rclone("sync", self.local / "from", f":ftp:{target}", implicit=implicit)
                self.rclone("check", "--download", self.local / "from", f":ftp:{target}", implicit=implicit)
                self.rclone("copy", f":ftp:{target}", self.local / target, implicit=implicit)
                for name, content in tree.items():
                    self.assert_local(f"{target}/{name}", content)


if __name__ == "__main__":
    main()
