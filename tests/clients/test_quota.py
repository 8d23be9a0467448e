"""curl, lftp and ftplib go over the quota: they say so, what was there stays, and the next try works."""

import ftplib
import io
import os
import ssl

from harness import main
from harness.client_case import TlsClientTest
from harness.quota import MEGABYTE, QuotaTest
from harness.tls import VERSIONS


class Over(QuotaTest, TlsClientTest):
    def curl(self, *arguments, **options):
        url = f"ftp://127.0.0.1:{self.port}/"
        arguments = [str(argument).replace("URL/", url) for argument in arguments]
        login = ("--user", f"alice:{self.password}")
        return self.run_client("curl", "--silent", "--show-error", "--verbose", *login, *arguments, **options)

    def lftp(self, commands, status=0):
        settings = "set cmd:fail-exit yes; set net:max-retries 1; set net:persist-retries 0; set net:timeout 30; set ssl:verify-certificate no; "
        return self.run_client(
            "lftp", "--norc", "-c",
            f"debug 3; {settings}open -p {self.port} -u 'alice,{self.password}' 127.0.0.1; {commands}",
            status=status,
        )  # fmt: skip

    def check_good(self, content):
        self.assertEqual(os.listdir(self.server.home()), ["a"])
        self.assert_remote("a", content)
        self.assert_exact(self.login())

    def test_curl(self):
        good = os.urandom(6 * MEGABYTE)
        small, large = self.make_local("small", good), self.make_local("large", b"x" * 11 * MEGABYTE)
        self.curl("-T", small, "URL/a")
        for secure in ((), ("--ssl-reqd", "--insecure")):
            with self.subTest(secure=secure):
                for target, extra in (("new", ()), ("a", ()), ("a", ("--append",))):
                    output = self.curl(*secure, *extra, "-T", large, f"URL/{target}", status=None)
                    self.assertRegex(output, r"552 Quota exceeded: 4000000 of 10000000 bytes are free")
                    self.check_good(good)

    def test_lftp(self):
        good = os.urandom(6 * MEGABYTE)
        self.make_local("small", good)
        self.make_local("large", good + b"x" * 5 * MEGABYTE)
        self.lftp("put small -o a")
        for command in ("put large -o new", "put -c large -o a"):
            with self.subTest(command=command):
                output = self.lftp(command, status=1)
                self.assertRegex(output, r"552 .*4000000")
                self.check_good(good)
        self.assertRegex(self.lftp("quote site quota"), "Free: 4000000 bytes")
        self.lftp("rm a; put small -o b; put -c small -o b")
        self.assert_remote("b", good)

    def test_ftplib(self):
        """Under TLS it answers our close_notify only after all is sent, and reads the reply after ours."""
        good, large = os.urandom(6 * MEGABYTE), b"x" * 11 * MEGABYTE
        for version in VERSIONS.values():
            with self.subTest(version=version):
                context = ssl.create_default_context(cafile=self.authority)
                context.minimum_version = context.maximum_version = version
                with ftplib.FTP_TLS(context=context, timeout=30) as ftp:
                    ftp.connect("127.0.0.1", self.port)
                    ftp.login("alice", self.password)
                    ftp.prot_p()
                    ftp.storbinary("STOR a", io.BytesIO(good))
                    for command in ("STOR new", "STOR a", "APPE a"):
                        with self.assertRaisesRegex(ftplib.error_perm, "^552 .*4000000 of 10000000 bytes are free"):
                            ftp.storbinary(command, io.BytesIO(large))
                    ftp.delete("a")
                    ftp.storbinary("STOR a", io.BytesIO(good))
                self.check_good(good)
                self.login().expect(250, "DELE a")


if __name__ == "__main__":
    main()
